import numpy as np
from scipy import linalg

rng = np.random.default_rng(21)
a = rng.normal(size=(5, 5))
spd = a @ a.T + 5 * np.eye(5)
show = lambda values: np.round(np.abs(np.ravel(values)), 8).tolist()
p, l, u = linalg.lu(a)
t, z = linalg.schur(a)
result = [show(linalg.expm(a / 5)), show(linalg.logm(spd)), show(linalg.sqrtm(spd)), np.allclose(p @ l @ u, a), show(u), np.allclose(z @ t @ z.T, a), show(linalg.cho_solve(linalg.cho_factor(spd), np.ones(5))), show(linalg.eigh(spd, np.diag(np.arange(1, 6.0)))[0]), show(linalg.solve_triangular(np.triu(a), np.ones(5))), show(linalg.null_space(a[:3])[:, 0]) if False else linalg.null_space(a[:3]).shape, show(linalg.svdvals(a)), show(linalg.toeplitz([1, 2, 3])), show(linalg.solve_banded((1, 1), [[0, 1, 1], [4, 4, 4], [1, 1, 0]], [1, 2, 3])), show(linalg.pinvh(spd)), show(linalg.polar(a)[1]), show(linalg.qz(a, spd)[0].trace()) if False else None, show(linalg.solve_sylvester(a, spd, np.eye(5))), show(linalg.hessenberg(a)), show(linalg.block_diag([1], [[2]])), round(float(linalg.norm(a, 1)), 8), show(linalg.solve_continuous_are(a, np.eye(5), np.eye(5), np.eye(5)))]
for action in (lambda: linalg.solve(np.zeros((2, 2)), [1, 1]), lambda: linalg.cholesky([[1, 2], [2, 1]]), lambda: linalg.inv(np.ones((2, 3))), lambda: linalg.inv([[1, np.nan], [0, 1]])):
    try:
        result.append(action())
    except (linalg.LinAlgError, ValueError) as error:
        result.append(f"{type(error).__name__}: {error}")
