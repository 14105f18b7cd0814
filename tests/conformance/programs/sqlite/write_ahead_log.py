import sqlite3

connection = sqlite3.connect("wal.db")
try:
    outcome = connection.execute("pragma journal_mode=wal").fetchone()
    connection.execute("create table t (n)")
    connection.execute("insert into t values (1)")
    connection.commit()
    outcome += connection.execute("select * from t").fetchone()
except sqlite3.OperationalError as error:
    outcome = str(error)
connection.close()
result = outcome
