"""Whatever comes: it is believed only with the secret, and read or refused in one of two ways, quickly."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikno.channels.telegram import Telegram
from vikno.channels.telegram.inbound import MOST_BYTES, SENT
from vikno.usecases.channel import Opened, Pressed, Raw, Reported, Unreadable, Unsupported, Wrote

BOT = Telegram(token="1:abc", secret="hush-42")
CHAT = {"id": 42, "type": "private"}
OLENA = {"id": 42, "is_bot": False, "first_name": "Олена", "language_code": "uk"}


def update(**content: Any) -> bytes:
    return json.dumps({"update_id": 7, **content}).encode()


def message(**content: Any) -> bytes:
    return update(message={"message_id": 1, "date": 1790000000, "chat": CHAT, "from": OLENA, **content})


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=10), inner, max_size=4)),
    max_leaves=20,
)
FIELDS = st.sampled_from([
    "update_id", "message", "edited_message", "callback_query", "my_chat_member", "chat", "from", "id", "type", "text",
    "date", "data", "new_chat_member", "status", "language_code", "is_bot", *SENT,
])  # fmt: skip
CROOKED = st.recursive(
    JSON,
    lambda inner: st.dictionaries(FIELDS, st.one_of(inner, st.integers(), st.just(CHAT)), max_size=6),
    max_leaves=25,
)


@given(st.one_of(st.binary(max_size=200), JSON.map(lambda one: json.dumps(one).encode())))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with contextlib.suppress(Unreadable):
        BOT.parse(Raw(body))


@given(CROOKED)
def test_no_crooked_update_breaks_the_reader(said: Any) -> None:
    for whole in (said, {"update_id": 1, "message": said}, {"update_id": 1, "callback_query": said}):
        with contextlib.suppress(Unreadable):
            inbound = BOT.parse(Raw(json.dumps(whole).encode()))
            assert len(inbound) <= 1
            BOT.ack(inbound, ())


@pytest.mark.parametrize("depth", [100, 1000, 100_000, 400_000])
@pytest.mark.parametrize("where", ["unknown", "message", "photo"])
def test_a_deep_update_is_read_or_refused_at_once(depth: int, where: str) -> None:
    deep = b"[" * depth + b"]" * depth
    body = {
        "unknown": b'{"update_id": 7, "what": ' + deep + b"}",
        "message": b'{"update_id": 7, "message": ' + deep + b"}",
        "photo": message(photo="!").replace(b'"!"', deep),
    }[where]
    began = time.monotonic()
    with contextlib.suppress(Unreadable):
        assert [one.happened for one in BOT.parse(Raw(body))] == ([Unsupported("photo")] if where == "photo" else [])
    assert time.monotonic() - began < 1


def test_a_huge_update_is_refused_unread() -> None:
    with pytest.raises(Unreadable, match="too_large"):
        BOT.parse(Raw(message(text="ї" * MOST_BYTES)))
    (inbound,) = BOT.parse(Raw(message(text="ї" * 4096)))
    assert inbound.happened == Wrote("ї" * 4096)


def test_numbers_beyond_all_measure_are_refused() -> None:
    for number in ("1e999", "99999999999999999999999999", "-0.5", '"7"', "null", "true"):
        with pytest.raises(Unreadable):
            BOT.parse(Raw(b'{"update_id": ' + number.encode() + b"}"))


def test_why_it_is_unreadable_says_nothing_of_what_was_written() -> None:
    with pytest.raises(Unreadable) as raised:
        BOT.parse(Raw(update(message={"chat": CHAT, "text": {"таємниця": 1}})))
    assert "таємниця" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("kind", SENT)
def test_each_kind_of_what_is_not_read_here_is_told(kind: str) -> None:
    (inbound,) = BOT.parse(Raw(message(**{kind: {"file_id": "x"}})))
    assert inbound.happened == Unsupported(kind)


def test_a_kind_that_is_null_is_not_there() -> None:
    assert BOT.parse(Raw(message(photo=None))) == ()


@pytest.mark.parametrize(
    ("text", "happened"),
    [
        ("/start", Opened("")),
        ("/start abc_-1", Opened("abc_-1")),
        ("/start  abc", Opened("abc")),
        ("/start@vikno_bot abc", Opened("abc")),
        ("/start " + "x" * 64, Opened("x" * 64)),
        ("/start " + "x" * 65, Opened("")),
        ("/start abc def", Opened("abc")),
        ("/start\nabc", Opened("abc")),
        ("/start a;b", Opened("")),
        ("/START", Wrote("/START")),
        (" /start", Wrote(" /start")),
        ("/help", Wrote("/help")),
        ("", Wrote("")),
    ],
)
def test_how_a_start_is_read(text: str, happened: object) -> None:
    (inbound,) = BOT.parse(Raw(message(text=text)))
    assert inbound.happened == happened


@pytest.mark.parametrize(
    ("code", "lang"),
    [
        ("uk", "uk"),
        ("EN", "en"),
        ("pt-br", "pt"),
        ("zh_Hans", "zh"),
        ("fil", None),
        ("", None),
        ("1", None),
        (None, None),
    ],
)
def test_the_language_is_two_letters(code: str | None, lang: str | None) -> None:
    about = {**OLENA, "language_code": code}
    (inbound,) = BOT.parse(Raw(update(message={"message_id": 1, "date": 1, "chat": CHAT, "from": about, "text": "х"})))
    assert inbound.lang == lang


def test_only_a_single_press_rides_in_the_answer() -> None:
    press = update(callback_query={"id": 'a"b', "from": OLENA, "message": {"chat": CHAT}, "data": "1.a"})
    (inbound,) = BOT.parse(Raw(press))
    assert inbound.happened == Pressed("1.a")
    assert json.loads(BOT.ack([inbound], ()).body) == {"method": "answerCallbackQuery", "callback_query_id": 'a"b'}
    assert BOT.ack([inbound, inbound], ()).body == b""
    assert BOT.ack((), ()).body == b""


@given(st.text(max_size=300))
def test_no_other_secret_is_believed(given_secret: str) -> None:
    refused = BOT.verify(Raw(b"{}", {"x-telegram-bot-api-secret-token": given_secret}))
    assert (refused is None) == (given_secret == "hush-42")
    if refused is not None:
        assert refused.status == (403 if given_secret else 401)
        assert "hush" not in refused.reason


def test_telegram_sends_no_receipts() -> None:
    assert not BOT.capabilities.receipts
    assert not isinstance(BOT.parse(Raw(message(text="x")))[0].happened, Reported)
