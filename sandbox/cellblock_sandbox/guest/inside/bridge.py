"""Pyodide's Python without its JavaScript: what can work does, the rest says plainly what isn't there.

The bridge's own modules (`js`, `pyodide_js`) can't be imported. Those of `pyodide` can; the functions in them that
would call JavaScript are replaced, once such a module is imported, by ones that raise. HTTP clients have transports
for Emscripten that fetch through JavaScript: they get an ordinary one instead, for which a missing network is an error
of the kind that its users expect.
"""

import errno
import importlib.abc
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_loader
from types import ModuleType
from typing import Any, NoReturn

NO_JAVASCRIPT = "there is no JavaScript here: Cellblock runs Pyodide without a JavaScript engine"
NO_NETWORK = "there is no network in a sandbox"
_NO_PROCESSES = "a sandbox can start no other process, and no thread"

_REFUSED = {
    "js": NO_JAVASCRIPT,
    "pyodide_js": NO_JAVASCRIPT,
    "_pyodide_core": NO_JAVASCRIPT,
    "_multiprocessing": _NO_PROCESSES,
    "_posixshmem": _NO_PROCESSES,
    "_interpreters": "a sandbox has one interpreter",
}


class Bridge(importlib.abc.MetaPathFinder):
    """Refuses the modules that can't be here, and puts right those that expect JavaScript."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """ModuleNotFoundError with the reason, the spec of a module that is put right, or None for all others."""
        top = fullname.partition(".")[0]
        if top in _REFUSED:
            raise ModuleNotFoundError(f"No module named {fullname!r}: {_REFUSED[top]}", name=fullname)
        if fullname in _REPLACED:
            return spec_from_loader(fullname, _Replacing(_REPLACED[fullname]))
        spec = PathFinder.find_spec(fullname, path) if fullname in _CORRECTED else None
        if spec is not None and spec.loader is not None:
            spec.loader = _Correcting(spec.loader, _CORRECTED[fullname])
        return spec


class _Replacing(importlib.abc.Loader):
    """Fills a module with our own content; the installed one isn't run."""

    def __init__(self, fill: Callable[[ModuleType], None]) -> None:
        self._fill = fill

    def exec_module(self, module: ModuleType) -> None:
        self._fill(module)


class _Correcting(importlib.abc.Loader):
    """Runs a module as its own loader does, then changes it."""

    def __init__(self, loader: importlib.abc.Loader, correct: Callable[[Any], None]) -> None:
        self._loader = loader
        self._correct = correct

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._correct(module)


def _refused(message: str) -> Callable[..., NoReturn]:
    """Make a function that raises RuntimeError."""

    def refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise RuntimeError(message)

    return refuse


def _no_network(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Raise the OSError of every attempt to reach the network."""
    raise OSError(errno.ENETUNREACH, NO_NETWORK)


def _ffi(module: Any) -> None:
    docs = sys.modules["_pyodide._core_docs"]
    run_sync = _refused("run_sync needs a JavaScript engine, and there is none here: await the coroutine instead")
    for each in (module, docs):
        vars(each).update(run_sync=run_sync, can_run_sync=lambda: False)


def _wrappers(module: Any) -> None:
    for name in ("set_timeout", "set_interval", "clear_timeout", "clear_interval"):
        setattr(module, name, _refused(f"{name} needs JavaScript, which isn't here: use asyncio.sleep or call_later"))


def _code(module: Any) -> None:
    module.run_js = _refused(f"run_js can't run anything: {NO_JAVASCRIPT}")


def _http(module: Any) -> None:
    async def pyfetch(*_args: Any, **_kwargs: Any) -> NoReturn:
        _no_network()

    module.pyfetch = module._pyfetch.pyfetch = pyfetch
    module.open_url = _no_network
    for name in ("get", "post", "put", "delete", "head", "patch", "options", "_xhr_request"):
        setattr(module.pyxhr, name, _no_network)


def _console(module: Any) -> None:
    module.PyodideConsole.runcode = module.Console.runcode  # its own would have JavaScript load packages first


def _webloop(module: Any) -> None:
    from .loop import SleepingLoop, SleepingLoopPolicy  # noqa: PLC0415  (loop.py refuses with this module's words)

    module.WebLoop, module.WebLoopPolicy = SleepingLoop, SleepingLoopPolicy


def _webbrowser(module: Any) -> None:
    module.open = module.open_new = module.open_new_tab = lambda *_args, **_kwargs: False


def _urllib3(module: Any) -> None:
    module.inject_into_urllib3 = lambda: None


def _httpx(module: Any) -> None:
    """Transports under the names that the distribution's httpx looks for; it comes without its ordinary ones."""
    from httpx._exceptions import ConnectError  # type: ignore[import-not-found]  # noqa: PLC0415  (if httpx asks)
    from httpx._transports.base import (  # type: ignore[import-not-found]  # noqa: PLC0415
        AsyncBaseTransport,
        BaseTransport,
    )

    class JavascriptFetchTransport(BaseTransport):  # type: ignore[misc]
        def __init__(self, *_args: Any, **_kwargs: Any) -> None:
            pass

        def handle_request(self, request: Any) -> NoReturn:
            raise ConnectError(NO_NETWORK, request=request)

    class AsyncJavascriptFetchTransport(AsyncBaseTransport):  # type: ignore[misc]
        def __init__(self, *_args: Any, **_kwargs: Any) -> None:
            pass

        async def handle_async_request(self, request: Any) -> NoReturn:
            raise ConnectError(NO_NETWORK, request=request)

    module.__all__ = ["AsyncJavascriptFetchTransport", "JavascriptFetchTransport"]
    module.JavascriptFetchTransport = JavascriptFetchTransport
    module.AsyncJavascriptFetchTransport = AsyncJavascriptFetchTransport


_REPLACED: dict[str, Callable[[ModuleType], None]] = {
    "urllib3.contrib.emscripten": _urllib3,
    "httpx._transports.jsfetch": _httpx,
}
_CORRECTED: dict[str, Callable[[Any], None]] = {
    "pyodide.code": _code,
    "pyodide.console": _console,
    "pyodide.ffi": _ffi,
    "pyodide.ffi.wrappers": _wrappers,
    "pyodide.http": _http,
    "pyodide.webloop": _webloop,
    "webbrowser": _webbrowser,
}


def install() -> None:
    """Put the finder before all others."""
    if not any(isinstance(finder, Bridge) for finder in sys.meta_path):
        sys.meta_path.insert(0, Bridge())
