"""What runs inside the sandbox, and the value format that both sides speak.

`inside/` is the guest's package `cellblock_guest`; `guest_files` gives its files for an image. `values.py` is the one
file used on both sides of the wall.
"""

from pathlib import Path

import msgpack
import tzdata

from .values import ValueNotPortable, pack, pack_parts, to_jsonable, unpack

__all__ = ["GUEST_ROOT", "ValueNotPortable", "guest_files", "pack", "pack_parts", "to_jsonable", "unpack"]

GUEST_ROOT = "/lib/cellblock"
"""The guest folder that holds these files; it belongs on the guest's sys.path."""


def guest_files() -> dict[str, bytes]:
    """Path under GUEST_ROOT -> content.

    The package `cellblock_guest`; msgpack's pure-Python half; and tzdata, since the guest has no zone files of its own
    and `zoneinfo` and pandas expect them. The last two are the host's installed ones.
    """
    inside = Path(__file__).with_name("inside")
    files = {f"cellblock_guest/{path.name}": path.read_bytes() for path in sorted(inside.glob("*.py"))}
    library = Path(msgpack.__file__).parent
    files |= {f"msgpack/{path.name}": path.read_bytes() for path in sorted(library.glob("*.py"))}
    zones = Path(tzdata.__file__).parent
    paths = (path for path in sorted(zones.rglob("*")) if path.is_file() and path.suffix != ".pyc")
    return files | {f"tzdata/{path.relative_to(zones).as_posix()}": path.read_bytes() for path in paths}
