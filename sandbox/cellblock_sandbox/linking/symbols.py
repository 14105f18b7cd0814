"""Where everything goes, and which definition every import means.

The work Emscripten's loader does in the browser at every start (`libdylink.js`: `loadWebAssemblyModule`,
`relocateExports`, `updateGOT`, `reportUndefinedSymbols`) is done once here, and its outcome is plain numbers:
memory bases, table slots, addresses.

A symbol is looked up in the main module first, then in the libraries the importer says it needs (breadth first),
then in the importer itself, since C++ libraries import and export their own weak symbols.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field

from cellblock_sandbox.errors import LinkError
from cellblock_sandbox.linking.dylink import Dylink, read_dylink
from cellblock_sandbox.linking.encoding import Reader, uleb
from cellblock_sandbox.linking.wasm import (
    FUNCREF,
    KIND_FUNCTION,
    KIND_GLOBAL,
    MEMORY,
    TABLE,
    Module,
    evaluate,
    function_indices,
)
from cellblock_sandbox.machine.linear import PAGE


@dataclass
class Unit:
    """One module of the link: the main module (`path` is empty) or a side module.

    `memory_base` is a byte address, `table_base` a table slot; `slots` gives the slot of each exported function.
    """

    path: str
    key: str
    module: Module
    dylink: Dylink
    memory_base: int = 0
    table_base: int = 0
    needed: list[Unit] = field(default_factory=list)
    slots: dict[str, int] = field(default_factory=dict)
    _functions: dict[str, int] = field(default_factory=dict)
    _globals: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        imported = len(self.module.imported(KIND_FUNCTION))
        self._functions = {n: i for n, i in self.module.exported(KIND_FUNCTION).items() if i >= imported}
        self._globals = self.module.exported(KIND_GLOBAL)

    @property
    def functions(self) -> dict[str, int]:
        """Exported functions that this module defines itself, by name."""
        return self._functions

    def label(self, symbol: str) -> str:
        """The name under which the merge knows an export: unique, since every library has a `__wasm_call_ctors`."""
        return f"{self.key}:{symbol}" if self.path else symbol

    def address(self, symbol: str) -> int | None:
        """The address of an exported data symbol, or None. Side modules export it relative to their base."""
        index = self._globals.get(symbol)
        if index is None:
            return None
        position = index - len(self.module.imported(KIND_GLOBAL))
        if position < 0:
            return None  # passed on, not defined here
        initialiser = self.module.globals[position].initialiser
        return (evaluate(initialiser, self.global_value) + self.memory_base) & 0xFFFFFFFF

    def global_value(self, index: int) -> int:
        """The value of an imported base, for offsets of segments."""
        imported = self.module.imported(KIND_GLOBAL)
        bases = {"__memory_base": self.memory_base, "__table_base": self.table_base}
        if index < len(imported) and imported[index].name in bases:
            return bases[imported[index].name]
        raise LinkError(f"{self.path or 'the main module'}: an offset refers to global {index}, which is no base")

    def scope(self, main: Unit) -> Iterator[Unit]:
        """The modules in which this one's imports are looked up, in order."""
        yield main
        queue, seen = list(self.needed), {self.key}
        while queue:
            unit = queue.pop(0)
            if unit.key not in seen:
                seen.add(unit.key)
                queue += unit.needed
                yield unit
        yield self


@dataclass
class Layout:
    """The placed modules, the ends of what they occupy, and the table slots the link adds from `first_new_slot`."""

    main: Unit
    libraries: list[Unit]
    heap_start: int
    table_size: int
    first_new_slot: int = 0
    new_slots: list[tuple[int, Unit, str]] = field(default_factory=list)

    def units(self) -> list[Unit]:
        """All modules, the main one first."""
        return [self.main, *self.libraries]

    @property
    def pages(self) -> int:
        """The 64 KiB pages that memory starts with: what the main module asks for, or all data if that is more."""
        reader = Reader(self.main.module.payload(MEMORY))
        if reader.uleb() != 1:
            raise LinkError("the main module does not define its memory")
        reader.byte()
        return max(reader.uleb(), -(-self.heap_start // PAGE))

    def table_section(self) -> bytes:
        """The main module's table section, with room for every slot of the link and the trampoline's."""
        _, before, after = _function_table(self.main.module)
        return before + uleb(self.table_size + 1) + after

    def find_function(self, importer: Unit, symbol: str) -> Unit | None:
        """The module whose function `symbol` means when `importer` says it."""
        return next((unit for unit in importer.scope(self.main) if symbol in unit.functions), None)

    def find_address(self, importer: Unit, symbol: str) -> int | None:
        """The address that data symbol `symbol` means when `importer` says it."""
        for unit in importer.scope(self.main):
            if (address := unit.address(symbol)) is not None:
                return address
        return None


def place(main: bytes, libraries: dict[str, bytes]) -> Layout:
    """Give every module its place: data above the main module's heap start, functions above its table.

    `libraries` maps guest paths to side modules. LinkError names a library that isn't one or that needs another
    which isn't there.
    """
    main_unit = Unit("", "main", Module.parse(main), Dylink())
    heap_start = main_unit.address("__heap_base")
    if heap_start is None:
        raise LinkError("the main module does not export __heap_base")
    table_size = _table_minimum(main_unit.module)
    units: list[Unit] = []
    for path in sorted(libraries):
        module = Module.parse(libraries[path])
        unit = Unit(path, f"lib{len(units)}", module, read_dylink(module, path))
        unit.memory_base = _align(heap_start, max(unit.dylink.memory_alignment, 4))
        unit.table_base = _align(table_size, unit.dylink.table_alignment)
        heap_start = unit.memory_base + unit.dylink.memory_size
        table_size = unit.table_base + unit.dylink.table_size
        units.append(unit)
    _connect_needed(units)
    layout = Layout(main_unit, units, _align(heap_start, 4), table_size)
    _assign_slots(layout)
    return layout


def _align(value: int, power: int) -> int:
    return (value + (1 << power) - 1) >> power << power


def _table_minimum(module: Module) -> int:
    return _function_table(module)[0]


def _function_table(module: Module) -> tuple[int, bytes, bytes]:
    """The minimum of the function table a main module defines first, and its section before and after that number."""
    payload = module.payload(TABLE)
    reader = Reader(payload)
    if not reader.uleb() or reader.byte() != FUNCREF:
        raise LinkError("the main module does not define a function table first")
    reader.byte()
    before = payload[: reader.position]
    return reader.uleb(), before, payload[reader.position :]


def _connect_needed(units: list[Unit]) -> None:
    """Turn the names in NEEDED into modules: beside the importer, on its runtime paths, else by base name."""
    by_path = {unit.path: unit for unit in units}
    by_name = {posixpath.basename(unit.path): unit for unit in units}
    for unit in units:
        origin = posixpath.dirname(unit.path)
        folders = [path.replace("$ORIGIN", origin) for path in unit.dylink.runtime_paths] + [origin]
        for wanted in unit.dylink.needed:
            candidates = [posixpath.normpath(posixpath.join(folder, wanted)) for folder in folders]
            found = next((by_path[path] for path in candidates if path in by_path), by_name.get(wanted))
            if found is None:
                raise LinkError(f"{unit.path} needs {wanted}, which none of the bundle's wheels holds")
            unit.needed.append(found)


def _assign_slots(layout: Layout) -> None:
    """Give every exported function one table slot: the one it has already, or a new one.

    One function has one slot everywhere, because C compares function pointers.
    """
    layout.first_new_slot = layout.table_size
    for unit in layout.units():
        present: dict[int, int] = {}
        for segment in unit.module.element_segments():
            if segment.flags == 0:
                start = evaluate(segment.offset, unit.global_value)
                present.update({index: start + i for i, index in enumerate(function_indices(segment))})
        for symbol, index in unit.functions.items():
            if index not in present:
                present[index] = layout.table_size
                layout.new_slots.append((layout.table_size, unit, symbol))
                layout.table_size += 1
            unit.slots[symbol] = present[index]
