import numpy as np
from scipy import special

x = np.array([0.1, 0.9, 2.5, 7.0])
names = "gamma gammaln erf erfinv j0 y1 i0 k1 zeta digamma expit lambertw ellipk exp1 dawsn spence airy loggamma sici owens_t".split()
show = lambda values: [complex(f"{value.real:.9e}{value.imag:+.9e}j") if np.iscomplexobj(value) else float(f"{value:.9e}") for value in np.ravel(values)]
with np.errstate(all="ignore"):
    table = {name: show(getattr(special, name)(x + 1 if name == "zeta" else x / 10 if name in ("erfinv", "ellipk") else x)) for name in names if name not in ("owens_t",)}
result = (table, show(special.jv(2.5, x)), show(special.betainc(2, 3, x / 10)), show(special.gammaincinv(2, x / 10)), show(special.hyp2f1(1, 2, 3, x / 10)), show(special.eval_legendre(4, x)), show(special.roots_hermite(5)[0]), special.comb(50, 25, exact=True), special.factorial(20, exact=True), show(special.sph_harm_y(2, 1, 0.5, 0.3)), show(special.ndtri([0.025, 0.5])), show(special.logsumexp([1000, 1001])), show(special.softmax([1, 2, 3])), special.binom(5, 2), show(special.xlogy(0, 0)), show(special.mathieu_a(2, 3)), show(special.struve(1, x)), show(special.ive(1, x)), show(special.stdtr(5, x)), special.bernoulli(6)[-1].round(10))
