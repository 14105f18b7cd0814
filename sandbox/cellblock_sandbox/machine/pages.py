"""Pages: which of a private mapping are this process's own copies, and giving those of a stack back.

Sources: Linux's Documentation/admin-guide/mm/pagemap.rst (PAGEMAP_SCAN), madvise(2), pthread_getattr_np(3).
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import resource

_PAGEMAP_SCAN = 0xC0606610
_OF_A_FILE, _PRESENT, _SWAPPED, _ZERO = 1 << 2, 1 << 3, 1 << 4, 1 << 5
_MADV_DONTNEED = 4
_PTHREAD_ATTR_BYTES = 256
"""More than any libc has in a pthread_attr_t."""
_libc = ctypes.CDLL(None, use_errno=True)


class _Scan(ctypes.Structure):
    """struct pm_scan_arg of linux/fs.h."""

    _fields_ = [
        (name, ctypes.c_uint64)
        for name in (
            "size",
            "flags",
            "start",
            "end",
            "walk_end",
            "vec",
            "vec_len",
            "max_pages",
            "category_inverted",
            "category_mask",
            "category_anyof_mask",
            "return_mask",
        )
    ]


def copied(address: int, length: int, *, at_most: int) -> list[tuple[int, int]] | None:
    """Start and end of the pages in `length` bytes at `address` that this process has to itself.

    None if they are more than `at_most`, or the system doesn't tell (Linux does since 6.7).
    """
    if not length:
        return []
    most = at_most + 1
    found = (ctypes.c_uint64 * (3 * most))()  # of each range: start, end, categories
    scan = _Scan(
        size=ctypes.sizeof(_Scan),
        start=address,
        end=address + length,
        vec=ctypes.addressof(found),
        vec_len=most,
        max_pages=most,
        category_inverted=_OF_A_FILE | _ZERO,
        category_mask=_OF_A_FILE | _ZERO,
        category_anyof_mask=_PRESENT | _SWAPPED,
        return_mask=_PRESENT,
    )
    try:
        pagemap = os.open("/proc/self/pagemap", os.O_RDONLY | os.O_CLOEXEC)
        try:
            count = fcntl.ioctl(pagemap, _PAGEMAP_SCAN, scan)
        finally:
            os.close(pagemap)
    except OSError:
        return None
    starts, ends = found[0 : 3 * count : 3], found[1 : 3 * count : 3]
    if scan.walk_end < address + length or sum(ends) - sum(starts) > at_most * mmap.PAGESIZE:
        return None
    return list(zip(starts, ends, strict=True))


def faults() -> int:
    """How many page faults this process has had: as long as there are no more, it has no more pages to itself. 1 us."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_minflt + usage.ru_majflt


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
