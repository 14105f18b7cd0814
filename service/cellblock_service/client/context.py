"""The block's `flow`, `global_` and `context`, answered by the caller's own objects while the block runs."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol

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


@dataclass(frozen=True, slots=True)
class Context:
    """What answers each of the three scopes, as far as it was given."""

    flow: Store | None = None
    global_: Store | None = None
    context: Store | None = None

    async def answer(self, call: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a call of the block: `{"value": packed}`, or `{"error": text}`, which the block gets to read."""
        try:
            return {"value": values.pack(await self._done(call), "value")}
        except Exception as error:  # the caller's own objects may raise anything, and the block waits for an answer
            return {"error": f"{type(error).__name__}: {error}"[:MAX_ERROR]}

    async def _done(self, call: Mapping[str, Any]) -> Any:
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
    if isinstance(store, MutableMapping):
        store[key] = value
    else:
        await _settled(store.set(key, value))


async def _settled(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value
