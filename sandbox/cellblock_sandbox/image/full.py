"""The full bundle: every binary library that can be had, so that new imports are never more than a new image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cellblock_sandbox.errors import BinaryWheel, LinkError, ToolMissing
from cellblock_sandbox.image import bundle, pins
from cellblock_sandbox.image.distribution import Distribution, RemoteFile
from cellblock_sandbox.image.fetch import Fetcher
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_sandbox.image.packages.provide import open_catalogue, provide
from cellblock_sandbox.image.packages.published import published
from cellblock_sandbox.image.progress import Progress
from cellblock_sandbox.image.standard import FULL, PROVIDED_BY_GUEST, build_images, distribution, has_full
from cellblock_sandbox.image.store import Store, Stored
from cellblock_sandbox.image.toolchain import Toolchain
from cellblock_sandbox.image.wheel import Wheel


def build(*, home: Home, policy: Policy, progress: Progress) -> dict[str, Stored]:
    """Build the full bundle if it isn't there yet, and the standard images on it.

    It holds what the sources have of the distribution, and the binary wheels that indexes have of the rest of it.
    """
    if not has_full(Store(home)):
        wheels = _deliverable(Fetcher(home, progress), policy)
        more = _published(wheels, home, policy, progress)
        try:
            bundle.build([*wheels, *more], lambda _: {**wheels, **more}, name=FULL, home=home, progress=progress)
        except LinkError as problem:
            # What others publish is an extra: it must not cost everyone the rest.
            progress.note(f"{problem}\nThe bundle is built without the wheels that only indexes have.")
            bundle.build(list(wheels), lambda _: wheels, name=FULL, home=home, progress=progress)
    return build_images(home, progress)


def widen(wheels: Mapping[Wheel, Path], *, home: Home, policy: Policy, progress: Progress) -> None:
    """Make a bundle that has binary `wheels`: the full bundle, and if that is what there is, one with them added.

    A wheel takes the place of another version of it. BinaryWheel if there is no toolchain to link with.
    """
    full = Store(home).find("bundle", FULL)
    try:
        Toolchain.require()
        if full is None:
            build(home=home, policy=policy, progress=progress)
            return
        names = {wheel.name for wheel in wheels}
        together = {wheel: path for wheel, path in held_by(full).items() if wheel.name not in names} | dict(wheels)
        bundle.build(list(together), lambda _: together, name=FULL, home=home, progress=progress)
    except ToolMissing as problem:
        wheel = next(iter(wheels))
        raise BinaryWheel(wheel.name, wheel.file.name) from problem
    build_images(home, progress)


def held_by(stored: Stored) -> dict[Wheel, Path]:
    """The wheels of a bundle, with their places in it."""
    prefix = f"{bundle.WHEELS}/"
    held = [each for each in stored.manifest.files if each.name.startswith(prefix)]
    files = {each.name: RemoteFile(each.name.removeprefix(prefix), each.sha256) for each in held}
    return {Wheel.named(file): stored.file(name) for name, file in files.items()}


def build_with(requirements: Sequence[str], *, home: Home, policy: Policy, progress: Progress) -> Stored:
    """The full bundle, built if need be, with `requirements` (PEP 508) and all they need added to it.

    Raises the errors of resolving and fetching, and the builders'.
    """
    store = Store(home)
    build(home=home, policy=policy, progress=progress)
    full = store.open("bundle", FULL, verify=False)
    lock = Distribution.load(full.file(pins.LOCK))
    installed = full.manifest.packages
    added = provide(requirements, home=home, distribution=lock, policy=policy, installed=installed, progress=progress)
    if added:
        widen(dict(added), home=home, policy=policy, progress=progress)
    return store.open("bundle", FULL, verify=False)


def _deliverable(fetcher: Fetcher, policy: Policy) -> dict[Wheel, Path]:
    """The wheels of the distribution that some source has together with all they depend on.

    Without what the operator denies, and without packages that are another one's tests.
    """
    lock = fetcher.distribution()
    left_out = PROVIDED_BY_GUEST | policy.deny
    candidates = [each for each in lock.packages.values() if not each.name.endswith("-tests")]
    there = {each.name for each in candidates if each.name not in left_out and fetcher.has(each.file)}
    whole = [name for name in sorted(there) if {each.name for each in lock.closure([name])} <= there]
    wheels = [Wheel.of(each) for each in lock.closure(whole)]
    paths = fetcher.get(wheel.file for wheel in wheels)
    return {wheel: paths[wheel.file.name] for wheel in wheels}


def _published(held: Mapping[Wheel, Path], home: Home, policy: Policy, progress: Progress) -> Mapping[Wheel, Path]:
    """Binary wheels of the distribution's other packages that indexes have, to go with what is `held`."""
    lock = distribution(home, progress)
    installed = {wheel.name: wheel.version for wheel in held}
    others = [each.name for each in map(Wheel.of, lock.packages.values()) if not each.pure]
    wanted = [name for name in sorted(others) if name not in installed and not name.endswith("-tests")]
    with progress.step(f"look for {len(wanted)} more packages"):
        catalogue = open_catalogue(home=home, distribution=lock, policy=policy, installed=installed, progress=progress)
        return published(wanted, catalogue, policy)
