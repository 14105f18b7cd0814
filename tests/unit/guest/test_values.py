"""The value format: what goes in comes out, or is refused with its type and path. On both msgpacks."""

import collections
import contextlib
import datetime as dt
import enum
import json
import math
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgpack
import numpy as np
import pandas as pd
import pytest
from cellblock_sandbox.guest.values import ValueNotPortable, pack, pack_parts, to_jsonable, unpack
from cellblock_sandbox.guest.values.format import NDARRAY, TUPLE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.usefixtures("codec")


def there_and_back(value):
    return unpack(pack(value))


def same(a, b):
    """Equal, of one type, NaN equal to NaN, all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return a == b or (math.isnan(a) and math.isnan(b))
    if isinstance(a, Decimal):
        return str(a) == str(b)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return a == b


CEST = dt.timezone(dt.timedelta(hours=2))

EXACT = [
    None, True, False, 0, -1, 127, 128, 2**63, 2**64 - 1, -(2**63), 2**64, -(2**63) - 1, 2**200, -(2**127), -(2**128),
    0.0, -0.0, 1.5, math.inf, -math.inf, math.nan, 1j, complex(math.inf, -0.5),
    "", "text", "08188500", "12345678", "é漢😀", "\0", b"", b"\x00\xff",
    [], {}, (), set(), [1, [2, [3]]], {"a": {"b": [1]}}, (1, (2, [3])), {1, 2}, {(1, 2), "x"},
    {frozenset([1, 2]), 3}, {(1, frozenset([(frozenset(), 2)]))},
    {1: "a", 2.5: "b", "s": 0}, {True: "c"},
    dt.datetime(2026, 1, 2, 3, 4, 5, 6), dt.datetime(2026, 1, 2, tzinfo=dt.UTC), dt.datetime(2026, 1, 2, tzinfo=CEST),
    dt.date(2026, 1, 2), dt.time(1, 2, 3, 4), dt.time(1, tzinfo=dt.UTC), dt.timedelta(days=-1, microseconds=1),
    Decimal("1.10"), Decimal("NaN"), Decimal("-0"), Decimal("1E+400"),
]  # fmt: skip


@pytest.mark.parametrize("value", EXACT, ids=repr)
def test_exact(value):
    assert same(there_and_back(value), value)
    assert same(there_and_back([value, {"k": value}]), [value, {"k": value}])


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes() | st.decimals(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.lists(inner).map(tuple),
    max_leaves=20,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(json_like)
def test_any_nesting_survives(value):
    back = there_and_back(value)
    assert same(back, value)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_broken_bytes_are_a_value_error(data):
    with contextlib.suppress(ValueError, ValueNotPortable):
        unpack(data)


class Colour(enum.IntEnum):
    RED = 3


class Name(str):
    __slots__ = ()

    def encode(self, *args):
        raise AssertionError("not asked")


Point = collections.namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (bytearray(b"ab"), b"ab"),
        (memoryview(b"ab"), b"ab"),
        (collections.OrderedDict(a=1), {"a": 1}),
        (collections.Counter("aab"), {"a": 2, "b": 1}),
        (collections.defaultdict(list, a=[(1,)]), {"a": [(1,)]}),
        (Point(1, 2), (1, 2)),
        (frozenset({1}), {1}),
        (Colour.RED, 3),
        (Name("n"), "n"),
        (np.float64(1.5), 1.5),
        (np.float32(0.5), 0.5),
        (np.int8(-3), -3),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.bool_(True), True),
        (np.complex64(1j), 1j),
        (np.str_("s"), "s"),
        (np.bytes_(b"s"), b"s"),
        (np.datetime64("2026-01-02T03:04"), dt.datetime(2026, 1, 2, 3, 4)),
        (np.datetime64("2026-01-02"), dt.date(2026, 1, 2)),
        (np.datetime64("2026-01-02T00:00:00.000001000", "ns"), dt.datetime(2026, 1, 2, 0, 0, 0, 1)),
        (np.timedelta64(1500, "ms"), dt.timedelta(seconds=1.5)),
        (np.datetime64("NaT"), None),
        (pd.NaT, None),
        (pd.NA, None),
        (pd.Timestamp("2026-01-02T03:04:05", tz="UTC"), dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
        (pd.Timedelta("1s"), dt.timedelta(seconds=1)),
        ({np.int64(1): 2, np.str_("a"): 3}, {1: 2, "a": 3}),
        (np.array([{"a": (1,)}, None], dtype=object), [{"a": (1,)}, None]),
        (np.array(2**70, dtype=object), 2**70),
    ],
    ids=repr,
)
def test_plainer(value, expected):
    assert same(there_and_back(value), expected)
    assert same(there_and_back({"k": [value]}), {"k": [expected]})


ARRAYS = [
    np.array([], dtype="f8"), np.zeros((0, 3), "<i2"), np.array(5.0), np.array(7, dtype=">u4"),
    *[np.arange(6).astype(code).reshape(2, 3) for code in "?bBhHiIlLqQefdFD"],
    np.arange(24).reshape(2, 3, 4), np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.arange(20)[::2], np.arange(20).reshape(4, 5)[:, ::-2], np.arange(4, dtype=">i4"), np.arange(6).reshape(2, 3).T,
    np.array(["a", "bcd"]), np.array([b"a", b"bcd"]), np.array(["2026-01-02", "NaT"], "M8[ns]"), np.array([1], "m8[s]"),
    np.array([(1, 2.0, "x")], dtype=[("a", "<i4"), ("b", ">f8"), ("c", "U3")]),
    np.zeros(2, dtype=[("p", [("x", "f4"), ("y", "f4", (2, 2))])]), np.zeros(3, "V5"),
    np.array([np.nan, np.inf, -0.0]), np.float16([1.5, 65504]), np.broadcast_to(np.arange(3), (2, 3)),
]  # fmt: skip


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype.str}{a.shape}")
def test_arrays(array):
    for back in (there_and_back(array), there_and_back({"k": [array]})["k"][0]):
        assert type(back) is np.ndarray
        assert back.dtype == array.dtype
        assert back.shape == array.shape
        assert back.tobytes() == array.tobytes()
        assert back.flags.writeable
        assert back.flags.c_contiguous == array.flags.c_contiguous or not array.flags.forc


MANY = np.arange(20_000.0)


@pytest.mark.parametrize("made", [MANY, pd.DataFrame({"a": MANY}), pd.Series(MANY)], ids=["ndarray", "frame", "series"])
def test_a_large_array_in_a_message_is_not_copied_into_the_parts(made):
    held = np.asarray(made["a"] if isinstance(made, pd.DataFrame) else made)
    message = {"_msgid": "0a", "nested": {"payload": made, 1: (2, [3])}, 7: None, "payload": made}
    for shared in (2, 1):
        parts = pack_parts(message)
        views = [np.asarray(part) for part in parts if isinstance(part, memoryview)]
        assert sum(np.shares_memory(view, held) for view in views) == shared
        again = unpack(b"".join(parts))
        assert list(again) == list(message)
        assert again["nested"][1] == (2, [3])
        assert np.array_equal(np.asarray(again["nested"]["payload"]), np.asarray(made))
        message.pop("payload", None)


def test_what_cannot_travel_is_named_in_a_message_with_a_large_array():
    with pytest.raises(ValueNotPortable, match=r"msg\['other'\]\[1\]"):
        pack_parts({"payload": np.arange(20_000.0), "other": [1, object()]}, "msg")
    with pytest.raises(ValueNotPortable, match="can't be a key"):
        pack_parts({"payload": np.arange(20_000.0), None: 1}, "msg")


@pytest.mark.parametrize(
    "value",
    [
        np.timedelta64(5, "Y"), np.timedelta64(-3, "M"), np.timedelta64(5),
        np.datetime64("2026-01-02T03:04:05.000000001"),
    ],
    ids=repr,
)  # fmt: skip
def test_a_moment_that_only_numpy_has_is_an_array_without_dimensions(value):
    back = there_and_back([value])[0]
    assert (type(back), back.dtype, back.shape, back[()]) == (np.ndarray, value.dtype, (), value)


@pytest.mark.parametrize("value", [np.timedelta64(5, "Y"), np.datetime64("2026-01-02T03:04:05.000000001")], ids=repr)
def test_a_moment_that_only_numpy_has_is_itself_in_a_set(value):
    assert there_and_back({value, (value, 1)}) == {value, (value, 1)}


def test_a_zone_is_its_offset():
    back = there_and_back(dt.datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")))
    assert (back.isoformat(), back.fold) == ("2026-10-25T02:30:00+01:00", 0)
    assert back.tzinfo == dt.timezone(dt.timedelta(hours=1))


def test_a_large_array_is_not_copied_into_the_parts():
    array = np.zeros(1 << 20)
    parts = pack_parts(array)
    assert any(isinstance(part, memoryview) and np.shares_memory(np.asarray(part), array) for part in parts)


def test_an_index_becomes_an_array_or_a_list():
    assert there_and_back(pd.Index([1, 2])).tolist() == [1, 2]
    assert there_and_back(pd.Index(["a", None], dtype="str")) == ["a", None]
    assert there_and_back(pd.MultiIndex.from_tuples([("a", 1)])) == [("a", 1)]


def test_msgpack_timestamps_are_read():
    moment = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    assert unpack(msgpack.packb(moment, datetime=True)) == moment


cycle: list = []
cycle.append({"again": cycle})
loop_in_tuple: list = []
loop_in_tuple.append((loop_in_tuple,))


def nested(kind, depth):
    value = 0
    for _ in range(depth):
        value = kind(value)
    return value


class NoOffset(dt.tzinfo):
    def utcoffset(self, _):
        return None


REFUSED = [
    ((i for i in ()), "result", "generator"),
    ({"a": [0, 1, 2, object()]}, "result['a'][3]", "object"),
    ({"a": {"b": (1, [print])}}, "result['a']['b'][1][0]", "builtin_function_or_method"),
    ({"a": {None: 1}}, "result['a']", "NoneType"),
    ([{(1, 2): 1}], "result[0]", "tuple"),
    ([{b"k": 1}], "result[0]", "bytes"),
    ([1, "\ud800"], "result[1]", "str"),
    (cycle, "result[0]['again']", "list"),
    (loop_in_tuple, "result[0][0]", "list"),
    (nested(lambda v: [v], 600), "result" + "[0]" * 251, "list"),
    ({"n": np.longdouble(1)}, "result['n']", "longdouble"),
    ({"n": [np.zeros(2, "longdouble")]}, "result['n'][0]", "ndarray"),
    ([np.ma.masked_array([1], [True])], "result[0]", "MaskedArray"),
    (np.array([1, object()], dtype=object), "result[1]", "object"),
    ({"d": pd.DataFrame({"x": [1, print]})}, "result['d']['x'][1]", "builtin_function_or_method"),
    (int, "result", "type"),
    ([dt.time(1, tzinfo=ZoneInfo("Europe/Berlin"))], "result[0]", "time"),
    ({"at": dt.datetime(2026, 1, 2, tzinfo=NoOffset())}, "result['at']", "datetime"),
]


@pytest.mark.parametrize(("value", "path", "kind"), REFUSED, ids=[f"{path[:30]} {kind}" for _, path, kind in REFUSED])
def test_refused_by_path(value, path, kind):
    with pytest.raises(ValueNotPortable) as caught:
        pack(value)
    assert caught.value.path == path
    assert caught.value.type_name == kind
    assert str(caught.value).startswith(path + ": ")


@pytest.mark.parametrize("make", [lambda v: [v], lambda v: {"k": v}, lambda v: (v,), lambda v: [(v,)]])
@pytest.mark.parametrize("depth", [50, 90, 150, 300, 600, 5000, 100_000])
def test_depth_is_kept_or_refused_cleanly(make, depth):
    value = nested(make, depth)
    try:
        packed = pack(value)
    except ValueNotPortable as refusal:
        assert depth > 90
        assert "nested too deeply" in str(refusal)  # noqa: PT017
    else:
        assert depth < 600
        assert pack(unpack(packed)) == packed


def test_hostile_nesting_of_extension_types_is_refused():
    data = b"\xc0"
    for _ in range(2000):
        data = msgpack.packb(msgpack.ExtType(TUPLE, b"\x91" + data))
    with pytest.raises(ValueError, match="nested too deeply"):
        unpack(data)


@pytest.mark.parametrize(
    "payload",
    [
        ["O", [1], "C", b"12345678"],
        ["<f8", [2], "C", b"12345678"],
        ["<f8", [-1], "C", b""],
        ["<f8", [1], "K", b"12345678"],
        ["<f8", [1], "C"],
        ["nonsense", [1], "C", b"1"],
        ["<f8", "x", "C", b"12345678"],
        [["a"], [1], "C", b"12345678"],
        ["<f8", [1 << 40, 0, 1 << 40], "C", b""],
        ["<U1", [1], "C", b"\0\0\x11\0"],
        [[["n", "<i4"], ["t", ">U1", [2]]], [1], "C", b"1234" + b"\0\0\0a" + b"\0\x11\0\0"],
    ],
    ids=repr,
)
def test_hostile_arrays_are_refused(payload):
    with pytest.raises(ValueError, match="not a packed value"):
        unpack(msgpack.packb(msgpack.ExtType(NDARRAY, msgpack.packb(payload))))


def test_moments_that_only_pandas_holds_are_shown_in_json():
    times = pd.Series(np.array([253402300800], "M8[s]"))
    zoned = pd.Series(pd.DatetimeIndex(["2026-01-01T00:00:00.000000001"], tz="UTC"))
    assert to_jsonable([times, zoned]) == [["10000-01-01T00:00:00"], ["2026-01-01T00:00:00.000000001+00:00"]]
    assert to_jsonable(pd.Series(np.array([1_500_000_001, "NaT"], "m8[ns]"))) == [1.500000001, None]


def test_to_jsonable():
    frame = pd.DataFrame({"t": pd.to_datetime(["2026-01-02"]), "x": [np.nan], "s": ["0123"]}, index=["k"])
    value = {
        "nan": math.nan, "inf": [math.inf], "bytes": b"ab", "dec": Decimal("1.10"), "c": 1j, "set": {1}, "tuple": (1,),
        "when": dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "for": dt.timedelta(seconds=1.5), "big": 2**70, 1: True,
        "array": np.array([[1.5, np.nan]]), "dates": np.array(["2026-01-02", "NaT"], "M8[D]"), "series": pd.Series([1]),
        "frame": frame, "np": np.float32(0.5),
    }  # fmt: skip
    assert json.loads(json.dumps(to_jsonable(value), allow_nan=False)) == {
        "nan": None, "inf": [None], "bytes": "YWI=", "dec": "1.10", "c": {"re": 0.0, "im": 1.0}, "set": [1],
        "tuple": [1], "when": "2026-01-02T00:00:00+00:00", "for": 1.5, "big": 2**70, "1": True,
        "array": [[1.5, None]], "dates": ["2026-01-02", None], "series": [1],
        "frame": [{"t": "2026-01-02T00:00:00", "x": None, "s": "0123"}], "np": 0.5,
    }  # fmt: skip


@pytest.mark.parametrize(
    "value", [{1: 0, "1": 1}, object(), {None: 1}, [10**5000]], ids=["keys", "object", "None", "long"]
)
def test_to_jsonable_refuses(value):
    with pytest.raises(ValueNotPortable):
        to_jsonable(value)


def test_the_refusal_can_start_at_another_root():
    with pytest.raises(ValueNotPortable, match=r"^data\['x'\]: an object can't travel$"):
        pack({"x": object()}, root="data")
