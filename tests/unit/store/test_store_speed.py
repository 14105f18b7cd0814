"""What recording costs. The figures in the store's comments are from here, by pytest-benchmark; none is asserted."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cellblock_service.store import queries
from cellblock_service.store.database import Database
from cellblock_service.store.retention import Retention

from .conftest import Make, whole

pytestmark = pytest.mark.slow

TIMINGS = {"load": 0.1, "queue": 0.2, "ready": 0.9, "run": 12.5, "convert": 0.3, "total": 14.0}
Benchmark = Callable[..., Any]


def test_putting_one_change(benchmark: Benchmark, make: Make) -> None:
    """On the event loop; a third of an execution's changes."""
    records = make()
    changes = itertools.chain.from_iterable(
        whole(str(number), result=bytes(100), stdout="out\n", timings_ms=TIMINGS) for number in itertools.count()
    )
    prepared = iter(list(itertools.islice(changes, 60_000)))
    benchmark.pedantic(lambda: records.put(next(prepared)), rounds=1000, iterations=50)
    assert records.condition().behind == -(-50_000 // 3)


def test_writing_a_batch_of_500_executions(benchmark: Benchmark, path: Path) -> None:
    """In the writer's thread: rows and statuses of new executions."""
    database = Database(path, Retention(keep_days=30, keep_bytes=1 << 30))
    database.open()
    numbers = itertools.count(1)

    def batch() -> tuple[tuple[list[Any]], dict[str, Any]]:
        names = itertools.islice(numbers, 500)
        return ([(n, tuple(whole(str(n), result=bytes(100), timings_ms=TIMINGS))) for n in names],), {}

    unwritable = benchmark.pedantic(database.write, setup=batch, rounds=20)
    assert unwritable == set()
    database.close()
    assert queries.count(path).by_status == {"completed": 10_000}


def test_finding_one(benchmark: Benchmark, path: Path) -> None:
    """From the file, with a connection of its own."""
    database = Database(path, Retention(keep_days=30, keep_bytes=1 << 30))
    database.open()
    database.write([(n, tuple(whole(str(n), result=bytes(100)))) for n in range(1, 5001)])
    record = benchmark(queries.find, path, "2500", "one")
    assert record.status == "completed"
    database.close()
