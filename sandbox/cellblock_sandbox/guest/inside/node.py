"""The block's `node` and `env`: the Code Block in its flow, as Node-RED's function node has them.

    node.status("reading", fill="blue", shape="dot")
    for part in parts:
        node.send({"payload": part})
    node.warn(f"{len(parts)} parts, limit {env.get('LIMIT', 100)}")

What is sent, logged and shown goes through the door of the flow's context (context.py), one thing at a time, each when
the one before it has been taken. What was printed before is written out first, so that all of it keeps its order.
"""

import sys
from typing import Any

from ..values import ValueNotPortable, pack
from .context import ContextError, ask
from .figures import note_sent
from .interruption import DeadlineExceeded

FILLS = ("red", "green", "yellow", "blue", "grey", "gray")
SHAPES = ("ring", "dot")
MAX_TEXT = 1000
"""Characters of a status that are shown; Node-RED's editor has room for some dozens."""
MAX_NAME = 1000

_PARTS = ("fill", "shape", "text")
_ABSENT = object()


class Node:
    """The Code Block that runs. `id`, `name`, `path` and `outputCount` are None for a run without a flow behind it."""

    __slots__ = ("id", "name", "outputCount", "path")

    def __init__(self, facts: dict[str, Any]) -> None:
        self.id, self.name, self.path = facts.get("id"), facts.get("name"), facts.get("path")
        self.outputCount = facts.get("outputCount")

    def send(self, msg: Any) -> None:
        """Send what `return` would: a message, or a list with one for each output. The block goes on afterwards.

        Returns when Node-RED has the message. ContextError if there is no flow, ValueNotPortable for what can't travel.
        """
        _tell("send", pack(msg, "sent"))
        note_sent(msg)

    def log(self, value: Any) -> None:
        """Write to Node-RED's log. As all of the kind, it goes to stderr where nobody else takes it."""
        _log("log", value)

    def warn(self, value: Any) -> None:
        """Write a warning to Node-RED's log and its debug sidebar."""
        _log("warn", value)

    def error(self, value: Any, msg: Any = None) -> None:
        """Report an error, with the message it is about: catch nodes get it. The block goes on."""
        try:
            packed = pack([value, msg], "error")
        except ValueNotPortable:
            packed = pack([_text(value), msg], "error")
        _take("error", value, packed)

    def debug(self, value: Any) -> None:
        """Write to Node-RED's log, if its level is debug."""
        _log("debug", value)

    def trace(self, value: Any) -> None:
        """Write to Node-RED's log, if its level is trace."""
        _log("trace", value)

    def status(
        self, status: Any = None, *, fill: str | None = None, shape: str | None = None, text: Any = None
    ) -> None:
        """Show a status under the node: text, a dict of fill, shape and text, or these by name; nothing clears it.

        ContextError if there is no flow, ValueError for a fill or shape that Node-RED doesn't have.
        """
        parts: dict[str, Any] = {} if status is None else status if isinstance(status, dict) else {"text": status}
        given = {"fill": fill, "shape": shape, "text": text}
        parts = {**parts, **{name: value for name, value in given.items() if value is not None}}
        _tell("status", pack(_status(parts), "status"))

    def __repr__(self) -> str:
        return f"<node {self.name or self.id or 'without a flow'}>"


class Environment(dict[str, Any]):
    """The block's `env`: what was sent with the run, and behind it the variables of its flow, asked for by name.

    Listing it lists what was sent. A variable is asked for once in a run. Without a flow there is nothing behind it.
    """

    __slots__ = ("_asked",)

    def __init__(self, sent: dict[str, str]) -> None:
        super().__init__(sent)
        self._asked: dict[str, Any] = {}

    def __missing__(self, name: str) -> Any:
        found = self._ask(name)
        if found is None:
            raise KeyError(name)
        return found

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a variable, `default` if there is none. ContextError if the flow can't be asked."""
        sent = super().get(name, _ABSENT)
        if sent is not _ABSENT:
            return sent
        found = self._ask(name)
        return default if found is None else found

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or self._ask(name) is not None

    def _ask(self, name: object) -> Any:
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
            return None
        if name not in self._asked:
            try:
                self._asked[name] = ask("env", "node", key=name)
            except ContextError as error:
                if not error.no_flow:
                    raise
                self._asked[name] = None
        return self._asked[name]


def _tell(op: str, packed: bytes) -> None:
    """Have the flow do something, after all that was printed before."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except DeadlineExceeded:
            raise
        except Exception:  # noqa: S110 (a stream of the block's own, or a closed one)
            pass
    ask(op, "node", value=packed)


def _log(level: str, value: Any) -> None:
    try:
        packed = pack(value, level)
    except ValueNotPortable:
        packed = pack(_text(value), level)
    _take(level, value, packed)


def _take(level: str, value: Any, packed: bytes) -> None:
    """Log it; what the flow doesn't take is printed, since nothing should fail because of a line in a log."""
    try:
        _tell(level, packed)
    except ContextError:
        print(f"[{level}] {_text(value)}", file=sys.stderr)  # noqa: T201 (the block's stderr)


def _text(value: Any) -> str:
    """A value in words, as a log shows what can't be sent as it is; an exception with its type."""
    text = f"{type(value).__name__}: {value}" if isinstance(value, BaseException) else str(value)
    return text.encode("utf-8", "backslashreplace").decode()


def _status(parts: dict[str, Any]) -> dict[str, str] | None:
    """Check the parts of a status; None for a status without any."""
    for name in parts:
        if name not in _PARTS:
            raise ValueError(f"a status has fill, shape and text, and no {name!r}")
    checked = {name: _text(parts[name])[:MAX_TEXT] for name in _PARTS if parts.get(name) is not None}
    for name, known in (("fill", FILLS), ("shape", SHAPES)):
        if name in checked and checked[name] not in known:
            raise ValueError(f"the {name} of a status is one of {', '.join(known)}, not {checked[name]!r}")
    return checked or None
