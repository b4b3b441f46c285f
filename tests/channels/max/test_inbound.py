"""What MAX brings: believed only with its secret, read only when it is what it says."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.max.conftest import SECRET, TOKEN
from vikno.channels.max import Max
from vikno.channels.max.inbound import MOST_BYTES, SECRET_HEADER, UPDATES, read
from vikno.testing.max import UPDATES as KNOWN
from vikno.usecases.channel import Inbound, Opened, Pressed, Raw, Unreadable, Unsupported, Wrote
from vikno.wire import limits

BOT = Max(token=TOKEN, secret=SECRET)
PERSON = {"user_id": 5, "first_name": "A", "is_bot": False, "last_activity_time": 1}


def wrote(text: str | None, **body: Any) -> dict[str, Any]:
    return {
        "update_type": "message_created",
        "timestamp": 7,
        "message": {
            "recipient": {"chat_id": 1, "chat_type": "dialog", "user_id": 2},
            "timestamp": 7,
            "sender": PERSON,
            "body": {"mid": "m", "seq": 1, "text": text, **body},
        },
    }


def pressed(**about: Any) -> dict[str, Any]:
    callback = {"timestamp": 7, "callback_id": "c", "user": PERSON, "payload": "1.a", **about}
    return {"update_type": "message_callback", "timestamp": 8, "callback": callback, "message": None}


def parsed(update: Any) -> tuple[Inbound, ...]:
    return read(json.dumps(update, ensure_ascii=False).encode("utf-8", "surrogatepass"))


# ---- proof ----


@pytest.mark.parametrize(
    "given", ["", " ", SECRET[:-1], SECRET + "0", SECRET.upper(), "ї" * 20, "\ud800", "0" * 100_000, f"{SECRET}\0"]
)
def test_what_is_not_the_secret_is_refused(given: str) -> None:
    refused = BOT.verify(Raw(b"{}", {SECRET_HEADER: given}))
    assert refused is not None
    assert refused.status == (401 if not given else 403)


def test_the_secret_is_in_its_header_and_nowhere_else() -> None:
    assert BOT.verify(Raw(b"{}", {SECRET_HEADER: SECRET})) is None
    refused = BOT.verify(Raw(SECRET.encode(), {"authorization": SECRET}, {"secret": SECRET}))
    assert refused is not None
    assert refused.status == 401


# ---- keys ----


def test_a_press_that_is_brought_again_has_the_same_key_and_another_press_another() -> None:
    keys = [
        parsed(pressed(**about))[0].key
        for about in (
            {},
            {},
            {"timestamp": 8},
            {"payload": "1.b"},
            {"callback_id": "d"},
            {"user": PERSON | {"user_id": 6}},
        )
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 5


def test_a_key_is_short_however_long_a_callback_is() -> None:
    (one,) = parsed(pressed(callback_id="c" * 512, payload="1" * limits.MAX_PAYLOAD_CHARACTERS))
    assert len(one.key) < 100
    assert one.handle == "c" * 512


def test_an_edited_message_is_another_event_than_the_message() -> None:
    first, again = wrote("а"), wrote("б") | {"update_type": "message_edited"}
    assert parsed(first)[0].key != parsed(again)[0].key
    assert parsed(again)[0].happened == Unsupported("edited")


def test_people_with_large_and_small_numbers_are_told_apart() -> None:
    ids = [2**63 - 1, 2**53 + 1, 2**53, 1, -5]
    found = [parsed(pressed(user=PERSON | {"user_id": one}))[0].address for one in ids]
    assert found == [str(one) for one in ids]


# ---- what happened ----


@pytest.mark.parametrize(
    ("text", "happened"),
    [
        ("/start", Opened("")),
        ("/start kyiv-01", Opened("kyiv-01")),
        ("/start " + "a" * 128, Opened("a" * 128)),
        ("/start " + "a" * 129, Wrote("/start " + "a" * 129)),
        ("/start a b", Wrote("/start a b")),
        ("/starting", Wrote("/starting")),
        ("/start їжак", Wrote("/start їжак")),
        (" ", Wrote(" ")),
        ("а" * 4000, Wrote("а" * 4000)),
    ],
)
def test_words_are_words_and_a_start_is_a_start(text: str, happened: object) -> None:
    assert parsed(wrote(text))[0].happened == happened


@pytest.mark.parametrize(
    ("kind", "told"), [("sticker", "sticker"), ("фото", "other"), ("a b", "other"), ("", "other"), ("a" * 99, "a" * 32)]
)
def test_only_a_plain_word_is_told_of_what_is_not_read(kind: str, told: str) -> None:
    assert parsed(wrote(None, attachments=[{"type": kind}]))[0].happened == Unsupported(told)


def test_an_empty_message_is_something_that_is_not_read() -> None:
    assert parsed(wrote(None))[0].happened == Unsupported("other")
    assert parsed(wrote("", attachments=None))[0].happened == Unsupported("other")


def test_a_payload_at_its_limit_is_a_press_and_beyond_it_none_of_ours() -> None:
    most = limits.MAX_PAYLOAD_CHARACTERS
    assert parsed(pressed(payload="1" * most))[0].happened == Pressed("1" * most)
    assert parsed(pressed(payload="1" * (most + 1))) == ()


def test_presses_in_groups_are_passed_over() -> None:
    message = wrote("a")["message"] | {"recipient": {"chat_id": -1, "chat_type": "chat", "user_id": None}}
    assert parsed(pressed() | {"message": message}) == ()


def test_we_ask_for_what_we_read_and_for_nothing_that_max_does_not_have() -> None:
    assert set(UPDATES) <= set(KNOWN)
    for kind in set(KNOWN) - set(UPDATES):
        assert parsed({"update_type": kind, "timestamp": 1}) == ()


# ---- hostile ----


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_put_aside(body: bytes) -> None:
    with suppress(Unreadable):
        read(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
spots = st.sampled_from(
    [
        ("timestamp",), ("user_locale",), ("message",), ("message", "recipient"), ("message", "recipient", "chat_type"),
        ("message", "sender"), ("message", "sender", "user_id"), ("message", "body"), ("message", "body", "mid"),
        ("message", "body", "text"), ("message", "body", "attachments"), ("callback",), ("callback", "callback_id"),
        ("callback", "payload"), ("callback", "timestamp"), ("user",), ("payload",), ("chat_id",), ("update_type",),
    ]
)  # fmt: skip


@given(st.sampled_from([*UPDATES, "dialog_muted"]), spots, json_values)
def test_an_update_with_anything_anywhere_is_read_or_put_aside(kind: str, spot: tuple[str, ...], value: Any) -> None:
    update: dict[str, Any] = wrote("a") | pressed() | {"user": PERSON, "payload": "p", "chat_id": 1}
    update = json.loads(json.dumps(update | {"message": wrote("a")["message"], "update_type": kind}))
    place: Any = update
    for name in spot[:-1]:
        place = place[name]
    place[spot[-1]] = value
    with suppress(Unreadable):
        for one in parsed(update):
            assert one.address.lstrip("-").isdigit()
            assert len(one.key) <= 600
            assert one.lang is None or len(one.lang) == 2


def test_what_is_nested_too_deep_is_put_aside() -> None:
    for body in (b"[" * 100_000, b'{"update_type":"bot_started","a":' + b"[" * 50_000 + b"]" * 50_000 + b"}"):
        with pytest.raises(Unreadable):
            read(body)


def test_an_update_may_have_so_many_bytes_and_not_one_more() -> None:
    body = json.dumps(wrote("a")).encode()
    read(body + b" " * (MOST_BYTES - len(body)))
    with pytest.raises(Unreadable, match="too_large"):
        read(body + b" " * (MOST_BYTES - len(body) + 1))


def test_why_an_update_was_put_aside_says_nothing_of_what_stands_in_it() -> None:
    for update in (wrote("таємниця", mid=["таємниця"]), pressed(user="таємниця"), {"update_type": "таємниця" * 9}):
        with suppress(Unreadable):
            assert parsed(update) == ()
            continue
        with pytest.raises(Unreadable) as error:
            parsed(update)
        assert "таємниця" not in repr(error.value)
