"""The demo's page shows a key of the office: other pages in the same browser neither read it nor act in its stead."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from vikno.testing.phones.app import Demo
from vikno.testing.phones.counter import Counter

HERE = "127.0.0.1:8080"
UNUSED: Any = None


async def asked(method: str, path: str, said: str = "{}", **headers: str) -> int:
    app = Demo(UNUSED, UNUSED, f"http://{HERE}", Counter("dms-site", "ua/dms", ())).app
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{HERE}") as client:
        answer = await client.request(method, path, headers=headers, content=said if method == "POST" else None)
    return answer.status_code


@pytest.mark.parametrize("host", [HERE, "localhost:8080", "[::1]:8080", "192.168.1.7:8080"])
async def test_whoever_opens_it_by_its_address_sees_it(host: str) -> None:
    assert await asked("GET", "/demo/phones.js", host=host) == 200


@pytest.mark.parametrize("host", ["rebound.example:8080", "127.0.0.1.rebound.example", "", "[", "localhost.example"])
async def test_a_name_that_was_made_to_lead_here_shows_nothing(host: str) -> None:
    assert await asked("GET", "/demo/phones.js", host=host) == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9090"},
        {"origin": "http://["},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_a_page_from_elsewhere_does_nothing(headers: dict[str, str]) -> None:
    assert await asked("POST", "/demo/order", host=HERE, **headers) == 403


@pytest.mark.parametrize("headers", [{}, {"origin": f"http://{HERE}", "sec-fetch-site": "same-origin"}])
async def test_its_own_page_and_programs_do(headers: dict[str, str]) -> None:
    assert await asked("POST", "/demo/order", host=HERE, **headers) == 400, "there is nothing to order in this test"


@pytest.mark.parametrize("path", ["/demo/do", "/demo/order", "/demo/stage"])
@pytest.mark.parametrize("said", ["", "{", "[]", '{"service": 7, "number": 7, "phone": 7}', "{}" + " " * 70_000])
async def test_what_the_page_never_says_is_refused(path: str, said: str) -> None:
    assert await asked("POST", path, said, host=HERE) == 400
