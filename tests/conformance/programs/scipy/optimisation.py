import numpy as np
from scipy import optimize

rosen = optimize.minimize(optimize.rosen, [1.3, 0.7, 0.8], method="BFGS", jac=optimize.rosen_der)
bounded = optimize.minimize(lambda p: (p[0] - 3) ** 2 + p[1] ** 2, [0, 1], method="L-BFGS-B", bounds=[(0, 2), (-1, 1)])
simplex = optimize.minimize(optimize.rosen, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-10})
constrained = optimize.minimize(lambda p: p @ p, [1, 1], method="SLSQP", constraints={"type": "eq", "fun": lambda p: p[0] + p[1] - 1})
x = np.linspace(0, 4, 40)
fitted, covariance = optimize.curve_fit(lambda x, a, b: a * np.exp(-b * x), x, 2.5 * np.exp(-1.3 * x))
linear = optimize.linprog([-1, 4], A_ub=[[-3, 1], [1, 2]], b_ub=[6, 4], bounds=[(None, None), (-3, None)])
squares = optimize.least_squares(lambda p: [10 * (p[1] - p[0] ** 2), 1 - p[0]], [2, 2])
show = lambda values: np.round(np.ravel(values), 6).tolist()
result = [show(rosen.x), rosen.success, show(bounded.x), show(simplex.x), show(constrained.x), show(fitted), show(linear.x), linear.message, show(squares.x), round(optimize.brentq(lambda t: t**3 - 2, 0, 2), 12), round(optimize.newton(lambda t: t * t - 2, 1.0), 12), show(optimize.root(lambda p: [p[0] + 2 * p[1] - 2, p[0] ** 2 + 4 * p[1] ** 2 - 4], [1, 2]).x), show(optimize.linear_sum_assignment([[4, 1, 3], [2, 0, 5], [3, 2, 2]])), show(optimize.nnls([[1, 0], [1, 1]], [2, 1])[0]), show(optimize.differential_evolution(lambda p: np.sum(p**2), [(-5, 5)] * 2, seed=1, tol=1e-10).x + 0), show(optimize.milp([-1, -2], constraints=optimize.LinearConstraint([[1, 1]], ub=3.5), integrality=[1, 1]).x)]
