"""The test vectors inside the real guest: its codec reads and writes what the format says."""

import json
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "vectors"
BLOCK = """
import numpy, pandas
from cellblock_guest.values import pack, unpack
answers = []
for packed in data:
    value = unpack(packed)
    answers.append([describe(value), pack(value)])
return answers
"""


def test_the_guest_reads_and_writes_every_vector(sandbox):
    vectors = json.loads((FOLDER / "values.json").read_text())
    code = (FOLDER / "notation.py").read_text() + BLOCK
    result = sandbox.run(code, data=[bytes.fromhex(vector["hex"]) for vector in vectors])
    assert result.error is None, result.error.traceback
    for vector, (note, packed) in zip(vectors, result.value, strict=True):
        assert str(note) == str(vector["value"]), vector["name"]
        assert (packed.hex() == vector["hex"]) == ("python" in vector["writes"]), vector["name"]
