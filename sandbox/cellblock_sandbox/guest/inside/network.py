"""Sockets that can't be: the standard library's own errors, with words that say why."""

import errno
import socket
from collections.abc import Callable
from typing import Any

from .bridge import NO_NETWORK


def install() -> None:
    """Make name look-ups and new sockets, which fail in any case, say why."""
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr"):
        setattr(socket, name, _explained(getattr(socket, name)))
    vars(socket)["socketpair"] = _no_socket
    socket.socket.__init__ = _no_socket  # type: ignore[method-assign]


def _explained(look_up: Callable[..., Any]) -> Callable[..., Any]:
    def explained(host: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return look_up(host, *args, **kwargs)
        except socket.gaierror as error:
            raise socket.gaierror(error.errno, f"{NO_NETWORK}, so {host!r} can't be looked up") from None

    explained.__name__ = look_up.__name__
    return explained


def _no_socket(*_args: Any, **_kwargs: Any) -> None:
    raise OSError(errno.EAFNOSUPPORT, NO_NETWORK)
