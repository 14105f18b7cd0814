"""A real worker process, frame by frame: runs, cancels, live output, context, kept state, conversions."""

import json
import signal
import textwrap
import threading
import time

import msgpack
import numpy as np
import pandas as pd
import pytest
from cellblock_sandbox.guest import values
from cellblock_service.bench.memory import megabytes
from cellblock_service.workers.frames import LENGTHS
from cellblock_service.workers.process import MAX_TEXT
from cellblock_service.workers.shelf import MAX_STATES
from worker_process import WorkerProcess

FOREVER = "while True: pass"


@pytest.fixture(scope="module")
def worker(image_home):
    running = WorkerProcess(image_home)
    yield running
    assert running.close() == 0


@pytest.fixture(autouse=True)
def still_works(worker):
    yield
    assert worker.run("1 + 1")[1] == 2


def test_a_run(worker):
    meta, value = worker.run("print('a')\nimport sys\nprint('b', file=sys.stderr)\nreturn [1, 'x']")
    assert (meta["status"], value, meta["stdout"], meta["stderr"]) == ("completed", [1, "x"], b"a\n", b"b\n")
    assert meta["error"] is None
    assert 0 < meta["cpu_ms"] <= meta["run_ms"] + 1
    assert meta["ready_ms"] >= 0
    assert "state" not in meta


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_that_stop_the_service_stop_no_worker(worker, number):
    """A terminal and a service manager send them to every process; what runs is to end first."""
    worker.begin("import time; print('on'); time.sleep(0.3); return 1", live=True)
    worker.receive("output")
    worker.process.send_signal(number)
    answer, _ = worker.end()
    assert answer.meta["status"] == "completed"


def test_each_run_is_in_a_sandbox_of_its_own(worker):
    for _ in range(3):
        code = "import builtins\nseen = hasattr(builtins, 'mark')\nbuiltins.mark = 1\nreturn seen"
        assert worker.run(code)[1] is False


def test_readiness_tells_memory(worker):
    assert 10_000_000 < worker.ready["rss_bytes"] < 10_000_000_000
    assert worker.ready["states"] == []


# ---- limits

LIMITED = {
    "time": (FOREVER, {"timeout_s": 0.2}, "timeout", "TimeoutError"),
    "processor time": (FOREVER, {"cpu_s": 0.1}, "timeout", "TimeoutError"),
    "memory": ("bytearray(500_000_000)", {"memory_mb": 256}, "error", "MemoryError"),
    "result": ("'x' * 2000", {"result_bytes": 1000}, "error", "ResultLimit"),
    "file bytes": ("with open('f', 'wb') as f: f.write(bytes(2000))", {"file_bytes": 1000}, "error", "OSError"),
    "files": ("for i in range(20): open(str(i), 'w')", {"files": 10}, "error", "OSError"),
    "no number": ("1", {"timeout_s": "soon"}, "error", "SettingInvalid"),
}


@pytest.mark.parametrize(("code", "limits", "status", "error"), LIMITED.values(), ids=LIMITED.keys())
def test_limits_are_the_runs(worker, code, limits, status, error):
    meta, _ = worker.run(code, limits={"timeout_s": 20.0, "cpu_s": None, **limits})
    assert (meta["status"], meta["error"]["type"]) == (status, error)
    assert worker.run("len(bytearray(500_000_000)) + len('x' * 2000)")[1] == 500_002_000


def test_the_output_limit_is_the_runs(worker):
    assert b"limited to 10 bytes" in worker.run("print('x' * 100)", limits={"output_bytes": 10})[0]["stdout"]
    assert len(worker.run("print('x' * 100)")[0]["stdout"]) == 101


# ---- cancelling


@pytest.mark.parametrize("code", [FOREVER, "import time\ntime.sleep(100)", "import asyncio\nawait asyncio.sleep(100)"])
def test_a_cancel_ends_the_run(worker, code):
    ident = worker.begin(f"print('go')\n{code}", live=True)
    assert worker.receive("output").blob == b"go\n"
    worker.link.send({"kind": "cancel", "execution": ident})
    meta = worker.end()[0].meta
    assert (meta["status"], meta["error"]["type"]) == ("cancelled", "Cancelled")


def test_a_cancel_right_behind_the_run_ends_it(worker):
    for _ in range(5):
        ident = worker.begin(FOREVER)
        worker.link.send({"kind": "cancel", "execution": ident})
        assert worker.end()[0].meta["status"] == "cancelled"


def test_cancels_of_others_do_nothing(worker):
    earlier = worker.begin("1")
    worker.end()
    ident = worker.begin("print('go')\nimport time\ntime.sleep(0.3)\nreturn 5", live=True)
    worker.receive("output")
    for _ in range(1000):
        worker.link.send({"kind": "cancel", "execution": earlier})
        worker.link.send({"kind": "cancel", "execution": "nobody"})
    assert ident
    assert worker.end()[0].meta["status"] == "completed"


def test_a_cancel_ends_the_wait_for_packages(image_home):
    worker = WorkerProcess(image_home)
    ident = worker.begin("import micropip\nawait micropip.install('six')")
    asked = worker.receive("install")
    worker.link.send({"kind": "cancel", "execution": ident})
    assert worker.end()[0].meta["status"] == "cancelled"
    # The answer comes all the same; it isn't the next question's.
    worker.begin(
        "import micropip\ntry:\n    await micropip.install('attrs')\nexcept ValueError as e:\n    return str(e)"
    )
    again = worker.receive("install")
    worker.link.send({"kind": "installed", "call": asked.meta["call"], "error": "stale"})
    worker.link.send({"kind": "installed", "call": again.meta["call"], "error": "there is none"})
    assert values.unpack(bytes(worker.end()[0].blob)) == "there is none"
    worker.close()


# ---- live output


def collected(frames):
    """What frames of output hold, neighbours of one stream joined."""
    found = []
    for frame in frames:
        stream = frame.meta["stream"]
        if found and found[-1][0] == stream:
            found[-1] = (stream, found[-1][1] + bytes(frame.blob))
        else:
            found.append((stream, bytes(frame.blob)))
    return found


def test_output_is_sent_while_the_block_runs(worker):
    ident = worker.begin("print('first')\nprint('second')\nwhile True: pass", live=True)
    assert worker.receive("output").blob == b"first\n"
    assert worker.receive("output").blob == b"second\n"
    worker.link.send({"kind": "cancel", "execution": ident})
    answer, before = worker.end()
    assert before == []
    assert not {"stdout", "stderr"} & answer.meta.keys()


def test_live_output_keeps_its_order_and_is_whole(worker):
    code = "import sys\nfor i in range(300):\n    print(i, file=(sys.stdout, sys.stderr)[i // 10 % 2])"
    worker.begin(code, live=True)
    answer, frames = worker.end()
    assert {frame.kind for frame in frames} == {"output"}
    tens = ["".join(f"{number}\n" for number in range(start, start + 10)).encode() for start in range(0, 300, 10)]
    assert collected(frames) == [(("stdout", "stderr")[index % 2], ten) for index, ten in enumerate(tens)]
    assert answer.meta["status"] == "completed"


def test_live_output_is_coalesced_and_bounded(worker):
    worker.begin("for i in range(20_000): print('x' * 50)", live=True, limits={"output_bytes": 500_000})
    _, frames = worker.end()
    text = b"".join(bytes(frame.blob) for frame in frames)
    assert text.startswith(b"x" * 50 + b"\n")
    assert text.endswith(b"[cut here: stdout is limited to 500000 bytes]\n")
    assert len(text) < 500_100
    assert len(frames) < 1000


def test_output_before_the_answer_even_if_it_is_the_last_thing(worker):
    for _ in range(20):
        worker.begin("print('a')\nprint('b', end='')", live=True)
        _, frames = worker.end()
        assert collected(frames) == [("stdout", b"a\nb")]


# ---- context


def answering(worker, flow):
    """Answer the calls of the run that goes on from a dictionary, to its end; give the answer and the calls."""
    calls = []
    while (frame := worker.receive()).kind == "call":
        meta = dict(frame.meta)
        calls.append((meta["op"], meta["scope"], meta["store"], meta["key"]))
        reply, value = {"kind": "reply", "call": meta["call"]}, None
        if meta["op"] == "set":
            flow[meta["key"]] = values.unpack(bytes(frame.blob))
        elif meta["op"] == "keys":
            value = list(flow)
        elif isinstance(meta["key"], list):
            value = [flow.get(key) for key in meta["key"]]
        else:
            value = flow.get(meta["key"])
        worker.link.send(reply, values.pack(value))
    worker.ready = worker.receive("ready").meta
    return frame, calls


def test_context(worker):
    code = """
    flow.set("count", flow.get("count", default=0) + 1)
    global_.set("a", {"deep": [b"x", (1, 2)]}, "disk")
    context.set("n", None)
    return flow.get("count"), global_.get("a", "disk"), flow.get(["count", "none"], default=7), sorted(flow.keys())
    """
    flow = {}
    worker.begin("if 1:" + code, context=True)
    answer, calls = answering(worker, flow)
    expected = (1, {"deep": [b"x", (1, 2)]}, [1, 7], ["a", "count", "n"])
    assert values.unpack(bytes(answer.blob)) == expected, answer.meta
    assert calls == [
        ("get", "flow", None, "count"),
        ("set", "flow", None, "count"),
        ("set", "global", "disk", "a"),
        ("set", "node", None, "n"),
        ("get", "flow", None, "count"),
        ("get", "global", "disk", "a"),
        ("get", "flow", None, ["count", "none"]),
        ("keys", "flow", None, None),
    ]


def test_an_error_of_the_context_is_the_blocks_to_catch(worker):
    code = "try:\n    flow.get('a')\nexcept Exception as e:\n    return type(e).__name__, str(e)"
    worker.begin(code, context=True)
    call = worker.receive("call").meta["call"]
    worker.link.send({"kind": "reply", "call": call - 1}, values.pack("nobody's"))
    worker.link.send({"kind": "reply", "call": call, "error": "no store called 'x'"})
    assert values.unpack(bytes(worker.end()[0].blob)) == ("ContextError", "no store called 'x'")


def test_without_a_flow_there_is_no_context(worker):
    meta, _ = worker.run("flow.get('a')")
    assert (meta["error"]["type"], meta["error"]["line"]) == ("ContextError", 1)
    assert "no flow behind this run" in meta["error"]["message"]


def test_a_reply_that_does_not_come_ends_with_the_time(worker):
    worker.begin("flow.get('a')", context=True, limits={"timeout_s": 0.3})
    call = worker.receive("call").meta["call"]
    assert worker.end()[0].meta["status"] in ("timeout", "error")
    worker.link.send({"kind": "reply", "call": call}, values.pack("late"))
    assert worker.run("2")[1] == 2


def test_a_cancel_ends_the_wait_for_a_reply(worker):
    ident = worker.begin("flow.get('a')", context=True)
    worker.receive("call")
    worker.link.send({"kind": "cancel", "execution": ident})
    assert worker.end()[0].meta["status"] == "cancelled"


def test_a_large_value_crosses_the_context_and_a_larger_one_is_refused(worker):
    code = "flow.set('a', b'x' * 30_000_000)\nreturn len(flow.get('a'))"
    worker.begin(code, context=True)
    answer, _ = answering(worker, {})
    assert values.unpack(bytes(answer.blob)) == 30_000_000, answer.meta
    worker.begin("flow.set('a', b'x' * 3_000)", context=True, limits={"result_bytes": 2000})
    answer, calls = answering(worker, {})
    assert "the limit is 2000" in answer.meta["error"]["message"]
    assert calls == []


def test_what_is_printed_comes_before_what_is_sent(worker):
    """Printed text is gathered for a while; a call takes along what waits."""
    code = "for n in range(50):\n    print(n)\n    (node.send if n % 2 else node.warn)(n)\nprint('end')"
    worker.begin(code, context=True, live=True)
    heard = []
    while (frame := worker.receive()).kind != "answer":
        if frame.kind == "call":
            heard.append((frame.meta["op"], values.unpack(bytes(frame.blob))))
            assert (frame.meta["scope"], frame.meta["store"], frame.meta["key"]) == ("node", None, None)
            worker.link.send({"kind": "reply", "call": frame.meta["call"]}, values.pack(None))
        else:
            heard.append(("stdout", int(bytes(frame.blob))) if bytes(frame.blob) != b"end\n" else ("end", 0))
    worker.ready = worker.receive("ready").meta
    expected = [(op, n) for n in range(50) for op in ("stdout", "send" if n % 2 else "warn")]
    assert heard == [*expected, ("end", 0)]


def test_values_for_the_node_are_looked_at(worker):
    """A block that writes to the door itself."""
    code = (
        "import os\nfrom cellblock_guest import values\n"
        "door = os.open('/dev/cellblock/context', os.O_RDWR)\n"
        "os.write(door, values.pack({'op': 'send', 'scope': 'node', 'value': data}))\n"
        "return values.unpack(os.read(door, 65536))['error']"
    )
    for damaged in (b"\xc1", b"\x01\x02", b"\xdd\xff\xff\xff\xff", b""):
        worker.begin(code, context=True, request={"data": values.pack(damaged)})
        answer, calls = answering(worker, {})
        assert "one well-formed value" in values.unpack(bytes(answer.blob)), answer.meta
        assert calls == []


def test_one_call_is_under_way_at_a_time(worker):
    """However fast a block logs, it gets no further than whoever listens."""
    worker.begin("while True: node.log('x')", context=True, limits={"timeout_s": 0.5})
    worker.receive("call")
    answer, before = worker.end()
    assert before == []
    assert (answer.meta["status"], answer.meta["error"]["type"]) == ("timeout", "TimeoutError")
    assert answer.meta["stderr"] == b""


# ---- kept state


def test_kept_state(worker):
    count = "n = globals().get('n', 0) + 1\nreturn n, data"
    for number, data in ((1, "a"), (2, "b"), (3, None)):
        request = {"keep": True} | ({} if data is None else {"data": values.pack(data)})
        meta, value = worker.run(count, state="counter", request=request)
        assert (value, meta["state"]) == ((number, data), "new" if number == 1 else "kept")
        assert worker.ready["states"] == ["counter"]
    meta, value = worker.run(count, state="other", request={"keep": True})
    assert (value[0], meta["state"]) == (1, "new")
    assert worker.run(count, request={"keep": True})[1][0] == 1
    meta, value = worker.run(count, state="counter", reset=True, request={"keep": True})
    assert (value[0], meta["state"]) == (1, "new")
    worker.link.send({"kind": "release", "states": ["counter", "other", "nobody"]})
    assert worker.run(count, state="counter", request={"keep": True})[0]["state"] == "new"
    worker.link.send({"kind": "release", "states": ["counter"]})
    worker.run("1")
    assert worker.ready["states"] == []


def test_what_kept_sandboxes_held_is_given_back_in_a_pause(image_home):
    code = "import ctypes\nmake = ctypes.CFUNCTYPE(None)\nglobal kept\nkept = [make(print) for _ in range(300)]"
    worker = WorkerProcess(image_home)
    states = [f"state-{number}" for number in range(min(30, MAX_STATES))]
    for state in states:
        assert worker.run(code, state=state, reset=False)[0]["status"] == "completed"
    worker.link.send({"kind": "release", "states": states})
    assert worker.run("1 + 1")[1] == 2
    held, deadline = megabytes(worker.process.pid, "Pss_Anon"), time.monotonic() + 30
    while megabytes(worker.process.pid, "Pss_Anon") > held - 20:
        assert time.monotonic() < deadline, f"{held} MB, and not 20 less"
        time.sleep(0.1)
    assert worker.run("1 + 1")[1] == 2
    assert worker.close() == 0


@pytest.mark.parametrize(
    "end", ["import os\nos._exit(1)", "while True:\n    try:\n        while True: pass\n    except: pass"]
)
def test_a_kept_sandbox_that_ended_is_new_the_next_time(worker, end):
    worker.run("n = 1", state="s", request={"keep": True})
    meta, _ = worker.run(end, state="s", request={"keep": True}, limits={"timeout_s": 0.2})
    assert (meta["state"], meta["status"]) == ("kept", "timeout" if "while" in end else "error")
    assert worker.ready["states"] == []
    meta, value = worker.run("return 'n' in globals()", state="s", request={"keep": True})
    assert (meta["state"], value) == ("new", False)
    worker.link.send({"kind": "release", "states": ["s"]})


def test_other_memory_or_another_image_is_a_new_sandbox(worker):
    worker.run("n = 1", state="s")
    assert worker.run("1", state="s", limits={"timeout_s": 5, "output_bytes": 5})[0]["state"] == "kept"
    assert worker.run("1", state="s", limits={"memory_mb": 512})[0]["state"] == "new"
    worker.link.send({"kind": "release", "states": ["s"]})


def test_states_are_bounded(worker):
    keys = [f"s{number}" for number in range(MAX_STATES)]
    for key in keys:
        assert worker.run("1", state=key)[0]["status"] == "completed"
    meta, _ = worker.run("1", state="one more")
    assert (meta["status"], meta["error"]["type"]) == ("error", "TooManyStates")
    assert worker.run("1", state=keys[0])[0]["state"] == "kept"
    worker.link.send({"kind": "release", "states": keys})


def test_a_cancelled_run_leaves_its_state(worker):
    worker.run("n = 5", state="s", request={"keep": True})
    ident = worker.begin(FOREVER, state="s", request={"keep": True})
    worker.link.send({"kind": "cancel", "execution": ident})
    assert worker.end()[0].meta["status"] == "cancelled"
    meta, value = worker.run("n", state="s", request={"keep": True})
    assert (meta["state"], value) == ("kept", 5)
    worker.link.send({"kind": "release", "states": ["s"]})


# ---- JSON


def test_a_result_with_its_json(worker):
    worker.begin("import datetime\nreturn {'a': (1, 2), 'd': datetime.date(2026, 1, 2)}", as_json=True)
    answer, before = worker.end()
    assert [frame.kind for frame in before] == ["ran"]
    size = answer.meta["packed_bytes"]
    assert values.unpack(bytes(answer.blob[:size]))["a"] == (1, 2)
    assert json.loads(answer.blob[size:]) == {"a": [1, 2], "d": "2026-01-02"}


def test_a_result_that_json_can_not_hold(worker):
    worker.begin("{1: 'a', '1': 'b'}", as_json=True)
    answer, _ = worker.end()
    assert (answer.meta["status"], answer.meta["error"]["type"], answer.blob) == ("error", "ValueNotPortable", b"")
    assert not answer.meta.get("packed_bytes")


def test_express(worker):
    worker.link.send({"kind": "express"}, values.pack({"a": {1, 2}}))
    answer, _ = worker.end()
    assert json.loads(answer.blob) == {"a": [1, 2]}
    for damaged in (b"\xc1", b"", values.pack({1: 0, "1": 0})):
        worker.link.send({"kind": "express"}, damaged)
        answer, _ = worker.end()
        assert (answer.meta["status"], answer.blob) == ("error", b"")
        assert answer.meta["error"]["type"] == "ValueNotPortable"


# ---- what else is queued


def test_conversion_is_timed(worker):
    worker.begin("[1]", as_json=True)
    assert worker.end()[0].meta["convert_ms"] > 0
    assert "convert_ms" not in worker.run("[1]")[0]


def test_survey_and_conversion(worker):
    worker.link.send({"kind": "survey", "image": worker.image}, b"import numpy, nunpy")
    assert worker.end()[0].meta["survey"]["absent"] == ["nunpy"]
    worker.link.send({"kind": "convert", "json": True}, b'{"code": "x", "data": [1]}')
    answer, _ = worker.end()
    assert (answer.meta["request"]["code"], answer.meta["payloads"], answer.blob) == ("x", [["data", 2]], b"\x91\x01")
    worker.link.send({"kind": "convert", "json": True}, b"{")
    assert worker.end()[0].meta["error_key"] == "malformed_body"


def test_a_missing_image_is_told(worker):
    meta, _ = worker.run("1", image="0123456789abcdef")
    assert (meta["error"]["type"], meta["image"]) == ("ImageMissing", "missing")


def test_a_made_up_error_is_cut(worker):
    meta, _ = worker.run("class E(Exception): pass\nE.__qualname__ = 'x' * 10_000_000\nraise E('y' * 10_000_000)")
    assert all(len(meta["error"][name]) <= MAX_TEXT for name in ("type", "message", "traceback"))


@pytest.mark.parametrize(
    "code", [FOREVER, "import time\ntime.sleep(100)", "flow.get('a')", "print('x')\nwhile True: pass"]
)
def test_it_ends_with_the_service_even_in_the_middle_of_a_block(image_home, code):
    worker = WorkerProcess(image_home)
    worker.begin(code, context=True, live=True)
    time.sleep(0.2)
    assert worker.close() == 0


def test_a_service_that_reads_late_misses_nothing(worker):
    code = "for i in range(5000): print('x' * 99)"
    reading = threading.Timer(1.0, lambda: None)
    reading.start()
    worker.begin(code, live=True)
    reading.join()
    _, frames = worker.end()
    assert sum(len(frame.blob) for frame in frames) == 500_000


def test_broken_requests_are_answered(worker):
    worker.link.send(
        {"kind": "run", "execution": "x", "image": worker.image, "limits": {}, "as_json": False}, msgpack.packb([1])
    )
    assert worker.end()[0].meta["status"] == "error"


# ---- large requests are received in the sandbox, large results are read there

LARGE = 6 << 20


def large(value):
    return {"data": values.pack(value)}


def test_large_values_cross_both_ways(worker):
    array = np.arange(LARGE // 8, dtype="f8").reshape(-1, 2)
    meta, value = worker.run("assert data.flags.aligned\ndata[0, 0] = -1\nreturn data", request=large(array))
    assert meta["status"] == "completed"
    array[0, 0] = -1
    assert np.array_equal(value, array)
    text = "x" * LARGE
    for given, code in ((text, "data"), ([text, {"n": 1}], "data"), (b"y" * LARGE, "[data, data]")):
        meta, value = worker.run(code, request=large(given))
        assert value == (given if code == "data" else [given, given])


def test_a_large_table_crosses(worker):
    frame = pd.DataFrame({f"c{n}": np.arange(100_000) + n for n in range(20)} | {"t": ["ä"] * 100_000})
    meta, value = worker.run("data", request=large(frame))
    assert meta["status"] == "completed"
    pd.testing.assert_frame_equal(value, frame)


def test_large_values_in_a_kept_sandbox(worker):
    """What one run lent is neither changed by the next nor kept for ever."""
    state = {"state": "large", "limits": {"memory_mb": 512}}
    first = np.full(LARGE * 4 // 8, 1.0)
    for number in range(12):
        array = first + number
        meta, value = worker.run("data", request=large(array) | {"keep": True}, **state)
        assert (meta["status"], meta["state"]) == ("completed", "kept" if number else "new")
        assert np.array_equal(value, array)
    worker.link.send({"kind": "release", "states": ["large"]})


def test_a_large_request_that_nobody_takes_is_passed_over(worker):
    meta, _ = worker.run("1", request=large(b"x" * LARGE), image="0" * 16)
    assert meta["image"] == "missing"
    meta, _ = worker.run("1", request=large(b"x" * (200 << 20)), limits={"memory_mb": 128})
    assert meta["status"] == "error"
    ident = worker.begin("while True: pass", request=large(b"x" * LARGE))
    worker.link.send({"kind": "cancel", "execution": ident})
    assert worker.end()[0].meta["status"] == "cancelled"


def test_a_service_that_goes_in_the_middle_of_a_request(image_home):
    worker = WorkerProcess(image_home)
    meta = msgpack.packb({"kind": "run", "execution": "a", "image": worker.image, "limits": {}, "as_json": False})
    worker._ours.sendall(LENGTHS.pack(len(meta), LARGE) + meta + bytes(LARGE // 2))
    assert worker.close() == 0


@pytest.mark.parametrize(
    "pieces",
    [
        "[[0xfffffff0, 1 << 20]]", "[[0, -1]]", "[[-5, 5]]", "[[0.5, 8]]", "[['a', 'b']]", "[[1, 2, 3]]", "[None]",
        "['text']", "[[0, 1 << 40]]", "5", "{}", "[]", "[b'', b'']", "[b'\\xc4\\x05abc', [1024, 1]]",
        "[[0, 300 << 20]] * 4", "[b'\\xc0'] * 10000",
    ],
)  # fmt: skip
def test_pieces_that_a_block_made_up(worker, pieces):
    """A block that has taken over its interpreter can name any place: of its own memory, or none."""
    code = f"""
        from cellblock_guest.inside import entry
        entry._response = lambda result, pictures: entry.pack({{"status": "completed", "pieces": {pieces}}})
        1
    """
    meta, _ = worker.run(textwrap.dedent(code))
    assert meta["status"] == "error"
    assert meta["error"]["type"] in ("GuestCrashed", "ResultDamaged", "ResultLimit")
