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
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgpack
import pytest
from crowd import Crowd, regularly, told
from serving import Service

SECONDS = float(os.environ.get("CELLBLOCK_TEST_LOAD_S", "10"))
CRASHED = ("error", "WorkerCrashed")
RESTARTED = ("error", "ServiceRestarted")
NOBODY = ("refused", "not_ready")
Note = Callable[[str, object], None]


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


async def test_every_request_has_one_answer_while_workers_are_killed(service: Service, record_property: Note) -> None:
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
    record_property("outcome", "a worker killed each second: one answer to each request, and the records say the same")


async def test_a_service_that_was_killed_says_what_became_of_everything(
    service: Service, image_home: Path, record_property: Note
) -> None:
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
    record_property("outcome", "what was answered is in the records so, what was under way as ServiceRestarted")


async def test_a_service_killed_at_random_points_says_what_became_of_everything(
    service: Service, image_home: Path, record_property: Note
) -> None:
    crowd = Crowd(f"http://127.0.0.1:{service.port}")
    known: dict[str, Any] = {}
    living = service
    try:
        for signals in ([], [], [signal.SIGTERM]):
            before = len(crowd.expected)
            asking = asyncio.create_task(worked(crowd))
            async with asyncio.timeout(60):
                while len(crowd.answers) < before + 30:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            await killed(living, *signals)
            await asking
            await killed(another(image_home, service))
            living = another(image_home, service)
            await asyncio.to_thread(living.wait_ready)
            new = list(crowd.expected)[before:]
            known |= {ident: said(living, ident) for ident in new}
            assert [each for each in new if not agrees(crowd, each, known[each], late=each in new[-100:])] == []
        assert {ident: said(living, ident) for ident in known} == known
        assert {ident: answers for ident, answers in crowd.answers.items() if len(answers) > 1} == {}
    finally:
        living.stop()
    assert recorded(service).keys() == {ident for ident, found in known.items() if found}
    assert RESTARTED in known.values()
    record_property("outcome", "killed at work, while it ended and while it started: one final word on each execution")


async def worked(crowd: Crowd) -> None:
    """Work until the service is gone, which may be in the midst of an answer."""
    with contextlib.suppress(aiohttp.ClientPayloadError):
        await crowd.work(60)


async def killed(service: Service, *signals: signal.Signals) -> None:
    """Send these signals and, a moment later, kill the service; wait until its workers have ended too."""
    for each in signals:
        service.process.send_signal(each)
    await asyncio.sleep(random.random())
    workers = service.workers()
    service.process.kill()
    service.process.wait()
    await asyncio.to_thread(gone, workers)


def another(home: Path, before: Service) -> Service:
    """Start a service at the address and with the records of another."""
    settings = {"CELLBLOCK_WORKERS": "2", "CELLBLOCK_FULL_BUNDLE": "on-demand"}
    return Service(home, port=before.port, CELLBLOCK_RECORDS_FILE=str(records(before)), **settings)


def said(service: Service, ident: str) -> tuple[str, Any] | None:
    """What a service says of an execution, in the form of `told`; None if it knows nothing of it."""
    status, found = service.get(f"/v1/executions/{ident}")
    return None if status == 404 else told(found)


def agrees(crowd: Crowd, ident: str, found: tuple[str, Any] | None, *, late: bool) -> bool:
    """Whether what is said of an execution is its one end, as told to its client unless nobody was told.

    What ended or began in the last moment (`late`) may not have been written.
    """
    ends = [told(each) for each in crowd.answers.get(ident, [])]
    if not ends:
        return found in (crowd.expected[ident], RESTARTED, None)
    if ends[0][0] == "refused":
        return found is None or found == RESTARTED or found[0] == "error"  # one that was refused late is in the books
    return found == ends[0] or (late and found in (RESTARTED, None))


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
