"""Runs on both sides, inside: one file of NumPy's tests under pytest, an event told for each test.

Events are lines on descriptor 1 that begin with MARK: `["begin", test]` and `["outcome", test, outcome, message]`.
The tests lie in `<a folder on the path>/numpy_suite/numpy`, without the package they belong to; they are linked to it.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

MARK = "\x1e"
PACKAGE = Path(np.__file__).parent
_MESSAGE = 300


def run(path: str, done: list[str]) -> int:
    """Run the tests of the file `path` (from "numpy/" on) but for those `done`; return pytest's exit code."""
    _link()
    options = ["--capture=sys", "-m", "not slow", "-q", "-p", "no:cacheprovider", "-p", "no:faulthandler", "--tb=line"]
    root = PACKAGE.parent
    where = [f"--rootdir={root}", f"--confcutdir={root}", "-c", os.devnull, str(root / path)]
    return int(pytest.main([*options, *where], plugins=[Teller(set(done))]))


def _link() -> None:
    """Put each folder of tests, and NumPy's conftest.py, where it is in a full installation."""
    suite = next(folder for entry in sys.path if (folder := Path(entry, "numpy_suite", "numpy")).is_dir())
    for found in [suite / "conftest.py", *suite.rglob("tests")]:
        place = PACKAGE / found.relative_to(suite)
        if found.parent.name != "tests" and place.parent.is_dir() and not place.exists():
            place.symlink_to(found)


class Teller:
    """A plugin for pytest that leaves out what is done and tells the rest."""

    def __init__(self, done: set[str]) -> None:
        self._done = done
        self._out = os.dup(1)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if self._name(item.nodeid) not in self._done]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._outcome(f"{self._name(report.nodeid)}::", "error", str(report.longrepr))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._tell("begin", self._name(nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        expected = hasattr(report, "wasxfail")
        name = self._name(report.nodeid)
        if report.when == "call" and report.passed:
            self._outcome(name, "xpassed" if expected else "passed")
        elif report.skipped:
            self._outcome(name, "xfailed" if expected else "skipped")
        elif report.failed:
            self._outcome(name, "failed" if report.when == "call" else "error", report.longreprtext)

    def _name(self, nodeid: str) -> str:
        """The test's name from "numpy/" on, as printable text."""
        return ascii(nodeid)[1:-1]

    def _outcome(self, name: str, outcome: str, message: str = "") -> None:
        self._tell("outcome", name, outcome, message.strip()[-_MESSAGE:])

    def _tell(self, *event: str) -> None:
        os.write(self._out, f"\n{MARK}{json.dumps(event)}\n".encode())
