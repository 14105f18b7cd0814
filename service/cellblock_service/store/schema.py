"""The layout of the records' file, and how it is opened: what is ours, what is newer, what is damaged.

One row per execution and one per status it reached. A row's number is the order in which executions began; an id may
come again, so it isn't unique. Rows are written whole, and again when more is known (`UPSERT`).
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cellblock_service.store.changes import FINAL, UNFINISHED, Record, StatusAt, tail
from cellblock_service.store.errors import RecordsForeign, RecordsTooNew, RecordsUnusable

VERSION = 1
APPLICATION_ID = 0x43424C4B  # "CBLK"
OLDEST_SQLITE = (3, 37, 0)  # STRICT tables
BUSY_S = 5.0
CHECK_S = 2.0
LONGEST_TEXT = 1024
DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

_TABLES = f"""
CREATE TABLE executions (
    number INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    id TEXT NOT NULL,
    block TEXT,
    name TEXT,
    code_sha256 TEXT NOT NULL,
    input_bytes TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    started_ms INTEGER,
    ended_ms INTEGER,
    status TEXT NOT NULL CHECK (status IN {UNFINISHED + FINAL}),
    error TEXT,
    state TEXT,
    timings_ms TEXT,
    result BLOB,
    result_size INTEGER,
    stdout_tail TEXT NOT NULL,
    stderr_tail TEXT NOT NULL,
    CHECK ((ended_ms IS NOT NULL) = (status IN {FINAL}))
) STRICT;
CREATE INDEX executions_by_id ON executions (id);
CREATE INDEX executions_by_owner ON executions (owner, number);
CREATE INDEX executions_by_status ON executions (status);
CREATE INDEX executions_by_end ON executions (ended_ms) WHERE ended_ms IS NOT NULL;
CREATE TABLE status_changes (
    execution INTEGER NOT NULL REFERENCES executions ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    status TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (execution, seq)
) STRICT, WITHOUT ROWID;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""

COLUMNS = tuple(name for name in Record.__dataclass_fields__ if name != "statuses")
UPSERT = (
    f"INSERT INTO executions (number, {', '.join(COLUMNS)}) VALUES (?{', ?' * len(COLUMNS)}) "  # noqa: S608
    f"ON CONFLICT (number) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in COLUMNS)}"
)
ADD_STATUS = "INSERT OR IGNORE INTO status_changes (execution, seq, status, at_ms) VALUES (?, ?, ?, ?)"

_JSON = ("input_bytes", "error", "timings_ms")
_CLIENTS_TEXTS = ("block", "name", "state")


def connect(path: Path) -> sqlite3.Connection:
    """Open the file for writing, creating it with mode 0600; what others made readable is closed to them."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise RecordsUnusable(f"records need SQLite 3.37 or later; this Python has {sqlite3.sqlite_version}")
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA journal_size_limit = 16777216")
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open the file for reading, beside the one who writes."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_S, isolation_level=None)


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create the tables of a new file; make sure that those of an old one are ours and of this version.

    Raises RecordsForeign, RecordsTooNew.
    """
    if not value(connection, "SELECT count(*) FROM sqlite_schema"):
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # holds only when set before the first table
        connection.executescript(f"BEGIN; {_TABLES} COMMIT;")
    elif value(connection, "PRAGMA application_id") != APPLICATION_ID:
        raise RecordsForeign(f"{path} is the database of another program; give the records a file of their own")
    version = value(connection, "PRAGMA user_version")
    if version > VERSION:
        raise RecordsTooNew(
            f"{path} has layout {version}, this version of the service knows {VERSION}: start a service of the version "
            "that wrote it, or move the file away to begin a new one"
        )
    connection.execute("PRAGMA journal_mode = WAL")


def check(connection: sqlite3.Connection) -> str | None:
    """Look for damage for at most two seconds; give the first found. What is further back is met when it is read.

    0.3 s for 100,000 records in 150 MB on a warm disk.
    """
    deadline = time.monotonic() + CHECK_S
    connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
    try:
        found = str(value(connection, "PRAGMA quick_check(1)"))
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return None
    finally:
        connection.set_progress_handler(None, 0)
    return None if found == "ok" else found


def inode(path: Path) -> int:
    """Give what tells the file from another of its name; 0 when there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether SQLite says that the file is broken, and not only that it can't be used now."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGE


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit all of the body, or none of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def value(connection: sqlite3.Connection, sql: str, *parameters: Any) -> Any:
    """Give the one value of a query."""
    (found,) = connection.execute(sql, parameters).fetchone()
    return found


def row(number: int, record: Record) -> tuple[Any, ...]:
    """Turn a record into what `UPSERT` takes."""
    return number, *(_stored(name, getattr(record, name)) for name in COLUMNS)


def record(columns: tuple[Any, ...], statuses: tuple[StatusAt, ...] = ()) -> Record:
    """Turn a row's `COLUMNS` into a record."""
    named = dict(zip(COLUMNS, columns, strict=True))
    for name in _JSON:
        named[name] = named[name] and json.loads(named[name])
    return Record(**named, statuses=statuses)


def _stored(name: str, content: Any) -> Any:
    if content is None:
        return None
    if name in _JSON:
        return json.dumps(dict(content))
    return tail(content, LONGEST_TEXT) if name in _CLIENTS_TEXTS else content
