# ruff: noqa: E501 (tables: a row is a line)
"""Blocks under the host's Python: the result rule, return, await, names, errors. The whole table runs in the sandbox."""

import random
import signal
import threading
import time

import msgpack
import numpy as np
import pytest
from cellblock_sandbox.guest.inside import bridge, entry, environment, interruption, returns

RESULTS = [
    ("1+1", 2),
    ("return 5", 5),
    ("return", None),
    ("result = 3\n7", 3),
    ("result = 1\nreturn", None),
    ("result = 1\nreturn 2", 2),
    ("result = 1\nif 0:\n    return 2\nreturn 3", 3),
    ("return *[1], 2", (1, 2)),
    ("async def g():\n    yield 1\nreturn [x async for x in g()]", [1]),
    ("import sys\nreturn [name for name in globals() if 'cellblock' in name]", []),
    ("result = 1\ndel result\n4", 4),
    ("x = 1", None),
    ("", None),
    ("5;", 5),
    ("'doc'", "doc"),
    ("'''doc'''\nreturn __doc__", "doc"),
    ("if 0:\n    return 1\n7", 7),
    ("x = 1\r\nif x:\r\n    x = 2\r\nx", 2),
    ("\ufeff1", 1),
    ("from math import *\nreturn sqrt(16)", 4.0),
    ("def f(): return sqrt(9)\nfrom math import *\nreturn f()", 3.0),
    ("if 0:\n    pi = 1\ndef f(): return pi\nfrom math import *\nreturn f() > 3", True),
    ("n = 5\nclass A:\n    n = n + 1\nreturn A.n, n", (6, 5)),
    ("n: int = 1\nm: str\nreturn n, 'm' in globals()", (1, False)),
    ("from __future__ import annotations\ndef f(x: nothing): pass\nreturn f.__annotations__", {"x": "nothing"}),
    ("[last := x for x in range(4)]\nreturn last", 3),
    ("match [1, 2]:\n    case [a, *rest]:\n        return a, rest", (1, [2])),
    ("try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    pass\nreturn 'e' in globals()", False),
    ("return (lambda: 0).__qualname__, locals() is globals(), __name__", ("<lambda>", True, "block")),
    ("try:\n    return 1\nexcept:\n    return 2", 1),
    ("import sys\nbox = []\ntry:\n    return box\nfinally:\n    box.append(sys.exc_info()[0])", [None]),
    ("import asyncio\nreturn [await asyncio.sleep(0, i) for i in range(2)]", [0, 1]),
    ("async def g():\n    yield 1\nasync for x in g():\n    return x", 1),
    ("import asyncio\nasync def f(): return 2\nreturn asyncio.run(f())", 2),
    ("import asyncio\nreturn await asyncio.gather(asyncio.sleep(0.02, 1), asyncio.sleep(0.01, 2))", [1, 2]),
    (
        "import asyncio\ntry:\n    await asyncio.wait_for(asyncio.Future(), 0.01)\n"
        "except asyncio.TimeoutError:\n    return 'late'",
        "late",
    ),
    (
        "import asyncio\ntry:\n    await asyncio.to_thread(print)\nexcept RuntimeError as e:\n    return 'thread' in str(e)",
        True,
    ),
    ("import pickle\nclass A: pass\nreturn type(pickle.loads(pickle.dumps(A()))) is A", True),
]


@pytest.mark.parametrize(("code", "expected"), RESULTS)
def test_result(run, code, expected):
    value = run(code)
    assert run.response["status"] == "completed", run.response
    assert (type(value), value) == (type(expected), expected)


@pytest.mark.parametrize(
    ("code", "expected"), [each for each in RESULTS if each[0].rpartition("\n")[2].startswith("return")]
)
def test_a_return_means_the_same_with_something_behind_it(run, code, expected):
    """A block whose last statement is its only return is compiled in another way."""
    value = run(f"{code}\nif 0:\n    return")
    assert run.response["status"] == "completed", run.response
    assert (type(value), value) == (type(expected), expected)


@pytest.mark.parametrize(
    ("code", "kind", "line", "column"),
    [
        ("x = 1\n1 / 0", "ZeroDivisionError", 2, 1),
        ("if 1:\n    return 1 / 0", "ZeroDivisionError", 2, 12),
        ("def f():\n    return {}['k']\nf()", "KeyError", 2, 12),
        ("x = 1\nreturn x / 0", "ZeroDivisionError", 2, 8),
        ("x = 1\nfrom nowhere import *\nreturn x", "ModuleNotFoundError", 2, 1),
        ("x = 1\ny = = 2", "SyntaxError", 2, 5),
        ("if 1:\nx = 1", "IndentationError", 2, 1),
        ("yield 1\nreturn", "SyntaxError", 1, 1),
        ("class A:\n    return 1", "SyntaxError", 2, 5),
        ("x = 1\ny = '\0'", "SyntaxError", 2, 6),
        ("import sys\nsys.exit(3)", "SystemExit", 2, 1),
        ("class A:\n    class E(Exception): pass\nraise A.E", "A.E", 3, 1),
        ("def f(): f()\nf()", "RecursionError", 1, 10),
        ("a = []\na.append(a)\na", "ValueNotPortable", None, None),
    ],
)
def test_error(run, code, kind, line, column):
    error = run.error(code)
    assert (error["type"], error["line"], error["column"]) == (kind, line, column)
    assert "inside" not in error["traceback"]


def test_tasks_that_are_left_see_nothing_of_how_a_last_return_is_caught(run):
    code = (
        "import asyncio\nasync def f():\n    try:\n        await asyncio.sleep(100)\n    finally:\n"
        "        seen.extend(name for name in globals() if 'cellblock' in name)\n"
        "seen = []\ntask = asyncio.ensure_future(f())\nawait asyncio.sleep(0)\nreturn seen"
    )
    assert run(code) == []


def test_nil_is_answered_by_nil(run):
    assert entry.run(entry.NIL) == entry.NIL
    assert run("return 1") == 1


def test_lone_surrogates_in_code_are_a_syntax_error():
    with pytest.raises(SyntaxError) as caught:
        entry.blocks.compile_block("x = 1\ny = '\ud800'", "block")
    assert (caught.value.lineno, caught.value.offset) == (2, 6)


@pytest.mark.parametrize(
    "error",
    ["raise ExceptionGroup('g', [ValueError('in')])", "try:\n    1/0\nexcept Exception:\n    raise ValueError('in')"],
)
def test_chains_and_groups_show_user_frames_only(run, error):
    trace = run.error(f"import json\n{error}")["traceback"]
    assert "ValueError: in" in trace
    assert trace.count("File ") == trace.count('File "block"')


def test_names_follow_the_request(run):
    assert run("return data, msg, inputs, env") == (None, None, [], {})
    assert run("return data", inputs=[7]) == 7
    assert run("return data", inputs={"b": 1, "a": 2}) == [1, 2]
    assert run("return data, inputs", data="08", inputs=[1]) == ("08", [1])
    assert run("return msg['payload'], env['A']", msg={"payload": 1}, env={"A": "b"}) == (1, "b")


@pytest.mark.parametrize(
    "request_bytes", [b"", b"\xc1", msgpack.packb(5), msgpack.packb({}), msgpack.packb({"code": 5})]
)
def test_a_broken_request_is_answered(run, request_bytes):
    answer = msgpack.unpackb(entry.run(request_bytes))
    assert answer["status"] == "error"


@pytest.mark.parametrize("data", [b"\xc1", b"", b"\x01\x02", msgpack.packb(msgpack.ExtType(99, b""))])
def test_broken_data_is_answered(run, data):
    answer = msgpack.unpackb(entry.run(msgpack.packb({"code": "1", "data": data})))
    assert answer["error"]["type"] == "ValueError"
    assert "not a packed value" in answer["error"]["message"]


def test_output_is_flushed_in_lines_even_after_errors(run, capfd):
    run("import sys\nprint('a', 1)\nprint('\\ud800', end='')\nprint('e', file=sys.stderr)\n1 / 0")
    assert capfd.readouterr() == ("a 1\n\\ud800", "e\n")


HARMS = [
    "sys.stdout.close()",
    "sys.stdout.buffer.close()",
    "sys.stdout.buffer.raw.close()",
    "sys.stdout = None",
    "del sys.stdout",
    "sys.stdout.detach()",
    "sys.stdout.reconfigure(encoding='utf-16', newline='\\r\\n', line_buffering=False, write_through=True)",
]


@pytest.mark.parametrize("harm", HARMS)
def test_harmed_streams_do_not_reach_the_next_run(run, capfd, harm):
    run(f"import sys\nprint('a')\n{harm}")
    run("print('b')")
    assert capfd.readouterr().out == "a\nb\n"


def test_runs_that_keep_have_the_same_streams(run, capfd):
    """So that what holds on to one, such as a handler of `logging`, writes where the next run prints."""
    run("import sys\nheld = sys.stdout", keep=True)
    assert run("import sys\nheld.write('b\\n')\nheld is sys.stdout", keep=True)
    assert capfd.readouterr().out == "b\n"


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("def spin():\n        while True: pass\n    spin()", None),
        ("import time; time.sleep(5)", 2),
        ("import asyncio\n    await asyncio.sleep(5)", 3),
        ("import asyncio\n    async def f():\n        await asyncio.Future()\n    asyncio.run(f())", 4),
    ],
)
def test_the_deadline_is_a_timeout_error_that_finally_sees(run, capfd, code, line):
    interrupt = threading.Timer(0.2, lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT))
    interrupt.start()
    error = run.error(f"try:\n    {code}\nfinally:\n    print('cleaned')", timeout_s=0.2)
    interrupt.join()
    assert run.response["status"] == "timeout"
    assert (error["type"], error["message"]) == ("TimeoutError", "the time limit of 0.2 s was reached")
    assert line is None or error["line"] == line
    assert capfd.readouterr().out == "cleaned\n"


def test_runs_that_keep_share_their_names(run):
    assert run("n = 1\ndef f(): return n", keep=True) is None
    assert run("n += 1\nreturn f(), data", keep=True, data="d") == (2, "d")
    assert run("return 'n' in globals(), data, inputs", inputs=[1, 2]) == (False, [1, 2], [1, 2])
    assert run("return n, data, msg, inputs", keep=True) == (2, None, None, [])
    entry._State.kept = None


def test_a_result_is_not_the_next_runs(run):
    assert run("result = 5", keep=True) == 5
    assert run("x = 1", keep=True) is None
    assert run("7\nraise ValueError", keep=True) is None
    assert run("x", keep=True) == 1
    entry._State.kept = None


def test_a_block_is_compiled_once_while_it_stays_the_same(run, monkeypatch):
    compiled = []
    original = entry.blocks.compile_block
    monkeypatch.setattr(entry.blocks, "compile_block", lambda *given: compiled.append(given) or original(*given))
    for _ in range(3):
        assert run("return 1", keep=True) == 1
    assert run.error("1 +", keep=True)["type"] == run.error("1 +", keep=True)["type"] == "SyntaxError"
    assert run("return 1", keep=True, name="other") == 1
    assert run("return 2", keep=True) == 2
    assert [code for code, _ in compiled] == ["return 1", "1 +", "1 +", "return 1", "return 2"]
    entry._State.kept = entry._State.compiled = None


def test_context_without_a_flow(run):
    for name in ("flow", "global_", "context"):
        for call in ("get('a')", "set('a', 1)", "keys()"):
            error = run.error(f"{name}.{call}")
            assert error["type"] == "ContextError"
            assert "no flow behind this run" in error["message"]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("flow.get(5)", "TypeError"),
        ("flow.get(['a', 5])", "TypeError"),
        ("flow.set(['a', 'b'], 5)", "ValueError"),
        ("flow.set(['a', 'b'], [1])", "ValueError"),
        ("flow.set('a', object())", "ValueNotPortable"),
    ],
)
def test_wrong_uses_of_context(run, call, error):
    assert run.error(call)["type"] == error


def test_a_late_interrupt_means_nothing():
    interruption.interruption.disarm()
    interruption.handle_interrupt(signal.SIGINT, None)


@pytest.mark.parametrize(("name", "module"), [("My Block 1", "My_Block_1"), ("1st", "_1st"), ("json", "json_")])
def test_module_names(run, name, module):
    assert run("import json\nreturn __name__, json.dumps(1)", name=name) == (module, "1")


def test_star_import_helper_runs_in_the_callers_module(run):
    namespace = {"star": returns.import_star}
    exec("star('math', 0)", namespace)
    assert namespace["floor"](1.5) == 1


def test_reseeding_makes_remembered_generators_differ():
    plain, legacy, modern = random.Random(1), np.random.RandomState(1), np.random.default_rng(1)
    drawn = plain.random(), legacy.rand(), modern.random()
    plain.seed(1), legacy.seed(1)
    saved = environment._random_states[:]
    environment._random_states[:] = [plain, legacy, modern.bit_generator]
    environment.reseed()
    environment._random_states[:] = saved
    assert not set(drawn) & {plain.random(), legacy.rand(), modern.random()}


def test_sleep_takes_its_time_and_checks_its_argument():
    started = time.monotonic()
    environment.sleep(0.02)
    environment.sleep(0)
    assert time.monotonic() - started >= 0.02
    for wrong, error in ((-1, ValueError), (float("nan"), ValueError), ("1", TypeError)):
        with pytest.raises(error):
            environment.sleep(wrong)


def test_javascript_is_refused_in_words():
    with pytest.raises(ModuleNotFoundError, match="no JavaScript here"):
        bridge.Bridge().find_spec("js", None)
    assert bridge.Bridge().find_spec("json", None) is None
