"""Every exception Cellblock raises on purpose.

    CellblockError
    |-- SandboxError                 opening an image, running a sandbox
    |   |-- ImageMissing             user   no image or bundle of that name
    |   |-- ImageDamaged             ours   a stored file is not what was written
    |   |-- ImageMismatch            user   built by another format, engine or Cellblock
    |   |-- MemoryTooSmall           user   a memory limit without room for the image
    |   |-- SandboxClosed            user   used after close() or after a hard stop
    |   `-- GuestCrashed             ours   the guest trapped where no block's code explains it
    |-- BuildError                   making a bundle or an image
    |   |-- SettingInvalid           user   a setting that can't be understood
    |   |-- PackageUnknown           user   not in the Pyodide distribution, nor where else packages come from
    |   |-- SourceUnavailable        user   no source gave a file (most often: no network)
    |   |-- HashMismatch             ours   a source gave other bytes than the lock names
    |   |-- ToolMissing              user   node or npm isn't installed
    |   |-- HomeUnusable             user   CELLBLOCK_HOME can't be written, or is full
    |   |-- InUse                    user   a bundle that images still need
    |   |-- LinkError                ours   modules that can't be joined
    |   |-- RequirementInvalid       user   a requirement that can't be understood, or isn't accepted
    |   |-- VersionConflict          user   no version fits all that is asked
    |   |-- WheelMissing             user   no wheel for this guest, or none that a source could give
    |   |-- PackageDenied            user   the operator's rules forbid it
    |   |-- IndexUnavailable         user   a package index didn't answer, or not with what was asked
    |   |-- BinaryWheel              user   a binary wheel that would have to be part of the bundle
    |   `-- WheelInvalid             user   a wheel that isn't what it claims to be, or isn't safe to unpack
    `-- ValueNotPortable             user   a value that can't cross to or from the guest

There are two families besides, as mix-ins: `UserFault` is what the caller or operator puts right by
doing something else, `OurFault` is a broken promise of Cellblock or of what it stands on. Catch a branch
to handle a situation, catch a family to decide who is told. What a block does wrong (an exception, a
limit it hits) is never one of these: it is an `ExecutionResult` with a status.

Every message says what happened, where, and what to do. `key` is a stable name for programs, and
every error survives pickling, because workers send theirs to the service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class CellblockError(Exception):
    """The root: nothing else is raised on purpose. `todo` is the part of the message that says what to do."""

    key: ClassVar[str] = "cellblock-error"

    def __init__(self, message: str, *, todo: str = "") -> None:
        super().__init__(f"{message}\n{todo}" if todo else message)
        self.todo = todo

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), str(self), dict(self.__dict__))


def _restore(kind: type[CellblockError], message: str, attributes: Mapping[str, Any]) -> CellblockError:
    """Rebuild a pickled error without its constructor, whose parameters differ from class to class."""
    error = kind.__new__(kind, message)
    error.__dict__.update(attributes)
    return error


class UserFault(CellblockError):
    """The caller or the operator can put this right."""


class OurFault(CellblockError):
    """Cellblock, or something it stands on, broke a promise."""


class SandboxError(CellblockError):
    """Opening an image or running a sandbox failed."""

    key = "sandbox-error"


class ImageMissing(SandboxError, UserFault):
    """No stored `kind` ("image" or "bundle") answers to `name` in `folder`."""

    key = "image-missing"

    def __init__(self, kind: str, name: str, folder: str, known: Sequence[str] = ()) -> None:
        there = f"There are: {', '.join(known)}." if known else f"No {kind} has been built there."
        super().__init__(
            f"No {kind} called {name!r} in {folder}. {there}",
            todo=f"Build it with: cellblock {kind} build {name}",
        )
        self.kind, self.name, self.folder, self.known = kind, name, folder, tuple(known)


class ImageDamaged(SandboxError, OurFault):
    """`file` of a stored image or bundle is not the one that was written there."""

    key = "image-damaged"

    def __init__(self, kind: str, name: str, file: str, expected: str, got: str) -> None:
        super().__init__(
            f"The {kind} {name!r} is damaged: {file} should be {expected} and is {got}.",
            todo=f"Build it again with: cellblock {kind} build {name}",
        )
        self.kind, self.name, self.file, self.expected, self.got = kind, name, file, expected, got


class ImageMismatch(SandboxError, UserFault):
    """A stored image or bundle was made by another `what` ("format", "engine" or "build")."""

    key = "image-mismatch"

    def __init__(self, kind: str, name: str, what: str, stored: str, current: str) -> None:
        super().__init__(
            f"The {kind} {name!r} was made for {what} {stored}; this is {what} {current}.",
            todo=f"Build it again with: cellblock {kind} build {name}",
        )
        self.kind, self.name, self.what, self.stored, self.current = kind, name, what, stored, current


class MemoryTooSmall(SandboxError, UserFault):
    """A memory limit (`limit_mb`) that is smaller than the image's own memory (`needed_mb`), both in MiB."""

    key = "memory-too-small"

    def __init__(self, limit_mb: float, needed_mb: float) -> None:
        super().__init__(
            f"A memory limit of {limit_mb:g} MB has no room for the image, which starts with {needed_mb:.0f} MB.",
            todo=f"Allow at least {needed_mb + 16:.0f} MB.",
        )
        self.limit_mb, self.needed_mb = limit_mb, needed_mb


class SandboxClosed(SandboxError, UserFault):
    """A sandbox was used after its end; `why` tells what ended it."""

    key = "sandbox-closed"

    def __init__(self, why: str = "it was closed") -> None:
        super().__init__(
            f"This sandbox can't run anything more: {why}.",
            todo="Make a new one with Image.sandbox(); it takes milliseconds.",
        )
        self.why = why


class GuestCrashed(SandboxError, OurFault):
    """The guest stopped with `trap`, while `doing` something that isn't a block's own code."""

    key = "guest-crashed"

    def __init__(self, trap: str, doing: str = "running a block") -> None:
        super().__init__(
            f"The guest crashed while {doing}: {trap}",
            todo="The sandbox is gone and nothing else is harmed. Please report this with the code that led to it.",
        )
        self.trap, self.doing = trap, doing


class BuildError(CellblockError):
    """Making a bundle or an image failed."""

    key = "build-error"


class SettingInvalid(BuildError, UserFault):
    """The setting `name` holds something that can't be understood."""

    key = "setting-invalid"

    def __init__(self, name: str, value: str, accepted: str) -> None:
        super().__init__(f"{name} holds {value!r}, which can't be understood.", todo=f"Accepted: {accepted}")
        self.name, self.value = name, value


class PackageUnknown(BuildError, UserFault):
    """`name` isn't a package of `places`, such as the Pyodide distribution; `nearest` are the most similar ones there.

    `asked_by` is who needs it, when that isn't the user ("seaborn 0.13.2").
    """

    key = "package-unknown"

    def __init__(self, name: str, places: str, nearest: Sequence[str] = (), asked_by: str = "") -> None:
        todo = f"Did you mean {' or '.join(nearest)}?" if nearest else "Check the spelling of its name."
        needed = f", which {asked_by} needs," if asked_by else ""
        super().__init__(f"There is no package {name!r}{needed} in {places}.", todo=todo)
        self.name, self.nearest, self.asked_by = name, tuple(nearest), asked_by


class SourceUnavailable(BuildError, UserFault):
    """No source could give `file`; `tried` holds each source with its reason, in the order tried."""

    key = "source-unavailable"

    def __init__(self, file: str, tried: Sequence[tuple[str, str]]) -> None:
        lines = "".join(f"\n  - {source}: {reason}" for source, reason in tried) or "\n  (no source is set)"
        super().__init__(
            f"No source could give {file}:{lines}",
            todo=(
                "Check the network and build again (what was fetched is kept), or put the file into a folder "
                "and name that folder in CELLBLOCK_SOURCES."
            ),
        )
        self.file, self.tried = file, tuple(tried)


class HashMismatch(BuildError, OurFault):
    """`source` gave a `file` whose sha256 isn't the one the lock names."""

    key = "hash-mismatch"

    def __init__(self, file: str, source: str, expected: str, got: str) -> None:
        super().__init__(
            f"{source} gave a {file} with sha256 {got}; expected {expected}. It was thrown away.",
            todo="Put the true file into that source, or choose other sources with CELLBLOCK_SOURCES.",
        )
        self.file, self.source, self.expected, self.got = file, source, expected, got


class ToolMissing(BuildError, UserFault):
    """A program that building a bundle needs isn't there, or is too old; `why` tells which."""

    key = "tool-missing"

    def __init__(self, tool: str, why: str, todo: str) -> None:
        super().__init__(f"Building a bundle needs {tool}: {why}.", todo=todo)
        self.tool = tool


class HomeUnusable(BuildError, UserFault):
    """CELLBLOCK_HOME can't be written."""

    key = "home-unusable"

    def __init__(self, folder: str, reason: str) -> None:
        super().__init__(
            f"Cellblock can't write to {folder}: {reason}.",
            todo="Make room there, make it writable, or set CELLBLOCK_HOME to another folder.",
        )
        self.folder, self.reason = folder, reason


class InUse(BuildError, UserFault):
    """A bundle can't be removed because the images `users` run on it."""

    key = "in-use"

    def __init__(self, kind: str, name: str, users: Sequence[str]) -> None:
        super().__init__(
            f"The {kind} {name!r} is used by: {', '.join(users)}.",
            todo="Remove those first, or force the removal; they won't open any more then.",
        )
        self.kind, self.name, self.users = kind, name, tuple(users)


class LinkError(BuildError, OurFault):
    """Modules can't be joined or compiled; `module` is the one at fault, where one can be named."""

    key = "link-error"

    def __init__(self, message: str, *, module: str = "", todo: str = "") -> None:
        super().__init__(
            f"{module}: {message}" if module else message,
            todo=todo or "Leave the package that holds it out of the bundle, and please report this.",
        )
        self.module = module


class RequirementInvalid(BuildError, UserFault):
    """`requirement` isn't one of the form "name[extra]>=1.2 ; marker", or is of a kind that isn't accepted."""

    key = "requirement-invalid"

    def __init__(self, requirement: str, why: str) -> None:
        super().__init__(
            f"The requirement {requirement!r} can't be used: {why}.",
            todo='Write a name, and versions if need be, such as "humanize" or "humanize>=4,<5".',
        )
        self.requirement, self.why = requirement, why


class VersionConflict(BuildError, UserFault):
    """No version of `name` fits all of `wanted`: pairs of a specifier (">=2") and who asks for it.

    `versions` are those there are for the guest, newest first; `why` holds more reasons, a line each.
    """

    key = "version-conflict"

    def __init__(
        self, name: str, wanted: Sequence[tuple[str, str]], versions: Sequence[str] = (), why: Sequence[str] = ()
    ) -> None:
        lines = "".join(f"\n  - {name}{specifier}: {asker}" for specifier, asker in wanted)
        there = f"There are {', '.join(versions[:12])}{' and older ones' if len(versions) > 12 else ''}"
        super().__init__(
            f"No version of {name} fits all that is asked:{lines}"
            + "".join(f"\n  ({reason})" for reason in why)
            + f"\n{there if versions else f'There is no version of {name}'} for this guest.",
            todo="Ask for versions that go together.",
        )
        self.name, self.wanted, self.versions, self.why = name, tuple(wanted), tuple(versions), tuple(why)


class WheelMissing(BuildError, UserFault):
    """`what` ("polars 1.33.0") exists, but not for the guest, whose platform is called `target`.

    `platforms` are those it does exist for, in words; `lock_file` is the distribution's wheel of it, which the
    sources of `tried` didn't give; `nearest` is what comes nearest and does exist.
    """

    key = "wheel-missing"

    def __init__(
        self,
        what: str,
        target: str,
        platforms: Sequence[str] = (),
        *,
        asked_by: str = "",
        lock_file: str = "",
        tried: Sequence[tuple[str, str]] = (),
        nearest: str = "",
    ) -> None:
        needed = f", which {asked_by} needs," if asked_by else ""
        has = f"has wheels for {', '.join(platforms)}; none for" if platforms else "has no wheel for"
        text = f"{what}{needed} {has} WebAssembly ({target})."
        if lock_file:
            text += f"\nPyodide's distribution has {lock_file}, which no source could give:"
            text += "".join(f"\n  - {source}: {reason}" for source, reason in tried) or "\n  (no source is set)"
        todo = f"The nearest that exists is {nearest}." if nearest else "Use another package."
        if lock_file:
            todo = f"Put {lock_file} into a folder and name that folder in CELLBLOCK_SOURCES."
        super().__init__(text, todo=todo)
        self.what, self.platforms, self.asked_by = what, tuple(platforms), asked_by
        self.lock_file, self.tried, self.nearest = lock_file, tuple(tried), nearest


class PackageDenied(BuildError, UserFault):
    """The setting `rule` of the operator forbids the package `name`, which `asked_by` asks for."""

    key = "package-denied"

    def __init__(self, name: str, rule: str, asked_by: str) -> None:
        super().__init__(
            f"The package {name} may not be used here ({rule}); asked for by {asked_by}.",
            todo="Do without it, or have the operator of this service change that setting.",
        )
        self.name, self.rule, self.asked_by = name, rule, asked_by


class IndexUnavailable(BuildError, UserFault):
    """The package index at `index` couldn't tell about `project`."""

    key = "index-unavailable"

    def __init__(self, index: str, project: str, reason: str) -> None:
        super().__init__(
            f"The package index {index} couldn't be asked for {project}: {reason}.",
            todo=(
                "Check the network, name another index in CELLBLOCK_INDEXES, or put the wheels into a folder "
                "and name that folder in CELLBLOCK_SOURCES."
            ),
        )
        self.index, self.project, self.reason = index, project, reason


class WheelInvalid(BuildError, UserFault):
    """The file `wheel` isn't a wheel the guest can be given; `member` is the part at fault, where one can be named."""

    key = "wheel-invalid"

    def __init__(self, wheel: str, member: str, why: str) -> None:
        where = f": {member!r}" if member else ""
        super().__init__(
            f"The wheel {wheel} is refused{where} {why}.",
            todo="Choose another version, or tell whoever published it.",
        )
        self.wheel, self.member, self.why = wheel, member, why


class BinaryWheel(BuildError, UserFault):
    """A binary wheel, which is linked into a bundle and can't be added to a sandbox or without a toolchain."""

    key = "binary-wheel"

    def __init__(self, name: str, wheel: str) -> None:
        super().__init__(
            f"{name} is a binary package ({wheel}), which has to be linked into the bundle before it can be imported.",
            todo=f"Add it on a machine with Node: cellblock bundle build full --package {name}",
        )
        self.name, self.wheel = name, wheel


class ValueNotPortable(UserFault):
    """The value at `path` (such as `result['a'][3]`) is of a type that can't cross between host and guest."""

    key = "value-not-portable"

    def __init__(self, type_name: str, path: str, why: str = "can't travel") -> None:
        super().__init__(f"{path}: a {type_name} {why}.", todo="Turn it into plain data first.")
        self.type_name, self.path = type_name, path
