"""The certificate: usable or refused with the reason, its end known, renewed while the service runs."""

from __future__ import annotations

import contextlib
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cellblock_service.trust import tls
from cellblock_service.trust.tls import Certificate, TlsUnusable

Pair = tuple[Path, Path]


def issue(folder: Path, name: str = "pair", expires: datetime | None = None) -> Pair:
    made = trustme.CA().issue_cert("localhost", not_after=expires)
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    certificate.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
    key.write_bytes(made.private_key_pem.bytes())
    return certificate, key


def test_a_pair_speaks_tls_1_2_and_later(tmp_path: Path) -> None:
    assert tls.server_context(*issue(tmp_path)).minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    certificate, key = issue(tmp_path)
    with pytest.raises(TlsUnusable, match=r"CELLBLOCK_TLS_CERTIFICATE.*nowhere"):
        tls.server_context(tmp_path / "nowhere", key)
    with pytest.raises(TlsUnusable, match=r"CELLBLOCK_TLS_KEY.*directory"):
        tls.server_context(certificate, tmp_path)


def test_files_that_hold_something_else_are_named(tmp_path: Path) -> None:
    certificate, key = issue(tmp_path)
    with pytest.raises(TlsUnusable, match="CELLBLOCK_TLS_CERTIFICATE"):
        tls.server_context(key, key)
    with pytest.raises(TlsUnusable, match="CELLBLOCK_TLS_KEY"):
        tls.server_context(certificate, certificate)
    key.write_text("-----BEGIN PRIVATE KEY-----\nbm8=\n-----END PRIVATE KEY-----\n")
    with pytest.raises(TlsUnusable, match="can't be used"):
        tls.server_context(certificate, key)


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    certificate, _ = issue(tmp_path)
    _, key = issue(tmp_path, "other")
    with pytest.raises(TlsUnusable, match="belong together"):
        tls.server_context(certificate, key)


def test_a_locked_key_is_refused_and_nobody_is_asked(tmp_path: Path) -> None:
    certificate, key = issue(tmp_path)
    locked = tmp_path / "locked.key"
    subprocess.run(
        ["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:word", "-out", locked],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    with pytest.raises(TlsUnusable, match="passphrase"):
        tls.server_context(certificate, locked)


def test_its_end_is_known(tmp_path: Path) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    assert tls.expiry(*issue(tmp_path, expires=until)) == until
    assert tls.expiry(*issue(tmp_path, expires=datetime.now(UTC) - timedelta(days=3))) is None


def test_the_end_of_one_that_signed_itself(tmp_path: Path) -> None:
    """As people make them with one line of openssl."""
    certificate, key = tmp_path / "self.crt", tmp_path / "self.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    until = tls.expiry(certificate, key)
    assert until
    assert timedelta(days=29) < until - datetime.now(UTC) < timedelta(days=31)


def shown_by(listening: ssl.SSLContext) -> bytes | None:
    """What a client that trusts everybody is shown."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(down, up)
    server = listening.wrap_bio(up, down, server_side=True)
    for side in (client, server, client):
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()
    return client.getpeercert(binary_form=True)


def test_a_renewed_pair_is_taken_when_both_files_are_there(tmp_path: Path) -> None:
    certificate, key = issue(tmp_path)
    running = Certificate(certificate, key)
    listening = running.context()
    old = shown_by(listening)
    new_certificate, new_key = issue(tmp_path, "new")
    new_certificate.replace(certificate)
    running.look()
    assert shown_by(listening) == old
    new_key.replace(key)
    running.look()
    assert shown_by(listening) == ssl.PEM_cert_to_DER_cert(certificate.read_text())
    certificate.unlink()
    running.look()
    assert shown_by(listening) not in (None, old)
