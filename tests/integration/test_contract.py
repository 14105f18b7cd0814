"""The service keeps to its own OpenAPI document, whatever valid and invalid requests are made from it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgpack
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
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

EXAMPLES = 25
CHECKS = [
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]
# A WebSocket, and a stream without end.
LEFT_OUT = r"^/v1/(session|events)$"


@pytest.fixture(scope="module")
def service(image_home: Path) -> Iterator[Service]:
    """A service that asks no index for the packages that are made up here."""
    running = Service(image_home, CELLBLOCK_WORKERS="1", CELLBLOCK_FULL_BUNDLE="on-demand", CELLBLOCK_OFFLINE="1")
    running.wait_ready()
    yield running
    running.stop()


@pytest.fixture
def contract(service: Service) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{service.port}/openapi.json", timeout=10) as answer:
        document = json.load(answer)
    # Each made-up package would cost a builder process.
    del document["components"]["schemas"]["ExecuteRequest"]["properties"]["packages"]
    return schemathesis.openapi.from_dict(document)


@schemathesis.serializer("application/msgpack")
def packed(_context: Any, value: Any) -> bytes:
    return bytes(msgpack.packb(value, default=str))


schema = schemathesis.pytest.from_fixture("contract").exclude(path_regex=LEFT_OUT)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_contract_is_kept(case: Any, service: Service) -> None:
    response = case.call(base_url=f"http://127.0.0.1:{service.port}", timeout=60)
    case.validate_response(response, checks=CHECKS)
    if response.status_code != 503:
        case.validate_response(response, checks=[not_a_server_error])


def test_it_still_works(service: Service) -> None:
    assert service.run("1 + 1")["result"] == 2
