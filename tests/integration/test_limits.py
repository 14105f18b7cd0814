"""The limits of a run, against blocks that want more; after each, an honest block in a new sandbox answers right.

Upper bounds of time are generous: what is shown is that a block ends, not how fast a busy machine is.
"""

import textwrap
import time

import pytest
from cellblock_sandbox import Limits

STUBBORN = """
def forever(step):
    while True:
        try:
            while True:
                step()
        except BaseException:
            pass
"""
SLACK_S = 15.0


@pytest.fixture
def run(image):
    """Run a block under limits of its own; afterwards, a neighbour must be well."""

    def run(code, **limits):
        with image.sandbox(Limits(**{"timeout_s": 0.5, "grace_s": 0.3} | limits)) as sandbox:
            started = time.monotonic()
            result = sandbox.run(STUBBORN + textwrap.dedent(code))
            took = time.monotonic() - started
            alive = sandbox.alive
        with image.sandbox() as neighbour:
            assert neighbour.run("import numpy as np\nreturn int(np.arange(1000).sum())").value == 499500
        return result, took, alive

    return run


# What sees the interrupt ends as an exception in the block, and the sandbox lives.
HEARS = {
    "python loop": "while True: pass",
    "big power": "10 ** 10 ** 8",
    "backtracking": "import re\nre.match('(a+)+$', 'a' * 40 + 'b')",
    "time.sleep": "import time\ntime.sleep(100)",
    "asyncio.sleep": "import asyncio\nawait asyncio.sleep(100)",
    "select": "import select\nselect.select([], [], [], 100)",
    "printing": "while True: print('x' * 1000)",
    # What eats the first interrupt hears the second.
    "finally": "try:\n    while True: pass\nfinally:\n    while True: pass",
    "an eaten error": "try:\n    while True: pass\nexcept OSError: pass\nwhile True: pass",
    "a destructor": "class A:\n    def __del__(self):\n        while True: pass\nA()\nwhile True: pass",
    "sorting": "sorted(range(10 ** 5), key=lambda x: sorted(range(10 ** 3), key=lambda y: -y))",
    "a generator": "def g():\n    while True: yield\nfor _ in g(): pass",
}


@pytest.mark.parametrize("code", HEARS.values(), ids=HEARS.keys())
def test_time_limit_heard(run, code):
    result, took, alive = run(code)
    assert (result.status, result.error.type) == ("timeout", "TimeoutError")
    assert 0.5 <= took < SLACK_S
    assert alive


# Where the interrupt lands decides: code of the standard library may swallow it, as it does any OSError.
EITHER = {
    "tasks": "import asyncio\nasync def f():\n    while True: await asyncio.sleep(0)\nawait asyncio.gather(f(), f())",
    "imports": "import sys, json\nwhile True:\n    del sys.modules['json']\n    import json",
}


@pytest.mark.parametrize("code", EITHER.values(), ids=EITHER.keys())
def test_time_limit_one_way_or_the_other(run, code):
    result, took, _ = run(code)
    assert (result.status, result.error.type) == ("timeout", "TimeoutError")
    assert 0.5 <= took < SLACK_S


# What doesn't is stopped from outside.
DEAF = {
    "matrix product": "import numpy as np\na = np.ones((4000, 4000))\na @ a",
    "interrupt caught": "forever(lambda: None)",
    "signal ignored": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
    "sum of a range": "sum(range(10 ** 10))",
    "sleep caught": "import time\nforever(lambda: time.sleep(100))",
    "await caught": "import asyncio\nwhile True:\n    try: await asyncio.sleep(100)\n    except BaseException: pass",
    "sleep of C": "import ctypes\nctypes.CDLL(None).sleep(100)",
    "bulk copies": "a, b = bytearray(10 ** 8), bytes(10 ** 8)\ndef step(): a[:] = b\nforever(step)",
    "small bulk copies": "a, b = bytearray(10 ** 5), bytes(10 ** 5)\ndef step(): a[:] = b\nforever(step)",
    "one long join": "x = [b'a' * 65536] * 6000\nforever(lambda: b''.join(x))",
    "bulk zeros": "forever(lambda: bytearray(7 * 10 ** 8))",
    "rows of numpy":
        "import numpy as np\na, b = np.zeros((40, 10 ** 6)), np.ones(10 ** 6)\ndef step(): a[:] = b\nforever(step)",
    "file writes": "f, b = open('x', 'wb'), bytes(10 ** 7)\ndef step():\n    f.seek(0)\n    f.write(b)\nforever(step)",
    "random bytes": "import os\nforever(lambda: os.urandom(2 ** 22))",
    "printing, caught": "forever(lambda: print('x' * 10 ** 6))",
}  # fmt: skip


@pytest.mark.parametrize("code", DEAF.values(), ids=DEAF.keys())
def test_time_limit_not_heard(run, code):
    result, took, alive = run(code)
    assert (result.status, result.error.type) == ("timeout", "TimeoutError")
    assert "did not stop when asked to" in result.error.message
    assert 0.8 <= took < SLACK_S
    assert not alive


def test_finally_blocks_run_within_the_grace(run):
    result, _, alive = run("try:\n    while True: pass\nfinally:\n    print('tidy')")
    assert (result.status, result.stdout, alive) == ("timeout", "tidy\n", True)


def test_a_timeout_per_run(image):
    with image.sandbox(Limits(timeout_s=100)) as sandbox:
        assert sandbox.run("while True: pass", timeout_s=0.2).status == "timeout"
        assert sandbox.run("1 + 1", timeout_s=20).value == 2


def test_many_hard_stops_in_one_process(image):
    for _ in range(15):
        with image.sandbox(Limits(timeout_s=0.02, grace_s=0.02)) as sandbox:
            assert sandbox.run(STUBBORN + "forever(lambda: None)").status == "timeout"
            assert not sandbox.alive
        with image.sandbox() as sandbox:
            assert sandbox.run("1 + 1").value == 2


# ---- memory

GROWTH = {
    "bytearray": "a = bytearray()\nwhile True: a += bytes(10 ** 7)",
    "text": "a = 'x'\nwhile True: a += a",
    "numpy": "import numpy as np\na = []\nwhile True: a.append(np.ones(10 ** 6))",
    "one piece": "bytearray(10 ** 9)",
}


@pytest.mark.parametrize("code", GROWTH.values(), ids=GROWTH.keys())
def test_memory_limit(run, code):
    result, _, alive = run(code, memory_mb=256, timeout_s=30)
    assert result.status == "error"
    assert "MemoryError" in result.error.type
    assert alive


def test_memory_full_of_small_things(run):
    result, _, _ = run("a = []\nwhile True: a.append([0] * 10)", memory_mb=128, timeout_s=30)
    assert result.status == "error"


# ---- recursion

ENDLESS = "import sys\nsys.setrecursionlimit(10 ** 9)\n"
NESTED = ENDLESS + "x = []\nfor _ in range(300_000): x = [x]\n"
RECURSION = {
    "python": ENDLESS + "def f(): f()\nf()",
    "python, limit as it is": "def f(): f()\nf()",
    "through C": ENDLESS + "class A:\n    def __getattr__(self, n): return getattr(self, n)\nA().x",
    "repr": NESTED + "repr(x)",
    "json": ENDLESS + "import json\njson.loads('[' * 10 ** 6)",
    "compile": "compile('(' * 10 ** 5 + ')' * 10 ** 5, 'x', 'eval')",
    "compile operators": "compile('-' * 10 ** 6 + '1', 'x', 'eval')",
    "regular expression": "import re\nre.compile('(' * 50_000 + ')' * 50_000)",
    "pickle": NESTED + "import pickle\npickle.dumps(x)",
    "result": NESTED + "return x",
    "sort keys": ENDLESS + "def f(x): return sorted([1], key=f)\nf(1)",
}  # fmt: skip


@pytest.mark.parametrize("code", RECURSION.values(), ids=RECURSION.keys())
def test_deep_recursion_ends_cleanly(run, code):
    result, took, _ = run(code, timeout_s=5)
    assert result.status in ("error", "timeout")
    expected = {"RecursionError", "MemoryError", "SyntaxError", "TimeoutError", "ValueNotPortable", "OverflowError"}
    assert result.error.type in expected
    assert took < 5 + SLACK_S


# ---- the interpreter's own end

ENDS = {
    "os._exit": ("import os\nos._exit(4)", "SystemExit", False),
    "os.abort": ("import os\nos.abort()", "GuestCrashed", False),
    "sys.exit": ("import sys\nsys.exit(3)", "SystemExit", True),
    "os.kill": ("import os\nos.kill(os.getpid(), 9)", "SystemExit", False),
    "raise_signal": ("import signal\nsignal.raise_signal(signal.SIGSEGV)", "GuestCrashed", False),
    "wild address": ("import ctypes\nctypes.string_at(0xfffffff0)", "GuestCrashed", False),
}


@pytest.mark.parametrize(("code", "error", "lives"), ENDS.values(), ids=ENDS.keys())
def test_a_block_that_ends_the_interpreter(run, code, error, lives):
    result, _, alive = run(code)
    assert (result.status, result.error.type, alive) == ("error", error, lives)


# ---- output, results, files


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_output_is_cut(run, stream):
    result, _, alive = run(
        f"import sys\nfor i in range(2000): print('x' * 99, file=sys.{stream})\n7", output_bytes=1000, timeout_s=20
    )
    text = getattr(result, stream)
    assert text.startswith("x" * 99)
    assert f"cut here: {stream} is limited to 1000 bytes" in text
    assert len(text) < 1200
    assert (result.value, alive) == (7, True)


def test_each_run_has_its_own_output(image):
    with image.sandbox(Limits(output_bytes=100)) as sandbox:
        assert "cut here" in sandbox.run("print('x' * 1000)").stdout
        assert sandbox.run("print('again')").stdout == "again\n"


def test_result_limit(run):
    result, _, alive = run("b'x' * 2_000_000", result_bytes=1_000_000, timeout_s=20)
    assert (result.status, result.error.type, alive) == ("error", "ResultLimit", True)
    assert "the limit is 1000000" in result.error.message
    assert run("b'x' * 900_000", result_bytes=1_000_000, timeout_s=20)[0].value == b"x" * 900_000


FILES = {
    "bytes": ("open('big', 'wb').write(bytes(2_000_000))", "file_bytes"),
    "truncate": ("open('big', 'wb').truncate(2_000_000)", "file_bytes"),
    "sparse": ("f = open('big', 'wb')\nf.seek(2 ** 40)\nf.write(b'x')\nf.flush()", "file_bytes"),
    "many": ("for i in range(200): open(f'file{i}', 'w').close()", "files"),
    "directories": ("import os\nfor i in range(200): os.mkdir(f'd{i}')", "files"),
    "links": ("import os\nfor i in range(200): os.symlink('x', f'l{i}')", "files"),
    "appended": ("f = open('big', 'ab')\nwhile True:\n    f.write(bytes(10_000))\n    f.flush()", "file_bytes"),
}


@pytest.mark.parametrize(("code", "limit"), FILES.values(), ids=FILES.keys())
def test_file_quota(run, code, limit):
    result, _, alive = run(code, timeout_s=20, **{limit: 1_000_000 if limit == "file_bytes" else 100})
    assert (result.status, result.error.type, alive) == ("error", "OSError", True)
    assert result.error.message.startswith("[Errno")


def test_open_descriptors_are_bounded(run):
    result, _, alive = run("f = []\nwhile True: f.append(open('/dev/null'))", timeout_s=20)
    assert (result.error.type, alive) == ("OSError", True)
