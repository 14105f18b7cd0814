import typing
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, Optional, ParamSpec, TypedDict, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T", bound=int)
P = ParamSpec("P")


class Movie(TypedDict, total=False):
    name: typing.Required[str]
    year: int


class Row(NamedTuple):
    key: str
    value: "list[int]" = []


class Box(Generic[T]):
    item: Annotated[T, "meta"]


UserId = NewType("UserId", int)
result = (
    Optional[int], Union[int, str, int], int | None, list[dict[str, Any]], Literal["a", 1], get_args(dict[str, list[int]]), get_origin(typing.List[int]), Movie.__required_keys__, Row("k"), get_type_hints(Row), get_type_hints(Box, include_extras=True), Box[int], typing.Callable[P, T], UserId(5), UserId.__name__, typing.assert_type(1, int), T.__bound__, repr(typing.Self), Movie(name="x"),
)
