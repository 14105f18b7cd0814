import numpy as np

names = "bool int8 uint8 int16 int32 int64 uint64 float16 float32 float64 longdouble complex64 complex128 intp long longlong S5 U3 M8[ns] m8[s]".split()
record = np.dtype([("id", "i4"), ("pos", "f8", (2,)), ("name", "U4")], align=True)
result = [
    [(np.dtype(n).str, np.dtype(n).itemsize, np.dtype(n).alignment, np.dtype(n).kind) for n in names], record.itemsize, record.fields["pos"][1], repr(record),
    np.result_type(np.int8, np.uint8), np.result_type(np.float32, np.int64), np.promote_types("i4", "u4"), np.can_cast("i8", "f8"), np.min_scalar_type(300), np.array([1, 2.5, 3j]).dtype, np.array([1, 2]).dtype, np.array([2**40]).dtype, np.array([True, 2]).dtype,
    [np.iinfo(t).max for t in (np.int8, np.int64, np.intp)], [repr(np.finfo(t).eps) for t in (np.float16, np.float32, np.float64)], np.array(["a", "bcd"]).dtype, np.array([None, 1]).dtype, np.array([2**70]).dtype,
]
