"""Compile a block of user code and run it, once, as a module of its own.

A block is a module: `from x import *`, classes, `global` and `locals()` mean what they mean in a file. On top of
that it may `await` and `return` at its top level. Await is CPython's own (PyCF_ALLOW_TOP_LEVEL_AWAIT). A block
with a top-level `return` is compiled as the body of a function, because only a function knows how `return` leaves
`try`, `with` and loops; `returns.py` then makes that function's code run as module code again. One that is the block's
last statement leaves nothing, and is caught like a last expression: that compiles in half the time.

The value of a block: what `return` gave; else the variable `result`, if bound; else the value of a last expression
statement (a `;` after it changes nothing); else None.
"""

import ast
import builtins
import inspect
import io
import linecache
import re
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import CodeType, ModuleType
from typing import Any

from . import returns

LAST = "__cellblock_last__"
"""Bound when control reaches the end of a block, to what its last statement gives; removed before anyone looks."""

_UNBOUND = object()
_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_AWAITS = re.compile("await|async")

Runner = Callable[[Coroutine[Any, Any, Any]], Any]


@dataclass(frozen=True)
class Block:
    """Compiled user code: run `code` with the module's dictionary as globals and locals."""

    code: CodeType
    prelude: CodeType | None = None
    """Run first: the docstring, future imports and annotations of a block with a top-level return."""
    may_return: bool = False
    ends_in_return: bool = False
    """Its only top-level return is its last statement, and has become an assignment to LAST."""

    @property
    def is_async(self) -> bool:
        """Whether running the code gives a coroutine to be awaited."""
        return bool(self.code.co_flags & inspect.CO_COROUTINE)


def compile_block(source: str, filename: str) -> Block:
    """Compile `source`, with its own line numbers, for tracebacks that name `filename`.

    Raises SyntaxError (with line, column and text) for whatever Python can't compile, NUL bytes and lone
    surrogates included; RecursionError or MemoryError for code nested beyond the compiler's means.
    """
    source = source.removeprefix("\ufeff")
    try:
        _check_characters(source, filename)
        tree = compile(source, filename, "exec", _FLAGS | ast.PyCF_ONLY_AST, dont_inherit=True)
        found = returns.places(tree, ast.Return) if "return" in source else []
        # Not where tasks may be left: they run after the last statement, and would see and undo the assignment.
        ends_in_return = len(found) == 1 and tree.body[-1] is found[0][0][found[0][1]] and not _AWAITS.search(source)
        catch_last_statement(tree, always=bool(found), returned=ends_in_return)
        if found and not ends_in_return:
            return Block(*returns.compile_with_returns(tree, found, filename, LAST), may_return=True)
        code = compile(tree, filename, "exec", _FLAGS, dont_inherit=True)
        return Block(code, ends_in_return=ends_in_return)
    except SyntaxError as error:
        _complete(error, source, filename)
        raise


def catch_last_statement(tree: ast.Module, *, always: bool, returned: bool) -> None:
    """Turn a last expression statement into an assignment to LAST, and with `returned` a last return.

    If `always`, make any other end of the block bind it too.
    """
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr) or (returned and isinstance(last, ast.Return)):
        value = last.value or ast.copy_location(ast.Constant(None), last)
        target = ast.Name(LAST, ast.Store())
        assign = ast.Assign([target], value)
        ast.copy_location(target, value)
        tree.body[-1] = ast.copy_location(assign, last)
    elif always and last is not None and not isinstance(last, ast.Return):
        assign = ast.Assign([ast.Name(LAST, ast.Store())], ast.Constant(None))
        tree.body.append(ast.fix_missing_locations(ast.copy_location(assign, last)))


def run_block(block: Block, module: ModuleType, run_coroutine: Runner) -> Any:
    """Run the block in `module` and give its value. Raises whatever the block raises."""
    namespace = module.__dict__
    if block.prelude is not None:
        exec(block.prelude, namespace)  # noqa: S102
    returned = eval(block.code, namespace)  # noqa: S307
    if block.is_async:
        returned = run_coroutine(returned)
    last = namespace.pop(LAST, _UNBOUND)
    if block.ends_in_return:
        return last
    if block.may_return and last is _UNBOUND:
        return returned
    if "result" in namespace:
        return namespace["result"]
    return None if last is _UNBOUND else last


def new_module() -> ModuleType:
    """A module for blocks to run in."""
    return ModuleType("block")


def place(module: ModuleType, name: str, filename: str, source: str, names: dict[str, Any]) -> None:
    """Put `names` in the module, the module in sys.modules, its source in linecache. `forget` undoes the latter two.

    What an earlier run left in the module stays there, but for its result.
    """
    namespace = module.__dict__
    for stale in ("result", LAST):
        namespace.pop(stale, None)
    namespace.update(names, __name__=name, __file__=filename, __builtins__=builtins)
    sys.modules[name] = module
    lines = _lines(source.removeprefix("\ufeff"))
    linecache.cache[filename] = (len(source), None, lines, filename)


def forget(module: ModuleType) -> None:
    """Take the block's module out of sys.modules and its source out of linecache."""
    if sys.modules.get(module.__name__) is module:
        del sys.modules[module.__name__]
    linecache.cache.pop(module.__file__ or "", None)


def _check_characters(source: str, filename: str) -> None:
    """Refuse, as a SyntaxError with its place, the two kinds of character that no source may hold."""
    if (place := source.find("\0")) >= 0:
        raise _misplaced("source code cannot contain null bytes", source, place, filename)
    if not source.isascii():
        try:
            source.encode()
        except UnicodeEncodeError as error:
            message = f"source code cannot contain the lone surrogate {source[error.start]!a}"
            raise _misplaced(message, source, error.start, filename) from None


def _misplaced(message: str, source: str, place: int, filename: str) -> SyntaxError:
    lines = _lines(source[:place] + "x")
    return SyntaxError(message, (filename, len(lines), len(lines[-1]), None))


def _complete(error: SyntaxError, source: str, filename: str) -> None:
    """Give a SyntaxError the text of its line where the compiler had no file to read it from."""
    if error.text is None and error.lineno and error.filename == filename:
        lines = _lines(source)
        if error.lineno <= len(lines):
            error.text = lines[error.lineno - 1].replace("\0", " ").encode("utf-8", "replace").decode()


def _lines(source: str) -> list[str]:
    """Split where Python's tokenizer does: at LF, CR LF and CR, and at no other of Unicode's line ends."""
    return io.StringIO(source, newline=None).readlines()
