"""The guest's entry points: `begin`, `preload` and `settle` while an image is built, `run` for each request.

A fresh sandbox runs `run` exactly once, so what would happen on a first call (imports, caches, pages touched) is made
to happen in `settle`, by running a few blocks there.
"""

import contextlib
import gc
import pkgutil
import struct
import sys
from types import ModuleType
from typing import Any

from ..values import Parts, Picture, Span, ValueNotPortable, pack, pack_parts, unpack, unpack_request
from . import (
    blocks,
    bridge,
    checking,
    context,
    environment,
    failures,
    figures,
    imports,
    lending,
    loop,
    network,
    node,
    returns,
)
from .immortal import immortalize
from .interruption import caused_by_deadline, interruption
from .preload import preload
from .streams import streams

__all__ = ["begin", "preload", "run", "settle"]

ValueNotPortable.__module__ = "builtins"  # as tracebacks show it to the block's author

NIL = b"\xc0"
_COMPLETED = b"\xa6status\xa9completed"
# What requests bring, of the service and of a flow: a sandbox's first run is to find no code that hasn't run yet.
_TOLD = {"name": "block", "timeout_s": 10.0, "result_bytes": 1 << 20, "node": {"id": "0a", "outputCount": 1}}
_GIVEN: tuple[dict[str, Any], ...] = ({"data": [1, {"a": 2.5}]}, {"msg": {"_msgid": "0a", "payload": 1.5}})
_FIGURE_BYTES = 64 << 20  # where the request doesn't say how large a result may be


class _State:
    """What settle leaves for run, and one run for the next.

    In an image, `restored` and `begun` are False: the first request sees to the randomness, the first block to the
    clock. Blocks that ask to `keep` share one module, and the latest compiled one.
    """

    reserved: frozenset[str] = sys.stdlib_module_names
    restored = begun = False
    kept: ModuleType | None = None
    compiled: tuple[str, str, blocks.Block] | None = None


def begin() -> None:
    """Prepare the interpreter for the imports of an image (preload.py)."""
    bridge.install()
    environment.install()
    network.install()
    loop.install()
    returns.install()


def settle() -> None:
    """Prepare the interpreter, with all that was imported, for the capture."""
    _State.reserved = sys.stdlib_module_names | {module.name for module in pkgutil.iter_modules()}
    _warm_up()
    environment.remember_random_states()
    environment.reseed()
    gc.collect()
    if sys.platform == "emscripten":
        immortalize()
    gc.freeze()
    streams.begin()
    _State.restored = _State.begun = False


def run(request: bytes) -> bytes:
    """Run the block of `request` (see docs/values.md) and give the response. Never raises.

    nil only sees to what each sandbox has of its own, and is answered by nil: that is done while nobody waits.
    """
    try:
        interruption.arm()
        lending.take_back()
        if not _State.restored:
            environment.reseed()
            _State.restored = True
        if request == NIL:
            interruption.disarm()
            return NIL
        if not _State.begun:
            environment.start_clock()
            _State.begun = True
        return _run(unpack_request(request))
    except BaseException as error:  # whatever a block or a broken request did, the host gets an answer
        interruption.disarm()
        return _failure(error, "")


def _run(request: dict[str, Any]) -> bytes:
    code, filename = request["code"], _filename(request.get("name") or "block")
    if not isinstance(code, str):
        raise TypeError(f"code must be text, not {type(code).__name__}")
    interruption.tell(request.get("timeout_s"), request.get("cpu_s"))
    names = _names(request)
    limit = sys.getrecursionlimit()
    streams.begin()
    imports.explain_absent(request.get("unavailable") or {})
    keep = bool(request.get("keep"))
    module = _kept_module() if keep else blocks.new_module()
    blocks.place(module, _module_name(filename), filename, code, names)
    try:
        block = (_compiled_once if keep else blocks.compile_block)(code, filename)
        result = blocks.run_block(block, module, loop.run_coroutine)
        packed = pack_parts(result)
        pictures = figures.open_figures(result, request.get("result_bytes") or _FIGURE_BYTES)
        interruption.disarm()
        response = _response(packed, pictures)
    except BaseException as error:  # SystemExit and the like end the block, not the sandbox
        interruption.disarm()
        sys.settrace(None)
        sys.setrecursionlimit(limit)
        response = _failure(error, filename)
        figures.close_figures()
    finally:
        # A tracer is the block's, and what follows isn't.
        sys.settrace(None)
        sys.setprofile(None)
        sys.setrecursionlimit(limit)
        streams.finish()
        blocks.forget(module)
    return response


def _kept_module() -> ModuleType:
    if _State.kept is None:
        _State.kept = blocks.new_module()
    return _State.kept


def _compiled_once(code: str, filename: str) -> blocks.Block:
    """The block compiled for the run before, if it is the same one. Compiling takes 0.1 ms a line or two."""
    if _State.compiled is None or _State.compiled[:2] != (code, filename):
        _State.compiled = None
        _State.compiled = code, filename, blocks.compile_block(code, filename)
    return _State.compiled[2]


def _names(request: dict[str, Any]) -> dict[str, Any]:
    """Collect the names a block is given: every packed value of the request, env, node, context; the absent ones empty.

    A message that comes alone brings its payload as the one input: the same object, so that `data.append(1)` followed
    by `return msg` sends what was appended.
    """
    names: dict[str, Any] = {"msg": None, "inputs": [], **context.NAMES}
    names["env"] = node.Environment(request.get("env") or {})
    names["node"] = node.Node(request.get("node") or {})
    for name, value in request.items():
        if isinstance(value, Span):
            names[name] = unpack(value, take=True)
    if not request.keys() & {"data", "inputs"} and isinstance(names["msg"], dict) and "payload" in names["msg"]:
        names["inputs"] = [names["msg"]["payload"]]
    if "data" not in names:
        inputs = list(names["inputs"].values()) if isinstance(names["inputs"], dict) else names["inputs"]
        names["data"] = inputs if len(inputs) > 1 else inputs[0] if inputs else None
    return names


def _filename(name: str) -> str:
    """Give the block's name as tracebacks show it: on one line."""
    return "".join(char if char.isprintable() else "_" for char in name)


def _module_name(filename: str) -> str:
    """Give the block's `__name__`: an identifier that hides no importable module.

    Other characters become `_`; a name that begins with a digit gets a `_` before it, one that an importable module
    has already gets a `_` after it.
    """
    name = "".join(char if char.isidentifier() or char.isdecimal() else "_" for char in filename)
    if not name.isidentifier():
        name = f"_{name}"
    while name in _State.reserved or name in sys.modules:
        name += "_"
    return name


def _response(result: Parts, pictures: list[Picture]) -> bytes:
    pieces = lending.lend(result)
    if pieces is not None:
        told: dict[str, Any] = {"status": "completed", "pieces": pieces}
        return pack(told | ({"figures": pack(pictures)} if pictures else {}))
    members = [b"\x83" if pictures else b"\x82", _COMPLETED, *_binary(b"\xa6result", result)]
    if pictures:
        members += _binary(b"\xa7figures", [pack(pictures)])
    return b"".join(members)


def _binary(key: bytes, content: Parts) -> Parts:
    """Give a member of the response: its packed key, and a binary of the one header that fits every size."""
    return [key, struct.pack(">BI", 0xC6, sum(len(part) for part in content)), *content]


def _failure(error: BaseException, filename: str) -> bytes:
    if isinstance(error, ValueNotPortable) and not failures.raised_in_block(error, filename):
        return _failed("error", failures.not_portable(error))
    status = "timeout" if interruption.deadline and caused_by_deadline(error) else "error"
    return _failed(status, failures.describe(error, filename))


def _failed(status: str, error: failures.Failure) -> bytes:
    return pack({"status": status, "error": error})


def _warm_up() -> None:
    """Run blocks of every kind, so that a sandbox's first run finds everything made."""
    codes = ["1 + 1", "return data", "if data: return data", "await __import__('asyncio').sleep(0)"]
    codes += ["1 / 0", "x = = 1", "print(end='')"]
    if "pandas" in sys.modules:
        codes.append("import pandas as pd\nreturn pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}, index=['p', 'q'])")
    for code in codes:
        for given in _GIVEN:
            request = {"code": code, **_TOLD, **{name: pack(value) for name, value in given.items()}}
            response = unpack(run(pack(request)))
            with contextlib.suppress(KeyError):
                unpack(response["result"])
    checking.check("print(data)")
