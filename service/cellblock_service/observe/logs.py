"""Structured logs on stderr: JSON lines for machines, colours for a person at a terminal. Never a payload.

An execution's id is bound for the time of its request, so that each line of it carries the id.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor

_OF_LINES = frozenset({"exception", "stack"})


def configure(log_format: Literal["auto", "json", "console"] = "auto", level: str = "info") -> None:
    """Send structlog's lines and those of the libraries (aiohttp, asyncio) to stderr in one format."""
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(shared, console))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("audit").setLevel(logging.INFO)


def _formatter(shared: list[Processor], console: bool) -> logging.Formatter:
    last: list[Processor] = (
        [
            _escape,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ]
        if console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )


def _escape(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Write control characters of names as escapes: a terminal would obey them. JSON has them escaped anyway."""
    return {name: _printable(value) if name not in _OF_LINES else value for name, value in line.items()}


def _printable(value: Any) -> Any:
    return value.encode("unicode_escape").decode() if isinstance(value, str) and not value.isprintable() else value
