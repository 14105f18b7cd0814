"""A cluster whose connections are all Dask's TLS, those that carry blocks too."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from cellblock_service.client import Client
from dask_cluster import Cluster
from serving import Service

ALERT = 21


@pytest.fixture
def tls(tmp_path: Path) -> dict[str, str]:
    """One certificate for scheduler, workers and service, and the authority that all of them want the other's from."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "certificate.pem")
    prefix = "DASK_DISTRIBUTED__COMM__"
    certificates = {f"{prefix}TLS__{role}__CERT": str(tmp_path / "certificate.pem") for role in ROLES}
    return {
        f"{prefix}REQUIRE_ENCRYPTION": "True",
        f"{prefix}TLS__CA_FILE": str(tmp_path / "authority.pem"),
    } | certificates


ROLES = ("SCHEDULER", "WORKER", "CLIENT")


def test_blocks_run_over_tls(cluster: Cluster, serve: Callable[..., Service]) -> None:
    worker = cluster.add()
    service = serve(1)
    with Client(f"http://127.0.0.1:{service.port}") as client:
        assert client.run("print('over tls')\nreturn data * 2", data=21).value == 42
    listening = re.search(r"Listening to:\s+(tls://\S+)", worker.log.read_text())
    assert listening
    assert refuses_plain_text(cluster.address)
    assert refuses_plain_text(listening[1])


def refuses_plain_text(address: str) -> bool:
    """Whether what listens there answers no more than TLS's alert."""
    host, _, port = address.rpartition("/")[2].partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as plain:
        plain.sendall(b"no handshake of TLS" * 10)
        try:
            answer = plain.recv(1000)
        except ConnectionResetError:
            return True
    return not answer or answer[0] == ALERT
