"""A registry is asked over HTTP as its file declares it; it is live, cached as of its last answer, or unavailable."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.conftest import Office
from tests.commands import ROOT, VIKNO, Command
from vikno.api.registry import Declared, HttpRegistry, RegistryWrong, at_pointer, read_declared
from vikno.bootstrap.worlds import now_ms
from vikno.cli.reference.commands import JSON as JSON_KEYS
from vikno.usecases.bring_cases import MOST_EVENT
from vikno.usecases.records import CaseGiven
from vikno.usecases.watch_registry import GIVE_UP_ROUND, Answered, Health, NotAnswered, Patience, Round, ask_once, watch
from vikno.wire.http import HttpTransport


class Service(ThreadingHTTPServer):
    """An authority's own service: it answers what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def says(self, said: Any, status: int = 200, path: str = "", **headers: str) -> None:
        self.answers[path] = status, said if isinstance(said, bytes) else json.dumps(said).encode(), headers


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        path = self.path.partition("?")[0]
        status, body, headers = self.server.answers.get(path) or self.server.answers.get("", (404, b"", {}))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as made:
        thread = Thread(target=made.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def declared(service: Service, **changed: Any) -> Declared:
    return Declared(
        **{
            "authority": "ua/dms",
            "url": f"{service.url}/orders?changed_since={{since}}",
            "headers": {"Authorization": "Bearer ${DMS_TOKEN}"},
            "items": "/orders",
            "number": "/number",
            "stage": "/state/code",
            "at": "/state/changed",
            "stages": {"10": "accepted", "20": "approved"},
            "time_zone": "Europe/Kyiv",
            **changed,
        }
    )


def order(number: str, code: Any, changed: Any = "2026-03-02T10:00:00") -> dict[str, Any]:
    return {"number": number, "state": {"code": code, "changed": changed}, "name": "Somebody"}


def ask(said: Declared, number: str = "", since_ms: int = 0) -> Answered | NotAnswered:
    async def once() -> Answered | NotAnswered:
        carrier = HttpTransport(answer_s=2)
        try:
            return await HttpRegistry.of(said, {"DMS_TOKEN": "s3cret"}, carrier, now_ms).ask(number, since_ms)
        finally:
            await carrier.close()

    return asyncio.run(once())


def test_a_list_of_what_has_changed_is_read_as_declared(service: Service) -> None:
    service.says({"orders": [order("A-1", "10"), order("A-2", 20, "02.03.2026 10:00"), order("A-3", "99"), 7]})
    said = ask(declared(service), since_ms=1_772_000_000_000)
    assert isinstance(said, Answered)
    assert [(one.number, one.stage, one.at_ms) for one in said.reports] == [
        ("A-1", "accepted", 1_772_438_400_000),
        ("A-2", "approved", 1_772_438_400_000),
    ]
    assert [one.split(":")[0] for one in said.odd] == ["2", "3"]
    assert "Somebody" not in str(said)
    ((path, headers),) = service.asked
    assert unquote(path) == "/orders?changed_since=2026-02-25T06:13:20Z"
    assert headers["authorization"] == "Bearer s3cret"


def test_each_case_can_be_asked_for(service: Service) -> None:
    service.says({"state": {"code": 10}, "id": 5}, path="/orders/A%2F1%3F")
    alone = declared(service, url=f"{service.url}/orders/{{number}}", items=None, number=None, at=None)
    first, second = ask(alone, "A/1?"), ask(alone, "A/1?")
    assert isinstance(first, Answered)
    assert isinstance(second, Answered)
    assert first.reports[0].event == second.reports[0].event, "without a time of its own a stage counts once"
    assert ask(alone, "none") == Answered()
    named = declared(service, url=f"{service.url}/orders/{{number}}", items=None, at=None, event="/id", number="/no")
    service.says({"no": "A-2", "state": {"code": 10}, "id": 5})
    assert isinstance(got := ask(named, "A-2"), Answered)
    assert got.reports[0].event == "A-2/5"
    assert isinstance(other := ask(named, "A-1"), Answered)
    assert (other.reports, len(other.odd)) == ((), 1), "another case than was asked for is none of ours"


def test_long_event_ids_that_begin_alike_are_two_events(service: Service) -> None:
    base = "https://registry.example.gov/events/" + "x" * 128
    service.says({"orders": [{**order("A-1", "10"), "id": base + end} for end in ("1", "2", "1")]})
    said = ask(declared(service, event="/id"))
    assert isinstance(said, Answered)
    first, second, again = (one.event for one in said.reports)
    assert first == again != second
    assert max(len(first), len(second)) <= len("A-1/") + MOST_EVENT


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (500, b"", "http 500"),
        (503, b"", "http 503"),
        (401, b"", "http 401"),
        (302, b"", "http 302"),
        (200, b"<html>", "not JSON"),
        (200, b"\xff", "not JSON"),
        (200, b"[" * 100_000, "not JSON"),
        (200, b"{}", "no list at “/orders”"),
        (200, b'{"orders": {}}', "no list at “/orders”"),
        (200, b"x" * 1_100_000, "answer_too_large"),
    ],
)
def test_what_is_no_answer_is_said_so(service: Service, status: int, body: bytes, reason: str) -> None:
    service.says(body, status, Location=f"{service.url}/elsewhere")
    assert ask(declared(service)) == NotAnswered(reason)
    assert len(service.asked) == 1, "and no redirect is followed with the secret in hand"


def test_nobody_there_and_later_again(service: Service) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = declared(service, url=f"http://127.0.0.1:{probe.getsockname()[1]}/")
    assert isinstance(ask(nobody), NotAnswered)
    service.says(b"", 429, Retry_After="900")
    assert ask(declared(service)) == NotAnswered("http 429", 900.0)
    service.says(b"", 304)
    assert ask(declared(service)) == Answered()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["orders", "number", "state", "code",
                                                                                 "changed", "x"]), inner, max_size=4),
)  # fmt: skip


@given(JSON, st.booleans())
def test_no_answer_raises(said: Any, wrapped: bool) -> None:
    made = Declared("ua/dms", "https://x/{since}", "/state/code", {"10": "accepted"}, items="/orders", number="/number",
                    at="/state/changed")  # fmt: skip
    registry = HttpRegistry.of(made, {}, HttpTransport(), now_ms)
    found = registry._understood({"orders": [said]} if wrapped else said, "")
    assert isinstance(found, Answered | NotAnswered)
    at_pointer(said, "/orders/0/~0~1")


def brought(office: Office, *numbers: str) -> None:
    cases = [CaseGiven("ua/dms", number, "ua/id-card", "0" * 32, opened_ms=now_ms()) for number in numbers]
    office.ask(office.store.put(cases, now_ms()))


def one_round(office: Office, said: Declared, health: Health, patience: Patience | None = None) -> Round:
    async def ask_it() -> Round:
        carrier = HttpTransport(answer_s=2)
        registry = HttpRegistry.of(said, {"DMS_TOKEN": "s"}, carrier, now_ms)
        try:
            return await ask_once(
                registry, office.store, office.api.record, health, patience or said.patience, now_ms, lambda *_: False
            )
        finally:
            await carrier.close()

    found: Round = office.ask(ask_it())
    return found


def test_what_it_says_is_recorded_once_and_its_silence_is_told(office: Office, service: Service) -> None:
    brought(office, "R-1")
    service.says({"orders": [order("R-1", "10"), order("R-none", "10")]})
    first = one_round(office, declared(service), Health())
    assert (first.health.state, first.counts) == ("live", {"reached": 1, "no_case": 1})
    again = one_round(office, declared(service), first.health)
    assert again.counts == {"repeated": 1, "no_case": 1}
    assert "changed_since=20" in service.asked[-1][0]
    service.says(b"", 503, Retry_After="7200")
    patience = Patience(told_after_s=0.2)
    down = one_round(office, declared(service), again.health, patience)
    assert (down.health.state, down.health.answered_ms) == ("cached", again.health.answered_ms)
    assert patience.pause_s(down.health.failures, down.again_s) == 7200
    office.ask(asyncio.sleep(0.25))
    gone = one_round(office, declared(service), down.health, patience)
    assert (gone.health.state, gone.health.told, gone.health.reason) == ("unavailable", True, "http 503")
    service.says({"orders": []})
    assert one_round(office, declared(service), gone.health, patience).health.state == "live"


def test_only_cases_that_somebody_follows_are_asked_for(office: Office, service: Service) -> None:
    brought(office, *(f"F-{at}" for at in range(1, 9)))
    follows = {"F-2", "F-4", "F-5", "F-6", "F-7", "F-8"}
    for number in sorted(follows):
        office.follow(number, f"telegram/main:{number[-1] * 32}")
    alone = declared(service, url=f"{service.url}/orders/{{number}}", items=None, number=None, at=None)
    service.says({"state": {"code": 10}}, path="/orders/F-4")
    service.says(b"", 500, path="/orders/F-5")
    done = one_round(office, alone, Health())
    followed = {path.rpartition("/")[2] for path, _ in service.asked}
    assert followed >= follows
    assert not followed & {"F-1", "F-3"}
    assert (done.health.state, done.counts) == ("live", {"reached": 1}), "one case in trouble is no trouble of all"
    service.asked.clear()
    service.answers.clear()
    service.says(b"", 500)
    assert one_round(office, alone, done.health).health.state == "cached"
    assert len(service.asked) == GIVE_UP_ROUND < len(follows), "whoever is down is not asked for every case"


def test_the_staff_is_told_once_and_once_more_when_it_is_back(office: Office, service: Service) -> None:
    told: list[str] = []
    states: list[str] = []

    async def run() -> None:
        watching = asyncio.current_task()
        assert watching is not None
        carrier = HttpTransport(answer_s=2)
        registry = HttpRegistry.of(declared(service), {"DMS_TOKEN": "s"}, carrier, now_ms)

        async def tell(authority: str, health: Health) -> None:
            told.append(f"{authority} {health.state}")

        def heard(done: Round) -> None:
            states.append(done.health.state)
            if len(states) == 6:
                service.says({"orders": []})
            if len(states) > 6 and done.health.state == "live":
                watching.cancel()

        patience = Patience(every_s=0.02, longest_s=0.04, told_after_s=0.05)
        service.says(b"", 500)
        with contextlib.suppress(asyncio.CancelledError):
            await watch(registry, office.store, office.api.record, patience, now_ms, lambda *_: False, tell, heard)
        await carrier.close()

    office.ask(asyncio.wait_for(run(), 20))
    assert told == ["ua/dms unavailable", "ua/dms live"]
    assert states[0] == "unavailable", "it has never answered"
    assert states[-1] == "live"


FILE = """\
authority: ua/dms
url: {url}/orders?a=1&changed_since={{since}}
headers: {{X-Key: "${{DMS_TOKEN}}"}}
items: /orders
number: /number
stage: /state/code
at: /state/changed
stages: {{10: accepted, "20": approved}}
"""


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("stages: {10: accepted", "stages: {10: acepted", "did you mean “accepted”"),
        ("url: https://", "url: http://", "https"),
        ("url: https://", "url: ftp://", "https"),
        ("url: https://", "url: https://[", "no web address"),
        ("{since}", "{sinse}", "not {sinse}"),
        ("number: /number\n", "", "number must say"),
        ("stage: /state/code", "stage: state", "stage"),
        ("stage: /state/code\n", "", "stage"),
        ("authority", "autority", "autority"),
        ("at: /state/changed", "time_zone: Mars/Base", "Mars"),
        ("at: /state/changed", "every_s: 0", "every_s"),
        ("at: /state/changed", "at: [", "no YAML"),
        ("at: /state/changed", "at: " + "x" * 70_000, "larger"),
        ("authority: ua/dms", "- authority", ""),
    ],
)
def test_a_declaration_that_cannot_be_used_says_why(
    tmp_path: Path, stages: dict[str, frozenset[str]], old: str, new: str, why: str
) -> None:
    text = FILE.format(url="https://registry.example")
    assert old in text
    path = tmp_path / "registry.yaml"
    path.write_text(text)
    assert read_declared(path, stages).stages == {"10": "accepted", "20": "approved"}
    path.write_text(text.replace(old, new))
    with pytest.raises(RegistryWrong) as wrong:
        read_declared(path, stages)
    assert why in wrong.value.message


def test_a_secret_that_is_not_there_is_asked_for_by_name(service: Service) -> None:
    with pytest.raises(RegistryWrong, match="DMS_TOKEN"):
        HttpRegistry.of(declared(service), {}, HttpTransport(), now_ms)


def test_the_command_asks_once(vikno: Command, service: Service, tmp_path: Path) -> None:
    declaration, store = tmp_path / "registry.yaml", f"sqlite:///{tmp_path}/cases.db"
    declaration.write_text(FILE.format(url=service.url))
    cases = tmp_path / "cases.csv"
    cases.write_text("number,service,code\nR-1,ua/id-card,7K2P9M4R\n")
    assert vikno("cases", "import", cases, "--authority", "ua/dms", "--store", store).code == 0
    service.says({"orders": [order("R-1", 10), order("R-1", 77)]})
    ask_it = ("cases", "watch", declaration, "--once", "--store", store)
    ran = vikno(*ask_it, "--json", DMS_TOKEN="s3cret")
    assert (ran.code, ran.json["state"], ran.json["counts"]) == (0, "live", {"reached": 1})
    assert list(ran.json) == list(JSON_KEYS["cases watch"])
    assert len(ran.json["odd"]) == 1
    service.says(b"", 503)
    ran = vikno(*ask_it, DMS_TOKEN="s3cret")
    assert (ran.code, ran.out) == (1, "ua/dms: unavailable (http 503), as of never: nothing new\n")
    assert "s3cret" not in ran.out + ran.err
    assert vikno(*ask_it, "--json").json["error"]["code"] == "registry_wrong"


def test_the_command_asks_until_it_is_told_to_stop(service: Service, tmp_path: Path) -> None:
    declaration = tmp_path / "registry.yaml"
    declaration.write_text(FILE.format(url=service.url) + "every_s: 0.2\n")
    service.says({"orders": []})
    command = [str(VIKNO), "cases", "watch", str(declaration), "--store", f"sqlite:///{tmp_path}/cases.db"]
    env = {**os.environ, "DMS_TOKEN": "s3cret"}
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        lines = [started.stdout.readline() for _ in range(3)]
        started.terminate()
        _, complained = started.communicate(timeout=30)
    assert [line.partition(",")[0] for line in lines] == ["ua/dms: live"] * 3
    assert (started.returncode, complained) == (0, "")
