import warnings

import numpy as np

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    values = [np.float64(1) / 0, np.array([1.0, -1.0]) / 0, np.sqrt(-1.0), np.log(np.array([0.0])), np.array([1e308]) * 10, np.int32(2**31 - 1) + np.int32(1), np.array([5]) // 0, np.mean([]), np.array([1.5, np.nan]).astype(int)]
outcomes = []
with np.errstate(all="raise"):
    for action in (lambda: np.array([1.0]) / 0, lambda: np.exp(np.array([1000.0])), lambda: np.array([1]) // 0):
        try:
            outcomes.append(action())
        except FloatingPointError as error:
            outcomes.append(str(error))
result = (values, sorted({str(w.message) for w in caught}), outcomes)
