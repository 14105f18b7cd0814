"""The image each area runs in: the smallest standard one that has what it needs, else one of the full bundle."""

from pathlib import Path

from cellblock_sandbox import Image
from cellblock_sandbox.image import bundle, snapshot, standard
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.progress import SilentProgress
from cellblock_sandbox.image.store import Store

_BUNDLE = "full"
_PACKAGES = (
    *("numpy", "pandas", "scipy", "scikit-learn", "matplotlib", "pillow"),
    *("lxml", "sympy", "regex", "beautifulsoup4", "pydantic"),
)
_IMAGE = "conformance"
# Imported ahead, because a module takes longer to import than a program to run.
_PRELOAD = (
    *(
        "numpy",
        "pandas",
        "matplotlib.pyplot",
        "PIL.Image",
        "PIL.ImageDraw",
        "lxml.etree",
        "lxml.html",
        "sympy",
        "regex",
    ),
    *("bs4", "pydantic", "scipy.integrate", "scipy.interpolate", "scipy.io", "scipy.linalg", "scipy.ndimage"),
    *(
        "scipy.optimize",
        "scipy.signal",
        "scipy.sparse.csgraph",
        "scipy.sparse.linalg",
        "scipy.spatial",
        "scipy.special",
    ),
    *("scipy.stats", "scipy.fft", "scipy.cluster.hierarchy", "sklearn.cluster", "sklearn.datasets"),
    *(
        "sklearn.decomposition",
        "sklearn.ensemble",
        "sklearn.linear_model",
        "sklearn.metrics",
        "sklearn.model_selection",
    ),
    *("sklearn.naive_bayes", "sklearn.neighbors", "sklearn.pipeline", "sklearn.preprocessing", "sklearn.svm"),
    *("sklearn.tree", "sklearn.feature_extraction.text", "sklearn.compose"),
)


class Images:
    """The images of one home, built when missing, opened when first asked for."""

    def __init__(self, home: Home) -> None:
        self._home = home
        standard.build_missing(home=home, progress=SilentProgress())
        store = Store(home)
        full = store.find("bundle", _BUNDLE)
        if full is None:
            full = bundle.build(_PACKAGES, name=_BUNDLE, home=home, progress=SilentProgress())
        self.wheels: Path = full.file(bundle.WHEELS)
        self._opened: dict[str, Image] = {}

    def image(self, packages: tuple[str, ...]) -> Image:
        """An image that can import `packages`."""
        name = "core" if not packages else "data" if set(packages) <= {"numpy", "pandas"} else _IMAGE
        if name not in self._opened:
            if name == _IMAGE:
                snapshot.build(name, _PRELOAD, bundle=_BUNDLE, home=self._home, progress=SilentProgress())
            self._opened[name] = Image.open(name, home=self._home.root, verify=False)
        return self._opened[name]
