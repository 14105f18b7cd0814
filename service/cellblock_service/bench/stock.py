"""What the measurements have in common: bundles, images of them, npm's pyodide, and a home of their own to build in.

Images that are only measured are made in a scratch home, a copy of the real one by hard links, which is gone
afterwards. What stays is what later runs would have to fetch or link again: npm's pyodide, a wheel, the bundle `bench`.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cellblock_sandbox import Image
from cellblock_sandbox.image import pins, snapshot, standard
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.progress import Progress, SilentProgress
from cellblock_sandbox.image.snapshot import Recipe
from cellblock_sandbox.image.store import Store, Stored

_FEW = "bench"
SCIENCE = ("scipy.stats", "sklearn.linear_model", "matplotlib.pyplot")
NO_FULL = "not measured: the bundle full isn't there; build it with: cellblock bundle build full"
NO_NODE = "not measured: node or npm isn't installed"


@dataclass(frozen=True)
class Stock:
    """`home` is the real one, `scratch` the one that disappears."""

    progress: Progress
    home: Home
    scratch: Home

    @classmethod
    @contextmanager
    def opened(cls, progress: Progress) -> Iterator[Stock]:
        """A stock for some measurements, on the home in force."""
        home = Home.find()
        with home.writing(), scratch_home(home, home.bundles, home.images, home.downloads, home.tools) as scratch:
            yield cls(progress, home, scratch)

    @cached_property
    def few(self) -> Stored:
        """The bundle of numpy and pandas, with some 60 libraries; linked if it isn't there, a matter of minutes.

        The default bundle, in fact, under a name of its own: that one goes when the full one has taken its place.
        """
        return standard.build_bundle(standard.PACKAGES, name=_FEW, home=self.home, progress=self.progress)

    @cached_property
    def many(self) -> Stored | None:
        """The bundle of all libraries, 200 and more, if it has been built."""
        return Store(self.home).find("bundle", standard.FULL)

    @cached_property
    def pyodide(self) -> Path | None:
        """The folder of npm's pyodide, of the version the bundles are made of. None without Node and npm."""
        return installed_pyodide(self.home)

    def build(self, name: str, bundle: Stored, preload: Sequence[str] = ()) -> Stored:
        """An image in the scratch home, made there if this run hasn't yet."""
        if not (self.scratch.bundles / bundle.id).exists():  # linked since the scratch home was made
            _link(bundle.folder, self.scratch.bundles / bundle.id)
        recipe = Recipe(bundle.id, tuple(preload))
        return snapshot.build(name, recipe, home=self.scratch, progress=SilentProgress())

    def image(self, name: str, bundle: Stored, preload: Sequence[str] = ()) -> Image:
        """The same, opened."""
        return Image.open(self.build(name, bundle, preload).id, home=self.scratch.root, verify=False)


@contextmanager
def scratch_home(home: Home, *folders: Path) -> Iterator[Home]:
    """A home that holds `folders` of `home`, by hard links. Files in a home are replaced, never written to."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=home.root) as root:
        scratch = Home(Path(root))
        for folder in folders:
            _link(folder, scratch.root / folder.relative_to(home.root))
        yield scratch


def _link(source: Path, target: Path) -> None:
    """Copy a folder by hard links, without lock files and what others are just building."""
    shutil.copytree(source, target, copy_function=_hard_link, ignore=shutil.ignore_patterns(".work-*", ".guard"))


def _hard_link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def installed_pyodide(home: Home) -> Path | None:
    """The folder of npm's pyodide, of the version the bundles are made of, installed if need be; None without npm."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return None
    folder = home.tools / f"pyodide-{pins.pyodide_version()}"
    if not (folder / "node_modules" / "pyodide").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        package = f"pyodide@{pins.pyodide_version()}"
        command = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", package]
        subprocess.run(command, check=True, capture_output=True)
    return folder / "node_modules" / "pyodide"
