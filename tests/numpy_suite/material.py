"""What both sides run: NumPy's tests as a wheel of their own, and the wheels of pytest."""

import subprocess
import sys
import zipfile
from pathlib import Path

from cellblock_sandbox.image.distribution import RemoteFile
from cellblock_sandbox.image.hashing import sha256_bytes
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.wheel import Wheel

_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
# The platform of the NumPy wheel that tests are taken from; the rest is pure Python.
_PLATFORM = ("--python-version=3.14", "--implementation=cp", "--abi=cp314", "--abi=none", "--platform=any")
_LINUX = ("--platform=manylinux_2_27_x86_64", "--platform=manylinux_2_28_x86_64")
_SUITE = "numpy_suite-1-py3-none-any.whl"


def gather(home: Home) -> dict[Wheel, Path]:
    """Every wheel to add to a guest, fetched by pip where it isn't there yet."""
    folder = home.root / "numpy-suite" / sha256_bytes(_REQUIREMENTS.read_bytes())[:16]
    suite = folder / _SUITE
    if not suite.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        pip = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "--only-binary=:all:",
        ]
        subprocess.run([*pip, *_PLATFORM, *_LINUX, "-r", _REQUIREMENTS, "-d", folder], check=True)
        (numpy,) = folder.glob("numpy-*.whl")
        _repack(numpy, suite)
        numpy.unlink()
    return {Wheel.named(RemoteFile(path.name, sha256_bytes(path.read_bytes()))): path for path in folder.glob("*.whl")}


def files(wheels: dict[Wheel, Path]) -> list[str]:
    """The test files, largest first, from "numpy/" on."""
    suite = next(path for path in wheels.values() if path.name == _SUITE)
    with zipfile.ZipFile(suite) as archive:
        members = sorted(archive.infolist(), key=lambda member: -member.file_size)
    names = (member.filename.partition("/")[2] for member in members)
    return [name for name in names if name.rpartition("/")[2].startswith("test_")]


def _repack(numpy: Path, suite: Path) -> None:
    """Write the tests of the wheel `numpy`, as data of a package that isn't called numpy."""
    partial = suite.with_suffix(".part")
    with zipfile.ZipFile(numpy) as source, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist()):
            if "/tests/" in name or name == "numpy/conftest.py":
                target.writestr(zipfile.ZipInfo(f"numpy_suite/{name}"), source.read(name), zipfile.ZIP_DEFLATED)
        info = "numpy_suite-1.dist-info"
        target.writestr(zipfile.ZipInfo(f"{info}/METADATA"), "Metadata-Version: 2.1\nName: numpy-suite\nVersion: 1\n")
        target.writestr(
            zipfile.ZipInfo(f"{info}/WHEEL"), "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        target.writestr(zipfile.ZipInfo(f"{info}/RECORD"), "")
    partial.rename(suite)
