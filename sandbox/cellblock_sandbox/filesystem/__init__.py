"""The guest's filesystem: read-only layers shared by a whole process, a copy-on-write overlay per sandbox.

Knows nothing of WebAssembly or of syscalls. `LayerStack` is what an image carries, `FileSystem` what one sandbox sees.
"""

from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.filesystem.filesystem import FileSystem
from cellblock_sandbox.filesystem.layers import LayerStack
from cellblock_sandbox.filesystem.quota import Quota

__all__ = ["FileSystem", "FileSystemError", "LayerStack", "Quota"]
