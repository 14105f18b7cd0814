import numpy as np

table = np.array([(1, 2.5, "a"), (2, -1.0, "b"), (3, 0.0, "a")], dtype=[("id", "i4"), ("x", "f8"), ("tag", "U2")])
nested = np.zeros(2, dtype=[("outer", [("inner", "u1", (2,))]), ("flag", "?")])
nested["outer"]["inner"][1] = [7, 8]
strings = np.array(["Ünï", "two words", ""], dtype=np.dtypes.StringDType())
result = [table[table["tag"] == "a"]["x"].sum(), np.sort(table, order="x")["id"].tolist(), table.view(np.recarray).id.tolist(), nested.tolist(), nested.dtype.itemsize, np.lib.recfunctions.append_fields(table, "n", [1, 2, 3], usemask=False).dtype.names if hasattr(np.lib, "recfunctions") else None, np.char.upper(["a", "ß"]).tolist(), np.strings.find(["abc", "xbc"], "b").tolist(), np.char.add(["a"], ["b", "c"]).tolist(), np.strings.str_len(strings).tolist(), np.strings.replace(strings, " ", "_").tolist(), np.char.split(["a b", "c"]).tolist(), strings.astype("U5").tolist(), np.strings.zfill(["5", "-3"], 4).tolist(), np.rec.fromarrays([[1], ["x"]], names="a,b").tolist()]
