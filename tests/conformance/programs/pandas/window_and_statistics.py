import numpy as np
import pandas as pd

rng = np.random.default_rng(9)
frame = pd.DataFrame(rng.normal(size=(40, 3)).round(4), columns=list("abc"))
frame["g"] = np.arange(40) % 3
print(frame.describe(percentiles=[0.1, 0.9]).round(6).to_string())
print(frame.corr(method="spearman").round(6).to_string())
result = [frame.a.rolling(5, min_periods=2).std().round(8).tolist()[:7], frame.a.expanding().median().iloc[-1], frame.a.quantile([0.25, 0.75], interpolation="nearest").tolist(), frame[["a", "b"]].rolling(4).corr().iloc[-1].round(8).tolist(), frame.a.skew(), frame.a.kurt(), frame.a.autocorr(), frame.cov().round(8).values.tolist(), frame.diff().iloc[-1].round(6).tolist(), frame.a.pct_change().iloc[1], pd.qcut(frame.a, 4, labels=False).value_counts().tolist(), frame.rank(pct=True).iloc[0].tolist(), frame.clip(-0.5, 0.5).sum().round(6).tolist(), frame.groupby("g").a.rolling(3).sum().iloc[5], frame.a.cummax().nunique(), frame.mode().shape, frame.apply(np.ptp).round(6).tolist(), frame.nunique().tolist(), frame.a.argsort().tolist()[:5]]
