"""One worker process: `python -m cellblock_service.workers.process FD`, FD being its end of a socket pair.

It opens an image once and then runs one block after the other, each in a fresh sandbox or in one kept for its state.
The next sandbox is made right after an answer is sent, while nobody waits for it. The process takes no other input,
writes nothing to stdout, holds no secret in its environment, and ends when the service closes its end or dies.

Its first thread only reads. What concerns the block that runs (a cancel, the answer to its question) it passes on at
once; work it queues for the guest thread, which does it and writes the frames. So a piece of work goes from thread to
thread once.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import math
import os
import resource
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cellblock_sandbox import CellblockError, Image, Limits, PackedResult
from cellblock_sandbox.context import NODE_OPS, ContextCall, ContextRefused
from cellblock_sandbox.errors import ImageMissing
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.installation import Addition
from cellblock_sandbox.machine.memory import room
from cellblock_sandbox.machine.thread import guest_thread
from cellblock_sandbox.needs import survey

from cellblock_service.codec.wire import is_one_value
from cellblock_service.workers import conversion, tidying
from cellblock_service.workers.conversion import Answer
from cellblock_service.workers.frames import Arriving, Buffer, Frame, Link, Meta, failed, was_cancelled
from cellblock_service.workers.held import Held
from cellblock_service.workers.live import LiveOutput
from cellblock_service.workers.replies import Replies, RunCancelled
from cellblock_service.workers.shelf import Shelf
from cellblock_service.workers.supply import NotSupplied, Supply, Waiting

FETCH_S = 60.0
"""Time the service has to give a piece of a file."""

MAX_TYPE, MAX_TEXT = 200, 200_000
"""Characters of an error's type, which is logged and shown as a status, and of its message and traceback."""


class PackagesRefused(CellblockError):
    """The service can't give the packages that a block asks for; the text says why."""

    key = "packages-refused"


class Job:
    """One run on its way: what is asked for, whether it has been cancelled, and how to reach it while it runs."""

    def __init__(self, frame: Frame) -> None:
        self.meta = frame.meta
        self.request: Buffer | Arriving = frame.blob if frame.arriving is None else frame.arriving
        self.cancelled = threading.Event()
        self.stop: Callable[[], Any] | None = None

    def receive(self) -> None:
        """Receive a request that is still arriving here and now, for what comes behind it."""
        if isinstance(self.request, Arriving) and not self.request.arrived.is_set():
            place = room(len(self.request))
            self.request.receive_into(place)
            self.request = place

    def cancel(self) -> None:
        """Cancel it, whether it runs or is still to begin."""
        self.cancelled.set()
        stop = self.stop
        if stop is not None:
            stop()


class Workshop:
    """Does the work of one process."""

    def __init__(self, link: Link, image: Image, home: Path | None, limits: Limits, supply: Supply | None) -> None:
        self._link = link
        self._home = home
        self._limits = limits
        self._supply = supply
        if supply is not None:
            supply.ask = self._ask_for_file
            supply.progress = Waiting(lambda: link.send({"kind": "waiting"}))
        self._shelf = Shelf(image, self._find, limits, self._install)
        self._live = LiveOutput(lambda stream, data: link.send({"kind": "output", "stream": stream}, data))
        self._replies = Replies()
        self._jobs: dict[str, Job] = {}
        self._job: Job | None = None
        self._untidy = False
        self._statm = os.open("/proc/self/statm", os.O_RDONLY)
        self._queue(lambda: self._ready(image={"name": image.name, "id": image.id, "packages": image.packages}))

    def serve(self) -> None:
        """Read frames until the service closes its end; tidy up in a pause after work."""
        while True:
            while self._untidy and self._link.pauses(tidying.AFTER_S):
                if not self._jobs:
                    self._untidy = False
                    self._queue(tidying.tidy)
            frame = self._link.receive()
            if frame is None:
                return
            self._untidy = True
            self._take(frame)

    def _take(self, frame: Frame) -> None:
        match frame.kind:
            case "cancel":
                job = self._jobs.get(frame.meta["execution"])
                if job is not None:
                    job.cancel()
                    self._replies.wake()
            case "reply" | "installed":
                self._replies.put(frame)
            case "run":
                job = self._jobs[frame.meta["execution"]] = Job(frame)
                self._queue(lambda: self._answer(self._run, job))
            case "release":
                self._queue(lambda: self._shelf.release(frame.meta["states"]))
            case _:
                self._queue(lambda: self._answer(self._work, frame))

    # On the guest thread.

    def _queue(self, work: Callable[[], None]) -> None:
        guest_thread.submit(functools.partial(_or_end, work))

    def _answer(self, work: Callable[[Any], Answer], task: Any) -> None:
        """Do a piece of work, and tell when the next can come."""
        answer = Frame(*work(task))
        if self._shelf.prepared:
            self._link.send_frames(answer, self._readiness())
        else:
            self._link.send_frames(answer)
            self._ready()

    def _ready(self, **more: Any) -> None:
        """Give back the last sandbox's memory and make the next one: milliseconds that no answer waits for."""
        self._shelf.prepare()
        self._link.send_frames(self._readiness(**more))

    def _readiness(self, **more: Any) -> Frame:
        resident = int(os.pread(self._statm, 100, 0).split()[1]) * resource.getpagesize()
        return Frame({"kind": "ready", "rss_bytes": resident, "states": self._shelf.states(), **more})

    def _work(self, frame: Frame) -> Answer:
        if not self._may_begin():
            return was_cancelled(), ()
        match frame.kind:
            case "convert":
                return conversion.take_apart(bytes(frame.blob), json=frame.meta["json"])
            case "express":
                return conversion.express(bytes(frame.blob))
            case _:
                return self._survey(frame)

    def _survey(self, frame: Frame) -> Answer:
        """Tell what the code imports, seen from an image."""
        try:
            found = survey(self._shelf.image(frame.meta["image"]), str(frame.blob, "utf-8"))
        except CellblockError as error:
            return failed(type(error).__name__, str(error)), ()
        return {"kind": "answer", "survey": dataclasses.asdict(found)}, ()

    def _run(self, job: Job) -> Answer:
        self._job = job
        try:
            return self._run_in_sandbox(job)
        except RunCancelled:
            return was_cancelled(), ()
        except ImageMissing as error:
            return {**failed(type(error).__name__, str(error)), "image": "missing"}, ()
        except CellblockError as error:
            return failed(type(error).__name__, str(error)), ()
        finally:
            self._job = job.stop = None
            del self._jobs[job.meta["execution"]]
            if isinstance(job.request, Arriving):
                job.request.discard()

    def _run_in_sandbox(self, job: Job) -> Answer:
        started, meta = time.perf_counter(), job.meta
        more: Meta = {}
        limits = _limits(self._limits, tuple(meta["limits"].items()))
        if meta.get("state") is None:
            sandbox = self._shelf.take(meta["image"], limits)
        else:
            reset = bool(meta.get("reset"))
            sandbox, more["state"] = self._shelf.take_kept(meta["state"], meta["image"], limits, reset=reset)
        made = time.perf_counter()

        def begin() -> None:
            nonlocal made
            if not self._may_begin():
                job.cancelled.set()
            made = time.perf_counter()

        job.stop = sandbox.cancel
        packed = sandbox.run_packed(
            job.request if self._supply is None else Held(job.request, begin),
            limits=limits,
            on_output=self._live if meta.get("live") else None,
            context=self._context if meta.get("context") else None,
            cancelled=job.cancelled,
        )
        more |= {"ready_ms": (made - started) * 1000, "run_ms": (time.perf_counter() - made) * 1000}
        return self._ended(packed, more, meta)

    def _may_begin(self) -> bool:
        """Ask, elsewhere: what a worker was given and is lost before it has asked for, another worker does.

        The answer takes as long as the service is out of reach; without it nothing begins.
        """
        if self._supply is None:
            return True
        try:
            return self._ask({"kind": "begin"}, b"", math.inf).meta.get("error") is None
        except RunCancelled:
            return False

    def _ended(self, packed: PackedResult, more: Meta, wanted: Meta) -> Answer:
        """Make the answer for a run that has ended, after all that it printed."""
        if wanted.get("live"):
            self._live.end()
        else:
            more |= {"stdout": packed.stdout, "stderr": packed.stderr}
        answer: Meta = {
            "kind": "answer",
            "status": packed.status,
            "error": _portable(packed.error),
            "cpu_ms": packed.timings_ms["cpu"],
            **more,
        }
        if packed.figures is not None:
            answer["figures"] = conversion.pictures(packed.figures)
        if packed.result is None:
            return answer, ()
        # The block may have tampered with its result.
        if not is_one_value(*packed.result):
            return answer | failed("ResultDamaged", "the block's result isn't one well-formed value"), ()
        if not wanted["as_json"]:
            return answer, packed.result
        self._link.send({"kind": "ran"})
        started = time.perf_counter()
        result = b"".join(packed.result)
        failure, text = conversion.express(result)
        answer["convert_ms"] = (time.perf_counter() - started) * 1000
        if not text:
            return answer | failure, ()
        return answer | {"packed_bytes": len(result)}, [result, *text]

    # What the block that runs asks the service for.

    def _install(self, requirements: Sequence[str], installed: Mapping[str, str], seconds: float) -> Sequence[Addition]:
        """Ask for packages: this process, where strangers' code runs, has no business on the network."""
        wanted = {"requirements": list(requirements), "installed": dict(installed), "within_s": seconds}
        answer = self._ask({"kind": "install", **wanted}, b"", seconds).meta
        if "error" in answer:
            raise PackagesRefused(answer["error"])
        return [Addition(each["name"], each["version"], self._wheel(Path(each["path"]))) for each in answer["wheels"]]

    def _wheel(self, path: Path) -> Path:
        """Find a wheel that lies at `path` on the service's machine, in a folder named by its hash."""
        return path if self._supply is None else self._supply.wheel(path.parent.name, path.name)

    def _find(self, ident: str) -> Image:
        """Open an image, which the service has checked, or which is fetched and checked on the way."""
        if self._supply is not None:
            with contextlib.suppress(NotSupplied):  # it may be here all the same
                self._supply.image(ident)
        return Image.open(ident, home=self._home, verify=False)

    def _ask_for_file(self, request: Meta) -> Frame:
        if self._job is not None:
            self._job.receive()
        return self._ask({"kind": "fetch", **request}, b"", FETCH_S)

    def _context(self, call: ContextCall, seconds: float) -> bytes:
        """Ask the flow for what the block wants of it. What is sent, logged and shown comes after what was printed."""
        if call.value is not None and not is_one_value(call.value):
            raise ContextRefused("the value isn't one well-formed value")
        if call.op in NODE_OPS:
            self._live.flush()
        named = {"op": call.op, "scope": call.scope, "store": call.store, "key": call.key}
        answer = self._ask({"kind": "call", **named}, call.value or b"", seconds)
        if answer.meta.get("error") is not None:
            raise ContextRefused(str(answer.meta["error"]))
        return bytes(answer.blob)

    def _ask(self, meta: Meta, blob: bytes, seconds: float) -> Frame:
        cancelled = self._job.cancelled if self._job else threading.Event()
        number = self._replies.number()
        self._link.send({**meta, "call": number}, blob)
        return self._replies.wait(number, seconds, cancelled)


@functools.lru_cache
def _limits(defaults: Limits, given: tuple[tuple[str, Any], ...]) -> Limits:
    """The limits of a run: those given, and the defaults for the rest. SettingInvalid.

    Runs of one block have the same, and checking them takes as long as a tenth of a short run.
    """
    return dataclasses.replace(defaults, **{name: value for name, value in given if value is not None})


def _or_end(work: Callable[[], None]) -> None:
    """Do `work`; what goes wrong in it unforeseen ends the process, which the service notices and replaces."""
    try:
        work()
    except (BrokenPipeError, ConnectionResetError):
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _portable(error: dict[str, Any] | None) -> dict[str, Any] | None:
    """Give `error` with nothing in it but short text and numbers: its block may have made it up.

    The type is a class's name, which a block chooses: on one line, for logs.
    """
    if error is None:
        return None
    texts = {name: str(error.get(name, ""))[:MAX_TEXT] for name in ("type", "message", "traceback")}
    texts["type"] = "".join(each if each.isprintable() else "?" for each in texts["type"][:MAX_TYPE])
    places = {name: error.get(name) for name in ("line", "column")}
    return texts | {name: place if type(place) is int else None for name, place in places.items()}


def _settle() -> None:
    """No core dumps, which would hold users' data; and when memory runs out, this process goes, not the service.

    Terminals and service managers send the signals that stop the service to all its processes: here they are ignored,
    so that what runs can end.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def _ask_first(link: Link, request: Meta) -> Frame:
    """Ask for a file before anything else is going on."""
    link.send({"kind": "fetch", "call": 0, **request})
    answer = link.receive()
    if answer is None:
        raise ConnectionResetError("the service closed its end")
    return answer


def main(descriptor: int) -> int:
    """Serve on `descriptor` until the other end closes; give the exit code."""
    link = Link(socket.socket(fileno=descriptor))
    _settle()
    hello = link.receive()
    if hello is None:
        return 0
    options = hello.meta
    try:
        home = Path(options["home"]) if options["home"] else None
        limits = _limits(Limits(), tuple(options["limits"].items()))
        supply, name = None, options["image"]
        if options.get("fetch"):
            supply = Supply(Home.find(home), functools.partial(_ask_first, link))
            name = supply.image(name)
        image = Image.open(name, home=home, verify=options["verify"])
    except CellblockError as error:
        link.send({"kind": "failed", "error": type(error).__name__, "reason": str(error)})
        return 1
    tidying.begin()
    with contextlib.suppress(ConnectionResetError):
        Workshop(link, image, home, limits, supply).serve()
    os._exit(0)  # even in the middle of a block


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
