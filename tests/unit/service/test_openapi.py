"""The OpenAPI document is valid, and says neither more nor less than the code does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from cellblock_service import errors
from cellblock_service.api import answers, check, complete, guard
from cellblock_service.application import create_app
from cellblock_service.codec import fields
from cellblock_service.codec.envelope import PAYLOADS
from cellblock_service.errors import error_keys
from cellblock_service.executions import execution
from cellblock_service.executions.execution import Outcome
from cellblock_service.executions.past import Past
from cellblock_service.images.building import Build
from cellblock_service.openapi.document import document
from cellblock_service.openapi.operations import OPERATIONS
from cellblock_service.openapi.schemas import HTTP_KEYS, SCHEMAS
from cellblock_service.server import worker_options
from cellblock_service.settings import Settings
from openapi_spec_validator import validate

Connect = Callable[..., Awaitable[TestClient[web.Request, web.Application]]]


def test_the_document_is_valid_openapi() -> None:
    validate(document())


def test_every_route_is_in_it_and_nothing_else(tmp_path: Path) -> None:
    app = create_app(settings := Settings(full_bundle="on-demand", home=tmp_path), worker_options(settings))
    served = {(route.method.lower(), route.resource.canonical) for route in app.router.routes() if route.resource}
    assert {(each.method, each.path) for each in OPERATIONS} == {each for each in served if each[0] != "head"}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: f"{each.method} {each.path}")
def test_scopes_are_those_of_the_guard(operation: Any) -> None:
    if operation.scope is None:
        assert operation.path in guard.OPEN_ROUTES
    else:
        assert guard.scope_of(operation.path) == (operation.scope or None)


def test_the_fields_are_those_that_are_checked() -> None:
    assert set(SCHEMAS["ExecuteRequest"]["properties"]) == {*fields._CHECKS, *PAYLOADS}
    assert set(SCHEMAS["CheckRequest"]["properties"]) == set(check.FORM)
    assert set(SCHEMAS["CompleteRequest"]["properties"]) == set(complete.FORM)


def test_the_members_are_those_that_are_answered() -> None:
    figures = [{"mime": "image/png", "data": b"1"}]
    outcome = Outcome("error", error={"type": "KeyError"}, state="new", figures=figures, timings_ms={"run": 1.0})
    told = answers.members(Past("x", "error", outcome, complete=False, code_sha256="", sizes={}), "json")
    assert set(SCHEMAS["Execution"]["properties"]) == {*told, "result"}
    assert set(SCHEMAS["Figure"]["properties"]) == set(told["figures"][0])
    assert set(SCHEMAS["Build"]["properties"]) == set(Build("an image").progress())


def test_every_error_key_is_told_of_some_operation() -> None:
    told = {kind.error_key for operation in OPERATIONS for kind in operation.refusals} | {errors.ServiceError.error_key}
    anywhere = {"unauthorized", "scope_missing", "host_refused"}
    sessions = {"too_many_sessions"}  # they are told on the socket
    assert told | anywhere | sessions == error_keys()
    assert set(SCHEMAS["Problem"]["properties"]["error_key"]["enum"]) == error_keys() | HTTP_KEYS


def test_the_statuses_are_those_of_executions() -> None:
    assert set(SCHEMAS["Status"]["enum"]) == execution.FINAL | {"queued", "loading", "running"}


def test_refusals_name_their_keys() -> None:
    responses = document()["paths"]["/v1/execute"]["post"]["responses"]
    assert set(responses) >= {"200", "202", "400", "401", "403", "409", "413", "415", "422", "429", "500", "503"}
    (_, keys) = responses["429"]["content"]["application/problem+json"]["schema"]["allOf"]
    assert keys["properties"]["error_key"]["enum"] == ["queue_full", "rate_limited", "too_many_running"]
    assert "Retry-After" in responses["429"]["headers"]


@pytest.mark.asyncio
async def test_it_is_served(connect: Connect) -> None:
    client = await connect()
    async with client.get("/openapi.json") as response:
        assert (response.status, response.content_type) == (200, "application/json")
        assert await response.json() == document()
