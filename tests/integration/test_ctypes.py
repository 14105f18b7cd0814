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
