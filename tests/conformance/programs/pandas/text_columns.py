import pandas as pd

names = pd.Series(["Ann Lee", "böb o'neil", None, "  Cid  ", "Dora-Mae"])
result = [getattr(names.str, method)().tolist() for method in ("title", "len", "strip", "swapcase", "isalpha")]
result += [names.str.split(n=1, expand=True).to_dict(), names.str.extract(r"(?P<first>\w+)\W+(?P<last>\w+)").to_dict(), names.str.contains("o|a", case=False, na=False).tolist(), names.str.replace(r"\s+", "_", regex=True).tolist(), names.str.cat(sep="|", na_rep="?"), names.str[0:3].tolist(), names.str.findall("[aeiou]").tolist(), names.str.get_dummies(" ").columns.tolist(), names.str.pad(10, "both", "*").tolist(), names.str.normalize("NFD").str.len().tolist(), names.str.encode("utf-8").tolist(), names.value_counts(dropna=False).tolist(), names.str.extractall("(n)").index.tolist(), names.str.rsplit("e").tolist()]
