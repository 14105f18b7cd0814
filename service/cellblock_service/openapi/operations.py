"""The operations of the HTTP side, one by one: what is asked, what is answered, what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cellblock_service import errors
from cellblock_service.codec.queries import USUAL
from cellblock_service.errors import ServiceError
from cellblock_service.openapi.schemas import IDENTIFIER, LIMIT, SEARCH, TEXT, Schema, ref

JSON = ("application/json",)
BOTH = ("application/json", "application/msgpack")
TEXT_LINES = ("text/plain",)
EVENTS = ("text/event-stream",)

Refusals = tuple[type[ServiceError], ...]

ANY: Refusals = (errors.Unauthorized, errors.ScopeMissing, errors.HostRefused, ServiceError)
BODY: Refusals = (
    errors.UnsupportedMediaType,
    errors.BodyTooLarge,
    errors.BodyTooSlow,
    errors.MalformedBody,
    errors.MissingField,
    errors.UnknownField,
    errors.WrongType,
    errors.InvalidValue,
)


@dataclass(frozen=True)
class Answer:
    """A good answer: what it means, its schema and types, its headers."""

    text: str
    schema: Schema
    types: tuple[str, ...] = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Parameter:
    """A parameter: where it is ("path", "query", "header"), what it means, its schema."""

    name: str
    place: str
    text: str
    schema: Schema


@dataclass(frozen=True)
class Operation:
    """One operation. `scope` is what a token needs: "" for any token, None for none at all."""

    method: str
    path: str
    text: str
    answers: Mapping[int, Answer]
    refusals: Refusals = ()
    parameters: tuple[Parameter, ...] = ()
    body: Schema | None = None
    scope: str | None = "execute"


_ID = Parameter("id", "path", "An execution's id.", IDENTIFIER)
_PREFER = Parameter(
    "Prefer", "header", "respond-async: answer at once; wait=SECONDS: how long an image may take to be built.", TEXT
)
_WAIT = Parameter("wait", "query", "Seconds to wait for its end.", {"type": "number", "minimum": 0, "maximum": 300})
_LAST = Parameter("Last-Event-ID", "header", "Tell what came after this event.", TEXT)
_EXECUTION = ref("Execution")

OPERATIONS = (
    Operation(
        "post",
        "/v1/execute",
        "Run a block.",
        {
            200: Answer("What became of it: completed, error, timeout or cancelled.", _EXECUTION, BOTH),
            202: Answer("The execution as it is now.", _EXECUTION, BOTH, {"Location": "The execution's own address."}),
        },
        (
            *BODY,
            errors.NotAcceptable,
            errors.AboveMaximum,
            errors.PackageUnavailable,
            errors.IdInUse,
            errors.DependencyUnavailable,
            errors.QueueFull,
            errors.RateLimited,
            errors.TooManyRunning,
            errors.NotReady,
            errors.ImageLoading,
            errors.BuildFailed,
        ),
        (_PREFER,),
        ref("ExecuteRequest"),
    ),
    Operation(
        "get",
        "/v1/executions/{id}",
        "Tell how an execution is, or was.",
        {200: Answer("The execution.", _EXECUTION, BOTH)},
        (errors.ExecutionUnknown, errors.InvalidValue, errors.NotAcceptable, errors.QueueFull, errors.NotReady),
        (_ID, _WAIT),
    ),
    Operation(
        "delete",
        "/v1/executions/{id}",
        "Cancel an execution; one that has ended stays as it is.",
        {200: Answer("The execution, ended.", _EXECUTION, BOTH)},
        (errors.ExecutionUnknown, errors.NotAcceptable, errors.QueueFull, errors.NotReady),
        (_ID,),
    ),
    Operation(
        "get",
        "/v1/executions/{id}/events",
        "Follow an execution: status, stdout, stderr and result, from the beginning to its end.",
        {200: Answer("Server-sent events.", ref("Event"), EVENTS)},
        (errors.ExecutionUnknown,),
        (_ID, _LAST),
    ),
    Operation(
        "get",
        "/v1/events",
        "Follow all executions of this token: itemStatus and itemComplete.",
        {200: Answer("Server-sent events, without end.", ref("Event"), EVENTS)},
    ),
    Operation(
        "get",
        "/v1/session",
        "Open a session: a WebSocket with the subprotocol cellblock.v1 (docs/protocol.md).",
        {101: Answer("The session.", {}, ())},
        (errors.RequestError,),
    ),
    Operation(
        "post",
        "/v1/check",
        "Tell what is wrong with a block's text, and what it imports. Nothing of it is run.",
        {200: Answer("Problems in the order of the text.", ref("Check"))},
        (*BODY, errors.QueueFull, errors.NotReady),
        body=ref("CheckRequest"),
    ),
    Operation(
        "post",
        "/v1/complete",
        "Tell how a name may go on at a place in a block; line and column are counted from 1.",
        {200: Answer("At most 100 items, the block's own names first.", ref("Completion"))},
        (*BODY, errors.QueueFull),
        body=ref("CompleteRequest"),
    ),
    Operation(
        "get",
        "/v1/images",
        "List the images there are and those being built.",
        {
            200: Answer("Images, the last used first, with an ETag.", ref("Images")),
            304: Answer("Nothing has changed since the ETag in If-None-Match.", {}, ()),
        },
        scope="images",
    ),
    Operation(
        "get",
        "/v1/packages",
        "Search the packages that a block can import, by name and by what is imported.",
        {
            200: Answer("Packages, those that fit best first, with an ETag.", ref("Packages")),
            304: Answer("Nothing has changed since the ETag in If-None-Match.", {}, ()),
        },
        (errors.InvalidValue, errors.NotReady),
        (
            Parameter("search", "query", "What a name begins with, or has in it.", SEARCH),
            Parameter("limit", "query", f"Packages in the answer; {USUAL} if it isn't given.", LIMIT),
        ),
    ),
    Operation(
        "get",
        "/metrics",
        "Tell what is counted and measured, for Prometheus.",
        {200: Answer("Prometheus' text format, or OpenMetrics.", TEXT, (*TEXT_LINES, "application/openmetrics-text"))},
        scope="admin",
    ),
    Operation(
        "get",
        "/openapi.json",
        "Give this document.",
        {200: Answer("OpenAPI 3.1.", {"type": "object"})},
        scope="",
    ),
    Operation(
        "get",
        "/livez",
        "Tell that the service is alive.",
        {200: Answer("It is.", ref("Alive"))},
        scope=None,
    ),
    Operation(
        "get",
        "/readyz",
        "Tell whether blocks can be run.",
        {
            200: Answer("They can.", ref("Readiness")),
            503: Answer("They can't; reasons says why.", ref("Readiness")),
        },
        scope=None,
    ),
)
