"""Every test here fails when the store blocks the event loop."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import structlog
from blockbuster import BlockBuster, blockbuster_ctx
from cellblock_service.store import Begun, Ended, Records, StatusChanged

Make = Callable[..., Records]


@pytest.fixture(autouse=True)
def never_blocked() -> Iterator[BlockBuster]:
    with blockbuster_ctx("cellblock_service") as guard:
        yield guard


@pytest.fixture(autouse=True)
def captured_logs() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "records.db"


@pytest.fixture
def make(path: Path) -> Make:
    """Make the records of `path`, with limits of one's own."""

    def make(**limits: Any) -> Records:
        return Records(
            path, **{"keep_days": 30, "keep_bytes": 1 << 30, "result_bytes": 1000, "tail_bytes": 20} | limits
        )

    return make


@pytest_asyncio.fixture
async def records(make: Make) -> AsyncIterator[Records]:
    """Records that are open."""
    opened = make()
    await opened.start()
    yield opened
    await opened.close()


NOW_MS = time.time_ns() // 1_000_000


def begun(execution: str, **given: Any) -> Begun:
    parts = {"owner": "one", "created_ms": NOW_MS, "code_sha256": "c0de", "input_bytes": {"data": 3}}
    return Begun(id=execution, **parts | given)


def running(execution: str, **given: Any) -> StatusChanged:
    return StatusChanged(id=execution, **{"owner": "one", "seq": 1, "status": "running", "at_ms": NOW_MS + 1} | given)


def ended(execution: str, **given: Any) -> Ended:
    parts = {"owner": "one", "seq": 2, "status": "completed", "at_ms": NOW_MS + 2, "timings_ms": {"run": 1.5}}
    return Ended(id=execution, **parts | given)


def whole(execution: str, **given: Any) -> Iterator[Begun | StatusChanged | Ended]:
    return itertools.chain([begun(execution), running(execution), ended(execution, **given)])


async def until(condition: Callable[[], object]) -> None:
    """Let the loop turn until `condition` holds."""
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError("what was waited for didn't come")
