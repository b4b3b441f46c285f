"""The server's bounds: heads that grow without end, requests that never arrive, an end in order."""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from types import SimpleNamespace
from typing import Any

import pytest

from tests.portal.conftest import Served
from vikno.portal.failures import FAILED
from vikno.portal.server import ARRIVAL_S, MOST_HEAD_BYTES, TAKING_S, BoundedHttp, _Turn

BORN = "1990-01-01"
"""What nobody may read in a log."""


def send(served: Served, *parts: bytes) -> bytes:
    """What the server answers to these bytes before it closes or falls silent."""
    with socket.create_connection((served.host, served.port), timeout=10) as connection:
        with contextlib.suppress(ConnectionError):
            for part in parts:
                connection.sendall(part)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while chunk := connection.recv(65536):
                answer += chunk
                if b"connection: close" not in answer.lower():
                    break
        return answer


@pytest.mark.parametrize(
    "head",
    [
        b"GET /en/?q=" + b"a" * 10_000_000,
        b"GET /en/ HTTP/1.1\r\nhost: x\r\ncookie: " + b"a" * (MOST_HEAD_BYTES + 1),
        b"GET /en/ HTTP/1.1\r\nhost: x\r\n" + b"x: y\r\n" * 20_000,
    ],
    ids=["address", "header", "headers"],
)
def test_a_head_without_end_is_refused(served: Served, head: bytes) -> None:
    answer = send(served, *(head[at : at + 65536] for at in range(0, len(head), 65536)))
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert "Ця адреса задовга".encode() in answer
    assert is_well(served)


def is_well(served: Served) -> bool:
    with contextlib.closing(served.connect()) as connection:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200


def test_a_long_body_after_a_short_head_is_no_long_head(served: Served) -> None:
    body = b'{"event": "e", "start": null, "lang": "en", "padding": "%s"}' % (b"x" * 60_000)
    head = b"POST /chat/turns HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
    assert send(served, head + body).startswith(b"HTTP/1.1 200 ")
    assert send(served, head[:-2], head[-2:] + body).startswith(b"HTTP/1.1 200 ")


def test_several_requests_on_one_line_are_each_measured_alone(served: Served) -> None:
    with contextlib.closing(served.connect()) as connection:
        for _ in range(4):
            connection.request("GET", "/health", headers={"x": "y" * (MOST_HEAD_BYTES // 2)})
            assert connection.getresponse().read().startswith(b"ok")


def turn_of(event: str, extra: bytes = b"") -> bytes:
    """A turn as a request: a new conversation."""
    body = b'{"event": "%s", "start": null, "lang": "en"}' % event.encode()
    return b"POST /chat/turns HTTP/1.1\r\nhost: x\r\n%scontent-length: %d\r\n\r\n%s" % (extra, len(body), body)


def answers(served: Served, *parts: bytes, wanted: int) -> list[bytes]:
    """So many answers of one line, each with its head."""
    with socket.create_connection((served.host, served.port), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(0.02)
        got = b""
        while got.count(b"HTTP/1.1 ") < wanted or not got.rstrip().endswith((b"}", b"ok")):
            chunk = connection.recv(65536)
            assert chunk, got
            got += chunk
    return [b"HTTP/1.1 " + part for part in got.split(b"HTTP/1.1 ")[1:]]


def test_turns_and_pages_on_one_line_are_answered_in_their_order(served: Served) -> None:
    health = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n"
    found = answers(served, turn_of("a") + turn_of("b") + health + turn_of("c"), wanted=4)
    assert [b'"event":"%s"' % event in found[at] for at, event in ((0, b"a"), (1, b"b"), (3, b"c"))] == [True] * 3
    assert b"\r\n\r\nok " in found[2]
    assert [head.count(b"content-length: ") for head in found] == [1] * 4


def test_a_turn_that_comes_in_pieces_is_one_turn(served: Served) -> None:
    whole = turn_of("pieces")
    [found] = answers(served, *(whole[at : at + 30] for at in range(0, len(whole), 30)), wanted=1)
    assert found.startswith(b"HTTP/1.1 200 ")


def test_a_line_that_shall_end_with_the_turn_ends(served: Served) -> None:
    with socket.create_connection((served.host, served.port), timeout=10) as connection:
        connection.sendall(turn_of("last", b"connection: close\r\n"))
        got = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"\r\nconnection: close\r\n" in got


def test_a_turn_that_does_not_say_how_long_it_is_takes_the_usual_way(served: Served) -> None:
    body = b'{"event": "chunks", "start": null, "lang": "en"}'
    head = b"POST /chat/turns HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    [found] = answers(served, head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body), wanted=1)
    assert found.startswith(b"HTTP/1.1 200 ")


async def test_what_fails_while_a_turn_is_answered_is_said_and_logged_without_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(_headers: Any, _body: bytes) -> Any:
        raise KeyError(BORN)

    sent: list[bytes] = []
    transport = SimpleNamespace(write=sent.append, close=lambda: sent.append(b"closed"))
    state = SimpleNamespace(default_headers=[(b"date", b"now")])
    done = SimpleNamespace(transport=transport, server_state=state, on_response_complete=lambda: None)
    connection: Any = done
    with caplog.at_level("ERROR"):
        await BoundedHttp._answer(connection, _Turn(broken, [], keep_alive=True))
    assert sent[0].startswith(b"HTTP/1.1 500 ")
    assert sent[0].endswith(FAILED)
    assert BORN not in caplog.text
    assert "KeyError" in caplog.text


@pytest.mark.parametrize("nonsense", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n"])
def test_what_is_no_http_is_refused(served: Served, nonsense: bytes) -> None:
    assert send(served, nonsense).startswith(b"HTTP/1.1 400 ")
    assert is_well(served)


def test_only_a_request_that_has_begun_and_not_arrived_is_late() -> None:
    connection: Any = SimpleNamespace(began=100.0, arrival_s=ARRIVAL_S, upload=None)
    assert not BoundedHttp.late(connection, 100.0 + ARRIVAL_S)
    assert BoundedHttp.late(connection, 101.0 + ARRIVAL_S)
    connection.began = 0.0
    assert not BoundedHttp.late(connection, 1e9), "a kept line with nothing on it is uvicorn's to close"


@pytest.mark.parametrize("closing", [False, True])
def test_an_answer_waits_only_so_long_to_be_taken(closing: bool) -> None:
    connection: Any = SimpleNamespace(held=0.0, transport=SimpleNamespace(is_closing=lambda: closing))
    assert not BoundedHttp.stuck(connection, 100.0)
    assert not BoundedHttp.stuck(connection, 100.0 + TAKING_S)
    assert BoundedHttp.stuck(connection, 101.0 + TAKING_S) is closing
    connection.held = 200.0
    assert BoundedHttp.stuck(connection, 201.0 + TAKING_S), "a full buffer counts like a close that cannot end"


def test_a_server_that_is_told_to_stop_does_not_wait_for_listeners(served: Served) -> None:
    """The last test of this module: it ends the server."""
    import os
    import signal

    head, _ = served.turn(event="e", start="ua/id-card", lang="en")
    listener = served.connect()
    listener.request("GET", "/chat/events", headers={"x-conversation": head["conversation"]})
    response = listener.getresponse()
    assert response.status == 200
    os.kill(served.pid, signal.SIGTERM)
    with contextlib.suppress(http.client.IncompleteRead):
        response.read()  # the stream ends by itself
    listener.close()
