"""The flow's context, for blocks that read and write it while they run (`flow.get("key")`).

The guest asks through a door, a device of its file system. What arrives there was written by a hostile guest, so every
field is checked; the callable that the caller of a run gave is then asked for one thing: to get or set named values, or
to list their names.
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

NO_FLOW = "there is no flow behind this run, so it has no context"


class ContextRefused(CellblockError):
    """The context can't give or take what the block asks for; the block gets to read the text."""

    key = "context-refused"


@dataclass(frozen=True)
class ContextCall:
    """What a block asks its context for. `key` is a name, or several; `value` is what to set, as many if they are."""

    op: Literal["get", "set", "keys"]
    scope: Literal["flow", "global", "node"]
    store: str | None
    key: str | list[str] | None
    value: Any


OnContext = Callable[[ContextCall, float], Any]
"""Answers a call within so many seconds: the value, one a key if there are several, or a list of names for "keys".

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
        """Answer a request, a packed map of op, scope, store, key and value: `{"value": bin}` or `{"error": text}`."""
        try:
            return bytes(msgpack.packb({"value": self._ask(_call(request))}))
        except (CellblockError, ValueError, TimeoutError) as error:
            return bytes(msgpack.packb({"error": str(error)[:MAX_ERROR]}))

    def _ask(self, call: ContextCall) -> bytes:
        if self._answer is None:
            raise ContextRefused(NO_FLOW)
        self._check_size(call.value)
        deadline = self._host.deadline
        seconds = 60.0 if deadline is None else deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the time limit was reached before the context was asked")
        answer: bytes = self._answer(call, seconds)
        self._check_size(answer)
        return answer

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
    if op not in ("get", "set", "keys") or scope not in ("flow", "global", "node"):
        raise ValueError("a request for the context has an op (get, set, keys) and a scope (flow, global, node)")
    if store is not None and not _is_name(store):
        raise ValueError(f"a store's name is text of 1 to {MAX_KEY} characters")
    if (key is None) != (op == "keys") or not _is_key(key):
        raise ValueError(
            f"a key is text of 1 to {MAX_KEY} characters, or a list of 1 to {MAX_KEYS} such; keys has none"
        )
    if (value is None) != (op != "set") or not isinstance(value, bytes | None):
        raise ValueError("what is set is a packed value")
    return ContextCall(op, scope, store, key, value)


def _is_key(key: Any) -> bool:
    names = key if isinstance(key, list) else [key]
    return key is None or (0 < len(names) <= MAX_KEYS and all(_is_name(each) for each in names))


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and 0 < len(name) <= MAX_KEY
