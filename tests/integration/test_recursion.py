"""Deep recursion is a Python exception that the block may catch, and the sandbox lives on."""

import pytest
from cellblock_sandbox import Limits

ENDLESS = "import sys\nsys.setrecursionlimit(10 ** 9)\n"
NESTED = ENDLESS + "x = []\nfor _ in range(300_000): x = [x]\n"
NESTED_TUPLE = ENDLESS + "x = ()\nfor _ in range(300_000): x = (x,)\n"
TREE = "import ast\nx = ast.Constant(1)\nfor _ in range(100_000): x = ast.UnaryOp(ast.USub(), x)\n"
SELF = "class A:\n    def {0}(self, *a): return {1}\n"

CAUGHT = {
    "python": ENDLESS + "def f(): f()\nf()",
    "default limit": "def f(): f()\nf()",
    "mutual": ENDLESS + "def f(): g()\ndef g(): f()\nf()",
    "getattr": ENDLESS + SELF.format("__getattr__", "getattr(self, a[0])") + "A().x",
    "property": ENDLESS + "class A:\n    @property\n    def x(self): return self.x\nA().x",
    "repr hook": ENDLESS + SELF.format("__repr__", "repr(self)") + "repr(A())",
    "eq hook": ENDLESS + SELF.format("__eq__", "self == a[0]") + "A() == 1",
    "hash hook": ENDLESS + SELF.format("__hash__", "hash(self)") + "hash(A())",
    "call hook": ENDLESS + SELF.format("__call__", "self()") + "A()()",
    "init": ENDLESS + SELF.format("__init__", "None if A() else None") + "A()",
    "add hook": ENDLESS + SELF.format("__add__", "self + a[0]") + "A() + 1",
    "sort key": ENDLESS + "def f(x): return sorted([1], key=f)\nf(1)",
    "map": ENDLESS + "def f(x): return list(map(f, [1]))\nf(1)",
    "re.sub": ENDLESS + "import re\ndef f(m): return re.sub('a', f, 'a')\nf(1)",
    "json hook": ENDLESS + "import json\ndef f(o): return json.dumps(o, default=f)\nf(object())",
    "lru_cache": ENDLESS + "import functools\n@functools.lru_cache(None)\ndef f(n): return f(n + 1)\nf(0)",
    "exec": ENDLESS + "c = 'exec(c)'\nexec(c)",
    "import hook": ENDLESS + "import builtins\nbuiltins.__import__ = lambda *a: __import__(*a)\nimport json",
    "coroutines": ENDLESS + "async def f(): await f()\nawait f()",
    "repr of a list": NESTED + "repr(x)",
    "equal lists": NESTED + "y = x\nx = []\nfor _ in range(300_000): x = [x]\nx == y",
    "pickle": NESTED + "import pickle\npickle.dumps(x)",
    "json dumps": NESTED + "import json\njson.dumps(x)",
    "json loads": ENDLESS + "import json\njson.loads('[' * 10 ** 6)",
    "json objects": ENDLESS + "import json\njson.loads('{\"a\":' * 10 ** 6)",
    "isinstance": ENDLESS + "x = (int,)\nfor _ in range(10 ** 6): x = (x,)\nisinstance('', x)",
    "issubclass": ENDLESS + "x = (int,)\nfor _ in range(10 ** 6): x = (x,)\nissubclass(str, x)",
    "partial": ENDLESS + "import functools\nf = abs\nfor _ in range(10 ** 5): f = functools.partial(print, f)\nrepr(f)",
    "parentheses": "compile('(' * 10 ** 5 + ')' * 10 ** 5, 'x', 'eval')",
    "operators": "compile('-' * 10 ** 6 + '1', 'x', 'eval')",
    "attributes": "compile('a' + '.a' * 10 ** 5, 'x', 'eval')",
    "sums": "compile('1' + '+1' * 10 ** 5, 'x', 'eval')",
    "lambdas": "compile('lambda:' * 10 ** 5 + '1', 'x', 'eval')",
    "lists": "compile('[' * 10 ** 5 + ']' * 10 ** 5, 'x', 'eval')",
    "literal_eval": "import ast\nast.literal_eval('-' * 10 ** 5 + '1')",
    "a tree compiled": TREE + "compile(ast.fix_missing_locations(ast.Expression(x)), 'x', 'eval')",
    "a tree as text": TREE + "ast.unparse(x)",
    "xml text": "import xml.etree.ElementTree as E\nE.tostring(E.fromstring('<a>' * 10 ** 5 + '</a>' * 10 ** 5))",
    "ufunc": ENDLESS + "import numpy as np\nf = np.frompyfunc(lambda x: f(x), 1, 1)\nf(np.array([1], object))",
    "apply": "import pandas as pd\ns = pd.Series([1])\ndef f(x): return s.apply(f)\nf(1)",
}


@pytest.mark.parametrize("code", CAUGHT.values(), ids=CAUGHT.keys())
def test_recursion_is_caught(image, code):
    body = "\n".join(f"    {line}" for line in code.splitlines())
    caught = f"try:\n{body}\nexcept (RecursionError, MemoryError, SyntaxError) as error: note = type(error).__name__"
    with image.sandbox(Limits(timeout_s=60)) as sandbox:
        result = sandbox.run(f"note = 'nothing raised'\n{caught}\nx = y = f = None\nreturn note")
        assert result.error is None, result.error
        assert result.value in ("RecursionError", "MemoryError", "SyntaxError")
        assert sandbox.alive
        assert sandbox.run("1 + 1").value == 2


# So deep, these have no need to fail.
MANAGED = {
    "generators": ENDLESS + "def g(x):\n    yield from x\nx = iter([1])\nfor _ in range(10 ** 6): x = g(x)\nlist(x)",
    "hash of a tuple": NESTED_TUPLE + "hash(x)",
    "copy": NESTED + "import copy\ncopy.deepcopy(x)",
    "regular expression": ENDLESS + "import re\nre.compile('(' * 50_000 + ')' * 50_000)",
    "tomllib": ENDLESS + "import tomllib\ntomllib.loads('a=' + '[' * 10 ** 5 + ']' * 10 ** 5)",
    "xml": "import copy, xml.etree.ElementTree as E\ncopy.deepcopy(E.fromstring('<a>' * 10 ** 5 + '</a>' * 10 ** 5))",
}


@pytest.mark.parametrize("code", MANAGED.values(), ids=MANAGED.keys())
def test_deep_but_not_too_deep(image, code):
    with image.sandbox(Limits(timeout_s=60)) as sandbox:
        assert sandbox.run(f"{code}\nx = None\nreturn 'done'").value == "done"
        assert sandbox.run("1 + 1").value == 2


# What is nested without end is also freed, which is recursion too; CPython puts it off near the end of its stack.
FREED = {
    "list": "x = []\nfor _ in range(10 ** 6): x = [x]",
    "tuple": "x = ()\nfor _ in range(10 ** 6): x = (x,)",
    "dict": "x = {}\nfor _ in range(10 ** 6): x = {1: x}",
    "objects": "class A: pass\nx = None\nfor _ in range(10 ** 6):\n    y = A()\n    y.x = x\n    x = y\ny = None",
    "slots": "class A: __slots__ = 'x',\nx = None\nfor _ in range(10 ** 6):\n    y = A()\n    y.x = x\n    x = y\n"
    "y = None",
    "closures": "def f(x): return lambda: x\nx = 1\nfor _ in range(10 ** 6): x = f(x)",
    "generators": "def g(x):\n    yield x\nx = 1\nfor _ in range(10 ** 5):\n    x = g(x)\n    next(x)",
    "exceptions": "x = None\nfor _ in range(10 ** 6):\n    y = Exception()\n    y.__cause__ = x\n    x = y\ny = None",
    "iterators": "import itertools\nx = iter([])\nfor _ in range(10 ** 6): x = itertools.chain(x)",
    "deques": "from collections import deque\nx = deque()\nfor _ in range(10 ** 6): x = deque([x])",
    "destructors": "class A:\n    def __init__(self, x): self.x = x\n    def __del__(self): pass\n"
    "x = None\nfor _ in range(10 ** 5): x = A(x)",
    "methods": "import types\nx = 1\nfor _ in range(10 ** 6): x = types.MethodType(int, x)",
    "elements": "import xml.etree.ElementTree as E\nx = E.Element('a')\nfor _ in range(10 ** 6):\n"
    "    y = E.Element('a')\n    y.append(x)\n    x = y\ny = None",
}


@pytest.mark.parametrize("code", FREED.values(), ids=FREED.keys())
def test_deep_structures_are_freed(image, code):
    with image.sandbox(Limits(timeout_s=60)) as sandbox:
        assert sandbox.run(f"{code}\nx = None\nreturn 'freed'").value == "freed"
        assert sandbox.run("1 + 1").value == 2


# C code that doesn't look how deep it is: native Python crashes here. The sandbox is gone, and says so.
UNCHECKED = {
    "iterators in iterators": "x = iter([1])\nfor _ in range(5 * 10 ** 6): x = map(int, x)\nlist(x)",
    "arrays in arrays": "import numpy as np\nx = np.zeros(1)\nfor _ in range(10 ** 6):\n"
    "    y = np.empty(1, object)\n    y[0] = x\n    x = y\ny = x = None",
    "callbacks in callbacks": "import ctypes\nT = ctypes.CFUNCTYPE(ctypes.c_int)\ndef f(): return g()\ng = T(f)\ng()",
}


@pytest.mark.parametrize("code", UNCHECKED.values(), ids=UNCHECKED.keys())
def test_unchecked_recursion_ends_one_sandbox(image, code):
    with image.sandbox(Limits(timeout_s=60, memory_mb=2048)) as sandbox:
        result = sandbox.run(code)
        assert (result.status, result.error.type) == ("error", "RecursionError")
        assert not sandbox.alive
    with image.sandbox() as neighbour:
        assert neighbour.run("1 + 1").value == 2


def test_a_stack_that_overran_unseen(image):
    """C code may use the stack to its last byte and come back: what lay below it can't be trusted any more."""
    code = "import ctypes\nctypes.memset(data, 1, 16)\nreturn 'as if nothing were'"
    with image.sandbox() as sandbox:
        low = sandbox._guest.runtime.links.main_symbols["__stack_low"]
        result = sandbox.run(code, data=low)
        assert (result.status, result.value, result.error.type) == ("error", None, "RecursionError")
        assert not sandbox.alive


def test_as_deep_as_asked(image):
    """Python calls go as deep as the limit says; the next run has the usual one again."""
    code = """
    import sys
    sys.setrecursionlimit(300_000)
    def depth(n): return n if n == 250_000 else depth(n + 1)
    return depth(0), sys.getrecursionlimit()
    """
    with image.sandbox(Limits(timeout_s=60)) as sandbox:
        assert sandbox.run("if 1:" + code).value == (250_000, 300_000)
        assert sandbox.run("import sys\nsys.getrecursionlimit()").value == 1000


@pytest.mark.parametrize("limit", ["'x'", "1.5", "None", "-1", "0"])
def test_a_wrong_limit(sandbox, limit):
    assert sandbox.run(f"import sys\nsys.setrecursionlimit({limit})").error.type in ("TypeError", "ValueError")
