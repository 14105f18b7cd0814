"""Disks that are full, files that are damaged, gone, or not ours: the service goes on, and says what is wrong."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cellblock_service.store import (
    NotWritten,
    Records,
    RecordsForeign,
    RecordsInUse,
    RecordsTooNew,
    RecordsUnreadable,
    RecordsUnusable,
    schema,
)

from .conftest import Make, begun, ended, running, until, whole

Logs = list[Any]


class Disk:
    """A disk that is full once the database has so many pages: SQLite's own SQLITE_FULL."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._connect = schema.connect
        self._connections: list[sqlite3.Connection] = []
        self.pages = 1 << 30
        monkeypatch.setattr(schema, "connect", self.connect)

    def connect(self, path: Path) -> sqlite3.Connection:
        connection = self._connect(path)
        connection.execute(f"PRAGMA max_page_count = {self.pages}")
        self._connections.append(connection)
        return connection

    async def hold(self, records: Records, pages: int) -> None:
        """Set the size of the disk, in the thread that owns the connection."""
        self.pages = pages
        for connection in self._connections:
            await records._writer._in_thread(connection.execute, f"PRAGMA max_page_count = {pages}")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def events(logs: Logs) -> list[str]:
    return [line["event"] for line in logs]


async def test_a_full_disk_loses_nothing_once_there_is_room(disk: Disk, records: Records, captured_logs: Logs) -> None:
    for change in whole("before"):
        records.put(change)
    await records.flush()
    await disk.hold(records, 20)
    for number in range(200):
        for change in whole(str(number), result=bytes(1000)):
            records.put(change)
    with pytest.raises(NotWritten, match="full"):
        await records.flush()
    condition = records.condition()
    assert (condition.behind, condition.failed_writes > 0, condition.problem) == (200, True, "database or disk is full")
    found = await records.get("150", "one")
    assert found is not None
    assert found.status == "completed"
    assert await records.get("before") is not None
    assert len(await records.recent(limit=1000)) == 201
    await until(lambda: records.condition().failed_writes > 3)
    assert events(captured_logs).count("records_not_written") == 1

    await disk.hold(records, 1 << 30)
    await until(lambda: not records.condition().behind)
    assert records.condition().problem is None
    assert events(captured_logs)[-1] == "records_written_again"
    assert (await records.counts()).by_status == {"completed": 201}


async def test_a_service_starts_on_a_full_disk(disk: Disk, make: Make, captured_logs: Logs) -> None:
    disk.pages = 2
    records = make()
    assert await records.start() == 0
    assert events(captured_logs) == ["records_not_written"]
    for change in whole("a"):
        records.put(change)
    assert await records.get("a") is not None
    with pytest.raises(RecordsUnreadable):
        await records.get("b")
    disk.pages = 1 << 30
    await until(lambda: not records.condition().behind)
    assert await records.get("a") is not None
    await records.close()


async def test_closing_on_a_full_disk_says_what_is_lost(disk: Disk, make: Make, captured_logs: Logs) -> None:
    records = make()
    await records.start()
    await disk.hold(records, 1)
    for number in range(500):
        records.put(begun(str(number)))
    await records.close()
    assert captured_logs[-1]["event"] == "records_lost"
    assert captured_logs[-1]["executions"] == 500


async def test_memory_is_bounded_while_the_disk_is_full(disk: Disk, make: Make) -> None:
    records = make()
    records._backlog.most_weight = 1 << 20
    await records.start()
    await disk.hold(records, 1)
    for number in range(5000):
        for change in whole(str(number), result=bytes(900)):
            records.put(change)
        if number % 500 == 0:
            await asyncio.sleep(0.05)
    condition = records.condition()
    assert condition.dropped > 3000
    assert records._backlog.weight <= 2 << 20
    await disk.hold(records, 1 << 30)
    await records.flush()
    counts = await records.counts()
    assert counts.by_status == {"completed": 5000 - condition.dropped}
    await records.close()


async def filled(make: Make) -> None:
    """Leave a file with 3,000 executions."""
    records = make()
    await records.start()
    for _ in range(3000):
        for change in whole(f"{random.random()}", result=os.urandom(900)):
            records.put(change)
    await records.close()


def damage(path: Path, first_page: int = 1) -> None:
    """Overwrite pages of the file; the first one stays."""
    with path.open("r+b") as file:
        file.seek(first_page * 4096)
        file.write(os.urandom(path.stat().st_size - first_page * 4096))


def written(path: Path, content: bytes) -> None:
    """Write a file that everyone may read."""
    path.write_bytes(content)
    path.chmod(0o666)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def moved_aside(path: Path) -> list[Path]:
    return [found for found in path.parent.glob("records.db.damaged-*") if not found.name.endswith("-wal")]


@pytest.mark.parametrize(
    "content", [b"this is no database\n" * 500, os.urandom(5000), b"SQLite format 3\0" + bytes(99)]
)
async def test_what_is_no_database_is_moved_aside(make: Make, path: Path, captured_logs: Logs, content: bytes) -> None:
    written(path, content)
    records = make()
    assert await records.start() == 0
    records.put(begun("a"))
    await records.flush()
    await records.close()
    (aside,) = moved_aside(path)
    assert aside.read_bytes() == content
    assert captured_logs[0]["event"] == "records_damaged"
    assert captured_logs[0]["moved_to"] == str(aside)


async def test_damage_is_found_after_an_unclean_end(make: Make, path: Path, captured_logs: Logs) -> None:
    await filled(make)
    damage(path, 500)
    written(Path(f"{path}-wal"), b"left by a service that was killed")
    records = make()
    await records.start()
    assert (await records.counts()).by_status == {}
    await records.close()
    assert len(moved_aside(path)) == 1


async def test_an_empty_file_becomes_one(make: Make, path: Path, captured_logs: Logs) -> None:
    written(path, b"")
    records = make()
    await records.start()
    await records.close()
    assert not captured_logs
    assert mode(path) == 0o600


async def test_damage_met_while_reading(make: Make, path: Path, captured_logs: Logs) -> None:
    await filled(make)
    records = make()
    await records.start()
    records.put(begun("under way"))
    await records.flush()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damage(path)
    assert [record.id for record in await records.recent()] == ["under way"]
    assert len(moved_aside(path)) == 1
    records.put(running("under way"))
    await records.flush()
    assert (await records.counts()).by_status == {"running": 1}
    await records.close()


async def test_damage_met_while_writing(make: Make, path: Path, captured_logs: Logs) -> None:
    await filled(make)
    records = make()
    await records.start()
    damage(path)
    for _ in range(1000):
        for change in whole(f"{random.random()}"):
            records.put(change)
    await records.flush()
    assert len(moved_aside(path)) == 1
    assert (await records.counts()).by_status["completed"] >= 500
    await records.close()


async def test_a_file_that_was_taken_away_is_begun_again(records: Records, path: Path, captured_logs: Logs) -> None:
    for change in whole("gone"):
        records.put(change)
    records.put(begun("under way"))
    await records.flush()
    for name in ("records.db", "records.db-wal", "records.db-shm"):
        (path.parent / name).unlink()
    records.put(ended("under way"))
    await records.flush()
    assert (await records.counts()).by_status == {"completed": 1}
    assert "records_taken_away" in events(captured_logs)


async def test_a_newer_layout_is_refused(make: Make, path: Path) -> None:
    await filled(make)
    with closing(sqlite3.connect(path)) as later:
        later.execute("PRAGMA user_version = 7")
    with pytest.raises(RecordsTooNew, match="has layout 7, this version of the service knows 1"):
        await make().start()
    assert not moved_aside(path)


async def test_the_database_of_another_program_is_refused(make: Make, path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE precious (a)")
    with pytest.raises(RecordsForeign, match="another program"):
        await make().start()
    assert not moved_aside(path)


async def test_two_services_dont_share_a_file(make: Make, records: Records) -> None:
    with pytest.raises(RecordsInUse, match=rf"another service \(pid {os.getpid()}\)"):
        await make().start()
    records.put(begun("a"))
    await records.flush()


@pytest.mark.parametrize("obstacle", ["a folder", "below a file"])
async def test_a_place_that_holds_no_file_is_refused(tmp_path: Path, obstacle: str) -> None:
    (tmp_path / "file").touch()
    path = tmp_path if obstacle == "a folder" else tmp_path / "file" / "records.db"
    with pytest.raises(RecordsUnusable, match="can't be opened"):
        await Records(path, keep_days=1, keep_bytes=1, result_bytes=1, tail_bytes=1).start()


async def test_only_the_service_may_read_its_files(make: Make, path: Path) -> None:
    written(path, b"")
    records = make()
    await records.start()
    records.put(begun("a"))
    await records.flush()
    modes = {found.name: mode(found) for found in path.parent.iterdir()}
    assert modes == dict.fromkeys(["records.db", "records.db-wal", "records.db-shm", "records.db.lock"], 0o600)
    await records.close()
