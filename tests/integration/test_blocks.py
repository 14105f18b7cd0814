# ruff: noqa: E501 (tables: a row is a line)
"""What Python means in a block, in the real sandbox: results, names, await, return, errors, streams.

Each row is a block and what it must give. `sandbox` is a fresh one from the image "data".
"""

import datetime as dt
import textwrap
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest


def block(text):
    return textwrap.dedent(text).strip("\n")


RESULTS = {
    # ---- the result rule
    "expression": ("1+1", 2),
    "return": ("return 5", 5),
    "bare return": ("result = 1\nreturn", None),
    "return before the variable": ("result = 1\nreturn 2", 2),
    "variable before the expression": ("result = 3\n7", 3),
    "no value": ("x = 1", None),
    "empty": ("", None),
    "comment": ("# nothing", None),
    "form feed": ("\f1\n\f2", 2),
    "semicolon": ("5;", 5),
    "string alone": ("'doc'", "doc"),
    "docstring": ("'''doc'''\nreturn __doc__", "doc"),
    "expression inside if": ("if True:\n    5", None),
    "deleted variable": ("result = 1\ndel result\n4", 4),
    "return not reached": ("if False:\n    return 1\n7", 7),
    "return not reached, variable": ("if not 1:\n    return 1\nresult = 8\n7", 8),
    "code after return": ("return 1\nraise ValueError", 1),
    "crlf": ("x = 1\r\nif x:\r\n    x = 2\r\nx", 2),
    "bare carriage returns": ("x = 1\rx + 1", 2),
    "byte order mark": ("\ufeffx = 1\nx", 1),
    "tabs": ("if 1:\n\tx = 3\nx", 3),
    "no line end": ("def f():\n  return 1\nf()", 1),
    "strings unaltered": ("return '''a\n  b\n\tc'''", "a\n  b\n\tc"),
    "continuation": ("x = 1 + \\\n  2\nreturn x", 3),
    "walrus": ("(y := 4)\nreturn y", 4),
    # ---- data by the 0/1/N rule
    "no data": ("data is None and msg is None and inputs == [] and env == {}", True),
    # ---- top-level statements and scopes, with return
    "star import": ("from math import *\nsqrt(16)", 4.0),
    "star import and return": ("from math import *\nreturn sqrt(16)", 4.0),
    "star import in a branch": ("if True:\n    from math import *\nreturn [floor(x) for x in (1.5,)]", [1]),
    "star names in functions": ("def f(): return sqrt(9)\nfrom math import *\nreturn f()", 3.0),
    "global": ("def f():\n    global n\n    n = 3\nf()\nreturn n", 3),
    "global at top": ("global n\nn = 2\nreturn n", 2),
    "functions see names bound later": ("def f(): return later\nlater = 2\nreturn f()", 2),
    "functions see rebound names": ("n = 1\ndef f(): return n\nn = 2\nreturn f()", 2),
    "class body": ("class A:\n    n = 1\n    m = n + 1\nreturn A.m", 2),
    "class scope": ("n = 5\nclass A:\n    n = n + 1\nreturn A.n, n", (6, 5)),
    "method and super": (
        block("""
        class A:
            def f(self): return 1
        class B(A):
            def f(self): return super().f() + 1
        return B().f()
        """),
        2,
    ),
    "decorator": ("def twice(f): return lambda x: f(f(x))\n@twice\ndef g(x): return x + 1\nreturn g(1)", 3),
    "comprehensions": ("n = 2\nreturn [x * n for x in range(3)], {x for x in 'a'}, {i: n for i in [1]}",
                       ([0, 2, 4], {"a"}, {1: 2})),
    "nested comprehensions": ("rows = [[1], [2]]\nreturn [[n + len(rows) for n in row] for row in rows]", [[3], [4]]),
    "lambda in a comprehension": ("return [f() for f in [lambda: i for i in range(3)]]", [2, 2, 2]),
    "walrus in a comprehension": ("[last := x for x in range(4)]\nreturn last", 3),
    "comprehension variable stays inside": ("[i for i in range(3)]\nreturn 'i' in globals()", False),
    "match": ("match {'k': [1, 2, 3]}:\n    case {'k': [a, *rest], **more}:\n        return a, rest, more", (1, [2, 3], {})),
    "except as": ("try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    kind = type(e).__name__\nreturn kind, 'e' in globals()",
                  ("ZeroDivisionError", False)),
    "with": ("import contextlib\nwith contextlib.nullcontext(3) as n:\n    return n", 3),
    "imports": ("import os.path as p, json\nfrom collections import Counter as C\nreturn p.sep, json.dumps(1), C('a')['a']",
                ("/", "1", 1)),
    "del": ("x = 1\ndel x\nreturn 'x' in globals()", False),
    "starred assignment": ("a, *b = 1, 2, 3\nreturn a, b", (1, [2, 3])),
    "augmented": ("n = 1\nn += 2\nreturn n", 3),
    "annotated": ("n: int = 1\nm: 'str'\nreturn n, 'm' in globals()", (1, False)),
    "annotations": ("import sys\nn: int = 1\nreturn sys.modules[__name__].__annotations__ == {'n': int}", True),
    "annotations without return": ("import sys\nn: int = 1\nsys.modules[__name__].__annotations__ == {'n': int}", True),
    "future": ("'''d'''\nfrom __future__ import annotations\ndef f(x: nothing): pass\nreturn f.__annotations__, __doc__",
               ({"x": "nothing"}, "d")),
    "type alias": ("type Pair[T] = tuple[T, T]\nreturn str(Pair.__value__)", "tuple[T, T]"),
    "generics": ("def f[T](x: T) -> T: return x\nclass A[T]: pass\nreturn f(1), A[int].__origin__.__name__", (1, "A")),
    "t-string": ("n = 1\nreturn t'{n}'.values", (1,)),
    "names never used": ("if 0:\n    hidden = 1\ndef f(): return hidden\nhidden = 2\nreturn f()", 2),
    "names the compiler drops": ("if 0:\n    pi = 1\ndef f(): return pi\nfrom math import *\nreturn f() > 3", True),
    "exec": ("exec('n = 3')\nreturn n", 3),
    "locals are globals": ("n = 1\nreturn locals() is globals(), 'n' in dir(), eval('n')", (True, True, 1)),
    "name": ("return __name__, __file__", ("block", "block")),
    "qualnames": (
        block("""
        def f():
            def g(): pass
            return g
        class A:
            class B: pass
        gen = (x for x in ())
        return f.__qualname__, f().__qualname__, A.B.__qualname__, (lambda: 0).__qualname__, gen.__qualname__
        """),
        ("f", "f.<locals>.g", "A.B", "<lambda>", "<genexpr>"),
    ),
    "pickle": ("import pickle\nclass A: pass\nreturn type(pickle.loads(pickle.dumps(A()))) is A", True),
    "dataclass": (
        "from dataclasses import dataclass\nfrom typing import get_type_hints\n@dataclass\nclass P:\n    x: 'Q'\n"
        "class Q: pass\nreturn get_type_hints(P)['x'] is Q, P(1) == P(1)", (True, True)),
    "getsource": ("import inspect\ndef f():\n    return 1\nclass A:\n    pass\nreturn inspect.getsource(f), inspect.getsource(A)",
                  ("def f():\n    return 1\n", "class A:\n    pass\n")),
    # ---- return is a function's return
    "bare except does not see it": ("try:\n    return 1\nexcept:\n    return 2", 1),
    "finally runs": ("seen = []\ndef f():\n    return seen\ntry:\n    return seen\nfinally:\n    seen.append(1)", [1]),
    "finally has no exception": ("import sys\nbox = []\ntry:\n    return box\nfinally:\n    box.append(sys.exc_info()[0])", [None]),
    "with has no exception": (
        block("""
        class W:
            def __enter__(self): return self
            def __exit__(self, *e): box.append(e)
        box = []
        for i in range(3):
            with W():
                return box
        """),
        [(None, None, None)],
    ),
    "return from loops": ("for i in range(5):\n    while True:\n        if i == 2:\n            return i\n        break", 2),
    "finally overrides": ("for _ in [1]:\n    try:\n        return 1\n    finally:\n        break\nreturn 2", 2),
    # ---- await
    "await": ("import asyncio\nawait asyncio.sleep(0, 3)", 3),
    "await and return": ("import asyncio\nreturn await asyncio.sleep(0, 3)", 3),
    "await in a comprehension": ("import asyncio\nreturn [await asyncio.sleep(0, i) for i in range(3)]", [0, 1, 2]),
    "async for": ("async def g():\n    yield 1\nasync for x in g():\n    return x", 1),
    "async with": (
        "import contextlib\n@contextlib.asynccontextmanager\nasync def c():\n    yield 4\nasync with c() as x:\n    return x", 4),
    "async comprehension": ("async def g():\n    yield 1\n[x async for x in g()]", [1]),
    "everything at once": (
        block("""
        from __future__ import annotations
        from math import *
        import asyncio
        class A:
            n: int = 3
            async def f(self): return sqrt(self.n * 3)
        total: float = 0
        async def gen():
            for i in range(3):
                yield i
        try:
            async for i in gen():
                total += await A().f()
                if (half := total / 2) >= 3:
                    match half:
                        case float(x):
                            return x, [await asyncio.sleep(0, y) async for y in gen()]
        except:
            return 'never'
        finally:
            done = True
        """),
        (3.0, [0, 1, 2]),
    ),
    "asyncio.run": ("import asyncio\nasync def f(): return 2\nreturn asyncio.run(f())", 2),
    "asyncio.Runner": ("import asyncio\nwith asyncio.Runner() as r:\n    return r.run(asyncio.sleep(0, 1)), r.run(asyncio.sleep(0, 2))", (1, 2)),
    "new_event_loop": ("import asyncio\nl = asyncio.new_event_loop()\nx = l.run_until_complete(asyncio.sleep(0, 1))\nl.close()\nreturn x", 1),
    "no loop runs without await": ("import asyncio\ntry:\n    asyncio.get_running_loop()\nexcept RuntimeError:\n    return 'none'", "none"),
    "gather": ("import asyncio\nreturn await asyncio.gather(asyncio.sleep(0.02, 1), asyncio.sleep(0.01, 2))", [1, 2]),
    "timers in order": (
        "import asyncio\nseen = []\nl = asyncio.get_running_loop()\nl.call_later(0.02, seen.append, 2)\nl.call_later(0.01, seen.append, 1)\n"
        "l.call_soon_threadsafe(seen.append, 0)\nawait asyncio.sleep(0.03)\nreturn seen", [0, 1, 2]),
    "sleep takes its time": ("import asyncio, time\nt = time.monotonic()\nawait asyncio.sleep(0.05)\nreturn 0.04 < time.monotonic() - t < 1", True),
    "timeout": ("import asyncio\ntry:\n    async with asyncio.timeout(0.01):\n        await asyncio.sleep(5)\nexcept TimeoutError:\n    return 'late'", "late"),
    "wait_for": ("import asyncio\ntry:\n    await asyncio.wait_for(asyncio.Future(), 0.01)\nexcept TimeoutError:\n    return 'late'", "late"),
    "queue": ("import asyncio\nq = asyncio.Queue()\nasync def put():\n    await q.put(1)\nt = asyncio.create_task(put())\nreturn await q.get()", 1),
    "task group": ("import asyncio\nasync with asyncio.TaskGroup() as g:\n    a = g.create_task(asyncio.sleep(0, 1))\nreturn a.result()", 1),
    "lock and event": ("import asyncio\ne = asyncio.Event()\nasync with asyncio.Lock():\n    asyncio.get_running_loop().call_soon(e.set)\n    return await e.wait()", True),
    "eval_code_async": ("from pyodide.code import eval_code_async, find_imports\nreturn await eval_code_async('1+2'), find_imports('import numpy.linalg')",
                        (3, ["numpy", "numpy.linalg"])),
    # ---- values
    "int beyond 64 bits": ("2**100", 2**100),
    "datetime": ("import datetime as d\nd.datetime(2026, 1, 2, tzinfo=d.UTC)", dt.datetime(2026, 1, 2, tzinfo=dt.UTC)),
    "decimal": ("import decimal\ndecimal.Decimal('1.10')", Decimal("1.10")),
    "numpy scalar": ("import numpy as np\nnp.float32(0.5)", 0.5),
    "pandas sum": ("import pandas as pd\nreturn pd.DataFrame({'a': [1, 2, 3]}).a.sum()", 6),
    # ---- the place
    "python": ("import sys\nsys.version_info[:2], sys.platform", ((3, 14), "emscripten")),
    "js is absent": ("try:\n    import js\nexcept ImportError as e:\n    return 'no JavaScript' in str(e)", True),
    "no _pyodide_core": ("try:\n    import _pyodide_core\nexcept ImportError:\n    return 'absent'", "absent"),
    "no threads": ("import threading\ntry:\n    threading.Thread(target=print).start()\nexcept RuntimeError as e:\n    return 'thread' in str(e), threading.active_count()", (True, 1)),
    "no processes": ("import os, subprocess\ntry:\n    subprocess.run(['ls'])\nexcept OSError as e:\n    return 'process' in str(e), hasattr(os, 'fork')", (True, True)),
    "no system": ("import os\ntry:\n    os.system('ls')\nexcept OSError as e:\n    return 'process' in str(e)", True),
    "no to_thread": ("import asyncio\ntry:\n    await asyncio.to_thread(print)\nexcept RuntimeError as e:\n    return 'thread' in str(e)", True),
    "no connections": ("import asyncio\ntry:\n    await asyncio.open_connection('127.0.0.1', 80)\nexcept OSError as e:\n    return 'network' in str(e)", True),
}  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), RESULTS.values(), ids=RESULTS.keys())
def test_result(sandbox, code, expected):
    result = sandbox.run(code)
    assert result.error is None, result.error
    assert result.status == "completed"
    assert type(result.value) is type(expected)
    assert result.value == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, None),
        ({"inputs": []}, None),
        ({"inputs": [7]}, 7),
        ({"inputs": [7, "08188500"]}, [7, "08188500"]),
        ({"inputs": {"a": 1}}, 1),
        ({"inputs": {"b": 1, "a": 2}}, [1, 2]),
        ({"data": 5, "inputs": [1, 2]}, 5),
        ({"data": None, "inputs": [1, 2]}, None),
    ],
)
def test_data_follows_the_inputs(sandbox, given, expected):
    assert sandbox.run("return data", **given).value == expected


def test_arrays_and_frames_cross_both_ways(sandbox):
    array, frame = np.arange(6.0).reshape(2, 3), pd.DataFrame({"a": [1, 2], "s": ["x", "y"]})
    value = sandbox.run("array, frame = data\nreturn array * 2, frame[frame.a > 1]", data=[array, frame]).value
    np.testing.assert_array_equal(value[0], array * 2)
    pd.testing.assert_frame_equal(value[1], frame[frame.a > 1], check_dtype=False)


# code -> type, message, line, column, what the traceback holds
ERRORS = {
    "runtime": ("x = 1\n1 / 0", "ZeroDivisionError", "division by zero", 2, 1, ['File "block", line 2, in <module>', "~~^~~"]),
    "with return": ("x = 1\nif x:\n    return 1 / 0", "ZeroDivisionError", "division by zero", 3, 12, ["line 3, in <module>\n"]),
    "in a function": ("def f():\n    return {}['k']\nf()", "KeyError", "'k'", 2, 12, ["line 3, in <module>", "line 2, in f"]),
    "in a library": ("import json\njson.loads('{')", "JSONDecodeError", None, 2, 1, ['File "block", line 2']),
    "after await": ("import asyncio\nawait asyncio.sleep(0)\nraise ValueError('x')", "ValueError", "x", 3, 1, ["line 3, in <module>"]),
    "in a task": ("import asyncio\nasync def f():\n    1 / 0\nawait asyncio.create_task(f())", "ZeroDivisionError", None, 3, 5, ["line 4, in <module>", "line 3, in f"]),
    "missing module": ("x = 1\nfrom nowhere import *\nreturn x", "ModuleNotFoundError", "No module named 'nowhere'", 2, 1, ["from nowhere import *"]),
    "undefined name": ("return nmae", "NameError", "name 'nmae' is not defined", 1, 8, []),
    "unicode column": ("é = 'é'; undefined", "NameError", None, 1, 10, []),
    "syntax": ("x = 1\ny = = 2", "SyntaxError", "invalid syntax", 2, 5, ["    y = = 2\n        ^"]),
    "unclosed": ("x = (1,\n", "SyntaxError", "'(' was never closed", 1, 5, []),
    "indent": ("if 1:\nx = 1", "IndentationError", None, 2, 1, []),
    "tabs and spaces": ("if 1:\n        x = 1\n\ty = 1", "TabError", None, 3, None, []),
    "yield": ("yield 1\nreturn", "SyntaxError", "'yield' outside function", 1, 1, ["    yield 1"]),
    "return in a class": ("class A:\n    return 1", "SyntaxError", "'return' outside function", 2, 5, []),
    "star in a function": ("def f():\n    from math import *\nreturn 1", "SyntaxError", "import * only allowed at module level", 2, None, []),
    "nonlocal at top": ("x = 1\ndef f():\n    nonlocal x\nreturn f()", "SyntaxError", "no binding for nonlocal 'x' found", 3, None, []),
    "late future": ("x = 1\nfrom __future__ import annotations\nreturn x", "SyntaxError", None, 2, None, []),
    "null byte": ("x = 1\ny = '\0'", "SyntaxError", None, 2, 6, []),
    "exec'd syntax error": ("x = 1\nexec('a b')", "SyntaxError", None, 2, 1, ['File "block", line 2']),
    "exit": ("import sys\nsys.exit(3)", "SystemExit", "the block called exit with 3", 2, 1, []),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt", None, 1, 1, []),
    "GeneratorExit": ("raise GeneratorExit", "GeneratorExit", None, 1, 1, []),
    "CancelledError": ("import asyncio\nraise asyncio.CancelledError('x')", "CancelledError", "x", 2, 1, []),
    "recursion": ("def f(): f()\nf()", "RecursionError", None, 1, None, ["line 2, in <module>", "Previous line repeated"]),
    "memory": ("bytearray(1 << 40)", "OverflowError", None, 1, 1, []),
    "bad str": ("class E(Exception):\n    def __str__(self): raise ValueError\nraise E", "E", "(its message can't be shown: __str__ raised ValueError)", 3, 1, []),
    "lying class": ("class E(Exception):\n    __class__ = KeyError\nraise E('x')", "E", "x", 3, 1, []),
    "inner class": ("class A:\n    class E(Exception): pass\nraise A.E", "A.E", "", 3, 1, []),
    "huge message": ("raise ValueError('x' * 10**6)", "ValueError", None, 1, 1, ["characters left out"]),
    "surrogates": ("raise ValueError('\\ud800')", "ValueError", "\\ud800", 1, 1, []),
    "cause": ("try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise KeyError('k') from e", "KeyError", "'k'", 4, 5, ["ZeroDivisionError: division by zero\n\nThe above exception was the direct cause", "line 2"]),
    "context": ("try:\n    1 / 0\nexcept ZeroDivisionError:\n    undefined", "NameError", None, 4, 5, ["During handling of the above"]),
    "group": ("raise ExceptionGroup('g', [ValueError(1), TypeError(2)])", "ExceptionGroup", "g (2 sub-exceptions)", 1, 1, ["| ValueError: 1"]),
    "notes": ("e = ValueError('x')\ne.add_note('hint')\nraise e", "ValueError", "x", 3, 1, ["x\nhint"]),
    "not portable": ("return {'a': [0, 1, 2, (i for i in ())]}", "ValueNotPortable", "result['a'][3]: a generator can't travel", None, None, []),
    "not portable cycle": ("a = []\na.append(a)\na", "ValueNotPortable", "result[0]: a list that holds itself", None, None, []),
    "not portable key": ("{(1, 2): 3}", "ValueNotPortable", None, None, None, []),
}  # fmt: skip


@pytest.mark.parametrize(("code", "kind", "message", "line", "column", "shown"), ERRORS.values(), ids=ERRORS.keys())
def test_error(sandbox, code, kind, message, line, column, shown):
    result = sandbox.run(code)
    assert result.status == "error"
    assert result.error.type == kind
    assert message is None or result.error.message == message
    assert result.error.line == line
    assert column is None or result.error.column == column
    for text in shown:
        assert text in result.error.traceback
    for hidden in ("cellblock_guest", "/lib/", "__cellblock"):
        assert hidden not in result.error.traceback


def test_the_block_name_is_the_file_and_the_module(sandbox):
    result = sandbox.run("def f(): return undefined\nf()", name="My Block 1")
    assert 'File "My Block 1", line 1, in f' in result.error.traceback


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("My Block 1", "My_Block_1"),
        ("1st", "_1st"),
        ("json", "json_"),
        ("numpy", "numpy_"),
        ("été", "été"),
        ("a\nb", "a_b"),
    ],
)
def test_a_block_hides_no_module(sandbox, name, module):
    assert sandbox.run("import json, numpy\nreturn __name__, json.dumps(1)", name=name).value == (module, "1")


def test_streams(sandbox):
    code = block("""
        import logging, sys, warnings
        print("one", 1)
        print("two", file=sys.stderr)
        warnings.warn("careful")
        logging.warning("logged")
        print("é \\ud800", end="")
        sys.stdout.write("x")
        1 / 0
    """)
    result = sandbox.run(code)
    assert result.stdout == "one 1\né \\ud800x"
    assert result.stderr.startswith("two\nblock:4: UserWarning: careful\n")
    assert "logged" in result.stderr


def test_each_print_is_one_write(sandbox):
    chunks = []
    sandbox.run(
        "for i in range(3):\n    print('line', i)", on_output=lambda stream, chunk: chunks.append((stream, chunk))
    )
    assert chunks == [("stdout", b"line 0\n"), ("stdout", b"line 1\n"), ("stdout", b"line 2\n")]


@pytest.mark.parametrize("harm", ["sys.stdout.close()", "sys.stdout = None", "del sys.stdout", "sys.stdout.detach()"])
def test_harmed_streams_do_not_reach_the_next_run(sandbox, harm):
    sandbox.run(f"import sys\nprint('a')\n{harm}")
    assert sandbox.run("print('b')").stdout == "b\n"


def test_nothing_is_left_for_the_next_run(sandbox):
    code = block("""
        import linecache, sys
        modules = [name for name in sys.modules if name.startswith("block")]
        return "leftover" in globals(), modules, [name for name in linecache.cache if "block" in name], sys.getrecursionlimit()
    """)
    before = sandbox.run(code, name="block1").value
    sandbox.run("result = leftover = 1\nimport sys\nsys.setrecursionlimit(60)", name="block2")
    after = sandbox.run(code, name="block1").value
    assert before == after == (False, ["block1"], ["block1"], before[3])


def test_tasks_left_behind_are_cancelled(sandbox):
    code = block("""
        import asyncio
        async def stay():
            try:
                await asyncio.sleep(100)
            finally:
                print("cleaned")
        task = asyncio.create_task(stay())
        await asyncio.sleep(0)
        return 1
    """)
    result = sandbox.run(code)
    assert (result.value, result.stdout) == (1, "cleaned\n")


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("x = 1\nwhile True:\n    pass", None),
        ("import time\ntime.sleep(60)", 2),
        ("from time import sleep\nsleep(60)", 2),
        ("import asyncio\nawait asyncio.sleep(60)", 2),
        ("import asyncio\nasync def f():\n    await asyncio.sleep(60)\nawait asyncio.gather(f(), f())", 4),
        ("import asyncio\nasync def f():\n    await asyncio.Future()\nasyncio.run(f())", 3),
        ("import asyncio\nasync def f():\n    await asyncio.Future()\nawait asyncio.create_task(f())", 3),
    ],
)
def test_deadline(sandbox, code, line):
    lines = code.splitlines()
    guarded = "\n".join(["try:", *(f"    {text}" for text in lines), "finally:", "    print('cleaned')"])
    result = sandbox.run(guarded, timeout_s=0.3)
    assert result.status == "timeout"
    assert result.error.type == "TimeoutError"
    assert result.error.message.startswith("the time limit of 0.3 s")
    assert result.stdout == "cleaned\n"
    assert line is None or result.error.line == line + 1
    assert "TimeoutError: the time limit" in result.error.traceback


def test_a_block_may_catch_the_deadline_and_finish(sandbox):
    code = "try:\n    while True: pass\nexcept TimeoutError:\n    return 'caught'"
    assert sandbox.run(code, timeout_s=0.2).value == "caught"


RANDOM = {
    "random": "import random\nrandom.random()",
    "numpy legacy": "import numpy as np\nfloat(np.random.rand())",
    "numpy generator": "import numpy as np\nfloat(np.random.default_rng().random())",
    "uuid": "import uuid\nreturn [str(uuid.uuid4()), uuid.uuid1().node]",
    "tempfile": "import tempfile\ntempfile.mktemp()",
    "secrets": "import secrets\nsecrets.token_hex()",
}


@pytest.mark.parametrize("code", RANDOM.values(), ids=RANDOM.keys())
def test_sandboxes_differ_in_randomness(image, code):
    first, second = (image.sandbox().run(code).value for _ in range(2))
    assert first != second


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"msg": {"payload": [1]}}, [1, 5]),
        ({"msg": {"topic": "a"}}, None),
        ({"msg": {"payload": [1]}, "data": [2]}, [1]),
        ({"msg": {"payload": [1]}, "inputs": [[3]]}, [1]),
    ],
)
def test_a_message_alone_brings_its_payload(sandbox, arguments, expected):
    result = sandbox.run("if data is not None: data.append(5)\nreturn msg.get('payload')", **arguments)
    assert (result.status, result.value) == ("completed", expected)
