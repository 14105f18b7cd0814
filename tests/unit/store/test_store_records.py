"""Records as the service uses them: put, found at once, found after a restart, and never in the loop's way."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from cellblock_service.store import Record, Records, StatusAt

from .conftest import Make, begun, ended, running, until, whole


async def test_what_was_put_is_found_at_once_and_after_a_restart(make: Make) -> None:
    first, second = make(), make()
    await first.start()
    for change in whole("a", result=b"packed", stdout="hello\n", state="new"):
        first.put(change)
    at_once = await first.get("a", "one")
    await first.flush()
    on_disk = await first.get("a", "one")
    await first.close()
    await second.start()
    assert at_once == on_disk == await second.get("a", "one") == await second.get("a")
    await second.close()
    assert on_disk == Record(
        owner="one",
        id="a",
        block=None,
        name=None,
        code_sha256="c0de",
        input_bytes={"data": 3},
        created_ms=begun("a").created_ms,
        started_ms=running("a").at_ms,
        ended_ms=ended("a").at_ms,
        status="completed",
        error=None,
        state="new",
        timings_ms={"run": 1.5},
        result=b"packed",
        result_size=6,
        stdout_tail="hello\n",
        stderr_tail="",
        statuses=(
            StatusAt(0, "queued", begun("a").created_ms),
            StatusAt(1, "running", running("a").at_ms),
            StatusAt(2, "completed", ended("a").at_ms),
        ),
    )


async def test_an_execution_is_written_as_it_goes(records: Records, path: Path) -> None:
    seen = []
    for change in whole("a"):
        records.put(change)
        await records.flush()
        with closing(sqlite3.connect(path)) as reader:
            seen += reader.execute("SELECT number, status FROM executions").fetchall()
    assert seen == [(1, "queued"), (1, "running"), (1, "completed")]


async def test_it_is_written_without_being_asked(records: Records, path: Path) -> None:
    records.put(begun("a"))
    with closing(sqlite3.connect(path)) as reader:
        await until(lambda: reader.execute("SELECT 1 FROM executions").fetchone())
    await until(lambda: not records.condition().behind)


async def test_an_end_is_final(records: Records) -> None:
    for change in whole("a"):
        records.put(change)
    records.put(running("a", seq=7))
    records.put(ended("a", seq=8, status="cancelled"))
    await records.flush()
    records.put(ended("a", seq=9, status="error"))
    await records.flush()
    found = await records.get("a")
    assert found is not None
    assert (found.status, len(found.statuses)) == ("completed", 3)


async def test_an_id_may_come_again(records: Records) -> None:
    for change in [*whole("a", result=b"1"), *whole("a", result=b"2")]:
        records.put(change)
    await records.flush()
    for change in whole("a", result=b"3"):
        records.put(change)
    found = await records.get("a")
    assert found is not None
    assert found.result == b"3"
    assert len(await records.recent()) == 3


async def test_an_id_that_is_under_way_cant_begin(records: Records) -> None:
    records.put(begun("a"))
    records.put(begun("a", owner="two"))
    with pytest.raises(ValueError, match="a of one has begun before"):
        records.put(begun("a"))


async def test_owners_see_their_own(records: Records) -> None:
    for written in (True, False):
        for owner in ("one", "two"):
            name = f"{owner}-{written}"
            for change in (begun(name, owner=owner), ended(name, owner=owner)):
                records.put(change)
        if written:
            await records.flush()
    assert [record.id for record in await records.recent("one")] == ["one-False", "one-True"]
    assert [record.id for record in await records.recent()] == ["two-False", "one-False", "two-True", "one-True"]
    for name in ("one-True", "one-False"):
        assert await records.get(name, "two") is None
        assert await records.get(name) == await records.get(name, "one")


async def test_the_newest_come_first_whether_written_or_not(records: Records) -> None:
    records.put(begun("long"))
    await records.flush()
    for number in range(5):
        for change in whole(str(number), result=b"result"):
            records.put(change)
        if number == 2:
            await records.flush()
    records.put(ended("long"))
    listed = await records.recent()
    assert [record.id for record in listed] == ["4", "3", "2", "1", "0", "long"]
    assert {(record.result, record.result_size, record.statuses) for record in listed[:-1]} == {(None, 6, ())}
    assert [record.id for record in await records.recent(limit=2)] == ["4", "3"]


async def test_counts(records: Records) -> None:
    records.put(begun("under way"))
    for number in range(3):
        for change in whole(str(number)):
            records.put(change)
    counts = await records.counts()
    assert counts.by_status == {"queued": 1, "completed": 3}
    assert counts.used_bytes > 0
    assert counts.condition.behind == 0


@pytest.mark.parametrize("written", [True, False])
async def test_large_parts_are_cut(records: Records, written: bool) -> None:
    records.put(begun("a", name="n" * 5000))
    error = {"type": "ValueError", "line": 3, "traceback": "t" * 100_000 + "end"}
    records.put(ended("a", result=bytes(1001), stdout="x" * 100 + "ü" * 15, stderr="\ud800" * 30, error=error))
    if written:
        await records.flush()
    found = await records.get("a")
    assert found is not None
    assert (found.result, found.result_size) == (None, 1001)
    assert (found.stdout_tail, found.stderr_tail) == ("ü" * 10, "?" * 20)
    assert found.error is not None
    assert (found.error["type"], found.error["line"]) == ("ValueError", 3)
    assert len(found.error["traceback"]) == 8192
    assert found.error["traceback"].endswith("tend")


async def test_a_result_of_the_largest_size_stays(records: Records) -> None:
    records.put(begun("a"))
    records.put(ended("a", result=memoryview(bytes(1000))))
    await records.flush()
    found = await records.get("a")
    assert found is not None
    assert found.result == bytes(1000)


@pytest.mark.parametrize(
    "wrong", [{"name": 7}, {"created_ms": 1 << 70}, {"input_bytes": {"data": object()}}, {"code_sha256": None}]
)
async def test_a_change_that_is_wrong_stops_no_other(records: Records, wrong: dict[str, object]) -> None:
    for number in range(20):
        for change in whole(str(number)):
            records.put(change)
        if number == 13:
            records.put(begun("wrong", **wrong))
    await records.flush()
    assert (await records.counts()).by_status == {"completed": 20}
    assert records.condition().unwritable == 1
    assert await records.get("wrong") is None


async def test_thousands_of_executions_dont_block_the_loop(records: Records) -> None:
    for number in range(5000):
        for change in whole(str(number), result=b"result"):
            records.put(change)
        if number % 100 == 0:
            await asyncio.sleep(0)
            assert await records.get(str(number // 2), "one") is not None
    await records.flush()
    assert (await records.counts()).by_status == {"completed": 5000}


async def test_nothing_of_code_inputs_and_environment_is_asked_for() -> None:
    assert set(begun("a").__dataclass_fields__) == {
        "owner", "id", "created_ms", "code_sha256", "input_bytes", "block", "name", "seq",
    }  # fmt: skip


async def test_many_statuses_of_one_execution_take_bounded_memory(records: Records) -> None:
    records.put(begun("a"))
    for number in range(10_000):
        records.put(running("a", seq=number + 1, status="loading"))
    records.put(ended("a", seq=10_001))
    found = await records.get("a")
    assert found is not None
    assert len(found.statuses) <= 66
    assert found.status == "completed"


async def test_writing_waits_for_a_lock_of_someone_else(records: Records, path: Path) -> None:
    """As long as an operator's own transaction takes; here they come back in time."""
    with closing(sqlite3.connect(path, isolation_level=None)) as operator:
        operator.execute("BEGIN IMMEDIATE")
        records.put(begun("a"))
        writing = asyncio.create_task(records.flush())
        await asyncio.sleep(0.2)
        assert not writing.done()
        assert await records.get("a") is not None
        operator.execute("ROLLBACK")
        await writing


async def test_closing_writes_what_is_left(make: Make) -> None:
    first, second = make(), make()
    await first.start()
    for number in range(1200):
        first.put(begun(str(number)))
        first.put(ended(str(number)))
    await first.close()
    await second.start()
    assert (await second.counts()).by_status == {"completed": 1200}
    await second.close()


async def test_the_context_manager_closes(path: Path) -> None:
    limits = {"keep_days": 1, "keep_bytes": 1 << 20, "result_bytes": 10, "tail_bytes": 10}
    async with Records.open(path, **limits) as records:
        records.put(begun("a"))
    async with Records.open(path, **limits) as records:
        found = await records.get("a")
    assert found is not None
    assert found.error == {"type": "ServiceRestarted", "message": "the service restarted while this was running"}
