"""`cellblock serve`: run the HTTP service in the foreground until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import errno

from cellblock_sandbox.errors import CellblockError
from cellblock_sandbox.image.packages.policy import Policy
from pydantic import ValidationError

from cellblock_service.cli import FAILED, OK, USAGE
from cellblock_service.cli.output import complain
from cellblock_service.observe import logs
from cellblock_service.server import serve
from cellblock_service.settings import Settings, describe
from cellblock_service.store.errors import RecordsUnusable
from cellblock_service.trust.tls import TlsUnusable


def run(options: argparse.Namespace) -> int:
    """Serve; 2 for settings that make no sense, 4 when the address or the records can't be had."""
    given = {name: getattr(options, name) for name in ("host", "port") if getattr(options, name) is not None}
    try:
        settings = Settings(**given)
        Policy.from_environment()  # the builders' to use; what is wrong with it is better heard now
    except ValidationError as error:
        complain(f"cellblock serve: {describe(error)}")
        return USAGE
    except CellblockError as error:
        complain(f"cellblock serve: {error}")
        return USAGE
    logs.configure(settings.log_format, settings.log_level)
    try:
        asyncio.run(serve(settings))
    except TlsUnusable as error:
        complain(f"cellblock serve: {error}")
        return USAGE
    except RecordsUnusable as error:
        complain(f"cellblock serve: {error}")
        return FAILED
    except OSError as error:
        complain(f"cellblock serve: {_unbound(error, settings)}")
        return FAILED
    return OK


def _unbound(error: OSError, settings: Settings) -> str:
    where = f"{settings.host} port {settings.port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is already in use: stop what listens there, or choose another with --port"
    return f"can't listen on {where}: {error.strerror or error}"
