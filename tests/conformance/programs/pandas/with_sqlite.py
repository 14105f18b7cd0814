import sqlite3

import pandas as pd

frame = pd.DataFrame({"n": [1, 2, 3], "t": ["x", None, "é"], "f": [0.5, None, -1.0], "d": pd.to_datetime(["2024-01-01", "2024-02-29", None])})
with sqlite3.connect("p.db") as connection:
    written = frame.to_sql("t", connection, index=False)
    frame.to_sql("t", connection, index=False, if_exists="append")
    back = pd.read_sql("select * from t where n > ? order by n", connection, params=(1,), parse_dates=["d"])
    counted = pd.read_sql_query("select t, count(*) as c from t group by t", connection)
connection.close()
result = (written, back.to_dict("list"), counted.to_dict("records"), back.dtypes.astype(str).tolist())
