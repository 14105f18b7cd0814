"""What the block asks of its flow while it runs, answered by the caller's own objects and callables.

`flow`, `global_` and `context` are objects with named values; what the block sends, logs and shows with `node` goes to
callables.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol

from cellblock_sandbox.context import LEVELS
from cellblock_sandbox.guest import values

MAX_ERROR = 10_000


class ContextStore(Protocol):
    """Named values that a block may read and write. Each method may be a coroutine function."""

    def get(self, key: str, /) -> Any | Awaitable[Any]:
        """The value of `key`, None if it has none."""

    def set(self, key: str, value: Any, /) -> Awaitable[None] | None:
        """Set it."""

    def keys(self) -> Iterable[str] | Awaitable[Iterable[str]]:
        """The names of all values."""


Store = MutableMapping[str, Any] | ContextStore

OnSend = Callable[[Any], Awaitable[None] | None]
"""Called with what `node.send` sends: a message, or a list with one for each output. May be a coroutine function."""
OnLog = Callable[[str, Any, Any], Awaitable[None] | None]
"""Called with "log", "warn", "error", "debug" or "trace", what is logged, and the message that an error is about."""
OnNodeStatus = Callable[[dict[str, str] | None], Awaitable[None] | None]
"""Called with the fill, shape and text that `node.status` shows, as far as given; None when it is cleared."""


@dataclass(frozen=True, slots=True)
class Context:
    """What answers each of the three scopes, and what takes what `node` says, as far as it was given."""

    flow: Store | None = None
    global_: Store | None = None
    context: Store | None = None
    on_send: OnSend | None = None
    on_log: OnLog | None = None
    on_node_status: OnNodeStatus | None = None

    async def answer(self, call: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a call of the block: `{"value": packed}`, or `{"error": text}`, which the block gets to read."""
        try:
            return {"value": values.pack(await self._done(call), "value")}
        except Exception as error:  # the caller's own objects may raise anything, and the block waits for an answer
            return {"error": f"{type(error).__name__}: {error}"[:MAX_ERROR]}

    async def _done(self, call: Mapping[str, Any]) -> Any:
        op = call["op"]
        if op == "env":
            return None  # what there is of it was sent with the request
        if op in ("send", "status", *LEVELS):
            return await self._tell(op, values.unpack(call["value"]))
        return await self._kept(call)

    async def _tell(self, op: str, value: Any) -> None:
        """Give the caller what the block says. What is logged and isn't taken, the block prints to its stderr."""
        if op == "status":
            if self.on_node_status is not None:
                await _settled(self.on_node_status({"text": value} if isinstance(value, str) else value))
        elif op == "send":
            if self.on_send is None:
                raise LookupError("nothing takes what this run sends; on_send= gives it something")
            await _settled(self.on_send(value))
        elif self.on_log is None:
            raise LookupError("nothing takes what this run logs; on_log= gives it something")
        else:
            said, msg = value if op == "error" else (value, None)
            await _settled(self.on_log(op, said, msg))

    async def _kept(self, call: Mapping[str, Any]) -> Any:
        """Get, set or list values of a scope."""
        store, key = self._store(call), call["key"]
        if call["op"] == "keys":
            return list(await _settled(store.keys()))
        keys = key if isinstance(key, list) else [key]
        if call["op"] == "get":
            found = [await _settled(store.get(each)) for each in keys]
            return found if isinstance(key, list) else found[0]
        given = values.unpack(call["value"])
        for each, value in zip(keys, given if isinstance(key, list) else [given], strict=True):
            await _set(store, each, value)
        return None

    def _store(self, call: Mapping[str, Any]) -> Store:
        if call.get("store") is not None:
            raise LookupError(f"there is no store {call['store']!r} here, only the default one")
        scope = str(call.get("scope"))
        name = {"flow": "flow", "global": "global_", "node": "context"}.get(scope)
        found: Store | None = getattr(self, name) if name else None
        if found is None:
            raise LookupError(f"nothing stands behind the {scope} context of this run; {name}= gives it something")
        return found


async def _set(store: Store, key: str, value: Any) -> None:
    """Set a value; None deletes it from a dictionary, as from Node-RED's context."""
    if isinstance(store, MutableMapping):
        store[key] = value
        if value is None:
            del store[key]
    else:
        await _settled(store.set(key, value))


async def _settled(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value
