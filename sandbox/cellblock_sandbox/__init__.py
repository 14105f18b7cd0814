"""Pyodide, hosted by wasmtime: isolated Python interpreters that start in milliseconds.

`Image.open` and `Image.sandbox` are the way in; `errors` draws the tree of what may be raised.
"""

from cellblock_sandbox.context import ContextCall, ContextRefused
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
