import cmath
import math

xs = [0.1, 1.0, 2.5, -0.7, 30.0]
names = ["sin", "cos", "tan", "exp", "expm1", "atan", "sinh", "tanh", "erf", "erfc", "gamma", "lgamma", "cbrt", "exp2", "asinh"]
table = {name: [getattr(math, name)(x) for x in xs] for name in names}
roots = [math.log(x) for x in (1e-300, 3.0)] + [math.log2(10), math.log10(2), math.log1p(1e-10), math.sqrt(2), math.pow(1.1, 100), math.hypot(3, 4, 12)]
whole = [math.comb(50, 25), math.perm(10, 3), math.gcd(84, 36, 120), math.lcm(4, 6, 10), math.isqrt(10**40), math.factorial(30), math.prod([2, 3, 7])]
others = [math.fsum([0.1] * 10), math.sumprod([1.5, 2], [3, 4]), math.frexp(10.5), math.ldexp(0.6, 5), math.modf(-2.5), math.copysign(1, -0.0), math.fma(2.0, 3.0, 1e-17), math.atan2(-1, -1), math.dist((1, 2), (4, 6))]
problems = []
for action in (lambda: math.sqrt(-1), lambda: math.exp(1000), lambda: math.log(0), lambda: math.gamma(-1), lambda: math.factorial(-1), lambda: math.floor(math.inf), lambda: cmath.log(0)):
    try:
        problems.append(action())
    except (ValueError, OverflowError) as error:
        problems.append(f"{type(error).__name__}: {error}")
complexes = [cmath.sqrt(-1), cmath.exp(1 + 2j), cmath.phase(-1j), cmath.polar(3 + 4j), (1 + 2j) ** (0.5 - 1j), 1j**2, complex("1-2j"), abs(3 - 4j)]
result = (table, roots, whole, others, problems, complexes)
