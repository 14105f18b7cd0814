"""What a sandbox has of its own, and where it ends: quota, large directories, doors, mounts, and what is refused."""

import zipfile

import pytest
from cellblock_sandbox import Limits

READ_WRITE = 2


def run(sandbox, code):
    result = sandbox.run(code)
    assert result.error is None, result.error.traceback
    return result.value


def test_a_full_quota_is_an_error_and_loses_nothing(image):
    with image.sandbox(Limits(file_bytes=300_000, files=20)) as sandbox:
        seen = run(
            sandbox,
            """
import errno, os, shutil, sqlite3

def tried(call, *args, **kwargs):
    try:
        return call(*args, **kwargs)
    except OSError as error:
        return errno.errorcode[error.errno]

def full(path):
    with open(path, "wb", buffering=0) as file:
        for _ in range(100):
            file.write(b"x" * 10_000)

os.chdir("/tmp")
with open("kept", "wb") as file:
    file.write(b"kept" * 10_000)
seen = [tried(full, "big"), os.path.getsize("big"), shutil.disk_usage(".").free < 20_000]
seen += [tried(shutil.copyfile, "kept", "copy"), open("kept", "rb").read() == b"kept" * 10_000]
fd = os.open("kept", os.O_RDWR)
seen += [tried(os.ftruncate, fd, 1 << 40), tried(os.pwrite, fd, b"x", 1 << 30), os.path.getsize("kept")]
os.unlink("big")
os.unlink("copy")
database = sqlite3.connect("db")
database.execute("create table t(a)")
database.executemany("insert into t values(?)", [("x" * 100,) for _ in range(500)])
database.commit()
try:
    database.executemany("insert into t values(?)", [("y" * 1000,) for _ in range(5000)])
    database.commit()
except sqlite3.OperationalError as error:
    seen.append(str(error))
database.rollback()
seen += [database.execute("select count(*), min(a) = max(a) from t").fetchone()]
seen += [database.execute("pragma integrity_check").fetchone()[0]]
made = 0
while isinstance(tried(os.mkdir, str(made)), type(None)):
    made += 1
seen += [tried(os.mkdir, "more"), tried(os.symlink, "x", "l"), tried(open, "new", "w"), tried(os.pipe)]
seen += [10 < made < 20]
os.rmdir("0")
seen += [tried(os.mkdir, "more"), os.statvfs(".").f_ffree]
return seen
""",
        )
    assert seen == [
        *["ENOSPC", 260_000, True],
        *["ENOSPC", True],
        *["ENOSPC", "ENOSPC", 40_000],
        *["database or disk is full", (500, 1), "ok"],
        *["EDQUOT", "EDQUOT", "EDQUOT", "EDQUOT"],
        *[True, None, 0],
    ]


def test_a_directory_of_ten_thousand(image):
    with image.sandbox(Limits(files=10_100)) as sandbox:
        seen = run(
            sandbox,
            """
import os
os.mkdir("/tmp/many")
os.chdir("/tmp/many")
for number in range(10_000):
    os.close(os.open(f"file {number}", os.O_CREAT | os.O_WRONLY))
seen = [len(os.listdir(".")), len({entry.stat().st_ino for entry in os.scandir(".")})]
for number in range(0, 10_000, 2):
    os.rename(f"file {number}", f"renamed {number}")
seen += [len(os.listdir(".")), sum(name.startswith("renamed") for name in os.listdir("."))]
os.chdir("/tmp")
import shutil
shutil.rmtree("many")
return [*seen, os.listdir("/tmp")]
""",
        )
    assert seen == [10_000, 10_000, 10_000, 5_000, []]


def test_writes_are_seen_by_no_other_sandbox(image):
    code = """
import os
changed, removed = ("/lib/python3.14/site-packages/numpy/" + name for name in ("__init__.py", "version.py"))
before = [os.listdir("/tmp"), os.path.getsize(changed), os.path.exists(removed), os.stat("/tmp").st_mode]
with open(changed, "a") as file:
    file.write("# mine")
open("/tmp/left", "w").close()
os.unlink(removed)
os.chmod("/tmp", 0o700)
return before, [os.listdir("/tmp"), os.path.getsize(changed), os.path.exists(removed)]
"""
    seen = []
    for _ in range(2):
        with image.sandbox() as sandbox:
            seen.append(run(sandbox, code))
    (before, after), second = seen
    assert second == (before, after)
    assert after == [["left"], before[1] + 6, False]


def test_what_is_not_here_says_so(sandbox):
    seen = run(
        sandbox,
        """
import ctypes, errno, os, signal
libc = ctypes.CDLL(None, use_errno=True)
def called(name, *args):
    return getattr(libc, name)(*args), errno.errorcode.get(ctypes.get_errno())
open("/tmp/f", "w").close()
seen = [called("link", b"/tmp/f", b"/tmp/g"), called("mkfifo", b"/tmp/p", 0o600), called("fork")]
seen += [[hasattr(os, name) for name in ("link", "mkfifo", "sendfile")], signal.getitimer(signal.ITIMER_REAL)]
return seen
""",
    )
    assert seen == [(-1, "EMLINK"), (-1, "EPERM"), (-1, "ENOSYS"), [False] * 3, (0.0, 0.0)]


ASK = """
import os
def ask(request):
    with open("/dev/cellblock/packages", "r+b", buffering=0) as door:
        door.write(request)
        return b"".join(iter(lambda: door.read(1000), b""))
"""


def test_a_door(sandbox):
    asked = []

    def answer(request):
        asked.append(request)
        return request.upper() * 1000

    sandbox._guest.host.files.add_door("packages", answer)
    assert run(sandbox, f"{ASK}\nreturn ask(b'one, please') + ask(b'two')") == b"ONE, PLEASE" * 1000 + b"TWO" * 1000
    assert asked == [b"one, please", b"two"]


def test_there_are_no_doors_but_those_made(sandbox):
    result = sandbox.run(f"{ASK}\nask(b'hello')")
    assert result.error.type == "FileNotFoundError"
    assert run(sandbox, "import os\nreturn sorted(os.listdir('/dev/cellblock'))") == ["context", "interruption"]


@pytest.fixture
def wheel(tmp_path):
    path = tmp_path / "arrived-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("arrived/__init__.py", "from arrived.inner import answer\n")
        archive.writestr("arrived/inner.py", "answer = 42\n")
        archive.writestr("arrived/data.txt", "text of the package")
        archive.writestr("arrived-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: arrived\nVersion: 1.0\n")
    return path


def test_a_package_that_arrives_during_a_run(image, wheel):
    site = "/lib/python3.14/site-packages"
    with image.sandbox() as sandbox, image.sandbox() as other:
        files = sandbox._guest.host.files

        def install(request):
            files.mount_archive(wheel, site, libraries_linked=True)
            return b"done"

        files.add_door("packages", install)
        seen = run(
            sandbox,
            f"""{ASK}
import importlib.metadata, importlib.resources, shutil
try:
    import arrived
except ModuleNotFoundError:
    before = shutil.disk_usage("/").free, os.statvfs("/").f_ffree
    ask(b"arrived")
    import arrived
after = shutil.disk_usage("/").free, os.statvfs("/").f_ffree
text = importlib.resources.files("arrived").joinpath("data.txt").read_text()
return arrived.answer, importlib.metadata.version("arrived"), text, before == after, arrived.__file__
""",
        )
        assert seen == (42, "1.0", "text of the package", True, f"{site}/arrived/__init__.py")
        assert other.run("import arrived").error.type == "ModuleNotFoundError"
        assert run(sandbox, "import arrived.inner\nreturn arrived.inner.answer") == 42
