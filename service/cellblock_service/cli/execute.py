"""`cellblock exec`: run a block in this process and print its result.

stdout gets the result as one line of JSON per run and nothing else; stderr gets what the block prints, as it prints
it, then its traceback if it raised. The time limit holds whatever happens: the sandbox interrupts first and stops
the guest next, and should both fail, this process ends itself.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cellblock_sandbox import Image, Limits, PackedResult, Sandbox
from cellblock_sandbox.errors import (
    BinaryWheel,
    MemoryTooSmall,
    PackageDenied,
    PackageUnknown,
    RequirementInvalid,
    SettingInvalid,
    VersionConflict,
    WheelMissing,
)
from cellblock_sandbox.guest import values
from cellblock_sandbox.image import standard
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_sandbox.image.progress import SilentProgress, for_stream
from cellblock_sandbox.installation import Addition, within
from cellblock_sandbox.needs import Provision, serves, survey
from pydantic import ValidationError

from cellblock_service.cli import FAILED, LIMIT, OK, RAISED, USAGE
from cellblock_service.cli.output import complain, say
from cellblock_service.codec.envelope import guest_request
from cellblock_service.codec.jsontext import result_to_json
from cellblock_service.settings import describe, without_a_bind

LAST_RESORT_S = 0.85
"""Past the time limit after which the process ends itself; the sandbox's own two steps take 0.5 s."""

# A block that meets a limit other than time ends with one of these.
LIMIT_ERRORS = frozenset({"MemoryError", "ResultLimit"})


# What asking for something else would put right.
_ASKED_WRONGLY = (
    *(SettingInvalid, MemoryTooSmall, RequirementInvalid),
    *(PackageUnknown, PackageDenied, VersionConflict, WheelMissing, BinaryWheel),
)


def run(options: argparse.Namespace) -> int:
    """Run the block as often as asked, stopping at the first run that isn't completed."""
    try:
        code, name = _code(options)
        payloads = _payloads(options)
        limits = Limits(timeout_s=options.timeout, memory_mb=options.memory)
    except (OSError, ValueError, TypeError, RecursionError, SettingInvalid) as error:
        complain(f"cellblock exec: {error}")
        return USAGE
    try:
        image, unavailable = _image(options, code)
        request = b"".join(guest_request(code, name, options.timeout, payloads, unavailable, keep=options.keep_state))
        return _repeat(image, limits, request, options)
    except _ASKED_WRONGLY as error:
        complain(f"cellblock exec: {error}")
        return USAGE
    except ValidationError as error:
        complain(f"cellblock exec: {describe(error)}")
        return USAGE


def _image(options: argparse.Namespace, code: str) -> tuple[Image, Mapping[str, str]]:
    """The image to run in, and why modules that the code imports can't be had.

    One that is named is taken as it is. Otherwise what the code imports decides, and what is missing is built.
    """
    chosen = options.image or os.environ.get("CELLBLOCK_IMAGE")
    if chosen:
        return Image.open(chosen), {}
    home, progress = Home.find(), for_stream()
    standard.require_images(home=home, progress=progress)
    image = Image.open("data")
    if not options.package and "import" not in code:
        return image, {}
    wanted = survey(image, code)
    if serves(standard.distribution(home, progress), image.packages, wanted, options.package):
        return image, {}
    provision = _provision(code, options.package)
    return image if provision.image == image.id else Image.open(provision.image), provision.unavailable


# Resolving brings an HTTP client and more with it, 0.3 s of imports that most runs have no need of.


def _provision(code: str, packages: Sequence[str]) -> Provision:
    from cellblock_sandbox.provision import Provider  # noqa: PLC0415

    disk_bytes = without_a_bind().images_disk_bytes
    return Provider(Home.find(), Policy.from_environment(), for_stream(), disk_bytes=disk_bytes).provide(code, packages)


def _install(requirements: Sequence[str], installed: Mapping[str, str], seconds: float) -> Sequence[Addition]:
    """Resolve and fetch here what a running block asks for."""
    from cellblock_sandbox.provision import install  # noqa: PLC0415

    policy, progress = Policy.from_environment(), SilentProgress()
    return within(seconds, lambda: install(requirements, installed, home=Home.find(), policy=policy, progress=progress))


def _code(options: argparse.Namespace) -> tuple[str, str]:
    """The code and its name. OSError for a file that can't be read."""
    if options.code is not None:
        return options.code, "block"
    if options.file == "-":
        return sys.stdin.read(), "stdin"
    return Path(options.file).read_text("utf-8"), Path(options.file).stem


def _payloads(options: argparse.Namespace) -> dict[str, bytes]:
    """Pack the data. ValueError and TypeError for wrong contents."""
    if options.data is None:
        return {}
    try:
        return {"data": values.pack(json.loads(options.data), "data")}
    except json.JSONDecodeError as error:
        raise ValueError(f"--data isn't JSON: {error}") from None


def _repeat(image: Image, limits: Limits, request: bytes, options: argparse.Namespace) -> int:
    sandbox: Sandbox | None = None
    for _ in range(options.repeat):
        started = time.perf_counter()
        if sandbox is None:
            sandbox = image.sandbox(limits, installer=_install)
        ready = time.perf_counter()
        outcome = _bounded(sandbox, request, options.timeout)
        ran = time.perf_counter()
        code = _report(outcome)
        if options.timings:
            _print_timings(ready - started, ran - ready, time.perf_counter() - started)
        if not options.keep_state:
            sandbox.close()
            sandbox = None
        if code != OK:
            return code
    return OK


def _bounded(sandbox: Sandbox, request: bytes, timeout_s: float) -> PackedResult:
    """Run with a last resort behind the sandbox's own limits: nothing keeps this process past its time."""
    last_resort = threading.Timer(timeout_s + LAST_RESORT_S, _give_up, args=(timeout_s,))
    last_resort.daemon = True
    last_resort.start()
    try:
        return sandbox.run_packed(request, on_output=_show)
    finally:
        last_resort.cancel()


def _give_up(timeout_s: float) -> None:
    os.write(2, f"TimeoutError: the block didn't end within {timeout_s:g} s\n".encode())
    os._exit(LIMIT)


def _show(_stream: str, chunk: bytes) -> None:
    sys.stderr.buffer.write(chunk)
    sys.stderr.buffer.flush()


def _report(outcome: PackedResult) -> int:
    """Print the result or the error; give the exit code."""
    if outcome.status == "completed":
        return _print_result(None if outcome.result is None else b"".join(outcome.result))
    error: dict[str, Any] = outcome.error or {}
    text = error.get("traceback") or f"{error.get('type', outcome.status)}: {error.get('message', '')}"
    complain(text.rstrip())
    if outcome.status == "timeout" or error.get("type") in LIMIT_ERRORS:
        return LIMIT
    return RAISED if outcome.status == "error" else FAILED


def _print_result(packed: bytes | None) -> int:
    try:
        say("null" if packed is None else result_to_json(packed).decode())
    except values.ValueNotPortable as error:
        complain(f"ValueNotPortable: {error}")
        return RAISED
    return OK


def _print_timings(ready_s: float, run_s: float, total_s: float) -> None:
    seconds = {"ready_ms": ready_s, "run_ms": run_s, "total_ms": total_s}
    complain(json.dumps({name: round(value * 1000, 3) for name, value in seconds.items()}))
