"""The front door: open an image, make sandboxes of it, run blocks in them.

    from cellblock_sandbox import Image

    image = Image.open("data")
    with image.sandbox() as sandbox:
        result = sandbox.run("return data * 2", data=21)
        print(result.value)

A sandbox is one isolated interpreter. Nothing a block does raises here: whatever it did is in its result. What is
raised is a mistake of the caller, or ours (errors.py).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import msgpack

from cellblock_sandbox import context as contexts
from cellblock_sandbox import installation, outcome
from cellblock_sandbox.context import Context, OnContext
from cellblock_sandbox.errors import GuestCrashed, MemoryTooSmall, SandboxClosed, ValueNotPortable
from cellblock_sandbox.guest import values
from cellblock_sandbox.guest.process import ENDS, AnswerTooLarge, Guest, GuestLimits, GuestState, trap_reason
from cellblock_sandbox.image import snapshot
from cellblock_sandbox.image.bundle import MEMORY, open_bundle
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.store import Store, Stored
from cellblock_sandbox.installation import Installation, Installer
from cellblock_sandbox.limits import Limits
from cellblock_sandbox.machine.interruption import Reason
from cellblock_sandbox.machine.linear import MemoryImage
from cellblock_sandbox.machine.memory import Arriving, Buffer
from cellblock_sandbox.machine.thread import guest_thread
from cellblock_sandbox.outcome import BlockError, ExecutionResult, PackedResult

OnOutput = Callable[[str, bytes], None]

_NIL = b"\xc0"
_PREPARING = Limits()

# Stands for "no data given", which is not the same as None.
UNSET: Any = object()


class Image:
    """A captured interpreter, opened: the source of sandboxes. `packages` are the distributions it can import."""

    def __init__(self, stored: Stored, bundle: Stored) -> None:
        self.name = stored.manifest.name
        self.id = stored.id
        self.bundle = bundle.id
        self.packages: dict[str, str] = dict(stored.manifest.packages)
        self._state = GuestState(**stored.manifest.details["state"])
        opened = open_bundle(bundle.folder)
        self._runtime, self._files = opened.runtime, snapshot.files_of(stored.folder, opened)
        self._memory = MemoryImage(stored.file(MEMORY))

    @classmethod
    def open(cls, name: str = "data", *, home: Path | None = None, verify: bool = True) -> Image:
        """Open an image by name or id, in `home` or CELLBLOCK_HOME.

        Every byte is checked unless `verify` is off. ImageMissing, ImageDamaged (names the file), ImageMismatch.
        """
        store = Store(Home.find(home))
        stored = store.open("image", name, verify=verify)
        bundle = store.open("bundle", stored.manifest.inputs["bundle"], verify=verify)
        return guest_thread.run(cls, stored, bundle)

    def sandbox(self, limits: Limits | None = None, *, installer: Installer | None = None) -> Sandbox:
        """A new sandbox, ready to run. MemoryTooSmall if the memory limit has no room for the image.

        `installer` gives the packages that blocks ask for through micropip; without it they can't.
        """
        limits = limits or Limits()
        if limits.memory_bytes < self._memory.size:
            raise MemoryTooSmall(limits.memory_mb, self._memory.size / (1 << 20))
        return Sandbox(self, limits, installer)

    def _guest(self, limits: Limits, on_output: OnOutput, installer: Installer | None) -> tuple[Guest, Context]:
        room = GuestLimits(limits.memory_bytes, limits.file_bytes, limits.files)
        guest = Guest(self._runtime, self._files, self._memory, room, self._state, on_output)
        if installer is not None:
            guest.host.files.add_door(installation.DOOR, Installation(guest, self.packages, installer))
        context = Context(guest)
        guest.host.files.add_door(contexts.DOOR, context, largest=limits.file_bytes)
        # Its first request sees to its randomness: 0.4 ms, with all that a new guest calls for the first time.
        try:
            guest.run(_NIL, _PREPARING)
        except (*ENDS, AnswerTooLarge) as end:
            guest.close()
            raise GuestCrashed(trap_reason(end), "making a sandbox ready") from end
        return guest, context


class Sandbox:
    """One isolated interpreter. May run several blocks one after another; what they leave behind stays in it.

    Also a context manager, which closes it.
    """

    def __init__(self, image: Image, limits: Limits, installer: Installer | None) -> None:
        self.limits = limits
        self._output = _Output()
        self._ended = ""
        self._guest: Guest | None
        self._guest, self._context = guest_thread.run(image._guest, limits, self._output, installer)

    @property
    def alive(self) -> bool:
        """Whether it can run another block: False after close(), a hard stop, or when the guest ended itself."""
        return not self._ended

    def run(  # noqa: PLR0913
        self,
        code: str,
        *,
        data: Any = UNSET,
        inputs: list[Any] | Mapping[str, Any] | None = None,
        msg: Any = None,
        env: Mapping[str, str] | None = None,
        node: Mapping[str, Any] | None = None,
        unavailable: Mapping[str, str] | None = None,
        name: str = "block",
        timeout_s: float | None = None,
        keep: bool = False,
        on_output: OnOutput | None = None,
        context: OnContext | None = None,
    ) -> ExecutionResult:
        """Run a block and return how it ended.

        The result is what `return` gives, else a variable `result`, else the last expression, else None. Without
        `data`, the block's `data` follows `inputs`: None for none, the value of one, a list of several; without
        either, it is the payload of `msg`, if there is one.
        `node` tells the block's `node` its id, name, path and outputCount.
        `unavailable` tells why modules can't be had (provision.py), by top-level name: what their import says.
        With `keep`, the block's names are those that the sandbox's latest run with `keep` left, but for its inputs and
        `result`; without, it begins with its inputs alone.
        `on_output(stream, chunk)` gets "stdout" and "stderr" as they are written, on the sandbox's own thread.
        `context(call, seconds)` answers what the block asks of `flow`, `global_`, `context`, `node` and `env`
        (context.py), there too.

        ValueNotPortable if an argument can't travel, SandboxClosed if the sandbox has ended.
        """
        limits = self.limits if timeout_s is None else replace(self.limits, timeout_s=timeout_s)
        request: dict[str, Any] = {"code": code, "name": name, "timeout_s": limits.timeout_s, "cpu_s": limits.cpu_s}
        request["result_bytes"] = limits.result_bytes
        if data is not UNSET:
            request["data"] = _packed(data, "data")
        if inputs is not None:
            request["inputs"] = _packed(dict(inputs) if isinstance(inputs, Mapping) else list(inputs), "inputs")
        if msg is not None:
            request["msg"] = _packed(msg, "msg")
        if env is not None:
            request["env"] = dict(env)
        if node is not None:
            request["node"] = dict(node)
        if unavailable:
            request["unavailable"] = dict(unavailable)
        if keep:
            request["keep"] = True
        answer = None if context is None else contexts.unpacked(context)
        packed = self.run_packed(msgpack.packb(request), limits=limits, on_output=on_output, context=answer)
        value, figures = None, []
        if packed.result is not None:
            try:
                value = values.unpack(b"".join(packed.result))
                figures = _pictures(packed.figures)
            except Exception as error:  # bytes that a hostile block made can fail in any way
                packed.status = "error"
                packed.error = outcome.error("GuestCrashed", f"the result can't be read: {error}")
        return ExecutionResult(
            packed.status,
            value,
            packed.stdout.decode(errors="replace"),
            packed.stderr.decode(errors="replace"),
            None if packed.error is None else BlockError(**packed.error),
            packed.timings_ms,
            figures,
        )

    def run_packed(
        self,
        request: Buffer | Arriving,
        *,
        limits: Limits | None = None,
        on_output: OnOutput | None = None,
        context: OnContext | None = None,
        cancelled: threading.Event | None = None,
    ) -> PackedResult:
        """Like `run`, for a packed request (docs/values.md), of which nothing is decoded here.

        What `context` takes and gives is packed too.
        Of `limits`, time, output and result hold for this run; memory and files are the sandbox's own. A run that finds
        `cancelled` set is cancelled at once: `cancel` alone can't reach a run that hasn't begun.
        """
        return guest_thread.run(self._run, request, limits or self.limits, on_output, context, cancelled)

    def cancel(self) -> bool:
        """Ask the run that goes on to stop; from any thread.

        The block sees KeyboardInterrupt, and its `finally` blocks run within the grace of its limits. The run then ends
        as "cancelled", whatever it does. False, and nothing happens, if none goes on, or if it has been asked before.
        """
        guest = self._guest
        return guest is not None and guest.cancel()

    def close(self) -> None:
        """Give its memory back. Nothing happens when it is closed already."""
        if self._guest is not None:
            guest, self._guest = self._guest, None
            self._ended = self._ended or "it was closed"
            guest_thread.run(guest.close)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _run(
        self,
        request: Buffer | Arriving,
        limits: Limits,
        on_output: OnOutput | None,
        context: OnContext | None,
        cancelled: threading.Event | None,
    ) -> PackedResult:
        guest = self._guest
        if guest is None or self._ended:
            raise SandboxClosed(self._ended)
        started, processor_started = time.perf_counter(), time.thread_time()
        self._output.begin(limits.output_bytes, on_output)
        self._context.begin(context, limits.result_bytes)
        # Whatever comes out of here unforeseen has cut the interpreter off in the middle of a call.
        self._ended = "it was cut off by an exception"
        try:
            answer = guest.run(request, limits, cancelled)
            ending = outcome.answered(answer, guest.interrupted, partial(guest.lent, most_bytes=limits.result_bytes))
        except AnswerTooLarge as large:
            ending = outcome.too_large(large.size, limits.result_bytes)
        except ENDS as end:
            ending = outcome.ended(end, guest.interrupted, limits)
        if guest.interrupted is Reason.CANCELLED:
            ending = outcome.cancelled(ending)
        self._ended = ending.gone
        timings = {
            "run": (time.perf_counter() - started) * 1000,
            "cpu": (time.thread_time() - processor_started) * 1000,
        }
        return PackedResult(
            ending.status, ending.result, *self._output.end(), ending.error, timings, figures=ending.figures
        )


class _Output:
    """Collects what one run prints, up to a limit for each stream."""

    def __init__(self) -> None:
        self._limit = 0
        self._kept = {"stdout": bytearray(), "stderr": bytearray()}
        self._listener: OnOutput | None = None

    def begin(self, limit: int, listener: OnOutput | None) -> None:
        self._limit, self._listener = limit, listener
        for kept in self._kept.values():
            kept.clear()

    def end(self) -> tuple[bytes, bytes]:
        self._listener = None
        return bytes(self._kept["stdout"]), bytes(self._kept["stderr"])

    def __call__(self, stream: str, chunk: bytes) -> None:
        kept = self._kept[stream]
        room = self._limit - len(kept)
        if room < 0:
            return
        if len(chunk) > room:
            chunk = chunk[:room] + f"\n[cut here: {stream} is limited to {self._limit} bytes]\n".encode()
        kept += chunk
        if self._listener is not None:
            self._listener(stream, bytes(chunk))


def _packed(value: Any, name: str) -> bytes:
    try:
        return values.pack(value, name)
    except values.ValueNotPortable as error:
        raise ValueNotPortable(error.type_name, error.path) from error


def _pictures(packed: bytes | None) -> list[values.Picture]:
    """Read the figures of an answer, which the block may have tampered with."""
    pictures = [] if packed is None else values.unpack(packed)
    if not isinstance(pictures, list) or not all(isinstance(each, values.Picture) for each in pictures):
        raise ValueError("figures that are no pictures")
    return pictures
