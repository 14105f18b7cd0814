import os
import sqlite3

connection = sqlite3.connect("large.db")
connection.execute("pragma cache_size = 50")
connection.execute("create table t (a integer primary key, b text, c real)")
connection.executemany("insert into t values (?, ?, ?)", ((n, f"row {n * 7919 % 10007}", n / 7) for n in range(20000)))
connection.execute("create index i on t (b)")
connection.commit()
connection.execute("update t set c = c * 2 where a % 3 = 0")
connection.rollback()
connection.execute("delete from t where a % 2")
connection.commit()
facts = [connection.execute("select count(*), round(sum(c), 3), min(b), max(b) from t").fetchone(), connection.execute("select a from t where b = 'row 5000'").fetchall(), connection.execute("explain query plan select a from t where b = 'x'").fetchone()[3]]
connection.execute("vacuum")
connection.close()
result = (facts, os.path.getsize("large.db"), os.listdir("."))
