import typing


class Stack[T: (int, str) = int]:
    def __init__(self, *items: T) -> None:
        self.items = list(items)

    def map[U, *Ts, **P](self, function: typing.Callable[[T], U], *rest: *Ts) -> "Stack[U]":
        return Stack(*(function(item) for item in self.items))


type Tree[T] = T | list[Tree[T]]
parameters = Stack.map.__type_params__
result = (
    repr(Stack.__type_params__), Stack.__type_params__[0].__constraints__, Stack.__type_params__[0].__default__,
    repr(parameters), repr(Tree), repr(Tree.__value__), repr(Tree[int]), Stack[int].__origin__ is Stack,
    Stack(1, 2).map(str).items, repr(Stack.map.__annotations__), typing.get_type_hints(Stack.__init__),
)
