import numpy as np

a = np.arange(24).reshape(2, 3, 4)
b = a[:, ::-1, 1::2].copy()
a[a % 5 == 0] = -1
np.add.at(b, (0, [0, 0, 1]), 10)
rows = np.array([0, 1])
problems = []
for action in (lambda: a[2], lambda: a + np.ones(5), lambda: a.reshape(5, 5), lambda: np.concatenate([np.ones((2, 2)), np.ones(3)]), lambda: np.array([[1], [1, 2]]), lambda: a[[True]]):
    try:
        problems.append(action())
    except (IndexError, ValueError) as error:
        problems.append(f"{type(error).__name__}: {error}")
result = [a.tolist(), b.tolist(), a[rows[:, None], [1, 2]].tolist(), a[..., None].shape, np.ix_([0, 1], [2])[0].shape, np.take_along_axis(a, np.argsort(a, axis=1), 1).sum().item(), np.where(a > 20, a, 0).sum().item(), a.strides, a.T.flags.f_contiguous, np.broadcast_shapes((3, 1), (1, 4)), np.shares_memory(a, a[0]), problems, np.unravel_index(17, a.shape), np.nonzero(a < 0)[0].tolist()]
