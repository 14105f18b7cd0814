"""Records go when they are too old, or when all of them together are too large; the oldest ends go first.

Work is done in small steps between batches, so that writing never waits long: a step deletes 25 executions or moves
2,000 pages. That takes 0.3 ms, with results of a mebibyte each up to 0.2 s. What counts as size are the pages in use.
Above `keep_bytes` records go until a tenth of it is free; pages given back are used again at once, and every few
minutes the file is cut down to what it needs.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass

from cellblock_service.store.schema import transaction, value

EVERY_S = 180.0
STEP_EXECUTIONS = 25
STEP_PAGES = 2000
SHRINK_TO = 0.9
DAY_MS = 86_400_000

_OLDEST = "DELETE FROM executions WHERE number IN (SELECT number FROM executions WHERE {} ORDER BY ended_ms LIMIT ?)"
_ENDED = _OLDEST.format("ended_ms IS NOT NULL")
_OUTDATED = _OLDEST.format("ended_ms < ?")


@dataclass(slots=True)
class Retention:
    """How long and how much is kept. `step()` it until it says that nothing is left to do."""

    keep_days: float
    keep_bytes: int
    _next_look: float = 0.0
    _aging: bool = False
    _shrinking: bool = False
    _cutting: bool = False

    def step(self, connection: sqlite3.Connection) -> bool:
        """Do one small piece of work if any is due; True when there is more."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + EVERY_S
            self._aging = self._cutting = True
        self._shrinking = self._shrinking or used_bytes(connection) > self.keep_bytes
        if self._aging:
            cutoff_ms = time.time() * 1000 - self.keep_days * DAY_MS
            self._aging = _delete(connection, _OUTDATED, cutoff_ms)
        if self._shrinking and not self._aging:
            enough = used_bytes(connection) <= self.keep_bytes * SHRINK_TO
            self._shrinking = not enough and _delete(connection, _ENDED)
        if self._cutting and not self._aging and not self._shrinking:
            # Not `execute`, which takes one step of the statement, and so moves one page.
            connection.executescript(f"PRAGMA incremental_vacuum({STEP_PAGES})")
            self._cutting = value(connection, "PRAGMA freelist_count") > 0
        return self._aging or self._shrinking or self._cutting


def used_bytes(connection: sqlite3.Connection) -> int:
    """Give the size of the pages that hold something."""
    pages = value(connection, "PRAGMA page_count") - value(connection, "PRAGMA freelist_count")
    return int(pages * value(connection, "PRAGMA page_size"))


def _delete(connection: sqlite3.Connection, sql: str, *parameters: float) -> bool:
    """Delete some; False when none was left."""
    with transaction(connection):
        return connection.execute(sql, (*parameters, STEP_EXECUTIONS)).rowcount > 0
