"""The Python client with the real service and the real image."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import trustme
from cellblock_service.client import (
    AsyncClient,
    BlockFailed,
    Client,
    Output,
    ServiceRefused,
    ServiceUnreachable,
    Status,
)
from cutting import Proxy
from serving import Service


@pytest.fixture(scope="module")
def service(image_home: Path) -> Iterator[Service]:
    running = Service(image_home, CELLBLOCK_WORKERS="2")
    running.wait_ready()
    yield running
    running.stop()


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(f"http://127.0.0.1:{service.port}") as client:
        yield client


def test_an_array_of_8_mb(client: Client) -> None:
    array = np.random.default_rng(1).random((1000, 1000))
    outcome = client.run("return {'sum': data.sum(), 'twice': data * 2}", data=array)
    assert outcome.value_or_raise()["sum"] == array.sum()
    np.testing.assert_array_equal(outcome.value["twice"], array * 2)


def test_an_array_of_80_mb(client: Client) -> None:
    array = np.random.default_rng(2).random((2500, 4000))
    back = client.run("return data[::-1]", data=array).value_or_raise()
    assert (back.dtype, back.nbytes) == (array.dtype, 80_000_000)
    np.testing.assert_array_equal(back, array[::-1])


def test_a_frame(client: Client) -> None:
    times = pd.date_range("2026-01-01", periods=1000, freq="min", tz="Europe/Istanbul")
    frame = pd.DataFrame({"at": times, "level": np.arange(1000.0), "station": pd.Categorical(["a", "b"] * 500)})
    means = client.run("return data.groupby('station', observed=True)['level'].mean()", data=frame).value_or_raise()
    pd.testing.assert_series_equal(means, frame.groupby("station", observed=True)["level"].mean())
    pd.testing.assert_frame_equal(client.run("return data", data=frame).value_or_raise(), frame)


def test_output_comes_while_the_block_runs(client: Client) -> None:
    code = "import time\nprint('first', flush=True)\nwhile not flow.get('go'): time.sleep(0.01)\nprint('second')"
    flow: dict[str, Any] = {}
    with client.start(code, flow=flow) as execution:
        for event in execution:
            if isinstance(event, Output) and "first" in event.text:
                flow["go"] = True
        assert execution.result().stdout == "first\nsecond\n"


def test_context(client: Client) -> None:
    flow: dict[str, Any] = {"count": 1, "frame": pd.DataFrame({"a": [1, 2]})}
    everywhere: dict[str, Any] = {"none": 0}
    code = (
        "flow.set('count', flow.get('count') + 1)\n"
        "global_.set(['sum', 'none'], [int(flow.get('frame').a.sum()), None])\n"
        "return sorted(flow.keys()), flow.get(['count', 'absent'], default=0), context.get('x')"
    )
    outcome = client.run(code, flow=flow, global_=everywhere)
    assert "context=" in outcome.error.message  # type: ignore[union-attr]
    assert (flow["count"], everywhere) == (2, {"sum": 3})
    outcome = client.run(code, flow=flow, global_=everywhere, context={"x": b"\0"})
    assert outcome.value_or_raise() == (["count", "frame"], [3, 0], b"\0")


def test_a_block_speaks_for_its_node(client: Client) -> None:
    heard: list[Any] = []
    code = (
        "print('begun')\n"
        "node.status('busy', fill='blue')\n"
        "for part in data:\n    node.send({'payload': part})\n"
        "node.error('bad', msg)\nnode.status()\n"
        "return node.id, node.outputCount, 'NONE' in env, env['A']"
    )
    outcome = client.run(
        code,
        data=[np.arange(2), "x"],
        msg={"topic": "t"},
        env={"A": "b"},
        node={"id": "a1", "outputCount": 2},
        on_send=heard.append,
        on_log=lambda *logged: heard.append(logged),
        on_node_status=heard.append,
    )
    assert outcome.value_or_raise() == ("a1", 2, False, "b")
    assert heard[1]["payload"].tolist() == [0, 1]
    assert [heard[0], *heard[2:]] == [
        {"fill": "blue", "text": "busy"},
        {"payload": "x"},
        ("error", "bad", {"topic": "t"}),
        None,
    ]
    alone = client.run("node.warn('low')\nnode.status('x')\nnode.send(1)")
    assert (alone.stderr, alone.error.type, alone.error.line) == ("[warn] low\n", "ContextError", 3)  # type: ignore[union-attr]


def test_packages(client: Client) -> None:
    assert client.packages("PIL", limit=1)["packages"][0]["name"] == "pillow"


def test_a_failure_has_the_traceback_of_the_block(client: Client) -> None:
    outcome = client.run("x = 1\nraise KeyError('nothing')", name="mine")
    assert (outcome.status, outcome.error.line) == ("error", 2)  # type: ignore[union-attr]
    with pytest.raises(BlockFailed, match=r'File "mine", line 2') as caught:
        outcome.value_or_raise()
    assert caught.value.outcome is outcome
    assert client.run("while True: pass", timeout_s=0.3).status == "timeout"


def test_cancelling_a_loop(client: Client) -> None:
    with client.start("while True: pass") as execution:
        for event in execution:
            if event == Status("running"):
                execution.cancel()
        assert execution.result().status == "cancelled"


def test_dependencies_and_kept_state(client: Client) -> None:
    client.run("return data + 1", data=np.arange(3), id="first").value_or_raise()
    assert client.run("return data.sum()", dependencies=["first"]).value_or_raise() == 6
    code = "global n\ntry: n += 1\nexcept NameError: n = 1\nreturn n"
    outcomes = [client.run(code, block="counter", keep_state=True) for _ in range(2)]
    assert [(outcome.value, outcome.state) for outcome in outcomes] == [(1, "new"), (2, "kept")]


def test_checking_and_images(client: Client) -> None:
    found = client.check("import numpy\nx = = 1")
    assert found["problems"][0]["line"] == 2
    assert any("data" in image["names"] for image in client.images()["images"])


async def test_a_notebook_has_a_loop_already(service: Service) -> None:
    with Client(f"http://127.0.0.1:{service.port}") as client:
        assert client.run("return await asyncio.sleep(0, 5)\nimport asyncio").status == "error"
        assert client.run("import asyncio\nreturn await asyncio.sleep(0, 5)").value == 5


async def test_a_connection_cut_in_mid_run(service: Service) -> None:
    array = np.arange(1_000_000.0)
    code = (
        "import time\n"
        "flow.set('runs', flow.get('runs', default=0) + 1)\n"
        "for number in range(20):\n    print(number)\n    time.sleep(0.05)\n"
        "return data * 2"
    )
    flow: dict[str, Any] = {}
    async with Proxy(service.port) as proxy, AsyncClient(proxy.url) as client:
        async with client.start(code, data=array, flow=flow) as execution:
            async for event in execution:
                if isinstance(event, Output) and ("3" in event.text or "11" in event.text):
                    proxy.cut()
            outcome = await execution.result()
        assert proxy.connections >= 3
    np.testing.assert_array_equal(outcome.value_or_raise(), array * 2)
    assert outcome.stdout == "".join(f"{number}\n" for number in range(20))
    assert flow == {"runs": 1}


async def test_what_is_sent_comes_once_although_the_connection_is_cut(service: Service) -> None:
    """Cut while each message is taken: its reply is lost, and the call is told again."""
    sent: list[int] = []
    async with Proxy(service.port) as proxy, AsyncClient(proxy.url) as client:

        async def take(number: int) -> None:
            sent.append(number)
            if number % 5 == 2:
                proxy.cut()
                await asyncio.sleep(0.05)

        outcome = await client.run("for n in range(12): node.send(n)\nreturn n", on_send=take)
        assert proxy.connections >= 3
    assert (outcome.value_or_raise(), sent) == (11, list(range(12)))


async def test_a_service_that_is_killed_and_started_again(image_home: Path, tmp_path: Path) -> None:
    """What ran then is an error, as the records have it, and isn't run again."""
    settings = {"CELLBLOCK_WORKERS": "1", "CELLBLOCK_RECORDS_FILE": str(tmp_path / "records.sqlite3")}
    first = Service(image_home, **settings)
    await asyncio.to_thread(first.wait_ready)
    flow: dict[str, Any] = {"runs": 0}
    code = "import time\nflow.set('runs', flow.get('runs') + 1)\nprint('here')\ntime.sleep(60)"
    async with Proxy(first.port) as proxy, AsyncClient(proxy.url) as client:
        async with client.start(code, flow=flow, timeout_s=100) as execution:
            async for event in execution:
                if isinstance(event, Output):
                    break
            await asyncio.sleep(1)  # the records are written in batches
            first.process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(first.process.communicate)
            second = Service(image_home, **settings)
            proxy.port = second.port
            outcome = await execution.result()
        assert outcome.status == "error"
        assert "restart" in outcome.error.message  # type: ignore[union-attr]
        assert flow == {"runs": 1}
        with pytest.raises(ServiceRefused, match="execution_unknown"):
            await client.get("nobody")
    await asyncio.to_thread(second.stop)


def eventually(client: Client) -> Any:
    """What a block gives as soon as the service is there."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return client.run("return 6 * 7").value
        except ServiceUnreachable:
            pass
        except ServiceRefused as refused:
            if refused.error_key != "not_ready":
                raise
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_tls_and_token(image_home: Path, tmp_path: Path) -> None:
    authority = trustme.CA()
    made = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    made.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    made.private_key_pem.write_to_path(tmp_path / "key.pem")
    tls = {"CELLBLOCK_TLS_CERTIFICATE": str(tmp_path / "cert.pem"), "CELLBLOCK_TLS_KEY": str(tmp_path / "key.pem")}
    service = Service(image_home, CELLBLOCK_WORKERS="1", CELLBLOCK_TOKEN="t" * 32, **tls)
    url = f"https://127.0.0.1:{service.port}"
    try:
        with Client(url, "t" * 32, ca_file=tmp_path / "ca.pem") as client:
            assert eventually(client) == 42
        with Client(url, ca_file=tmp_path / "ca.pem") as client, pytest.raises(ServiceRefused, match="CELLBLOCK_TOKEN"):
            client.run("1")
        with Client(url, "t" * 32) as client, pytest.raises(ServiceUnreachable, match="ca_file="):
            client.run("1")
        plain = f"http://127.0.0.1:{service.port}"
        with Client(plain) as client, pytest.raises(ServiceUnreachable, match=plain):
            client.run("1")
    finally:
        service.stop()
