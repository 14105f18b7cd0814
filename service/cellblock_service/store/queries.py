"""Reading the records, each time with a connection of its own, which is never in the writer's way.

With opening it, finding one of 5,000 executions takes 0.13 ms (test_finding_one).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from cellblock_service.store import schema
from cellblock_service.store.changes import Record, StatusAt
from cellblock_service.store.errors import RecordsUnreadable
from cellblock_service.store.retention import used_bytes

_ALL = ", ".join(schema.COLUMNS)
_LISTED = ", ".join("NULL" if name == "result" else name for name in schema.COLUMNS)


class OnDisk(NamedTuple):
    """What the file holds: executions by status, and the bytes in use."""

    by_status: dict[str, int]
    used_bytes: int


class FileLost(RecordsUnreadable):
    """The file with this inode turned out to be damaged, or was replaced while it was read; 0 when there was none."""

    def __init__(self, message: str, inode: int) -> None:
        super().__init__(message)
        self.inode = inode


def find(path: Path, execution: str, owner: str | None) -> Record | None:
    """Give the newest execution of this id, with its statuses. Raises RecordsUnreadable."""
    with _reading(path) as connection:
        found = connection.execute(
            f"SELECT number, {_ALL} FROM executions WHERE id = ? AND (? IS NULL OR owner = ?) "  # noqa: S608
            "ORDER BY number DESC LIMIT 1",
            (execution, owner, owner),
        ).fetchone()
        if found is None:
            return None
        statuses = connection.execute(
            "SELECT seq, status, at_ms FROM status_changes WHERE execution = ? ORDER BY seq", found[:1]
        )
        return schema.record(found[1:], tuple(StatusAt(*reached) for reached in statuses))


def recent(path: Path, owner: str | None, limit: int) -> dict[int, Record]:
    """Give the newest executions by number, without results and statuses. Raises RecordsUnreadable."""
    where, parameters = ("", ()) if owner is None else ("WHERE owner = ?", (owner,))
    with _reading(path) as connection:
        rows = connection.execute(
            f"SELECT number, {_LISTED} FROM executions {where} ORDER BY number DESC LIMIT ?",  # noqa: S608
            (*parameters, limit),
        )
        return {number: schema.record(tuple(columns)) for number, *columns in rows}


def count(path: Path) -> OnDisk:
    """Give what the file holds. Raises RecordsUnreadable."""
    with _reading(path) as connection:
        rows = connection.execute("SELECT status, count(*) FROM executions GROUP BY status")
        return OnDisk(dict(rows.fetchall()), used_bytes(connection))


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    inode = schema.inode(path)
    try:
        with closing(schema.connect_to_read(path)) as connection:
            yield connection
    except sqlite3.Error as error:
        message = f"the records in {path} can't be read: {error}"
        if schema.is_damage(error) or not inode or schema.inode(path) != inode:
            raise FileLost(message, inode) from error
        raise RecordsUnreadable(message) from error
