"""The hostile programs: files `programs/<area>/<name>.py`, each a block, with what it tries and how it must end in the
comments at its head.

    # Opens host files by names that climb out of the tree.
    # ends: completed
    # so that: set(result.values()) == {"ENOENT"}

`ends` is a status; "error TypeName" names the error too, and " or " stands between several endings. "error" alone is
for types that are no words; a condition has to say more of them. `so that`, as often as needed, is a Python expression
of `result`, `stdout`, `stderr`, `error` (a map) and the earlier parts' results, `before`. `with` sets fields of the
request: `# with: timeout_s=0.5 keep_state=true`; with `packed=true` it and its answer are msgpack, as the node's are.

A line `# ---- then` begins another part, with a head of its own: a run after the one before.

`# for each: range(0, 100, 10)` makes as many programs of one file, each of them with another value as `data["each"]`:
for what ends its sandbox, so that one run can't try it twice.

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
_FOR_EACH = re.compile(r"^# for each: +(.+)", re.MULTILINE)
# What the values of `for each` may be made of.
_SOURCES = {"range": range}

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
    """One run: its code, the endings that are allowed, what else must hold, fields of its request, its encoding."""

    code: str
    ends: tuple[str, ...]
    so_that: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)
    packed: bool = False

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
        return cls(text, tuple(ends), tuple(so_that), fields, bool(fields.pop("packed", False)))


@dataclass(frozen=True)
class Program:
    """A file of the corpus, with one of the values that it is for."""

    area: str
    name: str
    tries: str
    parts: tuple[Part, ...]
    each: Any = None

    @property
    def id(self) -> str:
        return f"{self.area}/{self.name}" + ("" if self.each is None else f":{self.each}")

    @classmethod
    def read(cls, path: Path) -> list[Program]:
        """Read a file: a program, or one for each value that its head has."""
        source = path.read_text()
        parts = tuple(Part.read(text) for text in _NEXT_PART.split(source))
        tries = re.match(r"(# (?!ends:|with:|so that:|for each:).+\n)+", source)
        assert tries, f"{path} doesn't begin with what it tries"
        words = " ".join(line.removeprefix("# ") for line in tries[0].splitlines())
        values = _FOR_EACH.search(source)
        each = eval(values[1], {"__builtins__": {}, **_SOURCES}) if values else [None]
        if not each:
            raise ValueError(f"{path} is for each of no value")
        return [cls(path.parent.name, path.stem, words, parts, value) for value in each]


def programs() -> list[Program]:
    """All programs, area by area."""
    paths = [path for area in AREAS for path in sorted((PROGRAMS / area).glob("*.py"))]
    return [program for path in paths for program in Program.read(path)]
