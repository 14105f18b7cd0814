"""Renders docs/conformance.md from the corpus and the table of differences.

python -m tests.conformance.document     # from the project's root
"""

from pathlib import Path

from .corpus import AREAS
from .differences import KINDS, known

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"

_INTRODUCTION = """\
# Conformance: the same programs here and in Pyodide

`tests/conformance` runs {programs} short programs twice: in a sandbox, and in npm's `pyodide` of the same version under
Node. Compared are the `repr` of the result, what was printed, and, where a program fails, the error's type, message and
line. The tests hold the table below: a difference that isn't in it fails, and so does an entry that no longer differs.

This file is made by `python -m tests.conformance.document`.
"""


def render() -> str:
    """The document's text."""
    differences = known()
    programs = {area.name: [program.id for program in area.programs()] for area in AREAS}
    lines = [_INTRODUCTION.format(programs=sum(map(len, programs.values())))]
    lines += ["| area | programs | the same | different |", "|---|---:|---:|---:|"]
    for area in AREAS:
        count, different = len(programs[area.name]), sum(name in differences for name in programs[area.name])
        lines.append(f"| {area.title} | {count} | {count - different} | {different} |")
    for kind, title in KINDS.items():
        chosen = {name: each for name, each in sorted(differences.items()) if each.kind == kind}
        if chosen:
            lines += ["", f"## {title}", "", "| program | here | in the peer | why |", "|---|---|---|---|"]
            lines += [f"| `{name}` | {each.here} | {each.peer} | {each.reason} |" for name, each in chosen.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(render())
