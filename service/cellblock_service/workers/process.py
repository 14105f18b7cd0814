"""One worker process: `python -m cellblock_service.workers.process FD`, FD being its end of a socket pair.

It opens an image once and then runs one block after the other, each in a fresh sandbox. The next sandbox is made
right after an answer is sent, while nobody waits for it. The process takes no other input, writes nothing to
stdout, holds no secret in its environment, and ends when the service closes its end or dies.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import resource
import select
import socket
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cellblock_sandbox import CellblockError, Image, Limits, Sandbox
from cellblock_sandbox.errors import ImageMissing
from cellblock_sandbox.guest import values
from cellblock_sandbox.installation import Addition, Installer
from cellblock_sandbox.needs import survey

from cellblock_service.codec import envelope, jsontext
from cellblock_service.codec.fields import check
from cellblock_service.codec.wire import is_one_value
from cellblock_service.errors import RequestError
from cellblock_service.workers.frames import Buffer, Frame, Link, Meta, failed

Answer = tuple[Meta, Buffer]

OPEN_IMAGES = 4
"""Images a process keeps open: each costs a few megabytes, opening one some tens of milliseconds."""

CONVERSION_BYTES = 2 << 30
"""Memory that turning a result into JSON may take: a result of 64 MiB, all numbers, takes 1.3 GiB."""

MAX_TYPE, MAX_TEXT = 200, 200_000
"""Characters of an error's type, which is logged and shown as a status, and of its message and traceback."""


class PackagesRefused(CellblockError):
    """The service can't give the packages that a block asks for; the text says why."""

    key = "packages-refused"


class Shelf:
    """The images this process has open, the least recently used first, each with a sandbox made ready in advance."""

    def __init__(self, image: Image, home: Path | None, limits: Limits, installer: Installer) -> None:
        self._home = home
        self._limits = limits
        self._installer = installer
        self._images: OrderedDict[str, tuple[Image, Sandbox | None]] = OrderedDict({image.id: (image, None)})

    def image(self, ident: str) -> Image:
        """Open an image by its id, or find it open. Raises CellblockError if it can't be opened."""
        if ident not in self._images:
            self._images[ident] = Image.open(ident, home=self._home, verify=False), None
            self._trim()
        self._images.move_to_end(ident)
        return self._images[ident][0]

    def take(self, ident: str, limits: Limits) -> Sandbox:
        """Give the sandbox made in advance, or a new one when there is none or other limits were asked for."""
        image = self.image(ident)
        spare = self._images[ident][1]
        if spare is not None and limits.memory_mb == self._limits.memory_mb:
            self._images[ident] = image, None
            return spare
        return image.sandbox(limits, installer=self._installer)

    def prepare(self) -> None:
        """Make the next sandbox of the image used last."""
        ident, (image, spare) = next(reversed(self._images.items()))
        if spare is None:
            self._images[ident] = image, image.sandbox(self._limits, installer=self._installer)

    def _trim(self) -> None:
        while len(self._images) > OPEN_IMAGES:
            _, (_, spare) = self._images.popitem(last=False)
            if spare is not None:
                spare.close()


class Workshop:
    """Runs the work of one process: its images, and the link to the service."""

    def __init__(self, link: Link, image: Image, home: Path | None, limits: Limits) -> None:
        self._link = link
        self._image = image
        self._limits = limits
        self._shelf = Shelf(image, home, limits, self._install)
        self._used: Sandbox | None = None

    def serve(self) -> None:
        """Announce readiness, work and prepare again, until the service closes its end."""
        image = {"name": self._image.name, "id": self._image.id, "packages": self._image.packages}
        ready: Meta = {"kind": "ready", "image": image}
        while True:
            self._prepare()
            self._link.send(ready)
            ready = {"kind": "ready"}
            frame = self._link.receive()
            if frame is None:
                return
            self._link.send(*self._work(frame))

    def _work(self, frame: Frame) -> Answer:
        match frame.kind:
            case "convert":
                return self._convert(frame)
            case "survey":
                return self._survey(frame)
            case _:
                return self._run(frame)

    def _prepare(self) -> None:
        """Give back the last sandbox's memory and make the next one: milliseconds that no answer waits for."""
        if self._used is not None:
            self._used.close()
            self._used = None
        self._shelf.prepare()

    def _install(self, requirements: Sequence[str], installed: Mapping[str, str], seconds: float) -> Sequence[Addition]:
        """Ask the service for packages: this process, where strangers' code runs, has no business on the network."""
        wanted = {"requirements": list(requirements), "installed": dict(installed), "within_s": seconds}
        self._link.send({"kind": "install", **wanted})
        frame = self._link.receive()
        if frame is None:
            os._exit(0)  # the service is gone
        if "error" in frame.meta:
            raise PackagesRefused(frame.meta["error"])
        return [Addition(each["name"], each["version"], Path(each["path"])) for each in frame.meta["wheels"]]

    def _survey(self, frame: Frame) -> Answer:
        """Tell what the code imports, seen from an image."""
        try:
            found = survey(self._shelf.image(frame.meta["image"]), str(frame.blob, "utf-8"))
        except CellblockError as error:
            return failed(type(error).__name__, str(error)), b""
        return {"kind": "answer", "survey": dataclasses.asdict(found)}, b""

    def _convert(self, frame: Frame) -> Answer:
        """Take a large request body apart here, where it holds up nobody's event loop."""
        try:
            cut = jsontext.cut if frame.meta["json"] else envelope.cut
            request = check(cut(bytes(frame.blob)))
        except RequestError as error:
            return {
                "kind": "refused",
                "error_key": error.error_key,
                "detail": error.detail,
                "members": error.members,
            }, b""
        return {"kind": "answer", "request": {name: getattr(request, name) for name in request.__slots__}}, b""

    def _run(self, frame: Frame) -> Answer:
        started = time.perf_counter()
        timeout_s = frame.meta["timeout_s"]
        limits = dataclasses.replace(self._limits, timeout_s=timeout_s, memory_mb=frame.meta["memory_mb"])
        try:
            self._used = self._shelf.take(frame.meta["image"], limits)
        except ImageMissing as error:
            return {**failed(type(error).__name__, str(error)), "image": "missing"}, b""
        except CellblockError as error:
            return failed(type(error).__name__, str(error)), b""
        try:
            made = time.perf_counter()
            packed = self._used.run_packed(bytes(frame.blob), timeout_s=timeout_s)
        except CellblockError as error:
            return failed(type(error).__name__, str(error)), b""
        answer: Meta = {
            "kind": "answer",
            "status": packed.status,
            "stdout": packed.stdout,
            "stderr": packed.stderr,
            "error": _portable(packed.error),
            "ready_ms": (made - started) * 1000,
            "run_ms": (time.perf_counter() - made) * 1000,
        }
        failure, result = self._result(packed.result, as_json=frame.meta["as_json"])
        return answer | failure, result

    def _result(self, packed: bytes | None, *, as_json: bool) -> Answer:
        """Check the guest's result, which the block may have tampered with, and turn it into JSON when asked to."""
        if packed is None:
            return {}, b""
        if not is_one_value(packed):
            return failed("ResultDamaged", "the block's result isn't one well-formed value"), b""
        if not as_json:
            return {}, packed
        self._link.send({"kind": "ran"})
        try:
            with bounded_memory(CONVERSION_BYTES):
                return {}, jsontext.result_to_json(packed)
        except values.ValueNotPortable as error:
            return failed(type(error).__name__, str(error)), b""


@contextlib.contextmanager
def bounded_memory(size: int) -> Iterator[None]:
    """Let this process have at most `size` bytes more than it has; beyond that is MemoryError.

    A few bytes can stand for any amount of JSON, such as an array of shape (10**9, 0).
    """
    taken = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    room = taken + size if soft == resource.RLIM_INFINITY else min(soft, taken + size)
    resource.setrlimit(resource.RLIMIT_DATA, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


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


def _watch(link: Link) -> None:
    """End this process as soon as the service is gone, even in the middle of a block."""
    poll = select.poll()
    poll.register(link.fileno(), select.POLLHUP)
    poll.poll()
    os._exit(0)


def _settle() -> None:
    """No core dumps, which would hold users' data; and when memory runs out, this process goes, not the service."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def main(descriptor: int) -> int:
    """Serve on `descriptor` until the other end closes; give the exit code."""
    link = Link(socket.socket(fileno=descriptor))
    _settle()
    hello = link.receive()
    if hello is None:
        return 0
    options = hello.meta
    threading.Thread(target=_watch, args=(link,), name="watch-service", daemon=True).start()
    try:
        home = Path(options["home"]) if options["home"] else None
        image = Image.open(options["image"], home=home)
        limits = Limits(timeout_s=options["timeout_s"], memory_mb=options["memory_mb"])
        Workshop(link, image, home, limits).serve()
    except CellblockError as error:
        link.send({"kind": "failed", "error": type(error).__name__, "reason": str(error)})
        return 1
    except (BrokenPipeError, ConnectionResetError):
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
