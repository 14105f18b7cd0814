"""`cellblock bundle ...` and `cellblock image ...`: build, list, verify and remove what sandboxes are made from."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

from cellblock_sandbox.errors import CellblockError
from cellblock_sandbox.image import full, snapshot, standard
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.identity import Kind
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_sandbox.image.progress import for_stream
from cellblock_sandbox.image.snapshot import Recipe
from cellblock_sandbox.image.store import Entry, Store
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from cellblock_service.cli import FAILED, OK
from cellblock_service.cli.output import complain, say


def run(options: argparse.Namespace) -> int:
    """Carry out one action on bundles or images."""
    store = Store(Home.find())
    kind: Kind = options.kind
    match options.action:
        case "build":
            return _build_bundle(options, store.home) if kind == "bundle" else _build_images(options, store.home)
        case "list":
            return _list(store, kind)
        case "verify":
            return _verify(store, kind, options.names)
        case _:
            return _remove(store, kind, options.names, force=options.force)


def _build_bundle(options: argparse.Namespace, home: Home) -> int:
    progress = for_stream()
    if options.name == standard.FULL:
        built = full.build_with(options.package, home=home, policy=Policy.from_environment(), progress=progress)
    else:
        packages = options.package or standard.PACKAGES
        built = standard.build_bundle(packages, name=options.name, home=home, progress=progress)
    say(f"bundle {options.name} {built.id}")
    return OK


def _build_images(options: argparse.Namespace, home: Home) -> int:
    """Build the named image, or the standard ones that are missing; the default bundle too, if it is."""
    progress = for_stream()
    if options.name is None:
        built = standard.build_missing(home=home, progress=progress)
    else:
        base = standard.require_bundle(home=home, progress=progress) if options.bundle is None else options.bundle
        preload = standard.IMAGES.get(options.name, ()) if options.preload is None else options.preload
        image = snapshot.build(options.name, Recipe(base, tuple(preload)), home=home, progress=progress)
        built = {options.name: image}
    for name, stored in built.items():
        say(f"image {name} {stored.id}")
    return OK


def _list(store: Store, kind: Kind) -> int:
    entries = store.list(kind)
    if not entries:
        say(f"no {kind} in {store.folder(kind)}; build with: cellblock {kind} build")
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
        say(f"{kind} {name}: {'damaged' if damages else 'ok'}")
        for damage in damages:
            say(f"  {damage.file}: expected {damage.expected}, got {damage.got}")
    return FAILED if damaged else OK


def _remove(store: Store, kind: Kind, names: Iterable[str], *, force: bool) -> int:
    failed = False
    for name in names:
        try:
            say(f"{kind} {store.remove(kind, name, force=force)} removed")
        except CellblockError as error:
            failed = True
            complain(f"cellblock: {error}")
    return FAILED if failed else OK
