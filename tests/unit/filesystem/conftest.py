import io
import zipfile

import pytest
from cellblock_sandbox.filesystem import FileSystem, LayerStack, Quota


class Sandbox(FileSystem):
    """A FileSystem with whole-file helpers, for tests."""

    def put(self, path, data, flags=0o1101):
        fd = self.open(path, flags)
        try:
            return self.file(fd).write_from(memoryview(data))
        finally:
            self.close(fd)

    def get(self, path):
        fd = self.open(path, 0)
        buffer = memoryview(bytearray(1 << 20))
        data = bytes(buffer[: self.file(fd).read_into(buffer)])
        self.close(fd)
        return data


@pytest.fixture
def wheel(tmp_path):
    path = tmp_path / "pkg.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("pkg/__init__.py", (2024, 5, 6, 7, 8, 10)), b"x = 1\n")
        archive.writestr("pkg/data.bin", bytes(100_000), zipfile.ZIP_DEFLATED)
        archive.writestr("pkg/stored.bin", b"stored", zipfile.ZIP_STORED)
    return path


@pytest.fixture
def layers(wheel):
    stack = LayerStack.standard()
    stack.mount_archive(wheel, "/site")
    stack.add_file(b"hello", "/etc/greeting")
    stack.symlink("greeting", "/etc/link")
    return stack


@pytest.fixture
def output():
    return io.StringIO()


@pytest.fixture
def make(layers, output):
    def make(max_bytes=1_000_000, max_files=100):
        def on_output(stream, chunk):
            output.write(f"{stream}:{chunk.decode()};")

        return Sandbox(layers, Quota(max_bytes, max_files), on_output, now_ns=lambda: 1_700_000_000_000_000_000)

    return make


@pytest.fixture
def fs(make):
    return make()
