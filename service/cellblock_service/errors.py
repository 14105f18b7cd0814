"""Everything the service refuses, as one tree of exceptions with stable keys.

    ServiceError
      RequestError                the client's fault, 4xx
        Unauthorized, ScopeMissing, HostRefused, UnsupportedMediaType, NotAcceptable, BodyTooLarge, BodyTooSlow,
        MalformedBody, MissingField, UnknownField, WrongType, InvalidValue, AboveMaximum, PackageUnavailable,
        ExecutionUnknown, IdInUse, DependencyUnavailable
      RateLimited                 429: this token has started too many executions, try again
      TooManyRunning              429: as many executions of this token are under way as may be
      QueueFull                   429: too much work, try again
      TooManySessions             503: as many clients as the operator allows
      NotReady                    503: no worker can run anything now
      ImageLoading                503: the block's image is being built, and the client doesn't wait for it
      BuildFailed                 500: the block's image can't be built

`api/problems.py` is the only place that turns them into responses. What a *block* does wrong is never one of these:
it is an answer with status "error" or "timeout".
"""

from __future__ import annotations

from typing import Any, ClassVar


class ServiceError(Exception):
    """A refusal with an HTTP status, a key that never changes and a text for a person.

    `members` are further members of the problem document (RFC 9457 section 3.2), `headers` go on the response.
    """

    status: ClassVar[int] = 500
    error_key: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Cellblock failed"
    retry_after_s: ClassVar[int] = 0
    """When to come back, unless the one who raises it knows better; 0: nobody can tell."""

    def __init__(self, detail: str, *, headers: dict[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = {"Retry-After": str(self.retry_after_s)} if self.retry_after_s else {}
        self.headers |= headers or {}
        self.members = members


class RequestError(ServiceError):
    """The request can't be carried out as it was sent."""

    status = 400
    error_key = "bad_request"
    title = "The request is wrong"

    @staticmethod
    def rebuild(error_key: str, detail: str, members: dict[str, Any]) -> RequestError:
        """Make the error again that another process of ours raised and described by these three."""
        for kind in RequestError.__subclasses__():
            if kind.error_key == error_key:
                return kind(detail, **members)
        return RequestError(detail, **members)


class Unauthorized(RequestError):
    """No token, or none that is valid."""

    status = 401
    error_key = "unauthorized"
    title = "A valid token is needed"


class ScopeMissing(RequestError):
    """The token is valid, and `scope`, which this request needs, isn't one of its own."""

    status = 403
    error_key = "scope_missing"
    title = "The token may not do this"


class HostRefused(RequestError):
    """A web page of another origin asks, or one that rebinds its name to a service without tokens."""

    status = 403
    error_key = "host_refused"
    title = "This host name or origin isn't served"


class NotAcceptable(RequestError):
    """The Accept header names no type we can answer in."""

    status = 406
    error_key = "not_acceptable"
    title = "No answer in an accepted type"


class BodyTooSlow(RequestError):
    """The client began a body and didn't finish it."""

    status = 408
    error_key = "body_too_slow"
    title = "The body didn't arrive in time"


class BodyTooLarge(RequestError):
    """More bytes than the operator allows, before or after decompression."""

    status = 413
    error_key = "body_too_large"
    title = "The body is over the limit"


class UnsupportedMediaType(RequestError):
    """A body that is neither msgpack nor JSON."""

    status = 415
    error_key = "unsupported_media_type"
    title = "The body's type isn't supported"


class MalformedBody(RequestError):
    """The bytes aren't one well-formed map of the declared type."""

    error_key = "malformed_body"
    title = "The body can't be read"


class MissingField(RequestError):
    """A field that must be there isn't."""

    status = 422
    error_key = "missing_field"
    title = "A field is missing"


class UnknownField(RequestError):
    """A field nobody reads, most often a misspelt one."""

    status = 422
    error_key = "unknown_field"
    title = "A field isn't known"


class WrongType(RequestError):
    """`field` is of type `got` where `expected` was."""

    status = 422
    error_key = "wrong_type"
    title = "A field has the wrong type"

    @classmethod
    def of(cls, field: str, expected: str, got: str) -> WrongType:
        """Name `field`, what was expected there and what was found."""
        return cls(f"{field}: expected {expected}, got {got}", field=field, expected=expected, got=got)


class InvalidValue(RequestError):
    """The type is right, the value isn't."""

    status = 422
    error_key = "invalid_value"
    title = "A field's value isn't allowed"


class AboveMaximum(RequestError):
    """More of something than `maximum`, which the operator set: for the "service" or for the "token" (`set_by`)."""

    status = 422
    error_key = "above_maximum"
    title = "A limit is above what the operator allows"


class PackageUnavailable(RequestError):
    """A package that the block lists can't be had; `reason` is the key of the error that tells why."""

    status = 422
    error_key = "package_unavailable"
    title = "A package can't be had"


class ExecutionUnknown(RequestError):
    """No execution of this client has that id, or it has been forgotten."""

    status = 404
    error_key = "execution_unknown"
    title = "There is no such execution"


class IdInUse(RequestError):
    """Another request has run, or runs, under the same id."""

    status = 409
    error_key = "id_in_use"
    title = "The id is taken"


class DependencyUnavailable(RequestError):
    """An execution that this one depends on isn't known, didn't complete, or its result wasn't kept."""

    status = 422
    error_key = "dependency_unavailable"
    title = "A result this depends on isn't there"


class RateLimited(ServiceError):
    """The token has started as many executions as it may for now; Retry-After tells when to come back."""

    status = 429
    error_key = "rate_limited"
    title = "Too many executions in a minute"


class TooManyRunning(ServiceError):
    """As many executions of this token are under way as the operator allows at a time."""

    status = 429
    error_key = "too_many_running"
    title = "Too many executions at a time"
    retry_after_s = 1


class QueueFull(ServiceError):
    """Every worker is busy and the queue is at its bound; Retry-After tells when to come back."""

    status = 429
    error_key = "queue_full"
    title = "Too many executions are waiting"
    retry_after_s = 1


class TooManySessions(ServiceError):
    """As many clients are connected as the operator allows."""

    status = 503
    error_key = "too_many_sessions"
    title = "Too many sessions are open"
    retry_after_s = 1


class NotReady(ServiceError):
    """No worker can run a block; the detail tells why."""

    status = 503
    error_key = "not_ready"
    title = "No worker is ready"
    retry_after_s = 1


class ImageLoading(ServiceError):
    """The image for this block is being built, longer than the client said it would wait; `progress` tells how far."""

    status = 503
    error_key = "image_loading"
    title = "An image is being built"
    retry_after_s = 1


class BuildFailed(ServiceError):
    """An image or bundle couldn't be built; `reason` is the key of the error that tells why."""

    error_key = "build_failed"
    title = "An image couldn't be built"


def error_keys(kind: type[ServiceError] = ServiceError) -> frozenset[str]:
    """Give the keys of an error and of all that are kinds of it."""
    return frozenset({kind.error_key}).union(*(error_keys(each) for each in kind.__subclasses__()))
