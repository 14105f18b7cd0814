"""A memory as a WebAssembly module: nothing but one exported memory and the bytes it starts with.

wasmtime maps such a module's initial contents copy-on-write, so that restoring an image of tens of megabytes costs
page faults for what is touched and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cellblock_sandbox.errors import LinkError
from cellblock_sandbox.linking.encoding import i32_const, name, section, uleb, vector
from cellblock_sandbox.linking.wasm import DATA, EXPORT, KIND_MEMORY, MAGIC, MEMORY

PAGE = 65536
# wasm32 can address no more than this many pages.
MAX_PAGES = 65536
# wasmtime builds a mapped image from segments as they are; fewer, page-aligned ones compile faster.
_BLOCK = 4096


@dataclass(frozen=True)
class MemorySegment:
    """Bytes at an address."""

    address: int
    content: bytes


def memory_module(segments: Iterable[MemorySegment], *, minimum: int, maximum: int) -> bytes:
    """A module that exports `memory` (limits in 64 KiB pages) filled with `segments`.

    Later segments win where they overlap, as active data segments do. LinkError for one that doesn't fit.
    """
    contents = bytearray(minimum * PAGE)
    for each in segments:
        if each.address + len(each.content) > len(contents):
            raise LinkError(f"{len(each.content)} bytes of data at {each.address:#x} lie outside memory")
        contents[each.address : each.address + len(each.content)] = each.content
    return captured_module(memoryview(contents), maximum=maximum)


def captured_module(contents: memoryview, *, maximum: int) -> bytes:
    """A module that exports a memory holding `contents` (a whole number of 64 KiB pages), without its zero blocks."""
    runs = [
        uleb(0) + i32_const(start) + uleb(end - start) + contents[start:end].tobytes()
        for start, end in _nonzero_runs(contents)
    ]
    limits = b"\x01" + uleb(len(contents) // PAGE) + uleb(maximum)
    return b"".join(
        [
            MAGIC,
            section(MEMORY, vector([limits])),
            section(EXPORT, vector([name("memory") + bytes([KIND_MEMORY]) + uleb(0)])),
            section(DATA, vector(runs)),
        ]
    )


def _nonzero_runs(contents: memoryview) -> Iterable[tuple[int, int]]:
    """The ranges of consecutive 4 KiB blocks that hold something."""
    zero, start = bytes(_BLOCK), None
    for block in range(0, len(contents), _BLOCK):
        empty = contents[block : block + _BLOCK] == zero
        if not empty and start is None:
            start = block
        if empty and start is not None:
            yield start, block
            start = None
    if start is not None:
        yield start, len(contents)
