"""Arrays over the memory of a request: writable, aligned, as long-lived as they need; small ones are copies."""

import gc
import weakref

import msgpack
import numpy as np
import pandas as pd
import pytest
from cellblock_sandbox.guest.values import Span, pack, unpack, unpack_request, wire
from cellblock_sandbox.guest.values.arrays import TAKEN_BYTES

pytestmark = pytest.mark.usefixtures("codec")
ITEMS = TAKEN_BYTES // 8


@pytest.fixture
def purely(monkeypatch):
    """The guest's way: nothing is taken where msgpack's C extension copies first."""
    monkeypatch.setattr(wire, "decode", wire.decode_purely)


def lies_in(array, data):
    address, start = array.__array_interface__["data"][0], id(data) + bytes.__basicsize__ - 1
    return start <= address < start + len(data)


@pytest.mark.parametrize("offset", range(9))
def test_a_large_array_takes_the_memory_over(purely, offset):
    array = np.arange(ITEMS, dtype="<f8")
    packed = pack(array)
    data = b"x" * offset + packed
    taken = unpack(Span(data, offset, len(data)), take=True)
    assert lies_in(taken, data)
    assert taken.flags.writeable
    assert taken.flags.aligned
    np.testing.assert_array_equal(taken, array)
    assert data[:offset] == b"x" * offset
    taken[:] = 7
    assert taken.sum() == 7 * ITEMS


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(np.arange(ITEMS * 2.0).reshape(2, ITEMS)),
        np.arange(ITEMS, dtype=">i8"),
        np.arange(ITEMS).astype("M8[ns]"),
        np.zeros(ITEMS, [("a", "<i4"), ("b", "<f8", (2,))]),
        np.arange(ITEMS * 8, dtype="u1"),
        np.full(ITEMS * 2, "ab"),
    ],
    ids=lambda array: array.dtype.str,
)
def test_of_every_kind(purely, array):
    data = pack([1, array])
    taken = unpack(data, take=True)[1]
    assert lies_in(taken, data)
    assert taken.dtype == array.dtype
    assert taken.flags.f_contiguous == array.flags.f_contiguous
    np.testing.assert_array_equal(taken, array)


def test_many_arrays_in_one_request(purely):
    arrays = [np.arange(ITEMS + i, dtype="<f8") + i for i in range(5)]
    frame = pd.DataFrame({"a": np.arange(ITEMS), "b": np.arange(ITEMS) * 0.5})
    data = pack({"arrays": arrays, "frame": frame, "text": "é" * 9, "again": arrays})
    value = unpack(data, take=True)
    for taken, array in zip(value["arrays"] + value["again"], arrays * 2, strict=True):
        np.testing.assert_array_equal(taken, array)
        np.add(taken, 1, out=taken)
    pd.testing.assert_frame_equal(value["frame"], frame)
    assert value["text"] == "é" * 9
    for taken, array in zip(value["arrays"] + value["again"], arrays * 2, strict=True):
        np.testing.assert_array_equal(taken, array + 1)


def test_the_memory_stays_as_long_as_the_array(purely):
    taken = unpack(pack(np.arange(ITEMS, dtype="<f8")), take=True)
    part, kept = taken[5:8], weakref.ref(taken.base)
    del taken
    gc.collect()
    pack(np.zeros(ITEMS))  # what freed memory would be used for
    assert part.tolist() == [5, 6, 7]
    del part
    gc.collect()
    assert kept() is None


@pytest.mark.parametrize("size", [ITEMS - 1, ITEMS])
def test_only_large_ones_and_only_when_told(purely, size):
    data = pack(np.arange(size, dtype="<f8"))
    for take in (False, True):
        array = unpack(data, take=take)
        assert lies_in(array, data) == (take and size == ITEMS)
        assert array.flags.writeable


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_buffer_is_read(kind):
    array = np.arange(ITEMS, dtype="<f8")
    data = kind(pack(array))
    back = unpack(data, take=True)
    back[:] = 0
    np.testing.assert_array_equal(unpack(kind(pack({"a": array})))["a"], array)


def test_a_request_leaves_its_values_where_they_are():
    packed = pack([1, 2])
    request = msgpack.packb({"code": "x", "data": packed, "env": {"A": "b"}, "timeout_s": 1.5})
    members = unpack_request(request)
    span = members["data"]
    assert request[span.start : span.end] == packed
    assert unpack(span) == [1, 2]
    assert (members["code"], members["env"], members["timeout_s"]) == ("x", {"A": "b"}, 1.5)


@pytest.mark.parametrize("request_", [b"", b"\xc0", b"\x91\x01", b"\x81\xa1a", b"\x80\x80", b"\xc1", b"\x81\x90\x01"])
def test_what_is_no_request_is_refused(request_):
    with pytest.raises(ValueError, match="not a request"):
        unpack_request(request_)


def test_a_value_inside_others_must_end_where_it_should():
    inner = msgpack.packb([1, 2, 3])
    for length in (len(inner) - 1, len(inner) + 1):
        data = b"\xc9" + (length).to_bytes(4, "big") + b"\x0c" + inner + b"\x05"
        with pytest.raises(ValueError, match="not a packed value"):
            unpack(data)
