"""The OpenAPI 3.1 document, put together from the operations and schemas."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from importlib.metadata import version
from typing import Any

from cellblock_service.openapi.operations import ANY, BOTH, OPERATIONS, Answer, Operation, Parameter
from cellblock_service.openapi.schemas import SCHEMAS, described, ref

_RETRY_LATER = frozenset({429, 503})


@cache
def document() -> dict[str, Any]:
    """Give the document. It doesn't change while the service runs."""
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for each in OPERATIONS:
        paths[each.path][each.method] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cellblock",
            "version": version("cellblock"),
            "summary": "Python for Node-RED flows, isolated.",
            "description": "Bodies are JSON or msgpack; in msgpack, values may be of any type in docs/values.md.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": dict(paths),
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": _name(operation),
        "summary": operation.text,
        "responses": {str(status): _answer(each) for status, each in operation.answers.items()} | _refusals(operation),
        # A service on loopback without tokens asks for none.
        "security": [] if operation.scope is None else [{"token": []}, {}],
    }
    if operation.scope:
        told["description"] = f"A token needs the scope `{operation.scope}`."
    if operation.parameters:
        told["parameters"] = [_parameter(each) for each in operation.parameters]
    if operation.body is not None:
        told["requestBody"] = {"required": True, "content": _content(operation.body, BOTH)}
    return told


def _name(operation: Operation) -> str:
    """A name for programs: `getExecutionsIdEvents`."""
    words = operation.path.replace("{", "").replace("}", "").removeprefix("/v1").replace(".", "/").split("/")
    return operation.method + "".join(word.capitalize() for word in words)


def _answer(answer: Answer) -> dict[str, Any]:
    told: dict[str, Any] = {"description": answer.text}
    if answer.types:
        told["content"] = _content(answer.schema, answer.types)
    if answer.headers:
        told["headers"] = {
            name: {"description": text, "schema": {"type": "string"}} for name, text in answer.headers.items()
        }
    return told


def _content(schema: dict[str, Any], types: tuple[str, ...]) -> dict[str, Any]:
    return {each: {"schema": schema} for each in types}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.text,
        "required": parameter.place == "path",
        "schema": parameter.schema,
    }


def _refusals(operation: Operation) -> dict[str, Any]:
    """One response for each status, with the keys it may come with."""
    by_status: dict[int, dict[str, str]] = defaultdict(dict)
    for kind in operation.refusals + (() if operation.scope is None else ANY):
        by_status[kind.status][kind.error_key] = kind.title
    return {str(status): _refusal(status, kinds) for status, kinds in sorted(by_status.items())}


def _refusal(status: int, kinds: dict[str, str]) -> dict[str, Any]:
    keys = {"properties": {"error_key": {"enum": sorted(kinds)}}}
    told: dict[str, Any] = {
        "description": "; ".join(f"`{key}`: {title}" for key, title in sorted(kinds.items())),
        "content": {"application/problem+json": {"schema": {"allOf": [ref("Problem"), keys]}}},
    }
    if status in _RETRY_LATER:
        told["headers"] = {"Retry-After": described({"schema": {"type": "string"}}, "Seconds until it may go.")}
    return told
