"""What a block is going to import, told from its text: which modules an image should hold before the block runs.

Pyodide's own `find_imports` gives the modules that import statements name. Two more ways to reach a submodule are
common in scientific code and cost seconds when met at run time, so they count too: `from scipy import stats`, and
`scipy.stats.norm` after a plain `import scipy`, which SciPy turns into an import. Nothing is imported to find out.
"""

import ast
import importlib.abc
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from textwrap import dedent
from types import ModuleType

_OURS = frozenset({"cellblock_guest", "micropip"})
_BRIDGE = frozenset({"js", "pyodide_js", "_pyodide_core"})
_LEFT_OUT = sys.stdlib_module_names | _OURS | _BRIDGE | {"pyodide", "_pyodide"}


def survey(code: str) -> dict[str, list[str]]:
    """Sort the modules that `code` imports, the standard library's left out; all empty for text that doesn't parse.

    "modules": dotted names of those that can be imported here. "needed": those of them that aren't loaded yet.
    "absent": dotted names of those of which not even the top-level package is here.
    """
    from pyodide.code import find_imports  # type: ignore[import-not-found]  # noqa: PLC0415  (only a guest has it)

    try:
        stated = set(find_imports(code))
        named = stated | set(_submodules(ast.parse(dedent(code))))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {"modules": [], "needed": [], "absent": []}
    modules = sorted(name for name in named if _top(name) not in _LEFT_OUT and _exists(name))
    tops = _LEFT_OUT | set(modules)
    return {
        "modules": modules,
        "needed": [name for name in modules if name not in sys.modules],
        "absent": sorted(name for name in stated if _top(name) not in tops),
    }


def _top(name: str) -> str:
    return name.partition(".")[0]


def _submodules(tree: ast.AST) -> Iterator[str]:
    """Names that are modules if the package has such submodules: `a.b` of `from a import b` and of `a.b` in use."""
    bound: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{each.name}" for each in node.names)
        elif isinstance(node, ast.Import):
            for each in node.names:
                top = each.name.partition(".")[0]
                bound[each.asname or top] = each.name if each.asname else top
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (name := _dotted(node)):
            root, _, rest = name.partition(".")
            if root in bound:
                yield f"{bound[root]}.{rest}"


def _dotted(node: ast.expr) -> str:
    """`a.b.c` as text, or nothing if there is more to it than names."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _exists(name: str) -> bool:
    """Whether an import of `name` would find a file. Packages on the way are looked into, not imported."""
    if name in sys.modules:
        return True
    path, walked = None, ""
    for part in name.split("."):
        walked = f"{walked}.{part}".lstrip(".")
        spec = PathFinder.find_spec(walked, path)
        if spec is None:
            return False
        path = spec.submodule_search_locations or []
    return True


class Unavailable(importlib.abc.MetaPathFinder):
    """Tells why a module can't be had, after every other finder has failed to find it."""

    reasons: dict[str, str] = {}  # noqa: RUF012  (there is one finder)

    @classmethod
    def find_spec(
        cls, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """ModuleNotFoundError with the reason, if the host gave one."""
        if fullname in cls.reasons:
            raise ModuleNotFoundError(f"No module named {fullname!r}. {cls.reasons[fullname]}", name=fullname)
        return None


def explain_absent(reasons: dict[str, str]) -> None:
    """Let imports of the top-level modules in `reasons` fail with what is said there."""
    Unavailable.reasons = reasons
    if reasons and Unavailable not in sys.meta_path:
        sys.meta_path.append(Unavailable)
