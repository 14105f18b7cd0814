"""Small requests, all of whose fields are text and numbers: read from JSON or msgpack and checked field by field.

A form tells which fields there are and how each is checked. As in `fields`, one that isn't in it is refused.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgpack

from cellblock_service.codec.fields import whole
from cellblock_service.codec.jsontext import load
from cellblock_service.codec.wire import value_type
from cellblock_service.errors import InvalidValue, MalformedBody, MissingField, UnknownField, WrongType

Check = Callable[[str, Any], Any]
Form = Mapping[str, Check]

MAX_CODE = 1024 * 1024
MAX_NUMBER = 1 << 30

ordinal = whole(MAX_NUMBER)
"""Checks a number that counts from 1."""


def fill(body: bytes, kind: Literal["json", "msgpack"], form: Form) -> dict[str, Any]:
    """Give the checked fields of a body, all of which must be there.

    Raises MalformedBody, MissingField, UnknownField, WrongType, InvalidValue.
    """
    given = load(body) if kind == "json" else _unpack(body)
    if not isinstance(given, dict):
        raise WrongType.of("body", "object" if kind == "json" else "map", value_type(given))
    for name in given:
        if name not in form:
            raise UnknownField(_unknown(str(name), form), field=str(name)[:64])
    for name in form:
        if given.get(name) is None:
            raise MissingField(f"{name}: this field is missing", field=name)
    return {name: check(name, given[name]) for name, check in form.items()}


def code(name: str, value: Any) -> str:
    """Check a block's source: text of at most MAX_CODE bytes."""
    if not isinstance(value, str):
        raise WrongType.of(name, "string", value_type(value))
    try:
        size = len(value.encode())
    except UnicodeEncodeError as error:
        said = f"{name}: character {error.start} is half of a surrogate pair, which isn't text"
        raise InvalidValue(said, field=name) from None
    if size > MAX_CODE:
        raise InvalidValue(f"{name}: {size} bytes; at most {MAX_CODE} are looked at", field=name)
    return value


def _unpack(body: bytes) -> Any:
    try:
        return msgpack.unpackb(body, strict_map_key=True)
    except (ValueError, RecursionError, msgpack.UnpackException) as error:
        raise MalformedBody(f"not one msgpack map with text as keys: {error or type(error).__name__}") from None


def _unknown(name: str, form: Form) -> str:
    near = difflib.get_close_matches(name[:64], list(form), n=1)
    return f"{name[:64]!r} isn't a field of this request; " + (
        f"did you mean {near[0]!r}?" if near else f"there are {', '.join(form)}"
    )
