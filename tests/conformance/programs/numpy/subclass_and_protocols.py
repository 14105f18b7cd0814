import numpy as np


class Metres(np.ndarray):
    def __new__(cls, values, unit="m"):
        array = np.asarray(values, dtype=float).view(cls)
        array.unit = unit
        return array

    def __array_finalize__(self, source):
        self.unit = getattr(source, "unit", "?")


class Wrapped:
    def __array__(self, dtype=None, copy=None):
        return np.arange(3, dtype=dtype)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return f"{ufunc.__name__}.{method}"

    def __array_function__(self, function, types, args, kwargs):
        return function.__name__


length, wrapped = Metres([1, 2], "km"), Wrapped()
vectorised = np.vectorize(lambda a, b: a > b and a or b, otypes=[int])
counted = np.frompyfunc(lambda a, b: str(a) + str(b), 2, 1)
result = [(length * 2).unit, length[:1].unit, type(length.sum()).__name__, np.array(wrapped).tolist(), np.add(wrapped, 1), np.concatenate([wrapped]), vectorised([1, 5], [4, 2]).tolist(), counted([1, 2], "x").tolist(), np.ma.masked_invalid([1, np.nan, 3]).mean(), np.apply_along_axis(sorted, 1, [[3, 1], [2, 0]]).tolist(), np.lib.stride_tricks.sliding_window_view(np.arange(5), 3).tolist(), [int(x) for x in np.nditer(np.arange(4).reshape(2, 2), order="F")], np.asarray(memoryview(b"ab")).tolist(), np.from_dlpack(np.arange(2)).tolist()]
