import numpy as np

rng = np.random.default_rng(2)
values = rng.integers(0, 50, 300)
floats = np.array([3.5, np.nan, -1.0, np.inf, -np.inf, 0.0, -0.0])
text = np.array(["pear", "apple", "fig", "Apple"])
stable = [np.argsort(values, kind=kind)[:6].tolist() for kind in ("stable", "mergesort")]
result = [np.sort(values)[::50].tolist(), stable, np.sort(floats).tolist(), np.argmax(floats), np.nanargmax(floats), np.sort(text).tolist(), np.partition(values, 10)[10], np.unique(values, return_counts=True)[1][:5].tolist(), np.unique_inverse([3, 1, 3]).inverse_indices.tolist(), np.searchsorted([1, 3, 5], [0, 3, 6], "right").tolist(), np.intersect1d([1, 2, 3], [2, 3, 4]).tolist(), np.isin([1, 5], [5, 6]).tolist(), np.lexsort(([1, 2, 1], [2, 1, 1])).tolist(), np.histogram(values, bins=5)[0].tolist(), np.digitize([0.5, 2.5], [1, 2]).tolist(), np.bincount([0, 1, 1, 4], weights=[1, 2, 3, 4]).tolist(), np.sort(np.array([2 + 1j, 2 - 1j, 1])).tolist()]
