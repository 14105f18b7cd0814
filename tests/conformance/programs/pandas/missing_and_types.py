import numpy as np
import pandas as pd

frame = pd.DataFrame({"i": pd.array([1, None, 3], dtype="Int64"), "s": ["a", None, "c"], "b": pd.array([True, None, False], dtype="boolean"), "f": [1.5, np.nan, np.inf], "c": pd.Categorical(["low", "high", None], categories=["low", "high"], ordered=True), "o": [1, "x", None]})
print(frame, frame.dtypes, frame.isna().sum(), sep="\n")
frame.info(memory_usage=False)
result = [frame.i.sum(), (frame.i > 1).tolist(), frame.b.any(), (frame.b | True).tolist(), frame.c.max(), frame.c.cat.codes.tolist(), frame.fillna({"i": 0, "s": "?"}).i.tolist(), frame.dropna(how="any").shape, frame.convert_dtypes().dtypes.astype(str).tolist(), frame.s.str.upper().tolist(), frame.f.replace(np.inf, -1).interpolate().tolist(), pd.to_numeric(["1", "x", "2.5"], errors="coerce").tolist(), frame.memory_usage(index=False).to_dict()["f"], pd.isna([None, np.nan, pd.NaT, 1]).tolist() if hasattr(pd.isna([None]), "tolist") else None, frame.s.dtype == "str", pd.NA & False]
for action in (lambda: bool(pd.NA), lambda: frame.i.astype("int64"), lambda: frame.c.cat.set_categories(["low"]).tolist(), lambda: pd.Series([1, 2]).astype("category") + 1):
    try:
        result.append(action())
    except (TypeError, ValueError) as error:
        result.append(f"{type(error).__name__}: {error}")
