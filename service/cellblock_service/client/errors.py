"""Everything the client raises, as one tree.

    ClientError
      ServiceUnreachable   no service answers at the address, or the connection broke for good
      ServiceRefused       the service answers, and won't do what it is asked; it tells why with a stable `error_key`
      ExecutionLost        how an execution ended can't be found out any more, or its value wasn't kept
      AnswerUnreadable     the service said something that can't be read: most often another version, or another server
      ClientClosed         the client was closed while an execution was under way
      BlockFailed          asked for with `Outcome.value_or_raise`: the block has no value

A value that can't travel is a `ValueNotPortable`, which names it by its path, before anything is sent. Nothing that a
block does is raised unless it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cellblock_service.client.outcome import Outcome

_NOBODY_THERE = "is it running there? CELLBLOCK_URL or url= say where"
_UNAUTHORIZED = "set CELLBLOCK_TOKEN, or pass token=, to one that `cellblock token create` made"


class ClientError(Exception):
    """The root."""


class ServiceUnreachable(ClientError, ConnectionError):
    """There is no connection to the service at `url`, for `reason`."""

    def __init__(self, url: str, reason: str, todo: str = _NOBODY_THERE) -> None:
        super().__init__(f"the Cellblock service at {url} can't be reached: {reason}\n{todo}")
        self.url = url
        self.reason = reason


class ServiceRefused(ClientError):
    """A problem document of the service (RFC 9457): nothing has run.

    `error_key` never changes for one kind of refusal, `status` is its HTTP status, `detail` a text for a person, and
    `members` says the same for programs, such as `field`, `maximum`, `progress`. docs/protocol.md lists them.
    """

    def __init__(self, error_key: str, status: int, detail: str, members: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{detail} ({error_key})" + (f"\n{_UNAUTHORIZED}" if status == 401 else ""))
        self.error_key = error_key
        self.status = status
        self.detail = detail
        self.members = dict(members or {})

    @classmethod
    def of(cls, problem: Mapping[str, Any]) -> ServiceRefused:
        """Read a problem document."""
        standard = ("type", "title", "status", "detail", "error_key")
        status = problem.get("status")
        return cls(
            str(problem.get("error_key", "unknown")),
            status if isinstance(status, int) else 0,
            str(problem.get("detail") or problem.get("title") or "the service gave no reason"),
            {name: value for name, value in problem.items() if name not in standard},
        )


class ExecutionLost(ClientError):
    """What became of the execution `id` isn't known, or its value isn't kept any more. It was not run a second time."""

    def __init__(self, ident: str, reason: str) -> None:
        super().__init__(f"execution {ident}: {reason}")
        self.id = ident


class AnswerUnreadable(ClientError):
    """What came from the service isn't what docs/protocol.md says."""


class ClientClosed(ClientError):
    """The client was closed, and what it had under way was cancelled."""


class BlockFailed(ClientError):
    """The block raised, reached a limit or was cancelled: the text is its own traceback, `outcome` has the rest."""

    def __init__(self, outcome: Outcome) -> None:
        error = outcome.error
        text = error.traceback.strip() or f"{error.type}: {error.message}" if error else f"it is {outcome.status}"
        super().__init__(f"execution {outcome.id}: {outcome.status}\n{text}")
        self.outcome = outcome
