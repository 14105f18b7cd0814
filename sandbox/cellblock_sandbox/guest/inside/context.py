"""The flow's context, for blocks: `flow`, `global_` and `context`, as Node-RED's function node has them.

    count = flow.get("count", default=0) + 1
    flow.set("count", count)

The values live in Node-RED; each call here asks the host for them, through a door, and waits for the answer.
"""

import os
from typing import Any

from ..values import pack, unpack
from .environment import sleep
from .interruption import DeadlineExceeded

_DOOR = "/dev/cellblock/context"
_PIECE = 1 << 20
_INTERRUPT_S = 0.3  # what the interrupt takes at most that comes when the time is over
_NO_FLOW = "there is no flow behind this run, so it has no context"


class ContextError(RuntimeError):
    """The context can't give or take a value; the text says why."""

    no_flow = False
    """Whether it is because nothing stands behind the run that could be asked."""


ContextError.__module__ = "builtins"


class Context:
    """The named values of one scope: of the flow, of all flows, or of the node."""

    def __init__(self, scope: str) -> None:
        self._scope = scope

    def get(self, key: str | list[str], store: str | None = None, default: Any = None) -> Any:
        """The value of `key`, or a list with the value of each if several are asked for; `default` for what isn't set.

        ContextError if there is no flow, no such store, or a value that can't travel.
        """
        values = ask("get", self._scope, key=_key(key), store=store)
        if isinstance(key, str):
            return default if values is None else values
        return [default if value is None else value for value in values or [None] * len(key)]

    def set(self, key: str | list[str], value: Any, store: str | None = None) -> None:
        """Set `key` to `value`; several keys each to its own of a list of as many values. ContextError as for `get`."""
        if not isinstance(key, str) and (not isinstance(value, list | tuple) or len(value) != len(key)):
            raise ValueError(f"set of {len(key)} keys takes a list of as many values")
        packed = pack(value if isinstance(key, str) else list(value), "value")
        ask("set", self._scope, key=_key(key), store=store, value=packed)

    def keys(self, store: str | None = None) -> list[str]:
        """The names of all values that are set. ContextError as for `get`."""
        return list(ask("keys", self._scope, store=store) or [])

    def __repr__(self) -> str:
        return f"<{self._scope} context>"


def ask(op: str, scope: str, **more: Any) -> Any:
    """Ask the host for one thing and give its answer; docs/values.md has the requests. ContextError."""
    answer = unpack(_exchange(pack({"op": op, "scope": scope, **more})))
    if answer.get("late"):
        sleep(_INTERRUPT_S)
    if "error" in answer:
        raise _error(answer["error"], no_flow=answer.get("flow") is False)
    return unpack(answer["value"]) if answer["value"] else None


def _error(text: str, *, no_flow: bool) -> ContextError:
    error = ContextError(text)
    error.no_flow = no_flow
    return error


def _key(key: Any) -> str | list[str]:
    if isinstance(key, str):
        return key
    if isinstance(key, list | tuple) and all(isinstance(each, str) for each in key):
        return list(key)
    raise TypeError(f"a key is text, or a list of texts, not {type(key).__name__}")


def _exchange(request: bytes) -> bytes:
    """Hand a request to the host; its answer."""
    try:
        door = os.open(_DOOR, os.O_RDWR)
    except FileNotFoundError:
        raise _error(_NO_FLOW, no_flow=True) from None
    try:
        rest = memoryview(request)
        while rest:
            rest = rest[os.write(door, rest) :]
        return b"".join(iter(lambda: os.read(door, _PIECE), b""))
    except DeadlineExceeded:
        raise
    except OSError as error:
        raise ContextError(f"the value is too large, or the context can't be reached: {error}") from None
    finally:
        os.close(door)


NAMES = {"flow": Context("flow"), "global_": Context("global"), "context": Context("node")}
"""What every block is given."""
