"""A process that builds: `python -m cellblock_service.images.builder`, one task in, progress and one outcome out.

Building takes seconds to minutes of processor time and memory of its own, and wheels come from strangers, so none of
it happens in the service's process. The task is a JSON object on stdin, each line on stdout is one too: a "step" with
what is done of it, again and again; a last "result" or "error". The process runs at low priority, and ends when the
service closes its end.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from cellblock_sandbox.errors import CellblockError, HomeUnusable, UserFault
from cellblock_sandbox.image import full, standard
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_sandbox.image.packages.provide import look_up
from cellblock_sandbox.image.progress import SilentStep, Step
from cellblock_sandbox.provision import Provider, install

_EVERY_S = 0.25
_NICENESS = 5


class ReportProgress:
    """Progress as lines of JSON on stdout."""

    def step(self, name: str, total: float | None = None, unit: str = "") -> Step:
        """Begin a step that is reported."""
        return _ReportStep(name, total, unit)

    def note(self, text: str) -> None:
        """Report a remark."""
        _say({"note": text})


class _ReportStep(SilentStep):
    def __init__(self, name: str, total: float | None, unit: str) -> None:
        self._name, self._total, self._unit = name, total, unit
        self._done = 0.0
        self._told = 0.0
        self._tell()

    def advance(self, amount: float = 1) -> None:
        """Count, and report now and then."""
        self._done += amount
        if time.monotonic() - self._told >= _EVERY_S:
            self._tell()

    def resize(self, total: float | None) -> None:
        """Take the total, once it is known."""
        self._total = total

    def note(self, text: str) -> None:
        """Report a remark."""
        _say({"note": text})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Report the end."""
        self._tell()

    def _tell(self) -> None:
        self._told = time.monotonic()
        _say({"step": self._name, "done": self._done, "total": self._total, "unit": self._unit})


def work(task: dict[str, Any]) -> Any:
    """Carry out one task; give what its kind promises.

    "provide" (code, also, packages): a Provision. "install" (requirements, installed): wheels with their paths.
    "look_up" (name): what a package would come as. "full": nothing, once the full bundle is there. Raises
    CellblockError.
    """
    home = Home.find(Path(task["home"]) if task["home"] else None)
    progress, policy = ReportProgress(), Policy.from_environment()
    if task["kind"] == "full":
        full.build(home=home, policy=policy, progress=progress)
        return None
    if task["kind"] == "install":
        added = install(task["requirements"], task["installed"], home=home, policy=policy, progress=progress)
        return [{"name": each.name, "version": each.version, "path": str(each.path)} for each in added]
    if task["kind"] == "look_up":
        lock = standard.distribution(home, progress)
        found = look_up(task["name"], home=home, distribution=lock, policy=policy, progress=progress)
        return {"name": found.name, "version": found.version, "binary": not found.pure, "origin": found.origin}
    provider = Provider(home, policy, progress, disk_bytes=task["disk_bytes"])
    return asdict(provider.provide(task["code"], task["packages"], also=task["also"]))


def main() -> int:
    """Do the task on stdin; 0 when it was carried out or refused in an orderly way."""
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)
    task = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_service, daemon=True).start()
    try:
        _say({"result": work(task)})
    except CellblockError as error:
        # A full disk is the operator's to see to, not the fault of whoever asks for an image.
        blamed = isinstance(error, UserFault) and not isinstance(error, HomeUnusable)
        _say({"error": {"key": error.key, "detail": str(error), "user_fault": blamed}})
    return 0


def _end_with_service() -> None:
    """End at once when the service is gone: its end of stdin closes with it."""
    sys.stdin.read()
    os._exit(1)


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
