"""JSON bodies: strict, never crashing, and the same values as msgpack clients send."""

from __future__ import annotations

import contextlib
import json
import struct
from typing import Any

import msgpack
import pytest
from cellblock_sandbox.guest.values import ValueNotPortable
from cellblock_service.codec.jsontext import cut, result_to_json, stitch
from cellblock_service.errors import InvalidValue, MalformedBody, RequestError, WrongType
from hypothesis import given
from hypothesis import strategies as st

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@given(VALUES)
def test_values_arrive_packed(value: Any) -> None:
    found = cut(json.dumps({"code": "x", "data": value}).encode())
    assert found.fields == {"code": "x"}
    assert msgpack.unpackb(found.payloads["data"]) == value


@given(VALUES)
def test_results_go_back_as_the_same_json(value: Any) -> None:
    assert json.loads(result_to_json(msgpack.packb(value))) == value


@given(st.text() | st.binary())
def test_any_body_is_cut_or_refused(raw: str | bytes) -> None:
    data = raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogatepass")
    with contextlib.suppress(RequestError):
        cut(data)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "not JSON"),
        (b'{"code": "x"', "line 1, column 13"),
        (b'{"code": "x"} {}', "not JSON"),
        (b'{"code": "\xff"}', "UTF-8"),
        (b'{"code": "x", "data": NaN}', "NaN isn't JSON"),
        (b'{"code": "x", "data": [-Infinity]}', "-Infinity isn't JSON"),
        (b'{"code": "x", "code": "y"}', "'code' is given twice"),
        (b'{"code": "x", "data": {"a": {"b": 1, "b": 2}}}', "'b' is given twice"),
        (b'{"code": "x", "data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"code": "x", "data": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001, "nested too deeply"),
        (b'{"code": "x", "data": ' + b"9" * 10_000 + b"}", "digits"),
    ],
)
def test_a_broken_body_is_refused_saying_how(raw: bytes, words: str) -> None:
    with pytest.raises(MalformedBody) as caught:
        cut(raw)
    assert words in caught.value.detail


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("1e999", "data"),
        ("-1e999", "data"),
        ('[1, {"a": [0.5, 1e309]}]', "data[1]['a'][1]"),
        ('{"a": ' + "9" * 400 + ".0}", "data['a']"),
    ],
    ids=["positive", "negative", "nested", "long"],
)
def test_a_number_that_no_float_holds_is_refused_where_it_is(value: str, path: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        cut(b'{"code": "x", "data": ' + value.encode() + b"}")
    assert caught.value.members == {"field": "data"}
    assert caught.value.detail.startswith(f"{path}: this number is too large")


def test_numbers_whose_bytes_look_like_infinity_are_numbers() -> None:
    value = struct.unpack(">2d", b"\0\0\0\0\0\xcb\x7f\xf0" + b"\0" * 8)
    found = cut(json.dumps({"code": "x", "data": [*value, 1.7976931348623157e308]}).encode())
    assert b"\xcb\x7f\xf0" in found.payloads["data"]
    assert msgpack.unpackb(found.payloads["data"]) == [*value, 1.7976931348623157e308]


def test_half_a_surrogate_pair_is_refused_naming_the_field() -> None:
    with pytest.raises(InvalidValue) as caught:
        cut(rb'{"code": "x", "data": ["\ud800"]}')
    assert caught.value.members == {"field": "data"}


def test_nesting_that_json_allows_but_msgpack_does_not_is_refused() -> None:
    with pytest.raises(RequestError):
        cut(b'{"code": "x", "data": ' + b"[" * 5_000 + b"]" * 5_000 + b"}")


def test_a_body_that_is_no_object_is_refused() -> None:
    with pytest.raises(WrongType):
        cut(b"[1]")


def test_nul_and_integers_beyond_64_bits_are_values_like_others() -> None:
    found = cut(rb'{"code": "x", "data": "\u0000", "msg": {"n": 123456789012345678901234567890}}')
    assert msgpack.unpackb(found.payloads["data"]) == "\0"
    assert json.loads(result_to_json(found.payloads["msg"])) == {"n": 123456789012345678901234567890}


def test_a_byte_order_mark_is_passed_over() -> None:
    assert cut(b'\xef\xbb\xbf{"code": "x"}').fields == {"code": "x"}


def test_nan_and_infinity_become_null() -> None:
    packed = msgpack.packb([float("nan"), float("inf"), 1.5])
    assert json.loads(result_to_json(packed)) == [None, None, 1.5]


def test_an_integer_too_long_to_print_is_an_error_of_the_value() -> None:
    huge = (1 << 100_000).to_bytes(12_502, "big")
    with pytest.raises(ValueNotPortable):
        result_to_json(msgpack.packb(msgpack.ExtType(1, huge)))


def test_an_answer_is_stitched_around_the_result() -> None:
    answer = b"".join(stitch({"id": "7", "stdout": 'é"\n'}, b'{"a":[1]}'))
    assert json.loads(answer) == {"id": "7", "stdout": 'é"\n', "result": {"a": [1]}}
