"""The audit log: one line for each execution that was taken, saying who ran what, from where, and how it ended.

Code is named by its hash and payloads by their sizes: never code, values, output or secrets, so that the log may be
kept longer, and read by others, than any of those. The lines go through the logger `audit`, at any `log_level`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cellblock_service.observe import logs
from cellblock_service.trust.tokens import Principal

MAX_TYPE = 200

log = logs.at_any_level("audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An execution that has ended.

    `sizes` are bytes, by what they are of ("code", "data", "result", "stdout"). `error_type`, the one thing here that
    a block says, is cut when it is written: a class may have a name of any length.
    """

    execution: str
    code_sha256: str
    status: str
    block: str | None = None
    name: str | None = None
    error_type: str | None = None
    sizes: Mapping[str, int]
    timings_ms: Mapping[str, float]


def record(principal: Principal, ended: Ended, *, remote: str | None) -> None:
    """Write the line of an execution; `remote` is the client's address."""
    log.info(
        "execution",
        token=principal.id,
        token_name=principal.name,
        remote=remote,
        execution=ended.execution,
        block=ended.block,
        name=ended.name,
        code_sha256=ended.code_sha256,
        status=ended.status,
        error=ended.error_type and ended.error_type[:MAX_TYPE],
        bytes=dict(ended.sizes),
        timings_ms=dict(ended.timings_ms),
    )
