import numpy as np

rng = np.random.default_rng(7)
a = rng.normal(size=(6, 6))
symmetric = a @ a.T + np.eye(6)
show = lambda array: np.round(np.abs(array), 9).tolist()
q, r = np.linalg.qr(a)
u, s, vt = np.linalg.svd(a[:, :4])
result = [
    show(np.linalg.solve(a, np.arange(6.0))), round(float(np.linalg.det(a)), 9), show(np.linalg.inv(symmetric)), show(np.linalg.eigvalsh(symmetric)), show(np.sort_complex(np.linalg.eigvals(a))), show(s), show(r), np.allclose(q @ r, a), show(np.linalg.cholesky(symmetric)), show(np.linalg.lstsq(a[:, :3], np.ones(6))[0]), int(np.linalg.matrix_rank(a[:, :3] @ a[:3])), round(float(np.linalg.cond(symmetric)), 6), show(np.linalg.pinv(a[:, :2])), round(float(np.linalg.norm(a, "nuc")), 9), show(np.linalg.matrix_power(a / 3, 5)), show(np.kron(np.eye(2), [[1, 2]])), show(np.einsum("ij,kj->ik", a, a)), show(np.linalg.tensorsolve(np.eye(4).reshape(2, 2, 2, 2), np.ones((2, 2)))), show(np.cross([1, 2, 3], [4, 5, 6])), show(np.linalg.slogdet(a)[1]),
]
