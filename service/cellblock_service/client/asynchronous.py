"""The client for programs with an event loop."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Unpack

from cellblock_service.client import execution as executions
from cellblock_service.client.context import Context, OnLog, OnNodeStatus, OnSend, Store
from cellblock_service.client.execution import Execution
from cellblock_service.client.messages import Request
from cellblock_service.client.outcome import Outcome, Output, Status, read_outcome
from cellblock_service.client.session import Session
from cellblock_service.client.transport import Transport

OnOutput = Callable[[str, str], None]
"""Called with "stdout" or "stderr" and text."""
OnStatus = Callable[[str, Mapping[str, Any] | None], None]
"""Called with "queued", "loading" or "running", and how far loading is."""

_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class AsyncClient:
    """A client of one service; for one event loop.

        async with AsyncClient() as client:
            outcome = await client.run("return data * 2", data=numpy.arange(3))
            print(outcome.value_or_raise())

    Without `url` and `token` it takes CELLBLOCK_URL (default http://127.0.0.1:8765) and CELLBLOCK_TOKEN; `ca_file` is a
    PEM file of authorities to trust for https. Nothing is connected before it is needed. ValueError for an address
    that is none, OSError for a `ca_file` that can't be used.
    """

    def __init__(
        self, url: str | None = None, token: str | None = None, *, ca_file: str | os.PathLike[str] | None = None
    ) -> None:
        self._transport = Transport(url, token, ca_file)
        self._session = Session(self._transport)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Cancel what is under way and close all connections."""
        await self._session.close()
        await self._transport.close()

    async def run(  # noqa: PLR0913  (all but the first by keyword)
        self,
        code: str,
        *,
        on_output: OnOutput | None = None,
        on_status: OnStatus | None = None,
        flow: Store | None = None,
        global_: Store | None = None,
        context: Store | None = None,
        on_send: OnSend | None = None,
        on_log: OnLog | None = None,
        on_node_status: OnNodeStatus | None = None,
        **request: Unpack[Request],
    ) -> Outcome:
        """Run a block and wait for its end, whatever that is; `Outcome.value_or_raise` makes BlockFailed of a bad one.

        `on_output` and `on_status` are called as the block prints and gets on; what they raise ends the run and is
        raised here, and so does a cancellation of the calling task. The rest is as for `start`.
        """
        behind = Context(flow, global_, context, on_send, on_log, on_node_status)
        async with self.execution(code, behind, request) as execution:
            async for event in execution:
                tell(event, on_output, on_status)
            return await execution.result()

    def start(
        self,
        code: str,
        *,
        flow: Store | None = None,
        global_: Store | None = None,
        context: Store | None = None,
        on_send: OnSend | None = None,
        on_log: OnLog | None = None,
        on_node_status: OnNodeStatus | None = None,
        **request: Unpack[Request],
    ) -> Execution:
        """An execution, which `async with` starts.

        `request` are the further fields of a request, `data`, `packages`, `timeout_s` and others (`Request`). `flow`,
        `global_` and `context` answer what the block asks of the names that are called so: dictionaries, or objects
        with get, set and keys. `on_send(value)`, `on_log(level, value, msg)` and `on_node_status(status)` get what it
        does with `node`; the block waits for them.

        Raises ValueNotPortable for a value that can't travel, with its path, and ValueError. `Execution.result` raises
        what goes wrong later.
        """
        return self.execution(code, Context(flow, global_, context, on_send, on_log, on_node_status), request)

    def execution(self, code: str, behind: Context, request: Request) -> Execution:
        """An execution with what stands behind it in one object; raises as `start`."""
        ident = request.pop("id", None) or uuid.uuid4().hex
        return executions.make(self._session, checked(ident), code, request, behind)

    async def get(self, ident: str, *, wait_s: float = 0) -> Outcome:
        """An execution as it is now, or when it has ended within `wait_s`, at most 300.

        Raises ServiceRefused (`execution_unknown`), ServiceUnreachable.
        """
        told = await self._transport.ask(
            "GET", f"v1/executions/{checked(ident)}", query={"wait": f"{wait_s:g}"}, wait_s=wait_s
        )
        return read_outcome(told)

    async def cancel(self, ident: str) -> Outcome:
        """Cancel an execution, whoever started it with this token, and wait for its end. Raises as `get`."""
        return read_outcome(await self._transport.ask("DELETE", f"v1/executions/{checked(ident)}"))

    async def check(self, code: str) -> dict[str, Any]:
        """What an editor would mark in a block: `problems`, a list of maps, and `imports`, the modules it names.

        Raises ServiceRefused, ServiceUnreachable.
        """
        return await self._transport.ask("POST", "v1/check", body={"code": code})

    async def images(self) -> dict[str, Any]:
        """The service's `images`, and those it is `loading`. Raises ServiceRefused, ServiceUnreachable."""
        return await self._transport.ask("GET", "v1/images")

    async def packages(self, search: str = "", *, limit: int = 50) -> dict[str, Any]:
        """The `packages` that a block can import and whose name or modules have `search` in them, the best first.

        `total` tells how many there are; `missing` why there is none of that name, with the `nearest`. Raises
        ServiceRefused, ServiceUnreachable.
        """
        return await self._transport.ask("GET", "v1/packages", query={"search": search, "limit": str(limit)})


def tell(event: Output | Status, on_output: OnOutput | None, on_status: OnStatus | None) -> None:
    """Give an event to the one that wants it."""
    if isinstance(event, Output):
        if on_output is not None:
            on_output(event.stream, event.text)
    elif on_status is not None:
        on_status(event.status, event.progress)


def checked(ident: str) -> str:
    """Give an execution's id. Raises ValueError for what can't be one."""
    if not isinstance(ident, str) or not _ID.fullmatch(ident):
        raise ValueError(f"id: {ident!r} isn't 1 to 128 of the characters A-Z a-z 0-9 . _ : -")
    return ident
