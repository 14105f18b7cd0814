"""The small fields: each refusal names the field, what was expected and what came."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest
from cellblock_service.codec.envelope import Cut
from cellblock_service.codec.fields import MAX_REQUIREMENT, MAX_SOURCE, ExecuteRequest, check
from cellblock_service.errors import (
    InvalidValue,
    MissingField,
    RequestError,
    UnknownField,
    WrongType,
)


def checked(payloads: dict[str, Any] | None = None, **fields: Any) -> ExecuteRequest:
    return check(Cut({"code": "x", **fields}, {name: msgpack.packb(value) for name, value in (payloads or {}).items()}))


def test_code_alone_is_enough() -> None:
    assert checked() == ExecuteRequest(code="x")


def test_everything_at_once() -> None:
    small = {"name": "sum", "id": "a-1", "block": "b 1", "order": "in-order", "keep_state": True, "reset_state": True}
    limits = {"timeout_s": 2.0, "cpu_s": 1.0, "memory_mb": 64, "output_bytes": 9, "result_bytes": 8, "files": 7}
    lists = {"packages": ["numpy"], "dependencies": ["a-0"], "env": {"A": "b"}}
    request = checked({"data": 1}, **small, **limits, **lists)
    payloads, several = {"data": b"\x01"}, {"packages": ("numpy",), "dependencies": ("a-0",), "env": {"A": "b"}}
    assert request == ExecuteRequest("x", **small, **several, limits=limits, payloads=payloads)


def test_null_is_absent_except_for_data() -> None:
    request = checked({"data": None, "inputs": None, "msg": None}, timeout_s=None, id=None, packages=None)
    assert request == ExecuteRequest("x", payloads={"data": b"\xc0"})


@pytest.mark.parametrize(
    ("field", "value", "expected", "got"),
    [
        ("code", 5, "string", "integer"),
        ("code", b"x", "string", "binary"),
        ("code", ["x"], "string", "array"),
        ("name", {}, "string", "map"),
        ("id", 7, "string", "integer"),
        ("packages", "numpy", "array of strings", "string"),
        ("dependencies", 1, "array of strings", "integer"),
        ("timeout_s", "5", "number", "string"),
        ("timeout_s", True, "number", "boolean"),
        ("memory_mb", 1.5, "integer", "float"),
        ("node", "x", "map", "string"),
        ("memory_mb", msgpack.ExtType(1, b""), "integer", "extension"),
    ],
)
def test_wrong_types_are_named(field: str, value: Any, expected: str, got: str) -> None:
    with pytest.raises(WrongType) as caught:
        checked(**{field: value})
    assert caught.value.members == {"field": field, "expected": expected, "got": got}


def test_how_many_of_a_block_run_at_a_time() -> None:
    assert [checked(**given).at_once for given in ({}, {"block": "b"}, {"block": "b", "order": "parallel"})] == [
        0,
        1,
        0,
    ]
    assert checked(block="b", order="parallel", concurrent=3).at_once == 3
    assert checked(block="b", concurrent=1).at_once == 1
    with pytest.raises(InvalidValue, match="parallel"):
        checked(block="b", concurrent=2)
    with pytest.raises(MissingField, match="block"):
        checked(concurrent=2)


def test_all_that_runs_in_a_sandbox() -> None:
    assert checked(code="a").texts == ("a",)
    assert checked(code="", also=["b", "a", "b"]).texts == ("b", "a")


def test_what_a_node_says_of_itself() -> None:
    facts = {"id": "a1", "name": "", "path": "f/a1", "outputCount": 0}
    assert checked(node=facts).node == facts
    assert checked(node={"id": None}).node == {}
    for wrong, kind in (
        ({"id": 5}, WrongType),
        ({"outputCount": True}, WrongType),
        ({"outputCount": -1}, InvalidValue),
        ({"name": "x" * 1001}, InvalidValue),
        ({"outputs": 1}, UnknownField),
        ({b"id": "x"}, UnknownField),
    ):
        with pytest.raises(kind) as caught:
            checked(node=wrong)
        assert caught.value.members["field"].startswith("node")


def test_a_wrong_item_is_named_with_its_place() -> None:
    with pytest.raises(WrongType) as caught:
        checked(packages=["numpy", 3])
    assert caught.value.members["field"] == "packages[1]"


@pytest.mark.parametrize(
    ("field", "value", "expected"), [("inputs", 5, "array or map"), ("msg", [1], "map"), ("msg", "x", "map")]
)
def test_payloads_have_types_too(field: str, value: Any, expected: str) -> None:
    with pytest.raises(WrongType) as caught:
        checked({field: value})
    assert caught.value.members["expected"] == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timeout_s", 0),
        ("timeout_s", -1.5),
        ("timeout_s", float("nan")),
        ("timeout_s", float("inf")),
        ("timeout_s", 10**400),
        ("memory_mb", 0),
        ("files", 0),
        ("memory_mb", 10**30),
        ("id", ""),
        ("id", "a b"),
        ("id", "x" * 129),
        ("id", "a\n"),
        ("name", ""),
        ("name", "a\0b"),
        ("name", "x" * 201),
        ("code", "\ud800"),
        ("packages", ["\udfff"]),
    ],
)
def test_values_out_of_range_are_refused(field: str, value: Any) -> None:
    with pytest.raises(InvalidValue) as caught:
        checked(**{field: value})
    assert caught.value.members["field"].startswith(field)


def test_missing_code_is_named() -> None:
    with pytest.raises(MissingField, match="code"):
        check(Cut())


def test_an_unknown_field_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownField, match="did you mean 'timeout_s'"):
        checked(timeout=5)
    with pytest.raises(UnknownField) as caught:
        checked(**{"\ud800": 5})
    caught.value.detail.encode()


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"keep_state": True}, MissingField),
        ({"order": "parallel"}, MissingField),
        ({"block": "b", "order": "parallel", "keep_state": True}, InvalidValue),
        ({"block": "b", "order": "sideways"}, InvalidValue),
        ({"dependencies": ["a b"]}, InvalidValue),
        ({"env": {"A": 1}}, WrongType),
        ({"keep_state": 1}, WrongType),
        ({"also": "import numpy"}, WrongType),
        ({"also": ["1", 2]}, WrongType),
        ({"also": ["1"] * 9}, InvalidValue),
    ],
)
def test_what_does_not_go_together_is_refused(fields: dict[str, Any], error: type[RequestError]) -> None:
    with pytest.raises(error):
        checked(**fields)


def test_dependencies_take_the_place_of_inputs() -> None:
    with pytest.raises(InvalidValue, match="take the place of inputs"):
        checked({"inputs": []}, dependencies=["a"])


def test_an_error_survives_the_way_between_processes() -> None:
    error = WrongType.of("code", "string", "null")
    again = RequestError.rebuild(error.error_key, error.detail, error.members)
    assert (type(again), again.detail, again.members) == (WrongType, error.detail, error.members)


def test_what_is_looked_at_on_the_loop_is_bounded() -> None:
    assert checked(code="x" * MAX_SOURCE, packages=["x" * MAX_REQUIREMENT])
    with pytest.raises(InvalidValue, match="code: 4194306 bytes"):
        checked(code="ü" * (MAX_SOURCE // 2 + 1))
    with pytest.raises(InvalidValue, match=r"packages\[1\]: expected at most"):
        checked(packages=["numpy", "x" * (MAX_REQUIREMENT + 1)])
