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

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import msgpack

from cellblock_sandbox.errors import MemoryTooSmall, SandboxClosed, ValueNotPortable
from cellblock_sandbox.guest import values
from cellblock_sandbox.guest.process import (
    AnswerTooLarge,
    Guest,
    GuestAbort,
    GuestExit,
    GuestLimits,
    GuestState,
    GuestTrap,
    Interrupted,
    NoAnswer,
    StackExhausted,
    trap_reason,
)
from cellblock_sandbox.image import snapshot
from cellblock_sandbox.image.bundle import MEMORY, open_bundle
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.store import Store, Stored
from cellblock_sandbox.installation import DOOR, Installation, Installer
from cellblock_sandbox.limits import Limits
from cellblock_sandbox.machine.engine import initial_memory, load_module
from cellblock_sandbox.machine.thread import guest_thread
from cellblock_sandbox.syscalls.errors import CallRefused

Status = Literal["completed", "error", "timeout", "cancelled"]
OnOutput = Callable[[str, bytes], None]

# Stands for "no data given", which is not the same as None.
UNSET: Any = object()


@dataclass(frozen=True)
class BlockError:
    """What a block did wrong. `line` and `column` count from 1 and are None where no line of the block is to blame."""

    type: str
    message: str
    line: int | None
    column: int | None
    traceback: str


@dataclass
class PackedResult:
    """How a run ended, with the result as packed bytes (docs/values.md), for those who only pass it on.

    `figures`, if there are any, is a packed list of pictures.
    """

    status: Status
    result: bytes | None
    stdout: bytes
    stderr: bytes
    error: dict[str, Any] | None
    timings_ms: dict[str, float]
    figures: bytes | None = None


@dataclass
class ExecutionResult:
    """How a run ended. `value` is None unless `status` is "completed".

    `figures` are those that the block left open in matplotlib's pyplot.
    """

    status: Status
    value: Any
    stdout: str
    stderr: str
    error: BlockError | None
    timings_ms: dict[str, float] = field(default_factory=dict)
    figures: list[values.Picture] = field(default_factory=list)


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
        self._memory = load_module(stored.file(MEMORY))
        self._memory_bytes = initial_memory(self._memory)

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
        if limits.memory_bytes < self._memory_bytes:
            raise MemoryTooSmall(limits.memory_mb, self._memory_bytes / (1 << 20))
        return Sandbox(self, limits, installer)

    def _guest(self, limits: Limits, on_output: OnOutput, installer: Installer | None) -> Guest:
        room = GuestLimits(limits.memory_bytes, limits.file_bytes, limits.files)
        guest = Guest(self._runtime, self._files, self._memory, room, self._state, on_output)
        if installer is not None:
            guest.host.files.add_door(DOOR, Installation(guest, self.packages, installer))
        return guest


class Sandbox:
    """One isolated interpreter. May run several blocks one after another; what they leave behind stays in it.

    Also a context manager, which closes it.
    """

    def __init__(self, image: Image, limits: Limits, installer: Installer | None) -> None:
        self.limits = limits
        self._output = _Output(limits.output_bytes)
        self._ended = ""
        self._guest: Guest | None = guest_thread.run(image._guest, limits, self._output, installer)

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
        unavailable: Mapping[str, str] | None = None,
        name: str = "block",
        timeout_s: float | None = None,
        on_output: OnOutput | None = None,
    ) -> ExecutionResult:
        """Run a block and return how it ended.

        The result is what `return` gives, else a variable `result`, else the last expression, else None. Without
        `data`, the block's `data` follows `inputs`: None for none, the value of one, a list of several; without
        either, it is the payload of `msg`, if there is one.
        `unavailable` tells why modules can't be had (provision.py), by top-level name: what their import says.
        `on_output(stream, chunk)` gets "stdout" and "stderr" as they are written, on the sandbox's own thread.

        ValueNotPortable if an argument can't travel, SandboxClosed if the sandbox has ended.
        """
        request: dict[str, Any] = {"code": code, "name": name, "timeout_s": timeout_s or self.limits.timeout_s}
        request["result_bytes"] = self.limits.result_bytes
        if data is not UNSET:
            request["data"] = _packed(data, "data")
        if inputs is not None:
            request["inputs"] = _packed(dict(inputs) if isinstance(inputs, Mapping) else list(inputs), "inputs")
        if msg is not None:
            request["msg"] = _packed(msg, "msg")
        if env is not None:
            request["env"] = dict(env)
        if unavailable:
            request["unavailable"] = dict(unavailable)
        packed = self.run_packed(msgpack.packb(request), timeout_s=timeout_s, on_output=on_output)
        value, figures = None, []
        if packed.result is not None:
            try:
                value = values.unpack(packed.result)
                figures = _pictures(packed.figures)
            except Exception as error:  # bytes that a hostile block made can fail in any way
                packed.status, packed.error = "error", _error("GuestCrashed", f"the result can't be read: {error}")
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
        self, request: bytes, *, timeout_s: float | None = None, on_output: OnOutput | None = None
    ) -> PackedResult:
        """Like `run`, for a packed request (docs/values.md), of which nothing is decoded here."""
        limits = self.limits if timeout_s is None else replace(self.limits, timeout_s=timeout_s)
        return guest_thread.run(self._run, request, limits.timeout_s, on_output)

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

    def _run(self, request: bytes, timeout_s: float, on_output: OnOutput | None) -> PackedResult:
        if self._guest is None or self._ended:
            raise SandboxClosed(self._ended)
        started = time.perf_counter()
        self._output.begin(on_output)
        # Whatever comes out of here unforeseen has cut the interpreter off in the middle of a call.
        self._ended = "it was cut off by an exception"
        figures = None
        try:
            answer = self._guest.run(request, timeout_s, self.limits.grace_s, self.limits.result_bytes)
            status, result, figures, error = self._answer(answer)
            self._ended = ""
        except AnswerTooLarge as large:
            size = f"{large.size} bytes, the limit is {self.limits.result_bytes}"
            status, result, error = "error", None, _error("ResultLimit", f"the result is too large: {size}")
            self._ended = ""
        except (Interrupted, GuestExit, GuestAbort, GuestTrap, StackExhausted, CallRefused, NoAnswer) as end:
            status, result, error = self._end(end, timeout_s)
        stdout, stderr = self._output.end()
        elapsed = (time.perf_counter() - started) * 1000
        return PackedResult(status, result, stdout, stderr, error, {"run": elapsed}, figures)

    def _answer(self, answer: bytes) -> tuple[Status, bytes | None, bytes | None, dict[str, Any] | None]:
        """Read the guest's answer, which the block may have tampered with."""
        try:
            content = msgpack.unpackb(answer)
            status, result, error = content["status"], content.get("result"), content.get("error")
            figures = content.get("figures")
            if status == "completed" and isinstance(result, bytes) and isinstance(figures, bytes | None):
                return "completed", result, figures, None
            if status in ("error", "timeout"):
                return status, None, None, {key: error[key] for key in BlockError.__dataclass_fields__}
        except (ValueError, KeyError, TypeError, AttributeError, msgpack.UnpackException):
            pass
        return "error", None, None, _error("GuestCrashed", "the guest's answer is not one it could have given")

    def _end(self, end: BaseException, timeout_s: float) -> tuple[Status, None, dict[str, Any]]:
        """The guest is gone; say in the block's terms what ended it."""
        if isinstance(end, Interrupted):
            self._ended = "it was stopped at its time limit"
            return (
                "timeout",
                None,
                _error(
                    "TimeoutError",
                    f"the time limit of {timeout_s:g} s was reached, and the block did not stop when asked to",
                ),
            )
        if isinstance(end, GuestExit):
            self._ended = "its block ended the interpreter"
            return "error", None, _error("SystemExit", f"the block ended the interpreter with status {end.status}")
        if isinstance(end, StackExhausted):
            self._ended = "its stack overflowed"
            return "error", None, _error("RecursionError", "the block went deeper than the sandbox's stack")
        self._ended = "it crashed"
        return "error", None, _error("GuestCrashed", f"the block crashed the interpreter: {trap_reason(end)}")


class _Output:
    """Collects what one run prints, up to a limit for each stream."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = {"stdout": bytearray(), "stderr": bytearray()}
        self._listener: OnOutput | None = None

    def begin(self, listener: OnOutput | None) -> None:
        self._listener = listener
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


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"type": kind, "message": message, "line": None, "column": None, "traceback": f"{kind}: {message}\n"}
