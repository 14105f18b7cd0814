"""Dask workers as `dask worker HOST:PORT --nthreads 3` starts them: with several threads, and below a nanny."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dask_cluster import Cluster, DaskWorker, wait_for_workers
from serving import Service

THREADS = 3
SAID = 1000
"""Bytes that processes write beside what they fetch, at most: fewer than any manifest has."""


def test_a_machine_of_several_threads_fetches_once_and_runs_as_many_blocks(
    cluster: Cluster, serve: Callable[..., Service], tmp_path: Path
) -> None:
    worker = cluster.add(home := tmp_path / "home", threads=THREADS, nanny=True)
    service = serve(THREADS)
    files = [each for kind in ("bundles", "images") for each in (home / kind).rglob("*") if each.is_file()]
    fetched = sum(each.stat().st_size for each in files)
    assert fetched <= sum(map(written, worker.children())) <= fetched + SAID
    assert_all_run_at_once(service, worker)


def test_a_nanny_brings_its_worker_back(cluster: Cluster, serve: Callable[..., Service]) -> None:
    worker = cluster.add(threads=THREADS, nanny=True)
    service = serve(THREADS)
    before = worker.children()
    os.kill(parent(before[0]), signal.SIGKILL)
    service.wait_for_metric("cellblock_workers_ready", 0)
    wait_for_workers(service, THREADS)
    assert set(before).isdisjoint(worker.children())
    assert_all_run_at_once(service, worker)


def assert_all_run_at_once(service: Service, worker: DaskWorker) -> None:
    """As many blocks as it has threads, each on a process of its own."""
    assert len(worker.children()) == THREADS
    with ThreadPoolExecutor(THREADS) as pool:
        answers = pool.map(lambda n: service.run("import time\ntime.sleep(2)\nreturn data", data=n), range(THREADS))
        service.wait_for_metric("cellblock_workers_busy", THREADS)
        assert [each["result"] for each in answers] == [*range(THREADS)]


def written(process: int) -> int:
    """The bytes that a process has written to files."""
    lines = Path(f"/proc/{process}/io").read_text().splitlines()
    return next(int(value) for name, _, value in (line.partition(": ") for line in lines) if name == "wchar")


def parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
