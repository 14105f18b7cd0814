"""JSON Schemas (2020-12) of what travels over HTTP. docs/protocol.md says what it means."""

from __future__ import annotations

from typing import Any

from cellblock_service.codec.fields import (
    MAX_ALSO,
    MAX_COUNT,
    MAX_FACT,
    MAX_MEBIBYTES,
    MAX_NAME,
    MAX_OUTPUTS,
    MAX_REQUIREMENT,
    MAX_SECONDS,
    MAX_SOURCE,
)
from cellblock_service.codec.forms import MAX_CODE, MAX_NUMBER
from cellblock_service.codec.queries import MAX_SEARCH, MOST, USUAL
from cellblock_service.errors import error_keys

Schema = dict[str, Any]

HTTP_KEYS = frozenset({"not_found", "method_not_allowed", "bad_request"})
"""Error keys of refusals that aren't in errors.py: what the HTTP library itself refuses (api/problems.py)."""

ANYTHING: Schema = {}
TEXT: Schema = {"type": "string"}
TRUTH: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}
INTEGER: Schema = {"type": "integer"}
SEARCH: Schema = {"type": "string", "maxLength": MAX_SEARCH}
LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}
ORDINAL: Schema = {"type": "integer", "minimum": 1, "maximum": MAX_NUMBER}
IDENTIFIER: Schema = {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"}
NAME: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_NAME}
SECONDS: Schema = {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_SECONDS}


def ref(name: str) -> Schema:
    """Refer to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def listed(items: Schema) -> Schema:
    """Describe a list."""
    return {"type": "array", "items": items}


def mapped(values: Schema) -> Schema:
    """Describe a map with any keys."""
    return {"type": "object", "additionalProperties": values}


def described(schema: Schema, text: str) -> Schema:
    """Add a description."""
    return schema | {"description": text}


def answered(properties: dict[str, Schema], *optional: str) -> Schema:
    """Describe an object that is answered: all but the optional members are there, later versions may have more."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def asked(properties: dict[str, Schema], *required: str) -> Schema:
    """Describe an object that is asked with: what isn't known is refused, null is like nothing."""
    given = {name: schema if name in required else _or_null(schema) for name, schema in properties.items()}
    return {"type": "object", "properties": given, "required": list(required), "additionalProperties": False}


def _or_null(schema: Schema) -> Schema:
    return schema | {"type": [schema["type"], "null"]} if isinstance(schema.get("type"), str) else schema


def count(most: int) -> Schema:
    """Describe an integer from 1."""
    return {"type": "integer", "minimum": 1, "maximum": most}


_FACT: Schema = {"type": "string", "maxLength": MAX_FACT}
_FACTS: dict[str, Schema] = {
    **dict.fromkeys(("id", "name", "path"), _FACT),
    "outputCount": {"type": "integer", "minimum": 0, "maximum": MAX_OUTPUTS},
}

REQUEST: dict[str, Schema] = {
    "code": described({"type": "string", "maxLength": MAX_SOURCE}, "The block's source."),
    "data": described(ANYTHING, "The block's data."),
    "inputs": {"type": ["array", "object", "null"], "description": "The block's inputs, in order or by name."},
    "msg": {"type": ["object", "null"], "description": "The block's msg."},
    "dependencies": described(listed(IDENTIFIER), "Executions whose results are the inputs."),
    "env": described(mapped(TEXT), "The block's env."),
    "node": described(asked(_FACTS), "What the block's node says of itself."),
    "name": described(NAME, "What tracebacks call the block."),
    "id": described(IDENTIFIER, "The execution's id; sent again, it is the same execution."),
    "block": described(NAME, "Which block this is, for order, fairness and kept state."),
    "order": {"type": ["string", "null"], "enum": ["in-order", "parallel", None]},
    "concurrent": described(count(MAX_COUNT), "How many of a parallel block may run at a time; needs block."),
    "keep_state": described(TRUTH, "Run in the block's own kept sandbox; needs block."),
    "reset_state": described(TRUTH, "Begin with a new kept sandbox; needs block."),
    "also": described(
        {**listed({"type": "string", "maxLength": MAX_SOURCE}), "maxItems": MAX_ALSO},
        "Sources that go on with its state.",
    ),
    "packages": described(listed({"type": "string", "maxLength": MAX_REQUIREMENT}), "Requirements, as in PEP 508."),
    "timeout_s": SECONDS,
    "cpu_s": SECONDS,
    "memory_mb": count(MAX_MEBIBYTES),
    "output_bytes": count(MAX_COUNT),
    "result_bytes": count(MAX_COUNT),
    "file_bytes": count(MAX_COUNT),
    "files": count(MAX_COUNT),
}
"""The fields of an execute request; `codec/fields.py` checks them."""

_PLACE = {"type": ["integer", "null"]}
_PROGRESS = {
    "title": TEXT,
    "status": {"const": "loading"},
    "step": TEXT,
    "done": NUMBER,
    "total": {"type": ["number", "null"]},
    "unit": TEXT,
    "seconds": NUMBER,
}
_PROBLEM = {
    "type": described(TEXT, "urn:cellblock:error: and the error key."),
    "title": TEXT,
    "status": INTEGER,
    "detail": TEXT,
    "error_key": {"type": "string", "enum": sorted(error_keys() | HTTP_KEYS)},
}

SCHEMAS: dict[str, Schema] = {
    "ExecuteRequest": asked(REQUEST, "code"),
    "Status": {
        "type": "string",
        "enum": ["queued", "loading", "running", "completed", "error", "timeout", "cancelled"],
    },
    "BlockError": answered(
        {"type": TEXT, "message": TEXT, "line": _PLACE, "column": _PLACE, "traceback": TEXT},
    ),
    "Figure": answered({"mime": TEXT, "data": described(TEXT, "In JSON base64, in msgpack a bin.")}),
    "Execution": answered(
        {
            "id": IDENTIFIER,
            "status": ref("Status"),
            "result": described(ANYTHING, "The block's value; null until there is one."),
            "stdout": TEXT,
            "stderr": TEXT,
            "error": ref("BlockError"),
            "figures": described(listed(ref("Figure")), "What the block left open in matplotlib's pyplot."),
            "state": {"type": "string", "enum": ["new", "kept"]},
            "result_dropped": described(TRUTH, "True if the result was too large to be kept for so long."),
            "timings_ms": described(mapped(NUMBER), "Milliseconds by phase."),
        },
        "stdout",
        "stderr",
        "error",
        "figures",
        "state",
        "result_dropped",
        "timings_ms",
    ),
    "Event": described(
        answered({"id": TEXT, "event": TEXT, "data": described(TEXT, "JSON.")}, "id"), "One server-sent event."
    ),
    "CheckRequest": asked({"code": {"type": "string", "maxLength": MAX_CODE}}, "code"),
    "Check": answered({"problems": listed(ref("CodeProblem")), "imports": listed(TEXT)}),
    "CodeProblem": answered(
        {
            "line": INTEGER,
            "column": INTEGER,
            "end_line": INTEGER,
            "end_column": INTEGER,
            "severity": {"type": "string", "enum": ["error", "warning"]},
            "message": TEXT,
        }
    ),
    "CompleteRequest": asked(
        {"code": {"type": "string", "maxLength": MAX_CODE}, "line": ORDINAL, "column": ORDINAL},
        "code",
        "line",
        "column",
    ),
    "Completion": answered(
        {"items": listed(ref("CompletionItem")) | {"maxItems": 100}, "incomplete": TRUTH},
    ),
    "CompletionItem": answered({"label": TEXT, "kind": TEXT, "detail": TEXT, "documentation": TEXT}),
    "Build": answered(_PROGRESS),
    "Image": answered(
        {
            "id": TEXT,
            "names": listed(TEXT),
            "size": described(INTEGER, "Bytes."),
            "status": {"type": "string", "enum": ["ready", "unusable"]},
            "problem": TEXT,
            "created": TEXT,
            "bundle": TEXT,
            "imports": listed(TEXT),
            "packages": mapped(TEXT),
        },
        "problem",
        "created",
        "bundle",
        "imports",
        "packages",
    ),
    "Images": answered({"images": listed(ref("Image")), "loading": listed(ref("Build"))}),
    "Package": answered(
        {
            "name": TEXT,
            "version": TEXT,
            "summary": described(TEXT, "Empty if it isn't known."),
            "imports": described(listed(TEXT), "The top-level modules it provides, as far as they are known."),
            "binary": described(TRUTH, "Whether it has compiled code."),
            "installed": described(TRUTH, "Whether the standard image has it; else it is added when it is imported."),
            "origin": {"type": "string", "enum": ["distribution", "folder", "index"]},
        }
    ),
    "Packages": answered(
        {
            "packages": listed(ref("Package")),
            "total": described(INTEGER, "How many there are without the limit."),
            "missing": answered(
                {
                    "name": TEXT,
                    "detail": described(TEXT, "Why it can't be had."),
                    "nearest": described(listed(TEXT), "Names that are most like it, and can be had."),
                }
            ),
        },
        "missing",
    ),
    "Alive": answered({"status": {"const": "alive"}}),
    "Readiness": answered(
        {
            "status": {"type": "string", "enum": ["ready", "not ready"]},
            "reasons": listed(TEXT),
            "image": {"type": ["object", "null"], "properties": {"name": TEXT, "id": TEXT}},
            "workers": answered({"ready": INTEGER, "wanted": INTEGER}),
            "waiting": INTEGER,
        }
    ),
    "Problem": described(answered(_PROBLEM), "RFC 9457; further members say what the text says, for programs."),
}
