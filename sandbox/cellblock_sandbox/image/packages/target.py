"""The guest as installers see it: the values that markers ask for, and the tags of wheels it can import.

Tags are those of PEP 425 for CPython on the platform that PEP 783 calls `pyemscripten_<year>_<n>_wasm32`; a wheel
for any other Emscripten ABI can't be loaded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag, compatible_tags, cpython_tags

from cellblock_sandbox.image import pins
from cellblock_sandbox.image.distribution import Distribution

# Marker values that neither the lock nor the pins tell. A test compares all of them with the guest's own.
_ENVIRONMENT = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "wasm32",
    "platform_python_implementation": "CPython",
    "platform_release": "5.0.3",
    "platform_system": "Emscripten",
    "platform_version": "#1",
    "sys_platform": "emscripten",
}
_PLATFORM_WORDS = (
    (("manylinux", "linux"), "linux"),
    (("musllinux",), "linux (musl)"),
    (("macosx",), "macos"),
    (("win",), "windows"),
    (("android",), "android"),
    (("ios",), "ios"),
)


@dataclass(frozen=True)
class Target:
    """A guest: its full Python version ("3.14.2") and its ABI ("2026_0")."""

    python: str
    abi: str

    @classmethod
    def of(cls, distribution: Distribution) -> Target:
        """Return the guest of `distribution`. The patch release comes from the pins; the lock doesn't tell it."""
        pinned = pins.python_version()
        return cls(pinned if _minor(pinned) == _minor(distribution.python) else distribution.python, distribution.abi)

    @property
    def platform(self) -> str:
        """The platform part of binary wheels' tags."""
        return f"pyemscripten_{self.abi}_wasm32"

    @cached_property
    def environment(self) -> dict[str, str]:
        """What environment markers compare with (PEP 508)."""
        return {
            **_ENVIRONMENT,
            "implementation_version": self.python,
            "python_full_version": self.python,
            "python_version": ".".join(map(str, _minor(self.python))),
        }

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        """The tags the guest can import, best first."""
        minor = _minor(self.python)
        interpreter = f"cp{minor[0]}{minor[1]}"
        binary = cpython_tags(minor, abis=[interpreter], platforms=[self.platform])
        return (*binary, *compatible_tags(minor, interpreter, [self.platform]))

    @cached_property
    def _ranks(self) -> dict[Tag, int]:
        return {tag: rank for rank, tag in reversed(list(enumerate(self.tags)))}

    def rank(self, tags: Iterable[Tag]) -> int | None:
        """Return the place in `Target.tags` of the best of a wheel's tags (0 is best); None if it has none of them."""
        return min((self._ranks[tag] for tag in tags if tag in self._ranks), default=None)

    def meets(self, requires_python: str) -> bool:
        """Whether the guest is of a Python that `requires_python` allows. One that can't be read allows any."""
        try:
            return SpecifierSet(requires_python).contains(self.python, prereleases=True)
        except InvalidSpecifier:
            return True

    def describe(self) -> str:
        """Return the best tag, in which a wheel for this guest is told from all others."""
        return str(self.tags[0])


def is_pure(tags: Iterable[Tag]) -> bool:
    """Whether a wheel of these tags claims to hold no machine code."""
    return all(tag.platform == "any" for tag in tags)


def platforms_in_words(tags: Iterable[Tag]) -> set[str]:
    """Tell what the wheels of `tags` were built for: {"linux", "windows"}."""
    return {_word(tag) for tag in tags}


def _word(tag: Tag) -> str:
    if tag.platform == "any":
        return f"another Python ({tag.interpreter})"
    if tag.platform.endswith("wasm32"):
        return f"another WebAssembly ({tag.interpreter}, {tag.platform})"
    for beginnings, word in _PLATFORM_WORDS:
        if tag.platform.startswith(beginnings):
            return word
    return tag.platform


def _minor(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)
