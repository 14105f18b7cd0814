"""A busy service whose processes are killed: every request has exactly one final answer, and the records agree.

Ten seconds as a rule; as many as CELLBLOCK_TEST_LOAD_S says, a minute with `make test-load`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import signal
import sqlite3
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import msgpack
import pytest
from crowd import Crowd, regularly, told
from serving import Service

SECONDS = float(os.environ.get("CELLBLOCK_TEST_LOAD_S", "10"))
CRASHED = ("error", "WorkerCrashed")
RESTARTED = ("error", "ServiceRestarted")
NOBODY = ("refused", "not_ready")


@pytest.fixture
def service(image_home: Path) -> Iterator[Service]:
    running = Service(image_home, CELLBLOCK_WORKERS="2", CELLBLOCK_FULL_BUNDLE="on-demand")
    running.wait_ready()
    yield running
    running.process.kill()
    running.process.wait()


class Assassin:
    """Kills a random worker each time it is called."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.kills = 0
        self.seen: set[int] = set()

    def __call__(self) -> None:
        workers = self.service.workers()
        self.seen.update(workers)
        if workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(random.choice(workers), signal.SIGKILL)
                self.kills += 1


async def test_every_request_has_one_answer_while_workers_are_killed(service: Service) -> None:
    crowd, assassin = Crowd(f"http://127.0.0.1:{service.port}"), Assassin(service)
    assassin.seen.update(service.workers())
    async with regularly(1.0, assassin):
        await crowd.work(SECONDS)
    assert assassin.kills >= SECONDS // 2
    assert crowd.answers.keys() == crowd.expected.keys()
    assert {ident: answers for ident, answers in crowd.answers.items() if len(answers) != 1} == {}
    assert crowd.surprises(CRASHED, NOBODY) == {}
    # A refusal that came late is an error in the books.
    statuses = {ident: told(answer)[0].replace("refused", "error") for ident, (answer,) in crowd.answers.items()}
    by_status = Counter(statuses.values())
    assert by_status["completed"] > 10 * assassin.kills
    assert counted(service) == by_status
    assassin.seen.update(service.workers())
    service.stop()
    assert service.process.returncode == 0
    assert recorded(service) == statuses
    assert [pid for pid in assassin.seen if runs(pid)] == []


async def test_a_service_that_was_killed_says_what_became_of_everything(service: Service, image_home: Path) -> None:
    crowd = Crowd(f"http://127.0.0.1:{service.port}")
    asking = asyncio.create_task(crowd.work(60))
    async with asyncio.timeout(60):
        while len(crowd.answers) < 200:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    workers = service.workers()
    service.process.kill()
    service.process.wait()
    await asking
    await asyncio.to_thread(gone, workers)
    again = Service(
        image_home,
        port=service.port,
        CELLBLOCK_WORKERS="2",
        CELLBLOCK_FULL_BUNDLE="on-demand",
        CELLBLOCK_RECORDS_FILE=str(records(service)),
    )
    try:
        again.wait_ready()
        for ident, expected in crowd.expected.items():
            status, found = again.get(f"/v1/executions/{ident}")
            answered = crowd.answers.get(ident)
            if answered is None:
                # It was under way; or it ended, or began, in the last moment, of which nobody was told.
                assert status == 404 or told(found) in (expected, RESTARTED), (ident, found)
            else:
                # What ended less than a moment before may not have been written.
                assert told(found) in (expected, RESTARTED) or ident in list(crowd.expected)[-100:], (ident, found)
        await taken_up_again(crowd)
    finally:
        again.stop()
    assert Counter(recorded(service).values())["error"] > 0


async def taken_up_again(crowd: Crowd) -> None:
    """A client that comes back is told that its session is new and its executions aren't there; then it goes on."""
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{crowd.url}/v1/session") as socket:
        await socket.send_bytes(msgpack.packb({"kind": "hello", "session": "of-the-service-before"}))
        assert not msgpack.unpackb(await socket.receive_bytes())["resumed"]
        await socket.send_bytes(msgpack.packb({"kind": "resume", "id": "e0", "after": 0}))
        assert msgpack.unpackb(await socket.receive_bytes()) == {"kind": "unknown", "id": "e0"}
    await crowd.work(1)
    assert {ident: answers for ident, answers in crowd.answers.items() if len(answers) != 1} == {}


def gone(pids: list[int]) -> None:
    """Wait until these processes have ended."""
    deadline = time.monotonic() + 20
    while any(map(runs, pids)):
        assert time.monotonic() < deadline, pids
        time.sleep(0.05)


def records(service: Service) -> Path:
    return Path(service.folder.name) / "records.sqlite3"


def counted(service: Service) -> dict[str, int]:
    """Executions by status, as the metrics have them."""
    text = urllib.request.urlopen(f"http://127.0.0.1:{service.port}/metrics", timeout=10).read().decode()
    found: Counter[str] = Counter()
    for status, value in re.findall(r'^cellblock_executions_total\{.*status="(\w+)".*\} (\S+)$', text, re.MULTILINE):
        found[status] += int(float(value))
    return dict(found)


def recorded(service: Service) -> dict[str, str]:
    """The status of each execution in the records."""
    with contextlib.closing(sqlite3.connect(records(service))) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = database.execute("SELECT id, status FROM executions").fetchall()
    assert len(rows) == len(dict(rows))
    return dict(rows)


def runs(pid: int) -> bool:
    """Whether a process of this id that is Cellblock's is there."""
    try:
        return b"cellblock" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
