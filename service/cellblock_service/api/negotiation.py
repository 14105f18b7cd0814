"""Which type a body is in and which type the answer shall be in: msgpack or JSON, by Content-Type and Accept."""

from __future__ import annotations

from typing import Literal

from cellblock_service.errors import NotAcceptable, UnsupportedMediaType

Kind = Literal["msgpack", "json"]

MSGPACK = "application/msgpack"
JSON = "application/json"

_KINDS: dict[str, Kind] = {
    MSGPACK: "msgpack",
    "application/x-msgpack": "msgpack",
    "application/vnd.msgpack": "msgpack",
    JSON: "json",
}
CONTENT_TYPES: dict[Kind, str] = {"msgpack": MSGPACK, "json": JSON}


def body_kind(content_type: str) -> Kind:
    """Give the kind of a body from its media type. Raises UnsupportedMediaType."""
    kind = _KINDS.get(content_type.lower())
    if kind is None:
        raise UnsupportedMediaType(
            f"the body is {content_type}; expected {MSGPACK} or {JSON}", headers={"Accept": f"{MSGPACK}, {JSON}"}
        )
    return kind


def answer_kind(accept: str | None, default: Kind) -> Kind:
    """Choose the answer's kind from an Accept header; `default` wins ties. Raises NotAcceptable."""
    if accept is None or not accept.strip():
        return default
    quality: dict[Kind, float] = {"msgpack": 0.0, "json": 0.0}
    specificity: dict[Kind, int] = {"msgpack": 0, "json": 0}
    for item in accept.split(","):
        media, *parameters = (part.strip().lower() for part in item.split(";"))
        weight = _weight(parameters)
        for kind in quality:
            match = _match(media, kind)
            if match > specificity[kind]:
                specificity[kind], quality[kind] = match, weight
    other: Kind = "json" if default == "msgpack" else "msgpack"
    best = default if quality[default] >= quality[other] else other
    if quality[best] <= 0:
        raise NotAcceptable(f"Accept is {accept!r}; answers are {MSGPACK} or {JSON}")
    return best


def _match(media: str, kind: Kind) -> int:
    """Tell how specifically a media range names `kind`; 0 when it doesn't. RFC 9110 section 12.5.1."""
    if _KINDS.get(media) == kind:
        return 3
    return {"application/*": 2, "*/*": 1}.get(media, 0)


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
