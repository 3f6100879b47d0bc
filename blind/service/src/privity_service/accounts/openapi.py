"""The OpenAPI document, made from the table of routes, so that it cannot say anything else than what is served."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from privity_service.accounts.operations import OPERATIONS, Number, Octets, Operation
from privity_service.accounts.problem import STATUS
from privity_service.accounts.tokens import Scope
from privity_service.accounts.wire import ProblemBody

PATH: Final = "/v1/openapi.json"
_REF: Final = "#/components/schemas/{name}"
_ALWAYS: Final = ("request.malformed", "request.too_many", "service.busy")
_SCOPED: Final = ("access.required", "access.scope")
_BYTES: Final = {"type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": 1364}
_EVENTS: Final = {
    "summary": "Hear when the log grows",
    "operationId": "get_v1_events",
    "security": [{"full": []}],
    "responses": {
        "200": {"description": "A stream", "content": {"application/x-ndjson": {"schema": {"type": "string"}}}},
    },
}


def document() -> dict[str, Any]:
    """Return the document."""
    kinds = [kind for one in OPERATIONS for kind in (one.takes, *one.gives.values()) if isinstance(kind, type)]
    unique = list(dict.fromkeys([*kinds, ProblemBody]))
    _, schemas = msgspec.json.schema_components(unique, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    events = dict(_EVENTS) | {"responses": _EVENTS["responses"] | _refusals(_SCOPED)}  # type: ignore[operator]
    paths["/v1/events"] = {"get": events}
    bearer = {"type": "http", "scheme": "bearer"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Privity account service", "version": "1", "description": "specs/service-api.md"},
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {one.name.lower(): bearer for one in Scope}},
    }


def _operation(one: Operation) -> dict[str, Any]:
    scoped = () if one.scope is None else _SCOPED
    made: dict[str, Any] = {
        "summary": one.title,
        "operationId": re.sub(r"[^a-z0-9]+", "_", f"{one.method}{one.path}".lower()).strip("_"),
        "parameters": [*_path_parameters(one.path), *_query_parameters(one.query), *_headers(one.headers)],
        "responses": {
            **{str(status): _success(kind) for status, kind in one.gives.items()},
            **_refusals((*one.reasons, *_ALWAYS, *scoped, *(() if one.takes is None else ("request.too_large",)))),
        },
    }
    if one.scope is not None:
        made["security"] = [{one.scope.name.lower(): []}]
    if one.takes is not None:
        made["requestBody"] = {"required": True, "content": _content(one.takes)}
    return made


def _content(kind: "type[msgspec.Struct] | Octets") -> dict[str, Any]:
    if isinstance(kind, Octets):
        return {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    return {"application/json": {"schema": {"$ref": _REF.format(name=kind.__name__)}}}


def _success(kind: "type[msgspec.Struct] | Octets | None") -> dict[str, Any]:
    made: dict[str, Any] = {"description": "Done"}
    return made if kind is None else made | {"content": _content(kind)}


def _refusals(reasons: tuple[str, ...]) -> dict[str, Any]:
    schema = {"application/problem+json": {"schema": {"$ref": _REF.format(name="ProblemBody")}}}
    by_status: dict[str, list[str]] = {}
    for reason in dict.fromkeys(reasons):
        by_status.setdefault(str(STATUS[reason]), []).append(reason)
    return {status: {"description": ", ".join(listed), "content": schema} for status, listed in by_status.items()}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", path)
    steps = {"type": "string", "enum": ["card", "answer", "reveal", "grant"]}
    return [
        {"name": name, "in": "path", "required": True, "schema": steps if name == "step" else _BYTES} for name in names
    ]


def _query_parameters(query: Mapping[str, Number]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "query",
            "schema": {"type": "integer", "minimum": one.least, "maximum": one.most, "default": one.default},
        }
        for name, one in query.items()
    ]


def _headers(headers: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string", "pattern": pattern}}
        for name, pattern in headers.items()
    ]
