"""What WhatsApp brings: believed only with its signature, read only when it is what it says, each part by itself."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.whatsapp.conftest import NAME, SECRET, TOKEN
from vikno.channels.whatsapp import WhatsApp
from vikno.channels.whatsapp.inbound import LONGEST_CHALLENGE, MOST_BYTES, greeting, meant, read
from vikno.testing.whatsapp import NUMBER, signature
from vikno.usecases.channel import Inbound, Opened, Pressed, Raw, Reported, Unreadable, Unsupported, Wrote

WORDS = {"from_user_id": "UA.42", "id": "wamid.1", "type": "text", "text": {"body": "так"}}


@pytest.fixture
def bot(account: dict[str, Any]) -> WhatsApp:
    return WhatsApp(**account)


def called(*messages: Any, statuses: Any = (), number: str = NUMBER) -> bytes:
    value = {"metadata": {"phone_number_id": number}, "messages": messages, "statuses": statuses}
    entry = {"changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}, ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )


def found(body: bytes) -> tuple[Inbound, ...]:
    return read(Raw(body), NUMBER)


# ---- proof ----


def test_a_signature_is_of_these_very_bytes(bot: WhatsApp) -> None:
    body = called(WORDS)
    headers = {"x-hub-signature-256": signature(SECRET, body)}
    assert bot.verify(Raw(body, headers)) is None
    same = json.dumps(json.loads(body)).encode()
    assert json.loads(same) == json.loads(body)
    refused = bot.verify(Raw(same, headers))
    assert refused is not None
    assert refused.status == 403


@pytest.mark.parametrize("given", ["", " ", "00", "sha256=", "ї" * 71, "\ud800", "0" * 100_000, "sha1=" + "0" * 40])
def test_what_is_no_signature_is_refused(bot: WhatsApp, given: str) -> None:
    refused = bot.verify(Raw(called(WORDS), {"x-hub-signature-256": given}))
    assert refused is not None
    assert refused.status == (401 if not given else 403)


def test_the_bare_digest_and_another_secret_are_refused(bot: WhatsApp) -> None:
    body = called(WORDS)
    for wrong in (signature(SECRET, body).removeprefix("sha256="), signature("another", body), signature(TOKEN, body)):
        assert bot.verify(Raw(body, {"x-hub-signature-256": wrong})) is not None


def test_capital_letters_of_a_signature_are_the_same_number(bot: WhatsApp) -> None:
    body = called(WORDS)
    assert bot.verify(Raw(body, {"x-hub-signature-256": signature(SECRET, body).upper()})) is None


# ---- the trial of the address ----


def trial(bot: WhatsApp, **changes: str) -> Raw:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": bot.verify_token}
    return Raw(b"", {}, {**query, **{f"hub.{name}": value for name, value in changes.items()}})


def test_a_trial_is_answered_with_its_challenge_and_nothing_else_happens(bot: WhatsApp) -> None:
    raw = trial(bot)
    assert bot.verify(raw) is None
    inbound = bot.parse(raw)
    assert [one.happened for one in inbound] == [Reported("trial", "sent")]
    ack = bot.ack(inbound, ())
    assert (ack.status, ack.body, ack.carried) == (200, b"1158201444", 0)
    assert dict(ack.headers)["content-type"].startswith("text/plain")


@pytest.mark.parametrize("given", ["", "guessed", "ї", "\ud800", SECRET, TOKEN])
def test_a_trial_that_does_not_know_the_token_is_refused(bot: WhatsApp, given: str) -> None:
    refused = bot.verify(trial(bot, verify_token=given))
    assert refused is not None
    assert refused.status == 403


def test_the_token_of_a_trial_proves_no_body(bot: WhatsApp) -> None:
    raw = Raw(called(WORDS), {}, trial(bot).query)
    refused = bot.verify(raw)
    assert refused is not None
    assert refused.status == 401


@pytest.mark.parametrize("challenge", ["a" * (LONGEST_CHALLENGE + 1), "a\r\nSet-Cookie: b", "ї"])
def test_a_challenge_that_is_none_is_not_said(bot: WhatsApp, challenge: str) -> None:
    with pytest.raises(Unreadable):
        bot.parse(trial(bot, challenge=challenge))


def test_a_trial_without_a_challenge_and_other_modes(bot: WhatsApp) -> None:
    assert bot.ack(bot.parse(trial(bot, challenge="")), ()).body == b""
    assert bot.verify(trial(bot, mode="unsubscribe")) is not None


def test_the_verify_token_is_made_of_the_secret_and_tells_nothing_of_it(bot: WhatsApp, account: dict[str, Any]) -> None:
    assert bot.verify_token == WhatsApp(**account).verify_token
    assert bot.verify_token != WhatsApp(**{**account, "secret": "another"}).verify_token
    assert SECRET not in bot.verify_token
    assert WhatsApp(**account, verify_token="agreed").verify_token == "agreed"


# ---- the entry link ----

tokens = st.text(st.sampled_from("abcXYZ019_-"), min_size=1, max_size=22)


@given(st.text(max_size=100), tokens)
def test_a_token_comes_back_whatever_stands_before_it(words: str, token: str) -> None:
    assert meant(greeting(words, token)) == Opened(token)


@pytest.mark.parametrize(
    "text", ["‹a›!", "‹›", "‹" + "a" * 23 + "›", "‹a b›", "<a>", "«a»", "слово " * 40 + "‹a›", "‹їжак›"]
)
def test_what_is_no_token_is_words(text: str) -> None:
    assert meant(text) == Wrote(text)


# ---- reading ----

MALFORMED = [
    b"",
    b"[]",
    b"null",
    b"{",
    b"{}",
    b'{"object": "whatsapp_business_account"}',
    b'{"object": "whatsapp_business_account", "entry": {}}',
    b'{"object": "whatsapp_business_account", "entry": [{"changes": [{"field": 5}]}]}',
    b'{"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": []}]}]}',
    b'{"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": {}}]}]}',
    b'{"object": "instagram", "entry": []}',
    called({**WORDS, "id": ""}),
    called({**WORDS, "id": 5}),
    called({**WORDS, "id": "a" * 257}),
    called({**WORDS, "from_user_id": None}),
    called({**WORDS, "from_user_id": "../../etc"}),
    called({**WORDS, "from_user_id": "UA.42\n"}),
    called({**WORDS, "from_user_id": None, "from": "somebody"}),
    called({**WORDS, "from_user_id": None, "from": "1" * 21}),
    called("message"),
    called(statuses=["read"]),
    called(statuses=[{"id": "wamid.1", "status": "failed", "errors": [{"code": "131047"}]}]),
    called({**WORDS, "from_user_id": "UA.\ud800"}),
    b'{"object": "\xff"}',
    b"\xef\xbb\xbf{}",
    called(WORDS) + b" " * MOST_BYTES,
    b'{"object": "whatsapp_business_account", "entry": [], "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
def test_what_cannot_be_read_is_unreadable_and_nothing_else(body: bytes) -> None:
    with pytest.raises(Unreadable):
        found(body)


def test_one_bad_part_does_not_take_the_others_with_it(caplog: pytest.LogCaptureFixture) -> None:
    bad = {**WORDS, "from_user_id": 5, "text": {"body": "+380501234567"}}
    read_status = {"id": "wamid.9", "status": "read", "recipient_user_id": "UA.42"}
    with caplog.at_level(logging.WARNING, "vikno.whatsapp"):
        inbound = found(called(WORDS, bad, {**WORDS, "id": "wamid.2"}, statuses=[{}, read_status]))
    assert [one.key for one in inbound] == ["wamid.1", "wamid.2", "wamid.9:read"]
    (record,) = caplog.records
    assert (record.message, record.__dict__["count"]) == ("parts_unreadable", 2)
    assert "380501234567" not in str(record.__dict__)


def test_what_is_about_another_number_is_not_ours() -> None:
    assert found(called(WORDS, number="999")) == ()


def test_a_body_of_many_messages_is_read_in_order() -> None:
    inbound = found(called(*({**WORDS, "id": f"wamid.{at}"} for at in range(500))))
    assert [one.key for one in inbound] == [f"wamid.{at}" for at in range(500)]


@pytest.mark.parametrize(
    ("who", "address"),
    [
        ({"from": "380501234567"}, "380501234567"),
        ({"from": "+380501234567"}, "380501234567"),
        ({"from_user_id": "UA.42"}, "UA.42"),
        ({"from": "", "from_user_id": "UA.42"}, "UA.42"),
        ({"from": "380501234567", "from_user_id": "UA.42"}, "UA.42"),
        ({"from": "380501234567", "from_user_id": "?"}, "380501234567"),
        ({"from_user_id": "UA.ENT.42"}, "UA.ENT.42"),
    ],
)
def test_a_person_is_known_by_their_id_or_else_by_their_phone(who: dict[str, str], address: str) -> None:
    message = {"id": "wamid.1", "type": "text", "text": {"body": "так"}, **who}
    (one,) = found(called(message))
    assert one.address == address


@pytest.mark.parametrize(
    ("content", "happened"),
    [
        ({"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": "a"}}}, Pressed("a")),
        ({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": "b"}}}, Pressed("b")),
        ({"type": "interactive", "interactive": {"type": "button_reply"}}, Unsupported("interactive")),
        ({"type": "interactive", "interactive": []}, Unsupported("interactive")),
        ({"type": "text", "text": None}, Unsupported("text")),
        ({"type": "text", "text": {}}, Wrote("")),
        ({"type": "unsupported", "errors": [{"code": 131051}]}, Unsupported("unsupported")),
        ({"type": "a" * 100}, Unsupported("a" * 32)),
    ],
)
def test_what_a_message_is(content: dict[str, Any], happened: Any) -> None:
    (one,) = found(called({"from_user_id": "UA.42", "id": "wamid.1", **content}))
    assert one.happened == happened


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with suppress(Unreadable):
        found(body)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
kinds = st.sampled_from(["text", "interactive", "button", "image", "reaction", "request_welcome", "other"])
fields = st.sampled_from(
    ["from", "from_user_id", "timestamp", "text", "interactive", "button", "group_id", "errors", "context"]
)
states = st.sampled_from(["sent", "delivered", "read", "failed", "deleted"])


@given(kinds, st.dictionaries(fields, anything | st.just("UA.42")), states, st.dictionaries(fields, anything))
def test_no_json_breaks_the_reader(kind: str, about: dict[str, Any], state: str, more: dict[str, Any]) -> None:
    message, status = {"id": "wamid.1", "type": kind, **about}, {"id": "wamid.2", "status": state, **more}
    try:
        inbound = found(json.dumps(json.loads(called(message, statuses=[status]))).encode())
    except Unreadable:
        return
    assert all(one.address for one in inbound)


@given(st.text(st.characters(codec="utf-8"), max_size=100).filter(lambda text: "‹" not in text))
def test_words_arrive_as_they_were_typed(text: str) -> None:
    (one,) = found(called({**WORDS, "text": {"body": text}}))
    assert one.happened == Wrote(text)


def test_a_receipt_of_somebody_without_a_name_is_about_its_message() -> None:
    (one,) = found(called(statuses=[{"id": "wamid.7", "status": "failed", "errors": [{"code": 131026}]}]))
    assert (one.address, type(one.happened)) == ("wamid.7", Reported)


def test_what_is_unreadable_says_nothing_of_its_content() -> None:
    with pytest.raises(Unreadable) as raised:
        found(called({**WORDS, "from_user_id": ["+380501234567"]}))
    assert "380501234567" not in str(raised.value)


def test_no_secret_is_in_any_text_of_the_account(bot: WhatsApp) -> None:
    refused = bot.verify(Raw(b"{}", {"x-hub-signature-256": "00"}))
    texts = [repr(bot), str(bot), repr(refused), repr(bot._post("1/messages", {})), repr(bot._get("1", fields="a"))]
    assert not any(secret in text for text in texts for secret in (TOKEN, SECRET, bot.verify_token))
    assert NAME in repr(bot)
