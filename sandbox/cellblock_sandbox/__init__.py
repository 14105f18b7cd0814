"""Pyodide, hosted by wasmtime: isolated Python interpreters that start in milliseconds.

`Image.open` and `Image.sandbox` are the way in; `errors` draws the tree of what may be raised.
"""

import importlib
from typing import TYPE_CHECKING, Any

from cellblock_sandbox.errors import (
    BuildError,
    CellblockError,
    GuestCrashed,
    HashMismatch,
    ImageDamaged,
    ImageMismatch,
    ImageMissing,
    LinkError,
    MemoryTooSmall,
    SandboxClosed,
    SandboxError,
    SourceUnavailable,
    ToolMissing,
    ValueNotPortable,
)
from cellblock_sandbox.limits import Limits

if TYPE_CHECKING:
    from cellblock_sandbox.context import ContextCall, ContextRefused
    from cellblock_sandbox.outcome import BlockError, ExecutionResult, PackedResult
    from cellblock_sandbox.sandbox import UNSET, Image, Sandbox

__all__ = [
    "UNSET",
    "BlockError",
    "BuildError",
    "CellblockError",
    "ContextCall",
    "ContextRefused",
    "ExecutionResult",
    "GuestCrashed",
    "HashMismatch",
    "Image",
    "ImageDamaged",
    "ImageMismatch",
    "ImageMissing",
    "Limits",
    "LinkError",
    "MemoryTooSmall",
    "PackedResult",
    "Sandbox",
    "SandboxClosed",
    "SandboxError",
    "SourceUnavailable",
    "ToolMissing",
    "ValueNotPortable",
]

# What needs wasmtime is imported when it is asked for: 0.3 s, in which a service has started its first worker.
_ROOMS = {
    **dict.fromkeys(("ContextCall", "ContextRefused"), "context"),
    **dict.fromkeys(("BlockError", "ExecutionResult", "PackedResult"), "outcome"),
    **dict.fromkeys(("UNSET", "Image", "Sandbox"), "sandbox"),
}


def __getattr__(name: str) -> Any:
    """Import what is asked for (PEP 562)."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_ROOMS[name]}"), name)
