"""Environment, process, random numbers and memory."""

import pytest
from cellblock_sandbox.abi.tables import EACCES, EBADF, EFAULT, EINVAL, ENODEV, ENOMEM, ENOSPC, ENOSYS
from cellblock_sandbox.syscalls.errors import GuestAbort, GuestExit

PAGE = 65536
READ_WRITE_NEW = 0o1102
OUTSIDE = 0x7FFFFFF0


def test_environment(guest):
    count, size = guest.alloc(4), guest.alloc(4)
    assert guest("environ_sizes_get", count, size) == 0
    assert (guest.memory.u32(count), guest.memory.u32(size)) == (2, 27)
    pointers, buf = guest.alloc(8), guest.alloc(27)
    assert guest("environ_get", pointers, buf) == 0
    values = [guest.memory.cstring(guest.memory.u32(pointers + 4 * index)) for index in range(2)]
    assert values == [b"HOME=/home/pyodide", "NAME=é".encode()]
    assert guest("environ_get", pointers, OUTSIDE) == EFAULT


def test_program_name(guest):
    buf = guest.alloc(16)
    guest("_emscripten_get_progname", buf, 4)
    assert guest.memory.cstring(buf) == b"pyt"
    guest("_emscripten_get_progname", buf, 0)
    assert guest.memory.cstring(buf) == b"pyt"


def test_endings(guest):
    for name in ("exit", "proc_exit"):
        with pytest.raises(GuestExit) as caught:
            guest(name, 3)
        assert caught.value.status == 3
    with pytest.raises(GuestAbort):
        guest("_abort_js")
    with pytest.raises(GuestAbort, match=r"assertion failed in the guest: x > 0 \(f.c:7, in \?\)"):
        guest("__assert_fail", guest.text("x > 0"), guest.text("f.c"), 7, 0)


def test_process(guest):
    assert guest("__syscall_getuid32_js") == 0
    assert guest("__syscall_umask_js", 0o077) == 0o022
    assert guest("__syscall_umask_js", 0) == 0o077
    assert guest("_emscripten_system", 0) == 0
    assert guest("_emscripten_system", guest.text("ls")) == -ENOSYS
    assert guest("_setitimer_js", 0, 0.0) == 0
    assert guest("_setitimer_js", 0, 10.0) == -ENOSYS
    guest("__call_sighandler", 77, 2)
    assert guest.called == [(77, 2)]
    for name in ("emscripten_runtime_keepalive_push", "emscripten_runtime_keepalive_pop", "emscripten_debugger"):
        assert guest(name) is None
    assert guest("_emscripten_runtime_keepalive_clear") is None


def test_diagnostics(guest):
    logged = []
    guest.host.log = logged.append
    guest("_emscripten_log_formatted", 4, guest.text("one"))
    guest("emscripten_log_impl_js", guest.text("two"))
    assert logged == ["one", "two"]


def test_random(guest):
    buf = guest.alloc(200_000)
    assert guest("random_get", buf, 200_000) == 0
    assert len(set(guest.memory.read(buf + 150_000, 1000))) > 100
    assert guest("random_get", buf, -1) == EINVAL
    assert guest("random_get", buf, 1 << 24) == EFAULT
    assert guest("random_get", OUTSIDE, 1) == EFAULT


def test_growing_memory(guest):
    guest.host.max_memory = 8 << 20
    assert guest("emscripten_get_heap_max") == 8 << 20
    assert guest("emscripten_resize_heap", 2 << 20) == 1
    assert guest.memory.size == 2 << 20
    assert guest("emscripten_resize_heap", (2 << 20) + 1) == 1
    assert guest.memory.size == 39 * PAGE
    assert guest("emscripten_resize_heap", 4 << 20) == 1
    assert guest("emscripten_resize_heap", (4 << 20) + 1) == 0
    assert guest("emscripten_resize_heap", -1) == 0


def mapped(guest, fd, size, prot=3, flags=1, offset=0):
    allocated, address = guest.alloc(4), guest.alloc(4)
    result = guest("_mmap_js", size, prot, flags, fd, offset, allocated, address)
    return result, guest.memory.u32(address)


@pytest.fixture
def file(guest):
    fd = guest.open("/tmp/f", READ_WRITE_NEW)
    guest.host.files.file(fd).write_from(memoryview(b"0123456789"))
    return fd


def content(guest):
    buffer = memoryview(bytearray(100))
    return bytes(buffer[: guest.host.files.stat(b"/tmp/f").read_into(0, buffer)])


def test_shared_mapping_is_written_back(guest, file):
    guest.memory.write(PAGE, b"\xff" * PAGE)
    result, address = mapped(guest, file, 100, offset=2)
    assert (result, address % PAGE) == (0, 0)
    assert guest.memory.read(address, 100) == b"23456789" + bytes(92)
    guest.memory.write(address, b"AB")
    assert guest("_msync_js", address, 100, 3, 1, file, 2) == 0
    assert content(guest) == b"01AB456789"
    guest.memory.write(address + 7, b"Zbeyond")
    guest("fd_close", file)
    assert guest("_munmap_js", address, 100, 3, 1, file, 2) == 0
    assert content(guest) == b"01AB45678Z"
    assert guest("_munmap_js", address, 100, 3, 1, file, 2) == -EINVAL
    assert guest.host.mappings == {}


def test_mappings_of_one_file_leave_each_others_writes(guest, file):
    guest("__syscall_ftruncate64", file, 3 * 4096)
    (_, one), (_, two) = mapped(guest, file, 3 * 4096), mapped(guest, file, 3 * 4096)
    guest.memory.write(one, b"ONE")
    guest.memory.write(two + 4096, b"TWO")
    guest.host.files.file(file).pwrite_from(8192, memoryview(b"file"))
    for address in (one, two):
        assert guest("_munmap_js", address, 3 * 4096, 3, 1, file, 0) == 0
    node = guest.host.files.stat(b"/tmp/f")
    buffer = memoryview(bytearray(3 * 4096))
    node.read_into(0, buffer)
    assert [bytes(buffer[start : start + 4]) for start in (0, 4096, 8192)] == [b"ONE3", b"TWO\0", b"file"]


def test_an_unchanged_mapping_of_the_images_file_copies_nothing(guest):
    fd = guest.open("/etc/greeting", 2)
    result, address = mapped(guest, fd, 11)
    assert (result, guest("_munmap_js", address, 11, 3, 1, fd, 0)) == (0, 0)
    assert guest.host.files.overlay.quota.bytes_used == 0


def test_what_found_no_room_is_written_back_later(guest, file):
    guest("__syscall_ftruncate64", file, 8192)
    greeting = guest.open("/etc/greeting", 2)
    _, address = mapped(guest, greeting, 11)
    guest.memory.write(address, b"H")
    quota = guest.host.files.overlay.quota
    quota.max_bytes = quota.bytes_used
    assert guest("_msync_js", address, 11, 3, 1, greeting, 0) == -ENOSPC
    quota.max_bytes += 100
    assert guest("_msync_js", address, 11, 3, 1, greeting, 0) == 0
    buffer = memoryview(bytearray(11))
    guest.host.files.file(greeting).pread_into(0, buffer)
    assert bytes(buffer) == b"Hello world"


def test_private_mapping_is_not(guest, file):
    result, address = mapped(guest, file, 10, flags=2)
    assert result == 0
    guest.memory.write(address, b"XX")
    assert guest("_munmap_js", address, 10, 3, 2, file, 0) == 0
    assert content(guest) == b"0123456789"


def test_mappings_refused(guest, file):
    assert mapped(guest, 99, 10)[0] == -EBADF
    assert mapped(guest, 1, 10)[0] == -ENODEV
    assert mapped(guest, file, 0)[0] == -EINVAL
    assert mapped(guest, file, 10, offset=-1)[0] == -EINVAL
    read_only = guest.open("/tmp/f")
    assert mapped(guest, read_only, 10)[0] == -EACCES
    assert mapped(guest, read_only, 10, flags=2)[0] == 0
    guest.host.guest_call = lambda name, *args: 0
    assert mapped(guest, file, 10)[0] == -ENOMEM
    guest.host.guest_call = lambda name, *args: OUTSIDE
    assert mapped(guest, file, 10)[0] == -EFAULT
