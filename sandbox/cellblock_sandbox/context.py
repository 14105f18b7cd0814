"""The flow behind a block, for what it asks of it while it runs: `flow.get("key")`, `node.send(msg)`, `env["NAME"]`.

The guest asks through a door, a device of its file system. What arrives there was written by a hostile guest, so every
field is checked; the callable that the caller of a run gave is then asked for one thing: to get or set named values, to
list their names, to send, log or show something for the node, or for a variable of its environment. The guest waits for
each answer, so however fast it asks, one question is on its way.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgpack

from cellblock_sandbox.errors import CellblockError
from cellblock_sandbox.guest import values
from cellblock_sandbox.guest.process import Guest

DOOR = "context"
MAX_KEYS, MAX_KEY = 100, 1000
"""Keys in one call, and characters of a key or of a store's name."""
MAX_ERROR = 10_000
MAX_STATUS, MAX_STATUS_TEXT = 16_000, 1000
"""Bytes of a packed status, and characters of each of its texts."""

NO_FLOW = "there is no flow behind this run, so it has no context"

LEVELS = ("log", "warn", "error", "debug", "trace")
"""The ops that log something."""
NODE_OPS = frozenset({"send", "status", "env", *LEVELS})
"""The ops that are about the node itself, and not about one of its contexts."""
_OPS = "get", "set", "keys", *sorted(NODE_OPS)
_WITH_KEY = frozenset({"get", "set", "env"})
_WITH_VALUE = frozenset({"set", "send", "status", *LEVELS})


class ContextRefused(CellblockError):
    """The context can't give or take what the block asks for; the block gets to read the text."""

    key = "context-refused"


class _NoFlow(ContextRefused):
    """Nobody stands behind the run."""


@dataclass(frozen=True)
class ContextCall:
    """What a block asks the flow for.

    `key` is a name to get or set, or several, or that of a variable ("env"). `value` is what to set, as many if there
    are several keys; what to send, in the shapes of a result; what to log, for "error" a list of that and the message
    it is about or None; the status to show: a map of fill, shape and text, text, or None to clear it.
    """

    op: Literal["get", "set", "keys", "send", "log", "warn", "error", "debug", "trace", "status", "env"]
    scope: Literal["flow", "global", "node"]
    store: str | None
    key: str | list[str] | None
    value: Any


OnContext = Callable[[ContextCall, float], Any]
"""Answers a call within so many seconds: the value, one a key if there are several, or a list of names for "keys".

To what is set, sent, logged and shown the answer is None, once that has been done.
Raises ContextRefused, which the block gets to read, and TimeoutError. On the sandbox's own thread."""


class Context:
    """The door of one sandbox. `answer`, of packed values both ways, and the size they may have are the run's."""

    def __init__(self, guest: Guest) -> None:
        self._host = guest.host
        self._answer: OnContext | None = None
        self._max_bytes = 0

    def begin(self, answer: OnContext | None, max_bytes: int) -> None:
        """Take what holds for the next run."""
        self._answer, self._max_bytes = answer, max_bytes

    def __call__(self, request: bytes) -> bytes:
        """Answer a request, a packed map of op, scope, store, key and value: `{"value": bin}` or `{"error": text}`.

        Beside the error: `flow: False` if there is nobody to be asked, `late: True` if the run's time is over.
        """
        try:
            return bytes(msgpack.packb({"value": self._ask(_call(request))}))
        except _NoFlow as error:
            return bytes(msgpack.packb({"error": str(error), "flow": False}))
        except (CellblockError, ValueError, TimeoutError) as error:
            late = {"late": True} if self._seconds_left() <= 0 else {}
            return bytes(msgpack.packb({"error": str(error)[:MAX_ERROR], **late}))

    def _ask(self, call: ContextCall) -> bytes:
        if self._answer is None:
            raise _NoFlow(NO_FLOW)
        self._check_size(call.value)
        seconds = self._seconds_left()
        if seconds <= 0:
            raise TimeoutError("the time limit was reached before the context was asked")
        answer: bytes = self._answer(call, seconds)
        self._check_size(answer)
        return answer

    def _seconds_left(self) -> float:
        deadline = self._host.deadline
        return 60.0 if deadline is None else deadline - time.monotonic()

    def _check_size(self, packed: bytes | None) -> None:
        if packed is not None and len(packed) > self._max_bytes:
            raise ContextRefused(f"a value of {len(packed)} bytes is too large, the limit is {self._max_bytes}")


def unpacked(answer: OnContext) -> OnContext:
    """Make of a callable that takes and gives values one that takes and gives them packed."""

    def packed(call: ContextCall, seconds: float) -> bytes:
        if call.value is not None:
            call = replace(call, value=_value(call.value))
        try:
            return values.pack(answer(call, seconds), "value")
        except values.ValueNotPortable as error:
            raise ContextRefused(str(error)) from error

    return packed


def _value(packed: bytes) -> Any:
    try:
        return values.unpack(packed)
    except Exception as error:  # bytes that a hostile block made can fail in any way
        raise ContextRefused(f"the value can't be read: {error}") from error


def _call(request: bytes) -> ContextCall:
    """Read a request. ValueError if it is none."""
    try:
        found: Any = msgpack.unpackb(request)
    except (ValueError, msgpack.UnpackException, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError("a request for the context is a packed map")
    op, scope, store, key, value = (found.get(name) for name in ("op", "scope", "store", "key", "value"))
    if op not in _OPS or scope not in ("flow", "global", "node"):
        raise ValueError(f"a request has an op ({', '.join(_OPS)}) and a scope (flow, global, node)")
    if op in NODE_OPS and (scope != "node" or store is not None):
        raise ValueError(f"{op} is for the node itself, and has no store")
    if store is not None and not _is_name(store):
        raise ValueError(f"a store's name is text of 1 to {MAX_KEY} characters")
    if (key is None) != (op not in _WITH_KEY) or not (_is_name(key) if op == "env" else _is_key(key)):
        raise ValueError(
            f"a key is text of 1 to {MAX_KEY} characters, or a list of 1 to {MAX_KEYS} such; get, set, env have one"
        )
    if (value is None) != (op not in _WITH_VALUE) or not isinstance(value, bytes | None):
        raise ValueError(f"{', '.join(sorted(_WITH_VALUE))} come with a packed value, the others without")
    if op == "error" and not _is_pair(value):
        raise ValueError("an error is a list of a value and a message")
    if op == "status" and not _is_status(value):
        raise ValueError(f"a status is fill, shape and text of at most {MAX_STATUS_TEXT} characters each, text, or nil")
    return ContextCall(op, scope, store, key, value)


def _is_key(key: Any) -> bool:
    names = key if isinstance(key, list) else [key]
    return key is None or (0 < len(names) <= MAX_KEYS and all(_is_name(each) for each in names))


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and 0 < len(name) <= MAX_KEY


def _is_pair(packed: Any) -> bool:
    """Whether a packed value is a list of two; what is in them is looked at by whoever reads it."""
    unpacker = msgpack.Unpacker()
    unpacker.feed(packed[:5])
    try:
        return bool(unpacker.read_array_header() == 2)
    except (ValueError, msgpack.UnpackException):
        return False


def _is_status(packed: Any) -> bool:
    try:
        found = msgpack.unpackb(packed) if len(packed) <= MAX_STATUS else 0
    except (ValueError, msgpack.UnpackException, RecursionError):
        return False
    texts = list(found.values()) if isinstance(found, dict) and found.keys() <= {"fill", "shape", "text"} else [found]
    return found is None or all(isinstance(each, str) and len(each) <= MAX_STATUS_TEXT for each in texts)
