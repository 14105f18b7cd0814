"""What a fresh installation has: one bundle, and the images made of it."""

from __future__ import annotations

from cellblock_sandbox.image import bundle, snapshot
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.progress import Progress
from cellblock_sandbox.image.store import Store, Stored

BUNDLE = "default"
PACKAGES = ("numpy", "pandas")
# Each image, and what it holds imported.
IMAGES: dict[str, tuple[str, ...]] = {"core": (), "data": ("numpy", "pandas")}


def build_missing(*, home: Home, progress: Progress) -> dict[str, Stored]:
    """Build what isn't there yet or was made by another Cellblock, drop what that replaces; the images by name.

    Raises as the builders do.
    """
    bundle.build(PACKAGES, name=BUNDLE, home=home, progress=progress)
    images = {
        name: snapshot.build(name, preload, bundle=BUNDLE, home=home, progress=progress)
        for name, preload in IMAGES.items()
    }
    Store(home).prune(progress)
    return images
