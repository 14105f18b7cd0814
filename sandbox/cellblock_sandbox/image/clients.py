"""Running the ordinary package clients, pip and npm, to fetch an archive.

Which index or registry, proxy and certificate they use is for their own configuration to say. Neither
reports progress that a program could rely on across versions, so the folders they write to are measured
while they run; one that stops growing for a minute is ended, so that a dead network is an error, not a hang.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from cellblock_sandbox.image import children
from cellblock_sandbox.image.progress import Step

_POLL_S = 0.2
_STALL_S = 60.0
_FULL_BYTES = 1 << 20
_LOG = "client.log"
_SIZE = re.compile(r"\(([\d.]+) ([kMG]?B)\)")
# pip without a network ends with "No matching distribution found": the cause is in a warning before that.
_CAUSES = (
    (re.compile(f"(?i)({os.strerror(errno.ENOSPC)})"), ""),  # on another disk, such as that of npm's cache
    (re.compile(r"connection broken by '\w+\((.+)\)':"), "the package index can't be reached: "),
    (re.compile(r"npm error (?:FetchError: |network )(request .+)"), "the registry can't be reached: "),
    (re.compile(r"npm error (404 .+)"), ""),
    (re.compile(r"ERROR: (.+)"), ""),
)
_OBJECT = re.compile(r"""^['"]|<[^>]*>: |\w+Connection\([^)]*\): |['"]$""")
_UNITS = {"B": 1, "kB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}


class ClientError(Exception):
    """pip or npm didn't deliver; the message is the reason, in one line."""


def pip_download(requirement: str, folder: Path, step: Step) -> Path:
    """Fetch the wheel of `requirement` ("name==version") into `folder` with this Python's own pip."""
    command = [
        *(sys.executable, "-m", "pip", "download", requirement, "--dest", str(folder)),
        *("--no-deps", "--only-binary=:all:", "--ignore-requires-python"),  # it is unpacked, never run
        *("--no-input", "--disable-pip-version-check", "--progress-bar", "off", "--timeout", "15", "--retries", "2"),
    ]
    temporary = folder / "pip"
    temporary.mkdir()
    environment = {"TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"}
    output = _run(command, folder, environment, [temporary], step)
    return _only_file(folder, "*.whl", output)


def npm_pack(spec: str, folder: Path, step: Step) -> Path:
    """Fetch the tarball of `spec` ("name@version") into `folder`. No script of the package is run."""
    npm = shutil.which("npm")
    if npm is None:
        raise ClientError("the npm command isn't installed (it comes with Node.js)")
    command = [
        *(npm, "pack", spec, "--pack-destination", str(folder), "--ignore-scripts", "--no-update-notifier"),
        *("--fetch-retries=1", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=2000"),
    ]
    watched = [folder, *_npm_cache(npm, folder)]
    output = _run(command, folder, {}, watched, step)
    return _only_file(folder, "*.tgz", output)


def _npm_cache(npm: str, folder: Path) -> list[Path]:
    """Return the folder npm downloads into first, where growth is seen."""
    question = [npm, "config", "get", "cache"]
    asked = subprocess.run(question, cwd=folder, capture_output=True, text=True, check=False)
    return [Path(asked.stdout.strip(), "_cacache", "tmp")] if asked.returncode == 0 else []


def _only_file(folder: Path, pattern: str, output: str) -> Path:
    for path in folder.glob(pattern):
        return path
    raise ClientError(f"it ended well but wrote no {pattern}: {_reason(output)}")


def _run(command: Sequence[str], folder: Path, extra: Mapping[str, str], watched: Sequence[Path], step: Step) -> str:
    """Run a client in `folder`, showing the growth of `watched` in `step`; return what it printed.

    Raises ClientError, and OSError when there is no room for what it fetches.
    """
    log = folder / _LOG
    with log.open("wb") as sink:
        child = children.start(
            command, cwd=folder, env={**os.environ, **extra}, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink
        )
        try:
            full = _watch(child, folder, watched, step)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
    output = log.read_text("utf-8", errors="replace")
    if child.returncode != 0:
        if full or _is_full(folder):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
        raise ClientError(_reason(output))
    return output


def _watch(child: subprocess.Popen[bytes], folder: Path, watched: Sequence[Path], step: Step) -> bool:
    """Advance `step` with the folder that grows most: the others hold copies of the same bytes.

    Return whether the disk of `folder` was ever full: pip takes that for a broken connection, tries again, and tidies
    up.
    """
    full, log = False, folder / _LOG
    before = [_size(folder) for folder in watched]
    shown = 0
    seen = (0, 0)
    changed_at = time.monotonic()
    while child.poll() is None:
        time.sleep(_POLL_S)
        full = full or _is_full(folder)
        grown = max(_size(folder) - size for folder, size in zip(watched, before, strict=True))
        if total := _announced(log):
            step.resize(total)
            grown = min(grown, total)
        step.advance(max(grown - shown, 0))
        shown = max(grown, shown)
        if (state := (grown, log.stat().st_size)) != seen:
            seen, changed_at = state, time.monotonic()
        elif time.monotonic() - changed_at > _STALL_S:
            if full:
                return True
            raise ClientError(f"nothing arrived for {_STALL_S:.0f} s, after {shown} bytes")
    return full


def _is_full(folder: Path) -> bool:
    """Whether there is no room on the disk of `folder`. Some disks of other machines don't tell, and say 0 of 0."""
    usage = shutil.disk_usage(folder)
    return usage.free < _FULL_BYTES <= usage.total


def _size(folder: Path) -> int:
    """Sum up the sizes of the files under `folder`, of which any may vanish meanwhile, and any folder with them."""
    total = 0
    for parent, _, names in os.walk(folder):  # which passes over what it can't read; rglob raises
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_size
    return total


def _announced(log: Path) -> int | None:
    """Find the size that pip prints beside the name of a wheel: "(106.4 MB)"."""
    found = _SIZE.search(log.read_text("utf-8", errors="replace"))
    return int(float(found[1]) * _UNITS[found[2]]) if found else None


def _reason(output: str) -> str:
    """Find what made a client fail, in the first line that `_CAUSES` knows, else in its last one."""
    for pattern, said in _CAUSES:
        if found := pattern.search(output):
            return f"{said}{_OBJECT.sub('', found[1])}"[:300]
    lines = output.split("\n")
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "it printed nothing")
