"""Linear memory: growing it, and mapping files into it.

A mapping is a copy: the file's bytes are read into memory of the guest's own allocator, and of a shared, writable
mapping the pages that have changed are written back at msync and munmap. (Emscripten writes all of it back, and so
undoes what was written to the file meanwhile, through a descriptor or another mapping.) Which ones have changed is told
from hashes, 1 ms for each 2 MB, at mmap, msync and munmap. libc handles anonymous mappings by itself, and frees what it
is told was allocated (`system/lib/libc/emscripten_mmap.c`, `src/lib/libsyscall.js` of Emscripten 5.0.3).
"""

from __future__ import annotations

from typing import Final

from cellblock_sandbox.abi.tables import EACCES, EINVAL, ENODEV, ENOMEM, EOVERFLOW, MAP_PRIVATE, O_RDONLY, PROT_WRITE
from cellblock_sandbox.filesystem.descriptors import MAX_OFFSET, OpenFile
from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.filesystem.inodes import RegularFile
from cellblock_sandbox.machine.memory import MASK32
from cellblock_sandbox.syscalls.host import FileMapping, Host
from cellblock_sandbox.syscalls.registry import syscall

PAGE: Final = 65536
FILE_PAGE: Final = 4096
MIB: Final = 1024 * 1024


@syscall("emscripten_get_heap_max", "->i")
def get_heap_max(host: Host) -> int:
    """Return the most memory the guest may ever have, in bytes."""
    return host.max_memory


@syscall("emscripten_resize_heap", "i->i", params=("size",))
def resize_heap(host: Host, size: int) -> int:
    """Make memory at least `size` bytes large; return 1, or 0 when the limit forbids it.

    As in Emscripten, some room is asked for beyond that first (a fifth of what there is, 96 MiB at most, then less), so
    that a program that grows step by step doesn't come here for each one.
    """
    wanted = size & MASK32
    limit = host.max_memory
    if wanted > limit:
        return 0
    for share in (5, 10, 20):
        ahead = min(host.memory.size + host.memory.size // share, wanted + 96 * MIB)
        if host.grow_memory(min(limit, _pages(max(wanted, ahead)))):
            return 1
    return int(host.grow_memory(min(limit, _pages(wanted))))


@syscall("_mmap_js", "iiiijii->i", params=("length", "prot", "flags", "fd", "offset", "allocated", "address"))
def mmap(host: Host, length: int, prot: int, flags: int, fd: int, offset: int, allocated: int, address: int) -> None:
    """Copy a file's bytes into new memory; write its address, and that libc is to free it.

    EBADF, EACCES (not open for reading, or shared and writable but not open for writing), ENODEV (not a regular file),
    EINVAL, EOVERFLOW, ENOMEM, EFAULT. See mmap(2).
    """
    file = host.files.file(fd)
    size = length & MASK32
    _check_mapping(file, size, prot, flags, offset)
    pointer = host.guest_call("emscripten_builtin_memalign", PAGE, _pages(size)) & MASK32
    if pointer == 0:
        raise FileSystemError(ENOMEM)
    window = host.memory.view(pointer, _pages(size))
    count = file.inode.read_into(offset, window[:size])
    _clear(window[count:])
    host.memory.set_i32(allocated, 1)
    host.memory.set_u32(address, pointer)
    forgotten = host.mappings.get(pointer)
    pages = _hashes(window[:size]) if prot & PROT_WRITE and not flags & MAP_PRIVATE else []
    host.mappings[pointer] = FileMapping(file.retain(), pages)
    if forgotten is not None:
        forgotten.file.release()  # the guest freed that memory without munmap


@syscall("_msync_js", "iiiiij->i", params=("addr", "length", "prot", "flags", "fd", "offset"))
def msync(host: Host, addr: int, length: int, prot: int, flags: int, fd: int, offset: int) -> None:
    """Write a shared mapping back to its file. EINVAL (no such mapping), ENOSPC, EFAULT. See msync(2)."""
    _write_back(host, _mapping(host, addr), addr, length, prot, flags, offset)


@syscall("_munmap_js", "iiiiij->i", params=("addr", "length", "prot", "flags", "fd", "offset"))
def munmap(host: Host, addr: int, length: int, prot: int, flags: int, fd: int, offset: int) -> None:
    """Write a shared mapping back to its file and forget it; libc frees the memory.

    The file may have been closed meanwhile: the mapping holds it, not the descriptor. EINVAL, ENOSPC, EFAULT.
    See munmap(2).
    """
    mapping = _mapping(host, addr)
    try:
        _write_back(host, mapping, addr, length, prot, flags, offset)
    finally:
        del host.mappings[addr & MASK32]
        mapping.file.release()


def _check_mapping(file: OpenFile, size: int, prot: int, flags: int, offset: int) -> None:
    if not isinstance(file.inode, RegularFile):
        raise FileSystemError(ENODEV)
    if size == 0 or offset < 0:
        raise FileSystemError(EINVAL)
    if offset + size > MAX_OFFSET:
        raise FileSystemError(EOVERFLOW)
    access = file.flags & 3
    shared_write = prot & PROT_WRITE and not flags & MAP_PRIVATE
    if (shared_write and access == O_RDONLY) or access == 1:
        raise FileSystemError(EACCES)


def _mapping(host: Host, addr: int) -> FileMapping:
    try:
        return host.mappings[addr & MASK32]
    except KeyError:
        raise FileSystemError(EINVAL) from None


def _write_back(host: Host, mapping: FileMapping, addr: int, length: int, prot: int, flags: int, offset: int) -> None:
    """Write the changed pages of a shared, writable mapping to its file; never beyond the file's end."""
    if flags & MAP_PRIVATE or not prot & PROT_WRITE:
        return
    file = mapping.file
    file.require_writable()
    if offset < 0:
        raise FileSystemError(EINVAL)
    window = host.memory.view(addr, length)
    pages, before = _hashes(window), mapping.pages
    size = file.inode.size
    for number, page in enumerate(pages):
        if number < len(before) and before[number] == page:
            continue
        start = number * FILE_PAGE
        count = min(FILE_PAGE, len(window) - start, size - offset - start)
        if count > 0:
            file.inode.write_from(offset + start, window[start : start + count])
    mapping.pages = pages


def _hashes(window: memoryview) -> list[int]:
    """Return a hash of each page. Python's own has 64 bits with a secret key, which is enough against chance."""
    return [hash(bytes(window[start : start + FILE_PAGE])) for start in range(0, len(window), FILE_PAGE)]


def _clear(window: memoryview) -> None:
    zeros = bytes(min(len(window), MIB))
    for start in range(0, len(window), MIB):
        part = window[start : start + MIB]
        part[:] = zeros[: len(part)]


def _pages(size: int) -> int:
    return (size + PAGE - 1) // PAGE * PAGE
