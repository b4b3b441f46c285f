"""Every mistake has its answer, and of two mistakes the same one is told as by Notify (`errors.yaml`)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from tests.api.notify.conftest import TEMPLATES, Service
from tests.api.notify.schemas import fits

Example = dict[str, Any]
UNKNOWN = str(uuid4())
PLACE = re.compile(r"\{(\w+)\}")


def examples() -> list[Any]:
    """Each with the group that it stands in."""
    groups = yaml.safe_load(Path(__file__).with_name("errors.yaml").read_text("utf-8"))
    return [
        pytest.param(group, example, id=f"{group}: {name}")
        for group, rows in groups.items()
        for row in rows
        for name, example in row.items()
    ]


def named(text: str, service: Service) -> str:
    """With the ids that names stand for."""

    def found(place: re.Match[str]) -> str:
        name = place[1]
        if name.isdigit():
            return "x" * int(name)
        return {"unknown": UNKNOWN, "service": service.id}.get(name) or service.template(name)

    return PLACE.sub(lambda place: found(place) if known(place[1]) else place[0], text)


def known(name: str) -> bool:
    return name in TEMPLATES or name in ("unknown", "service") or name.isdigit()


def filled(value: Any, service: Service) -> Any:
    match value:
        case str():
            return named(value, service)
        case dict():
            return {name: filled(one, service) for name, one in value.items()}
        case list():
            return [filled(one, service) for one in value]
    return value


@pytest.mark.parametrize(("group", "example"), examples())
def test_a_mistake_is_told_as_notify_tells_it(service: Service, group: str, example: Example) -> None:
    path = example.get("get") or example.get("post") or f"/v2/notifications/{group.partition(',')[0]}"
    body: Any = None
    if "raw" in example:
        body = example["raw"] if isinstance(example["raw"], bytes) else example["raw"].encode()
    elif "nested" in example:
        body = b"[" * example["nested"]
    elif "get" not in example:
        body = json.dumps(filled(example["body"], service)).encode()
    method = "GET" if "get" in example else "POST"
    answer = service.call(method, named(path, service), body, key=example.get("key", "live"))
    says = example["says"] if isinstance(example["says"], list) else [example["says"]]
    said = fits(answer.json(), "refused")
    assert [one["message"] for one in said["errors"]] == [named(one, service) for one in says]
    assert {one["error"] for one in said["errors"]} == {example.get("error", "BadRequestError")}
    assert answer.status_code == said["status_code"] == example.get("status", 400)
    assert answer.headers["content-type"] == "application/json"
