"""What is kept to be quick (paths that were found, packed attributes) never shows.

A guest that forgets all of it before every call is told the same as one that doesn't.
"""

import itertools
import random

import pytest
from cellblock_sandbox.filesystem.tree import PATH_KEPT, PATHS_KEPT

CWD = -100
NAMES = ["a", "b", "c", "l", "a/b", "b/a", "a/b/c", "l/a", "../tmp/a", "/tmp/b", "/tmp/l/b", "./c", "/dev/fd/3"]


def forget(guest):
    files = guest.host.files
    for node in {*files.overlay.paths.values(), *(file.inode for _, file in files.descriptors.items())}:
        node.packed = None
    files.overlay.paths.clear()


def step(guest, chance):
    """Do one thing, chosen by `chance`, and return what came of it."""
    buf = guest.alloc(96)
    one, two = (guest.text(chance.choice(NAMES)) for _ in range(2))
    kind = chance.randrange(14)
    if kind < 4:
        call = chance.choice(["__syscall_stat64", "__syscall_lstat64"])
        result = guest(call, one, buf)
    elif kind == 4:
        result = guest("__syscall_openat", CWD, one, 0o102, guest.ints(0o644))
    elif kind == 5:
        fd = chance.randrange(3, 8)
        result = guest("__syscall_fstat64", fd, buf), guest("fd_close", fd)
    elif kind == 6:
        fd = chance.randrange(3, 8)
        result = guest("__syscall_ftruncate64", fd, chance.randrange(50))
    else:
        calls = {
            7: lambda: guest("__syscall_mkdirat", CWD, one, 0o777),
            8: lambda: guest("__syscall_rmdir", one),
            9: lambda: guest("__syscall_unlinkat", CWD, one, 0),
            10: lambda: guest("__syscall_renameat", CWD, one, CWD, two),
            11: lambda: guest("__syscall_symlinkat", one, CWD, two),
            12: lambda: guest("__syscall_chmod", one, chance.choice([0o777, 0o777, 0o666, 0o755])),
            13: lambda: guest("__syscall_chdir", one),
        }
        result = calls[kind]()
    return kind, result, guest.memory.read(buf, 96)


@pytest.mark.parametrize("seed", range(20))
def test_remembering_changes_nothing(guest, another_guest, seed):
    guests = guest, another_guest
    for each in guests:
        ticks = itertools.count(1_700_000_000_000_000_000)
        each.host.files.overlay.now_ns = lambda ticks=ticks: next(ticks)
        each("__syscall_chdir", each.text("/tmp"))
    chances = [random.Random(seed) for _ in guests]
    start = guest.next
    for _ in range(400):
        guest.next = another_guest.next = start
        forget(another_guest)
        kept, forgotten = (step(*each) for each in zip(guests, chances, strict=True))
        assert kept == forgotten


def test_what_is_remembered_is_bounded(guest):
    files = guest.host.files
    for index in range(2 * PATHS_KEPT):
        files.stat(b"/tmp" + b"/." * (index % 100) + b"/" * (index // 100))
    files.stat(b"/tmp" + b"/" * PATH_KEPT)
    assert len(files.overlay.paths) <= PATHS_KEPT
    assert max(len(path) for _, path, _ in files.overlay.paths) <= PATH_KEPT
