import io

import pandas as pd

text = 'id;name;when;amount;flag\n1;"Ann; A.";2024-02-29;1.234,5;yes\n2;Böb;;-3,25;no\n3;"multi\nline";2023-01-01;NA;yes\n'
frame = pd.read_csv(io.StringIO(text), sep=";", decimal=",", thousands=".", parse_dates=["when"], true_values=["yes"], false_values=["no"], index_col="id")
frame.to_csv("f.csv.gz", float_format="%.2f")
frame.to_json("f.json", orient="records", lines=True, date_format="iso")
frame.to_pickle("f.pkl.xz")
with pd.option_context("display.width", 60, "display.max_columns", 3):
    print(frame)
print(frame.to_markdown() if False else frame.to_html(border=0))
chunks = [len(chunk) for chunk in pd.read_csv("f.csv.gz", chunksize=2)]
result = [frame.dtypes.astype(str).to_dict(), open("f.json").read(), pd.read_pickle("f.pkl.xz").equals(frame), chunks, pd.read_json("f.json", lines=True).amount.tolist(), pd.read_fwf(io.StringIO("ab  1\ncd 22\n"), header=None).values.tolist(), pd.json_normalize({"a": {"b": 1}, "c": [{"d": 2}]}, "c", [["a", "b"]]).to_dict(), frame.to_dict("split")["data"][0], frame.to_records().dtype.names, frame.to_string(na_rep="-")]
for action in (lambda: pd.read_csv(io.StringIO("")), lambda: pd.read_csv(io.StringIO("a,b\n1,2,3\n4\n1,2,3,4")), lambda: pd.read_parquet("none.parquet"), lambda: frame.to_excel("x.xlsx")):
    try:
        result.append(action().shape)
    except Exception as error:
        result.append(f"{type(error).__name__}: {error}"[:80])
