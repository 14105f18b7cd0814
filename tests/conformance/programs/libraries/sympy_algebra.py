import sympy
from sympy import Eq, Function, Matrix, Rational, Symbol, cos, diff, dsolve, exp, factor, integrate, limit, oo, pi, pretty, series, simplify, sin, solve, sqrt, symbols

x, y, n = symbols("x y n")
f = Function("f")
matrix = Matrix([[2, 1], [1, 3]])
print(pretty(integrate(1 / (1 + x**2), x) + sqrt(x) / 2, use_unicode=True))
result = [str(item) for item in (factor(x**4 - 1), simplify(sin(x) ** 2 + cos(x) ** 2), diff(exp(x**2), x, 2), integrate(x * exp(-x), (x, 0, oo)), integrate(sin(x) ** 3, x), limit(sin(x) / x, x, 0), series(exp(x), x, 0, 5), solve(x**3 - 2 * x + 1, x), solve([x + y - 3, x - y - 1], [x, y]), dsolve(Eq(f(x).diff(x), f(x)), f(x)), matrix.eigenvals(), matrix.inv(), matrix.det(), sympy.summation(1 / n**2, (n, 1, oo)), pi.evalf(50), Rational(1, 3) + Rational(1, 6), sympy.factorint(2**64 - 1), sympy.isprime(2**61 - 1), sympy.latex(sqrt(x / 2)), sympy.nsimplify(0.333333333333333), sympy.Poly(x**3 - x, x).all_coeffs(), sympy.sqrt(-4), sympy.lambdify(x, x**2)(3), sympy.binomial(10, 3), sympy.trigsimp(2 * sin(x) * cos(x)), sympy.apart(1 / (x**2 - 1)), sympy.parse_expr("2*x + 1"))]
