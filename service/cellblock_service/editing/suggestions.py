"""How a name may go on: jedi's completion of a block, with the names that blocks are given and the guest's packages."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jedi
from jedi.api.classes import Completion
from jedi.api.environment import InterpreterEnvironment
from parso.utils import split_lines

MAX_ITEMS = 100
MAX_DETAIL = 300
MAX_DOCUMENTATION = 3000
DESCRIBE_S = 0.5
"""Time for kinds, signatures and docstrings: the first 100 names of numpy take 5 s, as long as little is in memory. The
items that come after it have none of them, and the kind of a name that is bound somehow."""

GIVEN = Path(__file__).parent / "given"
_NOWHERE = Path("/nonexistent")
"""A block belongs to no project: it has no files beside it."""
_PRELUDE = "from cellblock_block import *\n"


class _Version(NamedTuple):
    major: int
    minor: int
    micro: int


class _GuestEnvironment(InterpreterEnvironment):  # type: ignore[misc]  # jedi's types don't say
    """The guest's Python as far as syntax and stubs go. Its import path is empty: nothing is ever imported from it."""

    def __init__(self) -> None:
        super().__init__()
        self.version_info = _Version(3, 14, 0)

    def get_sys_path(self) -> list[str]:
        """Give no folder."""
        return []


_environment = _GuestEnvironment()


def suggest(code: str, line: int, column: int, folders: Sequence[Path]) -> dict[str, Any]:
    """Give {"items": [...], "incomplete": whether there are more} for a place in `code` (from 1; docs/protocol.md).

    Names of the block's own come first, then those it is given, then all others, each in alphabetical order. A place
    behind the end of a line or of the text is the end.
    """
    lines = split_lines(code)
    line = min(line, len(lines))
    column = min(column - 1, len(lines[line - 1]))
    path = [str(GIVEN), *map(str, folders)]
    project = jedi.Project(_NOWHERE, sys_path=path, load_unsafe_extensions=False, smart_sys_path=False)
    script = jedi.Script(_PRELUDE + code, project=project, environment=_environment)
    found = sorted(script.complete(line + 1, column), key=_rank)  # stable: jedi's order within a rank
    return {"items": _described(found[:MAX_ITEMS]), "incomplete": len(found) > MAX_ITEMS}


def _rank(completion: Completion) -> int:
    """0 for a name of the block, 1 for one it is given, 2 for all others; names for internal use behind them."""
    place = completion.module_path
    hidden = 3 if completion.name.startswith("_") else 0
    if place is None:
        return hidden + (0 if completion.module_name == "__main__" else 2)
    return hidden + (1 if place.parent == GIVEN else 2)


def _described(found: list[Completion]) -> list[dict[str, str]]:
    until = time.monotonic() + DESCRIBE_S
    return [_item(each, detailed=time.monotonic() < until) for each in found]


def _item(completion: Completion, *, detailed: bool) -> dict[str, str]:
    kind, detail, documentation = "statement", "", ""
    if detailed:
        kind = completion.type
        signatures = completion.get_signatures() if kind in ("function", "class") else []
        detail = signatures[0].to_string() if signatures else completion.description
        documentation = completion.docstring(raw=True)
    return {
        "label": completion.name,
        "kind": kind,
        "detail": detail[:MAX_DETAIL],
        "documentation": documentation[:MAX_DOCUMENTATION],
    }
