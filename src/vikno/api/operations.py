"""One operation of the API as OpenAPI describes it: what it takes, what it answers, what can be wrong."""

from __future__ import annotations

from typing import Any

from vikno.api.problems import PROBLEMS
from vikno.api.shapes import Problem

BODY = ("media_type_wrong", "body_too_large", "json_broken", "field_unknown", "value_wrong")
ALWAYS = ("key_missing", "key_wrong", "too_many_requests", "server_failed", "store_busy")


def operation(
    name: str,
    summary: str,
    fine: dict[str, tuple[str, type[Any] | None]],
    problems: tuple[str, ...],
    body: type[Any] | None = None,
) -> dict[str, Any]:
    """`fine`: status -> what it means and the shape of the answer, None for a drawing."""
    answers: dict[str, Any] = {}
    for status, (said, shape) in fine.items():
        content = {"image/svg+xml": {}} if shape is None else {"application/json": {"schema": reference(shape)}}
        answers[status] = {"description": said, "content": content}
    for code in sorted((*problems, *ALWAYS), key=lambda code: PROBLEMS[code][0]):
        status, title = str(PROBLEMS[code][0]), PROBLEMS[code][1]
        answer = answers.setdefault(
            status, {"description": "", "content": {"application/problem+json": {"schema": reference(Problem)}}}
        )
        answer["description"] += f"{' ' if answer['description'] else ''}`{code}`: {title}"
    described: dict[str, Any] = {"operationId": name, "summary": summary, "responses": answers}
    if body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": reference(body)}}}
    return described


def reference(shape: type[Any]) -> dict[str, str]:
    """Where the shape is described."""
    return {"$ref": f"#/components/schemas/{shape.__name__}"}
