"""What an installation has: a bundle, and the images made of it.

First comes the bundle `default` with numpy and pandas, built in a minute or two, so that there is something to work
with. The bundle `full` takes its place once it is built: every binary library that the sources can deliver. The images
of `IMAGES` stand on the better of the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from packaging.utils import parse_wheel_filename

from cellblock_sandbox.errors import LinkError
from cellblock_sandbox.image import bundle, pins, snapshot
from cellblock_sandbox.image.distribution import Distribution, Package, RemoteFile
from cellblock_sandbox.image.fetch import Fetcher
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.manifest import StoredFile
from cellblock_sandbox.image.packages import Policy, Wheel, open_catalogue, provide, published
from cellblock_sandbox.image.progress import Progress
from cellblock_sandbox.image.snapshot import Recipe
from cellblock_sandbox.image.store import Store, Stored

DEFAULT, FULL = "default", "full"
PACKAGES = ("numpy", "pandas")
# Each image, and what it holds imported.
IMAGES: dict[str, tuple[str, ...]] = {"core": (), "data": ("numpy", "pandas")}
# Our guest packages have a micropip of their own, which asks the host.
PROVIDED_BY_GUEST = frozenset({"micropip"})


def build_missing(*, home: Home, progress: Progress) -> dict[str, Stored]:
    """Build what isn't there yet or was made by another Cellblock, drop what that replaces; the images by name.

    Raises as the builders do.
    """
    require_bundle(home=home, progress=progress)
    return _build_images(home, progress)


def require_bundle(*, home: Home, progress: Progress) -> str:
    """The id of the current bundle; the default one is built if there is none."""
    found = current_bundle(Store(home)) or build_bundle(PACKAGES, name=DEFAULT, home=home, progress=progress)
    return found.id


def build_full(*, home: Home, policy: Policy, progress: Progress) -> dict[str, Stored]:
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
    return _build_images(home, progress)


def require_images(*, home: Home, progress: Progress) -> None:
    """Build what is missing, if anything is. Looks at manifests only."""
    store = Store(home)
    if any(store.find("image", name, verify=False) is None for name in IMAGES):
        build_missing(home=home, progress=progress)


def widen(wheels: Mapping[Wheel, Path], *, home: Home, policy: Policy, progress: Progress) -> None:
    """Make a bundle that has binary `wheels`: the full bundle, and if that is what there is, one with them added."""
    store = Store(home)
    full = store.find("bundle", FULL)
    if full is None:
        build_full(home=home, policy=policy, progress=progress)
        return
    held = {
        _wheel(stored): full.file(stored.name) for stored in full.manifest.files if stored.name.startswith("wheels/")
    }
    together = {**held, **wheels}
    bundle.build(list(together), lambda _: together, name=FULL, home=home, progress=progress)
    _build_images(home, progress)


def full_with(requirements: Sequence[str], *, home: Home, policy: Policy, progress: Progress) -> Stored:
    """The full bundle, built if need be, with `requirements` (PEP 508) and all they need added to it.

    Raises the errors of resolving and fetching, and the builders'.
    """
    store = Store(home)
    build_full(home=home, policy=policy, progress=progress)
    full = store.open("bundle", FULL, verify=False)
    lock = Distribution.load(full.file(pins.LOCK))
    installed = full.manifest.packages
    added = provide(requirements, home=home, distribution=lock, policy=policy, installed=installed, progress=progress)
    if added:
        widen(dict(added), home=home, policy=policy, progress=progress)
    return store.open("bundle", FULL, verify=False)


def _wheel(stored: StoredFile) -> Wheel:
    """A wheel as a bundle's manifest knows it."""
    file = RemoteFile(stored.name.rpartition("/")[2], stored.sha256)
    name, version, _, tags = parse_wheel_filename(file.name)
    return Wheel(name, str(version), file, "distribution", "", all(tag.platform == "any" for tag in tags))


def distribution(home: Home, progress: Progress) -> Distribution:
    """The lock of the pinned Pyodide release, from the current bundle if there is one."""
    found = current_bundle(Store(home))
    return Distribution.load(found.file(pins.LOCK)) if found else Fetcher(home, progress).distribution()


def has_full(store: Store) -> bool:
    """Whether the full bundle is there, by its manifest."""
    return store.find("bundle", FULL, verify=False) is not None


def current_bundle(store: Store) -> Stored | None:
    """The bundle that images are made of: the full one if it is there, else the default one."""
    return store.find("bundle", FULL, verify=False) or store.find("bundle", DEFAULT, verify=False)


def build_bundle(packages: Iterable[str], *, name: str, home: Home, progress: Progress) -> Stored:
    """Build a bundle of packages of the distribution and all they depend on. Raises as the builders do."""
    fetcher = Fetcher(home, progress)
    wanted = [each for each in fetcher.distribution().closure(packages) if each.name not in PROVIDED_BY_GUEST]

    def fetch(wheels: Sequence[Wheel]) -> Mapping[Wheel, Path]:
        paths = fetcher.get(wheel.file for wheel in wheels)
        return {wheel: paths[wheel.file.name] for wheel in wheels}

    return bundle.build([as_wheel(each) for each in wanted], fetch, name=name, home=home, progress=progress)


def as_wheel(package: Package) -> Wheel:
    """The wheel of a package of the distribution."""
    pure = package.file.name.endswith("-none-any.whl")
    return Wheel(package.name, package.version, package.file, "distribution", "", pure, package.depends)


def _deliverable(fetcher: Fetcher, policy: Policy) -> dict[Wheel, Path]:
    """The wheels of the distribution that some source has together with all they depend on.

    Without what the operator denies, and without packages that are another one's tests.
    """
    lock = fetcher.distribution()
    left_out = PROVIDED_BY_GUEST | policy.deny
    candidates = [each for each in lock.packages.values() if not each.name.endswith("-tests")]
    there = {each.name for each in candidates if each.name not in left_out and fetcher.has(each.file)}
    whole = [name for name in sorted(there) if {each.name for each in lock.closure([name])} <= there]
    wheels = [as_wheel(each) for each in lock.closure(whole)]
    paths = fetcher.get(wheel.file for wheel in wheels)
    return {wheel: paths[wheel.file.name] for wheel in wheels}


def _published(held: Mapping[Wheel, Path], home: Home, policy: Policy, progress: Progress) -> Mapping[Wheel, Path]:
    """Binary wheels of the distribution's other packages that indexes have, to go with what is `held`."""
    lock = distribution(home, progress)
    installed = {wheel.name: wheel.version for wheel in held}
    others = [each.name for each in map(as_wheel, lock.packages.values()) if not each.pure]
    wanted = [name for name in sorted(others) if name not in installed and not name.endswith("-tests")]
    with progress.step(f"look for {len(wanted)} more packages"):
        catalogue = open_catalogue(home=home, distribution=lock, policy=policy, installed=installed, progress=progress)
        return published(wanted, catalogue, policy)


def _build_images(home: Home, progress: Progress) -> dict[str, Stored]:
    store = Store(home)
    base = current_bundle(store)
    assert base is not None, "the caller has built a bundle"
    images = {
        name: snapshot.build(name, Recipe(base.id, preload), home=home, progress=progress)
        for name, preload in IMAGES.items()
    }
    if FULL in store.names("bundle", base.id):
        store.unbind("bundle", DEFAULT)
    store.prune(progress)
    return images
