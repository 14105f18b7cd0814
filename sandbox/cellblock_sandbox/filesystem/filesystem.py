"""The filesystem that one sandbox sees: a tree, a working directory, a umask and descriptors.

This is the room's front: syscalls call it and nothing below it. Paths are bytes; a path relative to a directory
descriptor names it as `at` (AT_FDCWD for the working directory). Every refusal is a FileSystemError; besides the errnos
each method names, any that takes a path may raise ENOENT, ENOTDIR, EACCES, ELOOP and ENAMETOOLONG, any that takes a
descriptor EBADF.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from cellblock_sandbox.abi.tables import (
    AT_FDCWD,
    EINVAL,
    EISDIR,
    ELOOP,
    ENODEV,
    ENOTDIR,
    O_CREAT,
    O_DIRECTORY,
    O_EXCL,
    O_NOFOLLOW,
    O_PATH,
    O_RDONLY,
    O_RDWR,
    O_TMPFILE,
    O_TRUNC,
    O_WRONLY,
    R_OK,
    W_OK,
    X_OK,
)
from cellblock_sandbox.filesystem.archives import Archive
from cellblock_sandbox.filesystem.descriptors import DescriptorTable, OpenFile
from cellblock_sandbox.filesystem.directory import Directory
from cellblock_sandbox.filesystem.doors import FOLDER, Answer, Door
from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.filesystem.inodes import Inode, OnOutput, Overlay, RegularFile, Symlink
from cellblock_sandbox.filesystem.layers import LayerStack
from cellblock_sandbox.filesystem.lower import LowerDevice
from cellblock_sandbox.filesystem.pipes import Pipe
from cellblock_sandbox.filesystem.quota import Quota
from cellblock_sandbox.filesystem.tree import EXECUTE, READ, WRITE, Tree, allow


class FileSystem:
    """One sandbox's files. Cheap to make: nothing of the layers is looked at before the guest asks for it.

    `on_output(stream, chunk)` gets what the guest writes to "stdout" and "stderr". `now_ns` is the clock for times of
    files. Descriptors 0, 1 and 2 are open at the start; standard input is at its end.
    """

    def __init__(
        self,
        layers: LayerStack,
        quota: Quota,
        on_output: OnOutput,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.overlay = Overlay(quota, on_output, now_ns)
        self.descriptors = DescriptorTable()
        self.file = self.descriptors.get
        """`file(fd)` returns the open file description of a descriptor, for reading, writing and seeking."""
        self.tree = Tree(self.overlay, layers.root, self.descriptors)
        self.cwd = self.tree.root
        self.umask = 0o022
        for path, flags in ((b"/dev/stdin", O_RDONLY), (b"/dev/stdout", O_WRONLY), (b"/dev/stderr", O_WRONLY)):
            self.descriptors.add(OpenFile(self.tree.walk(self.cwd, path), flags))

    def end(self) -> None:
        """Let go of all that the guest made, when it is over.

        Directories know their parents, so Python would free them, and all files, only when it next looks for cycles:
        many sandboxes later.
        """
        self.descriptors.forget()
        self.overlay.paths.clear()
        self.overlay.locks.forget()
        self.cwd = self.tree.root
        self.tree.forget()

    def mount_archive(self, path: Path, at: str, *, libraries_linked: bool = False) -> None:
        """Lay the members of a zip archive over the directory `at`, for this sandbox alone; may be done while it runs.

        What the guest has made or changed there stays; files of the layers give way. Nothing is copied, and nothing is
        charged to the quota. Call it between runs, or from a door's callable: on the sandbox's own thread.

        As LayerStack.mount_archive otherwise; FileSystemError if the guest has put a file where a directory has to be.
        See Directory.mount.
        """
        archive = Archive(path)
        folder = archive.folder(self.overlay.new_ino(archive.inos), libraries_linked)
        self.tree.ensure(at.encode()).mount(folder, self.overlay.now_ns())

    def add_door(self, name: str, answer: Answer, *, largest: int | None = None) -> None:
        """Make the device /dev/cellblock/`name`, through which the guest may ask `answer` (doors.py).

        `largest` is how many bytes a request and an answer may have, in place of MAX_REQUEST and MAX_ANSWER; the quota
        holds in any case.

        ValueError for a name that isn't made of a-z, 0-9 and `-`.
        """
        if not re.fullmatch("[a-z0-9-]+", name):
            raise ValueError(f"{name!r} is no name for a door")
        lower = LowerDevice(name)
        lower.ino = self.overlay.new_ino()
        self.tree.ensure(FOLDER).add(name.encode(), Door(self.overlay, lower, answer, largest))

    def open(self, path: bytes, flags: int, mode: int = 0o666, at: int = AT_FDCWD) -> int:
        """Open or create a file; return the lowest free descriptor. See open(2).

        EEXIST, EISDIR, EINVAL (no such access mode), EMFILE, EDQUOT, ENOSPC, ENXIO (/dev/tty).
        """
        if flags & 3 == 3:
            raise FileSystemError(EINVAL)
        self.descriptors.room()
        if flags & O_PATH:
            flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW
        start = self._start(at, path)
        follow = not flags & O_NOFOLLOW
        if flags & O_TMPFILE == O_TMPFILE:
            inode: Inode = self._unnamed(self.tree.walk(start, path, follow), flags, mode)
            return self.descriptors.add(OpenFile(inode, flags & ~O_TMPFILE))
        if flags & O_CREAT:
            mode &= 0o7777 & ~self.umask
            inode, made = self.tree.walk_create(start, path, mode, bool(flags & O_EXCL), follow)
        else:
            inode, made = self.tree.walk(start, path, follow), False
        # A file just made may be opened whatever its mode is.
        if not made:
            _check_access(inode, flags)
        if flags & O_TRUNC and flags & 3 != O_RDONLY:
            inode.truncate(0)
        return self.descriptors.add(OpenFile(inode, flags & ~(O_CREAT | O_EXCL | O_TRUNC)))

    def close(self, fd: int) -> None:
        """Close a descriptor."""
        self.descriptors.close(fd)

    def stat(self, path: bytes, at: int = AT_FDCWD, follow: bool = True) -> Inode:
        """Return the node at a path; its attributes are what stat(2) reports."""
        return self.tree.walk(self._start(at, path), path, follow)

    def node_at(self, path: bytes, at: int, follow: bool = True) -> Inode:
        """Return the node at a path; with an empty one, that of the descriptor `at` itself (AT_EMPTY_PATH)."""
        if path:
            return self.stat(path, at, follow)
        return self.cwd if at == AT_FDCWD else self.file(at).inode

    def access(self, path: bytes, wanted: int, at: int = AT_FDCWD) -> None:
        """Check permissions: `wanted` is R_OK, W_OK and X_OK combined, or F_OK. EACCES, EINVAL."""
        if wanted & ~(R_OK | W_OK | X_OK):
            raise FileSystemError(EINVAL)
        node = self.stat(path, at)
        for bit, permission in ((R_OK, READ), (W_OK, WRITE), (X_OK, EXECUTE)):
            if wanted & bit:
                allow(node, permission)

    def mkdir(self, path: bytes, mode: int, at: int = AT_FDCWD) -> None:
        """Make a directory. EEXIST, EDQUOT."""
        self.tree.mkdir(self._start(at, path), path, mode & ~self.umask)

    def mkfile(self, path: bytes, mode: int, at: int = AT_FDCWD) -> None:
        """Make an empty file, as mknod(2) does. EEXIST, EISDIR, EDQUOT."""
        self.tree.walk_create(self._start(at, path), path, mode & ~self.umask, exclusive=True)

    def rmdir(self, path: bytes, at: int = AT_FDCWD) -> None:
        """Remove an empty directory. ENOTEMPTY, EINVAL, EBUSY."""
        self.tree.rmdir(self._start(at, path), path)

    def unlink(self, path: bytes, at: int = AT_FDCWD) -> None:
        """Remove a name. EISDIR. The content lives until its last descriptor is closed."""
        self.tree.unlink(self._start(at, path), path)

    def rename(self, old: bytes, new: bytes, old_at: int = AT_FDCWD, new_at: int = AT_FDCWD) -> None:
        """Move a name, replacing another. EISDIR, ENOTEMPTY, EINVAL, EBUSY."""
        self.tree.rename(self._start(old_at, old), old, self._start(new_at, new), new)

    def symlink(self, target: bytes, path: bytes, at: int = AT_FDCWD) -> None:
        """Make a symbolic link. EEXIST, EDQUOT, ENOSPC."""
        self.tree.symlink(self._start(at, path), path, target)

    def readlink(self, path: bytes, at: int = AT_FDCWD) -> bytes:
        """Return the target of a symbolic link. EINVAL if it isn't one."""
        node = self.stat(path, at, follow=False)
        if not isinstance(node, Symlink):
            raise FileSystemError(EINVAL)
        return node.target

    def chdir(self, node: Inode) -> None:
        """Make a node the working directory. ENOTDIR, EACCES."""
        if not isinstance(node, Directory):
            raise FileSystemError(ENOTDIR)
        allow(node, EXECUTE)
        self.cwd = node

    def getcwd(self) -> bytes:
        """Return the path of the working directory. ENOENT if it was removed."""
        return self.tree.path_of(self.cwd)

    def chmod(self, node: Inode, mode: int) -> None:
        """Set a node's permission bits."""
        node.mode = node.mode & ~0o7777 | mode & 0o7777
        node.changed()
        self.overlay.paths.clear()

    def chown(self, node: Inode, uid: int, gid: int) -> None:
        """Set a node's owner and group; -1 leaves one as it is. They mean nothing here but are kept."""
        node.uid = node.uid if uid == -1 else uid & 0xFFFF_FFFF
        node.gid = node.gid if gid == -1 else gid & 0xFFFF_FFFF
        node.changed()

    def utimens(self, node: Inode, atime_ns: int | None, mtime_ns: int | None) -> None:
        """Set a node's times; None leaves one as it is."""
        node.atime_ns = node.atime_ns if atime_ns is None else atime_ns
        node.mtime_ns = node.mtime_ns if mtime_ns is None else mtime_ns
        node.changed()

    def truncate(self, path: bytes, size: int) -> None:
        """Set the size of the file at a path. EISDIR, EINVAL, ENOSPC."""
        node = self.stat(path)
        _check_access(node, O_WRONLY)
        node.truncate(size)

    def ftruncate(self, fd: int, size: int) -> None:
        """Set the size of an open file. EINVAL (also when not open for writing), ENOSPC."""
        file = self.file(fd)
        if file.flags & 3 == O_RDONLY:
            raise FileSystemError(EINVAL)
        file.inode.truncate(size)

    def allocate(self, fd: int, offset: int, length: int) -> None:
        """Extend an open file to `offset + length` if it is shorter. EINVAL, ENODEV, ENOSPC."""
        file = self.file(fd)
        file.require_writable()
        if offset < 0 or length <= 0:
            raise FileSystemError(EINVAL)
        if not isinstance(file.inode, RegularFile):
            raise FileSystemError(ENODEV)
        if offset + length > file.inode.size:
            file.inode.truncate(offset + length)

    def dup(self, fd: int, lowest: int = 0) -> int:
        """Duplicate a descriptor to the lowest free one that is at least `lowest`. EMFILE, EINVAL."""
        file = self.file(fd)
        new = self.descriptors.add(file, lowest)
        file.retain()
        return new

    def dup_to(self, fd: int, new: int) -> int:
        """Make `new` a duplicate of `fd`, closing what it was. EINVAL if they are the same."""
        if fd == new:
            raise FileSystemError(EINVAL)
        file = self.file(fd).retain()
        try:
            self.descriptors.replace(new, file)
        except FileSystemError:
            file.release()
            raise
        return new

    def pipe(self) -> tuple[int, int]:
        """Make a pipe; return its reading and its writing descriptor. EMFILE, EDQUOT."""
        self.descriptors.room()
        pipe = Pipe(self.overlay)
        reading, writing = OpenFile(pipe, O_RDONLY), OpenFile(pipe, O_WRONLY)
        read_fd = self.descriptors.add(reading)
        try:
            return read_fd, self.descriptors.add(writing)
        except FileSystemError:
            writing.release()
            self.descriptors.close(read_fd)
            raise

    def poll(self, fd: int) -> int:
        """Return the poll(2) events that hold now for a descriptor."""
        file = self.file(fd)
        return file.inode.poll(file.flags)

    def _unnamed(self, directory: Inode, flags: int, mode: int) -> RegularFile:
        """Make the file of an open with O_TMPFILE. ENOTDIR, EACCES, EINVAL (not for writing), EDQUOT."""
        if not isinstance(directory, Directory):
            raise FileSystemError(ENOTDIR)
        if flags & 3 == O_RDONLY:
            raise FileSystemError(EINVAL)
        allow(directory, WRITE)
        file = RegularFile(self.overlay, mode & ~self.umask)
        file.nlink = 0
        return file

    def _start(self, at: int, path: bytes) -> Directory:
        """Return the directory that `path` is relative to. The descriptor isn't looked at for an absolute path."""
        if at == AT_FDCWD or path[:1] == b"/":
            return self.cwd
        node = self.file(at).inode
        if not isinstance(node, Directory):
            raise FileSystemError(ENOTDIR)
        return node


def _check_access(inode: Inode, flags: int) -> None:
    """Check that a node may be opened with `flags`. EACCES, EISDIR, ENOTDIR, ELOOP."""
    if flags & O_DIRECTORY and not isinstance(inode, Directory):
        raise FileSystemError(ENOTDIR)
    if flags & O_PATH:
        return
    if isinstance(inode, Symlink):
        raise FileSystemError(ELOOP)
    access = flags & 3
    if isinstance(inode, Directory) and (access != O_RDONLY or flags & O_TRUNC):
        raise FileSystemError(EISDIR)
    if access != O_WRONLY:
        allow(inode, READ)
    if access in (O_WRONLY, O_RDWR):
        allow(inode, WRITE)
