"""The `cellblock` command. Exit codes: 0 ok, 1 the block raised, 2 usage, 3 a limit was hit, 4 Cellblock failed.

Only the parser lives here. Each command is a module that is imported when it is chosen, so that `cellblock exec`
doesn't pay for the HTTP stack.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cellblock_sandbox.errors import CellblockError

from cellblock_service.cli import huge_pages
from cellblock_service.cli.output import complain

OK, RAISED, USAGE, LIMIT, FAILED = range(5)
SCOPES = ("execute", "images", "admin")
BENCH_PARTS = (
    "start",
    "libraries",
    "message",
    "service",
    "scaling",
    "cluster",
    "speed",
    "syscalls",
    "memory",
    "building",
)
INTERRUPTED = 130  # what shells give for SIGINT


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code. Usage errors end the process with 2, as argparse does."""
    options = parser().parse_args(arguments)
    if options.module == "serve":
        huge_pages.require()  # now, since it begins again
    command = importlib.import_module(f"cellblock_service.cli.{options.module}")
    try:
        return int(command.run(options))
    except CellblockError as error:
        complain(f"cellblock: {error}")
        return FAILED
    except BrokenPipeError:
        # Whoever read our output has gone. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def parser() -> argparse.ArgumentParser:
    """Describe every command and option."""
    top = argparse.ArgumentParser(prog="cellblock", description="Run Python in Pyodide inside WebAssembly.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _exec(commands.add_parser("exec", help="run a block here and print its result as JSON"))
    serve = commands.add_parser("serve", help="run the HTTP service")
    serve.add_argument("--host", help="address to bind (default 127.0.0.1); others than loopback need a token")
    serve.add_argument("--port", type=int, help="port to bind (default 8765); 0 takes a free one")
    serve.set_defaults(module="serve")
    _bundle(commands.add_parser("bundle", help="bundles: all binary libraries of some packages in one module"))
    _image(commands.add_parser("image", help="images: a bundle with imports done in advance"))
    _bench(commands.add_parser("bench", help="measure, beside other ways to run Python"))
    _token(commands.add_parser("token", help="tokens: who may use the service, for what, how much"))
    doctor = commands.add_parser("doctor", help="show versions, settings, images and tools")
    doctor.set_defaults(module="doctor")
    return top


def _exec(command: argparse.ArgumentParser) -> None:
    source = command.add_mutually_exclusive_group(required=True)
    source.add_argument("-c", dest="code", metavar="CODE", help="the code to run")
    source.add_argument("file", nargs="?", metavar="FILE", help="a file with the code; - reads standard input")
    command.add_argument("--data", metavar="JSON", help="the value of `data`")
    command.add_argument("--package", action="append", default=[], metavar="NAME", help="a package the code needs")
    command.add_argument("--timeout", type=_number, default=30.0, metavar="S", help="wall time (default 30)")
    command.add_argument("--memory", type=_positive, default=1024, metavar="MB", help="memory (default 1024)")
    command.add_argument("--repeat", type=_positive, default=1, metavar="N", help="run N times")
    command.add_argument("--keep-state", action="store_true", help="run all times in one sandbox")
    command.add_argument("--timings", action="store_true", help="print a JSON line of milliseconds per run on stderr")
    command.add_argument("--image", metavar="NAME", help="the image to run in (default: CELLBLOCK_IMAGE or data)")
    command.set_defaults(module="execute")


def _bench(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    command.add_argument("--builds", action="store_true", help="also build the bundle of all libraries, in minutes")
    extent = command.add_mutually_exclusive_group()
    extent.add_argument("--readme", type=Path, metavar="FILE", help="also renew the table between FILE's bench markers")
    extent.add_argument(
        "--only", action="append", default=[], choices=BENCH_PARTS, help="measure this part only; may be repeated"
    )
    command.add_argument("--scaling", type=Path, metavar="FILE", help="also renew the tables of docs/scaling.md, FILE")
    command.set_defaults(module="bench")


def _token(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a token and show it, this once")
    create.add_argument("name", metavar="NAME", help="who gets it")
    create.add_argument(
        "--scope", action="append", choices=SCOPES, help="what it may do (default: execute and images); may be repeated"
    )
    create.add_argument(
        "--limit",
        action="append",
        default=[],
        type=_limit,
        metavar="NAME=VALUE",
        help="the most its executions may use, such as timeout_s=10, concurrent=4, per_minute=60; may be repeated",
    )
    create.add_argument("--expires", type=_number, metavar="DAYS", help="days for which it is good (default: no end)")
    actions.add_parser("list", help="list the tokens, without their secrets")
    actions.add_parser("revoke", help="take a token back").add_argument("id", metavar="ID", help="the token's id")
    command.set_defaults(module="tokens")


def _bundle(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    build = actions.add_parser("build", help="build a bundle; needs Node and the network or local sources")
    build.add_argument(
        "name",
        nargs="?",
        default="default",
        help="its name; full holds every binary package that the sources have (default: default)",
    )
    build.add_argument(
        "--package",
        action="append",
        default=[],
        metavar="NAME",
        help="a package to hold (default: numpy and pandas); for the bundle full: one more beside all there are",
    )
    _store_actions(command, actions, "bundle")


def _image(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    build = actions.add_parser("build", help="build an image; without a name, all that is missing")
    build.add_argument("name", nargs="?", help="its name; core and data are known")
    build.add_argument("--import", dest="preload", action="append", metavar="MODULE", help="imported in advance")
    build.add_argument(
        "--bundle", metavar="NAME", help="the bundle it stands on (default: full if built, else default)"
    )
    _store_actions(command, actions, "image")


def _store_actions(
    command: argparse.ArgumentParser, actions: argparse._SubParsersAction[argparse.ArgumentParser], kind: str
) -> None:
    actions.add_parser("list", help=f"list the {kind}s")
    verify = actions.add_parser("verify", help="check every byte")
    verify.add_argument("names", nargs="*", metavar="NAME", help="names or ids; default: all")
    remove = actions.add_parser("remove", help=f"remove {kind}s")
    remove.add_argument("names", nargs="+", metavar="NAME", help="names or ids")
    remove.add_argument("--force", action="store_true", help="also when something still needs it")
    command.set_defaults(module="build", kind=kind)


def _number(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < (value := float(text)) < math.inf:
            return value
    raise argparse.ArgumentTypeError(f"expected a number above 0, not {text!r}")


def _limit(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, such as timeout_s=10, not {text!r}")
    return name, value


def _positive(text: str) -> int:
    with contextlib.suppress(ValueError):
        if (value := int(text)) > 0:
            return value
    raise argparse.ArgumentTypeError(f"expected a whole number from 1 on, not {text!r}")
