"""What the OpenAPI document says of the addresses for organisations is what they answer."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

from tests.api.messages.conftest import Desk, delay
from tests.api.messages.test_templates import BOARDING
from vikno.api.openapi import document


async def test_answers_are_as_it_says(desk: Desk) -> None:
    described = document()
    seen: set[tuple[str, str, str]] = set()

    async def call(method: str, path: str, body: Any = None, **names: str) -> Any:
        answer = await desk.call(method.upper(), path.format(**names), body)
        operation = described["paths"][path.partition("?")[0]][method]
        said = operation["responses"][str(answer.status_code)]
        schema = said["content"][answer.headers["content-type"]]["schema"]
        Draft202012Validator({**schema, "components": described["components"]}).validate(answer.json())
        if body is not None and answer.status_code < 300:
            taken = operation["requestBody"]["content"]["application/json"]["schema"]
            Draft202012Validator({**taken, "components": described["components"]}).validate(body)
        seen.add((method, path.partition("?")[0], str(answer.status_code)))
        return answer.json()

    made = await call("post", "/api/messages", delay(reference="r", ceiling="1.5", order=["telegram"]))
    await call("post", "/api/messages", delay(template="dely"))
    await call("post", "/api/messages", delay(to={}))
    await call("post", "/api/messages", b"{")
    await call("post", "/api/messages/preview", delay())
    batch = await call("post", "/api/messages/batch", {"messages": [delay(), delay(to={})]})
    await call("post", "/api/messages/batch", {"messages": [delay(to={})]})
    await call("get", "/api/messages")
    await call("get", "/api/messages?status=x")
    await desk.settle(made["id"], "blocked")
    await call("get", "/api/messages/{id}", id=made["id"])
    await call("get", "/api/messages/{id}", id="x")
    await call("get", "/api/messages/{id}/why", id=made["id"])
    await call("get", "/api/messages/{id}/why", id="x")
    await call("get", "/api/batches/{id}", id=batch["id"])
    await call("get", "/api/batches/{id}", id="x")
    await call("put", "/api/templates/{slug}", BOARDING, slug="boarding")
    await call("put", "/api/templates/{slug}", {**BOARDING, "content": "x"}, slug="boarding")
    await call("get", "/api/templates/{slug}", slug="boarding")
    await call("get", "/api/templates/{slug}", slug="x")
    await call("get", "/api/templates")
    await call("delete", "/api/templates/{slug}", slug="boarding")
    await call("delete", "/api/templates/{slug}", slug="x")
    await call("get", "/api/figures")
    await call("get", "/api/sender")
    added = await call("put", "/api/callbacks", {"url": "https://a.example.org/"})
    await call("put", "/api/callbacks", {"url": "https://10.0.0.1/"})
    await call("get", "/api/callbacks")
    since = {"since": "2026-11-01T00:00:00Z"}
    await call("post", "/api/callbacks/{id}/replay", since, id=added["callback"]["id"])
    await call("delete", "/api/callbacks/{id}", id=added["callback"]["id"])
    await call("delete", "/api/callbacks/{id}", id="x")
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if "campaigns" in path:  # they have tests of their own
                continue
            if method != "parameters" and operation.get("security") == [{"organisation": []}]:
                assert any(one[:2] == (method, path) for one in seen), f"{method} {path} was not called"
