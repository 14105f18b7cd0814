"""A plugin of pytest that test_faults.py brings: the table of faults of this run, compared with docs/faults.md."""

from __future__ import annotations

from typing import Any

import pytest

from .faults import DOCUMENT, FAULTS, Fault, Report, is_excused

REPORT = DOCUMENT.parents[1] / "build" / "faults.md"


class Comparison(Report):
    """Writes the table to REPORT; the run fails where the document says something else of a test that ran."""

    def __init__(self) -> None:
        super().__init__()
        self._differing: list[Fault] = []

    def pytest_sessionfinish(self, session: Any = None) -> None:
        """Write the table, and compare."""
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(self.table())
        self._differing = self.differing(DOCUMENT.read_text())
        if self._differing and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what differs."""
        if self._differing:
            terminalreporter.section(f"{DOCUMENT.name}: what came of these faults isn't what it says", red=True)
            for fault in self._differing:
                terminalreporter.write_line(f"{fault.test}: {self.row(fault)}".rstrip())
            terminalreporter.write_line(f"If that is right, make the file again: pytest --write-faults (see {REPORT})")

    def differing(self, document: str) -> list[Fault]:
        """Give the faults whose line isn't in the document. A failure is told anyway, and a skip may be excused."""
        left_out = {"failed", "skipped"} if is_excused() else {"failed"}
        compared = [fault for fault in FAULTS if self.ended(fault) and not self.ended(fault) & left_out]
        lines = document.splitlines(keepends=True)
        return [fault for fault in compared if self.row(fault) not in lines]


def pytest_configure(config: Any) -> None:
    """Begin, unless the document is being made."""
    if not config.getoption("--write-faults"):
        config.pluginmanager.register(Comparison())
