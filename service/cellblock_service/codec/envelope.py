"""The msgpack side of `POST /v1/execute`: a request cut into raw slices, an answer stitched from raw slices.

Payload values are skipped over, never decoded, so an 80 MB array costs a copy and no Python objects. Whatever a
client sends, the outcome is a `Cut` or a `RequestError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgpack

from cellblock_service.codec.wire import CONTAINERS, bin_header, head_type
from cellblock_service.errors import MalformedBody, WrongType

PAYLOADS = ("data", "inputs", "msg")
"""The fields that travel packed, in the guest protocol's names."""

Buffer = bytes | memoryview

MAX_FIELDS = 64
MAX_LIST = 1024


class TooLargeInline(Exception):
    """Cutting this body would hold up the event loop: do it in a worker process."""


@dataclass(slots=True)
class Cut:
    """A request body taken apart: decoded small fields, and payloads as packed values."""

    fields: dict[str, Any] = field(default_factory=dict)
    payloads: dict[str, Buffer] = field(default_factory=dict)


def cut(body: bytes, *, inline_bytes: int | None = None) -> Cut:
    """Cut a msgpack request body.

    With `inline_bytes` set, raise TooLargeInline rather than walk through a container that may be larger than that:
    skipping costs 2.4 ns an element, whereas a string, binary or extension is one step whatever its size.
    Raises MalformedBody and WrongType.
    """
    if not body:
        raise MalformedBody("the body is empty; expected a msgpack map")
    if head_type(body[0]) != "map":
        raise WrongType.of("body", "map", head_type(body[0]))
    unpacker = msgpack.Unpacker(max_buffer_size=len(body), max_array_len=MAX_LIST, max_map_len=MAX_FIELDS)
    unpacker.feed(body)
    result = Cut()
    try:
        count = unpacker.read_map_header()
        if count > MAX_FIELDS:
            raise MalformedBody(f"the body is a map of {count} fields; at most {MAX_FIELDS} are read")
        for _ in range(count):
            _cut_field(unpacker, body, result, inline_bytes)
    except msgpack.OutOfData:
        raise MalformedBody(f"the msgpack body ends in the middle of a value, after {len(body)} bytes") from None
    except UnicodeDecodeError as error:
        raise MalformedBody(f"a string before byte {unpacker.tell()} isn't valid UTF-8: {error.reason}") from None
    except msgpack.StackError:
        raise MalformedBody(f"the value at byte {unpacker.tell()} is nested too deeply") from None
    except (msgpack.UnpackException, ValueError, RecursionError) as error:
        raise MalformedBody(f"not msgpack at byte {unpacker.tell()}: {error or type(error).__name__}") from None
    if unpacker.tell() != len(body):
        raise MalformedBody(f"{len(body) - unpacker.tell()} bytes follow the end of the map at byte {unpacker.tell()}")
    return result


def _cut_field(unpacker: msgpack.Unpacker, body: bytes, result: Cut, inline_bytes: int | None) -> None:
    key_type = _type_at(body, unpacker.tell())
    if key_type != "string":
        raise WrongType.of("body", "map with string keys", f"a key of type {key_type}")
    key = unpacker.unpack()
    if key in result.fields or key in result.payloads:
        raise MalformedBody(f"the field {key!r} is given twice")
    start = unpacker.tell()
    kind = _type_at(body, start)
    if key in PAYLOADS:
        if inline_bytes is not None and kind in CONTAINERS and len(body) - start > inline_bytes:
            raise TooLargeInline
        unpacker.skip()
        result.payloads[key] = memoryview(body)[start : unpacker.tell()]
    else:
        result.fields[key] = unpacker.unpack()


def _type_at(body: bytes, position: int) -> str:
    if position >= len(body):
        raise msgpack.OutOfData
    return head_type(body[position])


def guest_request(
    code: str,
    name: str,
    timeout_s: float,
    payloads: Mapping[str, Buffer],
    unavailable: Mapping[str, str] | None = None,
    **more: Any,
) -> list[Buffer]:
    """Give the pieces of the guest protocol's request, with each payload as a binary holding its packed value.

    `unavailable` tells why modules can't be had, by top-level name: what their import says. `more` are further members
    (docs/values.md: `env`, `cpu_s`, `result_bytes`, `keep`); those that are empty are left out.
    """
    packer = msgpack.Packer()
    members = {"code": code, "name": name, "timeout_s": timeout_s}
    members |= {key: value for key, value in {"unavailable": unavailable, **more}.items() if value}
    parts: list[Buffer] = [packer.pack_map_header(len(members) + len(payloads))]
    for key, value in members.items():
        parts += [packer.pack(key), packer.pack(value)]
    for key, packed in payloads.items():
        parts += [packer.pack(key), bin_header(len(packed)), packed]
    return parts


def stitch(members: Mapping[str, Any], result: Buffer) -> list[Buffer]:
    """Give the pieces of a msgpack answer: `members`, and `result`, a packed value, as the member of that name."""
    packer = msgpack.Packer()
    parts: list[Buffer] = [packer.pack_map_header(len(members) + 1)]
    for key, value in members.items():
        parts += [packer.pack(key), packer.pack(value)]
    parts += [packer.pack("result"), result]
    return parts
