"""TLS: the certificate that the service shows, checked when it starts and taken anew when its files change.

Certificates are renewed every few weeks, by programs that replace two files one after the other. Both are looked at
every few seconds; a new pair that fits serves the connections from then on, one that doesn't (yet) is left alone.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import AbstractAsyncContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import structlog
from cellblock_sandbox.errors import UserFault

from cellblock_service.trust.beside import beside

LOOK_S = 5.0
EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED

log = structlog.get_logger(__name__)


class TlsUnusable(UserFault):
    """A certificate or key that is missing, can't be read, isn't one, or doesn't belong to the other."""

    key = "tls-unusable"


class Certificate:
    """A certificate and its key, as PEM files. Raises TlsUnusable when they can't be used now."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = certificate, key
        self._stamp = self._looked_at()
        self._current = server_context(certificate, key)

    def context(self) -> ssl.SSLContext:
        """Give the context to listen with; each new connection gets the certificate that is current then."""
        outer = server_context(*self._files)
        outer.sni_callback = self._choose
        return outer

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _outer: ssl.SSLContext) -> None:
        connection.context = self._current

    def following(self) -> AbstractAsyncContextManager[None]:
        """Keep to the files."""
        return beside(self._watch())

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Take the files again if they changed."""
        stamp = self._looked_at()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._current = server_context(*self._files)
            log.info("tls_renewed", certificate=str(self._files[0]))
        except TlsUnusable as error:
            log.error("tls_unusable", reason=str(error))

    def _looked_at(self) -> list[tuple[int, int] | None]:
        return [_stamp(path) for path in self._files]


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Make a server's context: TLS 1.2 and later. Raises TlsUnusable."""
    _has(certificate, "CELLBLOCK_TLS_CERTIFICATE", b"-----BEGIN CERTIFICATE-----")
    _has(key, "CELLBLOCK_TLS_KEY", b"PRIVATE KEY-----")

    def locked() -> NoReturn:
        # Without this, OpenSSL asks whoever sits at the terminal.
        raise TlsUnusable(f"{key} is locked with a passphrase.", todo="Store the key without one: openssl pkey -in KEY")

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=locked)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            why = "don't belong together: the key is another certificate's"
        else:
            why = f"can't be used: {error.reason or error}"
        raise TlsUnusable(f"{certificate} and {key} {why}.", todo="Give the pair as PEM files.") from None
    return context


def expiry(certificate: Path, key: Path) -> datetime | None:
    """Tell until when a certificate is valid; None: no longer. Raises TlsUnusable.

    Shows it to a client that trusts it alone, since the ssl module tells what is in a certificate only to a client.
    """
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    context = server_context(certificate, key)
    trusting.load_verify_locations(certificate)
    try:
        told = _handshake(trusting, context)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code == EXPIRED:
            return None
        raise TlsUnusable(f"{certificate}: {error.verify_message}.", todo="Get another certificate.") from None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(told["notAfter"])), UTC)


def _handshake(client_context: ssl.SSLContext, server_side: ssl.SSLContext) -> dict[str, object]:
    """Let a client and a server meet in memory; give what the client learns."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(down, up)
    server = server_side.wrap_bio(up, down, server_side=True)
    for side in (client, server, client):
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()
    return dict(client.getpeercert() or {})


def _has(path: Path, setting: str, marker: bytes) -> None:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TlsUnusable(f"{setting} names {path}: {error.strerror or error}.", todo="Correct the path.") from None
    if marker not in content:
        raise TlsUnusable(f"{setting} names {path}, which holds no such thing in PEM.", todo="Correct the path.")


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
