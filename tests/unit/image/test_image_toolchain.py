"""The toolchain: what is missing is named, tools run under Node, their failures are told."""

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cellblock_sandbox.errors import HashMismatch, LinkError, ToolMissing
from cellblock_sandbox.image import pins
from cellblock_sandbox.image.distribution import RemoteFile
from cellblock_sandbox.image.hashing import sha256_file
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.progress import SilentProgress
from cellblock_sandbox.image.toolchain import Toolchain

TOOL = b"""#!/usr/bin/env node
console.log('cwd', process.cwd(), 'arguments', process.argv.slice(2).join(' '))
if (process.argv.includes('--fail')) { console.error('Fatal: no such module'); process.exit(3) }
"""
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node isn't installed")


@pytest.fixture
def toolchain(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toolchain:
    """A toolchain whose pinned tarball holds one small tool and lies in a folder of CELLBLOCK_SOURCES."""
    tarball = tmp_path / "tool.tgz"
    with tarfile.open(tarball, "w:gz") as archive:
        member = tarfile.TarInfo("package/bin/wasm-merge")
        member.size = len(TOOL)
        archive.addfile(member, io.BytesIO(TOOL))
    file = RemoteFile(tarball.name, sha256_file(tarball))
    monkeypatch.setattr(pins, "binaryen", lambda: file)
    monkeypatch.setenv("CELLBLOCK_SOURCES", str(tmp_path))
    return Toolchain(home, SilentProgress())


@needs_node
def test_a_tool_is_unpacked_once_and_run(toolchain: Toolchain, tmp_path: Path) -> None:
    said = toolchain.run("wasm-merge", ["a.wasm", tmp_path / "b.wasm"], folder=tmp_path)
    assert said == f"cwd {tmp_path} arguments a.wasm {tmp_path}/b.wasm\n"
    (tmp_path / "tool.tgz").unlink()
    assert toolchain.install() == toolchain.home.tools / f"binaryen-{pins.binaryen_version()}"


@needs_node
def test_a_failing_tool_says_why(toolchain: Toolchain) -> None:
    with pytest.raises(LinkError, match=r"wasm-merge ended with code 3: (.|\n)*Fatal: no such module"):
        toolchain.run("wasm-merge", ["--fail"])


def test_a_wrong_tarball_is_not_unpacked(
    toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch, commands: Callable[[str, str], None], tmp_path: Path
) -> None:
    commands("node", "echo v20.1.0")
    commands("npm", f'if [ $1 = config ]; then echo /nowhere; else cp {tmp_path}/tool.tgz "$4"; fi')
    monkeypatch.setattr(pins, "binaryen", lambda: RemoteFile("tool.tgz", "0" * 64))
    with pytest.raises(HashMismatch, match=r"tool\.tgz"):
        toolchain.install()
    assert not toolchain.folder.exists()


def test_missing_node_is_named(toolchain: Toolchain, commands: Callable[[str, str], None]) -> None:
    with pytest.raises(ToolMissing, match=r"needs node: there is no node command(.|\n)*Install Node.js 20"):
        toolchain.install()
    commands("node", "echo v12.1.0")
    with pytest.raises(ToolMissing, match=r"node is version v12\.1\.0"):
        toolchain.install()


def test_missing_npm_is_named_unless_a_folder_has_the_tarball(
    toolchain: Toolchain, tmp_path: Path, commands: Callable[[str, str], None]
) -> None:
    commands("node", "echo v20.1.0")
    (tmp_path / "tool.tgz").rename(tmp_path / "elsewhere.tgz")
    with pytest.raises(ToolMissing, match="needs npm: there is no npm command"):
        toolchain.install()
    (tmp_path / "elsewhere.tgz").rename(tmp_path / "tool.tgz")
    assert (toolchain.install() / "bin" / "wasm-merge").read_bytes() == TOOL


@needs_node
@pytest.mark.network
def test_the_pinned_binaryen_runs(home: Home) -> None:
    said = Toolchain(home, SilentProgress()).run("wasm-merge", ["--version"])
    assert pins.binaryen_version().partition(".")[0] in said
