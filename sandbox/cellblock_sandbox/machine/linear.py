"""Linear memory that outlives its guest: mapped once, and put back as it was for the next one.

A memory image is a file that holds the pages of a linear memory that aren't empty, and which they are. It is mapped
privately, so that a guest gets a copy of each page that it writes to. When the guest has ended, the image's bytes are
written over those copies; the mapping stays, and the next guest meets no page fault where this one did: with a message
that passes through, none of 320.

The copies are told by the kernel, which alone can make them (pages.py), each in a page fault: without faults since the
last time they are the same ones. That spares looking through all pages, 0.5 ms of 1.0. Whatever isn't told, or is too
much, is mapped anew instead.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import struct
import weakref
from array import array
from pathlib import Path

from cellblock_sandbox.machine import pages

PAGE = 65536
MAX_PAGES = 65536
"""wasm32 can address no more than this many pages."""

_PARKED = 1
"""Mappings kept for the next guests of an image. A worker closes one sandbox and makes the next."""
_KEPT_PAGES = 1024
"""Pages of a mapping that are put back, and stay this process's own: 4 MB.

To put one back takes 3 us where a page fault takes 6. So it pays for what the next guest writes to as well, which is
certain for a few hundred only.
"""

_GUESTS = 50
"""Guests after which a mapping is made anew: else it would collect the pages of all blocks that ever ran in it.

A message that passes through writes to 160 pages, a small DataFrame to 390, and all of those are put back each time.
"""

_COUNTS = struct.Struct("<II")
_NONE, _READ_WRITE = 0, mmap.PROT_READ | mmap.PROT_WRITE
_MAP_FIXED, _MAP_NORESERVE = 0x10, 0x4000
_MAP_FAILED = ctypes.c_void_p(-1).value
_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int64,
]
_libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_libc.munmap.argtypes = _libc.mprotect.argtypes[:2]


class MemoryImage:
    """What a linear memory starts with, from the file at `path`; without one, nothing. OSError.

    The file has the pages that aren't empty, their numbers, how many they are, and of how many pages in all: of 91 MB,
    31 are empty. All numbers are of 4 bytes, little-endian.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.size = self.address = 0
        self._runs: list[tuple[int, int, int]] = []
        self.parked: list[Reservation] = []
        """Mappings of this image as it is, which no guest has."""
        if path is not None:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            weakref.finalize(self, os.close, self._descriptor).atexit = False
            self._runs, pages_in_all = _index(self._descriptor)
            self.size = pages_in_all * PAGE
            self._content = Reservation(self.size)
            self.address = self._content.address
            self.map_at(self.address, mmap.PROT_READ)

    @staticmethod
    def write(path: Path, contents: bytes | memoryview) -> None:
        """Write the file of a memory that holds `contents`, a whole number of pages."""
        empty, kept = bytes(PAGE), array("I")
        with path.open("wb") as file:
            for number in range(len(contents) // PAGE):
                page = contents[number * PAGE : (number + 1) * PAGE]
                if page != empty:
                    file.write(page)
                    kept.append(number)
            file.write(kept.tobytes() + _COUNTS.pack(len(kept), len(contents) // PAGE))

    def map_at(self, address: int, protection: int) -> None:
        """Map it all at `address`, in place of what is there.

        Without huge pages, which the system may put together without a page fault.
        """
        if self.size:
            _map(address, self.size, protection, _MAP_FIXED)
        for first, count, place in self._runs:
            _map(address + first * PAGE, count * PAGE, protection, _MAP_FIXED, self._descriptor, place * PAGE)
        whole = ctypes.c_void_p(address), ctypes.c_size_t(self.size)
        if _libc.madvise(*whole, mmap.MADV_NOHUGEPAGE) and ctypes.get_errno() != errno.EINVAL:  # there are none
            raise OSError(ctypes.get_errno(), "huge pages can't be kept out")


def _index(descriptor: int) -> tuple[list[tuple[int, int, int]], int]:
    """The runs of pages in a file, each with its first page, their number, and its place; and the pages in all."""
    end = os.fstat(descriptor).st_size - _COUNTS.size
    count, pages_in_all = _COUNTS.unpack(os.pread(descriptor, _COUNTS.size, end))
    runs: list[tuple[int, int, int]] = []
    for place, page in enumerate(array("I", os.pread(descriptor, 4 * count, end - 4 * count))):
        if runs and page == sum(runs[-1][:2]):
            runs[-1] = runs[-1][0], runs[-1][1] + 1, runs[-1][2]
        else:
            runs.append((page, 1, place))
    return runs, pages_in_all


class Reservation:
    """Address space for one linear memory; given back when nobody holds it. OSError if there is none."""

    def __init__(self, size: int) -> None:
        self.address = _map(None, size, _NONE)
        self.guests = 0
        self._copies: list[tuple[int, int]] | None = None
        self._faults = -1
        weakref.finalize(self, _libc.munmap, self.address, size).atexit = False

    def copies(self, size: int) -> list[tuple[int, int]] | None:
        """Start and end of the pages in its first `size` bytes that were written to, as `pages.copied` tells them."""
        faults = pages.faults()
        if faults != self._faults:
            self._copies = pages.copied(self.address, size, at_most=_KEPT_PAGES)
            self._faults = faults
        return self._copies

    def forget(self) -> None:
        """It has been mapped anew."""
        self._faults = -1


class LinearMemory:
    """The linear memory of one guest, which starts as `image`, and has room for `capacity` bytes before its guard."""

    def __init__(self, image: MemoryImage, capacity: int, guard: int) -> None:
        self._image = image
        self.capacity = capacity
        self.size = image.size
        self._intact = False
        if image.parked:
            self._place = image.parked.pop()
        else:
            self._place = Reservation(capacity + guard)
            image.map_at(self._place.address, _READ_WRITE)
        self.address = self._place.address

    def grow(self, size: int) -> None:
        """Make it `size` bytes long. OSError if the system doesn't give them.

        What is added comes in pages of 2 MiB where there are such: nobody shares it with an image. Filling 80 MB then
        takes 8 ms instead of 38, most of which are page faults.
        """
        start, length = self.address + self.size, size - self.size
        if size > self.capacity or _libc.mprotect(start, length, _READ_WRITE):
            raise OSError(ctypes.get_errno(), f"no room for {length} bytes")
        _libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), mmap.MADV_HUGEPAGE)
        self.size = size

    def leave(self) -> None:
        """Let another guest have it after the end: all of it can be written to, none was taken by a hard stop."""
        self._intact = True

    def end(self) -> None:
        """Put it back as it was, for the next guest of its image, or give it up. OSError if it can't be mapped."""
        if not self._intact or len(self._image.parked) >= _PARKED:
            return
        if self.size > self._image.size:
            _map(self.address + self._image.size, self.size - self._image.size, _NONE, _MAP_FIXED)
        self._place.guests += 1
        old = self._place.guests % _GUESTS == 0
        copies = None if old else self._place.copies(self._image.size)
        if copies is None:
            self._place.forget()
            self._image.map_at(self.address, _READ_WRITE)
        else:
            offset = self._image.address - self.address
            for start, end in copies:
                ctypes.memmove(start, start + offset, end - start)
        self._image.parked.append(self._place)


def _map(address: int | None, size: int, protection: int, flags: int = 0, descriptor: int = -1, place: int = 0) -> int:
    flags |= mmap.MAP_PRIVATE
    if descriptor < 0:
        flags |= mmap.MAP_ANONYMOUS | _MAP_NORESERVE
    mapped = _libc.mmap(address, size, protection, flags, descriptor, place)
    if mapped in (None, _MAP_FAILED):
        raise OSError(ctypes.get_errno(), f"{size} bytes can't be mapped")
    return int(mapped)
