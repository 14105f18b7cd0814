"""From a block to the image it runs in.

What a block imports, told from its text, and the packages it lists decide. An image that has all of it imported is
built if it isn't there, under a name made of just that set, so that all blocks with the same needs share it. The
least recently used ones make room when their disk limit is reached.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from functools import cached_property, reduce
from pathlib import Path

from cellblock_sandbox.errors import BinaryWheel, BuildError
from cellblock_sandbox.image import full, snapshot, standard
from cellblock_sandbox.image.distribution import Distribution
from cellblock_sandbox.image.hashing import canonical_json, sha256_bytes
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_sandbox.image.packages.provide import provide
from cellblock_sandbox.image.progress import Progress
from cellblock_sandbox.image.snapshot import Recipe
from cellblock_sandbox.image.standard import ON_DEMAND
from cellblock_sandbox.image.store import Store
from cellblock_sandbox.image.wheel import Wheel
from cellblock_sandbox.installation import Addition
from cellblock_sandbox.needs import Provision, Survey, providers, serves, survey
from cellblock_sandbox.sandbox import Image

BASE = "data"


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


class Provider:
    """Finds and builds the images of one home, a block at a time. Building takes seconds, a bundle minutes."""

    def __init__(self, home: Home, policy: Policy, progress: Progress, *, disk_bytes: int) -> None:
        self.home, self.store = home, Store(home)
        self.policy, self.progress = policy, progress
        self.disk_bytes = disk_bytes

    def provide(self, code: str, packages: Sequence[str] = (), *, also: Sequence[str] = ()) -> Provision:
        """The image for a block that lists `packages` (requirements as in PEP 508), built if need be.

        It is also that of the further texts in `also`, which are to run in the same sandbox.

        For what is listed and can't be had, raises as resolving and the builders do. What is only imported and can't be
        had is `unavailable`: the block may have another way.
        """
        base = self.base
        wanted = reduce(operator.or_, (survey(base, text) for text in (code, *also)))
        if serves(self.distribution, base.packages, wanted, packages):
            return Provision(base.id)
        name = ON_DEMAND + _key([base.bundle, sorted({*wanted.modules, *wanted.absent}), sorted(packages)])
        found = self.store.find("image", name, verify=False)
        # What could not be had then may be there now.
        if found and not found.manifest.details.get("unavailable"):
            self.store.use("image", found.id)
            return Provision(found.id)
        wheels, unavailable = self._resolve(base, wanted, packages)
        if binary := {wheel: path for wheel, path in wheels.items() if not wheel.pure}:
            self._widen(base, binary)
            return self.provide(code, packages, also=also)
        there = (module for module in wanted.absent if module.partition(".")[0] not in unavailable)
        modules = tuple(sorted({*wanted.modules, *there}))
        recipe = Recipe(base.bundle, modules, wheels, {"unavailable": unavailable})
        image = snapshot.build(name, recipe, home=self.home, progress=self.progress)
        self.store.evict("image", ON_DEMAND, self.disk_bytes, keep=name)
        return Provision(image.id, unavailable)

    def _widen(self, base: Image, binary: Mapping[Wheel, Path]) -> None:
        """Get the binary wheels into the bundle.

        BinaryWheel for another version of one that is in there: blocks that differ would take turns in relinking it.
        """
        for wheel in binary:
            if wheel.name in base.packages:
                raise BinaryWheel(f"{wheel.name}=={wheel.version}", wheel.file.name)
        full.widen(binary, home=self.home, policy=self.policy, progress=self.progress)
        del self.base, self.distribution

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


def _key(needs: object) -> str:
    return sha256_bytes(canonical_json(needs))[:16]
