"""Starting worker processes: what one is told, and how one comes to be on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cellblock_service.workers.frames import Frame

_SOCKET_BYTES = 1 << 20

PROGRAM = ("-m", "cellblock_service.workers.process")
"""What Python is told to run; the number of the worker's descriptor comes behind it."""

# What a worker needs to find Python and its libraries; never tokens, credentials or proxies.
_INHERITED = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "HOME", "XDG_CACHE_HOME")


class WorkerLost(Exception):
    """The process ended or can't work, such as without its image; the text says how or why."""


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What a worker is told when it starts. `limits` are those of a run that names none (see docs/protocol.md)."""

    image: str
    home: Path | None
    limits: Mapping[str, Any] = field(default_factory=dict)
    program: tuple[str, ...] = PROGRAM
    """In place of PROGRAM, for tests."""
    elsewhere: bool = False
    """Whether it is on another machine: it fetches what it lacks, and asks before it begins a job."""
    start_s: float = 60.0
    """Time until it has to be ready for the first time."""
    verify: bool = True
    """Whether it checks every byte of its image."""

    def hello(self) -> Frame:
        """Give the first frame sent to a worker."""
        home = str(self.home) if self.home else None
        more = {"home": home, "limits": dict(self.limits), "fetch": self.elsewhere, "verify": self.verify}
        return Frame({"kind": "hello", "image": self.image, **more})


class Process(Protocol):
    """A running worker process, wherever it is."""

    @property
    def pid(self) -> int:
        """Its number on its machine."""

    def kill(self) -> None:
        """End it at once."""

    async def wait(self) -> str:
        """Wait for its end; say how it ended."""


Launch = Callable[[WorkerOptions], Awaitable[tuple[Process, socket.socket]]]
"""Starts a worker process and greets it; gives it and our end of the way to it. Raises WorkerLost when it can't."""


class LocalProcess:
    """A child of this process. Signalled through asyncio's own object, so a reused process id can't hit anyone else."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    def kill(self) -> None:
        """End it at once; nothing if it has ended."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def wait(self) -> str:
        """Wait for its end; say how it ended."""
        return _ending(await self._process.wait())


async def launch(options: WorkerOptions) -> tuple[Process, socket.socket]:
    """Start a worker process on this machine: a `Launch`."""
    process, end = await launch_program(options.program)
    await greet(end, options)
    return process, end


class Ahead:
    """A `Launch` that starts its first process when it is made, before there is a pool."""

    def __init__(self, options: WorkerOptions) -> None:
        self._first: asyncio.Task[tuple[Process, socket.socket]] | None = asyncio.create_task(launch(options))

    async def __call__(self, options: WorkerOptions) -> tuple[Process, socket.socket]:
        """Give the process that was started ahead, or start another."""
        first, self._first = self._first, None
        return await (first or launch(options))


async def greet(end: socket.socket, options: WorkerOptions) -> None:
    """Tell a process that has just started what it is to do. If it has ended already, that is noticed later."""
    end.setblocking(False)
    with contextlib.suppress(OSError):
        await asyncio.get_running_loop().sock_sendall(end, b"".join(options.hello().encode()))


async def launch_program(
    program: tuple[str, ...], environment: Mapping[str, str] | None = None
) -> tuple[LocalProcess, socket.socket]:
    """Start Python with `program` and a descriptor, `environment` added to what it inherits. WorkerLost."""
    try:
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            # The system may give less. 80 MB go over in a fifth of the steps, and take 28 ms instead of 35.
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BYTES)
    except OSError as error:
        raise WorkerLost(f"a worker process couldn't be started: {error}") from error
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *program,
            str(theirs.fileno()),
            pass_fds=(theirs.fileno(),),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            env={name: os.environ[name] for name in _INHERITED if name in os.environ} | dict(environment or {}),
        )
    except OSError as error:
        ours.close()
        raise WorkerLost(f"a worker process couldn't be started: {error}") from error
    finally:
        theirs.close()
    return LocalProcess(process), ours


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return f"was killed by {name}" + (" (the machine may be out of memory)" if name == "SIGKILL" else "")
