"""Our signatures, checked by dkimpy; and mails as maildev, a server that nobody here wrote, has got them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import dkim  # type: ignore[import-untyped]
import pytest

from tests.channels.email.conftest import MailDev
from vikno.channels.email import Email, Greeting, SmtpAnswer, SmtpTransport
from vikno.channels.email.signing import Signer, SigningKeyWrong
from vikno.domain.dialog.messages import Button
from vikno.testing.email import read
from vikno.usecases.channel import NotCarried, Outbound, Sent

NOTICE = Outbound(
    "Ваш закордонний паспорт готовий.\n\n• Заберіть його за адресою: вул. Хрещатик, 1.\n• Візьміть «стару» книжечку",
    purpose="notice",
    subject="Паспорт готовий: що далі, куди йти, що взяти із собою, і до якого дня він на вас чекатиме",
    stop="https://vikno.example.org/stop/abc",
)
QUESTION = Outbound(
    "Яка послуга вам потрібна?", buttons=(Button("1.a", "Закордонний паспорт"), Button("1.b", "ID-картка"))
)


@pytest.fixture
def signed(make: Callable[..., Email], signing_key: bytes) -> Email:
    return make(
        sender="Державна міграційна служба України — Вікно звернень громадян <vikno@example.org>",
        dkim=("s2026", signing_key),
    )


def dns(email: Email) -> Callable[..., bytes | None]:
    """The DNS as it stands when everything is published."""
    records = {f"{name}.".encode(): value.encode() for name, _, value in email.records}

    def ask(name: bytes, **_: object) -> bytes | None:
        return records.get(name)

    return ask


@pytest.mark.parametrize("said", [NOTICE, QUESTION, Outbound("."), Outbound("x " * 60_000), Outbound("\n.\n..\n")])
def test_dkimpy_verifies_what_we_sign(signed: Email, said: Outbound) -> None:
    (mail,) = signed.render(said, "olena@example.com")
    assert dkim.verify(mail.message, dnsfunc=dns(signed))


@pytest.mark.parametrize(
    ("part", "other"),
    [
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=One-Clack"),
        (b"To: <olena@", b"To: <ivan@"),
        (b"Auto-Submitted: auto-generated", b"Auto-Submitted: no"),
        (b"List-Unsubscribe: <https://vikno", b"List-Unsubscribe: <https://evil"),
        (b"MIME-Version: 1.0", b"MIME-Version: 1.0\r\nFrom: evil@example.org"),
        (b"MIME-Version: 1.0", b"MIME-Version: 1.0\r\nReferences: <x@example.org>"),
        (b"Content-Transfer-Encoding: base64\r\n\r\n", b"Content-Transfer-Encoding: base64\r\n\r\nAAAA"),
        (b"Reply-To: ", b"Reply-To: evil@example.org, "),
    ],
)
def test_what_is_changed_on_the_way_does_not_verify(signed: Email, part: bytes, other: bytes) -> None:
    (mail,) = signed.render(NOTICE, "olena@example.com")
    assert part in mail.message
    assert not dkim.verify(mail.message.replace(part, other, 1), dnsfunc=dns(signed))


def test_spaces_that_servers_change_do_no_harm(signed: Email) -> None:
    (mail,) = signed.render(NOTICE, "olena@example.com")
    folded = mail.message.replace(b"Subject: ", b"subject:   ", 1).replace(b"From: ", b"FROM:\t", 1) + b"\r\n\r\n"
    assert folded != mail.message
    assert dkim.verify(folded, dnsfunc=dns(signed))


def test_one_click_headers_are_in_the_signature(signed: Email) -> None:
    (mail,) = signed.render(NOTICE, "olena@example.com")
    signature = "".join(str(read(mail.message)["dkim-signature"]).split())
    names = dict(field.split("=", 1) for field in signature.split(";"))["h"].lower().split(":")
    assert {"list-unsubscribe", "list-unsubscribe-post", "from", "reply-to", "message-id"} <= set(names)
    assert names.count("from") == 2, "a second From breaks it"


@pytest.mark.parametrize("pem", [b"", b"no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_key_that_is_none_is_refused(pem: bytes | str) -> None:
    with pytest.raises(SigningKeyWrong):
        Signer.of("example.org", "s", pem)


async def test_the_account_checks_itself(signed: Email, make: Callable[..., Email]) -> None:
    async def carry(answer: Any, request: Any) -> Any:
        assert isinstance(request, Greeting)
        return answer

    async def health(email: Email, answer: Any) -> tuple[str, ...]:
        found = await email.self_check(lambda request: carry(answer, request))
        assert found.name == "vikno@example.org"
        return found.wrong

    assert await health(signed, SmtpAnswer(250)) == ()
    assert await health(make(), SmtpAnswer(250)) == ()
    notes = (await signed.self_check(lambda request: carry(SmtpAnswer(250), request))).notes
    assert any("s2026._domainkey.example.org TXT v=DKIM1; k=rsa; p=" in note for note in notes)
    assert any("not signed" in note for note in (await make().self_check(lambda _: carry(SmtpAnswer(250), _))).notes)
    (wrong,) = await health(signed, NotCarried(False, "ConnectionRefusedError"))
    assert "ConnectionRefusedError" in wrong
    (wrong,) = await health(signed, SmtpAnswer(535, "5.7.8 hush", "login"))
    assert "535" in wrong
    assert "hush" not in wrong
    assert signed.records[0][:2] == ("s2026._domainkey.example.org", "TXT")
    assert signed.records[0][2].startswith("v=DKIM1; k=rsa; p=")


async def test_maildev_has_got_what_we_sent(
    signed: Email, maildev: MailDev, make: Callable[..., Email], other_key: bytes
) -> None:
    transport = SmtpTransport(maildev.url, hostname="vikno.test")
    health = await signed.self_check(transport.carry)
    assert health.ok, health.wrong
    sent = {}
    for said in (NOTICE, QUESTION):
        (mail,) = signed.render(said, "olena@example.com")
        outcome = signed.classify(mail, await transport.carry(mail))
        assert isinstance(outcome, Sent)
        sent[outcome.message.partition("@")[0]] = (said, mail)
    await transport.close()
    found: dict[str, Any] = {}
    for _ in range(100):
        found = {str(one["messageId"])[:16]: one for one in await asyncio.to_thread(maildev.mails)}
        if sent.keys() <= found.keys():
            break
        await asyncio.sleep(0.05)
    stranger = make(dkim=("s2026", other_key))
    for number, (said, mail) in sent.items():
        got = found[number]
        assert got["from"][0] == {
            "address": "vikno@example.org",
            "name": "Державна міграційна служба України — Вікно звернень громадян",
        }
        assert got["to"] == [{"address": "olena@example.com", "name": ""}]
        assert got["subject"] == (said.subject or said.text)
        assert said.text in got["text"].replace("\r\n", "\n")
        assert said.text.split("\n")[0] in got["html"]
        assert got["envelope"]["from"]["address"] == mail.sender
        source = await asyncio.to_thread(maildev.source, got)
        assert dkim.verify(source, dnsfunc=dns(signed)), "signed, byte for byte"
        headers = read(source)
        assert headers["list-unsubscribe-post"] == ("List-Unsubscribe=One-Click" if said.stop else None)
        if said.stop:
            assert got["headers"]["list-unsubscribe"].startswith("<https://vikno.example.org/stop/abc>,")
        assert not dkim.verify(source, dnsfunc=dns(stranger)), "by this key and no other"
