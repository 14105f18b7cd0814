"""What runs inside the sandbox, and the value format that both sides speak.

The guest's package `cellblock_guest` is made of two of the packages here: `inside`, which only the guest runs, and
`values`, which both sides use. `micropip`, and pyflakes, with which blocks are checked, go in under their own names.
`guest_files` gives the files for an image.
"""

from collections.abc import Iterator
from pathlib import Path

import pyflakes
import tzdata

from .values import ValueNotPortable, pack, pack_parts, to_jsonable, unpack

__all__ = ["GUEST_ROOT", "ValueNotPortable", "guest_files", "pack", "pack_parts", "to_jsonable", "unpack"]

GUEST_ROOT = "/lib/cellblock"
"""The guest folder that holds these files; it belongs on the guest's sys.path."""

_GUEST_PACKAGE = "cellblock_guest"


def guest_files() -> dict[str, bytes]:
    """Path under GUEST_ROOT -> content.

    The package `cellblock_guest`; and what is installed in the host: pyflakes, without its command and its tests, and
    tzdata, since the guest has no zone files of its own and `zoneinfo` and pandas expect them.
    """
    here, zones = Path(__file__).parent, Path(tzdata.__file__).parent
    flakes = Path(pyflakes.__file__).parent
    files = {f"{_GUEST_PACKAGE}/__init__.py": b""}
    for package in ("inside", "values"):
        files |= _contents(f"{_GUEST_PACKAGE}/{package}", here / package, here.joinpath(package).glob("*.py"))
    files |= _contents("micropip", here / "micropip", here.joinpath("micropip").glob("*.py"))
    files |= _contents("pyflakes", flakes, flakes.glob("*.py"))
    return files | _contents("tzdata", zones, zones.rglob("*"))


def _contents(root: str, folder: Path, paths: Iterator[Path]) -> dict[str, bytes]:
    """The files among `paths` by their place under `folder`, now under `root`."""
    found = (path for path in sorted(paths) if path.is_file() and path.suffix != ".pyc")
    return {f"{root}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in found}
