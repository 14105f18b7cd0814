import os
import sqlite3

outcomes = []
for mode in ("delete", "truncate", "persist", "memory", "off"):
    connection = sqlite3.connect(f"{mode}.db")
    got = connection.execute(f"pragma journal_mode={mode}").fetchone()[0]
    connection.execute("create table t (n)")
    connection.executemany("insert into t values (?)", [(n,) for n in range(2000)])
    connection.commit()
    connection.execute("vacuum")
    outcomes.append((mode, got, connection.execute("select sum(n) from t").fetchone()[0], connection.execute("pragma integrity_check").fetchone()[0]))
    connection.close()
attached = sqlite3.connect("delete.db")
attached.execute("attach 'memory.db' as other")
outcomes.append(attached.execute("select count(*) from t join other.t o using (n)").fetchone())
attached.close()
result = (outcomes, sorted(os.listdir(".")))
