"""What a block needs, and whether an image has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from packaging.requirements import InvalidRequirement, Requirement

from cellblock_sandbox.image.distribution import Distribution, canonical
from cellblock_sandbox.limits import Limits
from cellblock_sandbox.sandbox import Image

_SURVEY = "from cellblock_guest.inside.imports import survey\nreturn survey(data)"
_SURVEY_LIMITS = Limits(timeout_s=10)


@dataclass(frozen=True)
class Survey:
    """What a block imports, seen from one image; see the guest's imports.py."""

    modules: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    def __or__(self, other: Survey) -> Survey:
        """What either of two imports."""
        names = ("modules", "needed", "absent")
        return Survey(*(tuple(dict.fromkeys(getattr(self, name) + getattr(other, name))) for name in names))


@dataclass(frozen=True)
class Provision:
    """The image for a block, and why modules it imports can't be had, by top-level name."""

    image: str
    unavailable: Mapping[str, str] = field(default_factory=dict)


def survey(image: Image, code: str) -> Survey:
    """Ask a sandbox of `image` what `code` imports. Nothing, if the text keeps it from answering."""
    with image.sandbox(_SURVEY_LIMITS) as sandbox:
        outcome = sandbox.run(_SURVEY, data=code, name="imports")
    return Survey(**{name: tuple(found) for name, found in (outcome.value or {}).items()})


def serves(
    distribution: Distribution, image_packages: Mapping[str, str], wanted: Survey, packages: Sequence[str]
) -> bool:
    """Whether a block with these needs can run as it is in the image in which it was surveyed."""
    return (
        not wanted.needed
        and not providers(distribution, wanted)
        and all(_satisfied(requirement, image_packages) for requirement in packages)
    )


def providers(distribution: Distribution, wanted: Survey) -> dict[str, str]:
    """The packages of the distribution that provide what is absent, by top-level module."""
    tops = {name.partition(".")[0] for name in wanted.absent}
    return {top: found.name for top in sorted(tops) if (found := distribution.provider(top))}


def _satisfied(requirement: str, installed: Mapping[str, str]) -> bool:
    """Whether what is there fulfils a requirement without extras; anything unclear is left to the resolver."""
    try:
        wanted = Requirement(requirement)
    except InvalidRequirement:
        return False
    version = installed.get(canonical(wanted.name))
    plain = not (wanted.extras or wanted.url or wanted.marker)
    return plain and version is not None and wanted.specifier.contains(version, prereleases=True)
