"""A service that is killed in the middle of writing: no row is torn, nothing that was acknowledged is missing."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from cellblock_service.store import Records

pytestmark = pytest.mark.slow

# Five executions at a time, at full speed; what is known to be on disk is printed.
SERVICE = """
import asyncio, hashlib, itertools, sys, time
from pathlib import Path
from cellblock_service.store import Begun, Ended, Records, StatusChanged

async def execution(records, name):
    now = time.time_ns() // 1_000_000
    parts = {"owner": "one", "id": name}
    digest = hashlib.sha256(name.encode())
    records.put(Begun(**parts, created_ms=now, code_sha256=digest.hexdigest(), input_bytes={"data": len(name)}))
    await asyncio.sleep(0.001)
    records.put(StatusChanged(**parts, seq=1, status="running", at_ms=now + 1))
    await asyncio.sleep(0.001)
    records.put(Ended(**parts, seq=2, status="completed", at_ms=now + 2, timings_ms={"run": 1.0},
                      result=digest.digest() * 200, stdout=name, stderr=name))

async def main(path, prefix):
    limits = {"keep_days": 30, "keep_bytes": 3 << 20, "result_bytes": 1 << 20, "tail_bytes": 4096}
    async with Records.open(Path(path), **limits) as records:
        now = time.time_ns() // 1_000_000
        records.put(Begun(owner="one", id=f"{prefix}-left", created_ms=now, code_sha256="", input_bytes={"data": 6}))
        await records.flush()
        print("ready", flush=True)
        for turn in itertools.count():
            names = [f"{prefix}-{turn}-{number}" for number in range(5)]
            await asyncio.gather(*(execution(records, name) for name in names))
            if turn % 10 == 0:
                await records.flush()
                print(names[0], flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


class Service:
    """A process that writes records until it is killed."""

    def __init__(self, path: Path, prefix: str) -> None:
        folders = (str(Path(module.__file__ or "").parents[1]) for module in (sys.modules["cellblock_service"],))
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVICE, path, prefix],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([*folders, os.environ.get("PYTHONPATH", "")])},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"

    def kill(self) -> list[str]:
        """Kill it; give the executions that it knew to be on disk."""
        self.process.send_signal(signal.SIGKILL)
        printed, _ = self.process.communicate()
        return [line for line in printed.splitlines(keepends=True) if line.endswith("\n")]


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Leave a file in which six services wrote one after the other, each killed at some moment."""
    path = tmp_path_factory.mktemp("killed") / "records.db"
    known: list[str] = []
    for turn in range(6):
        service = Service(path, str(turn))
        time.sleep(random.uniform(0.05, 0.6))
        known += service.kill()
    return path, known


async def test_every_row_is_whole(killed: tuple[Path, list[str]]) -> None:
    path, known = killed
    limits = {"keep_days": 30, "keep_bytes": 1 << 30, "result_bytes": 1 << 20, "tail_bytes": 4096}
    records = Records(path, **limits)
    interrupted = await records.start()
    await records.close()
    with closing(sqlite3.connect(path)) as reader:
        reader.row_factory = sqlite3.Row
        assert reader.execute("PRAGMA integrity_check").fetchall()[0][0] == "ok"
        assert not reader.execute("PRAGMA foreign_key_check").fetchall()
        rows = {row["id"]: row for row in reader.execute("SELECT * FROM executions")}
        statuses: dict[int, list[str]] = {}
        for number, status in reader.execute("SELECT execution, status FROM status_changes ORDER BY execution, seq"):
            statuses.setdefault(number, []).append(status)
    assert len(rows) > 50
    for row in rows.values():
        check(row, statuses[row["number"]])
    restarted = [row for row in rows.values() if row["status"] == "error"]
    assert 0 < interrupted <= len(restarted)
    oldest = min(int(name.partition("-")[0]) for name in rows)
    assert {name.strip() for name in known if int(name.partition("-")[0]) > oldest} <= rows.keys()


def check(row: sqlite3.Row, statuses: list[str]) -> None:
    """Make sure that a row has all its parts, each of this execution."""
    assert json.loads(row["input_bytes"]) == {"data": len(row["id"])}
    if row["status"] == "completed":
        assert row["result"] == bytes.fromhex(row["code_sha256"]) * 200
        assert (row["result_size"], row["stdout_tail"], row["stderr_tail"]) == (6400, row["id"], row["id"])
        assert json.loads(row["timings_ms"]) == {"run": 1.0}
        assert (row["started_ms"], row["ended_ms"]) == (row["created_ms"] + 1, row["created_ms"] + 2)
        assert statuses == ["queued", "running", "completed"]
    else:
        assert row["status"] == "error"
        assert json.loads(row["error"])["type"] == "ServiceRestarted"
        assert row["ended_ms"] >= row["created_ms"]
        assert statuses in (["queued", "error"], ["queued", "running", "error"])
