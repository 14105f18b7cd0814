"""The names that a block is given, as completion shows them. Read by jedi, never imported."""

from typing import Any, Protocol

__all__ = ["context", "data", "env", "flow", "global_", "inputs", "msg", "node"]


class Context(Protocol):
    """Values that outlive a message, kept by Node-RED."""

    def get(self, key: str, store: str | None = None) -> Any:
        """Give the value of a key; None if it has none."""

    def set(self, key: str, value: Any, store: str | None = None) -> None:
        """Set the value of a key."""

    def keys(self, store: str | None = None) -> list[str]:
        """Give all keys."""


class Node(Protocol):
    """The Code Block in the flow."""

    id: str
    name: str

    def send(self, msg: Any) -> None:
        """Send a message, or a list with one for each output, while the block goes on."""

    def log(self, text: str) -> None:
        """Write to Node-RED's log."""

    def warn(self, text: str) -> None:
        """Write a warning to Node-RED's log and the debug sidebar."""

    def error(self, text: str) -> None:
        """Report an error, which catch nodes see."""

    def status(self, status: dict[str, Any] | str) -> None:
        """Show a status under the node: text, or a fill, shape and text."""


data: Any  # the payload: the value of the one input, or the list of all of them
msg: dict[str, Any]  # the whole message
inputs: list[Any]  # the values of all inputs, in declared order
env: dict[str, str]  # the flow's environment variables
node: Node
context: Context
flow: Context
global_: Context
