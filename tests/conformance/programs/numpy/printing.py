import numpy as np

print(np.arange(2000))
print(np.array([[1.5, -2.25e10], [np.nan, np.inf]]))
print(np.linspace(0, 1, 7), np.array([1e-20, 1.0]), np.float32(0.1), np.array([0.1, 0.2], dtype=np.float16))
with np.printoptions(precision=3, suppress=True, threshold=5, edgeitems=2, formatter={"bool": lambda b: "Y" if b else "N"}):
    print(np.random.default_rng(1).normal(size=(4, 4)), np.array([True, False]))
result = [repr(np.array([1 + 2j, 3])), repr(np.array("2024-02-29", "M8[D]")), repr(np.zeros((0, 3))), repr(np.ma.array([1, 2], mask=[0, 1])), np.array2string(np.eye(2), separator=", "), repr(np.float64(1) / 3), repr(np.array([b"x", b"yz"])), np.format_float_scientific(1234.5), np.base_repr(-255, 16), np.binary_repr(-5, 8), repr(np.array([{"a": 1}], dtype=object)), repr(np.array([1e16, 1.0]))]
