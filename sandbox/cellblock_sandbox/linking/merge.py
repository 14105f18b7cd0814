"""The part of the link that binaryen does: join the modules, then translate exception handling.

Pyodide is built with WebAssembly's legacy exception handling, which wasmtime does not run; one pass over the merged
module turns it into the standard form (`exnref`). The bodies of functions are rewritten nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from cellblock_sandbox.linking.wasm import Module

# Every feature on, but compact imports: wasmtime 50 refuses a module that uses them.
_FEATURES = ["--all-features", "--disable-compact-imports"]


@dataclass(frozen=True)
class Merger:
    """Runs binaryen's tools in `workdir`. `run(tool, arguments)` starts one and raises BuildError if it fails."""

    run: Callable[[str, Sequence[str]], object]
    workdir: Path

    def merge(self, inputs: Sequence[tuple[Path, str]], *, exports: Collection[str]) -> bytes:
        """Join the modules (files with their names) into one that exports only `exports`."""
        merged, trimmed, translated = (self.workdir / f"{step}.wasm" for step in ("merged", "trimmed", "translated"))
        pairs = [part for path, key in inputs for part in (str(path), key)]
        self.run("wasm-merge", [*pairs, *_FEATURES, "-o", str(merged)])
        module = Module.parse(merged.read_bytes())
        module.exports = [each for each in module.exports if each.name in exports]
        trimmed.write_bytes(module.encode())
        self.run("wasm-opt", [str(trimmed), "--translate-to-exnref", *_FEATURES, "-o", str(translated)])
        return translated.read_bytes()
