"""The msgpack side of `POST /v1/execute`: a request cut into raw slices, an answer stitched from raw slices.

Payload values are skipped over, never decoded, so an 80 MB array costs a copy and no Python objects. Whatever a
client sends, the outcome is a `Cut` or a `RequestError`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgpack
from cellblock_sandbox.guest.values.arrays import TAKEN_BYTES
from cellblock_sandbox.guest.values.format import NDARRAY

from cellblock_service.codec.wire import CONTAINERS, Buffer, bin_header, end_of_any, end_of_value, head_type, map_header
from cellblock_service.errors import MalformedBody, WrongType

PAYLOADS = ("data", "inputs", "msg")
"""The fields that travel packed, in the guest protocol's names."""

MAX_FIELDS = 64
_EXT32, _ARRAY = 0xC9, bytes([NDARRAY, 0x94])
MAX_LIST = 1024
_ALIGNMENT = 8
_BIN32_HEAD = 5
_FEW = 32
"""Values that a property of a message may consist of, if it is to be looked past."""
_SMALL_STEPS = 4 * MAX_LIST


class TooLargeInline(Exception):
    """Cutting this body would hold up the event loop: do it in a worker process."""


@dataclass(slots=True)
class Cut:
    """A request body taken apart: decoded small fields, and payloads as packed values."""

    fields: dict[str, Any] = field(default_factory=dict)
    payloads: dict[str, Buffer] = field(default_factory=dict)


def cut(body: Buffer, *, inline_bytes: int | None = None) -> Cut:
    """Cut a msgpack request body.

    With `inline_bytes` set, raise TooLargeInline rather than walk through a container of many values that may be larger
    than that: skipping costs 2.4 ns an element, whereas a string, binary or extension is one step whatever its size.
    Raises MalformedBody and WrongType.
    """
    if not body:
        raise MalformedBody("the body is empty; expected a msgpack map")
    if head_type(body[0]) != "map":
        raise WrongType.of("body", "map", head_type(body[0]))
    if len(body) <= (_SMALL_STEPS if inline_bytes is None else min(_SMALL_STEPS, inline_bytes)):
        with contextlib.suppress(ValueError, RecursionError, msgpack.UnpackException):
            return _cut_small(memoryview(body))
    cutter = _Cutter(body, inline_bytes)
    try:
        cutter.run()
    except msgpack.OutOfData:
        raise MalformedBody(f"the msgpack body ends in the middle of a value, after {len(body)} bytes") from None
    except UnicodeDecodeError as error:
        raise MalformedBody(f"a string before byte {cutter.position} isn't valid UTF-8: {error.reason}") from None
    except msgpack.StackError:
        raise MalformedBody(f"the value at byte {cutter.position} is nested too deeply") from None
    except (msgpack.UnpackException, ValueError, RecursionError) as error:
        raise MalformedBody(f"not msgpack at byte {cutter.position}: {error or type(error).__name__}") from None
    if cutter.position != len(body):
        raise MalformedBody(f"{len(body) - cutter.position} bytes follow the end of the map at byte {cutter.position}")
    return cutter.result


def _cut_small(body: memoryview) -> Cut:
    """Cut a body too small to hold more values than are read, which takes 4 us instead of 16.

    ValueError or UnpackException for one in which anything is wrong: _Cutter tells what.
    """
    unpacker = msgpack.Unpacker(max_buffer_size=len(body), max_array_len=MAX_LIST, max_map_len=MAX_FIELDS)
    unpacker.feed(body)
    found, count = Cut(), unpacker.read_map_header()
    for _ in range(count):
        key = unpacker.unpack()
        if not isinstance(key, str):
            raise ValueError("a key that is no text")
        if key in PAYLOADS:
            start = unpacker.tell()
            unpacker.skip()
            found.payloads[key] = body[start : unpacker.tell()]
        else:
            found.fields[key] = unpacker.unpack()
    if count > MAX_FIELDS or len(found.fields) + len(found.payloads) != count or unpacker.tell() != len(body):
        raise ValueError("too many fields, one of them twice, or something behind them")
    return found


class _Cutter:
    """Takes a body apart from its beginning to `position`, which a refusal names."""

    def __init__(self, body: Buffer, inline_bytes: int | None) -> None:
        self.body = memoryview(body)
        self.inline_bytes = inline_bytes
        self.position = 0
        self.result = Cut()

    def run(self) -> None:
        """Cut every field."""
        count, self.position = map_header(self.body)
        if count > MAX_FIELDS:
            raise MalformedBody(f"the body is a map of {count} fields; at most {MAX_FIELDS} are read")
        for _ in range(count):
            self._field()

    def _field(self) -> None:
        key_type = self._type()
        if key_type != "string":
            raise WrongType.of("body", "map with string keys", f"a key of type {key_type}")
        key = self._small()
        if key in self.result.fields or key in self.result.payloads:
            raise MalformedBody(f"the field {key!r} is given twice")
        if key in PAYLOADS:
            self.result.payloads[key] = self._payload()
        else:
            self.result.fields[key] = self._small()

    def _type(self) -> str:
        if self.position >= len(self.body):
            raise msgpack.OutOfData
        return head_type(self.body[self.position])

    def _small(self) -> Any:
        """Read a value, and go behind it."""
        end = end_of_value(self.body, self.position, steps=_SMALL_STEPS)
        if end is None:
            raise MalformedBody(f"the value at byte {self.position} holds more than is read")
        value = msgpack.unpackb(self.body[self.position : end], max_array_len=MAX_LIST, max_map_len=MAX_FIELDS)
        self.position = end
        return value

    def _payload(self) -> Buffer:
        """Go behind a value, and give it as it is."""
        start, kind = self.position, self._type()
        if self.inline_bytes is None or kind not in CONTAINERS or len(self.body) - start <= self.inline_bytes:
            self.position = end_of_any(self.body, start)
        elif (end := end_of_value(self.body, start)) is not None:  # a message with a large array, most of the time
            self.position = end
        else:
            raise TooLargeInline
        return self.body[start : self.position]


def guest_request(
    code: str,
    name: str,
    timeout_s: float,
    payloads: Mapping[str, Buffer | Sequence[Buffer]],
    unavailable: Mapping[str, str] | None = None,
    **more: Any,
) -> list[Buffer]:
    """Give the pieces of the guest protocol's request, with each payload as a binary holding its packed value.

    A payload may be in pieces itself, none of which is copied.

    `unavailable` tells why modules can't be had, by top-level name: what their import says. `more` are further members
    (docs/values.md: `env`, `node`, `cpu_s`, `result_bytes`, `keep`); those that are empty are left out. Before a large
    array stand as many spaces as bring its elements to where the guest needn't move them: of 80 MB that takes 10 ms.
    """
    packer = msgpack.Packer()
    members = {"code": code, "name": name, "timeout_s": timeout_s}
    members |= {key: value for key, value in {"unavailable": unavailable, **more}.items() if value}
    pieces = {key: _in_pieces(each) for key, each in payloads.items()}
    sizes = {key: sum(map(len, each)) for key, each in pieces.items()}
    large = {key for key, size in sizes.items() if size >= TAKEN_BYTES}
    parts: list[Buffer] = [packer.pack_map_header(len(members) + len(payloads) + len(large))]
    for key, value in members.items():
        parts += [packer.pack(key), packer.pack(value)]
    for key, packed in pieces.items():
        head = packer.pack(key) + bin_header(sizes[key])
        if key in large:
            parts.append(packer.pack(f"before_{key}"))
            before = sum(len(part) for part in parts) + len(b"\xa0") + len(head) + _elements_at(packed[0])
            parts.append(packer.pack(" " * (-before % _ALIGNMENT)))
        parts += [head, *packed]
    return parts


def _in_pieces(packed: Buffer | Sequence[Buffer]) -> Sequence[Buffer]:
    return [packed] if isinstance(packed, bytes | bytearray | memoryview) else packed


def _elements_at(packed: Buffer) -> int:
    """Where the elements of a packed array begin (docs/values.md), or of one that is a message's first large property.

    0 for any other value, and for one that takes long to look at.
    """
    with contextlib.suppress(ValueError, msgpack.OutOfData):  # a client's mistake, which the guest will tell
        start = _large_member(packed) if head_type(packed[0]) == "map" else 0
        if start is not None and packed[start] == _EXT32 and packed[start + 5 : start + 7] == _ARRAY:
            position = start + 7
            for _ in range(3):
                position = end_of_value(packed, position) or 0
            return position + _BIN32_HEAD
    return 0


def _large_member(packed: Buffer) -> int | None:
    """Where the first large value of a map begins; None if there is none, or too much before it."""
    count, position = map_header(packed)
    for _ in range(min(count, MAX_FIELDS)):
        start = end_of_value(packed, position, steps=1)
        end = None if start is None else end_of_value(packed, start, steps=_FEW)
        if start is None or end is None:
            return None
        if end - start >= TAKEN_BYTES:
            return start
        position = end
    return None


def stitch(members: Mapping[str, Any], result: Buffer) -> list[Buffer]:
    """Give the pieces of a msgpack answer: `members`, and `result`, a packed value, as the member of that name."""
    packer = msgpack.Packer()
    parts: list[Buffer] = [packer.pack_map_header(len(members) + 1)]
    for key, value in members.items():
        parts += [packer.pack(key), packer.pack(value)]
    parts += [packer.pack("result"), result]
    return parts
