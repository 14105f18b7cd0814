"""Arbitrary values go both ways on both msgpacks, with the same bytes from both; damaged bytes do no harm."""

import contextlib
import json
import math
import tracemalloc
from decimal import Decimal
from pathlib import Path

import msgpack
import numpy as np
import pandas as pd
import pytest
from cellblock_sandbox.guest.values import Picture, ValueNotPortable, pack, pure_encoder, to_jsonable, unpack, wire
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

pytestmark = pytest.mark.slow

VECTORS = json.loads((Path(__file__).resolve().parents[2] / "vectors/values.json").read_text())


@contextlib.contextmanager
def guest_codec():
    """The guest's msgpack in place of the host's."""
    saved = wire.encode, wire.decode, wire.ExtType
    wire.encode, wire.decode, wire.ExtType = pure_encoder.encode, wire.decode_purely, pure_encoder.ExtType
    try:
        yield
    finally:
        wire.encode, wire.decode, wire.ExtType = saved


def there_and_back(value):
    """A value packed by each side and read by the other."""
    packed = pack(value)
    with guest_codec():
        assert pack(value) == packed
        back = unpack(bytes(packed), take=True)
        packed = pack(back)
    return unpack(packed)


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    if isinstance(a, np.ndarray):
        return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    if isinstance(a, pd.Series):
        return pd.testing.assert_series_equal(a, b, check_freq=False) is None
    if isinstance(a, pd.DataFrame):
        return pd.testing.assert_frame_equal(a, b, check_freq=False) is None
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return str(a) == str(b) if isinstance(a, Decimal) else a == b


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | st.binary(max_size=40)
    | st.datetimes() | st.dates() | st.timedeltas() | st.decimals() | st.complex_numbers(allow_nan=False)
)  # fmt: skip
keys = st.text(max_size=8) | st.integers() | st.floats(allow_nan=False)

dtypes = st.one_of(
    npst.boolean_dtypes(),
    npst.integer_dtypes(endianness="?"),
    npst.unsigned_integer_dtypes(endianness="?"),
    npst.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
    npst.complex_number_dtypes(endianness="?", sizes=(64, 128)),
    npst.datetime64_dtypes(endianness="?"),
    npst.timedelta64_dtypes(endianness="?"),
    npst.unicode_string_dtypes(endianness="?", max_len=4),
    npst.byte_string_dtypes(max_len=4),
)
arrays = dtypes.flatmap(
    lambda dtype: npst.arrays(dtype, npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
)
views = st.tuples(arrays, st.integers(0, 2)).map(
    lambda pair: (
        pair[0] if pair[1] == 0 else pair[0].T if pair[1] == 1 else pair[0][..., ::-1] if pair[0].ndim else pair[0]
    )
)

texts = st.text(max_size=6) | st.none()
columns = st.one_of(
    st.lists(st.integers(-(2**63), 2**63 - 1)).map(lambda items: pd.Series(items, dtype="int64")),
    st.lists(st.floats()).map(lambda items: pd.Series(items, dtype="float64")),
    st.lists(st.booleans() | st.none()).map(lambda items: pd.Series(items, dtype="boolean")),
    st.lists(st.integers(0, 2**64 - 1) | st.none()).map(lambda items: pd.Series(pd.array(items, "UInt64"))),
    st.lists(texts).map(lambda items: pd.Series(items, dtype="str")),
    st.lists(texts).map(lambda items: pd.Series(items, dtype="string")),
    st.lists(st.sampled_from(["a", "b", None])).map(lambda items: pd.Series(pd.Categorical(items))),
    st.lists(st.integers(-(2**60), 2**60)).map(lambda items: pd.Series(np.array(items, "M8[ns]"))),
    st.lists(st.integers(0, 2**60)).map(lambda items: pd.Series(pd.DatetimeIndex(np.array(items, "M8[ns]"), tz="UTC"))),
    st.lists(scalars.filter(lambda item: not (isinstance(item, Decimal) and item.is_snan()))).map(
        lambda items: pd.Series(items, dtype=object)
    ),
)
series = st.tuples(columns, texts).map(lambda pair: pair[0].rename(pair[1]))
frames = st.lists(columns, max_size=4).map(
    lambda found: pd.DataFrame({f"c{i}": each for i, each in enumerate(found)}).iloc[: min(map(len, found), default=0)]
)

values = st.recursive(
    scalars | views | series | st.binary(max_size=9).map(lambda data: Picture("image/png", data)),
    lambda inner: (
        st.lists(inner, max_size=6) | st.dictionaries(keys, inner, max_size=6) | st.lists(inner, max_size=4).map(tuple)
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=300)
@given(values)
def test_any_value_survives(value):
    assert same(there_and_back(value), value)


@settings(deadline=None, max_examples=200)
@given(views)
def test_any_array_survives_to_the_bit(array):
    assert same(there_and_back(array), np.asarray(array, order="K"))


@settings(deadline=None, max_examples=100)
@given(frames)
def test_any_frame_survives(frame):
    frame = frame.reset_index(drop=True)
    assert same(there_and_back(frame), frame)


@settings(deadline=None, max_examples=1500)
@given(st.sampled_from(VECTORS), st.data())
def test_damaged_bytes_are_read_or_refused(vector, data):
    packed = bytearray.fromhex(vector["hex"])
    for _ in range(data.draw(st.integers(1, 3))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    for codec in (contextlib.nullcontext, guest_codec):
        with codec(), contextlib.suppress(ValueError, ValueNotPortable):
            to_jsonable(unpack(bytes(packed), take=codec is guest_codec))


def ext(code, *payload):
    return msgpack.packb(msgpack.ExtType(code, msgpack.packb(list(payload))))


LYING = {
    "list": b"\xdd\xff\xff\xff\xff",
    "list of lists": b"\xdd\x00\xff\xff\xff" * 1000,
    "map": b"\xdf\xff\xff\xff\xff\x01\x02",
    "text": b"\xdb\xff\xff\xff\xffabc",
    "binary": b"\xc6\xff\xff\xff\xffabc",
    "extension": b"\xc9\xff\xff\xff\xff\x02abc",
    "array larger than its bytes": ext(2, "<f8", [1 << 40], "C", b"12345678"),
    "array of nothing, endless": ext(2, "<f8", [1 << 40, 0, 1 << 40], "C", b""),
    "array of endless items": ext(2, f"|S{1 << 30}", [1], "C", b"1"),
    "array of fields without end": ext(2, [["a", "<f8", [1 << 40]]], [1], "C", b"12345678"),
    "columns of different lengths": ext(3, ["a", "b"], None, [[1], [1, 2]]),
    "more labels than columns": ext(3, ["a", "b"], None, [[1]]),
    "an endless number": b"\xc9\x00\x01\x00\x00\x09" + b"9" * 65536,
}


@pytest.mark.parametrize("data", LYING.values(), ids=LYING)
@pytest.mark.parametrize("codec", [contextlib.nullcontext, guest_codec], ids=["host", "guest"])
def test_lengths_that_lie_take_no_memory(codec, data):
    tracemalloc.start()
    try:
        with codec(), contextlib.suppress(ValueError, ValueNotPortable):
            unpack(data)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_a_key_that_is_nan_is_one_key():
    back = there_and_back({math.nan: 1, "a": 2})
    assert list(map(str, back)) == ["nan", "a"]
