"""What the documents say of the project is there."""

import re
from pathlib import Path

import pytest
from cellblock_service.settings import MEBIBYTE, Settings

ROOT = Path(__file__).resolve().parents[2]


def promised() -> list[tuple[str, str]]:
    """Every test that THREAT_MODEL.md names: its file and its function."""
    found = []
    for row in (ROOT / "THREAT_MODEL.md").read_text().splitlines():
        file = ""
        for name in re.findall(r"`([^`]+)`", row.rpartition(" | ")[2]) if row.startswith("| ") else []:
            rooms = ("tests/", "node-red-nodes/")
            file, _, function = name.partition("::") if name.startswith(rooms) else (file, "", name)
            found.append((file, function))
    return found


def test_there_are_promises():
    assert len(promised()) > 20


def test_no_promise_is_without_a_test():
    rows = (ROOT / "THREAT_MODEL.md").read_text().partition("## Promises")[2].partition("\n## ")[0].splitlines()
    promises = [row for row in rows if row.startswith("| ")][1:]
    assert len(promises) > 20
    assert [row for row in promises if not re.search(r"`(tests|node-red-nodes)/", row.rpartition(" | ")[2])] == []


@pytest.mark.parametrize(("file", "function"), promised())
def test_a_promised_test_exists(file, function):
    content = (ROOT / file).read_text()
    begins = rf'^ *it\("{function}' if file.endswith(".js") else rf"^(async )?def {function}\("
    assert re.search(begins, content, re.MULTILINE)


@pytest.mark.parametrize(
    "document", ["README.md", "RATIONALE.md", "THREAT_MODEL.md", "CHANGELOG.md", "docs/values.md", "docs/client.md"]
)
def test_links_lead_somewhere(document):
    path = ROOT / document
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        assert target.startswith("https://") or (path.parent / target).exists(), target


def row(name):
    """A setting as README.md has it: its variable, what its docstring says, its default."""
    field = Settings.model_fields[name]
    default = field.default
    if field.default_factory or default is None:
        shown = ""
    elif isinstance(default, int) and default >= MEBIBYTE and default % MEBIBYTE == 0:
        shown = f"{default} ({default // MEBIBYTE} MiB)"
    else:
        shown = f"{default:.15g}" if isinstance(default, float) else str(default)
    return f"| `CELLBLOCK_{name.upper()}` | {field.description.rstrip('.')} | {shown} |".replace("  ", " ")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_readme_as_it_is(name):
    assert row(name) in (ROOT / "README.md").read_text().splitlines()
