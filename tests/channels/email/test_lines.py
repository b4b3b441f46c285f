"""Lines of mail at their limits: TLS and passwords on the way out, size, number and patience on the way in."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import aiosmtplib
import pytest
import uvloop
from aiosmtpd.smtp import SMTP, AuthResult

from tests.channels.email.conftest import Office
from tests.network import certified
from vikno.channels.email import Email, Greeting, Server, SmtpAnswer, SmtpTransport, listening, server
from vikno.channels.email.transport import MailServerWrong
from vikno.testing.mail import MailWorld
from vikno.usecases.channel import Misconfigured, NotCarried, Outbound, Raw, Sent
from vikno.wire.limits import EMAIL_INBOUND_BYTES

OLENA = "olena@example.com"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.org", Server("mail.example.org", 25, "offered")),
        ("smtp://mail.example.org:2525", Server("mail.example.org", 2525, "offered")),
        ("smtp://u:p@mail.example.org", Server("mail.example.org", 587, "starttls", "u", "p")),
        ("smtp://u:p@127.0.0.1:1025", Server("127.0.0.1", 1025, "offered", "u", "p")),
        ("smtp://mail.example.org?tls=required", Server("mail.example.org", 25, "starttls")),
        ("smtps://u%40x:p%2Fq%20@mail.example.org", Server("mail.example.org", 465, "always", "u@x", "p/q ")),
        ("smtp://[::1]:1025", Server("::1", 1025, "offered")),
    ],
)
def test_an_address_of_a_server_is_read(url: str, expected: Server) -> None:
    assert Server.of(url) == expected
    assert "p/q" not in repr(Server.of(url))


@pytest.mark.parametrize("url", ["", "mail.example.org", "http://x", "smtp://", "smtp://x:port", "smtp://[::1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(MailServerWrong):
        Server.of(url)


# ---- the way out ----


@asynccontextmanager
async def guarded(shows: ssl.SSLContext, *, tls: str) -> AsyncIterator[tuple[int, MailWorld]]:
    """A server that wants a password, under TLS."""

    def login(_server: object, _session: object, _envelope: object, _mechanism: str, given: object) -> AuthResult:
        return AuthResult(success=getattr(given, "password", b"") == b"hush", handled=False)

    def line() -> SMTP:
        return SMTP(
            world, hostname="mail.test", authenticator=login, auth_required=True, loop=asyncio.get_running_loop(),
            tls_context=shows if tls == "starttls" else None, auth_require_tls=tls == "starttls",
        )  # fmt: skip

    on = shows if tls == "always" else None
    async with MailWorld() as world:
        listener = await asyncio.get_running_loop().create_server(line, "127.0.0.1", 0, ssl=on)
        try:
            yield listener.sockets[0].getsockname()[1], world
        finally:
            listener.close()
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("tls", ["starttls", "always"])
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_a_password_goes_under_tls(email: Email, tls: str) -> None:
    scheme = "smtps" if tls == "always" else "smtp"
    shows, trusted = certified("127.0.0.1")
    async with guarded(shows, tls=tls) as (port, world):

        async def send(password: str, context: ssl.SSLContext | None) -> object:
            transport = SmtpTransport(
                f"{scheme}://vikno:{password}@127.0.0.1:{port}", hostname="vikno.test", answer_s=3, tls=context
            )
            (mail,) = email.render(Outbound("Добрий день"), OLENA)
            try:
                health = await email.self_check(transport.carry)
                outcome = email.classify(mail, await transport.carry(mail))
                assert health.ok == isinstance(outcome, Sent)
                assert password not in str(health.wrong)
                return outcome
            finally:
                await transport.close()

        assert isinstance(await send("hush", trusted), Sent)
        assert isinstance(await send("wrong", trusted), Misconfigured)
        assert await send("hush", None) == Misconfigured("530 5.7.4"), "a certificate that nobody vouches for"
        assert len(world.letters[OLENA]) == 1


async def test_a_password_does_not_go_without_tls(email: Email) -> None:
    async with MailWorld() as world:
        transport = SmtpTransport(Server("127.0.0.1", world.port, "starttls", "u", "hush"), hostname="x", answer_s=3)
        (mail,) = email.render(Outbound("Добрий день"), OLENA)
        assert email.classify(mail, await transport.carry(mail)) == Misconfigured("530 5.7.4")
        assert world.letters == {}


@pytest.mark.parametrize("greeting", [b"", b"554 5.7.1 go away\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
async def test_what_is_no_mail_server(email: Email, greeting: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        if greeting:
            await writer.drain()
            writer.close()
        else:
            await reader.read()  # says nothing for as long as it is listened to
            writer.close()

    listener = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        transport = SmtpTransport(f"smtp://127.0.0.1:{port}", hostname="x", answer_s=0.3)
        (mail,) = email.render(Outbound("x"), OLENA)
        answered = await transport.carry(mail)
        if greeting:
            assert isinstance(email.classify(mail, answered), Misconfigured)
        else:
            assert answered == NotCarried(False, "SMTPReadTimeoutError")
        health = await email.self_check(transport.carry)
        assert not health.ok
        await transport.close()
        await asyncio.sleep(0.05)  # the other side hears of it


@pytest.mark.parametrize(
    "address", ["", "olena", "вася@example.com", "a b@example.com", "a@example.com>\r\nRCPT TO:<b@c"]
)
async def test_an_address_that_cannot_be_one_never_leaves(office: Office, address: str) -> None:
    (mail,) = office.email.render(Outbound("x"), address)
    answered = await office.transport.carry(mail)
    assert answered == SmtpAnswer(553, "5.1.3 no address that a mail can go to", "recipient")
    assert office.world.connections == 0
    assert b"\r\nRCPT" not in mail.message


async def test_many_mails_share_few_connections(office: Office) -> None:
    outcomes = await asyncio.gather(*(office.send(f"p{number}@example.com") for number in range(60)))
    assert all(isinstance(one, Sent) for one in outcomes)
    assert office.world.connections <= 8
    assert await office.transport.carry(Greeting()) == SmtpAnswer(250, "OK", "connect")


async def test_a_server_that_has_enough_of_a_connection_gets_another_one(office: Office) -> None:
    assert isinstance(await office.send(OLENA), Sent)
    office.world.refuse("*", 421, "4.7.0 Too many messages on this connection", times=1, at="sender")
    assert isinstance(await office.send(OLENA), Sent)
    assert office.world.connections == 2
    assert len(office.world.letters[OLENA]) == 2


async def test_a_mail_that_is_given_up_leaves_no_broken_line(office: Office) -> None:
    office.world.lose(OLENA, kept=False)
    office.transport._answer_s = 30
    sending = asyncio.create_task(office.send(OLENA))
    await asyncio.sleep(0.2)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert isinstance(await office.send(OLENA), Sent)
    assert len(office.world.letters[OLENA]) == 1


# ---- the way in ----


@asynccontextmanager
async def dialled(office: Office) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", office.listener.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await asyncio.sleep(0.01)


async def told(office: Office, *commands: bytes) -> list[bytes]:
    """The first line of each answer."""
    answers = []
    async with dialled(office) as (reader, writer):
        await reader.readline()
        for command in commands:
            writer.write(command + b"\r\n")
            await writer.drain()
            line = await asyncio.wait_for(reader.readline(), 5)
            while line[3:4] == b"-":
                line = await reader.readline()
            answers.append(line[:3])
    return answers


OPEN = (b"LHLO x", b"MAIL FROM:<olena@example.com>", b"RCPT TO:<vikno@example.org>", b"DATA")


async def test_a_mail_that_is_too_large_is_refused(office: Office) -> None:
    olena = office.world.person("Олена", OLENA)
    small = "x" * 900 + "\r\n"
    assert (await olena.write("vikno@example.org", "x", small * (EMAIL_INBOUND_BYTES // 1100))) == (250, "OK")
    assert (await olena.write("vikno@example.org", "x", small * (EMAIL_INBOUND_BYTES // 800)))[0] == 552
    body = (b"x" * 900 + b"\r\n") * (EMAIL_INBOUND_BYTES // 800) + b"."  # by one that does not say how large it is
    assert (await told(office, *OPEN, body))[-1] == b"552"
    assert len(office.taken) == 1


async def test_a_line_without_end_ends_the_connection(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOST_CONNECTION_BYTES", 1_000_000)
    async with dialled(office) as (reader, writer):
        await reader.readline()
        for command in OPEN:
            writer.write(command + b"\r\n")

        async def go_on() -> None:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
                await asyncio.sleep(0)

        with pytest.raises(ConnectionError):
            await asyncio.wait_for(go_on(), 5)
    assert office.taken == []


async def test_too_many_connections_are_asked_to_come_later(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 2)
    async with dialled(office) as (first, _), dialled(office) as (second, _):
        assert (await first.readline())[:3] == (await second.readline())[:3] == b"220"
        async with dialled(office) as (third, _):
            assert (await third.readline())[:3] == b"421"
    await asyncio.sleep(0.05)
    async with dialled(office) as (fourth, _):
        assert (await fourth.readline())[:3] == b"220"


async def test_who_says_nothing_is_not_waited_for(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "IDLE_S", 0.2)
    async with dialled(office) as (reader, _):
        await reader.readline()
        assert await asyncio.wait_for(reader.read(), 3) == b""


async def test_no_password_is_ever_asked_for_and_no_mail_relayed(office: Office) -> None:
    said = await told(
        office, b"LHLO x", b"AUTH PLAIN AGEAYg==", b"MAIL FROM:<a@example.com>", b"RCPT TO:<b@example.com>",
        b"RCPT TO:<vikno@example.org>", b"DATA", b"From: a@example.com\r\n\r\nx\r\n.", b"NONSENSE", b"QUIT",
    )  # fmt: skip
    assert said == [b"250", b"538", b"250", b"550", b"250", b"354", b"250", b"500", b"221"]


async def test_a_fault_of_ours_shows_nothing_of_it(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.away = RuntimeError("olena@example.com in /var/lib/secret")
    olena = office.world.person("Олена", OLENA)
    with caplog.at_level(logging.DEBUG):
        code, said = await olena.write("vikno@example.org", "Тема", "Слова")
    assert code == 451
    assert "secret" not in said
    shown = " ".join(str(record.__dict__) for record in caplog.records if record.name.startswith(("vikno", "mail")))
    assert "mail_not_taken" in shown
    assert "olena" not in shown
    assert "secret" not in shown


async def test_the_standard_asynchronous_client_brings_mail_by_smtp(email: Email) -> None:
    taken = []

    async def receive(raw: object) -> int:
        taken.append(raw)
        return 200

    listener = await server.serve(receive, "127.0.0.1", 0, accepts=email.accepts, lmtp=False)
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=listener.port, local_hostname="x")
    async with client:
        errors, said = await client.sendmail(OLENA, ["vikno@example.org"], b"From: olena@example.com\r\n\r\nx\r\n")
        assert (errors, said) == ({}, "2.0.0 OK")
        assert "size" in client.esmtp_extensions
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
            await client.sendmail(OLENA, ["ivan@example.com"], b"From: olena@example.com\r\n\r\nx\r\n")
    await listener.close()
    assert len(taken) == 1


async def test_a_server_that_stops_lets_go_of_its_port(email: Email) -> None:
    stopping = asyncio.Event()

    class Hook:
        async def answer(self, headers: list[tuple[bytes, bytes]], body: bytes) -> tuple[int, list[object], bytes]:
            assert dict(headers) == {b"envelope-from": OLENA.encode(), b"envelope-to": b"vikno@example.org"}
            return (503 if b"later" in body else 200), [], b""

    world = MailWorld()
    listener = await server.serve(server.through(Hook()), "127.0.0.1", 0, accepts=email.accepts)  # type: ignore[arg-type]
    world.connect(listener.port)
    assert (await world.bring(b"From: x@example.com\r\n\r\nnow", OLENA, "vikno@example.org"))[0] == 250
    assert (await world.bring(b"From: x@example.com\r\n\r\nlater", OLENA, "vikno@example.org"))[0] == 451
    port = listener.port
    await listener.close()
    run = listening(email.accepts, "127.0.0.1", port)
    running = asyncio.get_running_loop().create_task(_run(run(Hook(), stopping)))  # type: ignore[arg-type]
    await asyncio.sleep(0.05)
    assert (await world.bring(b"From: x@example.com\r\n\r\nnow", OLENA, "vikno@example.org"))[0] == 250
    stopping.set()
    await asyncio.wait_for(running, 5)
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection("127.0.0.1", port)


def test_all_of_it_runs_on_the_loop_of_the_server(email: Email) -> None:
    async def story() -> list[int]:
        async with MailWorld() as world:
            transport = SmtpTransport(world.url, hostname="vikno.test")
            taken: list[int] = []

            async def receive(raw: Raw) -> int:
                assert email.verify(raw) is None
                taken.append(len(email.parse(raw)))
                return 200

            listener = await server.serve(receive, "127.0.0.1", 0, accepts=email.accepts)
            world.connect(listener.port)
            olena = world.person("Олена", OLENA)
            for _ in range(3):
                (mail,) = email.render(Outbound("Добрий день"), OLENA)
                assert isinstance(email.classify(mail, await transport.carry(mail)), Sent)
                assert (await olena.answer("так")) == (250, "OK")
            await transport.close()
            await listener.close()
            return taken

    assert uvloop.run(story()) == [1, 1, 1]


async def _run(work: Awaitable[None]) -> None:
    await work
