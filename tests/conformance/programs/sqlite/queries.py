import sqlite3

with sqlite3.connect(":memory:") as connection:
    connection.execute("create table t (id integer primary key, name text not null, score real, data blob, extra any) strict")
    rows = [(1, "Ann", 2.5, b"\0\1", None), (2, "böb", -1e300, b"", 2**62), (3, "x" * 10, 3.0, None, "text")]
    connection.executemany("insert into t values (?, ?, ?, ?, ?)", rows)
    fetched = connection.execute("select * from t order by id").fetchall()
    named = connection.execute("select name from t where score > :low and id < :high", {"low": 0, "high": 10}).fetchall()
    connection.row_factory = sqlite3.Row
    row = connection.execute("select id as key, upper(name) n, typeof(extra) from t where id = 2").fetchone()
    cursor = connection.execute("insert into t (name) values ('new') returning id, name")
    returned = tuple(cursor.fetchone())
    facts = [row.keys(), tuple(row), row["n"], cursor.lastrowid, connection.total_changes, connection.in_transaction]
problems = []
for statement in ("selec", "select * from none", "insert into t values (1, 'dup', 0, 0, 0)", "insert into t (name) values (null)", "select ?", "insert into t (name, score) values ('a', 'not real')"):
    try:
        connection.execute(statement)
    except sqlite3.Error as error:
        problems.append((type(error).__name__, str(error), getattr(error, "sqlite_errorname", None)))
connection.close()
result = (fetched == rows, named, returned, facts, problems, sqlite3.sqlite_version, sqlite3.threadsafety)
