"""A runner in this process: the guest's own code, under the host's Python."""

import asyncio
import builtins
import linecache
import signal
import sys
from asyncio import unix_events

import msgpack
import pytest
from cellblock_sandbox.guest.inside import entry, loop, returns
from cellblock_sandbox.guest.values import pack, pure_encoder, unpack, wire


class Runner:
    """Runs blocks as the guest's `run` does. `response` is the last whole response."""

    def __call__(self, code, *, name="block", **given):
        request = {"code": code, "name": name}
        request |= {key: pack(value) if key in ("data", "inputs", "msg") else value for key, value in given.items()}
        self.response = msgpack.unpackb(entry.run(msgpack.packb(request)))
        return unpack(self.response["result"]) if "result" in self.response else None

    def error(self, code, **given):
        """Run a block that must fail; give its error."""
        self(code, **given)
        assert self.response["status"] in ("error", "timeout"), self.response
        return self.response["error"]


@pytest.fixture
def run(capfd):
    """A Runner, with what the guest's boot would install. Leaves this process as it was."""
    saved = sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__, asyncio.get_event_loop_policy()
    loops = [
        (module, name, getattr(module, name)) for module in (asyncio, unix_events) for name in ("SelectorEventLoop",)
    ]
    handler = signal.getsignal(signal.SIGINT)
    modules, lines = set(sys.modules), set(linecache.cache)
    loop.install()
    returns.install()
    yield Runner()
    sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__ = saved[:4]
    asyncio.set_event_loop_policy(saved[4])
    for module, name, value in loops:
        setattr(module, name, value)
    signal.signal(signal.SIGINT, handler)
    delattr(builtins, returns.IMPORT_STAR)
    assert not {name for name in set(sys.modules) - modules if name.startswith("block")}
    assert not {name for name in set(linecache.cache) - lines if name.startswith("block")}


@pytest.fixture(params=["host", "guest"])
def codec(request, monkeypatch):
    """Run a test on the msgpack of each side of the wall."""
    if request.param == "guest":
        monkeypatch.setattr(wire, "encode", pure_encoder.encode)
        monkeypatch.setattr(wire, "decode", wire.decode_purely)
        monkeypatch.setattr(wire, "ExtType", pure_encoder.ExtType)
