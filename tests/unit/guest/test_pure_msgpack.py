"""The guest's msgpack against the real one: the same bytes out, the same values in, the same bytes refused."""

import msgpack
import pytest
from cellblock_sandbox.guest.values import pure_decoder, pure_encoder
from hypothesis import given, settings
from hypothesis import strategies as st

scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=40) | st.binary()
)
numbers = (
    st.lists(st.integers(-200, 300), min_size=10)
    | st.lists(st.floats(), min_size=10)
    | st.tuples(st.integers(-(2**63), 2**64 - 600), st.integers(14, 600)).map(lambda p: list(range(p[0], sum(p))))
    | st.lists(st.sampled_from([0, -1, -33, 128, 1.5, 1 << 16, None, -(1 << 40)]), min_size=3).map(
        lambda items: [item for item in items for _ in range(20)]
    )
)
rows = st.lists(st.text(max_size=33), min_size=1, max_size=4, unique=True).flatmap(
    lambda keys: st.lists(
        st.fixed_dictionaries({}, optional=dict.fromkeys(keys[1:], scalars)).map(lambda row: {keys[0]: 1, **row}),
        min_size=5,
        max_size=12,
    )
)
tuples = st.tuples(st.integers(), st.text(max_size=3))
values = st.recursive(
    scalars | numbers | rows | tuples,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5) | st.integers(0, 300), inner),
    max_leaves=12,
)


def pack_real(value):
    def default(item):
        return msgpack.ExtType(5, repr(item).encode())

    return msgpack.Packer(default=default, strict_types=True).pack(value)


def pack_pure(value):
    return pure_encoder.encode(value, lambda item: pure_encoder.ExtType(5, repr(item).encode()))


def read_real(data):
    """The value and its length, or None for refused bytes."""
    unpacker = msgpack.Unpacker(strict_map_key=False, ext_hook=msgpack.ExtType, max_buffer_size=len(data) or 1)
    unpacker.feed(data)
    try:
        return unpacker.unpack(), unpacker.tell()
    except (ValueError, TypeError, msgpack.UnpackException):
        return None


def extension(code, data, start, end):
    return EXTENSIONS.get(code, msgpack.ExtType)(code, data[start:end])


def read_pure(data):
    try:
        return pure_decoder.decode(data, extension)
    except (ValueError, TypeError):
        return None


EXTENSIONS = {-1: lambda _code, rest: msgpack.Timestamp.from_bytes(rest)}


@settings(deadline=None, max_examples=150)
@given(values)
def test_both_pack_alike_and_read_alike(value):
    packed = pack_pure(value)
    assert packed == pack_real(value)
    assert repr(read_pure(packed)) == repr(read_real(packed)) == repr((read_real(packed)[0], len(packed)))


@settings(deadline=None, max_examples=100)
@given(values, st.data())
def test_damaged_bytes_are_read_or_refused_alike(value, data):
    packed = bytearray(pack_real(value))
    for _ in range(data.draw(st.integers(0, 3))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(packed[: data.draw(st.integers(0, len(packed)))])
    assert repr(read_pure(cut)) == repr(read_real(cut))


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused_alike(data):
    assert repr(read_pure(data)) == repr(read_real(data))


EDGES = [0, 1, 2, 4, 8, 15, 16, 31, 32, 255, 256, 65535, 65536]


@pytest.mark.parametrize("size", EDGES)
def test_every_form_of_a_length(size):
    for value in ("x" * size, b"x" * size, ["x"] * size, [0] * size, dict.fromkeys(range(size)), bytearray(size)):
        packed = pack_pure(value)
        assert packed == pack_real(value)
        assert read_pure(packed) == (value, len(packed))

    ext = msgpack.ExtType(7, b"x" * size)
    packed = pack_pure(pure_encoder.ExtType(*ext))
    assert packed == pack_real(ext)
    assert read_pure(packed) == (ext, len(packed))


@pytest.mark.parametrize("bits", range(1, 66))
def test_integers_at_every_edge(bits):
    edges = [sign * (1 << bits) + offset for sign in (-1, 1) for offset in (-1, 0, 1)]
    for value in (*edges, [edges[0]] * 20, [edges[-1]] * 600, edges * 5):
        assert pack_pure(value) == pack_real(value)


def test_a_value_is_read_from_the_middle():
    assert pure_decoder.decode(b"\xc1" + msgpack.packb([1, "a"]) + b"\xc1", extension, 1) == ([1, "a"], 5)


@pytest.mark.parametrize("head", ["dd", "df", "db", "c6", "c9", "dc", "de", "9f", "8f"])
def test_a_length_that_lies_costs_nothing(head):
    assert read_pure(bytes.fromhex(head) + b"\xff" * 4 + b"\0" * 3) is None


def test_depth_is_limited_as_in_msgpack():
    for opening in (b"\x91", b"\x81\0", b"\xdc\0\1"):
        assert read_pure(opening * 1024 + b"\xc0") is not None
        for depth in (1025, 100_000):
            assert read_real(opening * depth + b"\xc0") is None
            with pytest.raises(ValueError, match="nested too deeply"):
                pure_decoder.decode(opening * depth + b"\xc0", extension)


def test_packing_too_deep_is_refused():
    value = []
    value.append(value)
    with pytest.raises(ValueError, match="nested too deeply"):
        pack_pure(value)


def test_text_that_utf8_cannot_hold_is_refused():
    for value in ("\ud800", {"\ud800": 1}):
        with pytest.raises(ValueError, match="surrogates not allowed"):
            pack_pure(value)
    assert read_pure(b"\xa1\xff") is None
