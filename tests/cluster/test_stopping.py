"""Blocks on other machines that hear nothing, and processes that do nothing: both are stopped from here."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import distributed
from cellblock_service.client import Client, Output
from cellblock_service.cluster.plugin import WorkerProcesses
from cellblock_service.cluster.staff import _launching
from cellblock_service.workers.launching import WorkerOptions
from dask_cluster import Cluster, begun
from serving import Service

Serve = Callable[..., Service]
DEAF = "print('begun', flush=True)\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass"


def test_a_deaf_block_is_stopped_and_its_process_stays(cluster: Cluster, serve: Serve) -> None:
    worker = cluster.add()
    service = serve(1)
    before = worker.children()
    assert service.run(DEAF, timeout_s=0.5)["status"] == "timeout"
    with Client(f"http://127.0.0.1:{service.port}") as client, client.start(DEAF) as execution:
        assert any(isinstance(event, Output) for event in execution)
        execution.cancel()
        assert execution.result().status == "cancelled"
    assert service.run("return 6 * 7")["result"] == 42
    assert worker.children() == before


def test_a_process_that_stands_still_is_replaced(cluster: Cluster, serve: Serve) -> None:
    worker = cluster.add()
    service = serve(1)
    (process,) = worker.children()
    answer = begun(service, "while True: pass", "frozen", timeout_s=5)
    os.kill(process, signal.SIGSTOP)
    ended = answer.result(30)
    assert (ended["status"], ended["error"]["type"]) == ("timeout", "TimeoutError")
    assert service.run("return 6 * 7")["result"] == 42
    assert not Path(f"/proc/{process}").exists()
    assert len(worker.children()) == 1


async def test_a_process_is_killed_at_the_word(cluster: Cluster, image_home: Path) -> None:
    """And not only when the connection to it goes, a second later."""
    cluster.add()
    async with distributed.Client(cluster.address, asynchronous=True) as client:
        await client.wait_for_workers(1, timeout=60)
        await client.register_plugin(WorkerProcesses())
        (address,) = (await client.scheduler.identity())["workers"]
        process, end = await _launching(client, address, lambda: None)(WorkerOptions("data", None, elsewhere=True))
        with end:
            os.kill(process.pid, signal.SIGSTOP)
            process.kill()
            assert await process.wait() == f"at {address} was killed by SIGKILL (the machine may be out of memory)"
