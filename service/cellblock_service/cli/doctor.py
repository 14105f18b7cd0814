"""`cellblock doctor`: everything a bug report or a worried operator needs on one page, with secrets hidden.

Exits with 4 when the image that the service would run can't be opened or the settings make no sense.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
from importlib import metadata

from cellblock_sandbox.errors import SandboxError, SettingInvalid
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.identity import Kind
from cellblock_sandbox.image.packages.policy import ALLOW, DENY, INDEXES, OFFLINE, PINS, Policy
from cellblock_sandbox.image.store import Entry, Store
from pydantic import SecretStr, ValidationError
from rich.filesize import decimal

from cellblock_service.cli import FAILED, OK
from cellblock_service.cli.output import say
from cellblock_service.cli.serve import describe
from cellblock_service.settings import Settings

DISTRIBUTIONS = ("cellblock", "wasmtime", "msgpack", "numpy", "pandas", "aiohttp", "pydantic")
TOOLS = ("node", "npm")


def run(_options: argparse.Namespace) -> int:
    """Print the page; say at its end what is wrong."""
    _section("versions", _versions())
    _section("tools (only for building bundles)", [(tool, _tool(tool)) for tool in TOOLS])
    try:
        settings = Settings()
    except ValidationError as error:
        say(f"\nproblem: {describe(error)}")
        return FAILED
    _section("settings", _shown(settings))
    try:
        _section("packages", _rules(Policy.from_environment()))
    except SettingInvalid as error:
        say(f"\nproblem: {error}")
        return FAILED
    store = Store(Home.find(settings.home))
    kinds: tuple[Kind, ...] = ("bundle", "image")
    for kind in kinds:
        _section(f"{kind}s in {store.folder(kind)}", [_entry(entry) for entry in store.list(kind)])
    try:
        store.open("image", settings.image)
    except SandboxError as error:
        say(f"\nproblem: {error}")
        return FAILED
    say(f"\nimage {settings.image} is there and undamaged")
    return OK


def _section(title: str, rows: list[tuple[str, str]]) -> None:
    say(f"\n{title}")
    width = max((len(name) for name, _ in rows), default=0)
    for name, text in rows or [("(none)", "")]:
        say(f"  {name:<{width}}  {text}".rstrip())


def _versions() -> list[tuple[str, str]]:
    rows = [("python", platform.python_version()), ("system", platform.platform())]
    for name in DISTRIBUTIONS:
        try:
            rows.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            rows.append((name, "not installed"))
    return rows


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        return "not found"
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{path}, doesn't run: {error}"
    return f"{done.stdout.strip()} ({path})"


def _shown(settings: Settings) -> list[tuple[str, str]]:
    def text(value: object) -> str:
        return "(set, hidden)" if isinstance(value, SecretStr) else str(value)

    return [(f"CELLBLOCK_{name.upper()}", text(getattr(settings, name))) for name in type(settings).model_fields]


def _rules(policy: Policy) -> list[tuple[str, str]]:
    """The operator's rules for packages. An index's address may hold a password."""
    indexes = " ".join(re.sub(r"//[^/@]*@", "//(hidden)@", url) for url in policy.indexes)
    return [
        ("CELLBLOCK_SOURCES", os.environ.get("CELLBLOCK_SOURCES") or "default"),
        (INDEXES, indexes or "(the public one)"),
        (ALLOW, "(all)" if policy.allow is None else " ".join(sorted(policy.allow))),
        (DENY, " ".join(sorted(policy.deny)) or "(none)"),
        (PINS, " ".join(f"{name}{version}" for name, version in sorted(policy.pins.items())) or "(none)"),
        (OFFLINE, str(policy.offline)),
    ]


def _entry(entry: Entry) -> tuple[str, str]:
    name = ", ".join(entry.names) or "(unnamed)"
    if entry.manifest is None:
        return name, f"{entry.id}  {entry.problem}"
    return name, f"{entry.id}  {decimal(entry.manifest.size)}  {entry.problem or 'ok'}"
