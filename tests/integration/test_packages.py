"""From a block's text to the image it runs in: what it imports and lists is there, or said to be missing."""

from __future__ import annotations

import base64
import hashlib
import time
import zipfile
from pathlib import Path

import pytest
from cellblock_sandbox import Image
from cellblock_sandbox.errors import BinaryWheel, PackageDenied, VersionConflict, WheelMissing
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_sandbox.image.progress import SilentProgress
from cellblock_sandbox.image.store import Store
from cellblock_sandbox.installation import within
from cellblock_sandbox.needs import Provision
from cellblock_sandbox.provision import Provider, install

OFFLINE = Policy(offline=True)
PLENTY = 8 << 30


@pytest.fixture
def provider(image_home: Path) -> Provider:
    return Provider(Home.find(image_home), OFFLINE, SilentProgress(), disk_bytes=PLENTY)


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function that puts a pure-Python wheel into a folder that is a source."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("CELLBLOCK_SOURCES", f"{folder} default")

    def make(name: str, version: str, code: str, needs: tuple[str, ...] = ()) -> Path:
        path = folder / f"{name}-{version}-py3-none-any.whl"
        info = f"{name}-{version}.dist-info"
        needed = "".join(f"Requires-Dist: {each}\n" for each in needs)
        files = {
            f"{name}/__init__.py": code,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        hashes = {each: hashlib.sha256(content.encode()).digest() for each, content in files.items()}
        encoded = {each: base64.urlsafe_b64encode(digest).decode().rstrip("=") for each, digest in hashes.items()}
        record = "".join(f"{each},sha256={digest},\n" for each, digest in encoded.items()) + f"{info}/RECORD,,\n"
        with zipfile.ZipFile(path, "w") as archive:
            for each, content in {**files, f"{info}/RECORD": record}.items():
                archive.writestr(each, content)
        return path

    return make


def run(provision: Provision, home: Path, code: str, **arguments):
    image = Image.open(provision.image, home=home, verify=False)
    with image.sandbox() as sandbox:
        return sandbox.run(code, unavailable=provision.unavailable, **arguments)


def test_what_the_standard_image_has_needs_no_other(provider):
    for code in ("return 1", "import json, numpy as np, pandas", "import micropip, nowhere_at_all", "x = = import"):
        assert provider.provide(code) == Provision(provider.base.id)
    assert provider.provide("return 1", ["numpy", "pandas>=3"]) == Provision(provider.base.id)


def test_imports_decide_and_are_there_at_once(provider, image_home):
    provision = provider.provide("import scipy.stats, sys\nfrom lxml import etree\nreturn 1")
    assert provision.image != provider.base.id
    again = "from lxml import etree\nimport sys\nimport scipy.stats as st"
    assert provider.provide(again) == provision, "equal imports share an image"
    loaded = run(provision, image_home, "import sys\nreturn sorted({'scipy.stats', 'lxml.etree'} & sys.modules.keys())")
    assert loaded.value == ["lxml.etree", "scipy.stats"]


def test_a_scientific_stack_that_nobody_named(provider, image_home):
    code = """
import io, matplotlib.pyplot as plt, scipy.stats, sklearn.linear_model, sympy, lxml.etree, PIL.Image, numpy as np
line = sklearn.linear_model.LinearRegression().fit(np.arange(10.0)[:, None], np.arange(10.0) * 2 + 1)
plt.plot([1, 2, 3])
picture = io.BytesIO()
plt.savefig(picture)
x = sympy.Symbol("x")
return {
    "slope": round(float(line.coef_[0]), 6),
    "p": round(float(scipy.stats.norm.cdf(1)), 6),
    "integral": str(sympy.integrate(x**2)),
    "tag": lxml.etree.fromstring("<a><b/></a>")[0].tag,
    "picture": PIL.Image.open(picture).size,
}"""
    outcome = run(provider.provide(code), image_home, code)
    assert outcome.status == "completed", outcome.error
    assert outcome.value == {"slope": 2.0, "p": 0.841345, "integral": "x**3/3", "tag": "b", "picture": (640, 480)}


def test_a_package_that_no_source_has_is_named_where_it_is_imported(provider, image_home):
    code = "x = 1\ntry:\n    import geopandas\nexcept ImportError as error:\n    return str(error)"
    outcome = run(provider.provide(code), image_home, code)
    assert outcome.status == "completed"
    assert "No module named 'geopandas'" in outcome.value
    bare = "x = 1\nimport geopandas"
    outcome = run(provider.provide(bare), image_home, bare)
    assert (outcome.error.type, outcome.error.line) == ("ModuleNotFoundError", 2)


@pytest.mark.network
def test_a_binary_package_that_no_source_has_names_wheel_and_sources(image_home):
    provider = Provider(Home.find(image_home), Policy(), SilentProgress(), disk_bytes=PLENTY)
    with pytest.raises(WheelMissing) as caught:
        provider.provide("import polars", ["polars"])
    assert "polars-" in str(caught.value)
    assert "open-webui" in str(caught.value)


def test_listed_packages_with_what_they_need(provider, wheel, image_home):
    wheel("leaf", "1.5", "VALUE = 20")
    wheel("trunk", "2.0", "import leaf\nVALUE = leaf.VALUE + 1", needs=("leaf>=1", "numpy"))
    code = "import trunk, leaf\nfrom importlib import metadata\nreturn trunk.VALUE, metadata.version('leaf')"
    outcome = run(provider.provide(code, ["trunk"]), image_home, code)
    assert outcome.value == (21, "1.5")
    assert provider.store.open("image", provider.provide(code, ["trunk"]).image).manifest.packages["trunk"] == "2.0"


def test_another_version_hides_the_bundles_own(provider, wheel, image_home):
    wheel("six", "99.0", "__version__ = '99.0'")
    code = "import six\nfrom importlib import metadata\nreturn six.__version__, metadata.version('six')"
    assert run(provider.provide(code, ["six>=99"]), image_home, code).value == ("99.0", "99.0")
    assert run(provider.provide(code), image_home, code).value[0] != "99.0"


@pytest.mark.network
def test_a_version_that_cant_be_names_both_requirements(image_home, wheel):
    provider = Provider(Home.find(image_home), Policy(), SilentProgress(), disk_bytes=PLENTY)
    wheel("modern", "1.0", "", needs=("numpy<2",))
    with pytest.raises(VersionConflict) as caught:
        provider.provide("import modern, numpy", ["modern", "numpy>=2"])
    assert "<2" in str(caught.value)
    assert ">=2" in str(caught.value)


def test_denied_is_denied(image_home, wheel):
    wheel("secret", "1.0", "")
    home, policy = Home.find(image_home), Policy(offline=True, deny=frozenset({"secret"}))
    with pytest.raises(PackageDenied):
        Provider(home, policy, SilentProgress(), disk_bytes=PLENTY).provide("import secret", ["secret"])


def test_an_import_that_raises_leaves_the_others_ready(provider, wheel, image_home):
    wheel("fragile", "1.0", "raise ValueError('not today')")
    code = "import sys\ntry:\n    import fragile\nexcept ValueError:\n    pass\nimport bs4\nreturn 'done'"
    provision = provider.provide(code, ["fragile"])
    assert run(provision, image_home, "import sys\nreturn 'bs4' in sys.modules, 'fragile' in sys.modules").value == (
        True,
        False,
    )
    assert run(provision, image_home, code).value == "done"


def test_the_least_recently_used_images_make_room(provider, image_home):
    first, second = provider.provide("import soupsieve").image, provider.provide("import pytz.exceptions").image
    provider.provide("import soupsieve")
    store = Store(Home.find(image_home))
    made = [each for each in store.list("image") if each.names and all(n.startswith("set-") for n in each.names)]
    sizes = {entry.id: entry.size for entry in made}
    store.evict("image", "set-", sum(sizes.values()) - 1, keep="")
    left = {entry.id for entry in store.list("image")}
    assert first in left
    assert {provider.base.id} <= left
    assert len(sizes.keys() - left) == 1
    assert second


# ---- micropip


@pytest.fixture
def installer(image_home):
    def ask(requirements, installed, seconds):
        home = Home.find(image_home)
        return within(
            seconds, lambda: install(requirements, installed, home=home, policy=OFFLINE, progress=SilentProgress())
        )

    return ask


MICROPIP = """
import micropip
await micropip.install(data)
import leaf
from importlib import metadata
return leaf.VALUE, metadata.version("leaf"), micropip.list()["leaf"]
"""


def test_micropip_installs_for_one_sandbox(image, wheel, installer):
    wheel("leaf", "1.5", "VALUE = 20")
    with image.sandbox(installer=installer) as sandbox, image.sandbox(installer=installer) as other:
        outcome = sandbox.run(MICROPIP, data="leaf==1.5")
        assert outcome.status == "completed", outcome.error
        assert outcome.value == (20, "1.5", "1.5")
        assert other.run("import leaf").error.type == "ModuleNotFoundError"
        assert sandbox.run("import leaf; return leaf.VALUE").value == 20


@pytest.mark.parametrize(
    ("requirement", "told"),
    [
        ("no-such-package-anywhere", "no-such-package-anywhere"),
        ("leaf==9", "leaf"),
        ("leaf @ http://127.0.0.1/x.whl", "address"),
        ("numpy<2", "numpy"),
        ("a b c", "a b c"),
    ],
)
def test_micropip_says_what_cant_be_had(image, wheel, installer, requirement, told):
    wheel("leaf", "1.5", "VALUE = 20")
    with image.sandbox(installer=installer) as sandbox:
        outcome = sandbox.run(MICROPIP, data=requirement)
        assert outcome.error.type == "PackageError"
        assert told in outcome.error.message
        assert sandbox.run("return 1").value == 1


def test_micropip_without_an_installer_is_off(sandbox):
    assert "switched off" in sandbox.run(MICROPIP, data="leaf").error.message


@pytest.mark.parametrize(
    "request_", ["[]extra", "{}", "[1]", '["a", null]', "[" * 30_000, '["' + "a" * 2000 + '"]', ""]
)
def test_the_door_refuses_what_is_no_request(image, installer, request_):
    code = """
with open("/dev/cellblock/packages", "r+b", buffering=0) as door:
    door.write(data.encode())
    return door.read(100000)"""
    with image.sandbox(installer=installer) as sandbox:
        outcome = sandbox.run(code, data=request_)
        assert outcome.status == "completed", outcome.error
        assert outcome.value == b"" if not request_ else b'"error"' in outcome.value
        assert sandbox.run("return 2").value == 2


def test_an_installer_that_takes_long_ends_at_the_deadline(image, wheel):
    def slow(requirements, installed, seconds):
        return within(seconds, lambda: time.sleep(30) or [])

    with image.sandbox(installer=slow) as sandbox:
        outcome = sandbox.run(MICROPIP, data="leaf", timeout_s=0.5)
    assert outcome.status in ("timeout", "error")
    assert outcome.timings_ms["run"] < 20_000


def test_a_binary_wheel_is_not_for_a_running_sandbox(image_home, wheel):
    with pytest.raises(BinaryWheel, match="bundle build full"):
        install(["lxml"], {"six": "1"}, home=Home.find(image_home), policy=OFFLINE, progress=SilentProgress())


@pytest.mark.network
def test_micropip_from_the_public_index(image, image_home):
    def ask(requirements, installed, seconds):
        home = Home.find(image_home)
        return within(
            seconds, lambda: install(requirements, installed, home=home, policy=Policy(), progress=SilentProgress())
        )

    with image.sandbox(installer=ask) as sandbox:
        code = "import micropip\nawait micropip.install('humanize==4.13.0')\nimport humanize\n"
        outcome = sandbox.run(code + "return humanize.naturalsize(10**9)")
    assert outcome.value == "1.0 GB"


@pytest.mark.network
def test_a_pure_package_of_the_distribution_comes_from_the_public_index(image_home):
    provider = Provider(Home.find(image_home), Policy(), SilentProgress(), disk_bytes=PLENTY)
    code = "import networkx as nx\nreturn nx.shortest_path(nx.path_graph(5), 0, 4)"
    outcome = run(provider.provide(code), image_home, code)
    assert outcome.value == [0, 1, 2, 3, 4]
