"""Which packages there are for blocks: those of the standard image, of the distribution, and of folders and indexes.

The operator's rules hold: what is denied isn't told of, nor what isn't allowed and would have to be added, nor a
version that a pin excludes. A name that nothing fits is looked for where packages come from, by a builder process: this
one asks no index. What is found out is remembered for a while, and few may be looked for at a time.
"""

from __future__ import annotations

import asyncio
import difflib
import re
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from cellblock_sandbox.errors import SandboxError
from cellblock_sandbox.image.bundle import WHEELS
from cellblock_sandbox.image.distribution import Distribution, Package, canonical
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_sandbox.image.pins import LOCK
from cellblock_sandbox.image.standard import PROVIDED_BY_GUEST
from cellblock_sandbox.image.store import Store
from cellblock_sandbox.image.wheel import Wheel
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from cellblock_service.errors import NotReady, ServiceError
from cellblock_service.images.catalogue import Catalogue

LOOKED_UP, REMEMBERED_S = 1000, 600.0
"""Names of which it is remembered what was found, and for how long."""
LOOKING, LOOK_UP_S = 4, 15.0
"""Names looked for or waiting for that, and how long the client waits."""
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,98}[a-z0-9])?")
_ALIKE = 0.75
_MAX_SUMMARY, _MAX_METADATA = 300, 4 << 20


@dataclass(frozen=True, slots=True)
class Offer:
    """A package: what a block imports of it (as far as known), and whether the standard image has it already."""

    name: str
    version: str
    summary: str
    imports: tuple[str, ...]
    binary: bool
    installed: bool
    origin: str
    """"distribution", "folder" or "index"."""


class Offered:
    """What is on offer, as the standard image of now has it."""

    def __init__(self, catalogue: Catalogue, policy: Policy | None = None) -> None:
        self._catalogue = catalogue
        self._policy = policy
        self._image = ""
        self._offers: list[Offer] = []
        self._found: OrderedDict[str, tuple[float, dict[str, Any] | str]] = OrderedDict()
        self._looking = 0
        self._turn = asyncio.Lock()

    async def search(self, text: str, limit: int) -> dict[str, Any]:
        """Give `packages`, at most `limit`, the best first, and how many there are (`total`).

        If no name begins with the text, it is looked for elsewhere; if it can't be had, `missing` has the `name`, the
        reason as `detail`, and the `nearest` names. Raises NotReady as long as there is no image.
        """
        offers = await self._all()
        found = ranked(offers, text)
        told: dict[str, Any] = {}
        if text and (not found or _rank(found[0], text) > _BEGINS):
            elsewhere = await self._elsewhere(canonical(text))
            if isinstance(elsewhere, str):
                told["missing"] = {"name": text, "detail": elsewhere, "nearest": nearest(offers, text)}
            else:
                found.insert(0, Offer(**elsewhere, summary="", imports=(), installed=False))
        return {"packages": [asdict(each) for each in found[:limit]], "total": len(found), **told}

    async def _all(self) -> list[Offer]:
        image = self._catalogue.standard_id
        if image != self._image:
            try:
                self._offers = await asyncio.to_thread(_offers, self._catalogue.store, image, self._policy)
            except (SandboxError, OSError) as error:
                raise NotReady(str(error)) from error
            self._image = image
            self._found.clear()
        return self._offers

    async def _elsewhere(self, name: str) -> dict[str, Any] | str:
        """What a package would come as that isn't on the list, or why it can't be had."""
        if not _NAME.fullmatch(name):
            return f"{name!r} is no name of a package."
        clock = asyncio.get_running_loop().time
        known = self._found.get(name)
        if known is not None and clock() < known[0] + REMEMBERED_S:
            return known[1]
        unknown = (
            f"There is no package {name!r} in Pyodide's distribution; elsewhere it couldn't be looked for just now."
        )
        if self._looking >= LOOKING:
            return unknown
        self._looking += 1
        try:
            async with asyncio.timeout(LOOK_UP_S), self._turn:
                found = await self._look_up(name)
        except TimeoutError:
            return unknown
        finally:
            self._looking -= 1
        self._found[name] = clock(), found
        if len(self._found) > LOOKED_UP:
            self._found.popitem(last=False)
        return found

    async def _look_up(self, name: str) -> dict[str, Any] | str:
        try:
            return await self._catalogue.look_up(name)
        except ServiceError as error:
            return error.detail


_EXACT, _IMPORT, _BEGINS, _INSIDE, _OTHER = range(5)


def ranked(offers: Sequence[Offer], text: str) -> list[Offer]:
    """The offers that fit a text, by name or by what is imported, the best first; all of them for no text."""
    if not text:
        return sorted(offers, key=lambda each: each.name)
    fitting = [(rank, each.name, each) for each in offers if (rank := _rank(each, text)) < _OTHER]
    return [each for _, _, each in sorted(fitting, key=lambda entry: entry[:2])]


def _rank(offer: Offer, text: str) -> int:
    """How well an offer fits: by its name, by a module of it, by how either begins, by what is in either."""
    name, module = canonical(text), text.lower()
    modules = [each.lower() for each in offer.imports]
    if offer.name == name:
        return _EXACT
    if module in modules:
        return _IMPORT
    if offer.name.startswith(name) or any(each.startswith(module) for each in modules):
        return _BEGINS
    return _INSIDE if name in offer.name or any(module in each for each in modules) else _OTHER


def nearest(offers: Sequence[Offer], text: str) -> list[str]:
    """Up to three names most like a text."""
    return difflib.get_close_matches(canonical(text), [each.name for each in offers], n=3, cutoff=_ALIKE)


def _offers(store: Store, image: str, policy: Policy | None) -> list[Offer]:
    """Read what there is from the disk. Raises SandboxError and OSError."""
    stored = store.open("image", image, verify=False)
    bundle = store.open("bundle", stored.manifest.inputs["bundle"], verify=False)
    wheels = [path for each in (bundle, stored) for path in sorted(each.file(WHEELS).glob("*.whl"))]
    distribution = Distribution.load(bundle.file(LOCK))
    return offers_of(distribution, stored.manifest.packages, wheels, policy or Policy.from_environment())


def offers_of(
    distribution: Distribution, installed: Mapping[str, str], wheels: Sequence[Path], policy: Policy
) -> list[Offer]:
    """Put together what the image has and what the distribution has beside it, as far as the rules let it be used."""
    packages = {name: each for name, each in distribution.packages.items() if not _beside_the_point(each)}
    there = {name: packages[name].version for name in PROVIDED_BY_GUEST if name in packages}
    there |= {canonical(name): version for name, version in installed.items()}
    told = dict(_told(wheels))
    found = []
    for name in sorted({*packages, *there}):
        version = there.get(name) or packages[name].version
        if _may_be_used(name, version, policy, installed=name in there):
            summary, binary = told.get(name, ("", name in packages and not Wheel.of(packages[name]).pure))
            imports = packages[name].imports if name in packages else ()
            origin = "distribution" if name in packages else "index"
            found.append(Offer(name, version, summary, imports, binary, name in there, origin))
    return found


def _beside_the_point(package: Package) -> bool:
    """Whether nobody imports it: a plain library, or another package's tests."""
    return package.is_library or not package.imports or package.name.endswith("-tests")


def _may_be_used(name: str, version: str, policy: Policy, *, installed: bool) -> bool:
    """The resolver's rules (image/packages/resolver.py), for a package that is asked for by itself."""
    if name in policy.deny or (policy.allow is not None and name not in policy.allow and not installed):
        return False
    return name not in policy.pins or policy.pins[name].contains(version, prereleases=True)


def _told(wheels: Sequence[Path]) -> Iterator[tuple[str, tuple[str, bool]]]:
    """Of each wheel by its package's name: the summary, and whether it is binary."""
    for path in wheels:
        try:
            name, _, _, tags = parse_wheel_filename(path.name)
            with zipfile.ZipFile(path) as archive:
                yield name, (_summary(archive), any(tag.platform != "any" for tag in tags))
        except (InvalidWheelFilename, zipfile.BadZipFile, OSError):
            continue


def _summary(archive: zipfile.ZipFile) -> str:
    for member in archive.infolist():
        if member.filename.endswith(".dist-info/METADATA") and member.file_size <= _MAX_METADATA:
            head = archive.read(member).decode("utf-8", "replace").partition("\n\n")[0]
            words = (HeaderParser().parsestr(head).get("Summary") or "").split()
            return "".join(filter(str.isprintable, " ".join(words))).strip()[:_MAX_SUMMARY]
    return ""
