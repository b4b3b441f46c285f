"""The client that carries messages: what it says when there is no answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

from tests.network import certified, listening
from vikno.usecases.channel import NotCarried
from vikno.wire.connection import place_of, trusting
from vikno.wire.http import MOST_ANSWER_BYTES, HttpAnswer, HttpRequest, HttpTransport

Start = Callable[[Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]], Awaitable[str]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    async with AsyncExitStack() as stack:

        async def begin(handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> str:
            return await stack.enter_async_context(listening(handler)) + "/"

        yield begin


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    client = HttpTransport(answer_s=0.5)
    yield client
    await client.close()


async def test_an_answer_is_brought_whole(start: Start, transport: HttpTransport) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(status=429, body=await request.read(), headers={"Retry-After": "7"})

    answer = await transport.carry(HttpRequest("POST", await start(handler), {}, "привіт".encode()))
    assert isinstance(answer, HttpAnswer)
    assert (answer.status, answer.body.decode(), answer.headers["retry-after"]) == (429, "привіт", "7")


async def test_nobody_there_means_that_nothing_left(transport: HttpTransport, unused_tcp_port: int) -> None:
    answer = await transport.carry(HttpRequest("POST", f"http://127.0.0.1:{unused_tcp_port}/"))
    assert isinstance(answer, NotCarried)
    assert not answer.left


async def test_an_address_that_is_none_means_that_nothing_left(transport: HttpTransport) -> None:
    answer = await transport.carry(HttpRequest("POST", "http://"))
    assert isinstance(answer, NotCarried)
    assert not answer.left


async def test_no_answer_in_time_means_that_nobody_knows(start: Start, transport: HttpTransport) -> None:
    async def handler(_: web.BaseRequest) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    answer = await transport.carry(HttpRequest("POST", await start(handler), {}, b"x"))
    assert isinstance(answer, NotCarried)
    assert answer.left


async def test_a_line_that_breaks_means_that_nobody_knows(start: Start, transport: HttpTransport) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    answer = await transport.carry(HttpRequest("POST", await start(handler), {}, b"x"))
    assert isinstance(answer, NotCarried)
    assert answer.left


async def test_an_answer_without_end_is_not_read_to_its_end(start: Start, transport: HttpTransport) -> None:
    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(body=b"x" * (2 * MOST_ANSWER_BYTES))

    assert await transport.carry(HttpRequest("GET", await start(handler))) == NotCarried(True, "answer_too_large")


async def test_a_redirect_is_not_followed(start: Start, transport: HttpTransport) -> None:
    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})

    answer = await transport.carry(HttpRequest("GET", await start(handler)))
    assert isinstance(answer, HttpAnswer)
    assert answer.status == 302


def test_a_request_does_not_show_where_it_goes() -> None:
    assert "secret" not in repr(HttpRequest("POST", "https://x/secret", {"a": "secret"}))


# ---- answers as no library of ours would write them ----

Answers = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Listen = Callable[[Answers], Awaitable[str]]


@pytest.fixture
async def listen() -> AsyncIterator[Listen]:
    servers: list[asyncio.Server] = []

    async def begin(answers: Answers) -> str:
        server = await asyncio.start_server(answers, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

    yield begin
    for server in servers:
        server.close()


def written(
    *answers: bytes, end: bool = False, asked: list[bytes] | None = None, lines: list[int] | None = None
) -> Answers:
    """A server that writes each of these when it is asked, then hangs up if that is the `end`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if lines is not None:
            lines.append(1)
        try:
            for answer in answers:
                head = await reader.readuntil(b"\r\n\r\n")
                if asked is not None:
                    asked.append(head)
                writer.write(answer)
                await writer.drain()
            if not end:
                await reader.read()
        except asyncio.IncompleteReadError:
            pass
        writer.close()

    return serve


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK, b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
    ],
)
async def test_an_answer_is_read_whatever_way_it_ends(
    listen: Listen, transport: HttpTransport, wire: bytes, body: bytes
) -> None:
    answer = await transport.carry(HttpRequest("GET", await listen(written(wire, end=True))))
    assert isinstance(answer, HttpAnswer)
    assert answer.body == body


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-",
        b"220 mail.example ESMTP\r\n",
    ],
)
async def test_half_an_answer_or_none_of_http_means_that_nobody_knows(
    listen: Listen, transport: HttpTransport, wire: bytes
) -> None:
    answer = await transport.carry(HttpRequest("POST", await listen(written(wire, end=True)), {}, b"x"))
    assert isinstance(answer, NotCarried)
    assert answer.left


async def test_a_connection_is_kept_and_given_up_when_the_other_side_gives_it_up(
    listen: Listen, transport: HttpTransport
) -> None:
    lines: list[int] = []
    url = await listen(written(OK, OK, end=True, lines=lines))
    for _ in range(3):
        assert isinstance(await transport.carry(HttpRequest("GET", url)), HttpAnswer)
        await asyncio.sleep(0.05)
    assert len(lines) == 2


async def test_a_connection_that_an_answer_ends_is_not_used_again(listen: Listen, transport: HttpTransport) -> None:
    lines: list[int] = []
    last = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    url = await listen(written(last, last, lines=lines))
    for _ in range(2):
        assert isinstance(await transport.carry(HttpRequest("GET", url)), HttpAnswer)
    assert len(lines) == 2


async def test_a_second_answer_to_one_question_is_given_to_nobody(listen: Listen, transport: HttpTransport) -> None:
    url = await listen(written(OK + OK.replace(b"ok", b"no"), OK))
    for _ in range(3):
        answer = await transport.carry(HttpRequest("GET", url))
        assert isinstance(answer, HttpAnswer)
        assert answer.body == b"ok"


async def test_no_more_connections_are_open_than_allowed(start: Start) -> None:
    now, most = 0, 0

    async def handler(_: web.BaseRequest) -> web.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.02)
        now -= 1
        return web.Response(text="ok")

    client, url = HttpTransport(at_once=3), await start(handler)
    answers = await asyncio.gather(*(client.carry(HttpRequest("GET", url)) for _ in range(12)))
    await client.close()
    assert [type(answer) for answer in answers] == [HttpAnswer] * 12
    assert most == 3


async def test_who_waits_in_vain_for_a_connection_has_sent_nothing(start: Start) -> None:
    async def handler(_: web.BaseRequest) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    client, url = HttpTransport(at_once=1, answer_s=0.3), await start(handler)
    answers = await asyncio.gather(*(client.carry(HttpRequest("GET", url)) for _ in range(2)))
    await client.close()
    assert sorted(answer.left for answer in answers if isinstance(answer, NotCarried)) == [False, True]


async def test_what_is_no_header_is_not_sent(listen: Listen, transport: HttpTransport) -> None:
    asked: list[bytes] = []
    url = await listen(written(OK, asked=asked))
    for value in ("a\r\nEvil: 1", "a\nEvil: 1", "a\0"):
        answer = await transport.carry(HttpRequest("GET", url, {"X": value}))
        assert isinstance(answer, NotCarried)
        assert not answer.left
    assert isinstance(await transport.carry(HttpRequest("GET", f"{url}a b\r\nEvil: 1/Київ")), HttpAnswer)
    assert b"Evil: 1" not in asked[0]
    assert asked[0].startswith(b"GET /a%20bEvil:%201/%D0%9A%D0%B8%D1%97%D0%B2 HTTP/1.1\r\nHost: 127.0.0.1:")


async def test_a_certificate_that_nobody_trusts_means_that_nothing_left(
    transport: HttpTransport, unused_tcp_port: int
) -> None:
    server = await asyncio.start_server(written(OK), "127.0.0.1", unused_tcp_port, ssl=certified()[0])
    answer = await transport.carry(HttpRequest("POST", f"https://localhost:{unused_tcp_port}/", {}, b"x"))
    server.close()
    assert isinstance(answer, NotCarried)
    assert not answer.left


def test_a_place_shows_no_secret() -> None:
    shown = repr(place_of("https://vikno:hush@api.example/bot1:token/send?key=too"))
    assert not any(word in shown for word in ("hush", "token", "too", "dmlrbm86")), shown


async def test_a_certificate_is_trusted_by_whoever_is_told_to(unused_tcp_port: int, tmp_path: Path) -> None:
    shows, trusts = certified()
    server = await asyncio.start_server(written(OK), "127.0.0.1", unused_tcp_port, ssl=shows)
    client = HttpTransport(answer_s=5.0, trust=trusts)
    answer = await client.carry(HttpRequest("POST", f"https://localhost:{unused_tcp_port}/", {}, b"x"))
    await client.close()
    server.close()
    assert isinstance(answer, HttpAnswer)
    (tmp_path / "nothing.pem").write_text("no certificates")
    for name in ("nothing.pem", "missing.pem"):
        with pytest.raises(OSError):  # noqa: PT011 - whichever it is
            trusting(str(tmp_path / name))
