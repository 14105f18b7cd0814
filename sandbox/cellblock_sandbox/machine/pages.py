"""Pages: which of a memory that is mapped copy-on-write have been written to, writing in advance, and giving back.

Sources: Linux's Documentation/admin-guide/mm/pagemap.rst, madvise(2), pthread_getattr_np(3).
"""

from __future__ import annotations

import ctypes
import mmap
import struct
from collections.abc import Iterable

Ranges = list[tuple[int, int]]
"""First page and number of pages of each."""

_PRESENT, _OF_A_FILE = 1 << 63, 1 << 61
_ENTRY_BYTES = 8
_MADV_DONTNEED, _MADV_POPULATE_WRITE = 4, 23
_PTHREAD_ATTR_BYTES = 256
"""More than any libc has in a pthread_attr_t."""
_libc = ctypes.CDLL(None, use_errno=True)


def written(address: int, length: int) -> Ranges:
    """The pages in `length` bytes at `address`, counted from there, that are this process's own.

    None where the system doesn't tell.
    """
    ranges: Ranges = []
    for page, entry in enumerate(_entries(address, length)):
        if entry & _PRESENT and not entry & _OF_A_FILE:
            first, count = ranges[-1] if ranges else (0, 0)
            if ranges and first + count == page:
                ranges[-1] = first, count + 1
            else:
                ranges.append((page, 1))
    return ranges


def populate(address: int, length: int, ranges: Iterable[tuple[int, int]]) -> None:
    """Have the pages of `ranges` copied now, as if they were written to. Nothing where Linux is older than 5.14."""
    for first, count in ranges:
        start, size = first * mmap.PAGESIZE, count * mmap.PAGESIZE
        if start + size > length or _libc.madvise(
            ctypes.c_void_p(address + start), ctypes.c_size_t(size), _MADV_POPULATE_WRITE
        ):
            return


def depths_of_stack(kept: int) -> tuple[int, int]:
    """Address and length of this thread's stack without the `kept` bytes where it begins; (0, 0) if it is smaller."""
    attributes = ctypes.create_string_buffer(_PTHREAD_ATTR_BYTES)
    address, size, guard = ctypes.c_size_t(), ctypes.c_size_t(), ctypes.c_size_t()
    _libc.pthread_self.restype = ctypes.c_void_p
    if _libc.pthread_getattr_np(ctypes.c_void_p(_libc.pthread_self()), attributes):
        return 0, 0
    _libc.pthread_attr_getstack(attributes, ctypes.byref(address), ctypes.byref(size))
    _libc.pthread_attr_getguardsize(attributes, ctypes.byref(guard))
    _libc.pthread_attr_destroy(attributes)
    first = -(-(address.value + guard.value) // mmap.PAGESIZE) * mmap.PAGESIZE
    return first, max(0, (address.value + size.value - kept - first) // mmap.PAGESIZE * mmap.PAGESIZE)


def release(address: int, length: int) -> None:
    """Give pages that nobody needs the content of back to the system. 4 us when there are none."""
    _libc.madvise(ctypes.c_void_p(address), ctypes.c_size_t(length), _MADV_DONTNEED)


def _entries(address: int, length: int) -> Iterable[int]:
    try:
        with open("/proc/self/pagemap", "rb") as pagemap:
            pagemap.seek(address // mmap.PAGESIZE * _ENTRY_BYTES)
            content = pagemap.read(length // mmap.PAGESIZE * _ENTRY_BYTES)
    except OSError:
        return
    for (entry,) in struct.iter_unpack("=Q", content):
        yield entry
