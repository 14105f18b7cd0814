"""NumPy's own tests here and in the peer: `python -m tests.numpy_suite [FILE ...]`, as `make test-numpy` does.

The peer's outcomes are kept in CELLBLOCK_HOME under a hash of all they depend on; ours are run anew each time.
Exit code 1 if a test fails here and not there without a reason in the table, or a reason has no test.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cellblock_sandbox.image import full, pins, snapshot
from cellblock_sandbox.image.hashing import canonical_json, sha256_bytes
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_sandbox.image.progress import Progress, for_stream
from cellblock_sandbox.image.snapshot import Recipe
from cellblock_sandbox.image.standard import FULL
from cellblock_sandbox.image.store import Store, Stored
from cellblock_sandbox.image.wheel import Wheel
from cellblock_service.bench.stock import installed_pyodide

from . import material
from .comparison import DOCUMENT, Comparison, explained, render
from .supervisor import FileRun, Side

_HERE = Path(__file__).parent
_IMAGE = "numpy-suite"


def main(chosen: list[str]) -> int:
    """Run both sides, the files that contain one of `chosen` or all, and say how they differ."""
    progress, home = for_stream(), Home.find()
    full.build(home=home, policy=Policy.from_environment(), progress=progress)
    bundle = Store(home).open("bundle", FULL, verify=False)
    wheels = material.gather(home)
    paths = [path for path in material.files(wheels) if not chosen or any(text in path for text in chosen)]
    snapshot.build(_IMAGE, Recipe(bundle.id, ("numpy", "pytest", "hypothesis"), wheels), home=home, progress=progress)
    peer = _run("npm's pyodide", _peer(home, bundle, wheels), paths, progress)
    with tempfile.TemporaryDirectory() as fresh:
        command = [sys.executable, "-m", "tests.numpy_suite.here", _IMAGE]
        here = _run("sandboxes", Side(command, Path(fresh), reused=True), paths, progress)
    comparison = Comparison.of(here, peer)
    document = render(comparison, bundle.manifest.packages["numpy"], pins.pyodide_version())
    if not chosen:
        DOCUMENT.write_text(document)
    _, unexplained, unused = explained(comparison.bad_here())
    sys.stdout.write(document)
    for name in unexplained:
        (mine, message), (theirs, _) = comparison.here.get(name, ("absent", "")), comparison.peer[name]
        sys.stdout.write(f"{name}: {mine} here, {theirs} there\n    {message}\n")
    for pattern in [] if chosen else unused:
        sys.stdout.write(f"the table explains {pattern}, and nothing matches it\n")
    return 1 if unexplained or (unused and not chosen) else 0


def _run(title: str, side: Side, paths: list[str], progress: Progress) -> list[FileRun]:
    started = time.monotonic()
    with progress.step(f"NumPy's tests in {title}", total=len(paths)) as step:
        runs = side.run(paths, os.cpu_count() or 1, step.advance)
    tests = sum(len(run.outcomes) for run in runs)
    progress.note(f"{title}: {tests} tests, {time.monotonic() - started:.0f} s")
    return runs


def _peer(home: Home, bundle: Stored, wheels: dict[Wheel, Path]) -> Side:
    node, modules = shutil.which("node"), installed_pyodide(home)
    assert node is not None, "the peer needs node"
    assert modules is not None, "the peer needs npm"
    held = {wheel.name: path for wheel, path in full.held_by(bundle).items()}
    added = [held["numpy"], held["packaging"], *wheels.values()]
    inside = _HERE / "inside.py"
    job = {"modules": str(modules), "inside": str(inside), "wheels": [str(path) for path in added]}
    parts = {
        "pyodide": pins.pyodide_version(),
        "node": subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout,
        "files": [sha256_bytes(path.read_bytes()) for path in (*added, inside, _HERE / "peer.mjs")],
    }
    kept = home.root / "numpy-suite" / f"peer-{sha256_bytes(canonical_json(parts))[:16]}"
    return Side([node, str(_HERE / "peer.mjs"), json.dumps(job)], kept, reused=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
