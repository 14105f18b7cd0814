"""The toolchain that links a bundle: binaryen, pinned, run by the machine's Node.

Binaryen is an npm package whose programs are JavaScript with WebAssembly inside. Its tarball is fetched like any
other file (a folder of `CELLBLOCK_SOURCES` may hold it, else npm is asked), checked against the pinned sha256, and
unpacked into `tools/`; none of its install scripts run. Only building a bundle needs it, running one never does.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from cellblock_sandbox.errors import LinkError, ToolMissing
from cellblock_sandbox.image import children, pins
from cellblock_sandbox.image.archives import NpmPackage
from cellblock_sandbox.image.fetch import Fetcher
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.locks import exclusive, working_directory
from cellblock_sandbox.image.progress import Progress
from cellblock_sandbox.image.sources import Folder, configured_sources

_LEAST_NODE = 18
_INSTALL_NODE = "Install Node.js 20 or later (it brings node and npm), or use a bundle built elsewhere."
_POLL_S = 0.2


class Toolchain:
    """Binaryen under one home, installed when first needed."""

    def __init__(self, home: Home, progress: Progress) -> None:
        self.home = home
        self.progress = progress

    @property
    def folder(self) -> Path:
        """Where it is, or will be, installed."""
        return self.home.tools / f"binaryen-{pins.binaryen_version()}"

    @staticmethod
    def require() -> None:
        """Raise `ToolMissing` where nothing can be linked, before anything is fetched for it."""
        _node()

    def install(self) -> Path:
        """Fetch and unpack binaryen unless it is there; return its folder.

        Raises `ToolMissing` without node or npm, `SourceUnavailable`, `HashMismatch`, `HomeUnusable`.
        """
        _node()
        if self.folder.is_dir():
            return self.folder
        with self.home.writing(), exclusive(self.home.locks / "toolchain.lock", self.progress):
            if not self.folder.is_dir():
                self._unpack(self._tarball())
        return self.folder

    def _tarball(self) -> Path:
        file = pins.binaryen()
        folders = [source for source in configured_sources(self.home, self.progress) if isinstance(source, Folder)]
        if shutil.which("npm") is None and not any((source.path / file.name).is_file() for source in folders):
            raise ToolMissing("npm", "there is no npm command", _INSTALL_NODE)
        npm = NpmPackage(f"binaryen@{pins.binaryen_version()}", self.home, self.progress)
        return Fetcher(self.home, self.progress, [*folders, npm]).get([file])[file.name]

    def _unpack(self, tarball: Path) -> None:
        """Unpack the regular files of a tarball whose hash has been checked, programs and all."""
        with working_directory(self.home.tools) as work, tarfile.open(tarball) as archive:
            for member in archive:
                stream = archive.extractfile(member)
                if stream is not None:
                    target = work / member.name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(stream.read())
            os.rename(work / "package", self.folder)

    def run(self, tool: str, arguments: Sequence[str | os.PathLike[str]], *, folder: Path | None = None) -> str:
        """Run one of binaryen's programs ("wasm-merge", "wasm-opt") in `folder` and return what it printed.

        Raises `LinkError` with the end of its output when it fails, and what `install` raises.
        """
        program = self.install() / "bin" / tool
        command = [_node(), str(program), *(os.fspath(argument) for argument in arguments)]
        with tempfile.TemporaryFile() as output, self.progress.step(tool) as step:
            child = children.start(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
            try:
                while child.poll() is None:
                    time.sleep(_POLL_S)
                    step.advance(0)
            finally:
                if child.poll() is None:
                    child.kill()
                    child.wait()
            output.seek(0)
            text = output.read().decode("utf-8", "replace")
        if child.returncode != 0:
            said = text[-2000:].strip() or "it printed nothing"
            raise LinkError(f"{tool} ended with code {child.returncode}: {said}")
        return text


def _node() -> str:
    """Return the path of node; raises `ToolMissing`."""
    node = shutil.which("node")
    if node is None:
        raise ToolMissing("node", "there is no node command", _INSTALL_NODE)
    asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    version = asked.stdout.strip()
    found = re.match(r"v(\d+)\.", version)
    if found is None or int(found[1]) < _LEAST_NODE:
        raise ToolMissing("node", f"{node} is version {version or 'unknown'}", _INSTALL_NODE)
    return node
