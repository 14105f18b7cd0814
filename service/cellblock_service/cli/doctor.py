"""`cellblock doctor`: everything a bug report or a worried operator needs on one page, with secrets hidden.

Exits with 4 when something is wrong: settings that make no sense, an image that is missing or damaged, a file of tokens
that others may read, a certificate that has ended or is about to.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

from cellblock_sandbox.errors import CellblockError, SandboxError
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.identity import Kind
from cellblock_sandbox.image.packages.policy import ALLOW, DENY, INDEXES, OFFLINE, PINS, Policy
from cellblock_sandbox.image.store import Entry, Store
from pydantic import SecretStr, ValidationError
from pydantic_settings import EnvSettingsSource
from rich.filesize import decimal

from cellblock_service import configuration
from cellblock_service.cli import FAILED, OK
from cellblock_service.cli.output import say
from cellblock_service.settings import Settings, describe
from cellblock_service.trust import tls
from cellblock_service.trust.tokenfile import TokensUnusable

DISTRIBUTIONS = ("cellblock", "wasmtime", "msgpack", "numpy", "pandas", "aiohttp", "pydantic")
TOOLS = ("node", "npm")
RENEW_WITHIN = timedelta(days=14)


def run(_options: argparse.Namespace) -> int:
    """Print the page; say at its end what is wrong."""
    _section("versions", _versions())
    _section("tools (only for building bundles)", [(tool, _tool(tool)) for tool in TOOLS])
    try:
        settings = Settings()
        policy = Policy.from_environment()
        file = configuration.find()
        _section("settings", _shown(settings, file))
        say(f"  settings file: {file or f'none; it would be {configuration.usual()}'}")
    except ValidationError as error:
        return _conclude([describe(error)])
    except CellblockError as error:
        return _conclude([str(error)])
    _section("packages", _rules(policy))
    store = Store(Home.find(settings.home))
    kinds: tuple[Kind, ...] = ("bundle", "image")
    for kind in kinds:
        _section(f"{kind}s in {store.folder(kind)}", [_entry(entry) for entry in store.list(kind)])
    return _conclude([*_image_problems(store, settings), *_token_problems(settings), *_tls_problems(settings)])


def _conclude(problems: Sequence[str]) -> int:
    say()
    for problem in problems:
        say(f"problem: {problem}")
    return FAILED if problems else OK


def _image_problems(store: Store, settings: Settings) -> Iterator[str]:
    try:
        store.open("image", settings.image)
        say(f"\nimage {settings.image} is there and undamaged")
    except SandboxError as error:
        yield str(error)


def _token_problems(settings: Settings) -> Iterator[str]:
    file = settings.token_file
    try:
        kept = file.read()
    except TokensUnusable as error:
        yield str(error)
        return
    expired = sum(token.expired() for token in kept)
    say(f"{len(kept)} tokens in {file.path}, {expired} of them expired")
    if file.open_to_others():
        yield f"{file.path}: other users of this machine may read or write it; chmod 600 {file.path}"


def _tls_problems(settings: Settings) -> Iterator[str]:
    if settings.tls_certificate is None or settings.tls_key is None:
        return
    try:
        until = tls.expiry(settings.tls_certificate, settings.tls_key)
    except tls.TlsUnusable as error:
        yield str(error)
        return
    if until is None:
        yield f"{settings.tls_certificate}: the certificate isn't valid any more"
    elif until - datetime.now(UTC) < RENEW_WITHIN:
        yield f"{settings.tls_certificate}: the certificate ends at {until:%Y-%m-%d %H:%M} UTC; renew it"
    else:
        say(f"the certificate is valid until {until:%Y-%m-%d %H:%M} UTC")


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


def _shown(settings: Settings, file: Path | None) -> list[tuple[str, str]]:
    """Each setting in force, with where it comes from."""
    from_environment = EnvSettingsSource(Settings)()
    from_file = configuration.read(file, Settings.model_fields) if file else {}

    in_force = {"home": Home.find(settings.home).root, "records_file": settings.records_path}

    def text(name: str) -> str:
        value = in_force.get(name, getattr(settings, name))
        origin = "environment" if name in from_environment else str(file) if name in from_file else "default"
        return f"{'(set, hidden)' if isinstance(value, SecretStr) else value}  ({origin})"

    return [(f"CELLBLOCK_{name.upper()}", text(name)) for name in Settings.model_fields]


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
