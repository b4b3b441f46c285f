"""Files over slow lines: they are waited for while they come, and only where files are brought."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from tests.api.threaded import Threaded
from tests.commands import ROOT
from vikno.api.campaigns.app import brings_audience
from vikno.bootstrap.web import make_web
from vikno.portal.server import server
from vikno.portal.uploads import AHEAD, LEAST_PACE, LONGEST_S, Upload

ARRIVAL_S = 0.4
"""Instead of 20, so that all of this takes seconds."""
FILE = "/api/campaigns/4217/audience"
MOMENT_S = 0.1


async def counting(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers how much has come; what is marked as slow is read late, and what is refused is not read at all."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    count, more, asked = 0, scope["query_string"] != b"refused", scope["query_string"]
    while more:
        if asked == b"slow":
            await asyncio.sleep(ARRIVAL_S * 2)
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        count += len(message["body"])
        more = message["more_body"]
    said = b"%d came" % count
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]})
    await send({"type": "http.response.body", "body": said})


@dataclass
class Patient(Threaded):
    """A server with little time."""

    port: int = 0

    async def _serve(self) -> None:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        self.port = listening.getsockname()[1]
        self._server = server(counting, "127.0.0.1", 0, uploads=brings_audience, arrival_s=ARRIVAL_S)
        self._ready.set()
        await self._server.serve(sockets=[listening])

    def bring(
        self, path: str, pieces: int, size: int, every_s: float = MOMENT_S, lacking: int = 0, then: str = "close"
    ) -> tuple[str, float]:
        """What was answered to so many pieces, "" where the line was cut, and after how long. `lacking`: never come."""
        began, answer = time.monotonic(), b""
        length = pieces * size + lacking
        head = f"PUT {path} HTTP/1.1\r\nhost: x\r\nconnection: {then}\r\ncontent-length: {length}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line, contextlib.suppress(OSError):
            line.sendall(head.encode())
            line.setblocking(False)
            for _ in range(pieces):
                with contextlib.suppress(BlockingIOError):
                    if not (answer := line.recv(65536)):
                        return "", time.monotonic() - began
                line.setblocking(True)
                line.sendall(b"x" * size)
                line.setblocking(False)
                time.sleep(every_s)
            line.settimeout(10)
            while chunk := line.recv(65536):
                answer += chunk
        return answer.rpartition(b"\r\n\r\n")[2].decode(), time.monotonic() - began


@pytest.fixture(scope="module")
def patient() -> Iterator[Patient]:
    made = Patient()
    made.start()
    yield made
    made.stop()


def test_a_file_over_a_slow_line_arrives(patient: Patient) -> None:
    answer, took_s = patient.bring(FILE, pieces=30, size=1024)
    assert answer == f"{30 * 1024} came"
    assert took_s > 2 * AHEAD * ARRIVAL_S


@pytest.mark.parametrize(
    "path", ["/api/messages", "/api/campaigns/4217/preview", "/api/campaigns/4217/audience/x", "/"]
)
def test_everything_else_has_to_arrive_whole(patient: Patient, path: str) -> None:
    answer, took_s = patient.bring(path, pieces=30, size=1024)
    assert answer == ""
    assert ARRIVAL_S < took_s < AHEAD * ARRIVAL_S


def test_a_file_that_comes_no_further_is_not_waited_for(patient: Patient) -> None:
    answer, took_s = patient.bring(FILE, pieces=3, size=1024, lacking=1)
    assert answer == ""
    assert took_s < 3 * MOMENT_S + 2 * ARRIVAL_S


def test_a_few_bytes_now_and_then_are_no_file_that_comes(patient: Patient) -> None:
    answer, took_s = patient.bring(FILE, pieces=100, size=8)
    assert answer == ""
    assert ARRIVAL_S < took_s < 2 * AHEAD * ARRIVAL_S


def test_whoever_brings_the_rest_of_a_refused_file_is_not_waited_for(patient: Patient) -> None:
    _, took_s = patient.bring(f"{FILE}?refused", pieces=100, size=1024, then="keep-alive")
    assert ARRIVAL_S < took_s < AHEAD * ARRIVAL_S


def test_a_file_that_the_server_reads_slowly_is_not_late(patient: Patient) -> None:
    answer, took_s = patient.bring(f"{FILE}?slow", pieces=1, size=300_000, every_s=0)
    assert answer == "300000 came"
    assert took_s > AHEAD * ARRIVAL_S


def test_the_largest_file_ends_at_some_time() -> None:
    upload = Upload(0, 20)
    for second in range(LONGEST_S):
        upload.come(LEAST_PACE, second)
        assert not upload.late(second)
    assert upload.late(LONGEST_S + 1)


def test_audiences_are_what_may_take_its_time_here(tmp_path: Path) -> None:
    uploads = make_web(countries=[ROOT / "countries/example"], store=f"sqlite:///{tmp_path}/vikno.db").uploads
    assert uploads(FILE.encode())
    assert uploads(FILE.encode() + b"?x=1")
    assert not any(uploads(path) for path in (b"/chat/turns", b"/api/campaigns", b"/api/messages?x=" + FILE.encode()))
