import numpy as np

big = np.ones(5_000_000)
big[::3] = 2
stacked = np.stack([big[:100_000]] * 3)
problems = []
for shape in ((10**10,), (2**31 // 8,)):
    try:
        problems.append(np.zeros(shape).shape)
    except (MemoryError, ValueError) as error:
        problems.append(type(error).__name__)
result = (float(big.sum()), stacked.shape, float(np.cumsum(big)[-1]), int(np.count_nonzero(big > 1)), problems[0], np.tile([1, 2], 3).tolist(), np.repeat([1, 2], [1, 2]).tolist(), np.pad([1, 2], 2, mode="reflect").tolist() if False else np.pad([1, 2, 3], 2, mode="reflect").tolist(), np.roll(np.arange(5), 2).tolist(), np.rot90([[1, 2], [3, 4]]).tolist(), np.block([[np.eye(2), np.zeros((2, 1))]]).shape, np.array_split(np.arange(7), 3)[0].tolist())
