"""What an editor is told of a block, under the host's Python. tests/integration/test_editing.py asks a sandbox."""

from __future__ import annotations

import pytest
from cellblock_sandbox.guest.inside.checking import MAX_MESSAGE, MAX_PROBLEMS, check

WHOLE = [
    "",
    "return data",
    "await node.send(msg)\nreturn msg",
    "from math import *\nreturn sqrt(pi)",
    "import numpy as np\nreturn np.mean(inputs)",
    "flow.set('x', env['y']); global_.get('z'); context.keys()",
    "node.status(fill='red'); node.send(msg); node.warn(node.id)",
    "def f(): return later()\ndef later(): return 1\nf()",
    "result = [x async for x in data]",
    "try:\n    import fast as impl\nexcept ImportError:\n    impl = None\nimpl",
    "\ufeffx = 1\r\nx",
    "print(__name__, __file__)",
]


@pytest.mark.parametrize("code", WHOLE)
def test_a_whole_block_has_no_problems(code: str) -> None:
    assert check(code)["problems"] == []


FOUND = [
    ("x = = 1", (1, 5, 1, 6), "error", "invalid syntax"),
    ("if True:\nx", (2, 1, 2, 2), "error", "expected an indented block after 'if' statement on line 1"),
    ("ä = unknown", (1, 5, 1, 12), "error", "undefined name 'unknown'"),
    ("x = 1\nreturn f(x)", (2, 8, 2, 9), "error", "undefined name 'f'"),
    ("await g()", (1, 7, 1, 8), "error", "undefined name 'g'"),
    ("class A:\n    return 1", (2, 5, 2, 13), "error", "'return' outside function"),
    ("yield 1", (1, 1, 1, 8), "error", "'yield' outside function"),
    ("import os", (1, 1, 1, 10), "warning", "'os' imported but unused"),
    ("def f():\n    x = 1", (2, 5, 2, 6), "warning", "local variable 'x' is assigned to but never used"),
    (
        "x = 1\n  \f\n  \nassert (x, 'y')",
        (4, 1, 4, 16),
        "warning",
        "assertion is always true, perhaps remove parentheses?",
    ),
    ("x = f'a'", (1, 5, 1, 9), "warning", "f-string is missing placeholders"),
    ("\u2028 = 1", (1, 1, 1, 2), "error", "invalid non-printable character U+2028"),
    ("x = '\ud800'", (1, 6, 1, 7), "error", "source code cannot contain the lone surrogate '\\ud800'"),
]


@pytest.mark.parametrize(("code", "span", "severity", "message"), FOUND)
def test_a_problem_is_told_with_its_place(code: str, span: tuple[int, ...], severity: str, message: str) -> None:
    (problem,) = check(code)["problems"]
    assert tuple(problem[name] for name in ("line", "column", "end_line", "end_column")) == span
    assert (problem["severity"], problem["message"]) == (severity, message)


def test_problems_come_in_the_order_of_the_text() -> None:
    problems = check("import os\nprint(b)\nprint(a)")["problems"]
    assert [each["line"] for each in problems] == [1, 2, 3]


def test_imports_are_those_of_the_whole_text() -> None:
    code = "import os.path as p, sys\nfrom a.b import c\ndef f():\n    import x\nfrom . import y"
    assert check(code)["imports"] == ["a.b", "os.path", "sys", "x"]
    assert check("import x\n1 +")["imports"] == []


@pytest.mark.parametrize("code", ["(" * 90_000, "-" * 50_000 + "1", "a." * 100_000 + "b", "[" * 150 + "]" * 150])
def test_deep_nesting_is_a_problem_and_no_more(code: str) -> None:
    assert len(check(code)["problems"]) <= 2


def test_the_answer_is_bounded() -> None:
    problems = check("x" * 10_000 + "\n" + "\n".join(f"a{number}" for number in range(1000)))["problems"]
    assert len(problems) == MAX_PROBLEMS
    assert max(len(each["message"]) for each in problems) == MAX_MESSAGE
