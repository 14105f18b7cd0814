"""Bytes of the protocol: requests packed with the caller's values in them, messages read up to their values.

A request is joined once, however large its values are. What comes back is cut: the result stays packed until somebody
wants it, so that a value that can't be rebuilt here fails its own execution and no other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

import msgpack
from cellblock_sandbox.guest import values

from cellblock_service.client.errors import AnswerUnreadable
from cellblock_service.codec.wire import bin_header, end_of_any, head_type, map_header

MAX_BYTES = (1 << 32) - 1
_SEQUENCES = ("inputs", "also", "packages", "dependencies")


class Request(TypedDict, total=False):
    """What may be asked for beside the code, all by keyword; docs/protocol.md has each. None counts as not given.

    Only `data=None` gives the block None. `data`, `inputs` and `msg` may hold whatever docs/values.md lists: NumPy
    arrays, DataFrames, Series, datetimes, Decimals.
    """

    data: Any
    inputs: Sequence[Any] | Mapping[str, Any] | None
    msg: Mapping[str, Any] | None
    dependencies: Sequence[str] | None
    env: Mapping[str, str] | None
    node: Mapping[str, str | int] | None
    name: str | None
    id: str | None
    block: str | None
    order: Literal["in-order", "parallel"] | None
    concurrent: int | None
    keep_state: bool | None
    reset_state: bool | None
    also: Sequence[str] | None
    packages: Sequence[str] | None
    timeout_s: float | None
    cpu_s: float | None
    memory_mb: int | None
    output_bytes: int | None
    result_bytes: int | None
    file_bytes: int | None
    files: int | None


def execute(ident: str, code: str, request: Mapping[str, Any]) -> bytes:
    """Pack the message that starts an execution.

    Raises ValueNotPortable, whose path begins with the field (`data['a'][3]`), and ValueError above 4 GiB.
    """
    fields = {"code": code, **request}
    packer = msgpack.Packer()
    body: values.Parts = [packer.pack_map_header(len(fields))]
    for name, value in fields.items():
        plain = list(value) if name in _SEQUENCES and isinstance(value, tuple) else value
        body += [packer.pack(name), *values.pack_parts(plain, name)]
    size = sum(len(part) for part in body)
    if size > MAX_BYTES:
        raise ValueError(f"the request is {size} bytes long; at most {MAX_BYTES} travel")
    # The last member's value is the body, whose header is all that is missing.
    head = packer.pack_map_header(3)
    for text in ("kind", "execute", "id", ident, "request"):
        head += packer.pack(text)
    return b"".join([head, bin_header(size), *body])


def message(kind: str, **members: Any) -> bytes:
    """Pack any other message."""
    packed: bytes = msgpack.packb({"kind": kind, **members})
    return packed


def read(data: bytes | memoryview) -> dict[str, Any]:
    """Read a message or an answer; its `result` is a view of the packed value. Raises AnswerUnreadable."""
    content: dict[str, Any] = {}
    view = memoryview(data)
    try:
        if head_type(data[0]) != "map":
            raise ValueError(f"a value of type {head_type(data[0])}")
        count, at = map_header(data)
        for _ in range(count):
            middle = end_of_any(data, at)
            end = end_of_any(data, middle)
            name, value = msgpack.unpackb(view[at:middle]), view[middle:end]
            content[name] = value if name == "result" else msgpack.unpackb(value)
            at = end
    except (ValueError, TypeError, IndexError, RecursionError, msgpack.UnpackException) as error:
        raise AnswerUnreadable(f"the service sent what is no message: {error or type(error).__name__}") from None
    return content
