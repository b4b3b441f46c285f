"""What Viber brings: believed only with its signature, read only when it is what it says."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikno.channels.viber import Viber
from vikno.channels.viber.inbound import MOST_BYTES, marked, pressed, read
from vikno.testing.viber import signature
from vikno.usecases.channel import Opened, Pressed, Raw, Reported, Unreadable, Unsupported, Wrote

TOKEN = "445da6az1s345z78-dazcczb2542zv51a-e0vc5fva17480im9"
BODY = (
    '{"event":"message","message_token":4912661846655238145,'
    '"sender":{"id":"a="},"message":{"type":"text","text":"так"}}'
)


@pytest.fixture
def bot() -> Viber:
    return Viber(token=TOKEN, name="Міграційна служба", uri="dmsu")


def signed(body: bytes, token: str = TOKEN, **headers: str) -> Raw:
    return Raw(body, {"x-viber-content-signature": signature(token, body), **headers})


# ---- proof ----


def test_a_signature_is_of_these_very_bytes(bot: Viber) -> None:
    body = BODY.encode()
    same = json.dumps(json.loads(body)).encode()
    assert bot.verify(signed(body)) is None
    assert json.loads(same) == json.loads(body)
    refused = bot.verify(Raw(same, signed(body).headers))
    assert refused is not None
    assert refused.status == 403


@pytest.mark.parametrize("given", ["", " ", "00", "ї" * 64, "\ud800", "0" * 100_000])
def test_what_is_no_signature_is_refused(bot: Viber, given: str) -> None:
    refused = bot.verify(Raw(BODY.encode(), {"x-viber-content-signature": given}))
    assert refused is not None
    assert refused.status == (401 if not given else 403)


def test_capital_letters_of_a_signature_are_the_same_number(bot: Viber) -> None:
    body = BODY.encode()
    assert bot.verify(Raw(body, {"x-viber-content-signature": signature(TOKEN, body).upper()})) is None


def test_a_signature_by_another_token_is_refused(bot: Viber) -> None:
    refused = bot.verify(signed(BODY.encode(), "another"))
    assert refused is not None
    assert refused.status == 403


def test_the_header_decides_where_the_address_says_otherwise(bot: Viber) -> None:
    body = BODY.encode()
    right = signature(TOKEN, body)
    refused = bot.verify(Raw(body, {"x-viber-content-signature": "00"}, {"sig": right}))
    assert refused is not None
    assert bot.verify(Raw(body, {}, {"sig": right})) is None


# ---- presses ----

ids = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)


@given(st.text(max_size=80), ids)
def test_a_press_gives_its_button_whatever_the_label_says(label: str, button: str) -> None:
    assert pressed(marked(label, button)) == button


@given(st.text(max_size=200).filter(lambda text: not text.endswith("›")))
def test_what_people_type_is_no_press(text: str) -> None:
    assert pressed(text) is None


@pytest.mark.parametrize("text", ["›", "‹›", "a›", "‹a b›", "‹так›", "‹" + "a" * 65 + "›", "‹a\n›"])
def test_quotation_marks_are_no_press(text: str) -> None:
    assert pressed(text) is None


def test_a_number_above_two_to_the_53_comes_through_whole() -> None:
    (one,) = read(BODY.encode())
    assert one.key == "message:4912661846655238145"
    (report,) = read(b'{"event":"seen","message_token":9223372036854775807,"user_id":"a="}')
    assert report.happened == Reported("9223372036854775807", "read")


def test_one_message_is_delivered_and_seen_under_two_keys() -> None:
    keys = {
        read(f'{{"event":"{event}","message_token":5,"user_id":"a="}}'.encode())[0].key
        for event in ("delivered", "seen", "failed")
    }
    assert len(keys) == 3


def test_a_repetition_without_a_number_has_the_same_key() -> None:
    first, again, other = (
        read(b'{"event":"subscribed","user":{"id":"a="}}')[0].key,
        read(b'{"event":"subscribed","user":{"id":"a="}}')[0].key,
        read(b'{"event":"subscribed","user":{"id":"b="}}')[0].key,
    )
    assert first == again != other


@pytest.mark.parametrize(("kind", "told"), [("sticker", "sticker"), ("фото", "other"), ("a b", "other"), ("", "other")])
def test_only_a_plain_word_is_told_of_what_is_not_read(kind: str, told: str) -> None:
    body = {"event": "message", "message_token": 1, "sender": {"id": "a="}, "message": {"type": kind}}
    (one,) = read(json.dumps(body).encode())
    assert one.happened == Unsupported(told)


def test_a_context_that_is_no_token_of_ours_is_left_out() -> None:
    body = {"event": "conversation_started", "message_token": 1, "user": {"id": "a="}, "context": "x" * 10_000}
    (one,) = read(json.dumps(body).encode())
    assert one.happened == Opened("")


# ---- what nobody means well ----

MALFORMED = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"{}",
    b'"message"',
    b'{"event": null}',
    b'{"event": 5}',
    b'{"event": "message"}',
    b'{"event": "message", "sender": {}, "message": {}}',
    b'{"event": "message", "sender": {"id": 5}, "message": {"type": "text"}}',
    b'{"event": "message", "sender": {"id": "a"}, "message": "text"}',
    b'{"event": "message", "sender": {"id": "a"}, "message": {"type": "text", "text": 5}}',
    b'{"event": "message", "sender": {"id": "' + b"a" * 1000 + b'"}, "message": {"type": "text"}}',
    b'{"event": "message", "message_token": 1.5, "sender": {"id": "a"}, "message": {"type": "text"}}',
    b'{"event": "message", "message_token": ' + b"9" * 5000 + b', "sender": {"id": "a"}, "message": {"type": "text"}}',
    b'{"event": "delivered", "user_id": "a"}',
    b'{"event": "conversation_started", "user": null}',
    b'{"event": "message", "sender": {"id": "\\ud800"}, "message": {"type": "text"}}',
    b'{"event": "message", "sender": {"id": "a"}, "message": {"type": "text", "text": "\xff"}}',
    b'{"event": "\x00"}',
    b"\xef\xbb\xbf{}",
    b'{"event": "webhook"}' + b" " * MOST_BYTES,
    b'{"event": "webhook", "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    b'{"event": "message", "x": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_000 + b"}",
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
def test_what_cannot_be_read_is_unreadable_and_nothing_else(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with suppress(Unreadable):
        read(body)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
fields = st.sampled_from(["user", "sender", "message", "user_id", "message_token", "timestamp", "context", "desc"])
events = st.sampled_from(["message", "conversation_started", "subscribed", "unsubscribed", "seen", "failed", "other"])


@given(events, st.dictionaries(fields, anything | st.fixed_dictionaries({"id": anything, "type": anything})))
def test_no_json_breaks_the_reader(event: str, about: dict[str, Any]) -> None:
    try:
        found = read(json.dumps({"event": event, **about}).encode())
    except Unreadable:
        return
    assert all(one.address for one in found)


@given(st.text(max_size=100).filter(lambda text: text.isprintable()))
def test_words_arrive_as_they_were_typed(text: str) -> None:
    body = {"event": "message", "message_token": 1, "sender": {"id": "a="}, "message": {"type": "text", "text": text}}
    (one,) = read(json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    assert isinstance(one.happened, Wrote | Pressed)
    if isinstance(one.happened, Wrote):
        assert one.happened.text == text


def test_what_is_unreadable_says_nothing_of_its_content() -> None:
    body = b'{"event": "message", "sender": {"id": "a"}, "message": {"type": "text", "text": ["+380501234567"]}}'
    with pytest.raises(Unreadable) as raised:
        read(body)
    assert "380501234567" not in str(raised.value)


def test_the_token_is_in_no_text_of_the_account(bot: Viber) -> None:
    refused = bot.verify(Raw(b"{}", {"x-viber-content-signature": "00"}))
    texts = [repr(bot), str(bot), repr(refused), repr(bot.render), repr(bot._post("send_message", {}))]
    assert not any(TOKEN in text for text in texts)
