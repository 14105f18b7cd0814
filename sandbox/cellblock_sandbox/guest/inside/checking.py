"""What is wrong with a block's text, for an editor: nothing of it is run.

CPython itself finds what it refuses to compile and what it warns of; pyflakes finds names that nothing binds, unused
imports and the like. Both read the syntax of the guest's Python, which the host's may not know. A block is a module
that may also `return` and `await` at its top level, and is given some names.
"""

import ast
import re
import warnings
from typing import Any

from pyflakes import messages
from pyflakes.checker import Checker

from .blocks import compile_block

GIVEN = ("data", "msg", "inputs", "env", "node", "flow", "global_", "context")
"""The names a block has without binding them."""

MAX_PROBLEMS = 200
MAX_MESSAGE = 500
"""Characters of a message: names, which it may quote, can be of any length."""

Problem = dict[str, Any]
Span = tuple[int, int, int, int]

# Names that are certainly unbound. The rest of what pyflakes says is advice.
_ERRORS = (messages.UndefinedName, messages.UndefinedLocal)
# After `from x import *`, any name may come from x: there is nothing to say. The others are the compiler's to say.
_QUIET = (messages.ImportStarUsed, messages.ImportStarUsage, messages.IsLiteral, messages.AssertTuple)
# Where Python's tokenizer ends a line, and nowhere else.
_LINE_END = re.compile("\r\n|\r|\n")
_FILENAME = "block"


def check(code: str) -> dict[str, list[Any]]:
    """Give {"problems": [...], "imports": [...]}.

    A problem has line, column, end_line, end_column (characters, from 1; the end is behind the last character),
    severity ("error" or "warning") and message; they are in the order of the text. `imports` are the dotted names of
    import statements, sorted; none if the text doesn't compile.
    """
    problems, tree = _compile(code)
    if tree is None:
        return {"problems": problems, "imports": []}
    problems += _names(code, tree)
    problems.sort(key=lambda each: (each["line"], each["column"], each["message"]))
    return {"problems": problems[:MAX_PROBLEMS], "imports": sorted(_imports(tree))}


def _compile(code: str) -> tuple[list[Problem], ast.Module | None]:
    """What compiling says, and the syntax tree if it went well."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SyntaxWarning)
        try:
            compile_block(code, _FILENAME)
            tree = ast.parse(code.removeprefix("\ufeff"))
        except SyntaxError as error:
            return [_refusal(error)], None
        except (RecursionError, MemoryError):
            return [_problem((1, 1, 1, 1), "error", "nested more deeply than Python can compile")], None
    # Compiling in two steps warns twice.
    said = dict.fromkeys((each.lineno, str(each.message)) for each in caught)
    lines = _LINE_END.split(code)
    return [_problem(_whole(lines, line), "warning", message) for line, message in said], tree


def _refusal(error: SyntaxError) -> Problem:
    """The problem that a SyntaxError tells. An end that it doesn't have (None, 0, -1) is one character further."""
    line, column = max(error.lineno or 1, 1), max(error.offset or 1, 1)
    end = (error.end_lineno or 0, error.end_offset or 0)
    if end <= (line, column):
        end = (line, column + 1)
    return _problem((line, column, *end), "error", error.msg)


def _names(code: str, tree: ast.Module) -> list[Problem]:
    try:
        found = _BlockChecker(tree).found
    except RecursionError:
        return [_problem((1, 1, 1, 1), "warning", "nested too deeply for names to be checked")]
    found.sort(key=lambda each: (each[0].lineno, each[0].col))
    lines = [line.encode() for line in _LINE_END.split(code.removeprefix("\ufeff"))]
    return [
        _problem(_span(node, lines), _severity(said), said.message % said.message_args)
        for said, node in found[:MAX_PROBLEMS]
    ]


def _severity(said: messages.Message) -> str:
    return "error" if isinstance(said, _ERRORS) else "warning"


class _BlockChecker(Checker):  # type: ignore[misc]  # pyflakes has no types
    """pyflakes' checker for a module that may return and await, which remembers the node of each message."""

    def __init__(self, tree: ast.Module) -> None:
        self.found: list[tuple[messages.Message, Any]] = []
        super().__init__(tree, filename=_FILENAME, builtins=GIVEN)

    def report(self, kind: type[messages.Message], node: Any, *args: Any) -> None:
        """Called by pyflakes for each finding, with the node (or another thing with a place) it is about."""
        if not issubclass(kind, _QUIET):
            self.found.append((kind(self.filename, node, *args), node))

    def RETURN(self, node: ast.Return) -> None:  # noqa: N802  (called by this name)
        """Look into the value of a return wherever it stands."""
        self.handleNode(node.value, node)

    def AWAIT(self, node: ast.Await) -> None:  # noqa: N802
        """Look into what is awaited wherever it stands."""
        self.handleNode(node.value, node)


def _span(node: Any, lines: list[bytes]) -> Span:
    """Line and column of a node's beginning and end; the end of a statement with a body is that of its first line."""
    line, offset = node.lineno, node.col_offset
    end_line, end_offset = getattr(node, "end_lineno", None) or line, getattr(node, "end_col_offset", None) or offset
    if end_line != line and hasattr(node, "body"):
        end_line, end_offset = line, len(lines[line - 1])
    return line, _column(lines, line, offset), end_line, _column(lines, end_line, end_offset)


def _whole(lines: list[str], line: int) -> Span:
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    return line, len(text) - len(text.lstrip()) + 1, line, len(text) + 1


def _column(lines: list[bytes], line: int, offset: int) -> int:
    """The column in characters, from 1, of what stands at a byte of a line."""
    text = lines[line - 1] if 0 < line <= len(lines) else b""
    return len(text[:offset].decode(errors="replace")) + 1


def _imports(tree: ast.Module) -> set[str]:
    """The dotted names that import statements anywhere in the block give."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found


def _problem(span: Span, severity: str, message: str) -> Problem:
    line, column, end_line, end_column = span
    place = {"line": line, "column": column, "end_line": end_line, "end_column": end_column}
    return {**place, "severity": severity, "message": message[:MAX_MESSAGE]}
