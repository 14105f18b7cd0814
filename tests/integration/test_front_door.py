"""The documented way in: opening images, making, using and closing sandboxes, and every wrong use of them."""

import gc
import json
import os
import shutil
import threading
import tracemalloc

import msgpack
import pytest
from cellblock_sandbox import Image, ImageDamaged, ImageMismatch, ImageMissing, Limits, SandboxClosed, ValueNotPortable
from cellblock_sandbox.errors import CellblockError, SettingInvalid
from cellblock_sandbox.image import manifest as manifests
from cellblock_sandbox.image.hashing import canonical_json
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.store import Store

# ---- images


def test_by_name_and_by_id(image, image_home):
    assert image.name == "data"
    again = Image.open(image.id, home=image_home, verify=False)
    assert (again.name, again.id) == (image.name, image.id)
    assert {"numpy", "pandas"} <= image.packages.keys()
    with again.sandbox() as sandbox:
        imported = sandbox.run("import numpy, pandas\nreturn numpy.__version__, pandas.__version__").value
    assert imported == (image.packages["numpy"], image.packages["pandas"])


def test_an_image_without_preloads(image_home):
    with Image.open("core", home=image_home, verify=False).sandbox() as sandbox:
        assert sandbox.run("import sys\nreturn 'numpy' in sys.modules").value is False
        assert sandbox.run("import numpy\nreturn int(numpy.ones(3).sum())").value == 3


def test_home_by_environment(image_home, monkeypatch):
    monkeypatch.setenv("CELLBLOCK_HOME", str(image_home))
    assert Image.open("data", verify=False).name == "data"


@pytest.mark.parametrize("name", ["absent", "", "../data", "0123456789abcdef", "data/", "DATA"])
def test_missing_images(image_home, name):
    with pytest.raises(ImageMissing) as caught:
        Image.open(name, home=image_home)
    assert "Build it with: cellblock image build" in str(caught.value)


def test_an_empty_home(tmp_path):
    with pytest.raises(ImageMissing, match="No image has been built there"):
        Image.open(home=tmp_path)


@pytest.fixture
def copied(image_home, tmp_path):
    """A home with hard links to the built image and its bundle; `own` makes one file a copy, to be changed."""
    store = Store(Home(image_home))
    stored = store.open("image", "data", verify=False)
    bundle = store.open("bundle", stored.manifest.inputs["bundle"], verify=False)
    for kind, each in (("images", stored), ("bundles", bundle)):
        try:
            shutil.copytree(each.folder, tmp_path / kind / each.id, copy_function=os.link)
        except OSError:
            shutil.rmtree(tmp_path / kind, ignore_errors=True)
            shutil.copytree(each.folder, tmp_path / kind / each.id)

    def own(kind, name):
        path = tmp_path / kind / (stored if kind == "images" else bundle).id / name
        data = path.read_bytes()
        path.unlink()
        path.write_bytes(data)
        return path

    return tmp_path, stored.id, own


def test_the_copy_opens(copied):
    home, ident, _ = copied
    with Image.open(ident, home=home).sandbox() as sandbox:
        assert sandbox.run("1 + 1").value == 2


def flip(path, position):
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("images", "manifest.json"), ("images", "memory.bin"), ("bundles", "code.cwasm"), ("bundles", "links.json")],
)
@pytest.mark.parametrize("position", [0, -1])
def test_one_changed_byte_is_refused_by_name(copied, kind, name, position):
    home, ident, own = copied
    flip(own(kind, name), position)
    with pytest.raises(ImageDamaged) as caught:
        Image.open(ident, home=home)
    assert caught.value.file == name
    assert name in str(caught.value)


@pytest.mark.parametrize(("kind", "name"), [("images", "memory.bin"), ("bundles", "code.cwasm")])
def test_a_lost_file_is_refused_by_name(copied, kind, name):
    home, ident, own = copied
    own(kind, name).unlink()
    with pytest.raises(ImageDamaged, match=f"{name} should be .* and is missing"):
        Image.open(ident, home=home)


@pytest.mark.parametrize("what", ["format", "engine", "build"])
def test_another_identity_is_refused_with_both_values(copied, what):
    home, ident, own = copied
    path = own("images", "manifest.json")
    content = json.loads(path.read_bytes())
    ours, content[what] = content[what], "of old"
    data = canonical_json(content)
    path.write_bytes(data)
    own("images", manifests.SEAL).write_bytes(manifests._seal(data))
    with pytest.raises(ImageMismatch) as caught:
        Image.open(ident, home=home)
    assert (caught.value.what, caught.value.stored, caught.value.current) == (what, "of old", ours)


# ---- limits


@pytest.mark.parametrize(
    "name", ["timeout_s", "cpu_s", "memory_mb", "output_bytes", "result_bytes", "file_bytes", "files", "grace_s"]
)
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "5", None, True])
def test_limits_are_positive_numbers(name, value):
    if (name, value) == ("cpu_s", float("inf")):
        assert Limits().cpu_s == value  # which means none
        return
    with pytest.raises(SettingInvalid, match=name):
        Limits(**{name: value})


def test_more_memory_than_there_can_be():
    with pytest.raises(SettingInvalid, match="at most 4096"):
        Limits(memory_mb=4097)
    assert Limits(memory_mb=4096).memory_bytes == (4096 << 20) - 65536


def test_less_memory_than_the_image_has(image):
    with pytest.raises(CellblockError) as caught:
        image.sandbox(Limits(memory_mb=1))
    assert "Allow at least" in str(caught.value)


def test_all_the_memory_there_can_be(image):
    with image.sandbox(Limits(memory_mb=4096)) as sandbox:
        # Addresses beyond 2 GiB are negative numbers to WebAssembly, and so to every host function.
        code = "kept = [bytearray(800_000_000) for _ in range(3)]\nkept[2][-3:] = b'abc'\n"
        code += "view = memoryview(kept[2])[-3:]\nopen('x', 'wb').write(view)\nimport ctypes\n"
        code += "c = (ctypes.c_char * 3).from_buffer(view)\nlength = ctypes.CDLL(None).strnlen(c, 3)\n"
        code += "return ctypes.addressof(c) > 2**31, length, open('x', 'rb').read()"
        assert sandbox.run(code).value == (True, 3, b"abc")


# ---- sandboxes


def test_closing(image):
    sandbox = image.sandbox()
    assert sandbox.alive
    sandbox.close()
    assert not sandbox.alive
    sandbox.close()
    with pytest.raises(SandboxClosed, match="it was closed"):
        sandbox.run("1")
    with pytest.raises(SandboxClosed):
        sandbox.run_packed(b"")


def test_the_context_manager_closes(image):
    with pytest.raises(KeyError), image.sandbox() as sandbox:
        raise KeyError
    assert not sandbox.alive


def test_what_ended_a_sandbox_is_told(image):
    for code, why in (
        ("import os\nos._exit(3)", "its block ended the interpreter"),
        ("import os\nos.abort()", "crashed"),
    ):
        with image.sandbox() as sandbox:
            sandbox.run(code)
            with pytest.raises(SandboxClosed, match=why):
                sandbox.run("1")


def test_state_stays_between_runs(sandbox):
    sandbox.run("import builtins\nbuiltins.kept = 5")
    assert sandbox.run("kept").value == 5
    assert sandbox.run("raise ValueError").status == "error"
    assert sandbox.run("kept").value == 5


def test_closing_gives_the_memory_back(image):
    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    for _ in range(3):
        with image.sandbox() as sandbox:
            sandbox.run("a = bytearray(200_000_000)\n1")
    before = resident()
    for _ in range(5):
        with image.sandbox() as sandbox:
            sandbox.run("a = bytearray(200_000_000)\n1")
    assert resident() - before < 100_000_000


HELD = {
    "a file": "kept = open('x', 'wb')\nkept.write(data)",
    "a file in folders": "import os\nos.makedirs('a/b/c')\nos.chdir('a/b/c')\nopen('x', 'wb').write(data)",
    "a file that is gone": "import os\nkept = open('x', 'wb')\nos.unlink('x')\nkept.write(data)\nkept.flush()",
    "a mapping": "import mmap\nopen('x', 'wb').write(data)\nkept = mmap.mmap(os.open('x', os.O_RDWR), 0)",
    "a lock": "import fcntl\nkept = open('x', 'wb')\nkept.write(data)\nfcntl.lockf(kept, fcntl.LOCK_EX)",
}


@pytest.mark.parametrize("code", HELD.values(), ids=HELD.keys())
def test_closing_gives_the_files_back(image, code):
    """At once, and not when Python happens to look for cycles."""

    def made():
        with image.sandbox() as sandbox:
            result = sandbox.run(f"import os\n{code}\n1", data=bytes(10_000_000))
            assert result.error is None, result.error
            return sandbox

    gc.collect()
    gc.disable()
    try:
        made()
        tracemalloc.start()
        for _ in range(3):
            made()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert held < 5_000_000


def test_from_several_threads(image):
    answers = {}

    def work(number):
        with image.sandbox() as sandbox:
            answers[number] = [sandbox.run("data * 2", data=number + step).value for step in range(5)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: [(number + step) * 2 for step in range(5)] for number in range(6)}


# ---- runs


def test_output_as_it_is_written(sandbox):
    got = []
    code = "import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c', end='')"
    result = sandbox.run(code, on_output=lambda stream, chunk: got.append((stream, chunk)))
    assert got == [("stdout", b"a\n"), ("stderr", b"b\n"), ("stdout", b"c")]
    assert (result.stdout, result.stderr) == ("a\nc", "b\n")
    assert sandbox.run("print('d')").stdout == "d\n"
    assert len(got) == 3


def test_bytes_that_are_no_text(sandbox):
    result = sandbox.run("import os\nos.write(1, b'\\xff\\x00ok')\nNone")
    assert result.stdout == "\ufffd\0ok"


def test_an_error(sandbox):
    error = sandbox.run("x = 1\n1 / 0", name="My block").error
    assert (error.type, error.message, error.line) == ("ZeroDivisionError", "division by zero", 2)
    assert 'File "My block", line 2' in error.traceback
    assert "cellblock_guest" not in error.traceback


def test_timings(sandbox):
    assert 0 < sandbox.run("1").timings_ms["run"] < 60_000


def test_env_and_msg(sandbox):
    result = sandbox.run("return env, msg", env={"KEY": "v"}, msg={"topic": "t", "_id": 1})
    assert result.value == ({"KEY": "v"}, {"topic": "t", "_id": 1})


@pytest.mark.parametrize("argument", ["data", "inputs", "msg"])
def test_arguments_that_can_not_travel(sandbox, argument):
    value = [object()] if argument == "inputs" else object()
    with pytest.raises(ValueNotPortable, match=argument):
        sandbox.run("1", **{argument: value})
    assert sandbox.run("1").value == 1


@pytest.mark.parametrize("code", [None, 5, b"1", ["1"]])
def test_code_that_is_no_text(sandbox, code):
    result = sandbox.run(code)
    assert (result.status, result.error.type) == ("error", "TypeError")
    assert sandbox.run("1").value == 1


@pytest.mark.parametrize(
    "request_", [b"", b"\xc1", b"\x93\1\2\3", b"\x80", b"\x81\xa4code", msgpack.packb({"code": "1", "data": b"\xc1"}),
                 b"\xdd\xff\xff\xff\xff", msgpack.packb({"name": "x"}), b"\x91" * 5000]
)  # fmt: skip
def test_requests_that_are_broken(sandbox, request_):
    result = sandbox.run_packed(request_)
    assert result.status == "error"
    assert result.error["type"]
    assert sandbox.run("1 + 1").value == 2


def test_a_packed_run(sandbox):
    result = sandbox.run_packed(msgpack.packb({"code": "print('x')\ndata + 1", "data": msgpack.packb(41)}))
    assert (result.status, msgpack.unpackb(b"".join(result.result)), result.stdout) == ("completed", 42, b"x\n")


def test_runs_that_keep_their_names(image):
    with image.sandbox() as sandbox:
        for number in range(1, 4):
            assert sandbox.run("n = globals().get('n', 0) + data", data=1, keep=True).status == "completed"
            assert sandbox.run("def f(): return n\nresult = f(), msg", msg=number, keep=True).value == (number, number)
            assert sandbox.run("x = f()", keep=True).value is None
            assert sandbox.run("'n' in globals()").value is False
        assert sandbox.run("raise ValueError(n)", keep=True).error.message == "3"
        assert sandbox.run("n, f(), x", keep=True).value == (3, 3, 3)


def test_a_kept_function_shows_its_line(sandbox):
    sandbox.run("def f():\n    return 1 / 0", keep=True)
    error = sandbox.run("f()", keep=True).error
    assert (error.type, error.line) == ("ZeroDivisionError", 2)


# ---- blocks that reach for the runner

RUNNER = "import cellblock_guest.inside.entry as entry\n"
TAMPERED = {
    "answers a number": "def run(request): return 5",
    "answers text": "def run(request): return 'text'",
    "answers nothing": "def run(request): return None",
    "answers other bytes": "def run(request): return b'\\xc1'",
    "answers nothing at all": "def run(request): return b''",
    "answers a list": "def run(request): return b'\\x90'",
    "answers another status": "def run(request): return pack({'status': 'fine'})",
    "answers no error": "def run(request): return pack({'status': 'error'})",
    "answers half an error": "def run(request): return pack({'status': 'error', 'error': {'type': 'x'}})",
    "answers nested lists": "def run(request): return b'\\x91' * 100_000",
    "answers that it was out of time": "def run(request): return pack({'status': 'timeout', 'error': dict("
    "type='TimeoutError', message='', line=None, column=None, traceback='')})",
    "answers that it was cancelled": "def run(request): return pack({'status': 'cancelled'})",
    "raises": "def run(request): raise ValueError",
    "exits": "def run(request): raise SystemExit",
    "recurses": "def run(request): return run(request)",
}


@pytest.mark.parametrize("code", TAMPERED.values(), ids=TAMPERED.keys())
def test_a_runner_that_was_replaced(image, code):
    """The next run of a kept sandbox ends as an error of its own, never as an exception here."""
    with image.sandbox(Limits(timeout_s=5)) as sandbox:
        sandbox.run(f"{RUNNER}{code}\nentry.run.__code__ = run.__code__")
        assert sandbox.run("1 + 1").status == "error"
    with image.sandbox() as neighbour:
        assert neighbour.run("1 + 1").value == 2


def test_a_listener_that_raises_ends_the_sandbox(image):
    """Its exception is the caller's own and comes out; the interpreter was cut off in mid-call: it is at its end."""

    def listener(stream, chunk):
        raise LookupError(stream)

    with image.sandbox() as sandbox:
        with pytest.raises(LookupError, match="stdout"):
            sandbox.run("print(1)", on_output=listener)
        assert not sandbox.alive
        with pytest.raises(SandboxClosed):
            sandbox.run("1")


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), "3"])
def test_a_timeout_that_is_none(sandbox, timeout):
    with pytest.raises(SettingInvalid, match="timeout_s"):
        sandbox.run("1", timeout_s=timeout)
    assert sandbox.run("1 + 1").value == 2
