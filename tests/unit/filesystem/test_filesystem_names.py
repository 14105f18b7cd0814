"""Paths, links, directories, renames, permissions."""

import pytest
from cellblock_sandbox.filesystem import FileSystemError

CREATE = 0o1102


def refuses(errno):
    return pytest.raises(FileSystemError, match=f"^{errno}$")


@pytest.mark.parametrize(
    ("path", "errno"),
    [
        (b"", "ENOENT"),
        (b"/nope", "ENOENT"),
        (b"/etc/greeting/", "ENOTDIR"),
        (b"/etc/greeting/.", "ENOTDIR"),
        (b"/etc/greeting/x", "ENOTDIR"),
        (b"/" + b"n" * 256, "ENAMETOOLONG"),
        (b"/x" * 2049, "ENAMETOOLONG"),
    ],
)
def test_paths_that_lead_nowhere(fs, path, errno):
    with refuses(errno):
        fs.stat(path)


@pytest.mark.parametrize(
    "path", [b"/etc/greeting", b"//etc/./greeting", b"/site/../etc/greeting", b"/../etc/greeting", b"/etc/link"]
)
def test_ways_to_a_file(fs, path):
    assert fs.get(path) == b"hello"


def test_links(fs):
    assert fs.readlink(b"/etc/link") == b"greeting"
    assert fs.stat(b"/etc/link", follow=False).mode & 0o170000 == 0o120000
    fs.symlink(b"/etc/", b"/tmp/d")
    assert fs.get(b"/tmp/d/greeting") == b"hello"
    fs.symlink(b"loop", b"/tmp/loop")
    with refuses("ELOOP"):
        fs.stat(b"/tmp/loop")
    with refuses("EINVAL"):
        fs.readlink(b"/etc/greeting")
    with refuses("ELOOP"):
        fs.open(b"/etc/link", 0o400000)


def test_many_links_are_cut_short(fs):
    """Each link passes through the one before it twice: only counting them keeps this from taking 2**30 steps."""
    fs.mkdir(b"/tmp/d0", 0o777)
    for level in range(30):
        fs.symlink(b"/tmp/d%d/../d%d" % (level, level), b"/tmp/d%d" % (level + 1))
    with refuses("ELOOP"):
        fs.stat(b"/tmp/d30/x")


def test_creating_through_a_dangling_link(fs):
    fs.symlink(b"target", b"/tmp/l")
    fs.put(b"/tmp/l", b"data")
    assert fs.get(b"/tmp/target") == b"data"
    with refuses("EEXIST"):
        fs.open(b"/tmp/l", CREATE | 0o200)
    fs.symlink(b"elsewhere", b"/tmp/l2")
    with refuses("ELOOP"):
        fs.open(b"/tmp/l2", CREATE | 0o400000)


def test_directories(fs):
    fs.mkdir(b"/tmp/a", 0o777)
    assert fs.stat(b"/tmp/a").mode & 0o777 == 0o755
    fs.mkdir(b"/tmp/a/b/", 0o777)
    for path, errno in (
        (b"/tmp/a", "EEXIST"),
        (b"/", "EEXIST"),
        (b"/tmp/x/y", "ENOENT"),
        (b"/etc/greeting/x", "ENOTDIR"),
    ):
        with refuses(errno):
            fs.mkdir(path, 0o777)
    for path, errno in (
        (b"/tmp/a", "ENOTEMPTY"),
        (b"/", "EBUSY"),
        (b"/tmp/.", "EINVAL"),
        (b"/etc/greeting", "ENOTDIR"),
    ):
        with refuses(errno):
            fs.rmdir(path)
    fs.rmdir(b"/tmp/a/b")
    fs.rmdir(b"/tmp/a")
    with refuses("ENOENT"):
        fs.stat(b"/tmp/a")


def test_removing_a_tree_of_the_layers(fs):
    for name in (b"__init__.py", b"data.bin", b"stored.bin"):
        fs.unlink(b"/site/pkg/" + name)
    fs.rmdir(b"/site/pkg")
    fs.mkdir(b"/site/pkg", 0o755)
    assert [row[0] for row in fs.stat(b"/site/pkg").listing()] == [b".", b".."]


def test_unlink_refuses(fs):
    for path, errno in ((b"/tmp", "EISDIR"), (b"/", "EISDIR"), (b"/tmp/..", "EISDIR"), (b"/nope", "ENOENT")):
        with refuses(errno):
            fs.unlink(path)


def test_listing_merges_layers_and_own(fs):
    fs.put(b"/etc/own", b"")
    fs.unlink(b"/etc/link")
    assert sorted(row[0] for row in fs.stat(b"/etc").listing()) == [b".", b"..", b"greeting", b"own"]


def test_rename(fs):
    fs.rename(b"/etc/greeting", b"/tmp/moved")
    assert fs.get(b"/tmp/moved") == b"hello"
    fs.put(b"/tmp/other", b"other")
    fs.rename(b"/tmp/moved", b"/tmp/other")
    assert fs.get(b"/tmp/other") == b"hello"
    fs.rename(b"/site", b"/tmp/site")
    assert fs.get(b"/tmp/site/pkg/stored.bin") == b"stored"
    assert fs.stat(b"/tmp/site/..") is fs.stat(b"/tmp")


def test_rename_refuses(fs):
    fs.mkdir(b"/tmp/a", 0o777)
    fs.mkdir(b"/tmp/a/b", 0o777)
    fs.mkdir(b"/tmp/e", 0o777)
    fs.put(b"/tmp/f", b"")
    cases = [
        (b"/tmp/a", b"/tmp/a/b/c", "EINVAL"),
        (b"/tmp/e", b"/tmp/a", "ENOTEMPTY"),
        (b"/tmp/a", b"/tmp/f", "ENOTDIR"),
        (b"/tmp/f", b"/tmp/e", "EISDIR"),
        (b"/tmp/f", b"/tmp/g/", "ENOTDIR"),
        (b"/tmp/nope", b"/tmp/g", "ENOENT"),
        (b"/", b"/tmp/g", "EBUSY"),
        (b"/tmp/.", b"/tmp/g", "EBUSY"),
    ]
    for old, new, errno in cases:
        with refuses(errno):
            fs.rename(old, new)
    fs.rename(b"/tmp/f", b"/tmp/f")
    fs.rename(b"/tmp/a", b"/tmp/e")
    assert fs.stat(b"/tmp/e/b")


def test_working_directory(fs):
    assert fs.getcwd() == b"/"
    fs.chdir(fs.stat(b"/site/pkg"))
    assert fs.getcwd() == b"/site/pkg"
    assert fs.get(b"stored.bin") == b"stored"
    fs.rename(b"/site", b"/tmp/s")
    assert fs.getcwd() == b"/tmp/s/pkg"
    fs.mkdir(b"/tmp/gone", 0o777)
    fs.chdir(fs.stat(b"/tmp/gone"))
    fs.rmdir(b"/tmp/gone")
    with refuses("ENOENT"):
        fs.getcwd()
    with refuses("ENOENT"):
        fs.put(b"x", b"")
    with refuses("ENOTDIR"):
        fs.chdir(fs.stat(b"/etc/link"))


def test_paths_relative_to_a_descriptor(fs):
    fd = fs.open(b"/site/pkg", 0)
    assert fs.stat(b"stored.bin", at=fd).size == 6
    assert fs.stat(b"/etc/greeting", at=99).size == 5
    with refuses("EBADF"):
        fs.stat(b"greeting", at=99)
    file = fs.open(b"/etc/greeting", 0)
    with refuses("ENOTDIR"):
        fs.stat(b"greeting", at=file)


def test_permission_bits_hold(fs):
    fs.put(b"/tmp/f", b"x")
    fs.chmod(fs.stat(b"/tmp/f"), 0o444)
    with refuses("EACCES"):
        fs.open(b"/tmp/f", 1)
    fs.access(b"/tmp/f", 4)
    with refuses("EACCES"):
        fs.access(b"/tmp/f", 2)
    with refuses("EINVAL"):
        fs.access(b"/tmp/f", 8)
    fs.chmod(fs.stat(b"/tmp"), 0o666)
    with refuses("EACCES"):
        fs.stat(b"/tmp/f")
    fs.chmod(fs.stat(b"/tmp"), 0o555)
    for change in (lambda: fs.put(b"/tmp/g", b""), lambda: fs.unlink(b"/tmp/f"), lambda: fs.mkdir(b"/tmp/d", 0o777)):
        with refuses("EACCES"):
            change()


def test_a_file_just_made_opens_whatever_its_mode(fs):
    fd = fs.open(b"/tmp/f", CREATE, 0)
    assert fs.file(fd).write_from(memoryview(b"abc")) == 3


def test_times(fs):
    fs.put(b"/tmp/f", b"x")
    node = fs.stat(b"/tmp/f")
    fs.utimens(node, 5, None)
    assert (node.atime_ns, node.mtime_ns) == (5, 1_700_000_000_000_000_000)
