"""ctypes in the real sandbox: C functions called from Python, Python called from C, and what a wrong call costs."""

import textwrap

import pytest
from cellblock_sandbox import Limits

PRELUDE = "import ctypes as c\nlib = c.CDLL(None)\n"

CALLS = {
    "int": ("lib.abs(-5)", 5),
    "text": ("lib.strlen(b'five!')", 5),
    "unsigned": ("lib.abs.restype = c.c_uint\nlib.abs(7)", 7),
    "float": ("lib.pow.restype = c.c_double\nlib.pow.argtypes = [c.c_double] * 2\nlib.pow(2, 0.5)", 2**0.5),
    "64 bit": ("lib.strtoll.restype = c.c_longlong\nlib.strtoll(b'-9000000000', None, 10)", -9_000_000_000),
    "64 bit unsigned": (
        "lib.strtoull.restype = c.c_ulonglong\nlib.strtoull(b'18446744073709551615', None, 10)", 2**64 - 1),
    "64 bit result taken for an int": ("lib.strtoll(b'4294967301', None, 10)", 5),
    "no result taken for an int": ("lib.free(lib.malloc(10))", 0),
    "pointer back": ("lib.strchr.restype = c.c_char_p\nlib.strchr(b'a=b', ord('='))", b"=b"),
    "out parameter": ("end = c.c_char_p()\nlib.strtol(b'12ab', c.byref(end), 10), end.value", (12, b"ab")),
    "struct by value back": (
        "class Div(c.Structure):\n    _fields_ = [('quot', c.c_int), ('rem', c.c_int)]\n"
        "lib.div.restype = Div\nd = lib.div(-7, 2)\nreturn d.quot, d.rem", (-3, -1)),
    "memory": ("b = c.create_string_buffer(4)\nc.memset(b, 65, 3)\nreturn b.value", b"AAA"),
    "variadic": (
        "lib.snprintf.argtypes = [c.c_char_p, c.c_size_t, c.c_char_p]\nb = c.create_string_buffer(64)\n"
        "lib.snprintf(b, 64, b'%d %s %.2f %lld', 5, b'x', c.c_double(1.5), c.c_longlong(2**40)), b.value",
        (22, b"5 x 1.50 1099511627776")),
    "python's own": ("c.pythonapi.PyLong_AsLong(c.py_object(42))", 42),
    "callback of C": (
        "T = c.CFUNCTYPE(c.c_int, c.POINTER(c.c_int), c.POINTER(c.c_int))\nlib.qsort.restype = None\n"
        "a = (c.c_int * 6)(5, -3, 1, 4, 2**31 - 1, 0)\n"
        "lib.qsort(a, 6, 4, T(lambda x, y: (x[0] > y[0]) - (x[0] < y[0])))\nreturn list(a)",
        [-3, 0, 1, 4, 5, 2**31 - 1]),
    "callback called from Python": ("c.CFUNCTYPE(c.c_double, c.c_int, c.c_longlong)(lambda a, b: a + b / 4)(1, 2**40)",
                                    1 + 2**38),
    "a C function as callback": (
        "T = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_char_p)\nreturn T(('strcmp', lib))(b'a', b'a')", 0),
    "struct through a callback": (
        "class P(c.Structure):\n    _fields_ = [('x', c.c_double), ('y', c.c_int)]\n"
        "def swap(p): return p.y + p.x\nreturn c.CFUNCTYPE(c.c_double, P)(swap)(P(0.5, 3))", 3.5),
    "callback within a callback": (
        "F = c.CFUNCTYPE(c.c_int, c.c_int)\ndef f(n): return n + G(n - 1) if n else 0\nG = F(f)\nreturn G(10)", 55),
    "union": ("class U(c.Union): _fields_ = [('i', c.c_int), ('f', c.c_float)]\nu = U()\nu.f = 1.0\n"
        "return u.i", 0x3F800000),
    "union by value": (
        "class U(c.Union): _fields_ = [('i', c.c_int), ('d', c.c_double)]\nu = U()\nu.d = 2.5\n"
        "return c.CFUNCTYPE(c.c_double, U)(lambda u: u.d)(u)", 2.5),
    "struct of an array by value": (
        "class V(c.Structure): _fields_ = [('a', c.c_double * 3)]\n"
        "return c.CFUNCTYPE(c.c_double, V)(lambda v: sum(v.a))(V((c.c_double * 3)(1, 2, 3)))", 6.0),
    "structs in a struct by value": (
        "class I(c.Structure): _fields_ = [('a', c.c_short), ('b', c.c_byte)]\n"
        "class O(c.Structure): _fields_ = [('i', I), ('z', c.c_longlong)]\n"
        "return c.CFUNCTYPE(c.c_longlong, O, c.c_int)(lambda o, n: o.i.a + o.i.b + o.z + n)(O(I(1, 2), 2**40), 3)",
        2**40 + 6),
    "structs of one float": (
        "class P(c.Structure): _fields_ = [('x', c.c_float)]\n"
        "return c.CFUNCTYPE(c.c_float, P, P)(lambda p, q: p.x + q.x)(P(2.5), P(1))", 3.5),
    "many arguments": (
        "T = c.CFUNCTYPE(c.c_double, *[c.c_double, c.c_longlong, c.c_float, c.c_int] * 5)\n"
        "return T(lambda *a: sum(a))(*range(20))", 190.0),
    "long double": (
        "lib.fabsl.restype = c.c_longdouble\nlib.fabsl.argtypes = [c.c_longdouble]\nfloat(lib.fabsl(-1.5))", 1.5),
    "single precision": ("lib.sinf.restype = c.c_float\nlib.sinf.argtypes = [c.c_float]\nlib.sinf(0)", 0.0),
    "nested arrays": (
        "a = (c.c_int * 3 * 2)((1, 2, 3), (4, 5, 6))\np = c.cast(a, c.POINTER(c.c_int))\n"
        "return [p[i] for i in range(6)], c.sizeof(a)", ([1, 2, 3, 4, 5, 6], 24)),
    "list of structs": (
        "class L(c.Structure): pass\nL._fields_ = [('v', c.c_int), ('n', c.POINTER(L))]\na = L(1)\n"
        "b = L(2, c.pointer(a))\n"
        "return b.n.contents.v, c.sizeof(L)", (1, 8)),
    "bit fields": (
        "class B(c.Structure): _fields_ = [('a', c.c_uint, 3), ('b', c.c_uint, 5)]\nb = B(5, 17)\n"
        "return b.a, b.b, bytes(b)", (5, 17, b"\x8d\0\0\0")),
    "sizes": (
        "[c.sizeof(t) for t in (c.c_long, c.c_void_p, c.c_size_t, c.c_longlong, c.c_longdouble, c.c_wchar)]",
        [4, 4, 4, 8, 16, 4]),
    "scanned out parameters": (
        "lib.sscanf.argtypes = [c.c_char_p, c.c_char_p]\nx, y = c.c_int(), c.c_double()\n"
        "n = lib.sscanf(b'42 2.5', b'%d %lf', c.byref(x), c.byref(y))\nreturn n, x.value, y.value", (2, 42, 2.5)),
    "function pointer of libc": (
        "pointer = c.cast(lib.abs, c.c_void_p).value\nreturn c.CFUNCTYPE(c.c_int, c.c_int)(pointer)(-9)", 9),
    "callback with pointers to text": (
        "T = c.CFUNCTYPE(c.c_int, c.POINTER(c.c_char_p), c.POINTER(c.c_char_p))\n"
        "a = (c.c_char_p * 3)(b'c', b'a', b'b')\n"
        "lib.qsort(a, 3, 4, T(lambda x, y: (x[0] > y[0]) - (x[0] < y[0])))\nreturn list(a)", [b"a", b"b", b"c"]),
    "objects through a callback": ("c.CFUNCTYPE(c.py_object, c.py_object)(lambda o: o)({'a': 1})", {"a": 1}),
    "errno": (
        "lib = c.CDLL(None, use_errno=True)\nc.set_errno(0)\nreturn lib.rmdir(b'/nowhere'), c.get_errno()", (-1, 44)),
    "errno of a callback": (
        "f = c.CFUNCTYPE(c.c_int, use_errno=True)(lambda: c.set_errno(11))\nc.set_errno(3)\nf()\n"
        "return c.get_errno()", 11),
    "errcheck": ("lib.abs.errcheck = lambda result, function, arguments: result * 2\nreturn lib.abs(-4)", 8),
    "wide text": ("c.wstring_at(c.create_unicode_buffer('h\u00e9'))", "h\u00e9"),
    "an array of numpy": (
        "import numpy as np\nreturn np.arange(3.0).ctypes.data_as(c.POINTER(c.c_double))[2], "
        "np.ctypeslib.as_array((c.c_int * 2)(1, 2)).tolist()", (2.0, [1, 2])),
    "too many arguments": ("lib.strlen(b'five!', 1, 2)", 5),
    "C writes to stdout": ("lib.puts(b'from C') >= 0", True),
}  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), CALLS.values(), ids=CALLS.keys())
def test_call(sandbox, code, expected):
    result = sandbox.run(PRELUDE + code)
    assert result.error is None, result.error
    assert result.value == expected


def test_values_of_every_type_through_a_callback(sandbox):
    code = """
    wrong = []
    for kind, values in {
        "c_bool": [True, False], "c_byte": [-128, 127], "c_ubyte": [0, 255], "c_short": [-32768, 32767],
        "c_ushort": [65535], "c_int": [-2**31, 2**31 - 1], "c_uint": [2**32 - 1], "c_longlong": [-2**63, 2**63 - 1],
        "c_ulonglong": [2**64 - 1], "c_float": [1.5, float("-inf")], "c_double": [0.1], "c_char": [b"x"],
    }.items():
        kind = getattr(c, kind)
        same = c.CFUNCTYPE(kind, kind)(lambda value: value)
        wrong += [(kind.__name__, value, same(value)) for value in values if same(value) != value]
    return wrong
    """
    assert sandbox.run(PRELUDE + textwrap.dedent(code)).value == []


def test_a_callback_that_raises(sandbox):
    """As in any CPython: the exception is reported on stderr, C goes on with a zero."""
    code = "f = c.CFUNCTYPE(c.c_int)(lambda: 1 / 0)\nreturn f()"
    result = sandbox.run(PRELUDE + code)
    assert result.value == 0
    assert "ZeroDivisionError" in result.stderr
    assert "ZeroDivisionError" not in result.stdout
    assert sandbox.run("1+1").value == 2


def test_numpy_through_ctypes(sandbox):
    code = """
    import numpy as np
    a = np.array([3, 1, 2], dtype=np.intc)
    lib.qsort.restype = None
    T = c.CFUNCTYPE(c.c_int, c.POINTER(c.c_int), c.POINTER(c.c_int))
    lib.qsort(a.ctypes.data_as(c.c_void_p), 3, 4, T(lambda x, y: x[0] - y[0]))
    return a.tolist(), np.ctypeslib.as_array((c.c_double * 2)(1, 2)).sum()
    """
    assert sandbox.run(PRELUDE + textwrap.dedent(code)).value == ([1, 2, 3], 3.0)


def test_the_time_limit_reaches_callbacks(image):
    """ctypes swallows the interrupt, as it does every exception of a callback; the hard stop follows."""
    code = PRELUDE + "def f():\n    while True: pass\nwhile True: c.CFUNCTYPE(None)(f)()"
    with image.sandbox(Limits(timeout_s=0.3)) as sandbox:
        assert sandbox.run(code).status == "timeout"


def test_callbacks_run_out(image):
    code = "def f(): pass\nT = c.CFUNCTYPE(None)\nkept = [T(f) for _ in range(10_000)]"
    with image.sandbox() as sandbox:
        result = sandbox.run(PRELUDE + code)
        assert result.error.type == "MemoryError"
        assert sandbox.run("1+1").value == 2


def test_missing_arguments_are_zeros_and_further_ones_are_dropped(sandbox):
    """As in Pyodide, where JavaScript calls the functions; C's open() without a mode is the common case."""
    code = PRELUDE + "lib = c.CDLL(None, use_errno=True)\n"
    assert sandbox.run(code + "return lib.open(b'/no/such/file', 0), c.get_errno()").value == (-1, 44)
    assert sandbox.run(code + "return lib.abs(-5, 1, 2), lib.abs()").value == (5, 0)


REFUSED = {
    "unknown function": ("lib.no_such_function", "AttributeError"),
    "unknown library": ("c.CDLL('/nowhere/x.so')", "OSError"),
    "argument of another type": ("lib.strtol.argtypes = [c.c_char_p]\nlib.strtol(1)", "ArgumentError"),
    "a callback that gives a struct": (
        "class P(c.Structure): _fields_ = [('x', c.c_int)]\nc.CFUNCTYPE(P)(P)", "TypeError"),
    "an empty struct by value": (
        "class E(c.Structure): _fields_ = []\nc.CFUNCTYPE(c.c_int, E)(lambda e: 1)(E())", "RuntimeError"),
}  # fmt: skip


@pytest.mark.parametrize(("code", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_calls(sandbox, code, error):
    assert sandbox.run(PRELUDE + code).error.type == error
    assert sandbox.run(PRELUDE + "lib.abs(-3)").value == 3


# What ends the interpreter, in the way a segmentation fault ends a native one: the next sandbox knows nothing of it.
FATAL = {
    "read of a wild address": "c.string_at(0xfffffff0)",
    "write to a wild address": "c.memset(0xfffffff0, 1, 100)",
    "call of a number": "c.CFUNCTYPE(c.c_int)(123456789)()",
    "call of an empty slot": "c.CFUNCTYPE(c.c_int)(0x7ffffff0)()",
    "a float for an int": "lib.abs(c.c_double(1.5))",
    "float result taken for an int": "lib.pow.argtypes = [c.c_double] * 2\nlib.pow(2, 3)",
    "host fault below a call": "lib.localtime_r((c.c_longlong * 1)(0), 0xfffffff0)",
    "a cif of nothing": "lib.ffi_call(0xfffffff0, 1, 0, 0)",
    "endless callbacks": "F = c.CFUNCTYPE(c.c_int)\ndef f(): return G()\nG = F(f)\nG()",
    "endless sorting": (
        "T = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p)\ndef f(a, b):\n    lib.qsort((c.c_int * 2)(2, 1), 2, 4, G)\n"
        "    return 0\nG = T(f)\nf(0, 0)"),
    "static memory wiped": "c.memset(1024, 0, 4_000_000)",
    "static memory filled": "c.memset(1024, 255, 4_000_000)",
    "stack wiped": "import sys\nc.memset(c.addressof(c.c_int()) & ~0xfffff, 0x41, 0x200000)\nimport gc\ngc.collect()",
}  # fmt: skip


@pytest.mark.parametrize("code", FATAL.values(), ids=FATAL.keys())
def test_a_wild_call_ends_one_sandbox(image, code):
    with image.sandbox(Limits(timeout_s=5)) as sandbox:
        result = sandbox.run(PRELUDE + code)
        assert result.status in ("error", "timeout")
        assert not sandbox.alive
    with image.sandbox() as neighbour:
        assert neighbour.run(PRELUDE + "lib.abs(-3)").value == 3


def test_a_closure_can_not_be_put_in_another_place(image):
    """A guest that prepares a closure's slot again, as C code could: refused, and the first function stays."""
    code = """
    F = c.CFUNCTYPE(c.c_int)
    f = F(lambda: 5)
    slot = c.cast(f, c.c_void_p).value
    cif, closure = (c.c_int * 8)(1, 0, 0, 0, 0, 0, 0), c.create_string_buffer(64)
    void = (c.c_int * 3)(1, 1, 0)
    cif[3] = c.addressof(void)
    answers = [lib.ffi_prep_closure_loc(closure, cif, 1, 0, each) for each in (slot, 1, 0x7ffffff0)]
    return f(), [answer != 0 for answer in answers]
    """
    with image.sandbox() as sandbox:
        assert sandbox.run(PRELUDE + textwrap.dedent(code)).value == (5, [True, True, True])
