"""Pyodide's own Python, the parts that need no JavaScript; and what the interpreter says it is."""

import pytest

WORKS = {
    "eval_code": ("from pyodide.code import eval_code\nreturn eval_code('x = 2\\nx * 3')", 6),
    "eval_code_async": (
        "from pyodide.code import eval_code_async\n"
        "return await eval_code_async('import asyncio\\nawait asyncio.sleep(0, 7)')",
        7,
    ),
    "quiet": (
        "from pyodide.code import eval_code, should_quiet\nreturn eval_code('1;'), should_quiet('1;')",
        (None, True),
    ),
    "CodeRunner": ("from pyodide.code import CodeRunner\nreturn CodeRunner('y = 5; y * 2').compile().run({})", 10),
    "find_imports": (
        "from pyodide.code import find_imports\nreturn find_imports('import numpy, os.path')",
        ["numpy", "os", "os.path"],
    ),
    "relaxed_call": ("from pyodide.code import relaxed_call\nreturn relaxed_call(lambda a: a, 1, 2)", 1),
    "console": (
        "from pyodide.console import Console\nf = Console().push('1 + 1')\nreturn f.syntax_check, await f",
        ("complete", 2),
    ),
    "pyodide console": ("from pyodide.console import PyodideConsole\nreturn await PyodideConsole().push('6 * 7')", 42),
    "completion": ("from pyodide.console import Console\nreturn 'print(' in Console().complete('pri')[0]", True),
    "ffi names": (
        "from pyodide.ffi import JsArray, JsException, JsProxy, create_proxy, destroy_proxies, to_js\n"
        "return isinstance(1, JsProxy), to_js([1, 2]), issubclass(JsException, Exception)",
        (False, [1, 2], True),
    ),
    "can_run_sync": ("from pyodide.ffi import can_run_sync\nreturn can_run_sync()", False),
    "http names": (
        "from pyodide.http import AbortError, BodyUsedError, FetchResponse, HttpStatusError\n"
        "return FetchResponse.__name__",
        "FetchResponse",
    ),
    "submodules": ("import pyodide.code, pyodide.console, pyodide.ffi, pyodide.http, pyodide.webloop\nreturn 1", 1),
    "source of a corrected module": (
        "import inspect, pyodide.code\nreturn 'def run_js' in inspect.getsource(pyodide.code)",
        True,
    ),
    "version": ("import pyodide\nreturn pyodide.__version__.split('.')[0]", "314"),
    "platform": (
        "import sys, platform, os\nreturn sys.platform, platform.system(), platform.machine(), os.name",
        ("emscripten", "Emscripten", "wasm32", "posix"),
    ),
    "implementation": (
        "import sys, platform\n"
        "return platform.python_implementation(), sys.byteorder, sys.maxsize, sys.version_info[:2]",
        ("CPython", "little", 2**31 - 1, (3, 14)),
    ),
    "user": ("import getpass, os\nreturn getpass.getuser(), os.path.expanduser('~')", ("web_user", "/home/pyodide")),
    "processors": ("import os\nreturn os.cpu_count()", 1),
}


@pytest.mark.parametrize(("code", "expected"), WORKS.values(), ids=WORKS.keys())
def test_works(sandbox, code, expected):
    result = sandbox.run(code)
    assert result.error is None, result.error
    assert result.value == expected


def test_pyodide_is_not_imported_unasked(sandbox):
    """Libraries take its presence for that of JavaScript."""
    assert sandbox.run("import sys\nreturn [name for name in sys.modules if 'pyodide' in name]").value == []
