"""What an installation has: a bundle, and the images made of it.

First comes the bundle `default` with numpy and pandas, built in a minute or two, so that there is something to work
with. The bundle `full` (full.py) takes its place once it is built. The images of `IMAGES` stand on the better one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cellblock_sandbox.image import bundle, pins, snapshot
from cellblock_sandbox.image.distribution import Distribution
from cellblock_sandbox.image.fetch import Fetcher
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.progress import Progress
from cellblock_sandbox.image.snapshot import Recipe
from cellblock_sandbox.image.store import Store, Stored
from cellblock_sandbox.image.wheel import Wheel

DEFAULT, FULL = "default", "full"
PACKAGES = ("numpy", "pandas")
# The names of images that are made for what blocks import begin with this.
ON_DEMAND = "set-"
# Each image, and what it holds imported.
IMAGES: dict[str, tuple[str, ...]] = {"core": (), "data": ("numpy", "pandas")}
# Our guest packages have a micropip of their own, which asks the host.
PROVIDED_BY_GUEST = frozenset({"micropip"})


def build_missing(*, home: Home, progress: Progress) -> dict[str, Stored]:
    """Build what isn't there yet or was made by another Cellblock, drop what that replaces; the images by name.

    Raises as the builders do.
    """
    require_bundle(home=home, progress=progress)
    return build_images(home, progress)


def require_bundle(*, home: Home, progress: Progress) -> str:
    """The id of the current bundle; the default one is built if there is none."""
    found = current_bundle(Store(home)) or build_bundle(PACKAGES, name=DEFAULT, home=home, progress=progress)
    return found.id


def require_images(*, home: Home, progress: Progress) -> None:
    """Build what is missing, if anything is. Looks at manifests only."""
    store = Store(home)
    if any(store.find("image", name, verify=False) is None for name in IMAGES):
        build_missing(home=home, progress=progress)


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

    return bundle.build([Wheel.of(each) for each in wanted], fetch, name=name, home=home, progress=progress)


def build_images(home: Home, progress: Progress) -> dict[str, Stored]:
    """Build the standard images on the current bundle, and drop what stands on another one."""
    store = Store(home)
    base = current_bundle(store)
    assert base is not None, "the caller has built a bundle"
    images = {
        name: snapshot.build(name, Recipe(base.id, preload), home=home, progress=progress)
        for name, preload in IMAGES.items()
    }
    if FULL in store.names("bundle", base.id):
        store.unbind("bundle", DEFAULT)
    for entry in store.list("image"):
        made_for_blocks = entry.names and all(name.startswith(ON_DEMAND) for name in entry.names)
        if made_for_blocks and (entry.manifest is None or entry.manifest.inputs["bundle"] != base.id):
            store.remove("image", entry.id)
    store.prune(progress)
    return images
