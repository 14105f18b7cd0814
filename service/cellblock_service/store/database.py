"""The file itself, as the writer's thread uses it: opened, written in batches, kept small, replaced when damaged.

Only that thread calls what is here. A lock file beside the database keeps a second service out, which would take this
one's running executions for left-overs.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import structlog

from cellblock_service.store import schema
from cellblock_service.store.changes import UNFINISHED, Change, fold
from cellblock_service.store.errors import RecordsInUse, RecordsUnusable
from cellblock_service.store.retention import Retention

RESTARTED = {"type": "ServiceRestarted", "message": "the service restarted while this was running"}
# What says that this one row is wrong, and not that the disk is.
UNWRITABLE = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    AttributeError,
    OverflowError,
    TypeError,
    ValueError,
)
_FOR_NOW = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY)
_END = f"UPDATE executions SET status = 'error', error = ?, ended_ms = ? WHERE status IN {UNFINISHED}"  # noqa: S608
_ADD_END = f"""
INSERT INTO status_changes (execution, seq, status, at_ms)
SELECT number, (SELECT coalesce(max(seq), 0) + 1 FROM status_changes WHERE execution = number), 'error', ?
FROM executions WHERE status IN {UNFINISHED}
"""  # noqa: S608

log = structlog.get_logger(__name__)

Row = tuple[int, tuple[Change, ...]]


class FileReplaced(Exception):
    """The file was damaged or taken away; the next `open()` begins a new one."""


class Database:
    """The one connection that writes."""

    def __init__(self, path: Path, retention: Retention) -> None:
        self.path = path
        self.next_number = 1
        self.interrupted: int | None = None
        self._retention = retention
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._lock: IO[str] | None = None

    @property
    def is_open(self) -> bool:
        """Whether batches can be written."""
        return self._connection is not None

    def open(self) -> None:
        """Open or create the file; a damaged one is moved aside. The first time, end what a dead service left.

        Raises RecordsUnusable when it will never work, sqlite3.OperationalError when it may work later.
        """
        try:
            self._take_lock()
            self._connection = self._opened()
        except OSError as error:
            raise RecordsUnusable(f"the records' file {self.path} can't be opened: {error.strerror}") from error
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _FOR_NOW:
                raise
            raise RecordsUnusable(f"the records' file {self.path} can't be opened: {error}") from error

    def close(self) -> None:
        """Close the file, which folds its write-ahead log into it, and let others have it."""
        self._disconnect()
        if self._lock:
            self._lock.close()
            self._lock = None

    def write(self, rows: Sequence[Row]) -> set[int]:
        """Write executions in one transaction; give the numbers of those in which something is wrong.

        Raises sqlite3.Error when nothing was written, FileReplaced when there is no such file any more.
        """
        connection = self._connected()
        try:
            return _write(connection, rows)
        except sqlite3.DatabaseError as error:
            self._replace_if_damaged(error)
            raise

    def tidy(self) -> bool:
        """Do a little of what retention has to do; True when there is more. Raises as `write`."""
        connection = self._connected()
        try:
            return self._retention.step(connection)
        except sqlite3.DatabaseError as error:
            self._replace_if_damaged(error)
            raise

    def replace_file(self, inode: int, reason: str) -> bool:
        """Move the file aside if it is the one with this inode; False if it has been replaced already."""
        if self._connection is None or self._inode != inode:
            return False
        self._replace(reason)
        return True

    def _replace(self, reason: str) -> None:
        """Move the damaged file aside, under a name that tells when."""
        self._disconnect()
        aside = f"{self.path}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"
        # The log goes first: left behind by a kill, it would be replayed into the new file.
        for suffix in ("-wal", ""):
            with contextlib.suppress(FileNotFoundError):
                os.rename(f"{self.path}{suffix}", f"{aside}{suffix}")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self.path}-shm")
        log.warning("records_damaged", reason=reason, path=str(self.path), moved_to=aside)

    def _take_lock(self) -> None:
        if self._lock:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = open(f"{self.path}.lock", "a+", opener=lambda name, flags: os.open(name, flags, 0o600))  # noqa: SIM115
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise RecordsInUse(
                f"another service (pid {holder}) keeps its records in {self.path}; give this one a file of its own"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def _opened(self) -> sqlite3.Connection:
        """Connect; when the file turns out to be damaged, move it aside and connect to a new one."""
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            if not schema.is_damage(error):
                raise
            self._replace(str(error))
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        log_left = Path(f"{self.path}-wal").exists()  # a clean end takes it away
        connection = schema.connect(self.path)
        try:
            schema.prepare(connection, self.path)
            if log_left and (damage := schema.check(connection)):
                raise _damage(damage)
            if self.interrupted is None:
                self.interrupted = _end_left_overs(connection)
            self.next_number = schema.value(connection, "SELECT coalesce(max(number), 0) FROM executions") + 1
        except BaseException:
            connection.close()
            raise
        self._inode = schema.inode(self.path)
        return connection

    def _connected(self) -> sqlite3.Connection:
        """Give the connection, if its file is still where it was. SQLite would go on writing to a deleted file."""
        assert self._connection is not None
        if schema.inode(self.path) != self._inode:
            self._disconnect()
            log.warning("records_taken_away", path=str(self.path))
            raise FileReplaced("the file was taken away")
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def _replace_if_damaged(self, error: sqlite3.Error) -> None:
        if schema.is_damage(error):
            self._replace(str(error))
            raise FileReplaced(str(error)) from error


def _write(connection: sqlite3.Connection, rows: Sequence[Row]) -> set[int]:
    """Write `rows` at once; when one of them is wrong, halve until it is found."""
    try:
        _commit(connection, rows)
    except UNWRITABLE as error:
        if len(rows) == 1:
            begun = rows[0][1][0]
            log.error("record_unwritable", execution=begun.id, owner=begun.owner, reason=str(error))
            return {rows[0][0]}
        half = len(rows) // 2
        return _write(connection, rows[:half]) | _write(connection, rows[half:])
    return set()


def _commit(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Write the batch with two calls: one call for each row waits for the interpreter's lock each time.

    Beside a loop that never rests that is 6,000 rows/s instead of 55,000. Rows are made while SQLite asks for them, so
    that the lock is free in between: the loop waits at most for one.
    """
    statuses: list[tuple[int, int, str, int]] = []
    with schema.transaction(connection):
        connection.executemany(schema.UPSERT, _rows(rows, statuses))
        connection.executemany(schema.ADD_STATUS, statuses)


def _rows(rows: Sequence[Row], statuses: list[tuple[int, int, str, int]]) -> Iterator[tuple[Any, ...]]:
    """Give the executions' rows, and gather those of their statuses on the way."""
    for number, changes in rows:
        record = fold(changes)
        statuses += [(number, *reached) for reached in record.statuses]
        yield schema.row(number, record)


def _end_left_overs(connection: sqlite3.Connection) -> int:
    """Give what was under way when a service died its final status; give how many there were."""
    now_ms = time.time_ns() // 1_000_000
    with schema.transaction(connection):
        connection.execute(_ADD_END, (now_ms,))
        return connection.execute(_END, (json.dumps(RESTARTED), now_ms)).rowcount


def _damage(said: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(said)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error
