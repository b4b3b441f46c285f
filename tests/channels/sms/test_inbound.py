"""What comes is believed, read and answered as it should, whatever it is."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikno.channels.sms import SecretUnfit, SenderUnfit, Sms, phone
from vikno.channels.sms.inbound import START, STOP, meant
from vikno.channels.sms.kannel import Gateway
from vikno.usecases.channel import Inbound, Left, Opened, Outbound, Raw, Returned, Unreadable, Wrote
from vikno.wire.hooks import Hook
from vikno.wire.limits import SMS_CALLBACK_BYTES

SECRET = "a-secret-of-the-callback"
SMS = Sms(number="1515", gateway="http://u:p@host/cgi-bin/sendsms", secret=SECRET)
PHONE = "380501112233"

some = st.text(max_size=60)
names = st.one_of(
    some, st.sampled_from(["secret", "id", "from", "to", "text", "charset", "coding", "dlr", "message", "reply"])
)
headers = st.one_of(some, st.sampled_from(["content-type", "x-kannel-from", "x-kannel-coding", "x-kannel-time"]))
values = st.one_of(some, st.sampled_from([SECRET, PHONE, "1", "2", "8", "UTF-16BE", 'text/plain; charset="UTF-16BE"',
                                          "application/vnd.vikno.smpp+json"]))  # fmt: skip


@given(
    st.binary(max_size=300), st.dictionaries(headers, values, max_size=6), st.dictionaries(names, values, max_size=8)
)
def test_whatever_comes_is_refused_read_or_unreadable(body: bytes, head: dict[str, str], query: dict[str, str]) -> None:
    raw = Raw(body, head, query)
    refused = SMS.verify(raw)
    given_secret = query.get("secret") or head.get("x-vikno-secret")
    assert (refused is None) == (given_secret == SECRET)
    try:
        came = SMS.parse(raw)
    except Unreadable:
        came = ()
    for one in came:
        assert isinstance(one, Inbound)
        assert one.key
        assert one.address == "" or (one.address.isdigit() and len(one.address) <= 15)
    assert SMS.ack(came, ()).status == 200


@pytest.mark.parametrize(
    "raw",
    [
        Raw(b"x" * (SMS_CALLBACK_BYTES + 1), {"x-kannel-from": PHONE}),
        Raw(b"", {}, {"from": PHONE, "text": "x" * (SMS_CALLBACK_BYTES + 1)}),
        Raw(b"[" * 60_000, {"content-type": "application/vnd.vikno.smpp+json"}),
        Raw(b"", {}, {"dlr": "1" * 5000, "message": "x"}),
        Raw(b"", {}, {"dlr": "1", "message": "x" * 5000}),
        Raw(b"", {}, {"dlr": "\u0661", "message": "x"}),
    ],
)
def test_what_is_huge_or_deep_is_unreadable(raw: Raw) -> None:
    with pytest.raises(Unreadable):
        SMS.parse(raw)


def test_a_huge_sender_is_nobody() -> None:
    assert SMS.parse(Raw(b"x", {"x-kannel-from": "+" + "3" * 5000})) == ()


def test_a_huge_id_is_not_a_key() -> None:
    (came,) = SMS.parse(Raw(b"x", {"x-kannel-from": PHONE}, {"id": "7" * 5000}))
    assert len(came.key) < 64


@pytest.mark.parametrize("secret", ["short", "has spaces in it, and more", "відповідь-українською-мовою", "%d" * 10])
def test_a_secret_that_kannel_would_change_is_refused_at_the_start(secret: str) -> None:
    with pytest.raises(SecretUnfit):
        Sms(number="1515", gateway="http://u:p@host/", secret=secret)


@pytest.mark.parametrize(
    "query", [{"secret": "x" * 10_000_000}, {"secret": SECRET + "\x00"}, {"secret": "\ud800" * 24}]
)
def test_a_wrong_secret_of_any_size_is_refused(query: dict[str, str]) -> None:
    refused = SMS.verify(Raw(b"", {}, query))
    assert refused is not None
    assert refused.status == 403
    assert SECRET not in refused.reason


def test_the_secret_may_stand_in_a_header() -> None:
    assert SMS.verify(Raw(b"", {"x-vikno-secret": SECRET})) is None


@pytest.mark.parametrize("word", sorted(STOP))
def test_every_word_that_ends_it_does(word: str) -> None:
    for written in (word, word.upper(), f" {word.title()}! ", f"«{word}».", word.replace(" ", "  ")):
        assert meant(written) == Left(said=True)


@pytest.mark.parametrize("word", sorted(START))
def test_every_word_that_lets_it_begin_does(word: str) -> None:
    assert meant(f" {word.upper()}. ") == Returned()


@given(st.from_regex(r"[A-Za-z0-9_-]{1,22}", fullmatch=True))
def test_every_token_comes_back_from_the_sms_that_its_link_writes(token: str) -> None:
    link = SMS.entry_link(token)
    assert link is not None
    assert link.say is not None
    assert meant(link.say) == Opened(token)
    assert meant(link.say.replace("--", "\u2014").replace("VIKNO", "Вікно")) == Opened(token)
    assert " " not in link.url


@pytest.mark.parametrize("text", ["VIKNO " + "a" * 23, "VIKNO два слова", "VIKNO a/b", "VIKNOdesk", "vikno desk 12"])
def test_what_is_no_token_is_words(text: str) -> None:
    assert meant(text) == Wrote(text)


@given(st.text(max_size=60))
def test_a_number_is_digits_or_none(written: str) -> None:
    found = phone(written)
    assert found is None or (found.isascii() and found.isdigit() and 8 <= len(found) <= 15)
    assert found is None or phone(f"+{found}") == found == phone(found)


def test_a_gateway_without_ids_names_a_message_by_what_it_says() -> None:
    def key(text: str, time: str) -> str:
        head = {"x-kannel-from": PHONE, "x-kannel-to": "1515", "x-kannel-time": time}
        return SMS.parse(Raw(text.encode(), head))[0].key

    first = key("Так", "2026-11-22 06:15:31")
    assert key("Так", "2026-11-22 06:15:31") == first
    assert key("Ні", "2026-11-22 06:15:31") != first
    assert key("Так", "2026-11-22 06:16:02") != first
    assert PHONE not in first


def test_nothing_of_a_person_or_a_password_is_shown() -> None:
    sms = Sms(
        number="1515",
        gateway="http://vikno:hush-hush@host/cgi-bin/sendsms",
        secret=SECRET,
        callback="https://us/hooks/sms/main",
    )
    shown = repr(sms.render(Outbound("Ваш паспорт готовий"), PHONE))
    assert not any(word in shown for word in ("hush", PHONE, SECRET, "паспорт")), shown
    assert "hush" not in repr(Gateway.of("http://vikno:hush-hush@host/cgi-bin/sendsms"))
    line = Sms(number="1515", gateway="smpp://vikno:hush@host")
    shown = repr(line.render(Outbound("Ваш паспорт готовий"), PHONE))
    assert not any(word in shown for word in ("hush", PHONE, "паспорт")), shown


async def test_a_query_of_endless_fields_is_no_failure_of_ours() -> None:
    hook = Hook(SMS, cast(Any, None), cast(Any, None), cast(Any, None))  # nothing behind it is asked
    status, _, _ = await hook.answer([], b"", b"&".join(b"a%d=1" % at for at in range(1000)))
    assert status == 400


@pytest.mark.parametrize(
    "number", ["", "Вікно", "12", "+", "A-name-too-long", "1515\r\nX-Kannel-To: 1", "1515\n", "1234567890123456"]
)
def test_a_sender_that_no_network_shows_is_refused_at_the_start(number: str) -> None:
    with pytest.raises(SenderUnfit):
        Sms(number=number, gateway="http://u:p@host/")


@pytest.mark.parametrize("number", ["1515", "+380440001515", "380440001515", "VIKNO", "DMS Ukraine", "4you"])
def test_a_sender_is_a_number_or_a_short_name(number: str) -> None:
    assert Sms(number=number, gateway="http://u:p@host/").number == number
