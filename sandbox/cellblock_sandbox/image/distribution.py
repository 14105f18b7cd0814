"""The Pyodide distribution as its lock file describes it: packages, what they import, need and weigh on.

`pyodide-lock.json` maps names to a version, a wheel with its sha256, the modules it provides and the
packages it depends on. Names in it differ in case and in `-`, `_` and `.` from place to place, so every name is
compared in its canonical form ("Jinja2" is "jinja2", "et_xmlfile" is "et-xmlfile").
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cellblock_sandbox.errors import PackageUnknown


def canonical(name: str) -> str:
    """Return the one spelling of a package's name that stands for all of them (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True)
class RemoteFile:
    """A file to fetch: its name, and the sha256 (hex) that makes it the right one."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Package:
    """One entry of the lock. `name` is canonical; `imports` are the top-level modules it provides."""

    name: str
    version: str
    file: RemoteFile
    imports: tuple[str, ...]
    depends: tuple[str, ...]
    is_library: bool
    """A plain shared library for other packages (`libopenblas`), not a Python package."""


@dataclass(frozen=True)
class Distribution:
    """Every package of one Pyodide release."""

    python: str
    abi: str
    packages: Mapping[str, Package]

    @classmethod
    def load(cls, path: Path) -> Distribution:
        """Read `pyodide-lock.json`."""
        lock = json.loads(path.read_text("utf-8"))
        packages = (_package(entry) for entry in lock["packages"].values())
        info = lock["info"]
        return cls(info["python"], info["abi_version"], {package.name: package for package in packages})

    def __contains__(self, name: str) -> bool:
        return canonical(name) in self.packages

    def __getitem__(self, name: str) -> Package:
        """Return the package called `name`, however it is written; raises `PackageUnknown`."""
        try:
            return self.packages[canonical(name)]
        except KeyError:
            raise PackageUnknown(name, f"Pyodide's {self.abi} distribution", self.nearest(name)) from None

    def closure(self, names: Iterable[str]) -> tuple[Package, ...]:
        """Return the packages `names` and all they depend on, each once and after what it depends on.

        Raises `PackageUnknown`. The order depends only on the lock and on `names` as a set.
        """
        found: dict[str, Package] = {}
        entered: set[str] = set()

        def visit(name: str) -> None:
            package = self[name]
            if package.name in entered:
                return
            entered.add(package.name)
            for needed in package.depends:
                visit(needed)
            found[package.name] = package

        for name in sorted(canonical(name) for name in names):
            visit(name)
        return tuple(found.values())

    def provider(self, module: str) -> Package | None:
        """Return the package that provides `module` ("PIL.Image" -> pillow), or None.

        Where several do, the one named like the module wins, then the first in the lock.
        """
        top = module.partition(".")[0]
        named = self.packages.get(canonical(top))
        if named is not None and top in named.imports:
            return named
        return next((package for package in self.packages.values() if top in package.imports), None)

    def nearest(self, name: str, count: int = 3) -> tuple[str, ...]:
        """Return up to `count` package names most like `name`, the provider of a module of that name first."""
        provider = self.provider(name)
        close = difflib.get_close_matches(canonical(name), self.packages, n=count, cutoff=0.6)
        names = ([provider.name] if provider else []) + close
        return tuple(dict.fromkeys(names))[:count]


def _package(entry: Mapping[str, Any]) -> Package:
    return Package(
        name=canonical(entry["name"]),
        version=entry["version"],
        file=RemoteFile(PurePosixPath(entry["file_name"]).name, entry["sha256"]),
        imports=tuple(entry["imports"]),
        depends=tuple(canonical(name) for name in entry["depends"]),
        is_library=entry["package_type"] == "shared_library",
    )
