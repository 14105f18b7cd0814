"""The border between Python and the guest, and its hot path.

wasmtime-py's public calls cost 50 us from host to guest and 23 us from guest to host, most of it in converting values
through objects. The unchecked entry points of the same library cost 2.5 us and 1 us. They are used here and nowhere
else, with the types checked once when a function is looked up or defined, and `self_test` at start to see that this
wasmtime still means by them what is assumed here.

A raw value takes 16 bytes. Integers come signed.
"""

from __future__ import annotations

import ctypes
import functools
import struct
from collections.abc import Callable
from typing import Any, NoReturn, cast

import wasmtime
from wasmtime import _ffi as ffi

from cellblock_sandbox.errors import GuestCrashed
from cellblock_sandbox.machine.engine import VERSION, engine

_CELL_FORMAT = {"i": "i12x", "j": "q8x", "f": "f12x", "d": "d8x"}
_CELL_BYTES = 16
_CELL_TYPES: dict[str, Any] = {
    "i": ctypes.c_int32,
    "j": ctypes.c_int64,
    "f": ctypes.c_float,
    "d": ctypes.c_double,
}
_LETTERS = {"i32": "i", "i64": "j", "f32": "f", "f64": "d"}
_VALUE_TYPES = {
    "i": wasmtime.ValType.i32,
    "j": wasmtime.ValType.i64,
    "f": wasmtime.ValType.f32,
    "d": wasmtime.ValType.f64,
}

# The binding's own prototypes build a pointer object per argument; plain addresses are three times cheaper.
_Callback = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_Finalizer = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_define_func_unchecked = ctypes.CFUNCTYPE(
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_size_t,
    ctypes.c_char_p,
    ctypes.c_size_t,
    ctypes.c_void_p,
    _Callback,
    ctypes.c_void_p,
    _Finalizer,
)(("wasmtime_linker_define_func_unchecked", ffi.dll))
_func_new_unchecked = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_void_p, _Callback, ctypes.c_void_p, _Finalizer, ctypes.c_void_p
)(("wasmtime_func_new_unchecked", ffi.dll))
_func_call_unchecked = ctypes.CFUNCTYPE(
    ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p
)(("wasmtime_func_call_unchecked", ffi.dll))
_trap_new = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t)(("wasmtime_trap_new", ffi.dll))
_NO_FINALIZER = _Finalizer()
_HOST_FAILED = b"host function failed"
# How many places of arguments are remembered for each host function: the guest chooses how deep its stack is.
_PLACES_KEPT = 64


class Interrupted(BaseException):
    """The guest was stopped from outside (interruption.py). Raised on the host's side, never seen by the guest."""


GuestTrap = wasmtime.Trap
NESTED_TOO_DEEPLY = "calls between guest and host are nested too deeply"


def trap_reason(error: BaseException) -> str:
    """What a trap says in few words, such as "out of bounds memory access"; any other error's own text."""
    return str(error).rstrip().rpartition("wasm trap: ")[2] if isinstance(error, wasmtime.Trap) else str(error)


def is_stack_overflow(error: BaseException) -> bool:
    """Whether a trap means that frames filled the stack: the guest's own, or the guest's and the host's in turn."""
    if not isinstance(error, wasmtime.Trap):
        return False
    return error.trap_code is wasmtime.TrapCode.STACK_OVERFLOW or NESTED_TOO_DEEPLY in str(error)


class Border:
    """Which side of the wall the running guest's thread is on, and what is to be raised once it is back.

    `revoked` is set by the watchdog, together with taking the guest's memory if `in_host` is false: from then on no
    host function starts, and every call ends with Interrupted. The watchdog writes `revoked` before it reads `in_host`;
    so each crossing here writes `in_host` before it reads `revoked`, and one of the two always sees the other.
    """

    __slots__ = ("in_host", "raised", "revoked")

    def __init__(self) -> None:
        self.in_host = True
        self.revoked = False
        self.raised: BaseException | None = None

    def enter_guest(self) -> None:
        """Note that guest code is about to run; Interrupted if it may not."""
        self.in_host = False
        if self.revoked:
            self.in_host = True
            raise Interrupted

    def outcome(self, failure: BaseException) -> BaseException:
        """What to raise for a guest call that ended with `failure`: a host function's own exception comes first."""
        raised, self.raised = self.raised, None
        if self.revoked:
            return Interrupted()
        return raised or failure


class HostFunctions:
    """Host functions defined once, for every store of a linker.

    A Python exception in a host function unwinds the guest as a trap; the border keeps it, and it comes out again at
    the host's side of the call (`GuestFunction`). `current` gives the border of the guest that runs.
    """

    def __init__(self, linker: wasmtime.Linker, current: Callable[[], Border]) -> None:
        self._linker = linker
        self._current = current
        self._callbacks: list[Any] = []

    def define(self, module: str, name: str, signature: str, function: Callable[..., Any]) -> None:
        """Define `module.name` with a signature like "iji->i" (i32, i64, f32, f64 as i, j, f, d)."""
        callback = _Callback(_callback(signature, function, self._current))
        self._callbacks.append(callback)
        function_type = _function_type(signature)
        error = _define_func_unchecked(
            ctypes.cast(self._linker.ptr(), ctypes.c_void_p),
            module.encode(),
            len(module.encode()),
            name.encode(),
            len(name.encode()),
            ctypes.cast(function_type.ptr(), ctypes.c_void_p),
            callback,
            None,
            _NO_FINALIZER,
        )
        if error:
            raise wasmtime.WasmtimeError._from_ptr(ctypes.cast(error, ctypes.POINTER(ffi.wasmtime_error_t)))


def new_function(store: wasmtime.Store, signature: str, function: Callable[..., Any], border: Border) -> wasmtime.Func:
    """A host function for one store, with the same rules as `HostFunctions.define`. It lives as long as the store."""
    callback = _Callback(_callback(signature, function, lambda: border))
    function_type = _function_type(signature)  # in a variable: the pointer to it does not keep it alive
    created = ffi.wasmtime_func_t()
    _func_new_unchecked(
        ctypes.cast(store._context(), ctypes.c_void_p),
        ctypes.cast(function_type.ptr(), ctypes.c_void_p),
        callback,
        None,
        _NO_FINALIZER,
        ctypes.addressof(created),
    )
    result = wasmtime.Func._from_raw(created)
    result.callback = callback  # type: ignore[attr-defined]  # what keeps the callback alive
    return result


# Signatures of callbacks are the guest's choice, and wasmtime-py frees a type only when Python looks for cycles.
@functools.lru_cache(maxsize=1024)
def _function_type(signature: str) -> wasmtime.FuncType:
    parameters, results = signature.split("->")
    return wasmtime.FuncType([_VALUE_TYPES[each]() for each in parameters], [_VALUE_TYPES[each]() for each in results])


def _callback(signature: str, function: Callable[..., Any], current: Callable[[], Border]) -> Callable[..., int]:
    parameters, results = signature.split("->")
    unpack = struct.Struct("<" + "".join(_CELL_FORMAT[each] for each in parameters)).unpack
    cells = ctypes.c_char * (_CELL_BYTES * len(parameters))
    result_cell: Any = _CELL_TYPES[results] if results else cells
    # Where the engine passes values: nearly always the same few places of its stack. Making the two views of one takes
    # 0.5 us, finding them again 0.05.
    places: dict[int, tuple[Any, Any]] = {}

    def callback(_env: int, _caller: int, values: int, _count: int) -> int:
        border = current()
        border.in_host = True
        try:
            if border.revoked:
                raise Interrupted
            place = places.get(values)
            if place is None:
                if len(places) >= _PLACES_KEPT:
                    places.clear()
                place = places[values] = cells.from_address(values), result_cell.from_address(values)
            answer = function(*unpack(place[0]))
            if results:
                place[1].value = answer
            border.in_host = False
            if border.revoked:
                raise Interrupted
            return 0
        except BaseException as error:  # carried across the guest's frames, raised again by GuestFunction
            border.in_host = True
            border.raised = error
            trap: int = _trap_new(_HOST_FAILED, len(_HOST_FAILED))
            return trap

    return callback


def signature_of(function: wasmtime.FuncType) -> str:
    """The type of a guest function like "iij->i". TypeError if it isn't one of numbers, with at most one result."""
    parameters, results = [str(each) for each in function.params], [str(each) for each in function.results]
    if not _LETTERS.keys() >= {*parameters, *results} or len(results) > 1:
        raise TypeError(f"a guest function of type {parameters} -> {results} can't be called from here")
    return f"{''.join(_LETTERS[each] for each in parameters)}->{''.join(_LETTERS[each] for each in results)}"


class GuestFunction:
    """A guest function of numbers, with at most one result, ready to be called many times.

    `signature` is that of `signature_of`. To ask the engine for it takes longer than all else here together.
    """

    def __init__(self, store: wasmtime.Store, function: wasmtime.Func, signature: str, border: Border) -> None:
        parameters, results = signature.split("->")
        count = max(len(parameters), 1)
        self.arity = len(parameters)
        self._border = border
        self._function = function
        self._cells = (ctypes.c_char * (_CELL_BYTES * count))()
        self._parameters = [self._cell(position, each) for position, each in enumerate(parameters)]
        self._result = self._cell(0, results) if results else None
        self._trap = ctypes.c_void_p()
        self._arguments = (
            ctypes.cast(store._context(), ctypes.c_void_p).value,
            ctypes.addressof(function._func),
            ctypes.addressof(self._cells),
            count,
            ctypes.addressof(self._trap),
        )

    def _cell(self, position: int, letter: str) -> Any:
        return _CELL_TYPES[letter].from_buffer(self._cells, _CELL_BYTES * position)

    def __call__(self, *arguments: int | float) -> Any:
        """Call it; None for a function without result. Integers are taken modulo their size, and come back signed.

        TypeError for arguments that don't fit. Raises what a host function raised on the way, Interrupted after a hard
        stop, else wasmtime.Trap.
        """
        parameters = self._parameters
        if len(arguments) != len(parameters):
            raise TypeError(f"the guest function takes {len(parameters)} arguments, {len(arguments)} given")
        for cell, value in zip(parameters, arguments, strict=True):
            cell.value = value
        border = self._border
        border.enter_guest()
        error = _func_call_unchecked(*self._arguments)
        border.in_host = True
        if error or self._trap.value or border.revoked:
            self._fail(error)
        return None if self._result is None else self._result.value

    def _fail(self, error: int | None) -> NoReturn:
        failure: BaseException = Interrupted()
        # Taken before anything else: a call further out may be one of this same function, and would find it again.
        trap, self._trap.value = self._trap.value, None
        if error:
            failure = wasmtime.WasmtimeError._from_ptr(ctypes.cast(error, ctypes.POINTER(ffi.wasmtime_error_t)))
        elif trap:
            failure = wasmtime.Trap._from_ptr(ctypes.cast(trap, ctypes.POINTER(ffi.wasm_trap_t)))
        raise self._border.outcome(failure)


_SELF_TEST = """
(module
  (import "host" "function" (func $host (param i32 i64 f32 f64) (result i64)))
  (table (export "table") 1 funcref)
  (func (export "through") (param i32 i64 f32 f64) (result i64)
    (call $host (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func (export "indirect") (param f64) (result f32)
    (call_indirect (param f64) (result f32) (local.get 0) (i32.const 0)))
  (func (export "trap") unreachable))
"""
_PASSED = (-1, -(1 << 40), 1.5, -2.5)
_ANSWERED = -(1 << 62)


@functools.cache
def self_test() -> None:
    """Send values of every type both ways, an exception and a trap; GuestCrashed if any arrives as something else.

    Runs once in a process: 4 ms, most of it for compiling the guest.
    """
    border, store, linker, seen = Border(), wasmtime.Store(engine()), wasmtime.Linker(engine()), list[Any]()

    def answer(*values: int | float) -> int:
        seen.append(values)
        return _ANSWERED

    functions = HostFunctions(linker, lambda: border)
    functions.define("host", "function", "ijfd->j", answer)
    module = wasmtime.Module(engine(), bytes(wasmtime.wat2wasm(_SELF_TEST)))
    exports = linker.instantiate(store, module).exports(store)
    through, indirect, trap = (
        GuestFunction(store, cast("wasmtime.Func", exports[name]), signature, border)
        for name, signature in (("through", "ijfd->j"), ("indirect", "d->f"), ("trap", "->"))
    )
    refusals = [ArithmeticError("self-test")]
    quotient = new_function(store, "d->f", lambda value: 0.5 / value if value else _raise(refusals[0]), border)
    cast("wasmtime.Table", exports["table"]).set(store, 0, quotient)
    _expect(through(*_PASSED), _ANSWERED)
    _expect(seen, [_PASSED])
    _expect(indirect(2.0), 0.25)
    _expect(_raised_by(lambda: indirect(0.0)), refusals[0])
    _expect(type(_raised_by(trap)), wasmtime.Trap)
    _expect(indirect(4.0), 0.125)


def _raise(error: Exception) -> NoReturn:
    raise error


def _raised_by(call: Callable[[], Any]) -> BaseException | None:
    try:
        call()
    except (ArithmeticError, wasmtime.Trap, wasmtime.WasmtimeError) as error:
        return error
    return None


def _expect(got: Any, expected: Any) -> None:
    if got != expected:
        trap = f"wasmtime {VERSION} gives {got!r} where {expected!r} is expected"
        raise GuestCrashed(trap, "checking how values cross to the engine")
