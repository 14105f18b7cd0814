import sqlite3

connection = sqlite3.connect(":memory:")
one = lambda statement, *values: connection.execute(statement, values).fetchone()[0]
connection.executescript("""
create table sales (day text, shop text, amount int);
insert into sales values ('d1','a',5),('d1','b',7),('d2','a',1),('d2','b',9),('d3','a',4);
""")
window = connection.execute("select day, shop, sum(amount) over (partition by shop order by day), rank() over (order by amount desc) from sales order by 1, 2").fetchall()
recursive = connection.execute("with recursive f(a, b) as (values (0, 1) union all select b, a + b from f where b < 50) select a from f").fetchall()
options = sorted(row[0] for row in connection.execute("pragma compile_options") if row[0].startswith(("ENABLE", "OMIT", "THREADSAFE")))
outcomes = [one("select json_extract('{\"a\":[1,{\"b\":2}]}', '$.a[1].b')"), one("select printf('%08.3f|%s', 3.14159, 'x')"), one("select strftime('%Y-%j', '2024-02-29')"), one("select group_concat(shop, '+') from sales where day = 'd1'"), one("select round(2.675, 2)"), one("select 0.1 + 0.2"), one("select 'ABC' like 'a%'"), one("select 1e400"), one("select cast('12abc' as integer)"), one("select hex(zeroblob(3))")]
for statement in ("create virtual table f using fts5(body)", "create virtual table r using rtree(id, a, b)", "select sqrt(2)", "select soundex('x')", "select load_extension('x')"):
    try:
        outcomes.append(connection.execute(statement).fetchall())
    except sqlite3.Error as error:
        outcomes.append(str(error))
result = (window, recursive, options, outcomes)
