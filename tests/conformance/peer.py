"""The peer: npm's pyodide under Node, of the version that the bundle is made of.

One Node process and one interpreter for each area. Its answers are kept in CELLBLOCK_HOME under a hash of everything
they depend on: the programs, these files, pyodide's version, the wheels, the time zones and Node.
"""

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cellblock_sandbox.guest import guest_files
from cellblock_sandbox.image import pins
from cellblock_sandbox.image.distribution import Distribution
from cellblock_sandbox.image.hashing import canonical_json, sha256_bytes
from cellblock_sandbox.image.home import Home
from cellblock_service.bench.stock import installed_pyodide

from .corpus import Area
from .outcome import Outcome

_HERE = Path(__file__).parent
_TIMEOUT_S = 600
_READY = "the peer is ready"


class Peer:
    """Answers of the peer, asked for in the background, as many areas at a time as there are cores."""

    def __init__(self, home: Home, wheels: Mapping[str, Path], areas: Sequence[Area]) -> None:
        self._folder = home.root / "conformance"
        self._wheels = wheels
        self._pool = ThreadPoolExecutor(os.cpu_count())
        self._answers: dict[str, Future[dict[str, Outcome]]] = {
            area.name: self._pool.submit(self._area, area) for area in areas
        }

    def outcome(self, area: str, program: str) -> Outcome:
        """What the peer made of a program; waits for the area's run."""
        return self._answers[area].result()[program]

    def close(self) -> None:
        """Drop what hasn't begun."""
        self._pool.shutdown(cancel_futures=True)

    def _area(self, area: Area) -> dict[str, Outcome]:
        node, modules = shutil.which("node"), installed_pyodide(Home.find())
        assert node is not None, "the peer needs node"
        assert modules is not None, "the peer needs npm"
        needed = Distribution.load(modules / pins.LOCK).closure(area.packages)
        wheels = [self._wheels[package.name] for package in needed]
        kept = self._folder / f"{area.name}-{_key(node, area, wheels)}.jsonl"
        if not kept.is_file():
            answers = self._ask(node, modules, area, wheels)
            assert len(answers.splitlines()) == len(area.programs()), answers
            for stale in self._folder.glob(f"{area.name}-*.jsonl"):
                stale.unlink()
            partial = kept.with_suffix(f".{os.getpid()}")
            partial.write_text(answers)
            partial.rename(kept)
        lines = [json.loads(line) for line in kept.read_text().splitlines()]
        return {line.pop("id"): Outcome(**line) for line in lines}

    def _ask(self, node: str, modules: Path, area: Area, wheels: Sequence[Path]) -> str:
        zones = self._folder / f"zones-{area.name}-{os.getpid()}.zip"
        self._folder.mkdir(exist_ok=True)
        _write_zones(zones)
        job = {
            "modules": str(modules),
            "helper": str(_HERE / "peer_helper.py"),
            "archives": [str(zones)],
            "wheels": [str(path) for path in wheels],
        }
        todo = [{"id": program.id, "code": program.code} for program in area.programs()]
        answers: list[str] = []
        try:
            while len(answers) < len(todo):
                rest = todo[len(answers) :]
                answers += _run(node, {**job, "programs": rest[:1] if area.apart else rest})
        finally:
            zones.unlink()
        return "".join(f"{answer}\n" for answer in answers)


def _run(node: str, job: dict[str, Any]) -> list[str]:
    """Run programs in one new interpreter, as far as it gets.

    The answer of a program that ends even a new interpreter is that it does.
    """
    done = subprocess.run(
        [node, str(_HERE / "peer.mjs")],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
        env={**os.environ, "TZ": "UTC"},
    )
    answers = done.stdout.splitlines()
    if not answers:
        assert _READY in done.stderr.splitlines(), done.stderr[-2000:]
        error = {"type": "PeerDied", "message": "the interpreter came to an end", "line": None}
        answers = [json.dumps({"id": job["programs"][0]["id"], "result": None, "stdout": "", "error": error})]
    return answers


def _zones() -> dict[str, bytes]:
    """The time zones that images carry: the peer gets the same, since Pyodide brings none."""
    return {name: content for name, content in guest_files().items() if name.startswith("tzdata/")}


def _write_zones(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in _zones().items():
            archive.writestr(name, content)


def _key(node: str, area: Area, wheels: Sequence[Path]) -> str:
    """Name everything that the answers depend on."""
    parts = {
        "pyodide": pins.pyodide_version(),
        "node": subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout,
        "wheels": {path.name: sha256_bytes(path.read_bytes()) for path in wheels},
        "zones": sha256_bytes(b"".join(_zones().values())),
        "harness": [sha256_bytes((_HERE / name).read_bytes()) for name in ("peer.mjs", "peer_helper.py")],
        "programs": {program.id: program.code for program in area.programs()},
    }
    return sha256_bytes(canonical_json(parts))[:16]
