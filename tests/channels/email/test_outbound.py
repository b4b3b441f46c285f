"""What a mail says and shows; nothing that somebody writes becomes a header, a line or a tag."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.channels.email.conftest import KEY
from vikno.channels.email import Email, SenderWrong, SmtpAnswer
from vikno.channels.email.addresses import MOST_CHOICES_CHARACTERS, Doors, choices_of, mailbox, with_choices
from vikno.domain.dialog.messages import Button
from vikno.testing.email import read
from vikno.usecases.channel import BadMessage, Misconfigured, Outbound, Sent
from vikno.wire.limits import EMAIL_HTML_BYTES, EMAIL_LOCAL_PART_CHARACTERS

OLENA = "olena@example.com"
EXPECTED = {
    "from", "to", "subject", "date", "message-id", "reply-to", "references", "auto-submitted", "precedence",
    "x-auto-response-suppress", "list-unsubscribe", "list-unsubscribe-post", "content-language", "mime-version",
    "content-type", "content-transfer-encoding",
}  # fmt: skip
NASTY = st.text(
    st.one_of(st.characters(), st.sampled_from("\r\n\0\x0b\x0c\x1c\x85\u2028\u2029<>\"'=?&;:,@\\")), max_size=200
)


def page(message: bytes) -> str:
    part = read(message).get_body(("html",))
    assert part is not None
    return str(part.get_content())


def text(message: bytes) -> str:
    part = read(message).get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_the_same_message_is_the_same_mail(make: Callable[..., Email]) -> None:
    said = Outbound("Добрий день", buttons=(Button("1.a", "Так"),), stop="https://example.org/s")
    one, other = make(), make()
    assert one.render(said, OLENA) == other.render(said, OLENA)
    first, second = one.render(said, OLENA)[0], one.render(said, OLENA)[0]
    assert first.id != second.id
    assert b"mail000000000002" in first.message
    assert first.message.replace(b"mail000000000002", b"mail000000000003") == second.message
    assert first.sender.replace("mail000000000002", "mail000000000003") != second.sender, "a bounce is of one mail"


@given(said=NASTY, subject=st.none() | NASTY, label=NASTY, link=st.none() | NASTY, stop=st.none() | NASTY, lang=NASTY)
@settings(max_examples=300)
def test_nothing_somebody_writes_becomes_a_header(
    said: str, subject: str | None, label: str, link: str | None, stop: str | None, lang: str
) -> None:
    email = Email(sender="Вікно <vikno@example.org>", key=KEY, clock=lambda: 0, ids=lambda: "x1")
    buttons = (Button(label[:20], label), Button("1.b", label, "nav"))
    (mail,) = email.render(Outbound(said, lang, buttons, "notice", subject, link, stop), OLENA)
    mail.message.decode("ascii")
    head, _, _ = mail.message.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) < 998
    assert b"\n" not in head.replace(b"\r\n", b"")
    parsed = message_from_bytes(mail.message, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    names = [name.lower() for name in parsed]
    assert set(names) <= EXPECTED
    assert len(names) == len(set(names))
    assert str(parsed["to"]) == OLENA
    assert parsed["from"].addresses[0].addr_spec == "vikno@example.org"
    assert "\n" not in str(parsed["subject"])
    assert str(parsed["subject"])


@given(name=NASTY)
def test_no_name_of_an_account_becomes_a_header(name: str) -> None:
    email = Email(sender="x <vikno@example.org>", key=KEY, clock=lambda: 0, ids=lambda: "x1")
    writer = email._writer.__class__(email._doors, name)
    mail = writer.write(Outbound("Добрий день"), OLENA, "x1", 0)
    parsed = read(mail.message)
    assert {one.lower() for one in parsed} <= EXPECTED
    assert [one.addr_spec for one in parsed["from"].addresses] == ["vikno@example.org"]


class Tags(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


@given(said=NASTY, label=NASTY)
def test_nothing_somebody_writes_becomes_a_tag(said: str, label: str) -> None:
    email = Email(sender="Вікно <vikno@example.org>", key=KEY, clock=lambda: 0, ids=lambda: "x1")
    said += "<script>alert(1)</script><img src=x onerror=alert(1)>"
    (mail,) = email.render(Outbound(said, buttons=(Button("1.a", label),)), OLENA)
    shown = Tags(page(mail.message))
    assert set(shown.tags) <= {
        "html", "head", "meta", "title", "style", "body", "main", "p", "br", "ul", "ol", "li", "a", "footer",
    }  # fmt: skip
    assert all(link.startswith("mailto:reply+") for link in shown.links)


def test_a_page_is_read_as_it_is_meant(email: Email) -> None:
    said = "Оберіть <одну> з двох:\nдругий рядок\n\n• перше & друге\n• третє\nпісля списку"
    buttons = (Button("1.a", "Так"), Button("1.b", "Ні"), Button("1.nhelp", "Допомога", "nav"))
    (mail,) = email.render(Outbound(said, "uk", buttons, link="https://example.org/s?a=1&b=2"), OLENA)
    shown = page(mail.message)
    assert '<html lang="uk">' in shown
    assert "color-scheme" in shown
    assert "prefers-color-scheme: dark" in shown
    assert "Оберіть &lt;одну&gt; з двох:" in shown
    assert "<li>перше &amp; друге</li>" in shown
    assert Tags(shown).tags.count("ul") == 1
    assert Tags(shown).tags.count("ol") == 1
    assert 'href="https://example.org/s?a=1&amp;b=2"' in shown
    assert shown.count("<ul>") == shown.count("</ul>")
    assert shown.count("<p") == shown.count("</p>")
    (link,) = [one for one in Tags(shown).links if "%5B1.b%5D" in one]
    fields = parse_qs(urlsplit(link).query)
    assert fields["body"] == ["Ні [1.b]"]
    assert fields["subject"] == ["Re: Оберіть <одну> з двох:"]


def test_an_english_mail_is_english(email: Email) -> None:
    (mail,) = email.render(Outbound("Hello", "en", (Button("1.a", "Yes"),), link="https://example.org"), OLENA)
    assert "just reply" in text(mail.message)
    assert "Open on the website" in page(mail.message)
    (other,) = email.render(Outbound("Cześć", "pl", (Button("1.a", "Tak"),)), OLENA)
    assert "just reply" in text(other.message)


@pytest.mark.parametrize(
    ("lang", "words"), [("uk", "написати: «Назад»."), ("en", "write: “Назад”."), ("pl", "“Назад”.")]
)
def test_what_can_be_written_is_quoted_as_its_language_quotes(email: Email, lang: str, words: str) -> None:
    said = Outbound("?", lang, buttons=(Button("1.nback", "Назад", style="nav"),))
    assert words in text(email.render(said, OLENA)[0].message)


def test_no_choice_and_no_word_is_lost(email: Email) -> None:
    labels = [f"Варіант {number} " + "дуже довга назва " * 5 for number in range(40)]
    said = "слово " * 20_000
    buttons = tuple(Button(f"1.{number}", label) for number, label in enumerate(labels))
    (mail,) = email.render(Outbound(said, buttons=buttons), OLENA)
    plain = text(mail.message)
    assert plain.startswith(said.rstrip())
    assert all(f"{number}. {label.strip()}" in plain for number, label in enumerate(labels, 1))


def test_a_page_that_would_be_cut_is_left_out(email: Email) -> None:
    (mail,) = email.render(Outbound("ї" * EMAIL_HTML_BYTES), OLENA)
    assert read(mail.message).get_content_type() == "text/plain"
    assert text(mail.message).count("ї") == EMAIL_HTML_BYTES


@pytest.mark.parametrize(
    ("said", "subject", "expected"),
    [
        ("Перший рядок\nдругий", None, "Перший рядок"),
        ("\n\n  \n• Пункт", None, "• Пункт"),
        ("", None, "Вікно"),
        ("x", "Паспорт готовий", "Паспорт готовий"),
        ("x", "один\r\nBcc: evil@example.org", "один Bcc: evil@example.org"),
        ("слово " * 100, None, ("слово " * 16).strip() + "…"),
        ("Вітаємо! " + "слово " * 100, None, "Вітаємо!"),
        ("Строк 1.5 року " + "слово " * 100, None, ("Строк 1.5 року " + "слово " * 14).strip() + "…"),
        ("x", "=?utf-8?b?0YU=?=", "=?utf-8?b?0YU=?="),
    ],
)
def test_the_subject_is_short_and_on_one_line(email: Email, said: str, subject: str | None, expected: str) -> None:
    (mail,) = email.render(Outbound(said, subject=subject), OLENA)
    assert str(read(mail.message)["subject"]) == expected


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("https://vikno.example.org/s/abc", True),
        ("http://127.0.0.1:8080/s/abc", True),
        ("javascript:alert(1)", False),
        ("https://example.org/\r\nBcc: x", False),
        ("https://example.org/<x>", False),
        ("data:text/html,x", False),
        ("https://[x", False),
    ],
)
def test_only_addresses_of_the_web_become_links(email: Email, link: str, shown: bool) -> None:
    (mail,) = email.render(Outbound("x", link=link, stop=link), OLENA)
    assert (link in text(mail.message)) == shown
    assert bool(read(mail.message)["list-unsubscribe"]) == shown
    # RFC 8058 asks for https; a laptop without it still has the link and the mail address.
    assert bool(read(mail.message)["list-unsubscribe-post"]) == (shown and link.startswith("https"))


def test_a_thread_is_one_for_a_person_and_not_for_notices(email: Email) -> None:
    def thread(said: Outbound, to: str) -> object:
        return read(email.render(said, to)[0].message)["references"]

    first, second = thread(Outbound("a"), OLENA), thread(Outbound("b"), OLENA)
    assert first == second != thread(Outbound("a"), "ivan@example.com")
    assert thread(Outbound("a", purpose="notice"), OLENA) is None
    assert read(email.render(Outbound("a", purpose="bulk"), OLENA)[0].message)["precedence"] == "bulk"


@pytest.mark.parametrize(
    "sender",
    ["", "Вікно", "a@b@c", "vikno+x@example.org", "вікно@example.org", "x" * 60 + "@example.org", "a\r\nb@example.org"],
)
def test_a_sender_that_cannot_be_one_is_refused(sender: str) -> None:
    with pytest.raises(SenderWrong):
        Email(sender=sender, key=KEY)
    with pytest.raises(SenderWrong):
        Email(sender="vikno@example.org", key=b"")


def test_our_addresses_are_short_enough_and_nobody_elses() -> None:
    doors = Doors("email/main", "vikno", "example.org", KEY)
    longest = "a" * 64 + "@" + "b" * 180 + ".example"
    for made in (doors.reply(longest), doors.stop(longest), doors.bounce("a" * 16, longest), doors.entry("x" * 22)):
        assert len(made.partition("@")[0]) <= EMAIL_LOCAL_PART_CHARACTERS
        assert mailbox(made.lower()) == made.lower()
        door = doors.door(made)
        assert door is not None
        assert doors.door(made.upper()) is not None
        assert door.way == "entry" or doors.owner(door, [OLENA, longest]) == longest
        assert door.way == "entry" or doors.owner(door, [OLENA]) is None
    others = (Doors("email/other", "vikno", "example.org", KEY), Doors("email/main", "vikno", "example.org", b"x"))
    for other in others:
        assert other.reply(OLENA) != doors.reply(OLENA)
    door = doors.door(doors.reply(OLENA))
    assert door is not None
    assert doors.stop(OLENA).partition("+")[2] != doors.reply(OLENA).partition("+")[2]


@given(st.text(max_size=100))
def test_no_address_is_a_door_by_chance(written: str) -> None:
    doors = Doors("email/main", "vikno", "example.org", KEY)
    found = doors.door(written)
    assert found is None or written.strip("<> ").lower().endswith("@example.org")
    door = doors.door(f"reply+{written}@example.org")
    assert door is None or doors.owner(door, [OLENA]) is None


IDS = st.lists(st.from_regex(r"[A-Za-z0-9_.-]{1,20}", fullmatch=True), min_size=1, max_size=12)


@given(IDS)
def test_choices_are_read_as_they_were_written(ids: list[str]) -> None:
    left = with_choices("k3x7", ids)
    assert choices_of(left) in (tuple(ids), ())
    assert left == "k3x7" or left.startswith("k3x7~")
    assert len(left) <= len("k3x7~") + MOST_CHOICES_CHARACTERS
    assert not read(f"Message-ID: <{left}@example.org>\r\n\r\n".encode())["message-id"].defects


def test_choices_of_the_dialogue_fit_in() -> None:
    ids = [f"117.a{letter * 8}" for letter in "abcdefghij"]
    assert choices_of(with_choices("k3x7k3x7k3x7k3x7", ids)) == tuple(ids)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (SmtpAnswer(250, "2.0.0 OK"), Sent("mail000000000002@example.org")),
        (SmtpAnswer(500, "what?", "data"), Misconfigured("500")),
        (SmtpAnswer(554, "5.7.1 no", "connect"), Misconfigured("554 5.7.1")),
        (SmtpAnswer(550, "5.1.8 sender unknown", "recipient"), Misconfigured("550 5.1.8")),
        (SmtpAnswer(571, "no", "recipient"), BadMessage("571")),
        (SmtpAnswer(220, "x"), Sent("mail000000000002@example.org")),
        (SmtpAnswer(354, "go on"), Misconfigured("354")),
        (SmtpAnswer(-1, "nonsense"), Misconfigured("-1")),
    ],
)
def test_what_a_server_says_is_understood(make: Callable[..., Email], answer: SmtpAnswer, outcome: object) -> None:
    numbers = iter(["mail000000000002"])
    email = make(ids=lambda: next(numbers))
    (mail,) = email.render(Outbound("x"), OLENA)
    assert email.classify(mail, answer) == outcome


def test_nothing_personal_is_shown() -> None:
    email = Email(sender="vikno@example.org", key=KEY)
    (mail,) = email.render(Outbound("Ваш паспорт"), OLENA)
    assert "olena" not in repr(mail)
    assert "olena" not in repr(SmtpAnswer(550, "5.1.1 olena@example.com"))
    assert repr(KEY) not in repr(Doors("email/main", "vikno", "example.org", KEY)), "who has it can answer as anybody"
    assert "olena" not in repr(email.classify(mail, SmtpAnswer(550, "5.1.1 <olena@example.com> unknown", "recipient")))
