"""Runs hostile programs on a real service, each followed by an honest block, and says what was wrong.

The service has one worker: the honest block runs where the hostile one did. It is also the next program's victim: it
leaves a secret wherever a block can leave anything.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgpack
from cellblock_sandbox.syscalls.refusals import REFUSALS
from serving import Service

from .corpus import Program
from .host import WORKERS, Bait, Watch
from .verdict import verdict

LIMITS = {
    "CELLBLOCK_TIMEOUT_S": "3",
    "CELLBLOCK_MEMORY_MB": "256",
    "CELLBLOCK_OUTPUT_BYTES": "100000",
    "CELLBLOCK_RESULT_BYTES": "4000000",
    "CELLBLOCK_FILE_BYTES": "8000000",
    "CELLBLOCK_FILES": "500",
    # Results are remembered until they take so much; the memory is compared from when they do.
    "CELLBLOCK_RESULTS_BYTES": "1000000",
    # The same holds for kept sandboxes.
    "CELLBLOCK_KEPT_IDLE_S": "1",
}
# An honest block takes 0.02 to 0.4 s, after whatever program: what is longer is time that a program took from it.
HONEST_S = 5
HONEST = """
import builtins, os
import numpy as np, pandas as pd
builtins.secret = module_secret = os.environ["SECRET"] = data["secret"]
for place in ("/tmp/secret", "secret", "/dev/shm/secret"):
    try:
        open(place, "w").write(data["secret"])
    except OSError:
        pass
np.secret = pd.secret = np.frombuffer(data["secret"].encode() * 1000, "u1").copy()
frame = pd.DataFrame({"number": np.arange(1000) + data["add"], "group": np.arange(1000) % 7})
sums = frame.groupby("group")["number"].sum()
print("honest")
return [int(sums.loc[3]), float(np.dot(np.ones(4), np.full(4, 2.0))), len(data["secret"])]
"""


class Runner:
    """A service with everything that there is to reach and to see, and the programs that try to."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.token, self.environment, self.honest = (secrets.token_hex(16) for _ in range(3))
        folder.mkdir()
        self.bait = Bait(folder)
        self.service = Service(
            home,
            CELLBLOCK_WORKERS=str(WORKERS),
            CELLBLOCK_FULL_BUNDLE="on-demand",
            CELLBLOCK_TOKEN=self.token,
            # One that workers inherit, and one that they don't.
            LANG=f"C.UTF-8@{self.environment}",
            SECRET=self.environment,
            **LIMITS,
        )
        self.service.wait_ready()
        self.watch = Watch(self.service, self.token)
        self._runs = 0

    @property
    def secrets(self) -> tuple[str, ...]:
        """What may come out of no run, and be in no log."""
        return self.bait.secret, self.token, self.environment, self.honest

    def data(self) -> dict[str, Any]:
        """What every program is told: where things are and what isn't there, and of no secret what it is."""
        return {
            "file": str(self.bait.file),
            "folder": str(self.bait.folder),
            "port": self.bait.port,
            "service": self.service.port,
            "pids": [self.service.process.pid, *self.service.workers()],
            "refused": [*REFUSALS],
        }

    def problems(self, program: Program) -> list[str]:
        """Run a program and an honest block after it. What was wrong with either, or is with the machine."""
        found, before = [], list[Any]()
        for number, part in enumerate(program.parts, 1):
            with self._listening() as deaf:
                data = self.data() | ({} if program.each is None else {"each": program.each})
                answer = self._ask(part.code, {"block": program.id, **part.fields}, data, packed=part.packed)
            found += [f"part {number}: {problem}" for problem in verdict(part, answer, self.secrets, before)]
            found += deaf
            before.append(answer.get("result"))
        return found + self.honest_problems() + self.bait.touched() + self.watch.harmed(self.secrets)

    def honest_problems(self) -> list[str]:
        """Run an honest block; what was wrong with its answer."""
        self._runs += 1
        data = {"secret": self.honest, "add": self._runs}
        asked = time.monotonic()
        answer = self._ask(HONEST, {"timeout_s": 2 * HONEST_S}, data)
        if (took := time.monotonic() - asked) > HONEST_S:
            return [f"the honest block was answered after {took:.1f} s"]
        mine = range(3, 1000, 7)
        right = [sum(mine) + self._runs * len(mine), 8.0, len(self.honest)]
        if (answer.get("status"), answer.get("result"), answer.get("stdout")) != ("completed", right, "honest\n"):
            return [f"the honest block got {answer}, not {right}"]
        return []

    def close(self) -> str:
        """Stop the service as its operator would; what it logged."""
        self.bait.close()
        return self.service.stop()

    def _ask(self, code: str, fields: dict[str, Any], data: Any, *, packed: bool = False) -> dict[str, Any]:
        """Ask for an execution: in JSON, or in msgpack as the node does."""
        body = {"code": code, "data": data, **fields}
        bearer = f"Bearer {self.token}"
        if packed:
            told = self.service.post(msgpack.packb(body), Content_Type="application/msgpack", Authorization=bearer)
        else:
            told = self.service.post(body, Authorization=bearer)
        status, answer = told
        return answer | ({} if status == 200 else {"status": f"HTTP {status}"})

    @contextlib.contextmanager
    def _listening(self) -> Iterator[list[str]]:
        """Ask the service meanwhile, again and again, whether it lives; what it didn't answer."""
        deaf: list[str] = []
        over = threading.Event()

        def ask() -> None:
            while not over.wait(0.25):
                try:
                    status, _ = self.service.get("/livez")
                except OSError as error:
                    deaf.append(f"/livez: {error!r}")
                else:
                    deaf.extend([f"/livez: {status}"] * (status != 200))

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            yield deaf
        finally:
            over.set()
            asking.join()
