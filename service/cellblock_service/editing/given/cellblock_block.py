"""The names that a block is given, as completion shows them. Read by jedi, never imported."""

from typing import Any, Protocol

__all__ = ["context", "data", "env", "flow", "global_", "inputs", "msg", "node"]


class Context(Protocol):
    """Values that outlive a message, kept by Node-RED."""

    def get(self, key: str | list[str], store: str | None = None, default: Any = None) -> Any:
        """Give the value of a key, or a list with that of each of several; default for what isn't set."""

    def set(self, key: str | list[str], value: Any, store: str | None = None) -> None:
        """Set a key to a value, or several keys each to its own of a list."""

    def keys(self, store: str | None = None) -> list[str]:
        """Give all keys."""


class Node(Protocol):
    """The Code Block in the flow."""

    id: str
    name: str
    path: str
    outputCount: int  # noqa: N815  (Node-RED's name)

    def send(self, msg: Any) -> None:
        """Send what return would, a message or a list with one for each output, while the block goes on."""

    def log(self, value: Any) -> None:
        """Write to Node-RED's log."""

    def warn(self, value: Any) -> None:
        """Write a warning to Node-RED's log and the debug sidebar."""

    def error(self, value: Any, msg: Any = None) -> None:
        """Report an error, with the message it is about: catch nodes get it. The block goes on."""

    def debug(self, value: Any) -> None:
        """Write to Node-RED's log, if its level is debug."""

    def trace(self, value: Any) -> None:
        """Write to Node-RED's log, if its level is trace."""

    def status(
        self, status: Any = None, *, fill: str | None = None, shape: str | None = None, text: Any = None
    ) -> None:
        """Show a status under the node: text, a dict of fill, shape and text, or these by name; nothing clears it."""


class Environment(dict[str, Any]):
    """Variables of the node, its group, subflow and flow, and the secrets of the node."""

    def get(self, name: str, default: Any = None) -> Any:
        """Give the value of a variable; default if there is none."""


data: Any  # the payload: the value of the one input, or the list of all of them
msg: dict[str, Any]  # the whole message
inputs: list[Any]  # the values of all inputs, in declared order
env: Environment  # the flow's environment variables
node: Node
context: Context
flow: Context
global_: Context
