"""From a block to the image it runs in.

What a block imports, told from its text, and the packages it lists decide. An image that has all of it imported is
built if it isn't there, under a name made of just that set, so that all blocks with the same needs share it. The
least recently used ones make room when their disk limit is reached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from cellblock_sandbox.errors import BinaryWheel, BuildError
from cellblock_sandbox.image import snapshot, standard
from cellblock_sandbox.image.distribution import Distribution, canonical
from cellblock_sandbox.image.hashing import canonical_json, sha256_bytes
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages import Policy, Wheel, provide
from cellblock_sandbox.image.progress import Progress
from cellblock_sandbox.image.snapshot import Recipe
from cellblock_sandbox.image.store import Store
from cellblock_sandbox.installation import Addition
from cellblock_sandbox.limits import Limits
from cellblock_sandbox.sandbox import Image

BASE = "data"
_PREFIX = "set-"
_SURVEY = "from cellblock_guest.inside.imports import survey\nreturn survey(data)"
_SURVEY_LIMITS = Limits(timeout_s=10)


@dataclass(frozen=True)
class Survey:
    """What a block imports, seen from one image; see the guest's imports.py."""

    modules: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Provision:
    """The image for a block, and why modules it imports can't be had, by top-level name."""

    image: str
    unavailable: Mapping[str, str] = field(default_factory=dict)


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


def install(
    requirements: Sequence[str], installed: Mapping[str, str], *, home: Home, policy: Policy, progress: Progress
) -> list[Addition]:
    """What a running block asks for: pure-Python wheels to add to what is `installed`.

    Raises the errors of resolving and fetching, and BinaryWheel for one that only a bundle can hold.
    """
    distribution = standard.distribution(home, progress)
    wheels = provide(
        requirements, home=home, distribution=distribution, policy=policy, installed=installed, progress=progress
    )
    for wheel, _ in wheels:
        if not wheel.pure:
            raise BinaryWheel(wheel.name, wheel.file.name)
    return [Addition(wheel.name, wheel.version, path) for wheel, path in wheels]


def survey(image: Image, code: str) -> Survey:
    """Ask a sandbox of `image` what `code` imports. Nothing, if the text keeps it from answering."""
    with image.sandbox(_SURVEY_LIMITS) as sandbox:
        outcome = sandbox.run(_SURVEY, data=code, name="imports")
    return Survey(**{name: tuple(found) for name, found in (outcome.value or {}).items()})


class Provider:
    """Finds and builds the images of one home, a block at a time. Building takes seconds, a bundle minutes."""

    def __init__(self, home: Home, policy: Policy, progress: Progress, *, disk_bytes: int) -> None:
        self.home, self.store = home, Store(home)
        self.policy, self.progress = policy, progress
        self.disk_bytes = disk_bytes

    def provide(self, code: str, packages: Sequence[str] = ()) -> Provision:
        """The image for a block that lists `packages` (requirements as in PEP 508), built if need be.

        For what is listed and can't be had, raises as resolving and the builders do. What is only imported and can't be
        had is `unavailable`: the block may have another way.
        """
        base = self.base
        wanted = survey(base, code)
        if serves(self.distribution, base.packages, wanted, packages):
            return Provision(base.id)
        name = _PREFIX + _key([base.bundle, sorted({*wanted.modules, *wanted.absent}), sorted(packages)])
        found = self.store.find("image", name, verify=False)
        # What could not be had then may be there now.
        if found and not found.manifest.details.get("unavailable"):
            self.store.use("image", found.id)
            return Provision(found.id)
        wheels, unavailable = self._resolve(base, wanted, packages)
        if binary := {wheel: path for wheel, path in wheels.items() if not wheel.pure}:
            standard.widen(binary, home=self.home, policy=self.policy, progress=self.progress)
            del self.base, self.distribution
            return self.provide(code, packages)
        there = (module for module in wanted.absent if module.partition(".")[0] not in unavailable)
        modules = tuple(sorted({*wanted.modules, *there}))
        recipe = Recipe(base.bundle, modules, wheels, {"unavailable": unavailable})
        image = snapshot.build(name, recipe, home=self.home, progress=self.progress)
        self.store.evict("image", _PREFIX, self.disk_bytes, keep=name)
        return Provision(image.id, unavailable)

    @cached_property
    def base(self) -> Image:
        """The image that serves most blocks. With it, everything that an installation needs at first is built."""
        standard.require_images(home=self.home, progress=self.progress)
        return Image.open(BASE, home=self.home.root, verify=False)

    @cached_property
    def distribution(self) -> Distribution:
        """The lock of the Pyodide release."""
        return standard.distribution(self.home, self.progress)

    def _resolve(
        self, base: Image, wanted: Survey, packages: Sequence[str]
    ) -> tuple[dict[Wheel, Path], dict[str, str]]:
        """The wheels to add to the image `base`, and why modules can't be had."""

        def wheels(requirements: Sequence[str]) -> dict[Wheel, Path]:
            return dict(
                provide(
                    requirements,
                    home=self.home,
                    distribution=self.distribution,
                    policy=self.policy,
                    installed=base.packages,
                    progress=self.progress,
                )
            )

        listed, imported, unavailable = list(packages), providers(self.distribution, wanted), dict[str, str]()
        try:
            return wheels([*listed, *imported.values()]), {}
        except BuildError:
            for top, name in imported.items():
                try:
                    wheels([*listed, name])
                    listed.append(name)
                except BuildError as error:
                    unavailable[top] = str(error)
        return wheels(listed), unavailable


def _satisfied(requirement: str, installed: Mapping[str, str]) -> bool:
    """Whether what is there fulfils a requirement without extras; anything unclear is left to the resolver."""
    try:
        wanted = Requirement(requirement)
    except InvalidRequirement:
        return False
    version = installed.get(canonical(wanted.name))
    plain = not (wanted.extras or wanted.url or wanted.marker)
    return plain and version is not None and wanted.specifier.contains(version, prereleases=True)


def _key(needs: object) -> str:
    return sha256_bytes(canonical_json(needs))[:16]
