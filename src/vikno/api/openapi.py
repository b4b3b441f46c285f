"""The API described for programs: OpenAPI 3.1, made from the shapes it reads and writes."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from vikno.api.problems import PROBLEMS
from vikno.api.shapes import (
    Batch,
    BatchAnswer,
    CaseAnswer,
    CaseBrought,
    CaseHistory,
    Number,
    Problem,
    StageAnswer,
    StageReported,
)

SHAPES = (CaseBrought, StageReported, Batch, CaseAnswer, CaseHistory, StageAnswer, BatchAnswer, Problem)
VERSION = "1.0.0"
"""Of the API. Fields may be added to answers; whatever else changes is another address."""
BODY = ("media_type_wrong", "body_too_large", "json_broken", "field_unknown", "value_wrong")
ALWAYS = ("key_missing", "key_wrong", "too_many_requests", "server_failed", "store_busy")


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    _, components = msgspec.json.schema_components(SHAPES, ref_template="#/components/schemas/{name}")
    number = {
        "name": "number",
        "in": "path",
        "required": True,
        "description": "The number of the case; a slash in it is written %2F.",
        "schema": msgspec.json.schema(Number),
    }
    case = "/api/cases/{number}"
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vikno: cases and their stages",
            "version": VERSION,
            "summary": "Bring the cases of an authority, and report each stage: whoever follows a case hears of it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"key": []}],
        "paths": {
            case: {
                "parameters": [number],
                "put": _operation(
                    "putCase",
                    "Bring a case, or change what is kept of it.",
                    {"201": ("It is new.", CaseAnswer), "200": ("It was known.", CaseAnswer)},
                    (*BODY, "service_unknown", "service_of_others", "time_wrong"),
                    CaseBrought,
                ),
                "get": _operation(
                    "getCase", "A case with its history.", {"200": ("The case.", CaseHistory)}, ("case_unknown",)
                ),
            },
            f"{case}/qr.svg": {
                "parameters": [number],
                "get": _operation(
                    "getQr",
                    "The QR for the receipt: it leads to where the case is followed.",
                    {"200": ("The drawing.", None)},
                    ("case_unknown",),
                ),
            },
            f"{case}/stages": {
                "parameters": [number],
                "post": _operation(
                    "postStage",
                    "Report a stage. The same event again changes nothing.",
                    {"200": ("What the report came to.", StageAnswer)},
                    (*BODY, "case_unknown", "stage_unknown", "time_wrong"),
                    StageReported,
                ),
            },
            "/api/stages": {
                "post": _operation(
                    "postStages",
                    "Report up to 1000 stages. Those that are wrong are refused one by one; the others are recorded.",
                    {"200": ("One answer for each, in their order.", BatchAnswer)},
                    BODY,
                    Batch,
                ),
            },
        },
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "A key that `vikno keys add` has made."}
            },
        },
    }


def _operation(
    name: str,
    summary: str,
    fine: dict[str, tuple[str, type[Any] | None]],
    problems: tuple[str, ...],
    body: type[Any] | None = None,
) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for status, (said, shape) in fine.items():
        content = {"image/svg+xml": {}} if shape is None else {"application/json": {"schema": _reference(shape)}}
        answers[status] = {"description": said, "content": content}
    for code in sorted((*problems, *ALWAYS), key=lambda code: PROBLEMS[code][0]):
        status, title = str(PROBLEMS[code][0]), PROBLEMS[code][1]
        answer = answers.setdefault(
            status, {"description": "", "content": {"application/problem+json": {"schema": _reference(Problem)}}}
        )
        answer["description"] += f"{' ' if answer['description'] else ''}`{code}`: {title}"
    operation: dict[str, Any] = {"operationId": name, "summary": summary, "responses": answers}
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": _reference(body)}}}
    return operation


def _reference(shape: type[Any]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}
