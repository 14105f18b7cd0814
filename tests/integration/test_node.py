"""A block's `node` and `env` through the front door, and what a hostile block can make of them."""

import datetime as dt

import msgpack
import numpy as np
import pytest
from cellblock_sandbox import ContextRefused, Limits
from cellblock_sandbox.context import LEVELS
from door import ASK


class Flow:
    """Takes what a block says and answers for its environment; `heard` is all of it in order, with what it printed."""

    def __init__(self):
        self.heard = []
        self.variables = {"SITE": "north", "LIMIT": 5, "LEVELS": [1.5, None]}
        self.refuses = ""

    def __call__(self, call, seconds):
        assert (call.scope, call.store) == ("node", None)
        assert 0 < seconds <= 30
        self.heard.append((call.op, call.key if call.op == "env" else call.value))
        if self.refuses:
            raise ContextRefused(self.refuses)
        return self.variables.get(call.key)

    def printed(self, stream, chunk):
        self.heard.append((stream, chunk.decode()))


@pytest.fixture
def flow():
    return Flow()


def test_what_is_sent_crosses_as_a_result_does(sandbox, flow):
    now = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    code = "node.send(msg)\nnode.send([None, [{'payload': (1, b'x')}]])\nnode.send(None)\nreturn node.send({'a': data})"
    result = sandbox.run(code, msg={"payload": np.arange(3), "at": now}, data=2**80, context=flow)
    assert (result.status, result.value) == ("completed", None), result.error
    (_, first), *rest = flow.heard
    assert (first["payload"].tolist(), first["at"]) == ([0, 1, 2], now)
    assert rest == [("send", [None, [{"payload": (1, b"x")}]]), ("send", None), ("send", {"a": 2**80})]


def test_a_figure_is_sent_as_a_picture_and_does_not_come_back_again(sandbox, flow):
    code = "import matplotlib.pyplot as plt\nplt.figure()\nnode.send([{'payload': plt.figure()}])\nplt.figure()"
    result = sandbox.run(code, context=flow)
    assert flow.heard[0][1][0]["payload"].data.startswith(b"\x89PNG")
    assert (result.status, len(result.figures)) == ("completed", 1), "the first one: the last is the result"


@pytest.mark.parametrize("level", sorted({*LEVELS} - {"error"}))
def test_logging(sandbox, flow, level):
    code = f"node.{level}('text')\nnode.{level}(data)\nnode.{level}(ValueError('odd'))\nnode.{level}(iter(()))"
    result = sandbox.run(code, data={"a": [1]}, context=flow)
    assert (result.status, result.stdout, result.stderr) == ("completed", "", "")
    assert flow.heard[:3] == [(level, "text"), (level, {"a": [1]}), (level, "ValueError: odd")]
    assert flow.heard[3][1].startswith("<tuple_iterator object")


def test_an_error_comes_with_its_message_and_ends_nothing(sandbox, flow):
    code = "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    node.error(e, msg)\nnode.error('plain')\nreturn 'on'"
    assert sandbox.run(code, msg={"payload": 1}, context=flow).value == "on"
    assert flow.heard == [
        ("error", ["ZeroDivisionError: division by zero", {"payload": 1}]),
        ("error", ["plain", None]),
    ]
    error = sandbox.run("x = 1\nnode.error('no', {'payload': iter(())})", context=flow).error
    assert (error.type, error.line) == ("ValueNotPortable", 2)


STATUSES = {
    "node.status('text')": {"text": "text"},
    "node.status(5)": {"text": "5"},
    "node.status(fill='red', shape='ring', text='no')": {"fill": "red", "shape": "ring", "text": "no"},
    "node.status({'fill': 'grey', 'text': 1.5})": {"fill": "grey", "text": "1.5"},
    "node.status('half', fill='blue')": {"fill": "blue", "text": "half"},
    "node.status({'text': 'a'}, text='b')": {"text": "b"},
    "node.status(KeyError('k'))": {"text": "KeyError: 'k'"},
    "node.status('\\ud800')": {"text": "\\ud800"},
    "node.status('x' * 5000)": {"text": "x" * 1000},
    "node.status()": None,
    "node.status(None)": None,
    "node.status({})": None,
}


@pytest.mark.parametrize(("code", "shown"), STATUSES.items(), ids=STATUSES.keys())
def test_statuses(sandbox, flow, code, shown):
    result = sandbox.run(code, context=flow)
    assert (result.status, flow.heard) == ("completed", [("status", shown)]), result.error


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("node.status(fill='purple')", "one of red, green"),
        ("node.status(shape='square')", "one of ring, dot"),
        ("node.status({'color': 'red'})", "no 'color'"),
    ],
)
def test_statuses_that_node_red_does_not_have(sandbox, flow, code, said):
    error = sandbox.run(code, context=flow).error
    assert (error.type, said in error.message, flow.heard) == ("ValueError", True, [])


def test_what_is_printed_sent_and_logged_keeps_its_order(sandbox, flow):
    code = (
        "import sys\n"
        "print('a', end='')\nnode.send(1)\nprint('b', end='', file=sys.stderr)\nnode.warn(2)\n"
        "print('c', end='')\nnode.status('3')\nsys.stdout = open('/tmp/x', 'w')\nsys.stdout.close()\nnode.log(4)"
    )
    assert sandbox.run(code, context=flow, on_output=flow.printed).status == "completed"
    order = [("stdout", "a"), ("send", 1), ("stderr", "b"), ("warn", 2), ("stdout", "c")]
    assert flow.heard == [*order, ("status", {"text": "3"}), ("log", 4)]


def test_without_a_flow(sandbox):
    for code in ("node.send(1)", "node.status('x')", "node.status()"):
        error = sandbox.run(f"\n{code}").error
        assert (error.type, error.line) == ("ContextError", 2)
        assert "no flow behind this run" in error.message
    code = "\n".join(f"node.{level}('{level}')" for level in LEVELS) + "\nprint('x')\nnode.error(OSError('e'), msg)"
    result = sandbox.run(code)
    assert (result.status, result.stdout) == ("completed", "x\n")
    lines = [f"[{level}] {level}" for level in LEVELS]
    assert result.stderr.splitlines() == [*lines, "[error] OSError: e"]
    facts = "return node.id, node.name, node.path, node.outputCount, repr(node)"
    assert sandbox.run(facts).value == (None, None, None, None, "<node without a flow>")


def test_what_the_flow_refuses(sandbox, flow):
    flow.refuses = "the log is full"
    result = sandbox.run("node.log('a')\nnode.send(1)", context=flow)
    assert (result.stderr, result.error.type, result.error.message) == ("[log] a\n", "ContextError", "the log is full")


def test_what_the_node_says_of_itself(sandbox):
    facts = {"id": "a1", "name": "mean", "path": "f/a1", "outputCount": 2}
    code = "return node.id, node.name, node.path, node.outputCount, repr(node)"
    assert sandbox.run(code, node=facts).value == ("a1", "mean", "f/a1", 2, "<node mean>")


def test_variables_are_asked_for_once(sandbox, flow):
    code = (
        "assert env == {'SECRET': 's'} and 'SECRET' in env and env.get('SECRET') == 's' and env['SECRET'] == 's'\n"
        "assert 'SITE' in env and env['SITE'] == 'north' and env.get('SITE') == 'north'\n"
        "assert 'NONE' not in env and env.get('NONE') is None and env.get('NONE', 7) == 7\n"
        "assert env.get(5) is None and () not in env and env.get('x' * 2000) is None and '' not in env\n"
        "try:\n    env['NONE']\nexcept KeyError as e:\n    error = e.args\n"
        "return error, env['LIMIT'], env.get('LEVELS'), list(env), len(env), isinstance(env, dict), env"
    )
    result = sandbox.run(code, env={"SECRET": "s"}, context=flow)
    assert result.value == (("NONE",), 5, [1.5, None], ["SECRET"], 1, True, {"SECRET": "s"}), result.error
    assert flow.heard == [("env", "SITE"), ("env", "NONE"), ("env", "LIMIT"), ("env", "LEVELS")]
    flow.refuses = "not now"
    assert sandbox.run("env.get('SITE')", context=flow).error.message == "not now"


def test_env_without_a_flow_is_what_was_sent(sandbox):
    assert sandbox.run("return env.get('A'), env.get('B', 2), 'B' in env, env", env={"A": "a"}).value == (
        *("a", 2, False),
        {"A": "a"},
    )
    assert sandbox.run("env['B']").error.type == "KeyError"


def test_values_have_the_limit_of_results(image, flow):
    with image.sandbox(Limits(result_bytes=1000)) as sandbox:
        error = sandbox.run("node.send('x' * 2000)", context=flow).error
        assert "too large, the limit is 1000" in error.message
        result = sandbox.run("node.warn('x' * 2000)", context=flow)
        assert (result.stderr, flow.heard) == (f"[warn] {'x' * 2000}\n", [])
        flow.variables["LARGE"] = "x" * 2000
        assert "too large" in sandbox.run("env['LARGE']", context=flow).error.message


@pytest.mark.parametrize("what", ["node.log('x')", "node.send(1)", "node.status('x')", "flow.get('x')"])
def test_the_time_limit_ends_who_never_stops_asking(image, flow, what):
    with image.sandbox(Limits(timeout_s=0.5)) as sandbox:
        result = sandbox.run(f"while True: {what}", context=lambda call, seconds: None)
        assert (result.status, result.error.type) == ("timeout", "TimeoutError")
        assert result.stderr == ""
        assert sandbox.run("1 + 1").value == 2, "it heard of it"


SEND = {"op": "send", "scope": "node", "value": b"\x01"}
ENV = {"op": "env", "scope": "node", "key": "A"}
STATUS = {"op": "status", "scope": "node", "value": b"\xc0"}
ERROR = {"op": "error", "scope": "node", "value": b"\x92\x01\xc0"}


def status(shown):
    return {**STATUS, "value": msgpack.packb(shown)}


REFUSED = {
    "send in the flow's scope": {**SEND, "scope": "flow"},
    "send with a store": {**SEND, "store": "disk"},
    "send with a key": {**SEND, "key": "a"},
    "send without a value": {"op": "send", "scope": "node"},
    "send of a value that isn't packed": {**SEND, "value": [1]},
    "send of a value that can't be read": {**SEND, "value": b"\xc1"},
    "log of a value cut off": {**SEND, "op": "log", "value": b"\xa5abc"},
    "log of text": {**SEND, "op": "log", "value": "text"},
    "another level": {**SEND, "op": "fatal"},
    "an error that is no list": {**ERROR, "value": b"\x01"},
    "an error with three": {**ERROR, "value": b"\x93\x01\x02\x03"},
    "an error without bytes": {**ERROR, "value": b""},
    "an error cut off": {**ERROR, "value": b"\x92\x01"},
    "a status in a global scope": {**STATUS, "scope": "global"},
    "a status that is a number": status(5),
    "a status that is a list": status(["red"]),
    "a status of more than there is": status({"text": "a", "html": "<b>"}),
    "a status of numbers": status({"text": 5}),
    "a status in a status": status({"text": {"text": "a"}}),
    "a status with keys of bytes": status({b"text": "a"}),
    "a status of an extension": status({"text": msgpack.ExtType(1, b"x")}),
    "a long status": status("x" * 1001),
    "a status of bytes without end": status(b"x" * 20_000),
    "a status that is no text": {**STATUS, "value": b"\xa1\xff"},
    "a status cut off": {**STATUS, "value": b"\x81\xa4te"},
    "a nested status": {**STATUS, "value": b"\x91" * 10_000},
    "env without a name": {"op": "env", "scope": "node"},
    "env of several": {**ENV, "key": ["A", "B"]},
    "env of nothing": {**ENV, "key": ""},
    "env of a long name": {**ENV, "key": "x" * 1001},
    "env of the flow": {**ENV, "scope": "flow"},
    "env with a value": {**ENV, "value": b"\x01"},
    "env with a store": {**ENV, "store": "x"},
}


@pytest.mark.parametrize("request_", REFUSED.values(), ids=REFUSED.keys())
def test_the_door_refuses_what_is_no_request(sandbox, flow, request_):
    result = sandbox.run(f"{ASK}\nreturn ask(data)", data=msgpack.packb(request_), context=flow)
    assert list(result.value) == ["error"], result
    assert flow.heard == []
    assert sandbox.run("node.send(1)\nreturn env['SITE']", context=flow).value == "north"


@pytest.mark.parametrize("shown", ["text", "", None, {}, {"fill": "mauve"}, {"text": "x" * 1000}])
def test_the_door_takes_every_kind_of_status(sandbox, flow, shown):
    result = sandbox.run(f"{ASK}\nreturn ask(data)", data=msgpack.packb(status(shown)), context=flow)
    assert (result.value, flow.heard) == ({"value": b"\xc0"}, [("status", shown)])
