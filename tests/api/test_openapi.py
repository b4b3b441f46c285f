"""The OpenAPI document is valid, new, and true of what the server does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from tests.api.conftest import Office
from vikno.api.openapi import document
from vikno.api.problems import PROBLEMS
from vikno.cli.reference import write
from vikno.cli.reference.api import openapi


def test_it_is_valid() -> None:
    validate(document(), cls=OpenAPIV31SpecValidator)


def test_what_is_kept_is_as_the_code_has_it(root: Path) -> None:
    kept = (root / "docs/reference/openapi.json").read_bytes()
    assert kept == openapi(), "openapi.json is out of date: run `make reference`"


def test_a_document_that_fell_behind_is_written_anew(root: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(root / "docs/reference", tmp_path / "reference"))
    (folder / "openapi.json").write_text("{}")
    assert "openapi.json" in write(folder)
    assert (folder / "openapi.json").read_bytes() == openapi()


def test_the_server_has_it_for_everybody(office: Office) -> None:
    assert office.call("GET", "/api/openapi.json", key=None).json() == json.loads(openapi())


GIVEN = {"service": "ua/id-card", "code": "7K2P9M4R"}
STAGE = {"event": "o-1", "stage": "accepted", "at": "2026-03-02T10:00:00Z"}
CALLS: list[tuple[str, str, dict[str, str], Any]] = [
    ("put", "/api/cases/{number}", {"number": "O-1"}, GIVEN),
    ("put", "/api/cases/{number}", {"number": "O-1"}, GIVEN),
    ("put", "/api/cases/{number}", {"number": "O-1"}, {**GIVEN, "offise": ""}),
    ("put", "/api/cases/{number}", {"number": "O-1"}, b"{"),
    ("get", "/api/cases/{number}", {"number": "O-1"}, None),
    ("post", "/api/cases/{number}/stages", {"number": "O-1"}, STAGE),
    ("get", "/api/cases/{number}", {"number": "O-1"}, None),
    ("get", "/api/cases/{number}", {"number": "O-2"}, None),
    ("post", "/api/cases/{number}/stages", {"number": "O-2"}, STAGE),
    ("post", "/api/stages", {}, {"stages": [{"number": "O-1", **STAGE}, {"number": "O-2", **STAGE}, 7]}),
]


@pytest.mark.parametrize(("method", "path", "names", "body"), CALLS)
def test_answers_are_as_it_says(office: Office, method: str, path: str, names: dict[str, str], body: Any) -> None:
    described = document()
    answer = office.call(method.upper(), path.format(**names), body)
    said = described["paths"][path][method]["responses"][str(answer.status_code)]
    schema = said["content"][answer.headers["content-type"]]["schema"]
    Draft202012Validator({**schema, "components": described["components"]}).validate(answer.json())


@pytest.mark.parametrize(("method", "path", "names", "body"), [call for call in CALLS if isinstance(call[3], dict)])
def test_requests_that_are_taken_are_as_it_says(
    office: Office, method: str, path: str, names: dict[str, str], body: Any
) -> None:
    described = document()
    schema = described["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    fits = Draft202012Validator({**schema, "components": described["components"]}).is_valid(body)
    assert fits == (
        office.call(method.upper(), path.format(**names), body).status_code != 422 and 7 not in body.get("stages", ())
    )


def test_every_problem_has_a_status_that_it_lists() -> None:
    text = openapi().decode()
    assert [code for code in PROBLEMS if f"`{code}`" not in text] == ["address_unknown", "method_wrong"]
