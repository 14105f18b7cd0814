"""Let a block `return` at its top level, while everything else in it stays module code.

Only in a function does Python compile `return`, with all it means for `try`, `with` and loops around it; and only in
a module do star imports, `global` names, `locals()` and `exec` behave as a block's author expects. So the block is
compiled as a function whose every name is declared global, and that function's code object is then run like a
module's: its locals are the module's dictionary.

The compiler itself says which names there are and whether the block awaits: the block is first compiled as a module
with each `return X` standing as a bare `X`. That also gives every SyntaxError a module would give.
"""

import ast
import builtins
import inspect
import sys
import warnings
from collections.abc import Iterator
from types import CodeType

IMPORT_STAR = "__cellblock_import_star__"
"""The helper, in builtins, that a block with a top-level `return` calls for `from x import *`."""

_WRAPPER = "__cellblock_block__"
_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LAZY_ANNOTATIONS = sys.version_info >= (3, 14)

Place = tuple[list[ast.stmt], int]


def places(tree: ast.Module, kinds: type[ast.stmt] | tuple[type[ast.stmt], ...]) -> list[Place]:
    """Where statements of these kinds stand in the block's own scope, as (list, index)."""
    return [(body, index) for body in _bodies(tree.body) for index, node in enumerate(body) if isinstance(node, kinds)]


def _bodies(body: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """`body` and every statement list under it that runs in the same scope."""
    yield body
    for statement in body:
        if isinstance(statement, _SCOPES):
            continue
        for field in ("body", "orelse", "finalbody"):
            inner = getattr(statement, field, None)
            if inner:
                yield from _bodies(inner)
        for field in ("handlers", "cases"):
            for part in getattr(statement, field, ()):
                yield from _bodies(part.body)


def compile_with_returns(
    tree: ast.Module, returns: list[Place], filename: str, extra: str
) -> tuple[CodeType, CodeType | None]:
    """Code that runs as a module's but may return, and a prelude to run before it (docstring, annotations), if any.

    `extra` is one more name to treat as global. Changes `tree`. Raises SyntaxError as compiling a module would.
    """
    probe = _probe(tree, returns, filename)
    names = {name for name in probe.co_names if name.isidentifier()} | {extra}
    prelude = _split_prelude(tree)
    _replace_star_imports(tree)
    is_async = bool(probe.co_flags & inspect.CO_COROUTINE)
    futures = [node for node in prelude if isinstance(node, ast.ImportFrom)]
    code = _compile_function(tree.body, futures, names, is_async, filename)
    if code.co_cellvars:  # bound only where the compiler drops code (`if 0:`), yet used by an inner function
        code = _compile_function(tree.body, futures, names.union(code.co_cellvars), is_async, filename)
    flags = code.co_flags & ~(inspect.CO_OPTIMIZED | inspect.CO_NEWLOCALS)
    code = _rename(code).replace(co_flags=flags, co_name="<module>", co_qualname="<module>")
    if not prelude:
        return code, None
    return code, compile(ast.Module(prelude, []), filename, "exec", _FLAGS, dont_inherit=True)


def _probe(tree: ast.Module, returns: list[Place], filename: str) -> CodeType:
    """Compile the block as a module, each return standing as an expression, then put the returns back."""
    originals = [body[index] for body, index in returns]
    for (body, index), node in zip(returns, originals, strict=True):
        assert isinstance(node, ast.Return)
        value = node.value or ast.copy_location(ast.Constant(None), node)
        body[index] = ast.copy_location(ast.Expr(value), node)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # compiling the function gives the same warnings
        code: CodeType = compile(tree, filename, "exec", _FLAGS, dont_inherit=True)
    for (body, index), node in zip(returns, originals, strict=True):
        body[index] = node
    return code


def _split_prelude(tree: ast.Module) -> list[ast.stmt]:
    """Take out of `tree` what only a module can hold: docstring, future imports, annotations of its variables."""
    size = 1 if _is_docstring(tree.body[0]) else 0
    while isinstance(node := tree.body[size], ast.ImportFrom) and node.module == "__future__":
        size += 1
    prelude = tree.body[:size]
    del tree.body[:size]
    for body, index in places(tree, ast.AnnAssign):
        node = body[index]
        assert isinstance(node, ast.AnnAssign)
        if not node.simple:
            continue
        if _LAZY_ANNOTATIONS:
            declared = ast.AnnAssign(node.target, node.annotation, None, 1)
            prelude.append(ast.copy_location(declared, node))
        node.simple = 0  # `(x): int = 1` binds x and, unlike `x: int = 1`, may name a global
    return prelude


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _replace_star_imports(tree: ast.Module) -> None:
    for body, index in places(tree, ast.ImportFrom):
        node = body[index]
        assert isinstance(node, ast.ImportFrom)
        if node.names[0].name == "*":
            arguments: list[ast.expr] = [ast.Constant(node.module), ast.Constant(node.level)]
            call = ast.Expr(ast.Call(ast.Name(IMPORT_STAR, ast.Load()), arguments, []))
            body[index] = _at(call, node)


def _at(node: ast.stmt, place: ast.stmt) -> ast.stmt:
    """`node`, and all within it, located where `place` is."""
    for part in ast.walk(node):
        ast.copy_location(part, place)
    return node


def _compile_function(
    body: list[ast.stmt], futures: list[ast.ImportFrom], names: set[str], is_async: bool, filename: str
) -> CodeType:
    """Compile the code object of a function with this body, all `names` global."""
    template = ast.parse(f"{'async ' if is_async else ''}def {_WRAPPER}(): pass")
    function = template.body[0]
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    function.body = [ast.Global(sorted(names), lineno=1, col_offset=0), *body]
    module = ast.Module([*futures, function], [])
    outer = compile(module, filename, "exec", _FLAGS, dont_inherit=True)
    return next(const for const in outer.co_consts if isinstance(const, CodeType) and const.co_name == _WRAPPER)


def _rename(code: CodeType) -> CodeType:
    """Take the wrapper's name out of the qualified names of the lambdas and generators inside `code`."""
    prefix = f"{_WRAPPER}.<locals>."
    constants = tuple(_rename(const) if isinstance(const, CodeType) else const for const in code.co_consts)
    return code.replace(co_consts=constants, co_qualname=code.co_qualname.removeprefix(prefix))


def import_star(module: str | None, level: int) -> None:
    """Run `from module import *` in the module of the caller, by the real statement."""
    caller = sys._getframe(1)
    statement = ast.ImportFrom(module, [ast.alias("*", lineno=1, col_offset=0)], level, lineno=1, col_offset=0)
    code = compile(ast.Module([statement], []), "<import *>", "exec", dont_inherit=True)
    exec(code, caller.f_globals)  # noqa: S102


def install() -> None:
    """Put the star-import helper where every block finds it."""
    setattr(builtins, IMPORT_STAR, import_star)
