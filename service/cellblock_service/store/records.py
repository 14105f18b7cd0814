"""The records of executions: what happened is put here, and found again, also after a restart.

    async with Records.open(path, keep_days=30, keep_bytes=1 << 30, result_bytes=1 << 20, tail_bytes=4096) as records:
        records.put(Begun(...))
        records.put(Ended(...))
        record = await records.get(id, owner)

`put` never waits for the disk. What was put is found at once: reading looks at what is on its way before it looks into
the file. All of it belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, TypeVarTuple

from cellblock_service.store import queries
from cellblock_service.store.backlog import Backlog
from cellblock_service.store.changes import Change, Record, fold
from cellblock_service.store.database import Database
from cellblock_service.store.errors import NotWritten
from cellblock_service.store.retention import Retention
from cellblock_service.store.writer import Condition, Writer

Value = TypeVar("Value")
Arguments = TypeVarTuple("Arguments")


@dataclass(frozen=True, slots=True)
class Counts:
    """Executions in the file by status, the bytes it uses, and how writing is going."""

    by_status: dict[str, int]
    used_bytes: int
    condition: Condition


class Records:
    """Execution records in the SQLite file `path`.

    Executions that ended more than `keep_days` ago go, and the oldest ones when all together use more than
    `keep_bytes`. Of a result at most `result_bytes` are kept, otherwise only its size; of what was printed, the last
    `tail_bytes`.
    """

    def __init__(self, path: Path, *, keep_days: float, keep_bytes: int, result_bytes: int, tail_bytes: int) -> None:
        self._path = path
        self._backlog = Backlog(result_bytes, tail_bytes)
        self._database = Database(path, Retention(keep_days, keep_bytes))
        self._writer = Writer(self._database, self._backlog)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, *, keep_days: float, keep_bytes: int, result_bytes: int, tail_bytes: int
    ) -> AsyncIterator[Records]:
        """Start and close around a block of code. Raises as `start`."""
        records = cls(
            path, keep_days=keep_days, keep_bytes=keep_bytes, result_bytes=result_bytes, tail_bytes=tail_bytes
        )
        await records.start()
        try:
            yield records
        finally:
            await records.close()

    async def start(self) -> int:
        """Open the file, and give the number of executions that a service left unfinished, which now are `error`.

        A damaged file is moved aside; a full disk is waited for. Raises RecordsUnusable, RecordsTooNew,
        RecordsForeign, RecordsInUse.
        """
        await self._writer.start()
        return self._database.interrupted or 0

    async def close(self) -> None:
        """Write what is left and close the file."""
        await self._writer.close()

    def put(self, change: Change) -> None:
        """Take note of a change; it is on disk within about 50 ms. What an execution does after its end isn't noted.

        Raises ValueError when an execution begins whose owner has one of that id under way.
        """
        self._writer.put(change)

    async def flush(self) -> None:
        """Wait until what was put before is on disk. Raises NotWritten when it can't be written now."""
        await self._writer.flush()

    async def get(self, execution: str, owner: str | None = None) -> Record | None:
        """Give the newest execution of this id, of this owner unless that is None. Raises RecordsUnreadable."""
        return self._backlog.find(execution, owner) or await self._read(queries.find, execution, owner)

    async def recent(self, owner: str | None = None, limit: int = 100) -> list[Record]:
        """Give the newest executions, newest first, without results and statuses. Raises RecordsUnreadable."""
        here = list(self._backlog.newest_first(owner))
        on_disk = await self._read(queries.recent, owner, limit)
        # Only now: what had no number yet may have been written, with one, while the file was read.
        unnumbered = [fold(entry.changes) for entry in here if entry.number is None]
        numbered = on_disk | {entry.number: fold(entry.changes) for entry in here if entry.number is not None}
        newest = unnumbered + [numbered[number] for number in sorted(numbered, reverse=True)]
        return [record.listed() for record in newest[:limit]]

    async def counts(self) -> Counts:
        """Give how many executions there are. Raises RecordsUnreadable."""
        with contextlib.suppress(NotWritten):
            await self.flush()
        on_disk = await self._read(queries.count)
        return Counts(on_disk.by_status, on_disk.used_bytes, self.condition())

    def condition(self) -> Condition:
        """Tell how writing is going, without looking at the file."""
        return self._writer.condition()

    async def _read(self, query: Callable[[Path, *Arguments], Value], *arguments: *Arguments) -> Value:
        """Query in a thread. When the file turns out to be damaged it is replaced, and the new one is asked."""
        try:
            return await asyncio.to_thread(query, self._path, *arguments)
        except queries.FileLost as error:
            await self._writer.replace(error.inode, str(error))
            with contextlib.suppress(NotWritten):
                await self._writer.flush()
            return await asyncio.to_thread(query, self._path, *arguments)
