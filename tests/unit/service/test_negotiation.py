"""Content-Type and Accept."""

from __future__ import annotations

import pytest
from cellblock_service.api.negotiation import Kind, answer_kind, body_kind
from cellblock_service.errors import NotAcceptable, UnsupportedMediaType


@pytest.mark.parametrize(
    ("accept", "default", "chosen"),
    [
        (None, "json", "json"),
        ("", "msgpack", "msgpack"),
        ("*/*", "msgpack", "msgpack"),
        ("application/json", "msgpack", "json"),
        ("application/x-msgpack", "json", "msgpack"),
        ("text/html, application/*;q=0.5", "json", "json"),
        ("application/json;q=0.4, application/msgpack;q=0.5", "json", "msgpack"),
        ("*/*;q=0.9, application/json;q=0", "json", "msgpack"),
        ("APPLICATION/JSON", "msgpack", "json"),
    ],
)
def test_the_answer_is_in_the_best_accepted_type(accept: str | None, default: Kind, chosen: Kind) -> None:
    assert answer_kind(accept, default) == chosen


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "application/json;q=often", ",,;;="])
def test_nothing_acceptable_is_refused(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        answer_kind(accept, "json")


def test_bodies_are_msgpack_or_json() -> None:
    assert body_kind("application/msgpack") == body_kind("application/vnd.msgpack") == "msgpack"
    assert body_kind("application/json") == "json"
    with pytest.raises(UnsupportedMediaType):
        body_kind("application/octet-stream")
