"""Requirements: what someone wants of a package, read from text or from a wheel's metadata."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from cellblock_sandbox.errors import RequirementInvalid
from cellblock_sandbox.image.packages.catalogue import Candidate
from cellblock_sandbox.image.packages.target import Target

# Names become file names; the longest on the public index have 80 characters.
_MAX_NAME: Final = 200
_ADDRESS = re.compile(r"^(\w+\+|[./~]|-)|://|\.(whl|zip|tar\.gz)$")
_NO_ADDRESS: Final = "it names an address, and packages come by name only: from the distribution, folders and indexes"


@dataclass(frozen=True)
class Want:
    """One wish. `asker` is who has it: "the requirement 'attrs>=22'", or "pandas 3.0.2"; "" as `needed_by` if a user.

    `only` demands that very candidate (an extra of it was chosen); `refusal` is set when nothing can fulfil the wish.
    """

    name: str
    extras: frozenset[str]
    specifier: SpecifierSet
    asker: str
    needed_by: str = ""
    only: Candidate | None = None
    refusal: str = ""

    @classmethod
    def of(cls, requirement: Requirement, candidate: Candidate) -> Want:
        """Make the wish of a dependency of `candidate`."""
        name = canonicalize_name(requirement.name)
        extras = frozenset(canonicalize_name(extra) for extra in requirement.extras)
        refusal = ""
        if requirement.url:
            refusal = f"{candidate} needs {requirement.name} from an address ({requirement.url[:100]})"
        elif len(name) > _MAX_NAME:
            refusal = f"{candidate} needs a package whose name has {len(name)} characters"
        asker = str(candidate)
        return cls(name, extras, requirement.specifier, asker, asker, refusal=refusal)


def parse_requirements(texts: Iterable[str], target: Target) -> list[Want]:
    """Read requirements (PEP 508), leaving out those whose marker doesn't hold for `target`.

    Raises `RequirementInvalid`.
    """
    wants = []
    for text in texts:
        shown = text if len(text) <= _MAX_NAME else f"{text[:_MAX_NAME]}..."
        if _ADDRESS.search(text.strip()):
            raise RequirementInvalid(shown, _NO_ADDRESS)
        try:
            requirement = Requirement(text.strip())
        except InvalidRequirement as problem:
            raise RequirementInvalid(shown, str(problem).splitlines()[0].lower()) from None
        if requirement.url:
            raise RequirementInvalid(shown, _NO_ADDRESS)
        if len(requirement.name) > _MAX_NAME:
            raise RequirementInvalid(shown, f"its name has more than {_MAX_NAME} characters")
        if requirement.marker and not requirement.marker.evaluate({**target.environment, "extra": ""}):
            continue
        extras = frozenset(canonicalize_name(extra) for extra in requirement.extras)
        name = canonicalize_name(requirement.name)
        wants.append(Want(name, extras, requirement.specifier, f"the requirement {shown!r}"))
    return wants
