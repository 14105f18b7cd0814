"""Msgpack bodies: whatever bytes come, they are cut into raw slices or refused by name."""

from __future__ import annotations

import itertools
from typing import Any
from unittest import mock

import msgpack
import numpy as np
import pytest
from cellblock_sandbox.guest.values import pack
from cellblock_service.codec import envelope
from cellblock_service.codec.envelope import TooLargeInline, cut, guest_request, stitch
from cellblock_service.codec.wire import bin_header, head_type, is_one_value, value_type
from cellblock_service.errors import MalformedBody, RequestError, WrongType
from hypothesis import example, given
from hypothesis import strategies as st

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.builds(msgpack.ExtType, st.integers(0, 127), st.binary()),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


def body(**fields: Any) -> bytes:
    return bytes(msgpack.packb(fields))


def test_payloads_are_raw_slices_of_the_body() -> None:
    data = {"a": [1, 2.5, "08188500", b"\0", msgpack.ExtType(2, b"xyz")]}
    found = cut(body(code="x", data=data, timeout_s=2))
    assert found.fields == {"code": "x", "timeout_s": 2}
    assert found.payloads == {"data": msgpack.packb(data)}


@given(data=VALUES, msg=VALUES)
def test_any_value_passes_unchanged(data: Any, msg: Any) -> None:
    found = cut(body(data=data, code="x", msg=msg))
    assert found.payloads == {"data": msgpack.packb(data), "msg": msgpack.packb(msg)}


@given(st.binary())
@example(b"\x81\xa4code")
@example(b"\xdf\xff\xff\xff\xff")
@example(b"\x81\xa4data\xdd\xff\xff\xff\xff")
@example(b"\x81\xc1\x01")
def test_any_bytes_are_cut_or_refused(raw: bytes) -> None:
    try:
        found = cut(raw)
    except RequestError:
        return
    assert isinstance(found.fields, dict)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (body(code="x")[:-1], "ends in the middle"),
        (b"\x82\xa4code\xa1x", "ends in the middle"),
        (body(code="x") + b"\xc0\xc0", "2 bytes follow"),
        (b"\x82\xa4code\xa1x\xa4code\xa1y", "'code' is given twice"),
        (b"\x82\xa4data\x01\xa4data\x02", "'data' is given twice"),
        (b"\x81\xa4code\xa1\xff", "valid UTF-8"),
        (b"\x81\xa4code\xc1", "not msgpack"),
        (b"\x81\xa4data" + b"\x91" * 100_000 + b"\xc0", "nested too deeply"),
        (b"\x81\xa4code" + b"\x91" * 100_000 + b"\xc0", "holds more than is read"),
        (b"\x81\xa4data" + b"\x81\xa1a" * 100_000 + b"\xc0", "nested too deeply"),
        (b"\xde\x00\x41", "map of 65 fields"),
        (b"\x81\xa8packages\xdd\x7f\xff\xff\xff", "ends in the middle"),
        (b"\x81\xa8packages\xdc\x04\x01" + b"\xc0" * 1025, "not msgpack"),
    ],
)
def test_a_broken_body_is_refused_saying_how(raw: bytes, words: str) -> None:
    with pytest.raises(MalformedBody) as caught:
        cut(raw)
    assert words in caught.value.detail


@pytest.mark.parametrize(
    ("raw", "got"),
    [
        (b"\x93\x01\x02\x03", "array"),
        (b"\xc0", "null"),
        (b"\x2a", "integer"),
        (b"\xa1x", "string"),
        (b"\x81\x01\x02", "key of type integer"),
        (b"\x81\x91\xc0\x02", "key of type array"),
    ],
)
def test_a_body_that_is_no_map_of_names_is_refused(raw: bytes, got: str) -> None:
    with pytest.raises(WrongType) as caught:
        cut(raw)
    assert got in caught.value.members["got"]


def test_only_containers_of_many_values_leave_the_event_loop() -> None:
    block, many = b"\0" * 5000, [7] * 5000
    for quick in (block, {"payload": block, "topic": "x"}):
        assert cut(body(code="x", data=quick), inline_bytes=1000).payloads["data"] == msgpack.packb(quick)
    with pytest.raises(TooLargeInline):
        cut(body(code="x", data=many), inline_bytes=1000)
    assert cut(body(code="x", data=many), inline_bytes=None).payloads


MANY = np.arange(10_000.0)


@pytest.mark.parametrize("value", [MANY, {"topic": "é", "parts": [1, 2], "payload": MANY}], ids=["array", "message"])
@pytest.mark.parametrize("before", range(8))
def test_the_elements_of_a_large_array_are_aligned_in_a_message_too(value: Any, before: int) -> None:
    request = b"".join(guest_request("c" * before, "block", 2.5, {"msg": pack(value)}))
    assert request.index(MANY.tobytes()) % 8 == 0


@pytest.mark.parametrize(
    "packed",
    [
        pack({"many": list(range(100)), "payload": MANY}),
        pack({"payload": "x" * 100_000}),
        pack([MANY]),
        pack({"payload": MANY})[:-1],
        b"\xdf\xff\xff\xff\xff" + bytes(100_000),
        b"\x81\xa1x\xc9\0\1\0\0\2\x94" + b"\xc1" * 70_000,
    ],
)
def test_what_takes_long_or_is_broken_goes_to_the_guest_as_it_is(packed: bytes) -> None:
    request = msgpack.unpackb(b"".join(guest_request("x", "block", 2.5, {"msg": packed})))
    assert request["msg"] == packed


@given(st.integers(0, 70_000))
@example(0xFF)
@example(0x100)
@example(0xFFFF)
@example(0x10000)
def test_binary_headers_are_those_of_msgpack(length: int) -> None:
    packed = msgpack.packb(b"\0" * length)
    assert bin_header(length) + b"\0" * length == packed


def test_the_guest_gets_payloads_as_packed_binaries() -> None:
    request = msgpack.unpackb(
        b"".join(guest_request("return data", "block", 2.5, {"data": msgpack.packb([1]), "msg": b"\x80"}))
    )
    assert request == {
        "code": "return data",
        "name": "block",
        "timeout_s": 2.5,
        "data": msgpack.packb([1]),
        "msg": b"\x80",
    }


@given(VALUES)
def test_an_answer_carries_the_packed_result_inline(value: Any) -> None:
    answer = msgpack.unpackb(b"".join(stitch({"id": "7", "status": "completed"}, msgpack.packb(value))))
    assert answer == {"id": "7", "status": "completed", "result": value}


@given(VALUES)
def test_a_type_has_one_name_packed_and_decoded(value: Any) -> None:
    packed = msgpack.packb(value)
    assert head_type(packed[0]) == value_type(msgpack.unpackb(packed))


@given(VALUES, st.binary(min_size=1))
def test_one_value_is_told_from_more_or_less(value: Any, more: bytes) -> None:
    packed = msgpack.packb(value)
    assert is_one_value(packed)
    assert not is_one_value(packed + more)
    assert not is_one_value(packed[:-1])


@given(VALUES, st.lists(st.integers(0, 200), max_size=4), st.binary(max_size=2))
def test_one_value_is_told_from_more_or_less_in_pieces(value: Any, cuts: list[int], more: bytes) -> None:
    packed = msgpack.packb(value) + more
    places = [0, *sorted(min(each, len(packed)) for each in cuts), len(packed)]
    pieces = [packed[start:end] for start, end in itertools.pairwise(places)]
    assert is_one_value(*pieces) == (not more)
    if pieces[-1] and not more:
        assert not is_one_value(*pieces[:-1], pieces[-1][:-1])


def test_a_message_in_pieces_is_not_joined() -> None:
    content = mock.MagicMock(spec=memoryview)
    content.__len__.return_value = 1 << 31
    head = b"\x82\xa7payload\xc6" + (1 << 31).to_bytes(4, "big")
    assert is_one_value(head, content, b"\xa5topic\xa1x")
    content.__getitem__.assert_not_called()


def test_the_limits_of_the_envelope_are_not_those_of_payloads() -> None:
    many = list(range(envelope.MAX_LIST + 1))
    assert cut(body(code="x", data=many)).payloads["data"] == msgpack.packb(many)
