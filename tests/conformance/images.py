"""The image each area runs in: the smallest standard one that has what it needs, else one of the full bundle."""

from pathlib import Path

from cellblock_sandbox import Image
from cellblock_sandbox.image import full, snapshot
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_sandbox.image.progress import SilentProgress
from cellblock_sandbox.image.snapshot import Recipe
from cellblock_sandbox.image.standard import FULL
from cellblock_sandbox.image.store import Store

_NAME = "conformance"
# Imported in advance, because these modules take longer to import than a program takes to run.
_PRELOAD = """
numpy pandas matplotlib.pyplot PIL.Image PIL.ImageDraw lxml.etree lxml.html sympy regex bs4 pydantic requests
scipy.cluster.hierarchy scipy.fft scipy.integrate scipy.interpolate scipy.io scipy.linalg scipy.ndimage scipy.optimize
scipy.signal scipy.sparse.csgraph scipy.sparse.linalg scipy.spatial scipy.special scipy.stats sklearn.cluster
sklearn.compose sklearn.datasets sklearn.decomposition sklearn.ensemble sklearn.feature_extraction.text
sklearn.linear_model sklearn.metrics sklearn.model_selection sklearn.naive_bayes sklearn.neighbors sklearn.pipeline
sklearn.preprocessing sklearn.svm sklearn.tree
"""


class Images:
    """The images of one home, built when missing, opened when first asked for."""

    def __init__(self, home: Home) -> None:
        self._home = home
        full.build(home=home, policy=Policy.from_environment(), progress=SilentProgress())
        self._full = Store(home).open("bundle", FULL, verify=False)
        self._opened: dict[str, Image] = {}

    def image(self, packages: tuple[str, ...]) -> Image:
        """An image that can import `packages`, those of an area."""
        name = "core" if not packages else "data" if set(packages) <= {"numpy", "pandas"} else _NAME
        if name not in self._opened:
            if name == _NAME:
                recipe = Recipe(self._full.id, tuple(_PRELOAD.split()))
                snapshot.build(name, recipe, home=self._home, progress=SilentProgress())
            self._opened[name] = Image.open(name, home=self._home.root, verify=False)
        return self._opened[name]

    def wheels(self) -> dict[str, Path]:
        """The wheels that images are made of, by the canonical names of their packages."""
        return {wheel.name: path for wheel, path in full.held_by(self._full).items()}
