import os
import sqlite3

first = sqlite3.connect("both.db", timeout=0.05, isolation_level=None)
second = sqlite3.connect("both.db", timeout=0.05, isolation_level=None)
first.execute("create table t (n)")
first.execute("begin immediate")
first.execute("insert into t values (1)")
outcomes = [second.execute("select count(*) from t").fetchone()]
try:
    second.execute("insert into t values (2)")
    outcomes.append("written")
except sqlite3.OperationalError as error:
    outcomes.append(str(error))
first.execute("commit")
second.execute("insert into t values (3)")
outcomes.append(first.execute("select count(*) from t").fetchone())
first.close()
second.close()
result = outcomes
