"""The hostile programs: files `programs/<area>/<name>.py`, each a block, with what it tries and how it must end in the
comments at its head.

    # Opens host files by names that climb out of the tree.
    # ends: completed
    # so that: set(result.values()) == {"ENOENT"}

`ends` is a status; "error TypeName" names the error too, and " or " stands between several endings. "error" alone is
for types that are no words; a condition has to say more of them. `so that`, as often as needed, is a Python expression
of `result`, `stdout`, `stderr`, `error` (a map) and the earlier parts' results, `before`. `with` sets fields of the
request: `# with: timeout_s=0.5 keep_state=true`.

A line `# ---- then` begins another part, with a head of its own: a run after the one before.

What every program is given, as `data`: see runner.py. A program that gets where it wanted says ESCAPED, which no
head can allow.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAMS = Path(__file__).with_name("programs")
FINAL = ("completed", "error", "timeout", "cancelled")
_NEXT_PART = re.compile(r"^# ---- .*\n", re.MULTILINE)
_DIRECTIVE = re.compile(r"# (ends|so that|with): +(.+)")

AREAS = {
    "leave": "Leave: reach the machine's files, processes and network",
    "forge": "Forge: pointers, functions and types that aren't",
    "starve": "Starve: take the time, memory, files and output of others",
    "recurse": "Recurse: deeper than any stack",
    "end": "End: exits, aborts and what runs at teardown",
    "lie": "Lie: errors, results and answers that aren't what they say",
    "linger": "Linger: leave something for the next run",
    "spy": "Spy: see other blocks, the service and the machine",
    "inject": "Inject: text for logs, terminals and pages",
}


@dataclass(frozen=True)
class Part:
    """One run: its code, the endings that are allowed, what else must hold, fields of its request."""

    code: str
    ends: tuple[str, ...]
    so_that: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Part:
        """Read a part with its head. ValueError for a head that says nothing of the end."""
        ends: list[str] = []
        so_that: list[str] = []
        fields: dict[str, Any] = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                break
            if found := _DIRECTIVE.fullmatch(line):
                match found[1]:
                    case "ends":
                        ends += found[2].split(" or ")
                    case "so that":
                        so_that.append(found[2])
                    case _:
                        pairs = (pair.partition("=") for pair in found[2].split())
                        fields |= {name: json.loads(value) for name, _, value in pairs}
        if not ends or any(end.split()[0] not in FINAL for end in ends):
            raise ValueError(f"no ending, or one that there isn't: {ends}")
        if "error" in ends and "error[" not in " ".join(so_that):
            raise ValueError(f"an ending with any error; name its type: {ends}")
        return cls(text, tuple(ends), tuple(so_that), fields)


@dataclass(frozen=True)
class Program:
    """A file of the corpus."""

    area: str
    name: str
    tries: str
    parts: tuple[Part, ...]

    @property
    def id(self) -> str:
        return f"{self.area}/{self.name}"

    @classmethod
    def read(cls, path: Path) -> Program:
        source = path.read_text()
        parts = tuple(Part.read(text) for text in _NEXT_PART.split(source))
        tries = re.match(r"(# (?!ends:|with:|so that:).+\n)+", source)
        assert tries, f"{path} doesn't begin with what it tries"
        words = " ".join(line.removeprefix("# ") for line in tries[0].splitlines())
        return cls(path.parent.name, path.stem, words, parts)


def programs() -> list[Program]:
    """All programs, area by area."""
    return [Program.read(path) for area in AREAS for path in sorted((PROGRAMS / area).glob("*.py"))]
