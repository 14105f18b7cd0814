import numpy as np
from scipy import integrate

calls = []
value, error = integrate.quad(lambda x: calls.append(x) or np.exp(-x * x), -np.inf, np.inf)
weighted = integrate.quad(lambda x, a: x**a, 0, 1, args=(2,), weight="cos", wvar=3)
solutions = [integrate.solve_ivp(lambda t, y: [y[1], -y[0]], (0, 5), [1, 0], method=method, rtol=1e-8, atol=1e-10).y[:, -1] for method in ("RK45", "DOP853", "LSODA", "BDF", "Radau")]
stopped = integrate.solve_ivp(lambda t, y: [-9.8], (0, 10), [10.0], events=(hit := lambda t, y: y[0]))
odes = integrate.odeint(lambda y, t: -2 * y, 1.0, [0, 0.5, 1])
old = integrate.ode(lambda t, y: -y).set_integrator("dopri5").set_initial_value(1.0)
show = lambda values: np.round(np.ravel(values), 6).tolist()
result = [round(value, 12), len(calls), np.round(weighted[0], 10), [show(s) for s in solutions], show(stopped.t_events[0]), show(odes), show(old.integrate(2)), round(integrate.dblquad(lambda y, x: x * y, 0, 2, 0, lambda x: x)[0], 10), integrate.simpson([1, 4, 9, 16, 25], dx=1), round(integrate.quad_vec(lambda x: np.array([x, x**2]), 0, 1)[0].sum(), 10), show(integrate.cumulative_trapezoid([1, 2, 3])), round(integrate.nquad(lambda a, b, c: a * b * c, [(0, 1)] * 3)[0], 10), show(integrate.solve_bvp(lambda x, y: np.vstack([y[1], -np.abs(y[0])]), lambda a, b: np.array([a[0], b[0] + 2]), np.linspace(0, 4, 5), np.ones((2, 5))).sol(2.0))]
