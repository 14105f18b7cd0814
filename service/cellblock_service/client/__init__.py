"""The Python client: blocks run by a Cellblock service, from a program or a notebook.

    from cellblock_service.client import Client

    with Client() as client:
        outcome = client.run("return data.mean()", data=frame)
        print(outcome.value_or_raise())

`Client` waits, `AsyncClient` is for programs with an event loop. `errors` draws the tree of what may be raised.
"""

from cellblock_sandbox import BlockError
from cellblock_sandbox.guest.values import ValueNotPortable

from cellblock_service.client.asynchronous import AsyncClient
from cellblock_service.client.context import ContextStore
from cellblock_service.client.errors import (
    AnswerUnreadable,
    BlockFailed,
    ClientClosed,
    ClientError,
    ExecutionLost,
    ServiceRefused,
    ServiceUnreachable,
)
from cellblock_service.client.execution import Execution
from cellblock_service.client.messages import Request
from cellblock_service.client.outcome import Figure, Outcome, Output, Status
from cellblock_service.client.synchronous import BlockingExecution, Client

__all__ = [
    "AnswerUnreadable",
    "AsyncClient",
    "BlockError",
    "BlockFailed",
    "BlockingExecution",
    "Client",
    "ClientClosed",
    "ClientError",
    "ContextStore",
    "Execution",
    "ExecutionLost",
    "Figure",
    "Outcome",
    "Output",
    "Request",
    "ServiceRefused",
    "ServiceUnreachable",
    "Status",
    "ValueNotPortable",
]
