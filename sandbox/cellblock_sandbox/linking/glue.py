"""The small module that holds a link together, written as WebAssembly text.

It defines what no module of the distribution does: the constants that replace `__memory_base` and the GOT, table
slots for exported functions, CPython's call trampoline, the interrupt helper, and stubs that name themselves for the
host functions that are deliberately absent.
"""

from __future__ import annotations

from cellblock_sandbox.errors import LinkError
from cellblock_sandbox.linking.encoding import Reader

MODULE = "link"
MISSING = "missing"

_VALUE_TYPES = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64", 0x6F: "externref", 0x70: "funcref"}

# Bridges for which "nothing there" is a right answer: `_maybe_*_async` falls through to the real syscall on null, and
# the table of deduplicated JavaScript values (`__hiwire_deduplicate_*`) stays empty, the browser has no name.
_ANSWERED_WITH_NOTHING = ("_maybe_", "__hiwire_deduplicate_", "_Py_emscripten_runtime")
_NOTHING = {0x6F: "(ref.null extern)", 0x7F: "(i32.const 0)", 0: ""}

# CPython calls C functions through pointers of another arity (METH_NOARGS functions written with one parameter, and
# the like). A browser's engine lets JavaScript pad the arguments; here the entry's own type decides. Same contract as
# CPython's Python/emscripten_trampoline: `*success` is cleared when no arity fits.
# The interrupt helper answers SIGINT (2) once per request: the watchdog sets the flag, this clears it.
_FIXED = """
  (type $arity3 (func (param i32 i32 i32) (result i32)))
  (type $arity2 (func (param i32 i32) (result i32)))
  (type $arity1 (func (param i32) (result i32)))
  (type $arity0 (func (result i32)))
  (import "main" "memory" (memory 0))
  (import "main" "__indirect_function_table" (table $table 1 funcref))
  (import "env" "missing" (func $missing (param i32)))
  (func $trampoline (export "trampoline")
      (param $success i32) (param $function i32) (param $self i32) (param $args i32) (param $kw i32) (result i32)
    (local $target funcref)
    (local.set $target (table.get $table (local.get $function)))
    (if (ref.test (ref $arity3) (local.get $target)) (then (return
      (call_indirect $table (type $arity3)
        (local.get $self) (local.get $args) (local.get $kw) (local.get $function)))))
    (if (ref.test (ref $arity2) (local.get $target)) (then (return
      (call_indirect $table (type $arity2) (local.get $self) (local.get $args) (local.get $function)))))
    (if (ref.test (ref $arity1) (local.get $target)) (then (return
      (call_indirect $table (type $arity1) (local.get $self) (local.get $function)))))
    (if (ref.test (ref $arity0) (local.get $target)) (then (return
      (call_indirect $table (type $arity0) (local.get $function)))))
    (i32.store (local.get $success) (i32.const 0))
    (i32.const 0))
  (func (export "call_slot") (param $slot i32)
    (call_indirect $table (type $void) (local.get $slot)))
  (type $void (func))
"""

_INTERRUPT = """
  (func (export "_Py_CheckEmscriptenSignals_Helper") (result i32)
    (i32.store (i32.const {flag}) (i32.const 0))
    (i32.const 2))
"""


class Glue:
    """Collects what the link asks for, then writes the module."""

    def __init__(self, first_slot: int) -> None:
        self.first_slot = first_slot
        self.missing: list[str] = []
        self._constants: set[int] = set()
        self._imports: list[str] = []
        self._stubs: dict[str, str] = {}
        self._elements: list[tuple[int, str]] = []

    def constant(self, value: int) -> str:
        """The export name of an immutable i32 global with this value."""
        self._constants.add(value)
        return f"i32:{value}"

    def slot(self, slot: int, module: str, symbol: str, function_type: bytes) -> None:
        """Put the function `symbol` of `module` into table slot `slot`."""
        identifier = f"$slot{slot}"
        signature = _signature(function_type)
        self._imports.append(f"  (import {_quote(module)} {_quote(symbol)} (func {identifier} {signature}))")
        self._elements.append((slot, identifier))

    def stub(self, symbol: str, function_type: bytes) -> str:
        """The export name of a function of this type that answers null where null means "not here", else traps."""
        export = f"stub:{symbol}:{function_type.hex()}"
        if export not in self._stubs:
            result = _result(function_type)
            if symbol.startswith(_ANSWERED_WITH_NOTHING) and result in _NOTHING:
                body = _NOTHING[result]
            else:
                body = f"(call $missing (i32.const {len(self.missing)})) unreachable"
                self.missing.append(symbol)
            self._stubs[export] = f"  (func (export {_quote(export)}) {_signature(function_type)} {body})"
        return export

    def text(self, interrupt_flag: int) -> str:
        """The module as WebAssembly text. `interrupt_flag` is the address of `Py_EMSCRIPTEN_SIGNAL_HANDLING`."""
        elements = sorted(self._elements)
        if [slot for slot, _ in elements] != list(range(self.first_slot, self.first_slot + len(elements))):
            raise LinkError("the new table slots are not consecutive")
        lines = ["(module", *self._imports, _FIXED, _INTERRUPT.format(flag=interrupt_flag)]
        lines += [f'  (global (export "i32:{value}") i32 (i32.const {value}))' for value in sorted(self._constants)]
        lines += self._stubs.values()
        names = " ".join([identifier for _, identifier in elements] + ["$trampoline"])
        lines += [f"  (elem (table $table) (i32.const {self.first_slot}) func {names})", ")"]
        return "\n".join(lines)

    @property
    def trampoline_slot(self) -> int:
        """The table slot of the call trampoline: the one after all others."""
        return self.first_slot + len(self._elements)


def _signature(function_type: bytes) -> str:
    reader, parts = Reader(function_type, 1), []
    for keyword in ("param", "result"):
        types = reader.vector(reader.byte)
        if types:
            if not _VALUE_TYPES.keys() >= set(types):
                raise LinkError(f"a function of the unsupported type {function_type.hex()}")
            parts.append(f"({keyword} {' '.join(_VALUE_TYPES[each] for each in types)})")
    return " ".join(parts)


def _result(function_type: bytes) -> int:
    """The type of the one result, or 0."""
    reader = Reader(function_type, 1)
    reader.vector(reader.byte)
    return (reader.vector(reader.byte) or [0])[0]


def _quote(text: str) -> str:
    return (
        '"'
        + "".join(c if c.isalnum() or c in "_-.:$@" else "".join(f"\\{b:02x}" for b in c.encode()) for c in text)
        + '"'
    )
