import math
import sys

values = [0.1 + 0.2, 1e16, 1e15, 123456789012345678.0, 5e-324, 1e-5, 0.0001, -0.0, 1e308 * 10, float("nan"), 1 / 3, 2.5e-7]
rounded = [round(2.5), round(-3.5), round(2.675, 2), round(1e300, -299), round(0.5), round(1234.5, -2)]
exact = [(0.1).hex(), float.fromhex("0x1.8p-3"), (0.75).as_integer_ratio(), float("1e-400"), float("  -inf "), float("1_0.5")]
hashes = [hash(0.5), hash(1e300), hash(float("inf")), hash(-0.0), hash(2.0**40)]
limits = [sys.float_info.max, sys.float_info.epsilon, math.ulp(1.0), math.nextafter(0, 1), sys.float_repr_style]
powers = [2.0**0.5, (-8.0) ** (1 / 3), 10**-3, 0.0**0, 7.0 // 0.3, -7.0 % 0.3, math.fmod(-7, 0.3), math.remainder(7, 3)]
result = [values, rounded, exact, hashes, limits, powers]
