import pandas as pd

left = pd.DataFrame({"key": ["a", "b", "b", "d"], "x": [1, 2, 3, 4]})
right = pd.DataFrame({"key": ["b", "c", "b", "a"], "y": [1.0, 2.0, 3.0, None]})
print(left.merge(right, how="outer", on="key", indicator=True))
print(left.melt(id_vars="key").pivot_table(index="key", columns="variable", values="value", aggfunc=list).to_string())
wide = pd.DataFrame({"id": [1, 2], "v1": [3, 4], "v2": [5, 6]})
print(pd.wide_to_long(wide, "v", "id", "n"))
stacked = wide.set_index("id").stack()
result = [left.join(right.set_index("key"), on="key").values.tolist(), pd.concat([left, right], keys=["l", "r"]).index.tolist(), stacked.to_dict(), stacked.unstack(0).to_dict(), pd.merge_asof(pd.DataFrame({"t": [1, 5, 10]}), pd.DataFrame({"t": [2, 3, 7], "v": ["a", "b", "c"]}), on="t").v.tolist(), pd.get_dummies(left.key).sum().to_dict(), pd.crosstab(left.key, left.x > 2).values.tolist(), left.explode("x").shape, pd.cut([1, 5, 9], 3).codes.tolist()]
try:
    left.merge(right, on="key", validate="one_to_one")
except pd.errors.MergeError as error:
    result.append(str(error))
