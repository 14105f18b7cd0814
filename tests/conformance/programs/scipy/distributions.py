import numpy as np
from scipy import stats

show = lambda values: np.round(np.ravel(values), 8).tolist()
names = {"norm": (), "t": (4,), "gamma": (2.5,), "beta": (2, 3), "expon": (), "chi2": (3,), "f": (3, 8), "weibull_min": (1.5,), "lognorm": (0.7,), "cauchy": (), "poisson": (3.2,), "binom": (10, 0.3), "nbinom": (5, 0.4), "hypergeom": (20, 7, 12), "vonmises": (1.2,), "skewnorm": (3,)}
table = {name: show([getattr(stats, name)(*args).cdf(1.3), getattr(stats, name)(*args).ppf(0.3), getattr(stats, name)(*args).mean(), getattr(stats, name)(*args).var()]) for name, args in names.items()}
rng = np.random.default_rng(1)
drawn = {name: show(getattr(stats, name)(*args).rvs(2, random_state=rng)) for name, args in names.items() if name != "vonmises"}
data = stats.gamma(2.0, scale=3).rvs(200, random_state=5)
result = (table, drawn, np.round(stats.gamma.fit(data, floc=0), 4).tolist(), show(stats.multivariate_normal([0, 0], [[1, 0.5], [0.5, 2]]).pdf([[0, 0], [1, 1]])), show(stats.gaussian_kde(data)([1, 5])), show(stats.norm.logsf(30)), show(stats.entropy([0.2, 0.8])))
