"""The service keeps to its own OpenAPI document, whatever valid and invalid requests are made from it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgpack
import pytest
import schemathesis
from cellblock_service.openapi.document import document
from cellblock_service.openapi.operations import OPERATIONS, Operation
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from serving import Service

pytestmark = pytest.mark.slow

EXAMPLES = 15
CHECKS = [
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]
# A WebSocket, and a stream without end.
LEFT_OUT = frozenset({"/v1/session", "/v1/events"})
TRIED = [each for each in OPERATIONS if each.path not in LEFT_OUT]


@pytest.fixture(scope="module")
def service(image_home: Path) -> Iterator[Service]:
    """A service that asks no index for the packages that are made up here."""
    running = Service(image_home, CELLBLOCK_WORKERS="1", CELLBLOCK_FULL_BUNDLE="on-demand", CELLBLOCK_OFFLINE="1")
    running.wait_ready()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def contract() -> BaseSchema:
    told = copy.deepcopy(document())
    # Each made-up package would cost a builder process.
    del told["components"]["schemas"]["ExecuteRequest"]["properties"]["packages"]
    return schemathesis.openapi.from_dict(told)


@schemathesis.serializer("application/msgpack")
def packed(_context: Any, value: Any) -> bytes:
    return bytes(msgpack.packb(value, default=str))


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", TRIED, ids=lambda each: f"{each.method} {each.path}")
def test_the_contract_is_kept(
    operation: Operation, mode: GenerationMode, service: Service, contract: BaseSchema
) -> None:
    if mode is GenerationMode.NEGATIVE and not (operation.parameters or operation.body):
        pytest.skip("nothing is asked with")

    @given(case=contract[operation.path][operation.method].as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def try_it(case: Any) -> None:
        response = case.call(base_url=f"http://127.0.0.1:{service.port}", timeout=60)
        case.validate_response(response, checks=CHECKS)
        assert response.status_code != 500, response.text

    try_it()


def test_it_still_works(service: Service) -> None:
    assert service.run("1 + 1")["result"] == 2
