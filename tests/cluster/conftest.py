"""A cluster for each test, on the images of the shared home."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dask_cluster import Cluster, wait_for_workers
from serving import Service


@pytest.fixture
def tls() -> dict[str, str]:
    """Dask's configuration of TLS: none, where a test module or a parameter doesn't say otherwise."""
    return {}


@pytest.fixture
def cluster(tmp_path: Path, image_home: Path, tls: dict[str, str]) -> Iterator[Cluster]:
    made = Cluster(tmp_path, image_home, tls)
    yield made
    made.end()


@pytest.fixture
def serve(cluster: Cluster, image_home: Path) -> Iterator[Callable[..., Service]]:
    """Start the service on the cluster, and wait until it has so many workers."""
    services: list[Service] = []

    def start(workers: int, **settings: str) -> Service:
        service = Service(image_home, CELLBLOCK_BACKEND=cluster.backend, **cluster.environment, **settings)
        services.append(service)
        service.wait_ready(within_s=120)
        wait_for_workers(service, workers)
        return service

    yield start
    for service in services:
        service.stop()
