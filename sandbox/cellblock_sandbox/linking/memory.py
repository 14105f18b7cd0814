"""The first memory of a link: the data segments of all its modules, each at its address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cellblock_sandbox.errors import LinkError
from cellblock_sandbox.machine.linear import PAGE


@dataclass(frozen=True)
class MemorySegment:
    """Bytes at an address."""

    address: int
    content: bytes


def first_memory(segments: Iterable[MemorySegment], pages: int) -> bytes:
    """The contents of a memory of so many pages of 64 KiB with `segments` in it.

    Later segments win where they overlap, as active data segments do. LinkError for one that doesn't fit.
    """
    contents = bytearray(pages * PAGE)
    for each in segments:
        if each.address + len(each.content) > len(contents):
            raise LinkError(f"{len(each.content)} bytes of data at {each.address:#x} lie outside memory")
        contents[each.address : each.address + len(each.content)] = each.content
    return bytes(contents)
