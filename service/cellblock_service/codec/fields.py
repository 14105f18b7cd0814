"""The small fields of an execute request, checked one by one: each refusal names the field and what was expected.

One table says which fields there are. A field that isn't in it is refused rather than ignored, because a misspelt
`timeout` that silently does nothing is worse than an error.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cellblock_service.codec.envelope import PAYLOADS, Cut
from cellblock_service.codec.wire import Buffer, head_type, value_type
from cellblock_service.errors import InvalidValue, MissingField, UnknownField, WrongType

NIL = b"\xc0"
MAX_NAME = 200
MAX_SOURCE = 4 << 20
"""Bytes of a block's source: it is hashed, and looked up, on the event loop; 4 MiB take 15 ms."""
MAX_ALSO = 8
MAX_REQUIREMENT = 2000
MAX_OUTPUTS = 1 << 16
MAX_FACT = 1000
"""Characters of what the block is told about its node."""
MAX_SECONDS = 10**6
MAX_MEBIBYTES = 10**6
MAX_COUNT = 1 << 40
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@dataclass(frozen=True, slots=True)
class ExecuteRequest:
    """One checked request. `payloads` holds packed values of `data`, `inputs` and `msg`, as far as they were given."""

    code: str
    name: str = "block"
    id: str | None = None
    block: str | None = None
    order: str | None = None
    concurrent: int | None = None
    keep_state: bool = False
    reset_state: bool = False
    also: list[str] = field(default_factory=list)
    packages: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    node: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)
    payloads: dict[str, Buffer] = field(default_factory=dict)

    @property
    def texts(self) -> tuple[str, ...]:
        """All that is to run in its sandbox: its code, and what goes on with its state."""
        return tuple(text for text in dict.fromkeys((self.code, *self.also)) if text)

    @property
    def at_once(self) -> int:
        """How many executions of its block may run at a time: 1 in order, 0 for any number."""
        return 1 if self.in_order else self.concurrent or 0

    @property
    def in_order(self) -> bool:
        """Whether those of its block run one after another, as they came."""
        return self.keep_state or (self.block is not None and self.order != "parallel")


def check(cut: Cut) -> ExecuteRequest:
    """Check a cut body. Raises MissingField, UnknownField, WrongType and InvalidValue."""
    for name in cut.fields:
        if name not in _CHECKS:
            raise UnknownField(_unknown(name), field=name.encode("utf-8", "replace").decode())
    given = {name: value for name, value in cut.fields.items() if value is not None}
    if "code" not in given:
        raise MissingField("code: the Python source to run is missing", field="code")
    checked = {name: _CHECKS[name](name, value) for name, value in given.items()}
    limits = {name: checked.pop(name) for name in LIMITS if name in checked}
    request = ExecuteRequest(payloads=_payloads(cut.payloads), limits=limits, **checked)
    _check_together(request)
    return request


def _check_together(request: ExecuteRequest) -> None:
    for name in ("order", "concurrent", "keep_state", "reset_state"):
        if getattr(request, name) and request.block is None:
            raise MissingField(f"block: {name} needs the name of the block", field="block")
    if request.keep_state and request.order == "parallel":
        raise InvalidValue("order: a block that keeps state runs in order", field="order")
    if (request.concurrent or 1) > 1 and request.at_once == 1:
        raise InvalidValue("concurrent: only with order 'parallel' can a block run more at a time", field="concurrent")
    if request.dependencies and "inputs" in request.payloads:
        raise InvalidValue("dependencies: they take the place of inputs; send one of the two", field="dependencies")


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name[:64], [*_CHECKS, *PAYLOADS], n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join([*PAYLOADS, *_CHECKS])}"
    return f"{name[:64]!r} isn't a field of this request{hint}"


def _payloads(packed: dict[str, Buffer]) -> dict[str, Buffer]:
    """Keep the payloads that were given. `data: null` counts as given; the guest lets `data` win over `inputs`."""
    kept = {name: value for name, value in packed.items() if name == "data" or value != NIL}
    for name, expected in (("inputs", ("array", "map")), ("msg", ("map",))):
        if name in kept and head_type(kept[name][0]) not in expected:
            raise WrongType.of(name, " or ".join(expected), head_type(kept[name][0]))
    return kept


def _string(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise WrongType.of(name, "string", value_type(value))
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidValue(
            f"{name}: character {error.start} is half of a surrogate pair, which isn't text", field=name
        ) from None
    return value


def _source(name: str, value: Any) -> str:
    text = _string(name, value)
    if (size := len(text.encode())) > MAX_SOURCE:
        raise InvalidValue(f"{name}: {size} bytes; at most {MAX_SOURCE} are run, values travel in data", field=name)
    return text


def _sources(name: str, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise WrongType.of(name, "array of strings", value_type(value))
    if len(value) > MAX_ALSO:
        raise InvalidValue(f"{name}: {len(value)} sources; at most {MAX_ALSO} are looked at", field=name)
    found = [_string(f"{name}[{index}]", item) for index, item in enumerate(value)]
    if (size := sum(len(text.encode()) for text in found)) > MAX_SOURCE:
        raise InvalidValue(f"{name}: {size} bytes; at most {MAX_SOURCE} are looked at", field=name)
    return found


def _block_name(name: str, value: Any) -> str:
    text = _string(name, value)
    if not text or len(text) > MAX_NAME or not text.isprintable():
        raise InvalidValue(f"{name}: expected 1 to {MAX_NAME} printable characters", field=name)
    return text


def identifier(name: str, value: Any) -> str:
    """Check an execution's id. Raises WrongType and InvalidValue."""
    text = _string(name, value)
    if not _ID.fullmatch(text):
        raise InvalidValue(f"{name}: expected 1 to 128 of the characters A-Z a-z 0-9 . _ : -", field=name)
    return text


def _requirements(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise WrongType.of(name, "array of strings", value_type(value))
    found = tuple(_string(f"{name}[{index}]", item) for index, item in enumerate(value))
    for index, text in enumerate(found):
        if len(text) > MAX_REQUIREMENT:
            raise InvalidValue(f"{name}[{index}]: expected at most {MAX_REQUIREMENT} characters", field=name)
    return found


def _boolean(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise WrongType.of(name, "boolean", value_type(value))
    return value


def _order(name: str, value: Any) -> str:
    text = _string(name, value)
    if text not in ("in-order", "parallel"):
        raise InvalidValue(f"{name}: expected 'in-order' or 'parallel'", field=name)
    return text


def _identifiers(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise WrongType.of(name, "array of strings", value_type(value))
    return tuple(identifier(f"{name}[{index}]", item) for index, item in enumerate(value))


def _environment(name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise WrongType.of(name, "map of strings to strings", value_type(value))
    return {_string(f"a key of {name}", key): _string(f"{name}.{key}", item) for key, item in value.items()}


def _facts(name: str, value: Any) -> dict[str, Any]:
    """Check what the block is told about its node."""
    if not isinstance(value, dict):
        raise WrongType.of(name, "map", value_type(value))
    for key in value:
        if key not in _FACTS:
            raise UnknownField(f"{name} has {', '.join(_FACTS)}, and no {str(key)[:64]!a}", field=name)
    return {key: _FACTS[key](f"{name}.{key}", item) for key, item in value.items() if item is not None}


def _fact(name: str, value: Any) -> str:
    text = _string(name, value)
    if len(text) > MAX_FACT:
        raise InvalidValue(f"{name}: expected at most {MAX_FACT} characters", field=name)
    return text


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongType.of(name, "number", value_type(value))
    # Written so that NaN fails too, and before float(), which overflows on an integer of hundreds of digits.
    if not 0 < value <= MAX_SECONDS:
        raise InvalidValue(f"{name}: expected a number of seconds above 0, at most {MAX_SECONDS}", field=name)
    return float(value)


def whole(most: int, *, least: int = 1, unit: str = "") -> Callable[[str, Any], int]:
    """Give a check for an integer from `least` to `most`. It raises WrongType and InvalidValue."""

    def check_whole(name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise WrongType.of(name, "integer", value_type(value))
        if not least <= value <= most:
            raise InvalidValue(f"{name}: expected an integer{unit} from {least} to {most}", field=name)
        return value

    return check_whole


_FACTS: dict[str, Callable[[str, Any], Any]] = {
    "id": _fact,
    "name": _fact,
    "path": _fact,
    "outputCount": whole(MAX_OUTPUTS, least=0),
}

LIMITS: dict[str, Callable[[str, Any], float]] = {
    "timeout_s": _seconds,
    "cpu_s": _seconds,
    "memory_mb": whole(MAX_MEBIBYTES, unit=" of MiB"),
    "output_bytes": whole(MAX_COUNT),
    "result_bytes": whole(MAX_COUNT),
    "file_bytes": whole(MAX_COUNT),
    "files": whole(MAX_COUNT),
}
"""The limits that a request may set for itself, and how each is checked."""

_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "code": _source,
    "name": _block_name,
    "id": identifier,
    "block": _block_name,
    "order": _order,
    "concurrent": whole(MAX_COUNT),
    "keep_state": _boolean,
    "reset_state": _boolean,
    "also": _sources,
    "packages": _requirements,
    "dependencies": _identifiers,
    "env": _environment,
    "node": _facts,
    **LIMITS,
}
