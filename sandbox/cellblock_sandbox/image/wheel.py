"""A wheel, as everything that deals with wheels knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from packaging.utils import parse_wheel_filename

from cellblock_sandbox.image.distribution import Package, RemoteFile

Origin = Literal["distribution", "folder", "index"]


@dataclass(frozen=True)
class Wheel:
    """A wheel to add to a guest.

    `location` is the folder or the address it comes from ("" for one of the distribution). `pure` means that its tags
    name no platform. `depends` are canonical names, of what is installed already too.
    """

    name: str
    version: str
    file: RemoteFile
    origin: Origin
    location: str = ""
    pure: bool = True
    depends: tuple[str, ...] = ()

    @classmethod
    def of(cls, package: Package) -> Wheel:
        """The wheel of a package of the distribution."""
        pure = package.file.name.endswith("-none-any.whl")
        return cls(package.name, package.version, package.file, "distribution", "", pure, package.depends)

    @classmethod
    def named(cls, file: RemoteFile) -> Wheel:
        """A wheel as its file's name tells it."""
        name, version, _, tags = parse_wheel_filename(file.name)
        return cls(name, str(version), file, "distribution", "", all(tag.platform == "any" for tag in tags))
