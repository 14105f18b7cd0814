"""The directory tree of one sandbox: finding a path's node, and the operations that change names.

A path is bytes, absolute or relative to a start directory. Permission bits are checked as Emscripten's own filesystem
does, for owner, group and others together, although the guest's user is 0: a file made read-only stays so.
"""

from __future__ import annotations

from typing import Final

from cellblock_sandbox.abi.tables import (
    EACCES,
    EBUSY,
    EEXIST,
    EINVAL,
    EISDIR,
    ELOOP,
    ENAMETOOLONG,
    ENOENT,
    ENOTDIR,
    ENOTEMPTY,
)
from cellblock_sandbox.filesystem.descriptors import DescriptorFolder, DescriptorTable
from cellblock_sandbox.filesystem.devices import make_device
from cellblock_sandbox.filesystem.directory import Directory
from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.filesystem.inodes import Inode, Overlay, RegularFile, Symlink
from cellblock_sandbox.filesystem.lower import (
    LowerDescriptors,
    LowerDevice,
    LowerDirectory,
    LowerFile,
    LowerLink,
    LowerNode,
)

PATH_MAX: Final = 4096
NAME_MAX: Final = 255
MAX_LINKS: Final = 40

# Bounds of what walks remember: the guest chooses paths, and they take the host's memory.
PATHS_KEPT: Final = 1024
PATH_KEPT: Final = 256

READ: Final = 0o444
WRITE: Final = 0o222
EXECUTE: Final = 0o111


class Tree:
    """The tree over one layer stack's root."""

    def __init__(self, overlay: Overlay, root: LowerDirectory, descriptors: DescriptorTable) -> None:
        self._overlay = overlay
        self._descriptors = descriptors
        self.root = Directory(overlay, root.mode, None, self._wrap, root)

    def forget(self) -> None:
        """Drop all nodes. One by one, since the guest chose how deep they lie."""
        todo = [self.root]
        while todo:
            todo += todo.pop().forget()

    def walk(self, start: Directory, path: bytes, follow: bool = True) -> Inode:
        """Return the node at `path`. With `follow` false, a link in the last place is itself the answer.

        What was found is remembered until a name goes or a permission changes: a path of four names takes 3 us to walk
        and 0.3 to look up. A new name makes no difference to what was found, as what was not found isn't remembered.

        ENOENT, ENOTDIR, EACCES (a directory without search permission), ELOOP, ENAMETOOLONG.
        """
        key = (start, path, follow)
        paths = self._overlay.paths
        node = paths.get(key)
        if node is None:
            node, fleeting = self._walk(start, path, follow)
            if len(path) <= PATH_KEPT and not fleeting:
                if len(paths) >= PATHS_KEPT:
                    paths.clear()
                paths[key] = node
        return node

    def _walk(self, start: Directory, path: bytes, follow: bool) -> tuple[Inode, bool]:
        """Return the node at `path`, and whether the way there is fleeting."""
        parts, must_be_directory = _split(path)
        node: Inode = self.root if path[:1] == b"/" else start
        links, fleeting = 0, False
        while parts:
            name = parts.pop()
            if not isinstance(node, Directory):
                raise FileSystemError(ENOTDIR)
            fleeting = fleeting or node.fleeting
            child = self._child(node, name)
            if child is None:
                raise FileSystemError(ENOENT)
            if isinstance(child, Symlink) and (parts or follow or must_be_directory):
                links += 1
                if links > MAX_LINKS:
                    raise FileSystemError(ELOOP)
                more, slash = _split(child.target)
                must_be_directory = must_be_directory or (slash and not parts)
                parts += more
                child = self.root if child.target[:1] == b"/" else node
            node = child
        if must_be_directory and not isinstance(node, Directory):
            raise FileSystemError(ENOTDIR)
        return node, fleeting

    def walk_parent(self, start: Directory, path: bytes) -> tuple[Directory, bytes]:
        """Return the directory that holds the last name of `path`, and that name (empty for the root itself).

        The name need not exist and may be `.` or `..`. Errors as for walk().
        """
        stripped = path.rstrip(b"/")
        head, slash, name = stripped.rpartition(b"/")
        if not path or len(path) > PATH_MAX:
            raise FileSystemError(ENOENT if not path else ENAMETOOLONG)
        if len(name) > NAME_MAX:
            raise FileSystemError(ENAMETOOLONG)
        directory = self.walk(start, head + slash) if slash else (self.root if path[:1] == b"/" else start)
        if not isinstance(directory, Directory):
            raise FileSystemError(ENOTDIR)
        return directory, name

    def walk_create(
        self, start: Directory, path: bytes, mode: int, exclusive: bool, follow: bool = True
    ) -> tuple[Inode, bool]:
        """Return the node at `path` and whether it was just made: an empty file, if there was none.

        A link in the last place is followed, also to where nothing is, unless `exclusive` or not `follow`.
        EEXIST (only if `exclusive`), EISDIR, ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG, EDQUOT.
        """
        for _ in range(MAX_LINKS):
            directory, name = self.walk_parent(start, path)
            node = directory if name in (b"", b".", b"..") else self._child(directory, name)
            if exclusive and node is not None:
                raise FileSystemError(EEXIST)
            if path.endswith(b"/") or isinstance(node, Directory):
                raise FileSystemError(EISDIR)
            if node is None:
                _allow_entry(directory)
                node = RegularFile(self._overlay, mode)
                directory.add(name, node)
                return node, True
            if not isinstance(node, Symlink):
                return node, False
            if not follow:
                break
            start, path = directory, node.target
        raise FileSystemError(ELOOP)

    def mkdir(self, start: Directory, path: bytes, mode: int) -> None:
        """Make a directory. EEXIST, ENOENT, ENOTDIR, EACCES, ENAMETOOLONG, EDQUOT."""
        directory, name = self._new_name(start, path)
        _allow_entry(directory)
        directory.add(name, Directory(self._overlay, mode, directory, self._wrap))

    def symlink(self, start: Directory, path: bytes, target: bytes) -> None:
        """Make a symbolic link. ENOENT (also for an empty target), EEXIST, ENAMETOOLONG, EACCES, EDQUOT, ENOSPC."""
        if not target or len(target) > PATH_MAX:
            raise FileSystemError(ENAMETOOLONG if target else ENOENT)
        directory, name = self._new_name(start, path)
        _allow_entry(directory)
        directory.add(name, Symlink(self._overlay, target))

    def unlink(self, start: Directory, path: bytes) -> None:
        """Remove a name that isn't a directory's. ENOENT, EISDIR, ENOTDIR, EACCES."""
        directory, name = self.walk_parent(start, path)
        node = self.root if name in (b"", b".", b"..") else self._existing(directory, name)
        if isinstance(node, Directory):
            raise FileSystemError(EISDIR)
        if path.endswith(b"/"):
            raise FileSystemError(ENOTDIR)
        allow(directory, WRITE)
        directory.remove(name)
        node.unlinked()

    def rmdir(self, start: Directory, path: bytes) -> None:
        """Remove an empty directory. ENOENT, ENOTDIR, ENOTEMPTY, EACCES, EINVAL (`.`), EBUSY (the root)."""
        directory, name = self.walk_parent(start, path)
        if name in (b"", b".", b".."):
            raise FileSystemError({b"": EBUSY, b".": EINVAL, b"..": ENOTEMPTY}[name])
        node = self._existing(directory, name)
        if not isinstance(node, Directory):
            raise FileSystemError(ENOTDIR)
        if not node.is_empty():
            raise FileSystemError(ENOTEMPTY)
        allow(directory, WRITE)
        directory.remove(name)
        node.unlinked()

    def rename(self, old_start: Directory, old: bytes, new_start: Directory, new: bytes) -> None:
        """Move a name, replacing what the new one named.

        ENOENT, ENOTDIR, EISDIR, ENOTEMPTY, EACCES, EINVAL (a directory into itself), EBUSY (`.`, `..`, the root).
        """
        old_directory, old_name = self.walk_parent(old_start, old)
        new_directory, new_name = self.walk_parent(new_start, new)
        if {old_name, new_name} & {b"", b".", b".."}:
            raise FileSystemError(EBUSY)
        node = self._existing(old_directory, old_name)
        replaced = self._child(new_directory, new_name)
        if node is replaced:
            return
        self._check_rename(node, new_directory, replaced)
        if (old.endswith(b"/") or new.endswith(b"/")) and not isinstance(node, Directory):
            raise FileSystemError(ENOTDIR)
        allow(old_directory, WRITE)
        _allow_entry(new_directory)
        if replaced is not None:
            new_directory.remove(new_name)
            replaced.unlinked()
        old_directory.remove(old_name)
        new_directory.add(new_name, node)

    def ensure(self, path: bytes) -> Directory:
        """Return the directory at an absolute path, for the host's own use: made if it isn't there, and not charged.

        Links are followed. ENOTDIR if something else is in the way, and walk's errors.
        """
        directory = self.root
        for name in filter(None, path.split(b"/")):
            node = directory.lookup(name)
            if node is None:
                lower = LowerDirectory(ino=self._overlay.new_ino())
                node = Directory(self._overlay, lower.mode, directory, self._wrap, lower)
                directory.add(name, node)
            elif isinstance(node, Symlink):
                node = self.walk(directory, name)
            if not isinstance(node, Directory):
                raise FileSystemError(ENOTDIR)
            directory = node
        return directory

    def path_of(self, directory: Directory) -> bytes:
        """Return the absolute path of a directory. ENOENT if it has been removed."""
        names: list[bytes] = []
        while directory is not self.root:
            name = directory.parent.name_of(directory)
            if name is None:
                raise FileSystemError(ENOENT)
            names.append(name)
            directory = directory.parent
        return b"/" + b"/".join(reversed(names))

    def _check_rename(self, node: Inode, target: Directory, replaced: Inode | None) -> None:
        if isinstance(node, Directory):
            above = target
            while above is not self.root and above is not above.parent:
                if above is node:
                    raise FileSystemError(EINVAL)
                above = above.parent
            if replaced is not None and not isinstance(replaced, Directory):
                raise FileSystemError(ENOTDIR)
            if isinstance(replaced, Directory) and not replaced.is_empty():
                raise FileSystemError(ENOTEMPTY)
        elif isinstance(replaced, Directory):
            raise FileSystemError(EISDIR)

    def _child(self, directory: Directory, name: bytes) -> Inode | None:
        if not directory.mode & EXECUTE:
            raise FileSystemError(EACCES)
        if name == b"..":
            return directory.parent
        if len(name) > NAME_MAX:
            raise FileSystemError(ENAMETOOLONG)
        return directory.lookup(name)

    def _existing(self, directory: Directory, name: bytes) -> Inode:
        node = self._child(directory, name)
        if node is None:
            raise FileSystemError(ENOENT)
        return node

    def _new_name(self, start: Directory, path: bytes) -> tuple[Directory, bytes]:
        directory, name = self.walk_parent(start, path)
        if name in (b"", b".", b"..") or self._child(directory, name) is not None:
            raise FileSystemError(EEXIST)
        return directory, name

    def _wrap(self, lower: LowerNode, parent: Directory) -> Inode:
        if isinstance(lower, LowerFile):
            return RegularFile(self._overlay, lower.mode, lower)
        if isinstance(lower, LowerDescriptors):
            return DescriptorFolder(self._overlay, parent, self._wrap, lower, self._descriptors)
        if isinstance(lower, LowerDirectory):
            return Directory(self._overlay, lower.mode, parent, self._wrap, lower)
        if isinstance(lower, LowerLink):
            return Symlink(self._overlay, lower.target, lower)
        assert isinstance(lower, LowerDevice)
        return make_device(self._overlay, lower.name, lower)


def allow(node: Inode, bits: int) -> None:
    """Check that the node's mode has one of `bits`. EACCES."""
    if not node.mode & bits:
        raise FileSystemError(EACCES)


def _allow_entry(directory: Directory) -> None:
    """Check that entries may be added to the directory. EACCES; ENOENT for a removed directory."""
    allow(directory, WRITE)
    if directory.nlink == 0:
        raise FileSystemError(ENOENT)


def _split(path: bytes) -> tuple[list[bytes], bool]:
    """Return the names of a path, last one first, and whether it must name a directory. ENOENT, ENAMETOOLONG."""
    if not path:
        raise FileSystemError(ENOENT)
    if len(path) > PATH_MAX:
        raise FileSystemError(ENAMETOOLONG)
    parts = path.split(b"/")
    must_be_directory = parts[-1] in (b"", b".")
    names = [part for part in parts if part and part != b"."]
    names.reverse()
    return names, must_be_directory
