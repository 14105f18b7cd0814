"""The outcomes of both sides set against each other, and what is known of the differences."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from .supervisor import FileRun, Outcome

TABLE = Path(__file__).with_name("differences.toml")
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "numpy-suite.md"
_BAD = frozenset({"failed", "error", "crashed", "hung"})
_ON_BOTH = (
    "NumPy's tests have extension modules of their own, which Pyodide's distribution leaves out. Tests that call them "
    "are skipped; most of these meet them in another way."
)
_ABSENT: Outcome = ("absent", "")


@dataclass(frozen=True)
class Comparison:
    """Tests that are bad (fail, or end the interpreter) on one side only, with both outcomes (here, there)."""

    here: dict[str, Outcome]
    peer: dict[str, Outcome]

    @classmethod
    def of(cls, here: Iterable[FileRun], peer: Iterable[FileRun]) -> "Comparison":
        """Set two runs against each other."""
        return cls(_together(here), _together(peer))

    def bad_here(self) -> dict[str, tuple[Outcome, Outcome]]:
        """Tests that are bad here, and not in the peer; also those that run there and are left out here."""
        both = self._both()
        return {
            name: (mine, theirs)
            for name, (mine, theirs) in both.items()
            if (mine[0] in _BAD and theirs[0] not in _BAD)
            or (mine[0] in ("skipped", "absent") and theirs[0] == "passed")
        }

    def bad_there(self) -> dict[str, tuple[Outcome, Outcome]]:
        """Tests that are bad in the peer, and not here."""
        both = self._both()
        return {name: pair for name, pair in both.items() if pair[1][0] in _BAD and pair[0][0] not in _BAD}

    def bad_on_both(self) -> list[str]:
        """Tests that are bad on both sides."""
        return [name for name, (mine, theirs) in self._both().items() if mine[0] in _BAD and theirs[0] in _BAD]

    def otherwise_different(self) -> dict[str, tuple[Outcome, Outcome]]:
        """Tests that are bad on neither side, and yet end differently, such as one expected to fail that passes."""
        listed = self.bad_here()
        return {
            name: (mine, theirs)
            for name, (mine, theirs) in self._both().items()
            if mine[0] != theirs[0] and mine[0] not in _BAD and theirs[0] not in _BAD and name not in listed
        }

    def _both(self) -> dict[str, tuple[Outcome, Outcome]]:
        names = sorted({*self.here, *self.peer})
        return {name: (self.here.get(name, _ABSENT), self.peer.get(name, _ABSENT)) for name in names}


def explained(names: Iterable[str]) -> tuple[dict[str, list[str]], list[str], list[str]]:
    """Match tests to the table's patterns: the tests of each reason, those without one, patterns without a test."""
    reasons: Mapping[str, str] = tomllib.loads(TABLE.read_text())
    found: dict[str, list[str]] = {}
    unexplained, unused = [], set(reasons)
    for name in names:
        matching = [pattern for pattern in reasons if fnmatchcase(name, pattern.replace("[", "[[]"))]
        unused -= set(matching)
        if matching:
            found.setdefault(reasons[matching[0]], []).append(name)
        else:
            unexplained.append(name)
    return found, unexplained, sorted(unused)


def render(comparison: Comparison, numpy: str, pyodide: str) -> str:
    """The document: counts by outcome, and the tests that are bad on one side."""
    here, peer = (Counter(outcome for outcome, _ in side.values()) for side in (comparison.here, comparison.peer))
    lines = [
        "# NumPy's own tests",
        "",
        f"The tests of NumPy {numpy} but those it marks as slow, run by `make test-numpy` in sandboxes and in npm's "
        f"pyodide {pyodide} under Node. A test that fails here and not there fails the run unless "
        "`tests/numpy_suite/differences.toml` says why.",
        "",
        "| outcome | here | in the peer |",
        "|---|---:|---:|",
    ]
    lines += [f"| {outcome} | {here[outcome]:,} | {peer[outcome]:,} |" for outcome in sorted({*here, *peer})]
    reasons, unexplained, _ = explained(comparison.bad_here())
    lines += ["", "## Fail here, not in the peer", ""]
    if not reasons and not unexplained:
        lines.append("None.")
    for reason, names in reasons.items():
        lines += [f"- {reason}: {len(names)}", *(f"  - `{name}`" for name in names)]
    for title, chosen in (
        ("Fail in the peer, not here", comparison.bad_there()),
        ("Fail on neither side, and end differently", comparison.otherwise_different()),
    ):
        lines += ["", f"## {title}", ""]
        lines += [f"- `{name}`: {mine[0]} here, {theirs[0]} there" for name, (mine, theirs) in chosen.items()] or [
            "None."
        ]
    lines += ["", "## Fail on both sides", "", _ON_BOTH, "", *(f"- `{name}`" for name in comparison.bad_on_both())]
    return "\n".join(lines) + "\n"


def _together(runs: Iterable[FileRun]) -> dict[str, Outcome]:
    return {name: outcome for run in runs for name, outcome in run.outcomes.items()}
