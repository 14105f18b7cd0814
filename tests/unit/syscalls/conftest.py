import math
import struct

import pytest
from cellblock_sandbox.filesystem import FileSystem, LayerStack, Quota
from cellblock_sandbox.machine.memory import GuestMemory
from cellblock_sandbox.syscalls import registry
from cellblock_sandbox.syscalls.host import Host

NOON = 1_700_000_000_123_456_789


class FakeClock:
    def __init__(self):
        self.real = NOON
        self.mono = 5_000_000
        self.stops_at = math.inf

    def realtime_ns(self):
        return self.real

    def monotonic_ns(self):
        return self.mono

    def cpu_ns(self):
        return 7_000

    def sleep(self, seconds, until=None):
        """As asked, or until the guest is asked to stop, which here happens at `stops_at`."""
        end = self.mono + (seconds * 1e9 if seconds < 1e9 else 1e18)
        if until is not None and self.stops_at <= end:
            until.set()
            end = max(self.mono, self.stops_at)
        self.mono = int(end)


class Guest:
    """A bytearray for memory, a bump allocator, and every bound syscall as an attribute-like lookup."""

    def __init__(self):
        self.raw = bytearray(1 << 20)
        self.memory = GuestMemory(lambda: self.raw)
        self.output = []
        self.called = []
        self.limit = 4 << 20
        layers = LayerStack.standard()
        layers.add_file(b"hello world", "/etc/greeting")
        files = FileSystem(layers, Quota(1 << 20, 100), lambda *got: self.output.append(got), lambda: NOON)
        self.host = Host(
            memory=self.memory,
            files=files,
            clock=FakeClock(),
            environ={"HOME": "/home/pyodide", "NAME": "é"},
            grow_memory=self.grow,
            guest_call=self.guest_call,
            call_slot=self.call_slot,
        )
        self.calls = {call.name: registry.bind(call, lambda: self.host) for call in registry.all_calls()}
        self.next = 4096

    def __call__(self, name, *args):
        return self.calls[name](*args)

    def grow(self, size):
        if size > self.limit:
            return False
        self.raw = self.raw + bytes(size - len(self.raw))
        self.memory.refresh()
        return True

    def guest_call(self, name, *args):
        self.called.append((name, *args))
        return self.alloc(args[1], args[0]) if name == "emscripten_builtin_memalign" else 0

    def call_slot(self, slot, *args):
        self.called.append((slot, *args))

    def alloc(self, size, align=16):
        start = (self.next + align - 1) // align * align
        self.next = start + size
        return start

    def text(self, value):
        raw = value.encode() + b"\0"
        pointer = self.alloc(len(raw))
        self.memory.write(pointer, raw)
        return pointer

    def ints(self, *values):
        pointer = self.alloc(4 * len(values))
        self.memory.write(pointer, struct.pack(f"<{len(values)}i", *values))
        return pointer

    def iovecs(self, *sizes):
        """Return a pointer to iovecs of fresh buffers, and the buffers' addresses."""
        buffers = [self.alloc(size) for size in sizes]
        pairs = [value for pair in zip(buffers, sizes, strict=True) for value in pair]
        return self.ints(*pairs), buffers

    def open(self, path, flags=0, mode=0o666):
        return self("__syscall_openat", -100, self.text(path), flags, self.ints(mode))


@pytest.fixture
def guest():
    return Guest()


@pytest.fixture
def another_guest():
    return Guest()
