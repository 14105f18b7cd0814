"""The `dylink.0` custom section: what a side module needs from whoever loads it.

Source: WebAssembly tool-conventions, DynamicLinking.md; Emscripten's libdylink.js `getDylinkMetadata`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cellblock_sandbox.errors import LinkError
from cellblock_sandbox.linking.encoding import Reader
from cellblock_sandbox.linking.wasm import Module

_MEM_INFO, _NEEDED, _EXPORT_INFO, _IMPORT_INFO, _RUNTIME_PATH = 1, 2, 3, 4, 5
_BINDING_MASK, _BINDING_WEAK = 0x3, 0x1


@dataclass
class Dylink:
    """Memory (bytes) and table (entries) a side module asks for, alignments as powers of two, and its neighbours."""

    memory_size: int = 0
    memory_alignment: int = 0
    table_size: int = 0
    table_alignment: int = 0
    needed: list[str] = field(default_factory=list)
    runtime_paths: list[str] = field(default_factory=list)
    weak_imports: set[tuple[str, str]] = field(default_factory=set)


def read_dylink(module: Module, path: str) -> Dylink:
    """Read the section of the library at `path`; LinkError if it has none or an unknown shape."""
    content = module.custom("dylink.0")
    if content is None:
        raise LinkError(f"{path} is not a WebAssembly side module: it has no dylink.0 section")
    info, reader = Dylink(), Reader(content)
    while reader.position < reader.end:
        kind = reader.byte()
        subsection = Reader(reader.take(reader.uleb()))
        if kind == _MEM_INFO:
            info.memory_size, info.memory_alignment = subsection.uleb(), subsection.uleb()
            info.table_size, info.table_alignment = subsection.uleb(), subsection.uleb()
        elif kind == _NEEDED:
            info.needed = subsection.vector(subsection.name)
        elif kind == _RUNTIME_PATH:
            info.runtime_paths = subsection.vector(subsection.name)
        elif kind == _IMPORT_INFO:
            for module_name, symbol, flags in subsection.vector(
                lambda s=subsection: (s.name(), s.name(), s.uleb())  # type: ignore[misc]
            ):
                if flags & _BINDING_MASK == _BINDING_WEAK:
                    info.weak_imports.add((module_name, symbol))
    return info
