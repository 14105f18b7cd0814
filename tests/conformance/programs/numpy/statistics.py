import numpy as np

rng = np.random.default_rng(4)
data = rng.normal(3, 2, (50, 4))
data[3, 1] = np.nan
result = [np.round(value, 10).tolist() for value in (data.mean(0), np.nanmean(data, 0), np.nanstd(data, ddof=1), np.nanmedian(data, 1)[:4], np.percentile(data[:, 0], [5, 50, 95]), np.quantile(data[:, 0], 0.3, method="hazen"), np.corrcoef(data[:, 0], data[:, 2]), np.cov(data[:, [0, 2]].T), np.cumsum(data[:5, 0]), np.diff(data[:4, 0], 2), np.convolve([1, 2, 3], [0, 1, 0.5], "same"), np.interp([1.5, 9], [1, 2, 3], [10, 20, 30]), np.polyfit(np.arange(5), [1, 3, 7, 13, 21], 2), np.gradient([1, 4, 9, 16.0]), np.trapezoid([1, 2, 3], dx=0.5), np.average([1, 2, 3], weights=[3, 1, 1]), np.ptp(data[:, 3]), np.roots([1, -3, 2]), np.polynomial.Polynomial([1, 2, 3])(2.0), np.histogram2d([1, 2, 3], [1, 1, 2], bins=2)[0])]
