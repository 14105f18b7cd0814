"""The part of the link that binaryen does: inline calls, join the modules, translate exception handling.

Pyodide is built with WebAssembly's legacy exception handling, which wasmtime does not run; one pass over the merged
module turns it into the standard form (`exnref`). The addresses that the link has settled become constants in the code:
merged, they are globals (17,000 in the full bundle), and wasmtime sets every global of every instance, 0.4 ms for each
sandbox.

Cranelift inlines nothing, where the JavaScript engines that Pyodide is tuned for inline small functions themselves.
Done here, to the main module alone, it takes 26 s and makes pure Python 7 % faster (`cellblock bench --only speed`:
1.00 to 0.93 times what npm's pyodide takes in Node).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from cellblock_sandbox.linking.wasm import Module

# Every feature on, but compact imports: wasmtime 50 refuses a module that uses them.
_FEATURES = ["--all-features", "--disable-compact-imports"]
# Also functions of up to 50 instructions without loops and calls; binaryen's own limit of 20 gives 5 % instead of 7.
_INLINING = ["--optimize-level", "3", "--flexible-inline-max-function-size", "50", "--inlining-optimizing"]
_CONSTANTS = ["--simplify-globals", "--remove-unused-module-elements"]


@dataclass(frozen=True)
class Merger:
    """Runs binaryen's tools in `workdir`. `run(tool, arguments)` starts one and raises BuildError if it fails."""

    run: Callable[[str, Sequence[str]], object]
    workdir: Path

    def inline_calls(self, module: bytes) -> bytes:
        """The module with small functions inlined, and what that changed optimised again. Its exports stay."""
        self.workdir.mkdir(parents=True, exist_ok=True)
        plain, inlined = (self.workdir / f"{step}.wasm" for step in ("plain", "inlined"))
        plain.write_bytes(module)
        self.run("wasm-opt", [str(plain), *_INLINING, *_FEATURES, "-o", str(inlined)])
        return inlined.read_bytes()

    def merge(self, inputs: Sequence[tuple[Path, str]], *, exports: Collection[str]) -> bytes:
        """Join the modules (files with their names) into one that exports only `exports`."""
        merged, trimmed, translated = (self.workdir / f"{step}.wasm" for step in ("merged", "trimmed", "translated"))
        pairs = [part for path, key in inputs for part in (str(path), key)]
        self.run("wasm-merge", [*pairs, *_FEATURES, "-o", str(merged)])
        module = Module.parse(merged.read_bytes())
        module.exports = [each for each in module.exports if each.name in exports]
        trimmed.write_bytes(module.encode())
        self.run("wasm-opt", [str(trimmed), *_CONSTANTS, "--translate-to-exnref", *_FEATURES, "-o", str(translated)])
        return translated.read_bytes()
