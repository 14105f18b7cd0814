"""Linear memory that outlives its guest: mapped once, and put back as it was for the next one.

A memory image is a file that holds the bytes of a linear memory. It is mapped privately, so that a guest gets a copy of
each page that it writes to. When the guest has ended, the image's bytes are written over those copies; the mapping
stays, and the next guest meets no page fault where this one did: with a message that passes through, none of 450, which
are a third of such a run's time.

The copies are told by the kernel, which alone can make them (pages.py). Whatever isn't told, or is too much, is mapped
anew instead.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import weakref
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
    """What a linear memory starts with: the file at `path`, a whole number of pages; without one, nothing."""

    def __init__(self, path: Path | None = None) -> None:
        self.size = self.address = 0
        self.descriptor = -1
        self.parked: list[Reservation] = []
        """Mappings of this image as it is, which no guest has."""
        if path is not None:
            self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            weakref.finalize(self, os.close, self.descriptor).atexit = False
            self.size = os.fstat(self.descriptor).st_size
            # Nobody writes to it: ctypes tells addresses of writable memory only.
            self._content = mmap.mmap(self.descriptor, self.size, access=mmap.ACCESS_COPY)
            self.address = ctypes.addressof(ctypes.c_ubyte.from_buffer(self._content))


class Reservation:
    """Address space for one linear memory; given back when nobody holds it. OSError if there is none."""

    def __init__(self, size: int) -> None:
        self.address = _map(None, size, _NONE)
        weakref.finalize(self, _libc.munmap, self.address, size).atexit = False


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
            self._map_image()
        self.address = self._place.address

    def grow(self, size: int) -> None:
        """Make it `size` bytes long. OSError if the system doesn't give them.

        What is added comes in pages of 2 MiB where there are such: nobody shares it with an image. Filling 80 MB then
        takes 8 ms instead of 38, most of which are page faults.
        """
        start, length = self.address + self.size, size - self.size
        if size > self.capacity or _libc.mprotect(start, length, _READ_WRITE):
            raise OSError(ctypes.get_errno(), f"no room for {length} bytes")
        begin = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE
        _libc.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(start + length - begin), mmap.MADV_HUGEPAGE)
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
        copies = pages.copied(self.address, self._image.size, at_most=_KEPT_PAGES)
        if copies is None:
            self._map_image()
        else:
            offset = self._image.address - self.address
            for start, end in copies:
                ctypes.memmove(start, start + offset, end - start)
        self._image.parked.append(self._place)

    def _map_image(self) -> None:
        if self._image.size:
            _map(self._place.address, self._image.size, _READ_WRITE, _MAP_FIXED, self._image.descriptor)


def _map(address: int | None, size: int, protection: int, flags: int = 0, descriptor: int = -1) -> int:
    flags |= mmap.MAP_PRIVATE
    if descriptor < 0:
        flags |= mmap.MAP_ANONYMOUS | _MAP_NORESERVE
    mapped = _libc.mmap(address, size, protection, flags, descriptor, 0)
    if mapped in (None, _MAP_FAILED):
        raise OSError(ctypes.get_errno(), f"{size} bytes can't be mapped")
    return int(mapped)
