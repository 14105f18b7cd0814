# Has SQLite attach the host's file as a database, load an extension and write one.
# ends: completed
# so that: set(result) == {"OperationalError", "NotSupportedError", "AttributeError"} or set(result) <= {"OperationalError", "AttributeError"}
import sqlite3

database = sqlite3.connect(":memory:")


def tried(call, *args):
    try:
        return f"ESCAPED {call(*args)}"
    except (sqlite3.Error, AttributeError) as error:
        return type(error).__name__


file = data["file"]
return [
    tried(database.execute, f"ATTACH DATABASE '{file}' AS host"),
    tried(database.execute, f"ATTACH DATABASE 'file:{file}?mode=ro' AS host"),
    tried(database.execute, f"SELECT readfile('{file}')"),
    tried(database.execute, f"SELECT writefile('{data['folder']}/x', 'evil')"),
    tried(database.execute, f"SELECT load_extension('{file}')"),
    tried(database.execute, f"VACUUM INTO '{data['folder']}/x'"),
    tried(lambda: database.enable_load_extension(True)),
    tried(sqlite3.connect, file),
]
