"""What an image may hold: nothing of the machine that built it, no open file, no failed import, no random sequence."""

import os
import shutil
import socket
import time
import zipfile
from pathlib import Path

import pytest
from cellblock_sandbox import Image
from cellblock_sandbox.image import snapshot
from cellblock_sandbox.image.distribution import RemoteFile
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.progress import SilentProgress
from cellblock_sandbox.image.snapshot import Recipe
from cellblock_sandbox.image.wheel import Wheel


@pytest.fixture
def make(image, image_home, tmp_path):
    """Build an image on the standard bundle, in a home of its own, with modules given by their source."""
    home = Home.find(tmp_path / "canary-home")
    home.bundles.mkdir(parents=True)
    bundle = Home.find(image_home).bundles / image.bundle
    shutil.copytree(bundle, home.bundles / image.bundle, copy_function=os.link)

    def make(*preload, **sources):
        recipe = Recipe(image.bundle, preload, _wheel(tmp_path, sources) if sources else {})
        return snapshot.build("made", recipe, home=home, progress=SilentProgress())

    make.home = home.root
    return make


def _wheel(folder, sources):
    path = folder / "made-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, source in sources.items():
            archive.writestr(f"{name}.py", source)
    return {Wheel("made", "1.0", RemoteFile(path.name, "0" * 64), "test", "", True): path}


# ---- the machine


def test_nothing_of_the_building_machine_is_captured(make, monkeypatch):
    """The image's files as they are on disk, searched: its memory is in one of them, uncompressed."""
    monkeypatch.setenv("CANARY", "canary-value")
    monkeypatch.setenv("PYTHONPATH", "/canary-path")
    monkeypatch.setenv("HOSTNAME", "canary-host")
    stored = make("json", "numpy", "canary", canary="text = 'written by the wheel'\n")
    contents = {path.name: path.read_bytes() for path in stored.folder.iterdir() if path.is_file()}
    assert b"written by the wheel" in contents[snapshot.MEMORY]
    words = [str(make.home), "canary-value", "/canary-path", "canary-host", str(Path(snapshot.__file__).parents[2])]
    words += [word for word in (str(Path.home()) + "/", socket.gethostname(), os.environ["PATH"]) if len(word) > 6]
    found = [(word, name) for word in words for name, content in contents.items() if word.encode() in content]
    assert found == []


def test_code_has_paths_of_the_guest(sandbox):
    code = """
    import gc, sys, types
    paths = {each.__code__.co_filename for each in gc.get_objects() if isinstance(each, types.FunctionType)}
    paths |= {getattr(each, "__file__", None) or "" for each in list(sys.modules.values())} | set(sys.path)
    known = ("", "block", "/lib/", "<")
    return [path for path in paths if not path.startswith(known[2:]) and path not in known]
    """
    assert sandbox.run("if 1:" + code).value == []


def test_the_clock_is_not_captured(sandbox):
    code = """
    import time, datetime, logging
    now = time.time()
    born = logging.LogRecord("a", 1, "b", 1, "c", (), None).relativeCreated
    return now, datetime.datetime.now(datetime.UTC).timestamp(), born, time.perf_counter(), time.monotonic()
    """
    now, wall, born, *_ = sandbox.run("import logging\nif 1:" + code).value
    assert abs(now - wall) < 60
    assert 0 <= born < 60_000


def test_loggings_clock_starts_with_the_first_block(image):
    """Not when the sandbox was made, which may have been ready for long."""
    code = 'import logging\nlogging.LogRecord("a", 1, "b", 1, "c", (), None).relativeCreated'
    with image.sandbox() as sandbox:
        time.sleep(3)
        first = sandbox.run(code).value
        assert 0 <= first < 3000
        assert sandbox.run(code).value > first


def test_hashes_are_one_image_s(image):
    """CPython's hash seed is part of the captured dictionaries, so sandboxes of one image share it."""
    values = []
    for _ in range(2):
        with image.sandbox() as sandbox:
            values.append(sandbox.run("hash('text'), list({'a', 'b', 'c', 'd'})").value)
    assert values[0] == values[1]


# ---- randomness that libraries keep

GENERATORS = """
import random, numpy as np
own = random.Random()
generator = np.random.default_rng()
bits = np.random.PCG64()
state = np.random.RandomState()
twister = np.random.Generator(np.random.MT19937())
"""
DRAWS = """
import kept
return (kept.own.random(), kept.generator.random(), int(kept.bits.random_raw()), kept.state.rand(),
        kept.twister.random(), kept.generator.spawn(1)[0].random(), int(kept.bits.seed_seq.generate_state(1)[0]))
"""


def test_generators_made_by_an_import_are_each_sandboxs_own(make):
    make("kept", kept=GENERATORS)
    image = Image.open("made", home=make.home, verify=False)
    draws = []
    for _ in range(2):
        with image.sandbox() as sandbox:
            result = sandbox.run(DRAWS)
            assert result.error is None, result.error
            draws.append(result.value)
    assert [a == b for a, b in zip(*draws, strict=True)] == [False] * len(draws[0])


# ---- imports

LEAVES = "import io\nkept = io.FileIO('/lib/cellblock/cellblock_guest/inside/entry.py')\n"
CALLS_BACK = "import ctypes\nkept = ctypes.CFUNCTYPE(None)(print)\n"


def test_what_can_not_be_imported_is_left_out(make):
    stored = make(
        "nowhere.at.all",
        "fails",
        "exits",
        "wanders",
        "works",
        "numpy",
        fails="import works\nraise ValueError('not today')",
        exits="import sys\nsys.exit(3)",
        wanders="import os, sys\nos.chdir('/tmp')\nsys.path.clear()\nraise ImportError('lost')",
        works="value = 5",
    )
    assert stored.manifest.details["skipped"] == {
        "nowhere.at.all": "ModuleNotFoundError: No module named 'nowhere'",
        "fails": "ValueError: not today",
        "exits": "SystemExit: the block called exit with 3",
        "wanders": "ImportError: lost",
    }
    with Image.open("made", home=make.home, verify=False).sandbox() as sandbox:
        code = """
        import os, sys, works, numpy
        return works.value, "fails" in sys.modules, "numpy" in sys.modules, os.getcwd()
        """
        assert sandbox.run("if 1:" + code).value == (5, False, True, "/home/pyodide")
        assert sandbox.run("try: import fails\nexcept ValueError as error: return str(error)").value == "not today"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (LEAVES, "leaves open /lib/cellblock/cellblock_guest/inside/entry.py"),
        (CALLS_BACK, "ctypes callbacks"),
        ("import os\nos._exit(3)", "ends the interpreter"),
        ("import ctypes\nctypes.string_at(0xfffffff0)", "ends the interpreter"),
        ("x = bytearray(2 ** 31 - 10)\ny = bytearray(2 ** 31 - 10)", "more memory than there is"),
    ],
    ids=["open file", "callback", "exit", "crash", "memory"],
)
def test_what_no_image_can_hold_is_left_out(make, source, says):
    stored = make("worse", "works", worse=source, works="value = 5")
    assert list(stored.manifest.details["skipped"]) == ["worse"]
    assert says in stored.manifest.details["skipped"]["worse"]
    with Image.open("made", home=make.home, verify=False).sandbox() as sandbox:
        assert sandbox.run("import sys\n'works' in sys.modules, 'worse' in sys.modules").value == (True, False)


def test_files_closed_late_are_no_obstacle(make):
    """A file that only a cycle keeps open, and the archives that importlib.metadata looks into."""
    cycle = "class A: pass\na = A()\na.file, a.self = open('/dev/null'), a\ndel a\n"
    looks = "import sys\nsys.path.append('/tmp/a.zip')\nfrom importlib import metadata\nmetadata.version('numpy')\n"
    archive = "import zipfile\nzipfile.ZipFile('/tmp/a.zip', 'w').close()\n"
    assert make("late", late=cycle + archive + looks).manifest.details["skipped"] == {}
