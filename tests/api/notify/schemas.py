"""Answers against the schemas of `schemas.yaml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator


@cache
def schemas() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("schemas.yaml").read_text("utf-8"))
    return found


def fits(answer: Any, name: str) -> Any:
    """The same answer, which is what this schema says."""
    checker = Draft202012Validator.FORMAT_CHECKER
    Draft202012Validator({**schemas(), "$ref": f"#/$defs/{name}"}, format_checker=checker).validate(answer)
    return answer
