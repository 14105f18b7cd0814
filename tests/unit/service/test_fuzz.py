"""Whatever bytes arrive, from clients or from a worker that a block has taken over: an answer or a refusal, never more
memory than a few times what was sent.
"""

from __future__ import annotations

import gc
import json
import resource
import struct
import tracemalloc
from collections.abc import Callable
from typing import Any

import msgpack
import pytest
from cellblock_service.api.problems import document
from cellblock_service.codec import envelope, fields, forms, jsontext
from cellblock_service.errors import RequestError
from cellblock_service.workers.channel import _Incoming
from cellblock_service.workers.frames import Frame
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.slow

BOUNDED = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ALLOWANCE = 4 << 20
FORM: forms.Form = {"code": forms.code, "line": forms.ordinal}

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats()
    | st.text()
    | st.binary(max_size=50)
)
names = st.sampled_from([*fields._CHECKS, *envelope.PAYLOADS, "codes", ""]) | st.text(max_size=5)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
)
requests = st.dictionaries(names, values, max_size=6)


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """Bytes that were right, with some cut off, replaced or put in between."""
    data = bytearray(draw(whole))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        data[start : start + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    return bytes(data)


def within_memory(data: bytes, work: Callable[[], object]) -> None:
    """Let `work` take a few megabytes, and some times the size of the data; of mapped memory, what is touched."""
    gc.collect()
    resident = rss()
    tracemalloc.start()
    try:
        work()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < ALLOWANCE + 60 * len(data), f"{peak} bytes for {len(data)}"
    assert rss() - resident < 64 << 20


def rss() -> int:
    """The most that this process has had resident, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def refused_or(work: Callable[[], object]) -> None:
    try:
        work()
    except envelope.TooLargeInline:
        return
    except RequestError as error:
        told = json.dumps(document(error))
    else:
        return
    assert len(told) < 5000


# Headers that promise 2^32 - 1 of everything; a map with the same key twice, with a NaN and with a list as key.
HOSTILE = [
    bytes([head]) + b"\xff\xff\xff\xff" + rest
    for head in (0xC6, 0xC9, 0xDB, 0xDD, 0xDF)
    for rest in (b"", b"\x00" * 100)
] + [b"\x81\xa4data" + bytes([head]) + b"\xff\xff\xff\xff" + b"\xc0" * 100 for head in (0xC6, 0xC9, 0xDB, 0xDD, 0xDF)]
HOSTILE += [
    b"\x82\xa4code\xa1x\xa4code\xa1y",
    b"\x82\xa4code\xa1x\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00\xc0",
    b"\x81\x91\x01\x02",
    b"\x81\xa4data" + b"\x91" * 200_000,
    b"\x81\xa4data" + b"\x81\xc0" * 200_000,
    b"\x81\xa3env" + b"\x91" * 200_000,
    b"\x82\xa4code\xa1x\xa3env\xde\xff\xff" + b"".join(msgpack.packb(str(n)) + b"\xa0" for n in range(65535)),
    b"\xdf\x00\xff\xff\xff" + b"".join(msgpack.packb(f"k{n}") + b"\xc0" for n in range(10_000)),
]
HOSTILE_JSON = [
    b"[" * 200_000,
    b'{"data":' * 100_000,
    b'{"code": "x", "data": NaN}',
    b'{"code": "x", "data": {"a": 1, "a": 2}}',
    b'{"code": "x", "data": -Infinity}',
    b'{"code": "x", "data": ' + b"9" * 100_000 + b"}",
    b'{"code": "x", "data": 1e999999}',
    b'{"code": "\\ud800", "data": "\\udfff"}',
    b'\xff\xfe{"code"',
    b"{" + b",".join(b'"k%d":0' % n for n in range(50_000)) + b"}",
]


@BOUNDED
@given(data=st.binary(max_size=200) | damaged(requests.map(msgpack.packb)))
def test_any_msgpack_body_is_cut_or_refused(data: bytes) -> None:
    refused_or(lambda: fields.check(envelope.cut(data)))
    refused_or(lambda: fields.check(envelope.cut(data, inline_bytes=16)))


@BOUNDED
@given(data=st.binary(max_size=200) | damaged(requests.map(lambda each: json.dumps(each, default=repr).encode())))
def test_any_json_body_is_cut_or_refused(data: bytes) -> None:
    refused_or(lambda: fields.check(jsontext.cut(data)))


@BOUNDED
@given(data=damaged(requests.map(msgpack.packb)), kind=st.sampled_from(["json", "msgpack"]))
def test_any_small_body_is_read_or_refused(data: bytes, kind: Any) -> None:
    refused_or(lambda: forms.fill(data, kind, FORM))


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_msgpack_takes_no_memory(data: bytes) -> None:
    within_memory(data, lambda: refused_or(lambda: fields.check(envelope.cut(data))))
    within_memory(data, lambda: refused_or(lambda: forms.fill(data, "msgpack", FORM)))


@pytest.mark.parametrize("data", HOSTILE_JSON, ids=range(len(HOSTILE_JSON)))
def test_hostile_json_takes_no_memory(data: bytes) -> None:
    within_memory(data, lambda: refused_or(lambda: fields.check(jsontext.cut(data))))
    within_memory(data, lambda: refused_or(lambda: forms.fill(data, "json", FORM)))


class Pieces:
    """A socket that gives what it has in pieces of the sizes it is told, then nothing for now."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self.data, self.sizes = data, sizes

    def _next(self, most: int) -> bytes:
        if not self.data:
            raise BlockingIOError
        size = min(most, self.sizes.pop() if self.sizes else most)
        piece, self.data = self.data[:size], self.data[size:]
        return piece

    def recv(self, most: int) -> bytes:
        return self._next(most)

    def recv_into(self, target: memoryview) -> int:
        piece = self._next(len(target))
        target[: len(piece)] = piece
        return len(piece)


def received(data: bytes, sizes: list[int]) -> list[Frame] | None:
    """The frames that come out of these bytes; None for what ends the channel."""
    incoming, source, found = _Incoming(), Pieces(data, sizes), list[Frame]()
    try:
        while incoming.receive(source):
            found += incoming.frames()
    except EOFError:
        return None
    return found


frames = st.builds(
    lambda meta, blob: b"".join(Frame(meta | {"kind": "answer"}, (blob,)).encode()),
    st.dictionaries(st.text(max_size=5), values, max_size=3),
    st.binary(max_size=100) | st.integers(0, 1 << 19).map(bytes),
)
sizes = st.lists(st.integers(1, 1 << 18), max_size=20)


@BOUNDED
@given(data=st.lists(frames, max_size=3).map(b"".join), sizes=sizes)
def test_frames_come_out_as_they_went_in(data: bytes, sizes: list[int]) -> None:
    found = received(data, sizes)
    assert found is not None
    assert b"".join(chunk for frame in found for chunk in frame.encode()) == data


@BOUNDED
@given(data=st.binary(max_size=100) | damaged(st.lists(frames, max_size=2).map(b"".join)), sizes=sizes)
@example(data=struct.pack(">II", 3, 0) + b"\x81\xc0\xc0", sizes=[])
@example(data=struct.pack(">II", 1, 0) + b"\xc1", sizes=[1, 1, 1])
def test_any_bytes_of_a_worker_are_frames_or_its_end(data: bytes, sizes: list[int]) -> None:
    for frame in received(data, sizes) or []:
        assert isinstance(frame.meta["kind"], str)


META = msgpack.packb({"kind": "answer"})


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">II", 0xFFFFFFFF, 0xFFFFFFFF),
        struct.pack(">II", 0xFFFFFFFF, 0) + b"\xdf\xff\xff\xff\xff",
        struct.pack(">II", len(META), 0xFFFFFFFF) + META,
        struct.pack(">II", 5, 0) + b"\xdf\xff\xff\xff\xff",
        struct.pack(">II", 100_000, 0) + b"\x91" * 100_000,
    ],
    ids=["both", "map", "blob", "promise", "deep"],
)
def test_a_worker_that_promises_much_gets_no_memory(data: bytes) -> None:
    within_memory(data, lambda: received(data, []))
