"""The tables are what generating them gives, and the hand-written layouts agree with them."""

from cellblock_sandbox.abi import generate, tables
from cellblock_sandbox.machine import memory
from cellblock_sandbox.syscalls import clocks, descriptors, directories, files, locks


def test_regenerating_gives_the_same_bytes():
    assert generate.TABLES.read_text() == generate.generate()


def test_errno_numbers_are_wasis():
    assert (tables.ENOENT, tables.EBADF, tables.ENOSYS) == (44, 8, 52)
    assert tables.ERRNO_NAMES[44] == "ENOENT"
    assert tables.ERRNO_NAMES[6] == "EAGAIN"


def offsets(layout, positions):
    """Return where each field of a struct layout lies: pack 1 into one field at a time and look."""
    found = []
    for index in range(positions):
        values = [0] * positions
        values[index] = 1
        found.append(layout.pack(*values).index(b"\1"))
    return found


def test_stat_layout():
    assert files.STAT.size == tables.STAT_SIZE
    fields = "ST_DEV ST_MODE ST_NLINK ST_UID ST_GID ST_RDEV ST_SIZE ST_BLKSIZE ST_BLOCKS"
    times = "ST_ATIM_TV_SEC ST_ATIM_TV_NSEC ST_MTIM_TV_SEC ST_MTIM_TV_NSEC ST_CTIM_TV_SEC ST_CTIM_TV_NSEC ST_INO"
    expected = [getattr(tables, f"STAT_{name}") for name in (fields + " " + times).split()]
    assert offsets(files.STAT, 16) == expected


def test_statfs_layout():
    assert files.STATFS.size == tables.STATFS_SIZE
    fields = [
        "F_BSIZE",
        "F_BLOCKS",
        "F_BFREE",
        "F_BAVAIL",
        "F_FILES",
        "F_FFREE",
        "F_FSID",
        "F_NAMELEN",
        "F_FRSIZE",
        "F_FLAGS",
    ]
    assert offsets(files.STATFS, 10) == [getattr(tables, f"STATFS_{name}") for name in fields]


def test_small_layouts():
    assert files.TIMESPEC.size == tables.TIMESPEC_SIZE
    assert offsets(files.TIMESPEC, 2) == [tables.TIMESPEC_TV_SEC, tables.TIMESPEC_TV_NSEC]
    assert memory.IOVEC.size == tables.IOVEC_SIZE
    assert locks.FLOCK.size == tables.FLOCK_SIZE
    assert offsets(locks.FLOCK, 5)[0] == tables.FLOCK_L_TYPE
    assert offsets(descriptors.POLLFD, 3) == [tables.POLLFD_FD, tables.POLLFD_EVENTS, tables.POLLFD_REVENTS]
    assert descriptors.FDSTAT.size == tables.WASI_FDSTAT_SIZE
    assert offsets(descriptors.FDSTAT, 4) == [
        tables.WASI_FDSTAT_FS_FILETYPE,
        tables.WASI_FDSTAT_FS_FLAGS,
        tables.WASI_FDSTAT_FS_RIGHTS_BASE,
        tables.WASI_FDSTAT_FS_RIGHTS_INHERITING,
    ]
    fields = (tables.DIRENT_D_INO, tables.DIRENT_D_OFF, tables.DIRENT_D_RECLEN, tables.DIRENT_D_TYPE)
    assert offsets(directories.DIRENT_HEAD, 4) == list(fields)
    assert directories.DIRENT_HEAD.size == tables.DIRENT_D_NAME


def test_tm_layout():
    fields = ["SEC", "MIN", "HOUR", "MDAY", "MON", "YEAR", "WDAY", "YDAY", "ISDST", "GMTOFF"]
    assert offsets(clocks.TM, 10) == [getattr(tables, f"TM_TM_{name}") for name in fields]
