"""Runs inside the peer: what each program starts from, and how its error is told."""

import builtins
import contextlib
import gc
import json
import linecache
import os
import shutil
import sys
import traceback
import types

HOME = "/home/pyodide"


def begin() -> dict:
    """Give the globals of a new program: a module called `block`, as in a sandbox, and an empty home folder."""
    sys.stdout.flush()
    for folder in (HOME, "/tmp"):
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            with contextlib.suppress(OSError):
                shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
    os.chdir(HOME)
    module = types.ModuleType("block")
    module.__file__ = "block"
    module.__builtins__ = builtins
    sys.modules["block"] = module
    return module.__dict__


def failure() -> str:
    """Describe the exception that the program ended with, as JSON."""
    error = sys.last_exc
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == "block"]
    line = lines[-1] if lines else error.lineno if isinstance(error, SyntaxError) else None
    return json.dumps({"type": type(error).__qualname__, "message": message, "line": line})


def flush() -> None:
    """Write out what the program printed."""
    sys.stdout.flush()
    sys.stderr.flush()


def forget() -> None:
    """Let go of all that the program left."""
    sys.modules.pop("block", None)
    sys.last_exc = sys.last_value = sys.last_traceback = None
    linecache.clearcache()
    gc.collect()
