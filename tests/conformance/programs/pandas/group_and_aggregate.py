import pandas as pd

frame = pd.DataFrame({"shop": ["a", "b", "a", "c", "b", "a"], "day": pd.to_datetime(["2024-01-01", "2024-01-01", "2024-01-02", None, "2024-01-03", "2024-01-03"]), "sold": [3, 5, 2, 8, 1, 4], "price": [1.5, 2.0, None, 4.25, 2.5, 1.0]})
grouped = frame.groupby("shop")
print(grouped.agg(total=("sold", "sum"), mean=("price", "mean"), last=("day", "max")))
print(frame.groupby(["shop", pd.Grouper(key="day", freq="2D")])["sold"].sum())
print(grouped["sold"].transform("mean").tolist(), grouped["price"].apply(lambda s: s.isna().sum()).to_dict(), grouped.ngroups)
print(grouped.sold.describe().round(3).to_string())
result = [grouped.sold.rank().tolist(), grouped.cumsum(numeric_only=True).sold.tolist(), grouped.filter(lambda g: len(g) > 1).index.tolist(), frame.sold.groupby(frame.price > 1.7).size().to_dict(), {k: v.index.tolist() for k, v in grouped}, frame.pivot_table(index="shop", values="sold", aggfunc=["sum", "max"]).to_dict()]
