import numpy as np
import pandas as pd

index = pd.MultiIndex.from_product([["x", "y"], [1, 2, 3]], names=["letter", "number"])
frame = pd.DataFrame({"a": range(6), "b": list("uvwxyz")}, index=index)
print(frame.loc["x"], frame.xs(2, level="number"), frame.loc[pd.IndexSlice[:, [1, 3]], "a"], sep="\n")
frame.loc[("y", 2), "a"] = 40
simple = pd.Series([1, 2, 3], index=["a", "b", "a"])
result = [frame.query("a > 2 and letter == 'y'").b.tolist(), frame.iloc[-1].to_dict(), simple["a"].tolist(), frame.swaplevel().sort_index().index[0], frame.a.nlargest(2).to_dict(), frame.reset_index().columns.tolist(), frame.a.idxmax(), simple.reindex(["b", "z"], fill_value=0).tolist() if simple.index.is_unique else simple.index.duplicated().tolist(), frame.assign(c=lambda d: d.a * 2).c.sum(), frame.where(frame.a > 2).a.isna().sum(), frame.sample(2, random_state=1).index.tolist(), frame.eval("a + 1").tolist(), frame.mask(frame == "u").b.isna().tolist(), pd.RangeIndex(5).union([7]).tolist(), pd.IntervalIndex.from_breaks([0, 1, 2]).get_loc(0.5)]
for action in (lambda: frame.loc["q"], lambda: frame["missing"], lambda: simple.loc["a":"b"], lambda: frame.iloc[9], lambda: pd.Series([1]) + [1, 2]):
    try:
        result.append(action())
    except Exception as error:
        result.append(f"{type(error).__name__}: {error}")
