"""A block's flow context through the front door, and what a hostile block can make of the door to it."""

import msgpack
import pytest
from cellblock_sandbox import ContextRefused, Limits
from door import ASK

GET = {"op": "get", "scope": "flow", "store": None, "key": "a"}
SET = {**GET, "op": "set", "value": b"\x01"}


@pytest.fixture
def flow():
    """A context as a dictionary with a callable on top; `calls` are what it was asked."""

    class Flow(dict):
        calls = []  # noqa: RUF012  (one a test)

        def __call__(self, call, seconds):
            self.calls.append(call)
            assert 0 < seconds <= 30
            if call.store == "absent":
                raise ContextRefused("no store called 'absent'")
            if call.op == "keys":
                return list(self)
            if call.op == "set":
                self[call.key] = call.value
                return None
            return [self.get(key) for key in call.key] if isinstance(call.key, list) else self.get(call.key)

    made = Flow()
    made.calls = []
    return made


def test_values_cross_as_they_are(sandbox, flow):
    value = {"a": [1, (2, 3), b"\xff", {4}], "none": None, "big": 2**100}
    flow["given"] = value
    code = "flow.set('back', flow.get('given'))\nreturn flow.get(('given', 'none'), default='-')"
    assert sandbox.run(code, context=flow).value == [value, "-"]
    assert flow["back"] == value


def test_arrays_cross(sandbox, flow):
    code = "import numpy as np\nflow.set('a', np.arange(5))\nreturn int((flow.get('a') * 2).sum())"
    assert sandbox.run(code, context=flow).value == 20
    assert flow["a"].tolist() == [0, 1, 2, 3, 4]


def test_errors_reach_the_block(sandbox, flow):
    error = sandbox.run("x = 1\nflow.get('a', 'absent')", context=flow).error
    assert (error.type, error.message, error.line) == ("ContextError", "no store called 'absent'", 2)
    flow["bad"] = object()
    assert "can't travel" in sandbox.run("flow.get('bad')", context=flow).error.message


def test_the_context_is_the_runs(sandbox, flow):
    assert sandbox.run("flow.set('a', 1)\nreturn flow.keys()", context=flow).value == ["a"]
    assert sandbox.run("flow.get('a')").error.type == "ContextError"


def test_a_callable_that_fails_is_an_error_of_that_call(sandbox):
    code = "try:\n    flow.get('a')\nexcept RuntimeError as e:\n    return str(e)"
    assert "can't be reached" in sandbox.run(code, context=lambda call, seconds: 1 / 0).value
    assert (
        "took too long" in sandbox.run(code, context=lambda call, seconds: raises(TimeoutError("took too long"))).value
    )


def raises(error):
    raise error


def test_values_have_the_limit_of_results(image, flow):
    with image.sandbox(Limits(result_bytes=1000)) as sandbox:
        flow["large"] = "x" * 2000
        for code in ("flow.set('a', 'x' * 2000)", "flow.get('large')"):
            assert "too large, the limit is 1000" in sandbox.run(code, context=flow).error.message
        assert "a" not in flow
    with image.sandbox(Limits(file_bytes=100_000)) as sandbox:
        result = sandbox.run("flow.set('a', b'x' * 200_000)", context=flow)
        assert (result.error.type, result.status) == ("ContextError", "error")
        assert sandbox.run("flow.set('a', 5)\nreturn flow.get('a')", context=flow).value == 5


REFUSED = {
    "nothing": b"\xc0",
    "no msgpack": b"\xc1",
    "cut off": b"\x85\xa2op",
    "nested": b"\x91" * 5000,
    "a list": msgpack.packb([1]),
    "no op": msgpack.packb({**GET, "op": "eval"}),
    "an op that can't be compared": msgpack.packb({**GET, "op": [1]}),
    "another scope": msgpack.packb({**GET, "scope": "host"}),
    "a store of bytes": msgpack.packb({**GET, "store": b"x"}),
    "a long store": msgpack.packb({**GET, "store": "x" * 1001}),
    "no key": msgpack.packb({**GET, "key": None}),
    "a number for key": msgpack.packb({**GET, "key": 5}),
    "an empty key": msgpack.packb({**GET, "key": ""}),
    "a long key": msgpack.packb({**GET, "key": "x" * 1001}),
    "no keys": msgpack.packb({**GET, "key": []}),
    "many keys": msgpack.packb({**GET, "key": ["x"] * 101}),
    "keys of keys": msgpack.packb({**GET, "key": [["x"]]}),
    "keys with a key": msgpack.packb({**GET, "op": "keys"}),
    "get with a value": msgpack.packb({**GET, "value": b"\x01"}),
    "set without a value": msgpack.packb({**GET, "op": "set"}),
    "a value that isn't packed": msgpack.packb({**SET, "value": 5}),
    "a value that can't be read": msgpack.packb({**SET, "value": b"\xc1"}),
    "a value cut off": msgpack.packb({**SET, "value": b"\xdd\xff\xff\xff\xff"}),
}


@pytest.mark.parametrize("request_", REFUSED.values(), ids=REFUSED.keys())
def test_the_door_refuses_what_is_no_request(sandbox, flow, request_):
    result = sandbox.run(f"{ASK}\nreturn ask(data)", data=request_, context=flow)
    assert list(result.value) == ["error"], result
    assert flow.calls == []
    assert sandbox.run("flow.set('a', 1)\nreturn flow.get('a')", context=flow).value == 1
