"""What one block may use."""

from __future__ import annotations

from dataclasses import dataclass, fields

from cellblock_sandbox.errors import SettingInvalid

_MEBIBYTE = 1 << 20
_WASM32_MB = 4096


@dataclass(frozen=True)
class Limits:
    """The limits of one sandbox.

    timeout_s: wall time of a run; then TimeoutError is raised in the block.
    cpu_s: processor time of a run, without its waiting; ends like the wall time. None unless one is set: infinity.
    grace_s: how long after that `finally` blocks may run before the guest is stopped from outside.
    memory_mb: linear memory in MiB, the interpreter and its libraries (60 to 80 MiB) included; at most 4096.
    output_bytes: what is kept of stdout, and of stderr; the rest is dropped with a note.
    result_bytes: the packed result.
    file_bytes, files: what the guest's own files may hold, and how many there may be.

    SettingInvalid for a value that isn't a positive number.
    """

    timeout_s: float = 30.0
    memory_mb: int = 1024
    output_bytes: int = 1_000_000
    result_bytes: int = 64 * _MEBIBYTE
    file_bytes: int = 256 * _MEBIBYTE
    files: int = 10_000
    grace_s: float = 0.5
    cpu_s: float = float("inf")

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not isinstance(value, (int, float)) or isinstance(value, bool) or not value > 0:
                raise SettingInvalid(each.name, repr(value), "a positive number")
            if value == float("inf") and each.name != "cpu_s":
                raise SettingInvalid(each.name, repr(value), "a positive, finite number")
        if self.memory_mb > _WASM32_MB:
            raise SettingInvalid("memory_mb", str(self.memory_mb), f"at most {_WASM32_MB}")

    @property
    def memory_bytes(self) -> int:
        """`memory_mb` in bytes; one page less at 4096, since wasm32 can't count further."""
        return min(int(self.memory_mb * _MEBIBYTE), _WASM32_MB * _MEBIBYTE - 65536)
