"""Every program gives here what it gives in npm's pyodide, or the table says why not."""

import pytest
from cellblock_sandbox import Limits

from .corpus import AREAS
from .differences import KINDS, known
from .document import DOCUMENT, render
from .outcome import Outcome

PROGRAMS = [program for area in AREAS for program in area.programs()]
PACKAGES = {area.name: area.packages for area in AREAS}
KNOWN = known()


def test_the_corpus_is_large():
    assert len(PROGRAMS) >= 150
    assert all(area.programs() for area in AREAS)


def test_the_table_names_programs():
    assert KNOWN.keys() <= {program.id for program in PROGRAMS}
    assert {each.kind for each in KNOWN.values()} <= KINDS.keys()


def test_the_document_is_up_to_date():
    assert DOCUMENT.read_text() == render(), "renew it with: python -m tests.conformance.document"


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.id)
def test_program(program, images, peer):
    with images.image(PACKAGES[program.area]).sandbox(Limits(timeout_s=60)) as sandbox:
        ours = Outcome.of(sandbox.run(program.code))
    theirs = peer.outcome(program.area, program.id)
    expected = KNOWN[program.id].fields if program.id in KNOWN else ()
    if ours.differing(theirs) != expected:
        pytest.fail(ours.explained(theirs) or f"the table says that {expected} differ, and nothing does", pytrace=False)
