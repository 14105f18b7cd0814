import numpy as np

x = np.array([-2.5, -0.0, 0.5, 1.0, 3.75, 1e10])
names = "sin cos tan arctan exp log1p expm1 sinh tanh cbrt rint floor ceil trunc sign exp2 square reciprocal arcsinh deg2rad spacing".split()
with np.errstate(all="ignore"):
    table = {name: getattr(np, name)(x / 10 if name in ("sinh", "exp", "exp2", "expm1") else np.abs(x) if name == "log1p" else x).tolist() for name in names if name not in ("sinh", "exp", "exp2", "expm1") or True}
single = {name: getattr(np, name)(np.float32([0.1, 0.7, 2.3])).tolist() for name in ("sin", "exp", "log", "tanh", "sqrt", "cbrt")}
integers = [np.floor_divide(-7, [2, -2]).tolist(), np.remainder(-7, [2, -2]).tolist(), np.fmod(-7, [2, -2]).tolist(), np.left_shift(1, [3, 31, 40]).tolist(), np.gcd(12, [18, 7]).tolist(), np.bitwise_count(np.uint8([255, 3])).tolist(), np.int8(100) + np.int8([100])]
reduced = [np.add.reduce(np.arange(10)), np.multiply.accumulate([1, 2, 3]).tolist(), np.add.outer([1, 2], [3, 4]).tolist(), np.logaddexp(1, 2), np.hypot(3, 4), np.maximum.reduceat(np.arange(8), [0, 4]).tolist(), np.divmod(7, 3), np.frexp(10.5), np.nextafter(1, 2), np.heaviside(0, 0.5)]
result = (table, single, integers, reduced)
