"""Just enough of the WebAssembly binary format to link: sections, and the few of them a linker rewrites.

Function bodies and custom payloads are carried as opaque bytes; indices inside them are binaryen's business
(`merge.py`). Source: WebAssembly Core Specification, chapter 5, "Binary Format".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from cellblock_sandbox.errors import LinkError
from cellblock_sandbox.linking.encoding import END, I32_CONST, Reader, name, section, uleb, vector

T = TypeVar("T")

MAGIC = b"\0asm\x01\0\0\0"
CUSTOM, TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, START, ELEMENT, CODE, DATA, DATA_COUNT = range(13)
KIND_FUNCTION, KIND_TABLE, KIND_MEMORY, KIND_GLOBAL, KIND_TAG = range(5)

FUNCREF, EXTERNREF = 0x70, 0x6F
GLOBAL_GET, I32_ADD = 0x23, 0x6A
_EXTENDED_CONST = {0x6A: lambda a, b: a + b, 0x6B: lambda a, b: a - b, 0x6C: lambda a, b: a * b}


@dataclass(frozen=True)
class Import:
    """One import: two names, the kind, and the kind's type as raw bytes."""

    module: str
    name: str
    kind: int
    type: bytes

    def encode(self) -> bytes:
        """The binary form."""
        return name(self.module) + name(self.name) + bytes([self.kind]) + self.type


@dataclass(frozen=True)
class Export:
    """One export."""

    name: str
    kind: int
    index: int

    def encode(self) -> bytes:
        """The binary form."""
        return name(self.name) + bytes([self.kind]) + uleb(self.index)


@dataclass(frozen=True)
class Segment:
    """An active data or element segment: where it goes (a constant expression) and what follows it."""

    flags: int
    offset: bytes
    rest: bytes


@dataclass(frozen=True)
class Global:
    """A defined global: its type (value type and mutability) as raw bytes, and its constant initialiser."""

    type: bytes
    initialiser: bytes

    def encode(self) -> bytes:
        """The binary form."""
        return self.type + self.initialiser


@dataclass
class Module:
    """A parsed module. `sections` keeps every payload in order; the lists are views that `encode` writes back."""

    sections: list[tuple[int, bytes]]
    imports: list[Import] = field(default_factory=list)
    exports: list[Export] = field(default_factory=list)
    types: list[bytes] = field(default_factory=list)
    functions: list[int] = field(default_factory=list)
    globals: list[Global] = field(default_factory=list)
    _imported: dict[int, list[Import]] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def parse(cls, data: bytes) -> Module:
        """Read a module. LinkError if it isn't one."""
        if data[:8] != MAGIC:
            raise LinkError("not a WebAssembly module: the first eight bytes are " + data[:8].hex())
        reader, sections = Reader(data, 8), []
        while reader.position < reader.end:
            identifier = reader.byte()
            sections.append((identifier, reader.take(reader.uleb())))
        module = cls(sections)
        module.imports = list(_read(module.payload(IMPORT), _import))
        module.exports = list(_read(module.payload(EXPORT), lambda r: Export(r.name(), r.byte(), r.uleb())))
        module.types = list(_read(module.payload(TYPE), _function_type))
        module.functions = list(_read(module.payload(FUNCTION), Reader.uleb))
        module.globals = list(_read(module.payload(GLOBAL), _global))
        return module

    def payload(self, identifier: int) -> bytes:
        """The payload of the section with this id, or an empty vector's if there is none."""
        return next((payload for each, payload in self.sections if each == identifier), b"\0")

    def has(self, identifier: int) -> bool:
        """Whether there is a section with this id."""
        return any(each == identifier for each, _ in self.sections)

    def custom(self, wanted: str) -> bytes | None:
        """The content of the custom section called `wanted`, or None."""
        for identifier, payload in self.sections:
            if identifier == CUSTOM:
                reader = Reader(payload)
                if reader.name() == wanted:
                    return payload[reader.position :]
        return None

    def encode(self, **replaced: bytes | None) -> bytes:
        """The module's bytes, with imports, globals and exports as they are now.

        `replaced` maps a section's name in capitals (`DATA=None`, `ELEMENT=payload`) to its new payload, or to
        None to leave it out. A replaced section has to exist already, or it is not written.
        """
        payloads: dict[int, bytes | None] = {_IDENTIFIERS[key]: payload for key, payload in replaced.items()}
        payloads.setdefault(IMPORT, vector(each.encode() for each in self.imports))
        payloads.setdefault(GLOBAL, vector(each.encode() for each in self.globals))
        payloads.setdefault(EXPORT, vector(each.encode() for each in self.exports))
        out = [MAGIC]
        for identifier, payload in self.sections:
            kept = payloads.get(identifier, payload)
            if kept is not None:
                out.append(section(identifier, kept))
        return b"".join(out)

    def imported(self, kind: int) -> list[Import]:
        """The imports of one kind, in index order."""
        if kind not in self._imported:
            self._imported[kind] = [each for each in self.imports if each.kind == kind]
        return self._imported[kind]

    def exported(self, kind: int) -> dict[str, int]:
        """Name to index, for the exports of one kind."""
        return {each.name: each.index for each in self.exports if each.kind == kind}

    def type_at(self, index: int) -> bytes:
        """The raw function type with this index."""
        return self.types[index]

    def function_type(self, index: int) -> bytes:
        """The raw function type of a function this module defines, by its index (imports come first)."""
        return self.types[self.functions[index - len(self.imported(KIND_FUNCTION))]]

    def data_segments(self) -> Iterator[Segment]:
        """The active data segments, in order."""
        return _read(self.payload(DATA), _data_segment)

    def element_segments(self) -> Iterator[Segment]:
        """The element segments, in order."""
        return _read(self.payload(ELEMENT), _element_segment)


_IDENTIFIERS = {
    "FUNCTION": FUNCTION,
    "CODE": CODE,
    "TABLE": TABLE,
    "IMPORT": IMPORT,
    "EXPORT": EXPORT,
    "MEMORY": MEMORY,
    "START": START,
    "ELEMENT": ELEMENT,
    "DATA": DATA,
    "DATA_COUNT": DATA_COUNT,
    "GLOBAL": GLOBAL,
}


def evaluate(expression: bytes, global_value: Callable[[int], int]) -> int:
    """Evaluate an i32 constant expression, extended-const included, modulo 2**32.

    `global_value(index)` gives the value of an imported or earlier global. LinkError for any other instruction.
    """
    reader, stack = Reader(expression), []
    while (opcode := reader.byte()) != END:
        if opcode == I32_CONST:
            stack.append(reader.sleb())
        elif opcode == GLOBAL_GET:
            stack.append(global_value(reader.uleb()))
        elif opcode in _EXTENDED_CONST and len(stack) >= 2:
            right, left = stack.pop(), stack.pop()
            stack.append(_EXTENDED_CONST[opcode](left, right))
        else:
            raise LinkError(f"unexpected instruction 0x{opcode:02x} in a constant expression")
    if len(stack) != 1:
        raise LinkError(f"a constant expression gives {len(stack)} values")
    return stack[0] & 0xFFFFFFFF


def function_indices(segment: Segment) -> list[int]:
    """The functions an element segment of the plain form (a vector of function indices) puts in the table."""
    reader = Reader(segment.rest)
    return reader.vector(reader.uleb)


def immutable(each: Import) -> Import:
    """The same global import, declared immutable."""
    return replace(each, type=each.type[:1] + b"\0")


def _read(payload: bytes, item: Callable[[Reader], T]) -> Iterator[T]:
    reader = Reader(payload)
    for _ in range(reader.uleb()):
        yield item(reader)


def _raw(reader: Reader, skip: Callable[[], object]) -> bytes:
    start = reader.position
    skip()
    return reader.data[start : reader.position]


def _limits(reader: Reader) -> None:
    flags = reader.byte()
    reader.uleb()
    if flags & 1:
        reader.uleb()


def _reference_type(reader: Reader) -> None:
    if reader.byte() in (0x63, 0x64):
        reader.sleb()


def _import(reader: Reader) -> Import:
    module, field_name, kind = reader.name(), reader.name(), reader.byte()

    def skip() -> None:
        if kind == KIND_FUNCTION:
            reader.uleb()
        elif kind == KIND_TABLE:
            _reference_type(reader)
            _limits(reader)
        elif kind == KIND_MEMORY:
            _limits(reader)
        elif kind == KIND_GLOBAL:
            _reference_type(reader)
            reader.byte()
        elif kind == KIND_TAG:
            reader.byte()
            reader.uleb()
        else:
            raise LinkError(f"import {module}.{field_name} has the unknown kind {kind}")

    return Import(module, field_name, kind, _raw(reader, skip))


def _function_type(reader: Reader) -> bytes:
    def skip() -> None:
        form = reader.byte()
        if form != 0x60:
            raise LinkError(f"type of the unsupported form 0x{form:02x}")
        for _ in range(2):
            for _ in range(reader.uleb()):
                _reference_type(reader)

    return _raw(reader, skip)


def _expression(reader: Reader) -> bytes:
    def skip() -> None:
        while (opcode := reader.byte()) != END:
            if opcode in (I32_CONST, 0x42):
                reader.sleb()
            elif opcode in (GLOBAL_GET, 0xD2):
                reader.uleb()
            elif opcode == 0xD0:
                reader.sleb()
            elif opcode in (0x43, 0x44):
                reader.take(4 if opcode == 0x43 else 8)
            elif opcode not in _EXTENDED_CONST:
                raise LinkError(f"unexpected instruction 0x{opcode:02x} in a constant expression")

    return _raw(reader, skip)


def _global(reader: Reader) -> Global:
    def skip_type() -> None:
        _reference_type(reader)
        reader.byte()

    return Global(_raw(reader, skip_type), _expression(reader))


def _data_segment(reader: Reader) -> Segment:
    flags = reader.uleb()
    if flags != 0:
        raise LinkError(f"data segment of the unsupported form {flags}")
    return Segment(flags, _expression(reader), reader.take(reader.uleb()))


def _element_segment(reader: Reader) -> Segment:
    flags = reader.uleb()
    if flags not in (0, 3):
        raise LinkError(f"element segment of the unsupported form {flags}")
    offset = _expression(reader) if flags == 0 else reader.take(1)
    return Segment(flags, offset, _raw(reader, lambda: reader.vector(reader.uleb)))
