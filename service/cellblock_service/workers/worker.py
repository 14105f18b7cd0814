"""The service's handle of one worker process: start it, exchange frames, end it.

Only processes started here are ever signalled, through asyncio's own process object, so a reused process id can't
hit anyone else.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cellblock_service.errors import ServiceError
from cellblock_service.workers import frames
from cellblock_service.workers.frames import Frame, Meta

CONVERSION_S = 30.0
"""Time a worker may take to turn a result into JSON after its block has ended."""

_READ_BUFFER = 4 * 1024 * 1024

# What a worker needs to find Python and its libraries; never tokens, credentials or proxies.
_INHERITED = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "HOME", "XDG_CACHE_HOME")


class WorkerLost(Exception):
    """The process ended or can't work, such as without its image; the text says how or why."""


Install = Callable[[Sequence[str], Mapping[str, str]], Awaitable[list[dict[str, str]]]]
"""Gives name, version and path of the wheels that requirements add to what is installed. Raises ServiceError."""


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What a worker is told when it starts."""

    image: str
    home: Path | None
    timeout_s: float
    memory_mb: int
    program: tuple[str, ...] = ("-m", "cellblock_service.workers.process")
    """What Python is told to run; the number of the worker's descriptor comes behind it."""

    def hello(self) -> Frame:
        """Give the first frame sent to a worker."""
        return Frame(
            {
                "kind": "hello",
                "image": self.image,
                "home": str(self.home) if self.home else None,
                "limits": {"timeout_s": self.timeout_s, "memory_mb": self.memory_mb},
            }
        )


class Worker:
    """One running worker process."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self.executions = 0
        self.pid = process.pid
        self.exited = asyncio.create_task(process.wait(), name=f"worker-{process.pid}-exit")

    @classmethod
    async def start(cls, options: WorkerOptions) -> Worker:
        """Start a process and greet it; `ready()` tells when it can work. Raises WorkerLost when it can't start."""
        try:
            ours, theirs = socket.socketpair()
        except OSError as error:
            raise WorkerLost(f"a worker process couldn't be started: {error}") from error
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *options.program,
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                env={name: os.environ[name] for name in _INHERITED if name in os.environ},
            )
        except OSError as error:
            ours.close()
            raise WorkerLost(f"a worker process couldn't be started: {error}") from error
        finally:
            theirs.close()
        reader, writer = await asyncio.open_connection(sock=ours, limit=_READ_BUFFER)
        worker = cls(process, reader, writer)
        await worker._send(options.hello())
        return worker

    async def ready(self) -> Frame:
        """Wait until the process can take work. Raises WorkerLost with the reason why it can't."""
        frame = await self._receive()
        if frame.kind == "failed":
            raise WorkerLost(frame.meta["reason"])
        return frame

    async def ask(self, frame: Frame, *, within_s: float, install: Install) -> Frame:
        """Send work and wait for its answer; `install` serves the packages a block asks for on the way.

        Raises TimeoutError after `within_s`, WorkerLost if the process ended.
        """
        self.executions += 1
        async with asyncio.timeout(within_s) as deadline:
            await self._send(frame)
            while (answer := await self._receive()).kind in ("ran", "install"):
                if answer.kind == "ran":
                    deadline.reschedule(asyncio.get_running_loop().time() + CONVERSION_S)
                else:
                    await self._send(Frame(await _installed(answer, install) | {"call": answer.meta["call"]}))
        return answer

    async def _send(self, frame: Frame) -> None:
        try:
            await frames.write(self._writer, frame)
        except ConnectionError:
            raise WorkerLost(await self.end()) from None

    async def _receive(self) -> Frame:
        try:
            return await frames.read(self._reader)
        except EOFError:
            raise WorkerLost(await self.end()) from None

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def end(self, *, patience_s: float = 1.0) -> str:
        """Close our end, so that the process ends by itself, or kill it; say how it ended."""
        self._writer.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await asyncio.shield(self.exited)
        self.kill()
        code = await self.exited
        return f"the worker process {_ending(code)}"


async def _installed(request: Frame, install: Install) -> Meta:
    """Answer a worker's request for packages: their wheels, or why not."""
    meta = request.meta
    try:
        async with asyncio.timeout(meta["within_s"]):
            return {"kind": "installed", "wheels": await install(meta["requirements"], meta["installed"])}
    except TimeoutError:
        return {"kind": "installed", "error": "the time limit was reached before the packages were there"}
    except ServiceError as error:
        return {"kind": "installed", "error": error.detail}


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return f"was killed by {name}" + (" (the machine may be out of memory)" if name == "SIGKILL" else "")
