"""Runs on both sides, inside: one file of NumPy's tests under pytest, an event told for each test.

Events are lines on descriptor 1 that begin with MARK: `["begin", test]` and `["outcome", test, outcome, message]`.
The tests lie in `<a folder on the path>/numpy_suite/numpy`, without the package they belong to; they are linked to it.
"""

import json
import os
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

MARK = "\x1e"
PACKAGE = Path(np.__file__).parent
# Extension modules that only the tests use; Pyodide's distribution of NumPy leaves them out.
_LEFT_OUT = (
    *("_multiarray_tests", "_operand_flag_tests", "_rational_tests", "_simd", "_struct_ufunc_tests"),
    "_umath_tests",
)
_MESSAGE = 300


def run(path: str, done: list[str]) -> int:
    """Run the tests of the file `path` (from "numpy/" on) but for those `done`; return pytest's exit code."""
    _link()
    _stand_in()
    options = ["--capture=sys", "-m", "not slow", "-q", "-p", "no:cacheprovider", "-p", "no:faulthandler", "--tb=line"]
    root = PACKAGE.parent
    where = [f"--rootdir={root}", f"--confcutdir={root}", "-c", os.devnull, str(root / path)]
    teller = Teller(set(done))
    code = int(pytest.main([*options, *where], plugins=[teller]))
    if code in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR):
        teller.outcome(f"{path}::", "error", f"pytest ended with code {code}")
    return code


def _link() -> None:
    """Put each folder of tests, and NumPy's conftest.py, where it is in a full installation."""
    suite = next(folder for entry in sys.path if (folder := Path(entry, "numpy_suite", "numpy")).is_dir())
    for found in [suite / "conftest.py", *suite.rglob("tests")]:
        place = PACKAGE / found.relative_to(suite)
        if found.parent.name != "tests" and place.parent.is_dir() and not place.exists():
            place.symlink_to(found)


def _stand_in() -> None:
    """Let the tests import the modules that aren't there, so that only what uses them is skipped."""
    for name in _LEFT_OUT:
        module = sys.modules[f"numpy._core.{name}"] = types.ModuleType(name)
        module.__getattr__ = Absent
        setattr(np._core, name, module)
    np._core._multiarray_tests.get_fpu_mode = lambda: 0  # conftest.py asks before and after each test
    np._core._rational_tests.rational = Absent  # a type that tests make dtypes of


class Absent:
    """Something of such a module: calling it skips the test that does."""

    def __init__(self, *what: object) -> None:
        if not (what and isinstance(what[0], str)):  # a number of the type `rational`, not a name in a module
            _skip_within_a_test()

    def __getattr__(self, name: str) -> "Absent":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_args: object, **_kwargs: object) -> "Absent":
        _skip_within_a_test()
        return self

    def __iter__(self) -> Iterator[object]:
        return iter(())


def _skip_within_a_test() -> None:
    if "PYTEST_CURRENT_TEST" in os.environ:
        pytest.skip("an extension module of NumPy's tests isn't there")


class Teller:
    """A plugin for pytest that leaves out what is done and tells the rest."""

    def __init__(self, done: set[str]) -> None:
        self._done = done
        self._out = os.dup(1)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if self._name(item.nodeid) not in self._done]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.outcome(f"{self._name(report.nodeid)}::", "error", str(report.longrepr))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._tell("begin", self._name(nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        expected = hasattr(report, "wasxfail")
        name = self._name(report.nodeid)
        if report.when == "call" and report.passed:
            self.outcome(name, "xpassed" if expected else "passed")
        elif report.skipped:
            self.outcome(name, "xfailed" if expected else "skipped")
        elif report.failed:
            self.outcome(name, "failed" if report.when == "call" else "error", report.longreprtext)

    def _name(self, nodeid: str) -> str:
        """The test's name from "numpy/" on, as printable text."""
        return ascii(nodeid)[1:-1]

    def outcome(self, name: str, outcome: str, message: str = "") -> None:
        """Tell what became of a test, or of the file's collection."""
        self._tell("outcome", name, outcome, message.strip()[-_MESSAGE:])

    def _tell(self, *event: str) -> None:
        os.write(self._out, f"\n{MARK}{json.dumps(event)}\n".encode())
