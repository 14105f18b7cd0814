import datetime
import sqlite3

connection = sqlite3.connect(":memory:", detect_types=sqlite3.PARSE_DECLTYPES)


class Median:
    def __init__(self):
        self.values = []

    def step(self, value):
        self.values.append(value)

    def finalize(self):
        return sorted(self.values)[len(self.values) // 2]


connection.create_function("twice", 1, lambda x: x * 2, deterministic=True)
connection.create_function("fails", 0, lambda: 1 / 0)
connection.create_aggregate("median", 1, Median)
connection.create_collation("backwards", lambda a, b: (a < b) - (a > b))
sqlite3.register_adapter(datetime.date, lambda d: d.isoformat())
sqlite3.register_converter("day", lambda raw: datetime.date.fromisoformat(raw.decode()))
connection.execute("create table t (n int, d day)")
connection.executemany("insert into t values (?, ?)", [(n, datetime.date(2024, 1, n)) for n in (3, 1, 2)])
traced = []
connection.set_trace_callback(traced.append)
outcomes = [connection.execute("select twice(n), d from t where n = 2").fetchall(), connection.execute("select median(n) from t").fetchone(), [r[0] for r in connection.execute("select cast(n as text) c from t order by c collate backwards")]]
connection.set_trace_callback(None)
connection.set_authorizer(lambda action, *rest: sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_DELETE else sqlite3.SQLITE_OK)
for statement in ("select fails()", "delete from t"):
    try:
        connection.execute(statement)
    except sqlite3.Error as error:
        outcomes.append(str(error))
connection.set_authorizer(None)
dump = list(connection.iterdump())
result = (outcomes, traced, dump)
