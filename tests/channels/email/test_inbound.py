"""What people wrote, out of what their clients made of it; and what no client would make, at a bounded cost."""

from __future__ import annotations

import contextlib
import time
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.channels.email.conftest import KEY
from vikno.channels.email import Email
from vikno.channels.email.quoting import bare, from_html
from vikno.testing.email import read
from vikno.usecases.channel import Inbound, Outbound, Raw, Unreadable, Unsupported, Wrote
from vikno.wire.limits import EMAIL_INBOUND_BYTES

OLENA = "olena@example.com"
EMAIL = Email(sender="Вікно <vikno@example.org>", key=KEY)
REPLY = str(read(EMAIL.render(Outbound("x"), OLENA)[0].message)["reply-to"].addresses[0].addr_spec)


def taken(body: bytes | str, to: str = REPLY, sender: str = OLENA) -> list[Inbound]:
    """What a mail comes to; it is believed."""
    given = body.encode() if isinstance(body, str) else body
    raw = Raw(given, {"envelope-from": sender, "envelope-to": to})
    assert EMAIL.verify(raw) is None
    return list(EMAIL.parse(raw))


def said(body: bytes | str) -> str:
    (one,) = taken(body)
    assert isinstance(one.happened, Wrote)
    return one.happened.text


@pytest.mark.parametrize(
    "mail",
    [
        "2\n\nOn Fri, Nov 20, 2026 at 10:15 AM Vikno <reply+x@example.org> wrote:\n\n> Choose\n",
        "2\n\nOn Fri, Nov 20, 2026 at 10:15 AM Vikno\n<reply+x@example.org> wrote:\n\n> Choose\n",
        "2\n\nOn Fri, Nov 20, 2026 at 10:15 AM\nVikno Vikno Vikno\n<reply+x@example.org>\nwrote:\n\n> Choose\n",
        "2\r\n\r\nпт, 20 лист. 2026\u202fр. о 10:15 Вікно <reply+x@example.org> пише:\r\n\r\n> Оберіть\r\n",
        "2\n\n20 лист. 2026 р. о 10:15 Вікно <reply+x@example.org> написав(ла):\n\n> Оберіть\n",
        "2\n\nпт, 20 нояб. 2026 г. в 10:15, Вікно <reply+x@example.org>:\n\n> Оберіть\n",
        "2\n\n20.11.2026 10:15, Вікно пишет:\n> Оберіть\n",
        "2\n\nW dniu 20.11.2026 o 10:15 Vikno pisze:\n> Wybierz\n",
        "2\n\nAm 20.11.2026 um 10:15 schrieb Vikno:\n> Wählen\n",
        "2\n\n-----Original Message-----\nFrom: Vikno <reply+x@example.org>\nSent: Friday\nTo: Olena\n\nChoose",
        "2\n\n-----Исходное сообщение-----\nОт: Вікно\n",
        "2\n\n________________________________\nVid: x\n",
        "2\n\nFrom: Vikno <reply+x@example.org>\nSent: Friday\nTo: Olena <o@x.ua>\nSubject: x\n\nChoose",
        "2\n\nВід: Вікно <reply+x@example.org>\nДата: 20 листопада\nКому: Олена <o@x.ua>\nТема: x\n\nОберіть",
        "2\n\n*From:* Vikno <reply+x@example.org>\n*Date:* Friday\n*To:* Olena\n*Subject:* x\n\nChoose",
        "2\n\n> On Nov 20, 2026, at 10:15, Vikno <reply+x@example.org> wrote:\n> \n> Choose",
        "> Choose:\n> 1. One\n> 2. Two\n\n2",
        "On 11/20/26 10:15, Vikno wrote:\n> Choose:\n\n2\n\n-- \nOlena",
        "2\n-- \nОлена Коваль\nтел. 044",
        "2\n\nНадіслано з iPhone",
        "2\n\nSent from my iPhone\n\n> On Nov 20 Vikno wrote:\n> x",
        "2\n\nSent from Outlook for Android",
        "\ufeff2\u200b\n\n\n",
        "   2   \n",
        "2\u00a0",
    ],
)
def test_the_bare_answer(mail: str) -> None:
    assert bare(mail) == "2"


@pytest.mark.parametrize(
    "text",
    [
        "Мені потрібен паспорт: який саме?",
        "Є питання:\nскільки коштує?",
        "Адреса: Київ\nТелефон: 044",
        "Ім’я: Олена\nПрізвище: Коваль\nДата народження: 1990",
        "Я живу у Львові -- з 2019 року",
        "5 > 3 та 2 < 4",
        "---\nтак",
        "О 10:15 я була у вас, і мені написали:\nприйдіть завтра",
    ],
)
def test_what_only_looks_like_a_quotation_stays(text: str) -> None:
    assert bare(text) == text


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("<p>так</p><blockquote>ні</blockquote>", "так"),
        ("<div>один<div>два</div></div>три", "один\nдва\n\nтри"),
        ("a &lt;b&gt; &amp; &#1111;&nbsp;є", "a <b> & ї\xa0є"),
        ("<style>x{}</style><script>evil()</script><title>t</title>так", "так"),
        ('так<div id="appendonsend"></div><hr>Від: Вікно', "так"),
        ('<p>так</p><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p>Від</p></div><p>old</p>', "так"),
        ("<p>не<!-- c --> закрито", "не закрито"),
        ("<div class='yahoo_quoted'><div>x</div></div>так", "так"),
        ("<img src=x><br>так<input>", "так"),
        ("<![if mso]>так<![endif]>, <!x>і<?xml:namespace prefix = o /> <![x>ні", "так, і ні"),
        ("<blockquote><i>ні</b></i></blockquote>так", "так"),
        ("", ""),
    ],
)
def test_words_of_a_page(page: str, words: str) -> None:
    assert from_html(page).replace("\n\n", "\n") == words.replace("\n\n", "\n")


CHARSETS = ("windows-1251", "koi8-u", "utf-8", "utf-16", "cp866", "iso-8859-5", "mac-cyrillic")
WAYS = ("8bit", "base64", "quoted-printable")


@pytest.mark.parametrize(
    ("charset", "way"),
    [(charset, way) for charset in CHARSETS for way in WAYS if (charset, way) != ("utf-16", "8bit")],
)
def test_every_charset_that_people_have(charset: str, way: str) -> None:
    words = "Загубила паспорт"
    given = words.encode(charset)
    coded = {
        "8bit": given,
        "base64": b64encode(given),
        "quoted-printable": "".join(f"={byte:02X}" for byte in given).encode(),
    }[way]
    head = f'From: {OLENA}\r\nContent-Type: text/plain; charset="{charset}"\r\nContent-Transfer-Encoding: {way}\r\n\r\n'
    assert said(head.encode() + coded) == words


def test_words_without_a_charset_or_with_a_false_one() -> None:
    for head in ("", "Content-Type: text/plain; charset=utf-8\n", "Content-Type: text/plain; charset=no-such-thing\n"):
        mail = f"From: {OLENA}\n{head}\n".encode()
        assert said(mail + "Їжак".encode("windows-1251")) == "Їжак"
        assert said(mail + "Їжак".encode()) == "Їжак"
    assert said(f"From: {OLENA}\nContent-Type: text/plain; charset=base64\n\nx".encode()) == "x"
    assert said(f"From: {OLENA}\nContent-Type: text/plain; charset=idna\n\nx".encode()) == "x"


@pytest.mark.parametrize(
    "sender",
    [
        "Olena <Olena@Example.COM>",
        "olena@example.com",
        '"Коваль, Олена" <olena@example.com>',
        "=?windows-1251?B?zuvl7eA=?= <olena@example.com>",
        "=?utf-8?q?<ivan=40example=2Ecom>?= <olena@example.com>",
        "olena@example.com (Олена)",
    ],
)
def test_who_wrote(sender: str) -> None:
    raw = Raw(f"From: {sender}\n\nx".encode(), {"envelope-from": "", "envelope-to": REPLY})
    assert EMAIL.verify(raw) is None
    assert [one.address for one in EMAIL.parse(Raw(raw.body, {**raw.headers, "envelope-from": "x@example.com"}))] == [
        OLENA
    ]


@pytest.mark.parametrize(
    "sender",
    [
        "=?utf-8?q?ivan=40example=2Ecom=2C?= <myron@example.net>",
        '"ivan@example.com" <myron@example.net>',
        "(ivan@example.com) myron@example.net",
    ],
)
def test_a_name_is_no_address_however_it_looks(sender: str) -> None:
    (one,) = taken(f"From: {sender}\n\nx", "vikno@example.org", "myron@example.net")
    assert one.address == "myron@example.net"


@pytest.mark.parametrize(
    "senders",
    [
        "From: myron@example.net, ivan@example.com",
        "From: myron@example.net\nFrom: ivan@example.com",
        "From: ivan@example.com@example.net",
        "From: =?utf-8?q?<ivan=40example=2Ecom>?= <myron@example.net>",
        "From: Myron",
        "From: <>",
        "From: вася@example.com",
    ],
)
def test_nobody_begins_a_conversation_in_two_names_or_in_none(senders: str) -> None:
    raw = Raw(f"{senders}\n\nx".encode(), {"envelope-from": OLENA, "envelope-to": "vikno@example.org"})
    with pytest.raises(Unreadable):
        EMAIL.parse(raw)


def test_a_forwarded_address_of_the_same_person_is_known_by_the_envelope() -> None:
    mail = "From: olena.koval@work.example\n\n2"
    (one,) = taken(mail)
    assert one.address == OLENA
    assert EMAIL.verify(Raw(mail.encode(), {"envelope-from": "x@example.com", "envelope-to": REPLY})) is not None


def test_the_date_and_the_language_are_read() -> None:
    (one,) = taken(f"From: {OLENA}\nDate: Fri, 20 Nov 2026 10:15:00 +0200\nContent-Language: uk-UA\n\nx")
    assert (one.at_ms, one.lang) == (1795162500000, "uk")
    for date in ("", "yesterday", "Fri, 99 Nov 2026 99:99:99 +9999", "1 Jan 0001 00:00:00 +0000"):
        (one,) = taken(f"From: {OLENA}\nDate: {date}\nContent-Language: 12\n\nx")
        assert one.lang is None


@pytest.mark.parametrize(
    ("kind", "disposition", "told"),
    [
        ("image/jpeg", "attachment; filename=a.jpg", "photo"),
        ("image/jpeg", "inline; filename=a.jpg", "photo"),
        ("audio/ogg", "attachment", "voice"),
        ("video/mp4", "attachment", "video"),
        ("application/pdf", "attachment; filename=a.pdf", "file"),
        ("text/plain", "attachment; filename=a.txt", "file"),
        ("application/pgp-signature", "attachment; filename=signature.asc", None),
        ("text/calendar", "inline", None),
    ],
)
def test_what_was_sent_along(kind: str, disposition: str, told: str | None) -> None:
    mail = (
        f"From: {OLENA}\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nxx\n--x\n"
        f"Content-Type: {kind}\nContent-Disposition: {disposition}\n\nAAAA\n--x--\n"
    )
    happened = [one.happened for one in taken(mail)]
    assert happened == [Wrote("xx"), *([Unsupported(told)] if told else [])]
    alone = [one.happened for one in taken(mail.replace("\n\nxx\n", "\n\n\n"))]
    assert alone == ([Unsupported(told)] if told else [Wrote("")])
    keys = [one.key for one in taken(mail)]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\r\n\r\n",
        b"\0" * 100,
        b"no header at all\r\n",
        b"Subject: x\r\n\r\nno sender",
        b"From: olena@example.com\r\nContent-Type: multipart/mixed\r\n\r\nx",
        b"From: olena@example.com\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\nno such boundary",
        b"From: olena@example.com\r\n" + b"x" * EMAIL_INBOUND_BYTES,
        b"From: olena@example.com\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
        + b"--x\r\n\r\n\r\n" * 1000
        + b"--x--",
    ],
)
def test_what_is_no_mail_is_kept_aside(body: bytes) -> None:
    with pytest.raises(Unreadable):
        EMAIL.parse(Raw(body, {"envelope-from": OLENA, "envelope-to": "vikno@example.org"}))


def nested(depth: int) -> bytes:
    """Parts in parts in parts."""
    heads = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (at, at) for at in range(depth))
    return b"From: olena@example.com\r\n" + heads + b"\r\nx\r\n"


@pytest.mark.parametrize(
    "body",
    [
        nested(50),
        nested(500),
        nested(3500),
        b"From: " + b"(" * 200_000 + b"\r\n\r\nx",
        b"From: " + b"a@example.com, " * 15_000 + b"\r\n\r\nx",
        b"From: olena@example.com\r\nReferences: " + b"<a@example.org> " * 15_000 + b"\r\n\r\n2",
        b"From: olena@example.com\r\nSubject: " + b"=?utf-8?q?" * 20_000 + b"\r\n\r\nx",
        b"From: olena@example.com\r\nSubject: " + b"re: " * 60_000 + b"\r\n\r\nx",
        b"From: olena@example.com\r\nX: y\r\n" * 7_000 + b"\r\nx",
        b"From: olena@example.com\r\n\r\n" + b"x:\r\n" * 60_000,
        b"From: olena@example.com\r\n\r\n" + b"a@b " * 60_000 + b":",
        b"From: olena@example.com\r\n\r\n" + b">" * 250_000,
        b"From: olena@example.com\r\n\r\n" + b"\r\n" * 120_000,
        b"From: olena@example.com\r\nContent-Type: text/html\r\n\r\n" + b"<div>" * 50_000,
        b"From: olena@example.com\r\nContent-Type: text/html\r\n\r\n" + b"<blockquote>" * 20_000,
        b"From: olena@example.com\r\nContent-Type: text/html\r\n\r\n" + b"&" * 250_000,
        b"From: olena@example.com\r\nContent-Type: text/html\r\n\r\n" + b"<!" * 120_000,
        b"From: olena@example.com\r\nContent-Type: text/html\r\n\r\n" + b"<a " * 80_000,
        b"From: olena@example.com\r\nContent-Type: text/plain" + b"; a*0=x" * 30_000 + b"\r\n\r\nx",
        b"From: olena@example.com\r\nContent-Type: text/html\r\n\r\n" + b"<!--" * 60_000,
        b"From: olena@example.com\r\nContent-Type: text/html\r\n\r\n" + b"<a b='" * 40_000,
        b"From: olena@example.com\r\nContent-Type: text/html\r\n\r\n" + b"</a" * 80_000,
        b"From: olena@example.com\r\nDate: " + b"1 " * 100_000 + b"\r\n\r\nx",
        b"From: olena@example.com\r\n\r\n" + b":\n\n" * 80_000,
        b"From: olena@example.com\r\n\r\n" + b"\n" * 64_000 + b">\n" * 32_000,
        b"From: olena@example.com\r\nContent-Type: text/plain" + b";" * 250_000 + b"\r\n\r\nx",
        b"From: olena@example.com\r\nContent-Type: text/html\r\n\r\n<blockquote>" + b"<i>" * 20_000 + b"</b>" * 17_000,
        b"From: olena@example.com\r\nContent-Type: text/html\r\n\r\n" + b"<![x>" * 50_000,
    ],
    ids=lambda body: str(body[24:64]),
)
@pytest.mark.parametrize("to", ["new", "reply"])
def test_a_hostile_mail_costs_little(body: bytes, to: str) -> None:
    address = REPLY if to == "reply" else "vikno@example.org"
    raw = Raw(body[:EMAIL_INBOUND_BYTES], {"envelope-from": OLENA, "envelope-to": address})
    began = time.process_time()
    EMAIL.verify(raw)
    with contextlib.suppress(Unreadable):
        EMAIL.parse(raw)
    assert time.process_time() - began < 2


HEADS = st.sampled_from(
    [
        b"From: olena@example.com\r\n", b"From: =?utf-8?b?!!!?= <olena@example.com>\r\n", b"Subject: \xff\xfe\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n", b"Content-Type: multipart/report\r\n",
        b"Content-Type: message/rfc822\r\n", b"Content-Type: text/html; charset=\xff\r\n", b"Date: x\r\n",
        b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: x-uuencode\r\n", b"In-Reply-To: <\r\n",
        b"Content-Type: message/delivery-status\r\n", b"Content-Disposition: =\r\n", b"\r\n", b"--x\r\n", b"--x--\r\n",
        b"Content-Type: ;;;=\r\n", b"Content-Type: text/plain; charset*=x''%ff\r\n", b"From:\r\n", b"\xd0\r\n",
    ]
)  # fmt: skip


@given(st.lists(HEADS | st.binary(max_size=40), max_size=14), st.sampled_from(["vikno@example.org", REPLY]))
@settings(max_examples=400)
def test_whatever_comes_is_read_or_kept_aside(parts: list[bytes], to: str) -> None:
    raw = Raw(b"".join(parts), {"envelope-from": OLENA, "envelope-to": to})
    EMAIL.verify(raw)
    try:
        found = EMAIL.parse(raw)
    except Unreadable:
        return
    for one in found:
        assert one.address
        assert len(one.key) <= 34


@given(st.binary(max_size=300))
def test_whatever_bounces_is_refused_unless_it_is_signed(body: bytes) -> None:
    to = f"bounce+k3x7.{'a' * 26}@example.org"
    assert EMAIL.verify(Raw(body, {"envelope-from": "", "envelope-to": to})) is not None


@given(st.text(max_size=400))
def test_reading_an_answer_never_fails(text: str) -> None:
    assert len(bare(text)) <= len(text) + 1
    from_html(text)


MARKUP = ["<", ">", "!", "?", "/", "[", "]", "--", "=", '"', "&", "if", "CDATA", "b", "p", "blockquote", "script", " "]


@given(st.lists(st.sampled_from(MARKUP), max_size=30).map("".join))
@settings(max_examples=400)
def test_reading_a_page_never_fails(page: str) -> None:
    from_html(page)
