"""Small requests: read from JSON and msgpack, each refusal names the field."""

from __future__ import annotations

import json
from typing import Any

import msgpack
import pytest
from cellblock_service.codec import forms
from cellblock_service.errors import (
    InvalidValue,
    MalformedBody,
    MissingField,
    RequestError,
    UnknownField,
    WrongType,
)

FORM: forms.Form = {"code": forms.code, "line": forms.ordinal}


@pytest.mark.parametrize("kind", ["json", "msgpack"])
def test_fields_are_checked_in_both_formats(kind: Any) -> None:
    body = {"code": "x\n", "line": 3}
    packed = json.dumps(body).encode() if kind == "json" else msgpack.packb(body)
    assert forms.fill(packed, kind, FORM) == body


REFUSED: list[tuple[Any, type[RequestError], str]] = [
    ({"line": 1}, MissingField, "code"),
    ({"code": None, "line": 1}, MissingField, "code"),
    ({"code": "x"}, MissingField, "line"),
    ({"code": "x", "line": 1, "lines": 2}, UnknownField, "did you mean 'line'"),
    ({"code": 1, "line": 1}, WrongType, "expected string, got integer"),
    ({"code": "\ud800", "line": 1}, InvalidValue, "surrogate"),
    ({"code": "ä" * (1 << 19) + "a", "line": 1}, InvalidValue, "1048577 bytes"),
    ({"code": "x", "line": True}, WrongType, "boolean"),
    ({"code": "x", "line": 1.0}, WrongType, "float"),
    ({"code": "x", "line": 0}, InvalidValue, "from 1"),
    ({"code": "x", "line": 1 << 64}, InvalidValue, "from 1"),
    ([], WrongType, "expected object, got array"),
]


@pytest.mark.parametrize(("body", "kind", "said"), REFUSED)
def test_what_is_wrong_is_named(body: Any, kind: type[RequestError], said: str) -> None:
    with pytest.raises(kind, match=said):
        forms.fill(json.dumps(body).encode(), "json", FORM)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        b"\x81\x01\x02",
        b"\x80\x80",
        b"\xdf\xff\xff\xff\xff",
        b"\x81\xa4code" + b"\x91" * 100_000,
        b"\x81\xa1\xff\x01",
    ],
)
def test_what_isnt_msgpack_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        forms.fill(body, "msgpack", FORM)
