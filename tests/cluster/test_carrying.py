"""Bytes over a Dask connection: all of them, in order, and no more in memory than is on its way."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
from collections.abc import AsyncIterator

import pytest
from cellblock_service.cluster.carrying import carry_in, carry_out
from distributed.comm import Comm, connect, listen

MUCH = 64 << 20
MOST_HELD = 4 << 20


@pytest.fixture
async def ends() -> AsyncIterator[tuple[Comm, Comm]]:
    """The two ends of a connection."""
    accepted: asyncio.Queue[Comm] = asyncio.Queue()
    async with listen("tcp://127.0.0.1:0", accepted.put) as listener:
        near = await connect(listener.contact_address)
        far = await accepted.get()
        yield near, far
        near.abort()
        far.abort()


async def no_more() -> dict[str, bool]:
    return {"close": True}


def begin_to_send(comm: Comm, data: bytes) -> tuple[asyncio.Task[None], asyncio.Task[None]]:
    """Have bytes carried out that come from a socket, which then ends."""
    source, end = socket.socketpair()
    source.setblocking(False)

    async def feed() -> None:
        with source:
            await asyncio.get_running_loop().sock_sendall(source, data)

    async def carry() -> None:
        with end:
            await carry_out(comm, end, no_more)

    return asyncio.create_task(feed()), asyncio.create_task(carry())


async def test_a_slow_reader_holds_the_writer_back(ends: tuple[Comm, Comm]) -> None:
    near, far = ends
    data = os.urandom(1 << 20) * (MUCH >> 20)
    tasks = begin_to_send(near, data)
    came, held = hashlib.sha256(), 0
    while not isinstance(message := await far.read(), dict):
        came.update(message)
        await asyncio.sleep(0.01)
        held = max(held, len(near.stream._write_buffer))
    await asyncio.gather(*tasks)
    assert came.digest() == hashlib.sha256(data).digest()
    assert held < MOST_HELD


async def test_a_socket_that_nobody_reads_holds_all_back(ends: tuple[Comm, Comm]) -> None:
    """From a socket at one end to a socket at the other."""
    near, far = ends
    data = bytes(MUCH)
    feeding, carrying = begin_to_send(near, data)
    end, sink = socket.socketpair()
    with end, sink:
        sink.setblocking(False)
        into = asyncio.create_task(carry_in(far, end, lambda _: None))
        for _ in range(50):
            await asyncio.sleep(0.01)
            assert len(near.stream._write_buffer) + far.stream._read_buffer_size < MOST_HELD
        assert not feeding.done()
        left = MUCH
        while left:
            left -= len(await asyncio.get_running_loop().sock_recv(sink, 1 << 20))
        await asyncio.gather(feeding, carrying, into)


async def test_whoever_takes_nothing_is_given_up(ends: tuple[Comm, Comm], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellblock_service.cluster.carrying._TAKE_S", 0.3)
    near, far = ends
    tasks = begin_to_send(near, bytes(MUCH))
    end, sink = socket.socketpair()
    with end, sink:
        await carry_in(far, end, lambda _: None)
    far.abort()
    await asyncio.wait(tasks)


async def test_a_connection_that_is_lost_ends_the_wait(ends: tuple[Comm, Comm]) -> None:
    near, far = ends
    feeding, carrying = begin_to_send(near, bytes(MUCH))
    while not near.stream._write_buffer:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    far.abort()
    await carrying
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        await feeding
