"""Blocks on the workers of a Dask cluster: everything is as on one machine, and what a cluster suffers is borne."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import distributed
import numpy as np
import pytest
from cellblock_service.client import Client, Output, Status
from cellblock_service.cluster.demand import Adaptive
from dask_cluster import Cluster, begun, sent, wait_for_workers
from serving import Service

Serve = Callable[..., Service]


def ends(service: Service, ident: str) -> list[str]:
    """How an execution ended: one status for each time that its end was told."""
    lines = [json.loads(line) for line in service.log.read_text().splitlines() if ident in line]
    return [line["status"] for line in lines if line.get("event") == "execution"]


def test_blocks_run_on_all_workers(cluster: Cluster, serve: Serve) -> None:
    for _ in range(3):
        cluster.add()
    service = serve(3)
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(lambda n: service.run("import time\ntime.sleep(0.3)\nreturn data * 2", data=n), range(12))
        )
    assert [answer["result"] for answer in answers] == [2 * n for n in range(12)]
    assert all(len(worker.children()) == 1 for worker in cluster.workers)

    array = np.arange(1_000_000, dtype="float64")
    with Client(f"http://127.0.0.1:{service.port}") as client:
        assert (client.run("return data + 1", data=array).value == array + 1).all()


def test_output_cancellation_and_limits(cluster: Cluster, serve: Serve) -> None:
    cluster.add()
    service = serve(1)
    with Client(f"http://127.0.0.1:{service.port}") as client:
        printed = ""
        with client.start("print('begun', flush=True)\nwhile True: pass") as execution:
            for event in execution:
                if isinstance(event, Output):
                    printed += event.text
                    execution.cancel()
            assert execution.result().status == "cancelled"
        assert printed == "begun\n"
    assert service.run("while True: pass", timeout_s=0.5)["status"] == "timeout"
    assert service.run("return bytearray(200 << 20) and 1", memory_mb=128)["error"]["type"] == "MemoryError"
    assert service.run("return 6 * 7")["result"] == 42


def test_a_session_is_told_when_a_block_begins(cluster: Cluster, serve: Serve) -> None:
    """Which is not when it is sent."""
    worker = cluster.add()
    service = serve(1)
    (process,) = worker.children()
    os.kill(process, signal.SIGSTOP)
    with Client(f"http://127.0.0.1:{service.port}") as client, client.start("return 6 * 7") as execution:
        service.wait_for_metric("cellblock_workers_busy", 1)
        assert (next(iter(execution)), execution.status) == (Status("queued"), "queued")
        os.kill(process, signal.SIGCONT)
        assert [*execution] == [Status("queued"), Status("running")]
        assert execution.result().value == 42


def test_kept_state_stays_on_its_worker(cluster: Cluster, serve: Serve) -> None:
    for _ in range(2):
        cluster.add()
    service = serve(2)
    code = "n = globals().get('n', 0) + 1\nreturn n"
    with Client(f"http://127.0.0.1:{service.port}") as client:
        counted = [[client.run(code, block=name, keep_state=True).value for name in "abc"] for _ in range(4)]
    assert counted == [[n] * 3 for n in (1, 2, 3, 4)]


def test_a_worker_that_dies_in_mid_run_ends_that_run_once(cluster: Cluster, serve: Serve) -> None:
    for _ in range(3):
        cluster.add()
    service = serve(3)
    running = [begun(service, "import time\ntime.sleep(6)\nreturn 'done'", f"run-{n}") for n in range(3)]
    cluster.workers[0].process.kill()
    answers = [each.result(20) for each in running]
    assert sorted(answer["status"] for answer in answers) == ["completed", "completed", "error"]
    lost = next(answer for answer in answers if answer["status"] == "error")
    assert lost["error"]["type"] == "WorkerCrashed"
    # It wasn't begun again elsewhere: nobody is busy with it.
    service.wait_for_metric("cellblock_workers_busy", 0)
    assert ends(service, lost["id"]) == ["error"]
    wait_for_workers(service, 2)
    assert service.run("return 1")["result"] == 1


def test_what_has_not_begun_on_a_worker_that_is_lost_runs_on_another(cluster: Cluster, serve: Serve) -> None:
    frozen = cluster.add()
    service = serve(1)
    frozen.freeze()
    answer = sent(service, "return 'run by another'")
    service.wait_for_metric("cellblock_workers_busy", 1)
    cluster.add()
    assert answer.result(60)["result"] == "run by another"


@pytest.mark.parametrize("data", [None, "x" * (20 << 20)], ids=["small", "large"])
def test_what_a_worker_was_sent_and_has_not_begun_runs_on_another(cluster: Cluster, serve: Serve, data: Any) -> None:
    worker = cluster.add()
    service = serve(1)
    (process,) = worker.children()
    os.kill(process, signal.SIGSTOP)
    answer = sent(service, "return len(data or '')", data=data, id="moved")
    # With a large request this is the one that takes it apart.
    service.wait_for_metric("cellblock_workers_busy", 1)
    cluster.add()
    wait_for_workers(service, 2)
    os.kill(process, signal.SIGKILL)
    assert answer.result(60)["result"] == len(data or "")
    assert ends(service, "moved") == ["completed"]
    service.wait_for_metric("cellblock_workers_busy", 0)


def test_a_worker_lost_while_it_fetches_an_image_has_not_begun(cluster: Cluster, serve: Serve, tmp_path: Path) -> None:
    home = tmp_path / "home"
    fetching = cluster.add(home)
    service = serve(1)
    (bundle,) = (each.name for each in (home / "bundles").iterdir() if re.fullmatch("[0-9a-f]{16}", each.name))
    with (home / "locks" / f"bundle-{bundle}.lock").open("a+") as lock:
        # As if another process of its machine were fetching: it waits for that.
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = sent(service, "import sympy\nreturn str(sympy.factor('x**2 - 1'))", id="moved")
        waiting = 0
        while waiting < 10:  # when it has seen what the block imports, and the image is made
            status = service.get("/v1/executions/moved")[1].get("status")
            waits = status == "queued" and service.metric("cellblock_workers_busy") == 1
            waiting = waiting + 1 if waits else 0
            assert not answer.done(), answer.result()
            time.sleep(0.1)
        cluster.add()
        wait_for_workers(service, 2)
        os.kill(fetching.children()[0], signal.SIGKILL)
        assert answer.result(60)["result"] == "(x - 1)*(x + 1)"
    assert ends(service, "moved") == ["completed"]


def test_what_a_machine_lacks_it_fetches(cluster: Cluster, serve: Serve, tmp_path: Path) -> None:
    home = tmp_path / "home"
    cluster.add(home)
    service = serve(1)
    assert service.run("import pandas as pd\nreturn int(pd.Series([1, 2]).sum())")["result"] == 3
    # Of an image that is made for it, and a wheel that it asks for while it runs.
    assert service.run("import sympy\nreturn str(sympy.factor('x**2 - 1'))")["result"] == "(x - 1)*(x + 1)"
    code = "import micropip\nawait micropip.install('more-itertools')\nimport more_itertools\n"
    assert service.run(f"{code}return more_itertools.first([7])")["result"] == 7
    assert sorted(each.name for each in home.iterdir())[:3] == ["bundles", "downloads", "images"]


async def test_a_worker_that_is_retired_ends_its_block_first(cluster: Cluster, serve: Serve) -> None:
    for _ in range(2):
        cluster.add()
    service = serve(2)
    running = [begun(service, "import time\ntime.sleep(6)\nreturn data", f"run-{n}", data=n) for n in range(2)]
    async with distributed.Client(cluster.address, asynchronous=True) as client:
        addresses = list((await client.scheduler.identity())["workers"])
        await client.retire_workers(addresses[:1])
    assert [each.result(30)["result"] for each in running] == [0, 1]
    wait_for_workers(service, 1)
    assert service.run("return 1")["result"] == 1


def test_a_scheduler_that_dies_takes_no_block_along_and_is_found_again(cluster: Cluster, serve: Serve) -> None:
    cluster.add()
    service = serve(1)
    running = begun(service, "import time\ntime.sleep(4)\nreturn 'done'", "in-mid-run")
    cluster.kill_scheduler()
    assert running.result(30)["result"] == "done"
    assert ends(service, "in-mid-run") == ["completed"]
    # A Dask worker ends with its scheduler.
    wait_for_workers(service, 0)
    assert cluster.workers[0].process.wait(30) is not None
    cluster.start_scheduler()
    cluster.add()
    wait_for_workers(service, 1)
    assert service.run("return 6 * 7")["result"] == 42


def test_a_scheduler_that_is_not_there_is_said(image_home: Path) -> None:
    service = Service(image_home, CELLBLOCK_BACKEND="dask://127.0.0.1:9")
    try:
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            try:
                status, ready = service.get("/readyz")
            except OSError:
                time.sleep(0.2)
                continue
            if "can't be reached" in str(ready):
                break
            time.sleep(0.2)
        assert status == 503
        assert "the Dask scheduler at tcp://127.0.0.1:9 can't be reached" in ready["reasons"]
        assert service.post({"code": "return 1"})[0] == 503
    finally:
        service.stop()


async def test_a_cluster_grows_and_shrinks_with_what_services_want(image_home: Path) -> None:
    local = {"n_workers": 1, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    async with distributed.LocalCluster(**local, asynchronous=True) as cluster:
        address = cluster.scheduler_address.removeprefix("tcp://")
        service = Service(image_home, CELLBLOCK_BACKEND=f"dask://{address}")
        try:
            await asyncio.to_thread(service.wait_ready)
            cluster.adapt(Adaptive=Adaptive, minimum=1, maximum=3, interval="200ms", wait_count=10)
            code = "import time\ntime.sleep(data)\nreturn data"
            answers = asyncio.gather(*[asyncio.to_thread(service.run, code, data=2) for _ in range(9)])
            await asyncio.to_thread(wait_for_workers, service, 3)
            assert [answer["result"] for answer in await answers] == [2] * 9
            # Meanwhile the others go, and this one too, if it was chosen, when it has ended.
            assert (await asyncio.to_thread(service.run, code, data=12))["result"] == 12
            await asyncio.to_thread(wait_for_workers, service, 1)
            assert (await asyncio.to_thread(service.run, "return 1"))["result"] == 1
        finally:
            await asyncio.to_thread(service.stop)
