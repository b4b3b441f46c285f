"""Addresses of the API: what is there, and how it may be asked."""

from __future__ import annotations

import pytest

from tests.api.notify.conftest import Service
from tests.api.notify.schemas import fits

LOOK = "GET, HEAD"
ALLOWED = {
    "/v2/notifications": LOOK,
    "/v2/notifications/sms": "GET, HEAD, POST",
    "/v2/notifications/{plain}/pdf": LOOK,
    "/v2/templates": LOOK,
    "/v2/template/{plain}": LOOK,
    "/v2/template/{plain}/version/1": LOOK,
    "/v2/template/{plain}/preview": "POST",
    "/v2/received-text-messages": LOOK,
    "/service/{service}/template/{plain}/versions": LOOK,
}


def found(service: Service, path: str) -> str:
    return path.format(plain=service.template("plain"), service=service.id)


@pytest.mark.parametrize("path", ALLOWED)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_another_method_is_told_which_there_are(service: Service, method: str, path: str) -> None:
    answer = service.call(method, found(service, path))
    assert answer.status_code == 405
    assert answer.headers["allow"] == ALLOWED[path]
    assert fits(answer.json(), "refused")["errors"][0]["error"] == "MethodNotAllowed"


def test_a_preview_is_asked_for_and_a_template_is_looked_up(service: Service) -> None:
    for method, path in (("GET", "/v2/template/{plain}/preview"), ("POST", "/v2/template/{plain}")):
        answer = service.call(method, found(service, path), b"{}" if method == "POST" else None)
        assert (answer.status_code, answer.headers["allow"]) == (405, ALLOWED[path])


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
@pytest.mark.parametrize(
    "path", ["/v2", "/v2/nothing", "/v2/notifications/a/b", "/v2/template/a/version", "/service/a"]
)
def test_an_address_that_is_none_is_not_found_whatever_the_method(service: Service, method: str, path: str) -> None:
    answer = service.call(method, path)
    assert answer.status_code == 404
    assert fits(answer.json(), "refused")["errors"] == [{"error": "NoResultFound", "message": "No result found"}]


@pytest.mark.parametrize("path", ["/v2/templates", "/v2/template/{plain}", "/v2/notifications/{plain}"])
def test_a_head_is_a_get_without_its_body(service: Service, path: str) -> None:
    whole, head = (service.call(method, found(service, path)) for method in ("GET", "HEAD"))
    assert whole.content
    assert head.content == b""
    assert head.status_code == whole.status_code
    for name in ("content-type", "content-length"):
        assert head.headers[name] == whole.headers[name]
