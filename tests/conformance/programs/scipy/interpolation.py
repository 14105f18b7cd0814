import warnings

import numpy as np
from scipy import interpolate

warnings.simplefilter("ignore")
x = np.linspace(0, 10, 11)
y = np.sin(x)
rng = np.random.default_rng(3)
points, values = rng.uniform(size=(40, 2)), rng.normal(size=40)
show = lambda values: np.round(np.ravel(values)[:8], 8).tolist()
at = [0.5, 3.3, 9.9]
grid = interpolate.RegularGridInterpolator((x, x), np.outer(y, y), method="cubic")
result = [show(interpolate.interp1d(x, y, kind)(at)) for kind in ("linear", "nearest", "quadratic", "cubic")]
result += [show(kind(x, y)(at)) for kind in (interpolate.CubicSpline, interpolate.PchipInterpolator, interpolate.Akima1DInterpolator, interpolate.BarycentricInterpolator, interpolate.KroghInterpolator)]
result += [show(interpolate.UnivariateSpline(x, y, s=0.1)(at)), show(interpolate.splev(at, interpolate.splrep(x, y), der=1)), show(interpolate.griddata(points, values, [[0.5, 0.5], [0.2, 0.7]])), show(interpolate.RBFInterpolator(points, values)([[0.5, 0.5]])), show(grid([[1.5, 2.5]])), show(interpolate.make_interp_spline(x, y, k=5)(at)), show(interpolate.CubicSpline(x, y).integrate(0, 10)), show(interpolate.BSpline.basis_element([0, 1, 2, 3])(1.5)), show(interpolate.lagrange([0, 1, 2], [1, 3, 2]).coef), show(interpolate.SmoothBivariateSpline(points[:, 0], points[:, 1], values)(0.5, 0.5)), show(interpolate.CloughTocher2DInterpolator(points, values)(0.5, 0.5)), show(interpolate.make_smoothing_spline(x, y, lam=0.1)(at))]
