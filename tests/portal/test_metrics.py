"""/metrics: what Prometheus reads, for this machine or by a token; nobody in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import httpx

from tests.portal.persons import PHONE, Persons, persons

HERE = "http://127.0.0.1:8080"
OWN_NAMES = ("localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:8080")
OTHER_NAMES = (
    "vikno.example", "vikno.example:8080", "localhost.vikno.example", "127.0.0.1.vikno.example", "x@127.0.0.1",
    "10.0.0.1", "127.0.0.1:80@x", "[::1", "[::2]", "localhost:", "127.0.0.1:x", "127.0.0.1\n", "",
)  # fmt: skip
LINE = re.compile(r'[a-z_]+(\{([a-z]+="[^"\n]*",?)*\})? -?\d+(\.\d+)?(e[+-]?\d+)?')


def from_address(here: Persons, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=cast(Any, here.web.app), client=(address, 5))
    return httpx.AsyncClient(transport=transport, base_url=here.public)


async def test_it_counts_and_names_nobody(tmp_path: Path) -> None:
    async with persons(tmp_path, HERE) as here, here.client() as client:
        said = await client.get("/metrics")
        assert said.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        for line in said.text.splitlines():
            assert line.startswith("# ") or LINE.fullmatch(line), line
        assert 'vikno_notifications_day{organisation="sky-air",channel="sms",status="created"} 1' in said.text
        assert 'vikno_queue_depth{account="sms/main",lane="notice"} 2' in said.text
        assert re.search(r'vikno_decisions_total\{effect="permit"\} [1-9]', said.text)
        assert 'vikno_sender_pace_per_second{account="sms/main"} 100' in said.text
        assert "vikno_router_lag_seconds 0" in said.text
        assert PHONE not in said.text
        assert "•" not in said.text


async def test_it_answers_this_machine_alone(tmp_path: Path) -> None:
    async with persons(tmp_path, HERE) as here, here.client() as client:
        async with from_address(here, "203.0.113.7") as other:
            assert (await other.get("/metrics")).status_code == 404
        for name in ("x-forwarded-for", "x-forwarded-proto", "X-Forwarded-Host", "forwarded", "via", "x-real-ip"):
            passed_on = await client.get("/metrics", headers={name: "https"})
            assert passed_on.status_code == 404, "a proxy on this machine brings strangers"


async def test_it_answers_by_this_machines_own_names_alone(tmp_path: Path) -> None:
    async with persons(tmp_path, HERE) as here, here.client() as client:
        for host in OWN_NAMES:
            assert (await client.get("/metrics", headers={"host": host})).status_code == 200, host
        for host in OTHER_NAMES:
            assert (await client.get("/metrics", headers={"host": host})).status_code == 404, host


async def test_a_server_that_people_reach_from_elsewhere_wants_a_token(tmp_path: Path) -> None:
    async with persons(tmp_path, "https://vikno.test") as here, here.client() as client:
        by_own_name = await client.get("/metrics", headers={"host": "127.0.0.1:8080"})
        assert by_own_name.status_code == 404, "nginx says the name of the upstream for its own, and nothing else"


async def test_with_a_token_it_answers_whoever_has_it(tmp_path: Path) -> None:
    async with persons(tmp_path, VIKNO_METRICS_TOKEN="t0ken") as here, from_address(here, "203.0.113.7") as other:
        assert (await other.get("/metrics")).status_code == 404
        assert (await other.get("/metrics", headers={"authorization": "Bearer wrong"})).status_code == 404
        assert (await other.get("/metrics", headers={"authorization": "Bearer t0ken"})).status_code == 200
        async with here.client() as client:
            assert (await client.get("/metrics")).status_code == 404, "then the token is wanted here, too"
