"""Structured logs on stderr: JSON lines for machines, colours for a person at a terminal.

What is bound with `structlog.contextvars.bound_contextvars` is on each line logged meanwhile: `request` (by access.py),
`execution` and `block`. Payloads, code and tokens are never logged. What a client chose, such as an id or a path, is:
so control characters, with which it could forge lines or drive a terminal, are always written escaped.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
from contextlib import suppress
from functools import cache
from io import StringIO
from typing import Any, BinaryIO, Literal, TextIO, cast

import structlog
from structlog.typing import EventDict, ExcInfo, Processor

# C0 and C1 controls, line and paragraph separators, and the characters that turn the direction of text.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL_IN_TRACEBACK = re.compile(_CONTROL.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))

# Made once: json.dumps makes an encoder for each line that needs a default.
_JSON = json.JSONEncoder(default=repr)

log = structlog.get_logger(__name__)


def configure(log_format: Literal["auto", "json", "console"] = "auto", level: str = "info") -> None:
    """Send structlog's lines and those of the libraries (aiohttp, asyncio) to stderr in one format.

    Our own lines don't pass through `logging`, which takes 75 us for a line of the audit instead of 30.
    """
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    last = _for_a_person() if console else _for_machines()
    structlog.configure(
        processors=[*shared, *last, _encoded],
        logger_factory=cache(structlog.BytesLoggerFactory(cast("BinaryIO", _Forgiving(sys.stderr.buffer)))),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


class _Forgiving:
    """A file that can't always be written, on a full disk or to a reader that is gone: then the line is lost.

    As with the handlers of `logging`: nobody's execution is to fail of it.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, line: bytes) -> None:
        """Write a line, or lose it."""
        with suppress(OSError, ValueError):
            self._file.write(line)

    def flush(self) -> None:
        """Hand on what was written, if that is possible."""
        with suppress(OSError, ValueError):
            self._file.flush()


def at_any_level(name: str) -> Any:
    """Give a logger whose lines are written whatever the level is."""
    return structlog.wrap_logger(
        None, wrapper_class=structlog.make_filtering_bound_logger(logging.INFO), logger_factory_args=(name,)
    )


def _for_a_person() -> list[Processor]:
    renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_plain_traceback)
    return [_escape_control_characters, renderer]


def _for_machines() -> list[Processor]:
    return [structlog.processors.format_exc_info, _as_json]


def _as_json(_logger: Any, _method: str, event: EventDict) -> str:
    return _JSON.encode(event)


def _encoded(_logger: Any, _method: str, line: Any) -> bytes:
    """Encode a line as stderr does with text."""
    return str(line).encode(sys.stderr.encoding, "backslashreplace")


def _escape_control_characters(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Write control characters in a line for a person as escapes. JSON has them escaped anyway."""
    return {name: value if name == "exc_info" else _escaped(value) for name, value in event.items()}


def _escaped(value: Any) -> Any:
    """Give text escaped; anything else that isn't a number as text."""
    if value is None or isinstance(value, int | float):
        return value
    return _CONTROL.sub(_escape, value if isinstance(value, str) else repr(value))


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _plain_traceback(out: TextIO, exc_info: ExcInfo) -> None:
    """Write a traceback for a person: without locals, which hold payloads, and with its own line ends only."""
    text = StringIO()
    structlog.dev.plain_traceback(text, exc_info)
    out.write(_CONTROL_IN_TRACEBACK.sub(_escape, text.getvalue()))


async def report_stray_errors(_app: object) -> None:
    """Log what tasks and callbacks raise and nobody waits for. For the application's `on_startup`."""
    asyncio.get_running_loop().set_exception_handler(_report)


def _report(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    task = context.get("task") or context.get("future")
    name = task.get_name() if isinstance(task, asyncio.Task) else None
    log.error("stray_error", message=context.get("message"), task=name, exc_info=context.get("exception"))
