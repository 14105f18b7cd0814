"""A real worker process that is told that it is on another machine: it begins nothing before it is let."""

import pytest
from cellblock_sandbox.guest import values
from worker_process import WorkerProcess

PRINTS = "print('begun')\nreturn data"
LARGE = b"x" * (6 << 20)


@pytest.fixture
def worker(image_home):
    running = WorkerProcess(image_home, elsewhere=True)
    yield running
    assert running.close() == 0


def let(worker, **answer):
    """Answer the question whether to begin."""
    worker.link.send({"kind": "reply", "call": worker.receive("begin").meta["call"], **answer})


@pytest.mark.parametrize("data", [b"x", LARGE])
def test_it_asks_once_when_the_request_is_there(worker, data):
    for _ in range(2):
        worker.begin(PRINTS, request={"data": values.pack(data)}, live=True)
        let(worker)
        answer, before = worker.end()
        assert [frame.kind for frame in before] == ["output"]
        assert values.unpack(bytes(answer.blob)) == data


def test_the_wait_is_not_the_blocks_time(worker):
    worker.begin(PRINTS, request={"data": values.pack(LARGE)}, limits={"timeout_s": 1.0})
    asked = worker.receive("begin")
    assert worker.link.pauses(1.5)
    worker.link.send({"kind": "reply", "call": asked.meta["call"]})
    meta = worker.end()[0].meta
    assert meta["status"] == "completed"
    assert meta["run_ms"] < 1000 < meta["ready_ms"]


@pytest.mark.parametrize("data", [b"x", LARGE])
def test_what_may_not_begin_ends_as_cancelled_and_leaves_its_state(worker, data):
    state = {"state": "s", "request": {"keep": True}, "limits": {"memory_mb": 512}}
    worker.begin("n = 5", **state)
    let(worker)
    worker.end()
    worker.begin("n = 6", **state | {"request": {"keep": True, "data": values.pack(data)}})
    let(worker, error="nobody wants it any more")
    assert worker.end()[0].meta["status"] == "cancelled"
    worker.begin("n", **state)
    let(worker)
    answer, _ = worker.end()
    assert (answer.meta["state"], values.unpack(bytes(answer.blob))) == ("kept", 5)


def test_a_cancel_ends_the_wait(worker):
    ident = worker.begin(PRINTS, live=True)
    asked = worker.receive("begin").meta["call"]
    worker.link.send({"kind": "cancel", "execution": ident})
    answer, before = worker.end()
    assert (answer.meta["status"], before) == ("cancelled", [])
    worker.link.send({"kind": "reply", "call": asked})
    worker.begin("return 7")
    let(worker)
    assert values.unpack(bytes(worker.end()[0].blob)) == 7


def test_an_image_is_fetched_although_a_large_request_is_on_its_way(worker):
    """What the service replies comes behind the request."""
    worker.begin(PRINTS, request={"data": values.pack(LARGE)}, image="0" * 16)
    assert worker.end()[0].meta["image"] == "missing"
    worker.begin(PRINTS, request={"data": values.pack(LARGE)}, live=True)
    let(worker)
    assert values.unpack(bytes(worker.end()[0].blob)) == LARGE


def test_other_work_waits_too(worker):
    worker.link.send({"kind": "express"}, values.pack([1]))
    let(worker)
    assert bytes(worker.end()[0].blob) == b"[1]"
    worker.link.send({"kind": "express"}, values.pack([1]))
    let(worker, error="nobody wants it any more")
    assert worker.end()[0].meta["status"] == "cancelled"


def test_it_ends_with_the_service_instead_of_beginning(image_home):
    worker = WorkerProcess(image_home, elsewhere=True)
    worker.begin(PRINTS, live=True)
    worker.receive("begin")
    assert worker.close() == 0
