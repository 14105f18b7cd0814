import os
import sqlite3

connection = sqlite3.connect("shop.db")
connection.execute("create table t (n integer, body text)")
with connection:
    connection.executemany("insert into t values (?, ?)", [(n, "x" * n) for n in range(500)])
during = []
try:
    with connection:
        connection.execute("delete from t where n < 250")
        during = [sorted(os.listdir(".")), connection.execute("select count(*) from t").fetchone()]
        raise ValueError("roll it back")
except ValueError:
    pass
connection.close()
again = sqlite3.connect("file:shop.db?mode=ro", uri=True)
facts = [again.execute("select count(*), sum(length(body)) from t").fetchone(), again.execute("pragma integrity_check").fetchone(), again.execute("pragma page_size").fetchone()]
try:
    again.execute("insert into t values (1, '')")
except sqlite3.OperationalError as error:
    facts.append(str(error))
again.close()
result = (during, facts, sorted(os.listdir(".")), os.path.getsize("shop.db"), open("shop.db", "rb").read(15))
