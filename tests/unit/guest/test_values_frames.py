"""DataFrames and Series: every dtype of columns, labels and indexes comes back as it was, on both msgpacks."""

import datetime as dt

import msgpack
import numpy as np
import pandas as pd
import pytest
from cellblock_sandbox.guest.values import ValueNotPortable, pack, unpack
from cellblock_sandbox.guest.values.format import SERIES
from dateutil import tz

pytestmark = pytest.mark.usefixtures("codec")


def one(column, **kwargs):
    return pd.DataFrame({"a": column}, **kwargs)


def by_index(index):
    return pd.DataFrame({"a": np.arange(len(index))}, index=index)


def by_labels(labels):
    return pd.DataFrame([list(range(len(labels)))], columns=labels)


DAYS = pd.DatetimeIndex(np.array(["2026-01-01", "2026-01-02"], "M8[us]"))
NULLABLE = ["Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64", "boolean"]
PERIODS = ["Y", "Q", "Q-JAN", "M", "W", "W-WED", "D", "h", "min", "s", "ms", "us", "ns", "2M", "15min"]

COLUMNS = {
    **{f"numpy {code}": one(np.arange(3).astype(code)) for code in "?bBhHiIqQfdFD"},
    **{f"empty {code}": one(np.array([], code)) for code in "?bBhHiIqQfdFD"},
    **{f"times {unit}": one(np.array(["2026-01-01", "NaT"], f"M8[{unit}]")) for unit in ("s", "ms", "us", "ns")},
    **{f"durations {unit}": one(np.array([1, "NaT"], f"m8[{unit}]")) for unit in ("s", "ms", "us", "ns")},
    **{f"zone {unit}": one(DAYS.tz_localize("Europe/Istanbul").as_unit(unit)) for unit in ("s", "ms", "us", "ns")},
    "zone with NaT": one(pd.DatetimeIndex(["2026-01-01", None], tz="Europe/Istanbul")),
    "fixed offset": one(pd.to_datetime(["2026-01-01T00:00:00+03:00"])),
    "no times": one(pd.DatetimeIndex([], tz="UTC")),
    **{f"nullable {name}": one(pd.array([1, None, 0], name)) for name in NULLABLE},
    **{f"nullable, none missing {name}": one(pd.array([1, 0], name)) for name in NULLABLE},
    **{f"nullable, empty {name}": one(pd.array([], name)) for name in NULLABLE},
    "nullable, all missing": one(pd.array([None, None], "Int64")),
    **{f"texts {name}": one(pd.array(["0123", None, "水", ""], name)) for name in ("str", "string")},
    **{f"no texts {name}": one(pd.array([], name)) for name in ("str", "string")},
    **{f"missing texts {name}": one(pd.array([None, None], name)) for name in ("str", "string")},
    "texts with separators": one(pd.array(["\0", "\x1f\n", "\0\0"], "str")),
    "texts with all separators": one(pd.array(["\0\x1f\x1e\n\t", None], "str")),
    "categories": one(pd.Categorical(["x", None, "y"], categories=["y", "x", "z"], ordered=True)),
    "no categories": one(pd.Categorical([])),
    "categories, no values": one(pd.Categorical([], categories=["x", "y"])),
    "categories, all missing": one(pd.Categorical([None, None])),
    "categories of integers": one(pd.Categorical([3, 1, 3])),
    "categories of floats": one(pd.Categorical([1.5, None, -0.0])),
    "categories of booleans": one(pd.Categorical([True, False])),
    "categories of times": one(pd.Categorical(DAYS)),
    "categories of times in a zone": one(pd.Categorical(DAYS.tz_localize("UTC"))),
    "categories of any": one(pd.Categorical([1, "a"])),
    "categories of intervals": one(pd.cut([1, 2, 3, np.nan], 2)),
    "300 categories": one(pd.Categorical(range(300))),
    "intervals": one(pd.IntervalIndex.from_breaks([0, 1.5, 3], closed="both")),
    "intervals of times": one(pd.IntervalIndex.from_breaks(DAYS)),
    **{f"periods {freq}": one(pd.period_range("2026-01-05 13:00", periods=3, freq=freq)) for freq in PERIODS},
    "period missing": one(pd.PeriodIndex(["2026-01", None], freq="M")),
    "no periods": one(pd.PeriodIndex([], freq="M")),
    "any": one(pd.Series([{"x": 1}, [1, 2], None, "t", 2**70, dt.date(2026, 1, 2)], dtype=object)),
    "texts in an object column": one(pd.Series(["0123", "4"], dtype=object)),
    "large": pd.DataFrame(
        {"a": np.arange(1e5), "b": np.arange(10**5) % 7 == 0, "c": pd.Categorical(np.arange(10**5) % 5)}
    ),
}
LABELS = {
    "mixed": by_labels(["a", 1, dt.datetime(2026, 1, 1)]),
    "none": by_labels([None, "a"]),
    "range": by_labels(range(3)),
    "integers": by_labels([5, 3]),
    "floats": by_labels([0.5, np.nan]),
    "booleans": by_labels([False, True]),
    "times": by_labels(DAYS),
    "named times": by_labels(DAYS.rename("day")),
    "times in a zone": by_labels(DAYS.tz_localize("UTC")),
    "durations": by_labels(pd.to_timedelta([1, 2], unit="s")),
    "categories": by_labels(pd.CategoricalIndex(["a", "b"])),
    "periods": by_labels(pd.period_range("2026-01", periods=2, freq="M")),
    "intervals": by_labels(pd.IntervalIndex.from_breaks([0, 1, 2])),
    "named": by_labels(pd.Index(["a", "b"], name="kind")),
    "named integers": by_labels(pd.Index([1, 2], name="kind")),
    "named by a tuple": by_labels(pd.Index(["a"], name=("x", "y"))),
    "duplicate": pd.DataFrame([[1, 2.0, "x"]], columns=["a", "a", "a"]),
    "two levels": by_labels(pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", None])),
    "two levels with times": by_labels(pd.MultiIndex.from_product([["x"], DAYS])),
    "no columns": pd.DataFrame(index=["a", "b"]),
    "no columns, range": pd.DataFrame(index=range(3)),
    "no rows": pd.DataFrame(columns=["a", "b"]),
    "no rows with dtypes": pd.DataFrame(
        {"a": pd.Series(dtype="Int64"), "b": pd.Series(dtype="M8[ns]"), "c": pd.Series(dtype="str")}
    ),
    "nothing": pd.DataFrame(),
}
INDEXES = {
    "texts": by_index(pd.Index(["p", "q"], dtype=object)),
    "text dtype": by_index(pd.Index(["p", None], dtype="str", name="k")),
    "nullable": by_index(pd.Index(pd.array([1, None], "Int64"), name="k")),
    "named": by_index(pd.Index([5, 6], name="id")),
    "range": by_index(pd.RangeIndex(2)),
    "named range": by_index(pd.RangeIndex(2, name="id")),
    "offset range": by_index(pd.RangeIndex(3, 7, 2)),
    "floats": by_index(pd.Index([0.5, np.nan])),
    "booleans": by_index(pd.Index([True, False])),
    "times": by_index(DAYS),
    "times in a zone": by_index(DAYS.tz_localize("Europe/Istanbul")),
    "durations": by_index(pd.to_timedelta([1, 2], unit="s")),
    "periods": by_index(pd.period_range("2026-01", periods=2, freq="M", name="p")),
    "categories": by_index(pd.CategoricalIndex(["x", "y"], name="n")),
    "intervals": by_index(pd.IntervalIndex.from_breaks([0, 1, 2])),
    "tuples": by_index(pd.Index([(1, 2), (3, 4)], tupleize_cols=False)),
    "any": by_index(pd.Index([1, "a"], dtype=object)),
    "duplicate": by_index(["x", "x"]),
    "levels": by_index(pd.MultiIndex.from_product([["x", "y"], DAYS], names=["k", None])),
    "levels with missing": by_index(
        pd.MultiIndex.from_arrays([["x", None], [1.5, np.nan], pd.Categorical(["p", "q"])])
    ),
    "no levels": by_index(pd.MultiIndex.from_arrays([[], []], names=["a", "b"])),
}
FRAMES = [
    (f"{kind} {name}", frame)
    for kind, group in (("column", COLUMNS), ("labels", LABELS), ("index", INDEXES))
    for name, frame in group.items()
]


@pytest.mark.parametrize("frame", [frame for _, frame in FRAMES], ids=[name for name, _ in FRAMES])
def test_frames(frame):
    packed = pack(frame)
    for back in (unpack(packed), unpack(pack([{"k": frame}]))[0]["k"]):
        pd.testing.assert_frame_equal(back, frame, check_freq=False)
        assert pack(back) == packed


@pytest.mark.parametrize("frame", [frame for _, frame in FRAMES if len(frame) and frame.shape[1]], ids=lambda _: "")
def test_a_frame_is_usable(frame):
    back = unpack(pack(frame))
    back.iloc[0:1].copy()
    back.insert(0, ("new",) * frame.columns.nlevels if frame.columns.nlevels > 1 else "new", 1, allow_duplicates=True)
    back.iloc[0, 0] = 2
    assert back.iloc[0, 0] == 2


def test_nan_and_missing_stay_apart_in_a_nullable_column():
    floats = pd.arrays.FloatingArray(np.array([1.5, np.nan, 0.0]), np.array([False, False, True]))
    back = unpack(pack(pd.Series(floats))).array
    assert back.isna().tolist() == floats.isna().tolist()
    assert np.isnan(back[1])
    assert back[2] is pd.NA


@pytest.mark.parametrize("kind", ["str", "string"])
def test_strings_travel_as_one_text(kind):
    packed = pack(pd.Series(["a", None, "b"], dtype=kind))
    assert b"\0a\0\0b" in packed


def test_categories_travel_as_codes():
    series = pd.Series(pd.Categorical(["one"] * 100_000))
    assert len(pack(series)) < 101_000


def test_sparse_columns_are_refused_by_path():
    with pytest.raises(ValueNotPortable) as caught:
        pack({"t": pd.DataFrame({"ok": [1], "c": pd.arrays.SparseArray([0])})})
    assert caught.value.path == "result['t']['c']"


@pytest.mark.parametrize(
    "series",
    [
        pd.Series([1, 2]),
        pd.Series([1.5], name="x", index=["a"]),
        pd.Series([], dtype="f8", name=("a", 1)),
        pd.Series(["a", None], dtype="string", name="s"),
        pd.Series([1], name=pd.Timestamp("2026-01-01")),
        pd.Series([1], name=0),
        pd.Series(pd.Categorical(["a"]), index=pd.MultiIndex.from_tuples([("x", 1)])),
    ],
    ids=repr,
)
def test_series(series):
    pd.testing.assert_series_equal(unpack(pack(series)), series)
    pd.testing.assert_series_equal(unpack(pack([series]))[0], series)


@pytest.mark.parametrize(
    "array", [pd.array([1, None], "Int64"), pd.Categorical(["a"]), DAYS.tz_localize("UTC").array], ids=repr
)
def test_arrays_of_pandas_travel_as_series(array):
    pd.testing.assert_series_equal(unpack(pack(array)), pd.Series(array))


class Zone(dt.tzinfo):
    def utcoffset(self, _):
        return dt.timedelta(hours=1)

    def dst(self, _):
        return dt.timedelta(0)


ZONES = {
    "a file": tz.gettz("Europe/Berlin"),
    "of this machine": tz.tzlocal(),
    "an offset of dateutil": tz.tzoffset(None, 3600),
    "an offset with seconds": dt.timezone(dt.timedelta(hours=2, seconds=7)),
    "an offset with a name": dt.timezone(dt.timedelta(hours=2), "X"),
    "of a program": Zone(),
}


@pytest.mark.parametrize("zone", ZONES.values(), ids=ZONES)
def test_zones_that_nobody_else_can_read_are_refused_on_writing(zone):
    times = DAYS.tz_localize("UTC").tz_convert(zone)
    with pytest.raises(ValueNotPortable, match=r"^result\['f'\]\['t'\]: a column of dtype .* can't travel: tz_convert"):
        pack({"f": pd.DataFrame({"n": 1, "t": times})})
    with pytest.raises(ValueNotPortable, match=r"^result\[0\]: .* can't travel: tz_convert"):
        pack([pd.Series(1, index=times)])


def series_with(values, hint):
    return pack_ext(SERIES, [None, None, values, hint])


def pack_ext(code, payload):
    packed = b"".join(part if isinstance(part, bytes) else msgpack.packb(part) for part in payload)
    return msgpack.packb(msgpack.ExtType(code, bytes([0x90 + len(payload)]) + packed))


PLACES = pack(np.array([5], "<u4"))
HOSTILE = {
    "unknown kind": (["x"], ["nonsense", 1]),
    "unknown dtype": (["x"], "object"),
    "a file of this machine": (pack(DAYS.values), "datetime64[us, dateutil//usr/share/zoneinfo/UTC]"),
    "a zone of this machine": (pack(DAYS.values), "datetime64[us, tzlocal()]"),
    "text without a separator": ("", ["text", "str", None]),
    "text of another dtype": (",a", ["text", "object", None]),
    "no text": (5, ["text", "str", None]),
    "missing text that isn't there": (",a", b"\x93" + pack("text") + pack("str") + PLACES),
    "mask without details": (pack(np.zeros(2, "<i8")), ["masked"]),
    "mask for another dtype": (pack(np.zeros(2, "<i4")), ["masked", "Int64", None]),
    "mask of a dtype that has none": (pack(np.zeros(2, "<i4")), ["masked", "category", None]),
    "mask of another length": (
        pack(np.zeros(2, "<i8")),
        b"\x93" + pack("masked") + pack("Int64") + pack(np.zeros(3, bool)),
    ),
    "codes beyond the categories": (
        pack(np.array([7], "<i1")),
        b"\x93" + pack("codes") + pack(pd.Series(["a"])) + pack(False),
    ),
    "codes of no categories": (pack(np.array([0], "<i1")), ["codes", None, False]),
    "a hint that is a number": (["x"], 5),
}


@pytest.mark.parametrize(("values", "hint"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_columns_are_refused(values, hint):
    with pytest.raises(ValueError, match="not a packed value"):
        unpack(series_with(values, hint))
