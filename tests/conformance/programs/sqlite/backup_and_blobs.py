import sqlite3

source, target = sqlite3.connect(":memory:"), sqlite3.connect("copy.db")
source.execute("create table b (data blob)")
source.execute("insert into b values (zeroblob(100000))")
with source.blobopen("b", "data", 1) as blob:
    blob.write(b"start")
    blob.seek(-3, 2)
    blob.write(b"end")
    blob[10] = 255
    length = len(blob)
steps = []
source.commit()
source.backup(target, pages=10, progress=lambda status, remaining, total: steps.append(remaining))
data = target.execute("select data from b").fetchone()[0]
image = source.serialize()
third = sqlite3.connect(":memory:")
third.deserialize(image)
result = (length, data[:12], data[-3:], steps[-1], len(steps) > 1, len(image), third.execute("select length(data) from b").fetchone(), source.getlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH))
target.close()
