"""Archives mounted in one running sandbox, and stacks on top of other stacks."""

import struct
import zipfile

import pytest
from cellblock_sandbox.filesystem import FileSystem, FileSystemError, LayerStack, Quota
from cellblock_sandbox.filesystem.archives import Archive

READ_WRITE_NEW = 0o1102


@pytest.fixture
def package(tmp_path):
    path = tmp_path / "new.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("new/__init__.py", b"new = 1")
        archive.writestr("new/deep/er/data.bin", b"deep")
        archive.writestr("pkg/stored.bin", b"of the archive")
        archive.writestr("pkg/fast.so", bytes(1000))
    return path


def names(fs, path):
    return sorted(row[0] for row in fs.stat(path).listing())[2:]


def refuses(errno):
    return pytest.raises(FileSystemError, match=f"^{errno}$")


def test_a_mount_is_seen_here_and_nowhere_else(make, package):
    one, two = make(), make()
    assert one.get(b"/site/pkg/stored.bin") == b"stored"
    one.mount_archive(package, "/site", libraries_linked=True)
    assert one.get(b"/site/new/__init__.py") == b"new = 1"
    assert one.get(b"/site/new/deep/er/data.bin") == b"deep"
    assert one.get(b"/site/pkg/stored.bin") == b"of the archive"
    assert one.get(b"/site/pkg/fast.so") == b"\0asm\1\0\0\0"
    assert one.get(b"/site/pkg/__init__.py") == b"x = 1\n"
    assert names(one, b"/site") == [b"new", b"pkg"]
    assert names(one, b"/site/pkg") == [b"__init__.py", b"data.bin", b"fast.so", b"stored.bin"]
    for other in (two, make()):
        assert names(other, b"/site") == [b"pkg"]
        assert other.get(b"/site/pkg/stored.bin") == b"stored"


def test_a_mount_is_not_charged(make, package):
    fs = make(max_bytes=10, max_files=1)
    fs.mount_archive(package, "/site")
    fs.mount_archive(package, "/somewhere/new")
    assert fs.get(b"/somewhere/new/pkg/stored.bin") == b"of the archive"
    assert (fs.overlay.quota.bytes_used, fs.overlay.quota.files_used) == (0, 0)
    with refuses("ENOSPC"):
        fs.put(b"/site/new/__init__.py", b"x", flags=0o2001)
        fs.put(b"/site/new/__init__.py", b"12345", flags=0o2001)


def test_what_the_guest_made_stays(make, package):
    fs = make()
    fs.mkdir(b"/site/new", 0o777)
    fs.put(b"/site/new/__init__.py", b"own")
    fs.put(b"/site/pkg/stored.bin", b"changed")
    fs.rename(b"/site/pkg/data.bin", b"/site/pkg/fast.so")
    fs.mount_archive(package, "/site")
    assert fs.get(b"/site/new/__init__.py") == b"own"
    assert fs.get(b"/site/new/deep/er/data.bin") == b"deep"
    assert fs.get(b"/site/pkg/stored.bin") == b"changed"
    assert fs.stat(b"/site/pkg/fast.so").size == 100_000


def test_what_the_guest_removed_hides_nothing_new(make, package):
    fs = make()
    fs.unlink(b"/site/pkg/stored.bin")
    fs.unlink(b"/site/pkg/data.bin")
    fs.mount_archive(package, "/site")
    assert fs.get(b"/site/pkg/stored.bin") == b"of the archive"
    with refuses("ENOENT"):
        fs.stat(b"/site/pkg/data.bin")


def test_an_open_file_that_gives_way_is_given_back(make, package):
    fs = make()
    fd = fs.open(b"/site/pkg/stored.bin", 2)
    fs.mount_archive(package, "/site")
    fs.file(fd).write_from(memoryview(b"S"))
    assert fs.overlay.quota.bytes_used == 6
    assert fs.get(b"/site/pkg/stored.bin") == b"of the archive"
    fs.close(fd)
    assert fs.overlay.quota.bytes_used == 0


def test_directories_of_a_mount_are_new(make, package):
    """Python's import system looks at a directory again only when its time has changed."""
    fs = make()
    before = [fs.stat(path).mtime_ns for path in (b"/site", b"/site/pkg")]
    untouched = make()
    untouched.mount_archive(package, "/site")
    fs.mount_archive(package, "/site")
    for each in (fs, untouched):
        now = [each.stat(path).mtime_ns for path in (b"/site", b"/site/pkg")]
        assert all(new > old for new, old in zip(now, before, strict=True))


def test_a_file_in_the_way(make, package):
    fs = make()
    fs.put(b"/tmp/f", b"")
    with refuses("ENOTDIR"):
        fs.mount_archive(package, "/tmp/f/sub")
    fs.put(b"/site/new", b"a file")
    fs.mount_archive(package, "/site")
    assert fs.get(b"/site/new") == b"a file"


def test_mounted_files_can_be_changed_and_removed(make, package):
    fs = make()
    fs.mount_archive(package, "/site")
    fs.put(b"/site/new/__init__.py", b"mine")
    assert fs.get(b"/site/new/__init__.py") == b"mine"
    fs.unlink(b"/site/new/__init__.py")
    assert names(fs, b"/site/new") == [b"deep"]
    inos = [row[1] for path in (b"/site", b"/site/pkg", b"/site/new") for row in fs.stat(path).listing()[2:]]
    assert len(set(inos)) == len(inos)


def test_two_names_for_one_number_there_are_not(layers, make, package):
    layers.mount_archive(package, "/site")
    fs = make()
    fs.mount_archive(package, "/other")
    found, folders = [], [b"/site", b"/other", b"/site/pkg", b"/other/pkg", b"/site/new", b"/other/new", b"/dev", b"/"]
    for folder in folders:
        found += [row[1] for row in fs.stat(folder).listing()[2:]]
    assert len(set(found)) == len(found)


def test_a_stack_on_another(layers, package, wheel):
    top = LayerStack.over(layers)
    top.mount_archive(package, "/site")
    top.add_file(b"added", "/etc/added")
    assert read(top, b"/site/pkg/stored.bin") == b"of the archive"
    assert read(top, b"/site/pkg/__init__.py") == b"x = 1\n"
    assert (read(top, b"/etc/added"), read(top, b"/etc/link")) == (b"added", b"hello")
    assert read(layers, b"/site/pkg/stored.bin") == b"stored"
    for path in (b"/etc/added", b"/site/new"):
        with refuses("ENOENT"):
            read(layers, path)
    third = LayerStack.over(top, without=[wheel.name])
    assert read(third, b"/site/pkg/stored.bin") == b"of the archive"
    with refuses("ENOENT"):
        read(third, b"/site/pkg/__init__.py")
    with pytest.raises(ValueError, match=r"not mounted: other\.whl"):
        LayerStack.over(top, without=["other.whl"])


def read(stack, path):
    fs = FileSystem(stack, Quota(), lambda stream, chunk: None)
    buffer = memoryview(bytearray(100))
    return bytes(buffer[: fs.file(fs.open(path, 0)).read_into(buffer)])


def zipped(tmp_path, *names):
    path = tmp_path / "made.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, name.encode())
    return path


def test_a_directory_wins_over_a_file(tmp_path):
    for order in (("a", "a/b"), ("a/b", "a")):
        stack = LayerStack()
        stack.mount_archive(zipped(tmp_path, *order), "/site")
        assert read(stack, b"/site/a/b") == b"a/b"


@pytest.mark.parametrize("name", ["../up", "a/../b", "/etc/passwd", "a//b", "./a", "a/.", "x/" * 65 + "deep"])
def test_names_that_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match="not a plain path"):
        Archive(zipped(tmp_path, name))


@pytest.mark.parametrize("cut", [0, 10, -1, -22, -30])
def test_archives_cut_short(tmp_path, cut):
    path = zipped(tmp_path, "a", "b/c")
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(zipfile.BadZipFile):
        Archive(path)


@pytest.mark.parametrize("place", range(46))
def test_a_damaged_index_is_refused_or_harmless(tmp_path, place):
    path = zipped(tmp_path, "a", "b/c")
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\1\2") + place
    for value in (0, 0xFF, content[at] ^ 1):
        path.write_bytes(content[:at] + bytes([value]) + content[at + 1 :])
        try:
            members = list(Archive(path).members())
        except (zipfile.BadZipFile, ValueError):
            continue
        for _, member in members:
            try:
                member.load()
            except zipfile.BadZipFile:
                continue


def test_an_index_that_lies_about_its_size(tmp_path):
    path = zipped(tmp_path, "a")
    content = bytearray(path.read_bytes())
    end = content.index(b"PK\5\6")
    for count, size, start in ((2, None, None), (1, 2**31, None), (1, None, 2**32 - 1), (65535, None, None)):
        fields = list(struct.unpack_from("<4sHHHHIIH", content, end))
        fields[3] = fields[4] = count
        fields[5] = fields[5] if size is None else size
        fields[6] = fields[6] if start is None else start
        path.write_bytes(content[:end] + struct.pack("<4sHHHHIIH", *fields))
        with pytest.raises(zipfile.BadZipFile):
            Archive(path)


def test_names_that_are_not_ascii(tmp_path):
    stack = LayerStack()
    stack.mount_archive(zipped(tmp_path, "größe/Ü.txt"), "/site")
    assert read(stack, "/site/größe/Ü.txt".encode()) == "größe/Ü.txt".encode()


def test_a_bomb_is_not_inflated_beyond_its_word(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(10_000_000))
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, content.index(b"PK\1\2") + 24, 100)
    path.write_bytes(content)
    with pytest.raises(zipfile.BadZipFile, match="differs from the index"):
        dict(Archive(path).members())["a"].load()
