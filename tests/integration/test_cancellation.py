"""Cancelling runs, and the limit of processor time: what the block sees, how it ends, and that nobody else notices."""

import threading
import time

import msgpack
import pytest
from cellblock_sandbox import Limits

SLACK_S = 15.0
STUBBORN = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
REQUEST = {"code": "while True: pass"}


@pytest.fixture
def cancelled_run(image):
    """Run a block, cancel it once it prints, and give its result, the seconds from there, and whether it lives on."""

    def run(code, **limits):
        times = []
        with image.sandbox(Limits(**{"timeout_s": 60, "grace_s": 0.3} | limits)) as sandbox:

            def cancel(stream, chunk):
                if not times:
                    times.append(time.monotonic())
                    threading.Timer(0.05, sandbox.cancel).start()

            result = sandbox.run(f"print('go')\n{code}", on_output=cancel)
            took = time.monotonic() - times[0]
            if sandbox.alive:
                assert sandbox.run("1 + 1").value == 2
            return result, took, sandbox.alive

    return run


# What sees the interrupt ends as an exception in the block, and the sandbox lives.
HEARS = {
    "python loop": ("while True: pass", 2),
    "time.sleep": ("import time\ntime.sleep(100)", 3),
    "asyncio.sleep": ("import asyncio\nawait asyncio.sleep(100)", 3),
    "tasks": ("import asyncio\nasync def f(): await asyncio.sleep(100)\nawait asyncio.gather(f(), f())", 4),
    "a busy task": (
        "import asyncio\nasync def busy():\n    while True: pass\nt = asyncio.create_task(busy())\n"
        "await asyncio.sleep(100)", None,
    ),
    "big power": ("10 ** 10 ** 8", 2),
}  # fmt: skip


@pytest.mark.parametrize(("code", "line"), HEARS.values(), ids=HEARS.keys())
def test_cancelling_ends_a_block(cancelled_run, code, line):
    result, took, alive = cancelled_run(code)
    assert (result.status, result.error.type, result.error.message) == (
        "cancelled",
        "Cancelled",
        "the run was cancelled",
    )
    assert result.value is None
    assert line is None or result.error.line == line
    assert "KeyboardInterrupt: the run was cancelled" in result.error.traceback
    assert took < SLACK_S
    assert alive


WAITS = {
    "select": "import select\nselect.select([], [], [])",
    "poll": "import os, select\np = select.poll()\np.register(os.pipe()[0], select.POLLIN)\np.poll()",
}


@pytest.mark.parametrize("code", WAITS.values(), ids=WAITS.keys())
def test_cancelling_ends_a_wait_even_if_the_block_ends_with_it(cancelled_run, code):
    result, took, alive = cancelled_run(code)
    assert (result.status, result.error.type, alive) == ("cancelled", "Cancelled", True)
    assert took < SLACK_S


DEAF = {
    "caught": STUBBORN,
    "sleep caught": "import time\nwhile True:\n    try: time.sleep(100)\n    except BaseException: pass",
    "sum of a range": "sum(range(10 ** 11))",
    "matrix product": "import numpy as np\na = np.ones((5000, 5000))\na @ a",
    "signal ignored": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
}


@pytest.mark.parametrize("code", DEAF.values(), ids=DEAF.keys())
def test_a_block_that_does_not_hear_it_is_stopped(cancelled_run, code):
    result, took, alive = cancelled_run(code)
    assert (result.status, result.error.type) == ("cancelled", "Cancelled")
    assert "did not stop when asked to" in result.error.message
    assert took < SLACK_S
    assert not alive


@pytest.mark.parametrize("code", ["pass", "import asyncio\n        await asyncio.sleep(100)"])
def test_the_block_sees_a_keyboard_interrupt_and_its_finally_blocks_run(cancelled_run, code):
    block = (
        f"try:\n    try:\n        {code}\n        while True: pass\n    except KeyboardInterrupt as e: print(repr(e))\n"
    )
    result, _, _ = cancelled_run(f"{block}finally:\n    print('tidy')\nreturn 'completed all the same'")
    assert result.stdout.splitlines() == ["go", "KeyboardInterrupt('the run was cancelled')", "tidy"]
    assert (result.status, result.value, result.error.type) == ("cancelled", None, "Cancelled")


@pytest.mark.parametrize("code", ["1 / 0", "import os; os._exit(3)", "import os; os.abort()"])
def test_whatever_a_cancelled_block_does_it_is_cancelled(cancelled_run, code):
    result, _, _ = cancelled_run(f"try:\n    while True: pass\nfinally:\n    {code}")
    assert (result.status, result.error.type) == ("cancelled", "Cancelled")


def test_a_cancel_without_a_run_does_nothing(image):
    with image.sandbox() as sandbox:
        assert sandbox.cancel() is False
        assert sandbox.run("1 + 1").value == 2
        assert sandbox.cancel() is False
        assert sandbox.run("sum(range(10 ** 6))").status == "completed"
    assert sandbox.cancel() is False


def test_many_cancels_are_one(image):
    with image.sandbox(Limits(timeout_s=60)) as sandbox:
        answers = []

        def cancel(stream, chunk):
            answers.extend(sandbox.cancel() for _ in range(1000))

        assert sandbox.run("print(1)\nwhile True: pass", on_output=cancel).status == "cancelled"
        assert answers == [True] + [False] * 999
        assert sandbox.run("1 + 1").value == 2


def test_a_run_that_was_cancelled_before_it_began(image):
    cancelled = threading.Event()
    cancelled.set()
    with image.sandbox(Limits(timeout_s=60)) as sandbox:
        assert sandbox.run_packed(msgpack.packb(REQUEST), cancelled=cancelled).status == "cancelled"
        assert sandbox.run("1 + 1").value == 2


def test_cancels_at_any_moment_hit_one_run_or_none(image):
    """Cancels from another thread while short runs follow each other: each is whole or cancelled."""
    stop = threading.Event()
    with image.sandbox(Limits(timeout_s=60, grace_s=20)) as sandbox:

        def cancel():
            while not stop.wait(0.003):
                sandbox.cancel()

        thread = threading.Thread(target=cancel)
        thread.start()
        results = [sandbox.run("sum(range(20_000))") for _ in range(150)]
        stop.set()
        thread.join()
        assert {(each.status, each.value) for each in results} <= {("completed", 199990000), ("cancelled", None)}
        assert {each.status for each in results} == {"completed", "cancelled"}
        assert sandbox.run("1 + 1").value == 2


def test_raising_the_signal_oneself_is_no_cancellation(image):
    with image.sandbox() as sandbox:
        result = sandbox.run("import signal\nsignal.raise_signal(signal.SIGINT)")
        assert (result.status, result.error.type) == ("error", "KeyboardInterrupt")


# ---- processor time

SPENT = "the limit of 0.2 s of processor time was reached"


def test_processor_time_is_limited(image):
    with image.sandbox(Limits(timeout_s=60, cpu_s=0.2)) as sandbox:
        result = sandbox.run("try:\n    while True: pass\nfinally:\n    print('tidy')")
        assert (result.status, result.error.type, result.error.message) == ("timeout", "TimeoutError", SPENT)
        assert result.stdout == "tidy\n"
        assert 200 <= result.timings_ms["cpu"] < SLACK_S * 1000
        assert sandbox.run("1 + 1").value == 2


def test_waiting_takes_no_processor_time(image):
    with image.sandbox(Limits(timeout_s=60, cpu_s=0.2)) as sandbox:
        result = sandbox.run("import time\nfor _ in range(10): time.sleep(0.05)\nreturn 5")
        assert (result.status, result.value) == ("completed", 5)
        assert result.timings_ms["cpu"] < 200 < result.timings_ms["run"]
        assert sandbox.run("import time\ntime.sleep(0.3)\nwhile True: pass").error.message == SPENT


def test_who_does_not_hear_that_it_is_used_up_is_stopped(image):
    with image.sandbox(Limits(timeout_s=60, cpu_s=0.2, grace_s=0.2)) as sandbox:
        result = sandbox.run(STUBBORN)
        assert (result.status, result.error.type) == ("timeout", "TimeoutError")
        assert result.error.message == f"{SPENT}, and the block did not stop when asked to"
        assert not sandbox.alive


def test_each_run_has_processor_time_of_its_own(image):
    with image.sandbox(Limits(timeout_s=60, cpu_s=1.0)) as sandbox:
        for _ in range(6):
            code = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
            assert sandbox.run(code).status == "completed"
