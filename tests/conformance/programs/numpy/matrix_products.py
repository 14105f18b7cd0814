import numpy as np

rng = np.random.default_rng(3)
outcomes = []
for dtype in ("f4", "f8", "c8", "c16", "i4", "i8", "f2"):
    a, b = (rng.integers(-8, 8, size).astype(dtype) for size in ((37, 65), (65, 41)))
    outcomes.append((dtype, complex((a @ b).sum()), complex(np.dot(a[:, 0], a[:, 1])), complex(np.vdot(b, b)), (a[:, ::2] @ b[::2]).dtype.str))
big = rng.normal(size=(300, 300))
outcomes += [float(np.round(np.trace(big @ big @ big.T), 6)), np.inner([1, 2], [3, 4]), np.matmul(np.ones((5, 2, 3)), np.ones((3, 4))).shape, np.tensordot(np.ones((2, 3, 4)), np.ones((4, 3)), ([1, 2], [1, 0])).tolist(), float(np.linalg.multi_dot([np.eye(3), np.ones((3, 2)), np.ones(2)]).sum()), np.vecdot([[1, 2]], [[3, 4]]).tolist()]
try:
    np.ones((2, 3)) @ np.ones((2, 3))
except ValueError as error:
    outcomes.append(str(error))
result = outcomes
