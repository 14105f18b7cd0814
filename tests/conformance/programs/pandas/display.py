import numpy as np
import pandas as pd

frame = pd.DataFrame({"small": [1e-10, 0.5], "large": [1e15, 12345.678], "text": ["a" * 80, "né 世界"], "when": pd.to_datetime(["2024-01-01 00:00", "2024-01-01 12:00"])})
print(frame)
print(pd.DataFrame(np.arange(300).reshape(100, 3)))
print(pd.Series(range(100), name="long", dtype="int16"))
print(frame.T.head(2), pd.DataFrame(), pd.Series(dtype=float), sep="\n")
print(pd.Series([1.123456789, 1000000.5]), pd.Series([True, None]), pd.Index([3, 1]), sep="\n")
print(frame.style.format({"small": "{:.1e}"}).to_string() if False else frame.to_latex(index=False) if False else "")
result = (repr(frame.large), repr(pd.Timestamp("2024-02-29 10:00", tz="UTC")), repr(pd.Timedelta(5, "min")), repr(pd.date_range("2024", periods=2)), repr(pd.Interval(0, 1)), repr(pd.Period("2024-02")), repr(pd.Categorical(["a", "b"])))
