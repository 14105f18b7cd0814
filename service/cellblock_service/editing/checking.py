"""Problems of a block's text, told by a sandbox: Python 3.14 is the guest's, and this process may run an older one.

The sandbox reads the text and runs none of it (the guest's checking.py). It is an ordinary fresh one, since a parser
that a hostile text might break is better broken there.
"""

from __future__ import annotations

from typing import Any

import msgpack

from cellblock_service.codec import envelope
from cellblock_service.errors import ServiceError
from cellblock_service.workers.frames import Frame
from cellblock_service.workers.pool import Pool

CHECK_S = 5.0
MEMORY_MB = 1024
MAX_ANSWER = 4 << 20
"""Bytes of an answer: 200 problems take 100 kB, a megabyte of code can hold hundreds of thousands of imports."""

_CODE = "from cellblock_guest.inside.checking import check\nreturn check(data)"
_NUMBERS = ("line", "column", "end_line", "end_column")
_SEVERITIES = ("error", "warning")

Problem = dict[str, Any]


async def check(pool: Pool, image: str, code: str) -> dict[str, Any]:
    """Give {"problems": [...], "imports": [...]} (docs/protocol.md). Raises NotReady, QueueFull, ServiceError.

    Code that takes too long, or breaks the sandbox that reads it, has that as its one problem.
    """
    answer = await _ask(pool, image, code)
    if answer.meta["status"] == "completed":
        return _checked(answer)
    if answer.meta["error"]["type"] in ("ImageMissing", "ImageMismatch", "WorkerCrashed"):
        raise ServiceError(f"the code couldn't be checked: {answer.meta['error']['message']}")
    return {"problems": [_unreadable(answer.meta["status"])], "imports": []}


async def _ask(pool: Pool, image: str, code: str) -> Frame:
    limits = {"timeout_s": CHECK_S, "memory_mb": MEMORY_MB}
    meta = {"kind": "run", "execution": "check", "image": image, "limits": limits, "as_json": False}
    meta |= {"state": None, "reset": False, "live": False, "context": False}
    request = envelope.guest_request(_CODE, "check", CHECK_S, {"data": msgpack.packb(code)})
    return await pool.ask(Frame(meta, request), within_s=CHECK_S + 2)


def _checked(answer: Frame) -> dict[str, Any]:
    """Read what a sandbox answered. It has read what may be hostile: it could say anything."""
    try:
        if len(answer.blob) > MAX_ANSWER:
            raise ValueError("too large")
        found = msgpack.unpackb(answer.blob)
        return {
            "problems": [_problem(each) for each in found["problems"]],
            "imports": [_text(each) for each in found["imports"]],
        }
    except (ValueError, LookupError, TypeError, msgpack.UnpackException) as error:
        raise ServiceError(f"the sandbox's answer makes no sense: {error}") from None


def _problem(told: Any) -> Problem:
    numbers = {name: told[name] for name in _NUMBERS}
    if told["severity"] not in _SEVERITIES or not all(type(number) is int for number in numbers.values()):
        raise ValueError("not a problem")
    return {**numbers, "severity": told["severity"], "message": _text(told["message"])}


def _text(told: Any) -> str:
    if not isinstance(told, str):
        raise TypeError("not text")
    return told


def _unreadable(status: str) -> Problem:
    why = f"takes longer than {CHECK_S:g} s to check" if status == "timeout" else "is more than can be checked"
    return dict.fromkeys(_NUMBERS, 1) | {"severity": "warning", "message": f"the code {why}"}
