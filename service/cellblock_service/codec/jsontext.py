"""The JSON side of `POST /v1/execute`: a strict reader of request bodies, and results made into JSON text.

JSON as RFC 8259 and I-JSON have it: no NaN, no duplicate keys, no lone surrogates. Values go to and from msgpack
through the sandbox's own codec, so JSON and msgpack clients reach the same block with the same values.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from cellblock_sandbox.guest import values

from cellblock_service.codec.envelope import PAYLOADS, Cut
from cellblock_service.codec.wire import Buffer, value_type
from cellblock_service.errors import InvalidValue, MalformedBody, WrongType

NULL = b"null"
_INFINITE = (b"\xcb\x7f\xf0\0\0\0\0\0\0", b"\xcb\xff\xf0\0\0\0\0\0\0")
"""Infinity and its negative, packed."""


def cut(body: bytes) -> Cut:
    """Cut a JSON request body, packing its payloads. Raises MalformedBody, WrongType and InvalidValue."""
    document = load(body)
    if not isinstance(document, dict):
        raise WrongType.of("body", "object", value_type(document))
    result = Cut()
    for key, value in document.items():
        if key in PAYLOADS:
            result.payloads[key] = _pack(key, value)
        else:
            result.fields[key] = value
    return result


def load(body: bytes) -> Any:
    """Read JSON strictly. Raises MalformedBody."""
    try:
        return json.loads(body.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise MalformedBody(f"the JSON body isn't UTF-8: {error.reason} at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise MalformedBody(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise MalformedBody("the JSON body is nested too deeply") from None
    except ValueError as error:
        # int() refuses to read more digits than sys.get_int_max_str_digits(): reading them takes quadratic time.
        raise MalformedBody(f"not readable as JSON: {error}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise MalformedBody(f"the key {twice!r} is given twice in one object")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedBody(f"{name} isn't JSON; send null, or send msgpack, which carries it")


def _pack(field: str, value: Any) -> bytes:
    try:
        packed = values.pack(value, field)
    except values.ValueNotPortable as error:
        raise InvalidValue(str(error), field=field) from None
    # A look at the bytes: to ask json for each float takes a third of the time that it takes to read it.
    if any(infinite in packed for infinite in _INFINITE):
        for path in _infinities(field, value):
            said = f"{path}: this number is too large for a float; send it as text, or as msgpack if infinity is meant"
            raise InvalidValue(said, field=field)
    return packed


def _infinities(path: str, value: Any) -> Iterator[str]:
    """The paths of numbers such as 1e999, which json reads as infinity."""
    if isinstance(value, float) and math.isinf(value):
        yield path
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _infinities(f"{path}[{i}]", item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _infinities(f"{path}[{key!r}]", item)


def result_to_json(packed: bytes) -> bytes:
    """Turn a packed result into JSON text. Raises `values.ValueNotPortable` for what JSON can't hold."""
    try:
        jsonable = values.to_jsonable(values.unpack(packed))
        return json.dumps(jsonable, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    except values.ValueNotPortable as error:
        raise error.at("result") from None
    except Exception as error:
        # The block decides what is in these bytes: an array of a dtype that numpy chokes on, for one.
        raise values.ValueNotPortable(
            "value", "result", f"it can't be written as JSON: {str(error) or type(error).__name__}"
        ) from None


def stitch(members: Mapping[str, Any], result: Buffer) -> list[Buffer]:
    """Give the pieces of a JSON answer: `members`, and `result`, JSON text, as the member of that name."""
    head = json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return [head[:-1] + b',"result":', result, b"}"]
