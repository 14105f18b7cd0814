"""From a block to the image it runs in.

What a block imports, told from its text, and the packages it lists decide. An image that has all of it imported is
built if it isn't there, under a name made of just that set, so that all blocks with the same needs share it. The
least recently used ones make room when their disk limit is reached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cellblock_sandbox.errors import BuildError
from cellblock_sandbox.image import snapshot, standard
from cellblock_sandbox.image.fetch import Fetcher
from cellblock_sandbox.image.hashing import canonical_json, sha256_bytes
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages import Policy, provide, satisfied
from cellblock_sandbox.image.packages.resolver import Wheel
from cellblock_sandbox.image.progress import Progress
from cellblock_sandbox.image.snapshot import Recipe
from cellblock_sandbox.image.store import Store
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
        self.distribution = Fetcher(home, progress).distribution()

    def serves(self, image: Image, wanted: Survey, packages: Sequence[str]) -> bool:
        """Whether a block with these needs can run in `image` as it is."""
        return (
            not wanted.needed
            and not self._providers(wanted)
            and all(satisfied(requirement, image.packages) for requirement in packages)
        )

    def provide(self, code: str, packages: Sequence[str] = ()) -> Provision:
        """The image for a block that lists `packages` (requirements as in PEP 508), built if need be.

        For what is listed and can't be had, raises as resolving and the builders do. What is only imported and can't be
        had is `unavailable`: the block may have another way.
        """
        base = self._base()
        wanted = survey(base, code)
        if self.serves(base, wanted, packages):
            return Provision(base.id)
        name = _PREFIX + _key([base.bundle, sorted({*wanted.modules, *wanted.absent}), sorted(packages)])
        found = self.store.find("image", name, verify=False)
        # What could not be had then may be there now.
        if found and not found.manifest.details["unavailable"]:
            self.store.use("image", found.id)
            return Provision(found.id)
        wheels, unavailable = self._resolve(base, wanted, packages)
        if binary := {wheel: path for wheel, path in wheels.items() if not wheel.pure}:
            standard.widen(binary, home=self.home, progress=self.progress)
            return self.provide(code, packages)
        modules = tuple(sorted({*wanted.modules, *wanted.absent}))
        recipe = Recipe(base.bundle, modules, wheels, {"unavailable": unavailable})
        image = snapshot.build(name, recipe, home=self.home, progress=self.progress)
        self.store.evict("image", _PREFIX, self.disk_bytes, keep=name)
        return Provision(image.id, unavailable)

    def _base(self) -> Image:
        standard.require_images(home=self.home, progress=self.progress)
        return Image.open(BASE, home=self.home.root, verify=False)

    def _providers(self, wanted: Survey) -> dict[str, str]:
        """The packages of the distribution that provide what is absent, by top-level module."""
        tops = {name.partition(".")[0] for name in wanted.absent}
        return {top: found.name for top in sorted(tops) if (found := self.distribution.provider(top))}

    def _resolve(
        self, base: Image, wanted: Survey, packages: Sequence[str]
    ) -> tuple[dict[Wheel, Path], dict[str, str]]:
        """The wheels to add to the image `base`, and why modules can't be had."""

        def wheels(requirements: Sequence[str]) -> dict[Wheel, Path]:
            return provide(
                requirements,
                home=self.home,
                distribution=self.distribution,
                policy=self.policy,
                installed=base.packages,
                progress=self.progress,
            )

        listed, imported, unavailable = list(packages), self._providers(wanted), {}
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


def _key(needs: object) -> str:
    return sha256_bytes(canonical_json(needs))[:16]
