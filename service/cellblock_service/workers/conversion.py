"""What a worker turns into something else, where it holds up nobody's event loop: request bodies, results into JSON.

Results come from hostile blocks: they are checked, and the memory that reading one may take is bounded.
"""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cellblock_sandbox.guest import values

from cellblock_service.codec import envelope, jsontext
from cellblock_service.codec.fields import check
from cellblock_service.errors import RequestError
from cellblock_service.workers.frames import Buffer, Meta, failed

Answer = tuple[Meta, Sequence[Buffer]]
"""The map of a frame, and the pieces of its blob."""

CONVERSION_BYTES = 2 << 30
"""Memory that turning a result into JSON may take: a result of 64 MiB, all numbers, takes 1.3 GiB."""


def take_apart(body: bytes, *, json: bool) -> Answer:
    """Take a large request body apart, or tell why it is refused.

    The answer has the fields in its map; its blob holds the payloads, whose names and sizes are in `payloads`.
    """
    try:
        request = check((jsontext.cut if json else envelope.cut)(body))
    except RequestError as error:
        refusal = {"error_key": error.error_key, "detail": error.detail, "members": error.members}
        return {"kind": "refused"} | refusal, ()
    fields = {name: getattr(request, name) for name in request.__slots__ if name != "payloads"}
    sizes = [(name, len(payload)) for name, payload in request.payloads.items()]
    return {"kind": "answer", "request": fields, "payloads": sizes}, list(request.payloads.values())


def express(packed: bytes) -> Answer:
    """Turn a packed result into JSON text, or tell why that can't be."""
    try:
        with bounded_memory(CONVERSION_BYTES):
            return {"kind": "answer"}, [jsontext.result_to_json(packed)]
    except values.ValueNotPortable as error:
        return failed(type(error).__name__, str(error)), ()


def pictures(packed: bytes) -> list[dict[str, Any]]:
    """Read a packed list of pictures: `mime` and `data` of each. None at all if the block made it up."""
    try:
        with bounded_memory(CONVERSION_BYTES):
            found = values.unpack(packed)
        return [{"mime": str(each.mime), "data": bytes(each.data)} for each in found]
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, MemoryError):
        return []


@contextlib.contextmanager
def bounded_memory(size: int) -> Iterator[None]:
    """Let this process have at most `size` bytes more than it has; beyond that is MemoryError.

    A few bytes can stand for any amount of JSON, such as an array of shape (10**9, 0).
    """
    taken = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    room = taken + size if soft == resource.RLIM_INFINITY else min(soft, taken + size)
    resource.setrlimit(resource.RLIMIT_DATA, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
