"""The API described for programs: OpenAPI 3.1, made from the shapes it reads and writes."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from vikno.api.campaigns import shapes
from vikno.api.messages import described
from vikno.api.messages.shapes import READ, WRITTEN
from vikno.api.operations import BODY, operation
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

SHAPES = (
    CaseBrought,
    StageReported,
    Batch,
    CaseAnswer,
    CaseHistory,
    StageAnswer,
    BatchAnswer,
    Problem,
    *READ,
    *WRITTEN,
    *shapes.READ,
    *shapes.WRITTEN,
)
VERSION = "1.0.0"
"""Of the API. Fields may be added to answers; whatever else changes is another address."""


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
            "title": "Vikno: cases and their stages, messages and their ways",
            "version": VERSION,
            "summary": "An authority brings its cases and their stages; an organisation says what it has to tell whom.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"key": []}],
        "paths": {
            case: {
                "parameters": [number],
                "put": operation(
                    "putCase",
                    "Bring a case, or change what is kept of it.",
                    {"201": ("It is new.", CaseAnswer), "200": ("It was known.", CaseAnswer)},
                    (*BODY, "service_unknown", "service_of_others", "time_wrong"),
                    CaseBrought,
                ),
                "get": operation(
                    "getCase", "A case with its history.", {"200": ("The case.", CaseHistory)}, ("case_unknown",)
                ),
            },
            f"{case}/qr.svg": {
                "parameters": [number],
                "get": operation(
                    "getQr",
                    "The QR for the receipt: it leads to where the case is followed.",
                    {"200": ("The drawing.", None)},
                    ("case_unknown",),
                ),
            },
            f"{case}/stages": {
                "parameters": [number],
                "post": operation(
                    "postStage",
                    "Report a stage. The same event again changes nothing.",
                    {"200": ("What the report came to.", StageAnswer)},
                    (*BODY, "case_unknown", "stage_unknown", "time_wrong"),
                    StageReported,
                ),
            },
            "/api/stages": {
                "post": operation(
                    "postStages",
                    "Report up to 1000 stages. Those that are wrong are refused one by one; the others are recorded.",
                    {"200": ("One answer for each, in their order.", BatchAnswer)},
                    BODY,
                    Batch,
                ),
            },
            **described.paths(),
        },
        "components": {
            "schemas": msgspec.json.decode(msgspec.json.encode(components)),  # what is a tuple here is a list there
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "A key that `vikno keys add` has made."},
                "organisation": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key that `vikno senders key add` has made.",
                },
            },
        },
    }
