"""libffi for ctypes: calls with a signature known only at run time, and callbacks.

Everything in a `ffi_cif` was written by the guest, and is read through the same bounds checks as any pointer. There is
nowhere to report an error to, so what WebAssembly can't express, and any pointer to nowhere, ends as CallRefused.
Source: libffi's `src/wasm/ffi.c` for the layouts and the calling convention (BasicCABI.md of WebAssembly's
tool-conventions).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, NamedTuple, TypeVar

from cellblock_sandbox.machine.memory import MASK64, GuestFault
from cellblock_sandbox.syscalls.errors import CallRefused
from cellblock_sandbox.syscalls.host import FunctionTable, Host
from cellblock_sandbox.syscalls.registry import syscall

_VOID, _STRUCT, _LONG_DOUBLE = 0, 13, 4
_MAX_ARGUMENTS = 1024
_MAX_DEPTH = 32

Function = TypeVar("Function", bound=Callable[..., Any])


class _Scalar(NamedTuple):
    """How a type is passed (a WebAssembly letter) and how it lies in memory."""

    letter: str
    layout: struct.Struct


def _scalar(letter: str, code: str) -> _Scalar:
    return _Scalar(letter, struct.Struct("<" + code))


# By libffi's type number (ffi.h): int, float, double, then 8 to 64 bit integers, then pointer.
_SCALARS = {
    1: _scalar("i", "i"), 2: _scalar("f", "f"), 3: _scalar("d", "d"),
    5: _scalar("i", "B"), 6: _scalar("i", "b"), 7: _scalar("i", "H"), 8: _scalar("i", "h"),
    9: _scalar("i", "I"), 10: _scalar("i", "i"), 11: _scalar("j", "Q"), 12: _scalar("j", "q"), 14: _scalar("i", "I"),
}  # fmt: skip
_WORDS = {"i": struct.Struct("<i"), "j": struct.Struct("<q"), "f": struct.Struct("<f"), "d": struct.Struct("<d")}


@dataclass(frozen=True)
class _Type:
    """One ffi_type: its number after unwrapping structs of one member, its size and alignment in bytes."""

    number: int
    size: int
    alignment: int

    @property
    def by_reference(self) -> bool:
        return self.number in (_STRUCT, _LONG_DOUBLE)


@dataclass(frozen=True)
class _Signature:
    """A ffi_cif: the fixed arguments, the variadic ones, the result."""

    fixed: list[_Type]
    variadic: list[_Type]
    result: _Type

    @property
    def letters(self) -> str:
        """The WebAssembly type, like "id->i". A result in memory and variadic arguments each add a pointer."""
        letters = "i" if self.result.by_reference else ""
        for each in self.fixed:
            letters += "jj" if each.number == _LONG_DOUBLE else "i" if each.number == _STRUCT else _of(each).letter
        letters += "i" if self.variadic else ""
        plain = not self.result.by_reference and self.result.number != _VOID
        return f"{letters}->{_of(self.result).letter if plain else ''}"


def _faults_refused(function: Function) -> Function:
    """Let `function` raise CallRefused for pointers to nowhere."""

    @wraps(function)
    def checked(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except GuestFault as fault:
            raise CallRefused(f"a ctypes call: {fault}") from fault

    return checked  # type: ignore[return-value]


@syscall("ffi_call_js", "iiii->", params=("cif", "function", "result", "arguments"))
@_faults_refused
def ffi_call(host: Host, cif: int, function: int, result: int, arguments: int) -> None:
    """Call table slot `function` with the values that `arguments` points at; store what it returns at `result`."""
    signature = _read_signature(host, cif)
    stack = _Stack(host)
    passed: list[int | float] = [result] if signature.result.by_reference else []
    for position, each in enumerate(signature.fixed):
        passed += _pass(host, stack, each, host.memory.u32(arguments + 4 * position))
    if signature.variadic:
        first = len(signature.fixed)
        pointers = [host.memory.u32(arguments + 4 * (first + i)) for i in range(len(signature.variadic))]
        passed.append(_pass_variadic(host, stack, signature.variadic, pointers))
    stack.commit()
    try:
        answer = host.call_slot(function, *passed)
    finally:
        stack.release()
    if signature.result.number != _VOID and not signature.result.by_reference:
        _store(host, _of(signature.result), result, answer)


@syscall("ffi_closure_alloc_js", "ii->i", params=("size", "code"))
@_faults_refused
def ffi_closure_alloc(host: Host, size: int, code: int) -> int:
    """Allocate a ffi_closure of `size` bytes and a table slot for it, stored at `code` and in its first word.

    0 if memory or the table is full; ctypes makes a MemoryError of it.
    """
    closure = host.guest_call("malloc", size)
    if closure:
        try:
            slot = _table(host).add()
        except MemoryError:
            host.guest_call("free", closure)
            return 0
        host.memory.set_u32(code, slot)
        host.memory.set_u32(closure, slot)
    return closure


@syscall("ffi_closure_free_js", "i->", params=("closure",))
def ffi_closure_free(host: Host, closure: int) -> None:
    """Free a ffi_closure. Its slot stays reserved: a stale function pointer must not become another function."""
    host.guest_call("free", closure)


@syscall("ffi_prep_closure_loc_js", "iiiii->i", params=("closure", "cif", "function", "user_data", "code"))
@_faults_refused
def ffi_prep_closure_loc(host: Host, closure: int, cif: int, function: int, user_data: int, code: int) -> int:
    """Make slot `code` call `function(cif, &result, arguments, user_data)`; 0, or 1 (FFI_BAD_TYPEDEF).

    1 also for a slot that `ffi_closure_alloc` did not give, or that is in use.
    """
    try:
        signature = _read_signature(host, cif)
        _table(host).set(code, signature.letters, _callback(host, signature, closure))
    except (CallRefused, ValueError):
        return 1
    host.memory.set_u32(closure + 4, cif)
    host.memory.set_u32(closure + 8, function)
    host.memory.set_u32(closure + 12, user_data)
    return 0


def _callback(host: Host, signature: _Signature, closure: int) -> Callable[..., Any]:
    plain = not signature.result.by_reference and signature.result.number != _VOID
    answer = _of(signature.result).layout if plain else None

    @_faults_refused
    def called(*values: int | float) -> int | float | None:
        stack, rest = _Stack(host), list(values)
        # Zeros, because the function writes no more than its type's bytes, and nothing if it raises an exception.
        result = int(rest.pop(0)) if signature.result.by_reference else stack.push(bytes(8), 8)
        pointers = [_receive(host, stack, each, rest) for each in signature.fixed]
        if signature.variadic:
            pointers += _receive_variadic(host, signature.variadic, int(rest.pop()))
        array = stack.push(struct.pack(f"<{len(pointers)}I", *pointers), 4)
        stack.commit()
        try:
            cif, function, user_data = (host.memory.u32(closure + offset) for offset in (4, 8, 12))
            host.call_slot(function, cif, result, array, user_data)
            return None if answer is None else host.memory.unpack(answer, result)[0]
        finally:
            stack.release()

    return called


class _Stack:
    """The guest's stack, borrowed for one call. Grows downwards; nothing moves before `commit`."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._before = self._top = host.guest_call("emscripten_stack_get_current") & 0xFFFFFFFF

    def reserve(self, size: int, alignment: int) -> int:
        self._top = (self._top - size) & -max(alignment, 1)
        if self._top < 0:
            raise CallRefused("a ctypes call needs more stack than the guest has")
        return self._top

    def push(self, data: bytes, alignment: int) -> int:
        address = self.reserve(len(data), alignment)
        self._host.memory.write(address, data)
        return address

    def copy(self, pointer: int, size: int, alignment: int) -> int:
        """Push what lies at `pointer`. The guest chose the size: room is made first, memory of ours only then."""
        address = self.reserve(size, alignment)
        self._host.memory.write(address, self._host.memory.read(pointer, size))
        return address

    def commit(self) -> None:
        self._host.guest_call("_emscripten_stack_restore", self._top & -16)

    def release(self) -> None:
        self._host.guest_call("_emscripten_stack_restore", self._before)


def _pass(host: Host, stack: _Stack, each: _Type, pointer: int) -> list[int | float]:
    if each.number == _STRUCT:
        return [stack.copy(pointer, each.size, each.alignment)]
    if each.number == _LONG_DOUBLE:
        return [host.memory.i64(pointer), host.memory.i64(pointer + 8)]
    return [_signed(host.memory.unpack(_of(each).layout, pointer)[0], _of(each).letter)]


def _signed(value: int | float, letter: str) -> int | float:
    """An unsigned value as the signed one of the same bits, which is what the engine takes."""
    bits = {"i": 32, "j": 64}.get(letter)
    return value - (1 << bits) if bits and value >= 1 << (bits - 1) else value


def _pass_variadic(host: Host, stack: _Stack, types: list[_Type], pointers: list[int]) -> int:
    """Lay variadic arguments out one after another, as va_arg reads them; structs by pointer."""
    places, area = _variadic_places(types)
    contents = bytearray(area)
    for each, place, pointer in zip(types, places, pointers, strict=True):
        if each.number == _STRUCT:
            data = struct.pack("<I", stack.copy(pointer, each.size, each.alignment))
        elif each.number == _LONG_DOUBLE:
            data = host.memory.read(pointer, 16)
        else:
            scalar = _of(each)
            data = _WORDS[scalar.letter].pack(_signed(host.memory.unpack(scalar.layout, pointer)[0], scalar.letter))
        contents[place : place + len(data)] = data
    return stack.push(bytes(contents), 16)


def _variadic_places(types: list[_Type]) -> tuple[list[int], int]:
    """Where each variadic argument lies in its area, and how long that is. The guest's own sizes don't count here."""
    area, places = 0, []
    for each in types:
        fixed = {_STRUCT: 4, _LONG_DOUBLE: 16}.get(each.number)
        size = max(_of(each).layout.size, 4) if fixed is None else fixed
        area = (area + size - 1) & -size
        places.append(area)
        area += size
    return places, area


def _receive(host: Host, stack: _Stack, each: _Type, rest: list[int | float]) -> int:
    """Spill one received argument to the stack; its address."""
    if each.number == _STRUCT:
        return stack.copy(int(rest.pop(0)), each.size, each.alignment)
    if each.number == _LONG_DOUBLE:
        return stack.push(struct.pack("<qq", rest.pop(0), rest.pop(0)), 16)
    return stack.push(_WORDS[_of(each).letter].pack(rest.pop(0)), 8)


def _receive_variadic(host: Host, types: list[_Type], area: int) -> list[int]:
    places = [area + place for place in _variadic_places(types)[0]]
    return [
        host.memory.u32(place) if each.number == _STRUCT else place & 0xFFFFFFFF
        for each, place in zip(types, places, strict=True)
    ]


def _store(host: Host, scalar: _Scalar, pointer: int, value: int | float | None) -> None:
    """Store a result as C would: an integer is cut to its type, and a function without result leaves a zero.

    Such calls are no hostile ones: ctypes takes every function's result for an int unless it is told otherwise.
    """
    value = value or 0
    if scalar.letter in "ij":
        if not isinstance(value, int):
            raise CallRefused("a ctypes function gave a float where its restype is an integer")
        host.memory.write(pointer, (value & MASK64).to_bytes(8, "little")[: scalar.layout.size])
        return
    try:
        host.memory.write(pointer, scalar.layout.pack(value))
    except OverflowError:
        raise CallRefused("a ctypes function gave a float larger than its restype") from None


def _read_signature(host: Host, cif: int) -> _Signature:
    """Read a ffi_cif: abi, nargs, arg_types, rtype, bytes, flags, nfixedargs."""
    count, types, result, fixed = (host.memory.u32(cif + offset) for offset in (4, 8, 12, 24))
    if count > _MAX_ARGUMENTS or fixed > count:
        raise CallRefused(f"a ctypes call with {count} arguments, {fixed} of them fixed")
    arguments = [_read_type(host, host.memory.u32(types + 4 * i)) for i in range(count)]
    return _Signature(arguments[:fixed], arguments[fixed:], _read_type(host, result))


def _read_type(host: Host, pointer: int) -> _Type:
    """Read a ffi_type; a struct of one member is passed as that member."""
    for _ in range(_MAX_DEPTH):
        size, alignment, number = host.memory.u32(pointer), host.memory.u16(pointer + 4), host.memory.u16(pointer + 6)
        if number != _STRUCT:
            return _Type(number, size, alignment)
        elements = host.memory.u32(pointer + 8)
        first = host.memory.u32(elements)
        if first == 0:
            return _Type(_VOID, 0, 1)
        # ctypes describes an array as a pointer: a struct of one array is larger than that.
        if host.memory.u32(elements + 4) != 0 or host.memory.u32(first) != size:
            return _Type(number, size, alignment)
        pointer = first
    raise CallRefused("a ctypes type nested too deeply")


def _of(each: _Type) -> _Scalar:
    if each.number not in _SCALARS:
        raise CallRefused(f"ctypes type number {each.number} can't be passed in WebAssembly")
    return _SCALARS[each.number]


def _table(host: Host) -> FunctionTable:
    if host.table is None:
        raise CallRefused("this guest was made without a function table")
    return host.table
