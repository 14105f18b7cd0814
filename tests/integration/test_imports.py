"""What a block is going to import, told from its text in the guest."""

import pytest


@pytest.fixture
def survey(sandbox):
    def ask(code):
        outcome = sandbox.run("from cellblock_guest.inside.imports import survey\nreturn survey(data)", data=code)
        assert outcome.status == "completed", outcome.error
        return outcome.value

    return ask


@pytest.mark.parametrize(
    ("code", "modules"),
    [
        ("import numpy", {"numpy"}),
        ("import numpy.linalg as la, os.path", {"numpy", "numpy.linalg"}),
        ("from numpy import linalg, array", {"numpy", "numpy.linalg"}),
        ("import numpy as np\nnp.fft.rfft(data)", {"numpy", "numpy.fft"}),
        ("def f():\n    try:\n        import six\n    except ImportError:\n        pass", {"six"}),
        ("import dateutil\ndateutil.absent.x", {"dateutil"}),
        ("numpy.linalg", set()),
        ("import asyncio, js, pyodide.code, micropip, _ctypes", set()),
        ("return 1\nimport six\nawait f()", {"six"}),
    ],
)
def test_modules_that_are_here(survey, code, modules):
    found = survey(code)
    assert set(found["modules"]) == modules
    assert found["absent"] == []


def test_loaded_ones_are_not_needed(survey):
    assert survey("import numpy, pandas")["needed"] == []
    assert survey("import numpy.testing")["needed"] == ["numpy.testing"]


def test_absent_ones_keep_their_dots(survey):
    assert survey("import nowhere.at.all\nfrom other import thing") == {
        "modules": [],
        "needed": [],
        "absent": ["nowhere", "nowhere.at", "nowhere.at.all", "other"],
    }


@pytest.mark.parametrize("code", ["x = = 1", "\0", "(" * 5000, "import " + "a." * 5000 + "a", "-" * 100_000 + "1", ""])
def test_text_that_does_not_parse_needs_nothing(survey, code):
    assert survey(code)["modules"] == []


def test_nothing_is_imported_to_find_out(sandbox):
    outcome = sandbox.run(
        "import sys\nfrom cellblock_guest.inside.imports import survey\n"
        "survey('import numpy.testing.overrides, numpy.f2py')\n"
        "return [name in sys.modules for name in ('numpy.testing', 'numpy.f2py')]"
    )
    assert outcome.value == [False, False]
