"""The description of /v1/moments and of webhooks (OpenAPI 3.1), made of the records themselves."""

from typing import Any

import pyarrow as pa

from everytouch.moments.api import COLUMNS, KINDS, Column

_TYPES: dict[str, dict[str, Any]] = {
    "double": {"type": "number"},
    "int64": {"type": "integer"},
    "bool": {"type": "boolean"},
    "string": {"type": "string", "maxLength": 1024},
    "list": {"type": "array", "items": {"type": "string"}},
    "decimal": {"type": ["number", "string"], "description": "money"},
    "timestamp": {"type": "string", "format": "date-time"},
}
_ANSWERS = {
    "400": "The body is no JSON.",
    "401": "No key that works.",
    "413": "Over a limit: body, events, or one of them.",
    "503": "Send again, after Retry-After seconds.",
}


def described() -> dict[str, Any]:
    """The document."""
    records = {kind.removesuffix("s"): _record(kind) for kind in KINDS}
    one: dict[str, Any] = {"oneOf": [_to(name) for name in records]}
    several = {"type": "array", "items": _to("moment"), "maxItems": 10_000}
    told = {
        "type": "object",
        "required": ["received"],
        "properties": {
            "received": {"type": "integer"},
            "ids": {
                "type": "object",
                "description": "The ids that events without one were given, by their position.",
                "additionalProperties": {"type": "string"},
            },
        },
    }
    wrapped = {"type": "object", "required": ["moments"], "properties": {"moments": several}}
    body = {"oneOf": [several, wrapped, _to("moment")]}
    parts = ("error", "code", "message")
    error = {
        "type": "object",
        "required": [*parts],
        "properties": {part: {"type": "string"} for part in parts},
    }
    answers = {status: _answer(text, "error") for status, text in _ANSWERS.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Everytouch: sending moments",
            "version": "1",
            "description": "An answer of 200 means that every event is on disk. What breaks a rule "
            "is held in quarantine with its reason, and costs no other event anything.",
        },
        "paths": {
            "/v1/moments": {
                "post": {
                    "operationId": "sendMoments",
                    "security": [{"bearer": []}, {"basic": []}],
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/json": {"schema": body},
                            "application/x-ndjson": {"schema": {"type": "string"}},
                        },
                    },
                    "responses": {"200": _answer("On disk.", "told"), **answers},
                }
            },
            "/v1/hooks/{source}/{key}": _hook(),
        },
        "components": {
            "schemas": {**records, "moment": one, "told": told, "error": error},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
            },
        },
    }


def _hook() -> dict[str, Any]:
    """Describe a webhook's address: its key is in the path, and what is sent may be signed."""
    path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in ("source", "key")
    ]
    answers = {status: _answer(text, "error") for status, text in _ANSWERS.items()}
    kinds = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
    return {
        "parameters": path,
        "get": {
            "operationId": "checkWebhook",
            "description": "Answers senders that ask whether the address exists. Stores nothing.",
            "responses": {
                "200": {"description": "It does."},
                "404": _answer("No webhook is at this address.", "error"),
            },
        },
        "post": {
            "operationId": "sendWebhook",
            "description": "Takes any JSON or form. A list is one event an item.",
            "requestBody": {"content": {kind: {"schema": {}} for kind in kinds}},
            "responses": {
                "200": _answer("On disk.", "told"),
                **answers,
                "401": _answer("The signature is missing, wrong or too old.", "error"),
                "404": _answer("No webhook is at this address.", "error"),
            },
        },
    }


def _record(kind: Any) -> dict[str, Any]:
    columns = COLUMNS[kind]
    given = {"id", "occurred_at"}  # where they are left out, they are given
    name = kind.removesuffix("s")
    return {
        "type": "object",
        "required": [
            *(["kind"] if name != "interaction" else []),
            *(one.name for one in columns if one.required and one.name not in given),
        ],
        "properties": {"kind": {"const": name}} | {one.name: _column(one) for one in columns},
    }


def _column(column: Column) -> dict[str, Any]:
    if column.name == "properties":
        return {"type": "object", "description": column.text}
    kind = str(column.type).partition("[")[0].partition("(")[0].partition("<")[0]
    kind = "list" if pa.types.is_list(column.type) else kind.removesuffix("128")
    return {"description": column.text} | _TYPES[kind]


def _to(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(text: str, schema: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": _to(schema)}}}
