"""What is fuzzed: everything that reads bytes of clients, of blocks and of workers. Refusals are all it may raise."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

import msgpack
from cellblock_sandbox.guest import values
from cellblock_service.api import session
from cellblock_service.codec import envelope, fields, jsontext
from cellblock_service.codec.wire import is_one_value
from cellblock_service.errors import RequestError
from cellblock_service.workers.channel import _Incoming

SEEDS = [
    msgpack.packb({"code": "data", "data": [1, {"a": 2.5}], "timeout_s": 1, "block": "b", "keep_state": True}),
    msgpack.packb({"kind": "execute", "id": "a", "request": msgpack.packb({"code": "1"})}),
    msgpack.packb({"kind": "reply", "id": "a", "call": 1, "value": b"\xc0"}),
    b'{"code": "data", "inputs": {"a": [1, 2.5, null, "\\u00e9"]}, "env": {"A": "b"}}',
    values.pack({"a": [1, 2**70, 1.5, (1, 2), {3}, None, b"x"]}),
    bytes.fromhex("000000070000000181a46b696e64c0ff"),
]


def msgpack_body(data: bytes) -> None:
    """A request in msgpack."""
    with contextlib.suppress(RequestError):
        fields.check(envelope.cut(data))
    with contextlib.suppress(RequestError, envelope.TooLargeInline):
        envelope.cut(data, inline_bytes=100)


def json_body(data: bytes) -> None:
    """A request in JSON."""
    with contextlib.suppress(RequestError):
        fields.check(jsontext.cut(data))


def message(data: bytes) -> None:
    """A message in a session."""
    content = session._content(data)
    assert content is None or isinstance(content["kind"], str)


def result(data: bytes) -> None:
    """What a block answers: one value or not, and as JSON."""
    one = is_one_value(data)
    try:
        msgpack.unpackb(data, ext_hook=lambda code, payload: None, strict_map_key=False, unicode_errors="replace")
    except (msgpack.ExtraData, msgpack.FormatError):
        assert not one or b"\xff" in data
    except (ValueError, TypeError, msgpack.UnpackException):
        pass
    with contextlib.suppress(values.ValueNotPortable):
        if len(data) < 4096:  # more can be any amount of JSON, for which a worker bounds its memory
            jsontext.result_to_json(data)


def frames(data: bytes) -> None:
    """What a worker that was taken over sends."""
    ours, theirs = socket.socketpair()
    with ours, theirs, contextlib.suppress(EOFError, BlockingIOError):
        ours.setblocking(False)
        theirs.setblocking(False)
        theirs.send(data)
        theirs.close()
        incoming = _Incoming()
        while incoming.receive(ours):
            for frame in incoming.frames():
                assert isinstance(frame.kind, str)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "msgpack_body": msgpack_body,
    "json_body": json_body,
    "message": message,
    "result": result,
    "frames": frames,
}
