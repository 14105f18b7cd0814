"""The test vectors on both of Python's msgpacks: read, written, and made JSON; and that they leave nothing out."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
from cellblock_sandbox.guest.values import ValueNotPortable, pack, to_jsonable, unpack
from cellblock_sandbox.guest.values.format import PICTURE, TIMESTAMP

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "tests/vectors"
VECTORS = json.loads((FOLDER / "values.json").read_text())


def _notation():
    spec = importlib.util.spec_from_file_location("notation", FOLDER / "notation.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


notation = _notation()


every_vector = pytest.mark.parametrize("vector", VECTORS, ids=[each["name"] for each in VECTORS])


@every_vector
def test_python_reads_and_writes(codec, vector):
    data = bytes.fromhex(vector["hex"])
    value = unpack(data)
    assert notation.describe(value) == vector["value"]
    assert str(notation.describe(value)) == str(vector["value"])  # True isn't 1
    assert (pack(value) == data) == ("python" in vector["writes"])


@every_vector
def test_json_shows(vector):
    value = unpack(bytes.fromhex(vector["hex"]))
    if isinstance(vector["json"], dict) and "refused" in vector["json"]:
        with pytest.raises(ValueNotPortable, match=vector["json"]["refused"]):
            to_jsonable(value)
    else:
        assert json.loads(json.dumps(to_jsonable(value), allow_nan=False)) == vector["json"]


def rows():
    """The rows of the document's tables of values: the section and the first cell of each."""
    section = ""
    for line in (ROOT / "docs/values.md").read_text().splitlines():
        if heading := re.match(r"#+ (.*)|\*\*(.*?)\.\*\*", line):
            section = heading[1] or heading[2]
        elif line.startswith("| ") and section in SECTIONS and not line.startswith(HEADS):
            yield f"{section}: {line[2:].split(' | ')[0]}"


SECTIONS = {"Plain values", "Extension types", "Hints", "In JavaScript and JSON"}
HEADS = ("| Python |", "| type |", "| hint |", "| | ", "| option |", "| `arrays:", "| `frames:", "| `maxElements`")


def test_every_row_of_the_document_has_a_vector():
    shown = {row for vector in VECTORS for row in vector["rows"]}
    assert set(rows()) == shown
    assert len(shown) > 25


def test_every_extension_type_has_a_vector():
    shown = {row.removeprefix("Extension types: ") for vector in VECTORS for row in vector["rows"]}
    assert shown >= {str(code) for code in range(1, PICTURE + 1)} | {str(TIMESTAMP)}


def test_names_are_unique():
    assert len({vector["name"] for vector in VECTORS}) == len(VECTORS)
