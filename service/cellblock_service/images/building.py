"""Running the builder process for one task, and what is known of a build while it goes on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from cellblock_sandbox.image.progress import describe

from cellblock_service.errors import BuildFailed, PackageUnavailable

_LINE_BYTES = 4 << 20
_PROGRAM = ("-m", "cellblock_service.images.builder")
# What a builder has no business with.
_WITHHELD = frozenset({"CELLBLOCK_TOKEN"})


@dataclass
class Build:
    """One build: its title, and the step it is at. `needed` once that is known, until it ends."""

    title: str
    needed: bool = False
    began: float = field(default_factory=time.monotonic)
    step: str = "waiting"
    done: float = 0.0
    total: float | None = None
    unit: str = ""
    step_began: float = field(default_factory=time.monotonic)

    def take(self, line: dict[str, Any]) -> None:
        """Take a line of progress."""
        if line["step"] != self.step:
            self.step, self.step_began = line["step"], time.monotonic()
        self.done, self.total, self.unit = line["done"], line["total"], line["unit"]

    def describe(self) -> str:
        """Say in a line how far it is."""
        return f"{self.step}: {describe(self.done, self.total, self.unit, time.monotonic() - self.step_began)}"

    def progress(self) -> dict[str, Any]:
        """Give what `GET /v1/images` and the problem document tell."""
        return {
            "title": self.title,
            "status": "loading",
            "step": self.step,
            "done": self.done,
            "total": self.total,
            "unit": self.unit,
            "seconds": round(time.monotonic() - self.began, 1),
        }


async def carry_out(task: dict[str, Any], build: Build) -> Any:
    """Have a builder process carry out `task`; give its result. Cancelling ends the process.

    Raises PackageUnavailable for what the request asked for and can't be had, BuildFailed for anything else.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *_PROGRAM,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_BYTES,
        env={name: value for name, value in os.environ.items() if name not in _WITHHELD},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(task).encode() + b"\n")
        await process.stdin.drain()
        async for text in process.stdout:
            line = json.loads(text)
            if "step" in line:
                build.take(line)
            elif "result" in line:
                return line["result"]
            elif "error" in line:
                _fail(line["error"])
        raise BuildFailed(f"the builder process ended with exit code {await process.wait()} and no result")
    except (ConnectionError, ValueError) as error:
        raise BuildFailed(f"the builder process failed: {error}") from error
    finally:
        process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _fail(error: dict[str, Any]) -> None:
    kind = PackageUnavailable if error["user_fault"] else BuildFailed
    raise kind(error["detail"], reason=error["key"])
