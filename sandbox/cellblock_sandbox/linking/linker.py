"""The static linker: the main module and every side module become one, at build time.

    inline     binaryen inlines small functions of the main module                   (merge.py)
    place      every module gets its memory base, table base and slots                (symbols.py)
    rewrite    every import is renamed to the definition it means, data is taken out  (here)
    merge      binaryen joins the modules and translates exception handling           (merge.py)

What comes out runs without a loader: `dlopen` looks a library up in `Linked.libraries`, `dlsym` in its symbols. The
code module imports its memory, so that one code module serves many memories: the first one, made here of all data
segments, and every image captured later.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cellblock_sandbox.errors import LinkError
from cellblock_sandbox.linking.encoding import Reader, i32_const, uleb, vector
from cellblock_sandbox.linking.glue import MODULE, Glue
from cellblock_sandbox.linking.memory import MemorySegment, first_memory
from cellblock_sandbox.linking.merge import Merger
from cellblock_sandbox.linking.stack import with_stack_frames
from cellblock_sandbox.linking.start import started_globals
from cellblock_sandbox.linking.symbols import Layout, Unit, place
from cellblock_sandbox.linking.wasm import (
    EXTERNREF,
    KIND_FUNCTION,
    KIND_GLOBAL,
    KIND_MEMORY,
    KIND_TABLE,
    KIND_TAG,
    TABLE,
    Global,
    Import,
    evaluate,
    immutable,
)
from cellblock_sandbox.machine.linear import MAX_PAGES

_DEFINED_BY_GLUE = {"_Py_CheckEmscriptenSignals_Helper"}


@dataclass
class Library:
    """A linked side module: the slots of its start functions in calling order, and what `dlsym` answers.

    `symbols` maps a name to a table slot (functions) or an address (data).
    """

    path: str
    needed: list[str]
    starters: list[int]
    symbols: dict[str, int]


@dataclass
class Linked:
    """The outcome of a link: a code module that imports its memory, and what that memory holds at first.

    `missing` names the stubs by number, `undefined` the imports for which no definition exists anywhere.
    """

    code: bytes
    memory: bytes
    heap_start: int
    trampoline_slot: int
    missing: list[str]
    undefined: list[str]
    libraries: dict[str, Library]
    main_symbols: dict[str, int]

    def tables(self) -> dict[str, Any]:
        """All but code and memory, as JSON values."""
        return {
            "heap_start": self.heap_start,
            "trampoline_slot": self.trampoline_slot,
            "missing": self.missing,
            "undefined": self.undefined,
            "libraries": {path: vars(library) for path, library in self.libraries.items()},
            "main_symbols": self.main_symbols,
        }


def link(
    main: bytes,
    libraries: dict[str, bytes],
    *,
    provided: Collection[str],
    exports: Collection[str],
    merger: Merger,
    workdir: Path,
    note: Callable[[str], None],
) -> Linked:
    """Link the main module with side modules, given by guest path; the same inputs give the same bytes.

    `provided` names the functions that the host defines; any other import becomes a stub that names itself. `exports`
    names what the host calls in the outcome. LinkError names the library and the symbol that don't fit.
    """
    layout = place(merger.inline_calls(with_stack_frames(main)), libraries)
    segments = _data(layout)
    rewriter = _Rewriter(layout, provided)
    workdir.mkdir(parents=True, exist_ok=True)
    inputs = []
    for unit in layout.units():
        path = workdir / f"{unit.key}.wasm"
        with _blaming(unit):
            path.write_bytes(rewriter.rewrite(unit))
        inputs.append((path, unit.key))
    glue_path = workdir / "link.wat"
    glue_path.write_text(rewriter.glue.text(_address(layout.main, "Py_EMSCRIPTEN_SIGNAL_HANDLING")))
    inputs.append((glue_path, MODULE))
    note(f"{len(inputs)} modules, {layout.table_size} table slots")
    return Linked(
        code=merger.merge(inputs, exports={*exports, "call_slot", "__indirect_function_table"}),
        memory=first_memory(segments, layout.pages),
        heap_start=layout.heap_start,
        trampoline_slot=rewriter.glue.trampoline_slot,
        missing=rewriter.glue.missing,
        undefined=sorted(rewriter.undefined),
        libraries={unit.path: _library(unit) for unit in layout.libraries},
        main_symbols=_symbols(layout.main),
    )


@contextmanager
def _blaming(unit: Unit) -> Iterator[None]:
    """Name the module at fault in a LinkError that doesn't name one."""
    try:
        yield
    except LinkError as error:
        if error.module or not unit.path:
            raise
        raise LinkError(str(error).partition("\n")[0], module=unit.path) from error


class _Rewriter:
    """Renames imports to their definitions and takes out what the merge must not see."""

    def __init__(self, layout: Layout, provided: Collection[str]) -> None:
        self.layout = layout
        self.provided = provided
        self.undefined: set[str] = set()
        self.glue = Glue(layout.first_new_slot)
        for slot, unit, symbol in layout.new_slots:
            self.glue.slot(slot, unit.key, unit.label(symbol), unit.module.function_type(unit.functions[symbol]))

    def rewrite(self, unit: Unit) -> bytes:
        """The module without data and start function, with imports and offsets resolved.

        What the start function would compute is in the globals already (start.py). Offsets become plain constants
        because wasmtime fills a table lazily only then (instantiation 0.14 instead of 1.8 ms).
        """
        elements = [
            uleb(each.flags)
            + (i32_const(evaluate(each.offset, unit.global_value)) if each.flags == 0 else each.offset)
            + each.rest
            for each in unit.module.element_segments()
        ]
        imports = [self._resolve(each, unit) for each in unit.module.imports]
        exports = [replace(each, name=unit.label(each.name)) for each in unit.module.exports]
        globals_ = self._started(unit)
        table = unit.module.payload(TABLE)
        if unit is self.layout.main:
            limits = b"\x01" + uleb(self.layout.pages) + uleb(MAX_PAGES)
            imports.append(Import("image", "memory", KIND_MEMORY, limits))
            table = self.layout.table_section()
        return replace(unit.module, imports=imports, exports=exports, globals=globals_).encode(
            START=None, DATA=None, DATA_COUNT=None, ELEMENT=vector(elements), MEMORY=None, TABLE=table
        )

    def _started(self, unit: Unit) -> list[Global]:
        imported, result = len(unit.module.imported(KIND_GLOBAL)), list(unit.module.globals)
        for index, value in started_globals(unit.module, unit.global_value).items():
            result[index - imported] = replace(result[index - imported], initialiser=i32_const(value))
        return result

    def _resolve(self, each: Import, unit: Unit) -> Import:
        if each.kind in (KIND_MEMORY, KIND_TABLE, KIND_TAG):
            return replace(each, module="main")
        if each.kind == KIND_FUNCTION:
            return self._resolve_function(each, unit)
        if each.module == "env" and each.name == "__stack_pointer":
            return replace(each, module="main")
        return immutable(replace(each, module=MODULE, name=self.glue.constant(self._global(each, unit))))

    def _resolve_function(self, each: Import, unit: Unit) -> Import:
        if each.module == "env" and unit is not self.layout.main:
            owner = self.layout.find_function(unit, each.name)
            if owner is not None:
                return replace(each, module=owner.key, name=owner.label(each.name))
        if each.name in _DEFINED_BY_GLUE:
            return replace(each, module=MODULE)
        function_type = unit.module.type_at(Reader(each.type).uleb())
        if each.name in self.provided and EXTERNREF not in function_type:
            return each
        if unit is not self.layout.main and not self._main_imports(each.name):
            self.undefined.add(f"{unit.path}: {each.name}")
        return replace(each, module=MODULE, name=self.glue.stub(each.name, function_type))

    def _main_imports(self, symbol: str) -> bool:
        return any(each.name == symbol for each in self.layout.main.module.imported(KIND_FUNCTION))

    def _global(self, each: Import, unit: Unit) -> int:
        """The number behind a base or GOT import; 0 for a weak symbol nobody defines, as in Emscripten's loader."""
        if each.module == "env":
            bases = {"__memory_base": unit.memory_base, "__table_base": unit.table_base}
            if each.name not in bases:
                raise LinkError(f"{unit.path or 'the main module'} imports the unknown global env.{each.name}")
            return bases[each.name]
        if each.module == "GOT.func":
            owner = self.layout.find_function(unit, each.name)
            value = owner.slots[each.name] if owner is not None else None
        else:
            value = self.layout.find_address(unit, each.name)
        if value is None and unit is not self.layout.main and ("GOT.mem", each.name) not in unit.dylink.weak_imports:
            self.undefined.add(f"{unit.path}: {each.module}.{each.name}")
        return value or 0


def _data(layout: Layout) -> list[MemorySegment]:
    return [
        MemorySegment(evaluate(each.offset, unit.global_value), each.rest)
        for unit in layout.units()
        for each in unit.module.data_segments()
    ]


def _address(unit: Unit, symbol: str) -> int:
    address = unit.address(symbol)
    if address is None:
        raise LinkError(f"the main module does not export {symbol}")
    return address


def _symbols(unit: Unit) -> dict[str, int]:
    addresses = {symbol: unit.address(symbol) for symbol in unit.module.exported(KIND_GLOBAL)}
    return {**unit.slots, **{symbol: address for symbol, address in addresses.items() if address is not None}}


def _library(unit: Unit) -> Library:
    starters = [unit.slots[each] for each in ("__wasm_apply_data_relocs", "__wasm_call_ctors") if each in unit.slots]
    return Library(unit.path, [each.path for each in unit.needed], starters, _symbols(unit))
