"""`cellblock bundle ...` and `cellblock image ...`: build, list, verify and remove what sandboxes are made from."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from cellblock_sandbox.errors import CellblockError
from cellblock_sandbox.image import bundle, snapshot
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.identity import Kind
from cellblock_sandbox.image.progress import for_stream
from cellblock_sandbox.image.store import Entry, Store
from cellblock_service.cli import FAILED, OK

DEFAULT_BUNDLE = "default"
DEFAULT_PACKAGES = ("numpy", "pandas")

# The images `cellblock image build` makes without being told more: name -> what is imported in advance.
KNOWN_IMAGES: dict[str, tuple[str, ...]] = {"core": (), "data": ("numpy", "pandas")}


def run(options: argparse.Namespace) -> int:
    """Carry out one action on bundles or images."""
    home = Path(os.environ["CELLBLOCK_HOME"]) if os.environ.get("CELLBLOCK_HOME") else None
    store = Store(Home.find(home))
    kind: Kind = options.kind
    match options.action:
        case "build":
            return _build_bundle(options, home) if kind == "bundle" else _build_images(options, store, home)
        case "list":
            return _list(store, kind)
        case "verify":
            return _verify(store, kind, options.names)
        case _:
            return _remove(store, kind, options.names, force=options.force)


def _build_bundle(options: argparse.Namespace, home: Path | None) -> int:
    packages = options.package or list(DEFAULT_PACKAGES)
    built = bundle.build(packages, name=options.name, home=home, progress=for_stream())
    print(f"bundle {options.name} {built.id}")
    return OK


def _build_images(options: argparse.Namespace, store: Store, home: Path | None) -> int:
    """Build the named image, or those of the known ones that are missing; the default bundle too, if it is."""
    names = [options.name] if options.name else [name for name in KNOWN_IMAGES if store.find("image", name) is None]
    progress = for_stream()
    if names and options.bundle == DEFAULT_BUNDLE and store.find("bundle", DEFAULT_BUNDLE) is None:
        bundle.build(list(DEFAULT_PACKAGES), name=DEFAULT_BUNDLE, home=home, progress=progress)
    for name in names:
        preload = options.preload if options.preload is not None else list(KNOWN_IMAGES.get(name, ()))
        built = snapshot.build(name, preload, bundle=options.bundle, home=home, progress=progress)
        print(f"image {name} {built.id}")
    if not names:
        print(f"images {' and '.join(KNOWN_IMAGES)} are built")
    return OK


def _list(store: Store, kind: Kind) -> int:
    entries = store.list(kind)
    if not entries:
        print(f"no {kind} in {store.folder(kind)}; build with: cellblock {kind} build")
        return OK
    table = Table("name", "id", "size", "made", "packages", "state", box=None, pad_edge=False)
    for entry in entries:
        table.add_row(*_row(entry))
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    return OK


def _row(entry: Entry) -> tuple[str, ...]:
    manifest = entry.manifest
    if manifest is None:
        return (", ".join(entry.names), entry.id, "", "", "", entry.problem)
    names = ", ".join(entry.names) or f"({manifest.name})"
    return (
        names,
        entry.id,
        decimal(manifest.size),
        manifest.created,
        str(len(manifest.packages)),
        entry.problem or "ok",
    )


def _verify(store: Store, kind: Kind, names: Iterable[str]) -> int:
    """Check the named ones, or all; 4 if any is damaged or missing."""
    damaged = False
    for name in list(names) or [entry.id for entry in store.list(kind)]:
        damages = store.verify(kind, name)
        damaged = damaged or bool(damages)
        print(f"{kind} {name}: {'damaged' if damages else 'ok'}")
        for damage in damages:
            print(f"  {damage.file}: expected {damage.expected}, got {damage.got}")
    return FAILED if damaged else OK


def _remove(store: Store, kind: Kind, names: Iterable[str], *, force: bool) -> int:
    failed = False
    for name in names:
        try:
            print(f"{kind} {store.remove(kind, name, force=force)} removed")
        except CellblockError as error:
            failed = True
            print(f"cellblock: {error}", file=sys.stderr)
    return FAILED if failed else OK
