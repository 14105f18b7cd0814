"""Old records go, and the oldest when there are too many; the file gets smaller."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cellblock_service.store import Records, schema
from cellblock_service.store.retention import DAY_MS, Retention, used_bytes

from .conftest import NOW_MS, Make, begun, ended, until, whole


@asynccontextmanager
async def opened(make: Make, **limits: Any) -> AsyncIterator[Records]:
    records = make(**limits)
    await records.start()
    yield records
    await records.close()


async def many(records: Records, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        for change in whole(str(number), result=os.urandom(1000)):
            records.put(change)
    await records.flush()


async def left(records: Records) -> set[str]:
    return {record.id for record in await records.recent(limit=100_000)}


async def test_what_ended_too_long_ago_goes(make: Make, path: Path) -> None:
    async with opened(make, keep_days=10_000) as records:
        for number in range(450):
            age_ms = int(9.9 * DAY_MS) if number % 9 == 0 else int(10.1 * DAY_MS)
            records.put(begun(str(number), created_ms=NOW_MS - 20 * DAY_MS))
            records.put(ended(str(number), at_ms=NOW_MS - age_ms))
        records.put(begun("under way", created_ms=NOW_MS - 20 * DAY_MS))
        await records.flush()
        assert len(await left(records)) == 451
    async with opened(make, keep_days=10) as records:
        expected = {str(number) for number in range(0, 450, 9)} | {"under way"}
        while len(await left(records)) > len(expected):
            pass
        assert await left(records) == expected
    with sqlite3.connect(path) as reader:
        (statuses,) = reader.execute("SELECT count(*) FROM status_changes").fetchone()
    assert statuses == 2 * len(expected)


async def test_the_oldest_go_when_all_are_too_large(make: Make) -> None:
    limit = 1_000_000
    async with opened(make, keep_bytes=limit) as records:
        await many(records, 3000)
        while (await records.counts()).used_bytes > limit:
            pass
        remaining = await left(records)
    assert 300 < len(remaining) < 1000
    assert remaining == {str(number) for number in range(3000 - len(remaining), 3000)}


async def test_what_is_written_during_clearing_stays(make: Make) -> None:
    async with opened(make, keep_bytes=1_000_000) as records:
        for number in range(0, 5000, 250):
            await many(records, 250, number)
        for number in range(4900, 5000):
            assert await records.get(str(number)) is not None


async def test_the_file_is_cut_down(make: Make, path: Path) -> None:
    async with opened(make) as records:
        await many(records, 3000)
    assert size(path) > 3_000_000
    async with opened(make, keep_bytes=500_000) as records:
        # The cut is in the log first, and gets to the file with a checkpoint, at the latest when it is closed.
        await until(lambda: pages(path) < 125)
        assert "2999" in await left(records)
    assert size(path) < 600_000


def size(path: Path) -> int:
    return path.stat().st_size


def pages(path: Path) -> int:
    with sqlite3.connect(path) as reader:
        (count,) = reader.execute("PRAGMA page_count").fetchone()
    return int(count)


def test_limits_that_nothing_fits_end_in_an_empty_file(path: Path) -> None:
    connection = schema.connect(path)
    schema.prepare(connection, path)
    retention = Retention(keep_days=float("inf"), keep_bytes=0)
    while retention.step(connection):
        pass
    assert used_bytes(connection) > 0
    connection.close()
