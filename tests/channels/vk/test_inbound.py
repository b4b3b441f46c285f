"""What VK brings: believed only with the secret, read only when it is what it says."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.vk.conftest import GROUP, SECRET, TOKEN
from vikno.channels.vk import CommunityMalformed, SecretMalformed, Vk
from vikno.channels.vk.inbound import MOST_BYTES, mark_of, marked, read
from vikno.usecases.channel import Ack, Opened, Pressed, Raw, Returned, Unreadable, Unsupported, Wrote
from vikno.wire import limits
from vikno.wire.hooks import Hook

WORDS: dict[str, Any] = {"date": 1, "from_id": 100001, "peer_id": 100001, "text": "так"}


@pytest.fixture
def community() -> Vk:
    return Vk(token=TOKEN, secret=SECRET, group=GROUP, confirmation="a1b2c3d4")


def event(kind: str = "message_new", about: Any = None, **more: Any) -> bytes:
    whole = {"type": kind, "group_id": GROUP, "event_id": "e", "secret": SECRET, "object": about, **more}
    return json.dumps(whole).encode()


def message(**changes: Any) -> bytes:
    return event(about={"message": {**WORDS, **changes}})


def happened(body: bytes) -> Any:
    (one,) = read(body) or ()
    return one.happened


# ---- proof ----


@pytest.mark.parametrize(
    ("secret", "status"),
    [
        (SECRET, None),
        (None, 401),
        ("", 401),
        (SECRET[:-1], 403),
        (SECRET + "x", 403),
        (SECRET.upper(), 403),
        (" " + SECRET, 403),
        ("ї" * 18, 403),
        ("0" * 100_000, 403),
    ],
)
def test_only_the_whole_secret_proves_an_event(community: Vk, secret: str | None, status: int | None) -> None:
    refused = community.verify(Raw(event(secret=secret)))
    assert (refused.status if refused else None) == status


@pytest.mark.parametrize("secret", [5, ["s3cret_of_the_hook"], {"s": SECRET}, True])
def test_a_secret_that_is_no_text_is_none(community: Vk, secret: Any) -> None:
    refused = community.verify(Raw(event(secret=secret)))
    assert refused is not None
    assert refused.status == 401


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b"{}", b"[" * 100_000, b'{"type": "\xff"}', b"\xef\xbb\xbf{}"]
)
def test_what_is_no_event_is_refused(community: Vk, body: bytes) -> None:
    refused = community.verify(Raw(body))
    assert refused is not None
    assert refused.status == 401


def test_the_secret_is_only_looked_for_in_a_body_of_bounded_size(community: Vk) -> None:
    body = event()
    assert community.verify(Raw(body + b" " * (MOST_BYTES - len(body)))) is None
    refused = community.verify(Raw(body + b" " * (MOST_BYTES + 1 - len(body))))
    assert refused is not None
    assert (refused.status, refused.reason) == (403, "too_large")


@pytest.mark.parametrize("group", [0, -GROUP, GROUP + 1, "71110", 71110.5, None])
def test_an_event_of_another_community_is_refused(community: Vk, group: Any) -> None:
    refused = community.verify(Raw(event(group_id=group)))
    assert refused is not None
    assert refused.status in (401, 403)


@pytest.mark.parametrize("secret", ["", "a" * 51, "a-b", "ї", "a b", "a\n"])
def test_a_secret_that_vk_does_not_take_is_noticed_at_once(secret: str) -> None:
    with pytest.raises(SecretMalformed):
        Vk(token=TOKEN, secret=secret, group=GROUP)
    assert Vk(token=TOKEN, secret="a" * limits.VK_SECRET_CHARACTERS, group=GROUP).account == "main"


@pytest.mark.parametrize(("group", "screen"), [(0, None), (-5, None), (GROUP, ""), (GROUP, "a/b"), (GROUP, "їжак")])
def test_a_community_that_cannot_be_is_noticed_at_once(group: int, screen: str | None) -> None:
    with pytest.raises(CommunityMalformed):
        Vk(token=TOKEN, secret=SECRET, group=group, screen=screen)


# ---- the confirmation string ----


def test_only_the_question_for_it_is_answered_with_the_confirmation_string(community: Vk) -> None:
    assert community.parse(Raw(event("confirmation"))) == ()
    assert community.ack((), ()).body == b"a1b2c3d4"
    assert community.ack((), ()).body == b"ok"


def test_what_comes_next_is_not_answered_with_the_confirmation_string(community: Vk) -> None:
    community.parse(Raw(event("confirmation")))
    inbound = community.parse(Raw(message()))
    assert community.ack(inbound, ()) == Ack(200, (("content-type", "text/plain; charset=utf-8"),), b"ok")
    community.parse(Raw(event("confirmation")))
    with pytest.raises(Unreadable):
        community.parse(Raw(event(about=5)))
    assert community.ack((), ()).body == b"ok"


async def test_the_door_of_all_webhooks_hands_out_the_confirmation_string(community: Vk) -> None:
    nobody: Any = None
    hook = Hook(community, nobody, nobody, nobody)
    plain = [(b"content-type", b"text/plain; charset=utf-8")]
    assert await hook.answer([], event("confirmation", secret=None)) == (200, plain, b"a1b2c3d4")
    assert await hook.answer([], event("message_typing_state")) == (200, plain, b"ok")


# ---- presses ----

ids = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=20)


@given(st.text(max_size=80), ids)
def test_a_press_gives_its_button_whatever_the_label_says(label: str, button: str) -> None:
    assert happened(message(text=label, payload=marked(button))) == Pressed(button)
    about = {"user_id": 100001, "peer_id": 100001, "event_id": "x", "payload": json.loads(marked(button))}
    assert happened(event("message_event", about)) == Pressed(button)
    assert happened(event("message_event", {**about, "payload": marked(button)})) == Pressed(button)


@given(st.text(max_size=80))
def test_what_people_type_is_no_press(text: str) -> None:
    assert happened(message(text=text)) == Wrote(text)


@pytest.mark.parametrize(
    "payload",
    ["", "{", "5", "null", "[]", '{"b": 5}', '{"b": ""}', '{"b": ["x"]}', '{"button": "1"}', "[" * 5000, '"x"', 5, {}],
)
def test_a_payload_of_somebody_else_is_no_press(payload: Any) -> None:
    assert happened(message(payload=payload)) == Wrote("так")
    assert read(event("message_event", {"user_id": 5, "peer_id": 5, "event_id": "x", "payload": payload})) == ()


def test_a_payload_that_is_json_in_json_in_json_is_read_no_deeper() -> None:
    assert mark_of(json.dumps(json.dumps(marked("a")))).b == ""


# ---- the way in ----


@pytest.mark.parametrize("ref", ["a", "kyiv-01", "A_z-9", "a" * limits.VK_REF_CHARACTERS])
def test_a_token_of_a_link_opens(ref: str) -> None:
    assert happened(message(payload='{"command":"start"}', ref=ref)) == Opened(ref)
    first, second = read(message(ref=ref)) or ()
    assert (first.happened, second.happened) == (Opened(ref), Wrote("так"))
    assert (first.key, second.key) == (f"ref:{ref}", "e")


@pytest.mark.parametrize("ref", ["", None, "a b", "ї", "a" * (limits.VK_REF_CHARACTERS + 1), "a\n", "<b>"])
def test_what_is_no_token_is_left_out(ref: Any) -> None:
    assert happened(message(payload='{"command":"start"}', ref=ref)) == Opened("")
    assert happened(message(ref=ref)) == Wrote("так")


def test_a_press_after_a_link_is_a_press() -> None:
    assert happened(message(ref="kyiv-01", payload=marked("1.a"))) == Pressed("1.a")


# ---- who it was ----


@pytest.mark.parametrize(
    ("sender", "peer"), [(0, 0), (-5, -5), (100001, 2_000_000_001), (2_000_000_001, 2_000_000_001), (5, 6)]
)
def test_only_a_person_in_a_chat_of_their_own_is_heard(sender: int, peer: int) -> None:
    assert read(message(from_id=sender, peer_id=peer)) == ()
    about = {"user_id": sender, "peer_id": peer, "event_id": "x", "payload": {"b": "1"}}
    assert read(event("message_event", about)) == ()
    if not 0 < sender < 2_000_000_000:
        assert read(event("message_allow", {"user_id": sender})) == ()
        assert read(event("message_deny", {"user_id": sender})) == ()


def test_the_largest_number_of_a_person_is_heard() -> None:
    assert happened(message(from_id=1_999_999_999, peer_id=1_999_999_999)) == Wrote("так")
    assert happened(event("message_allow", {"user_id": 1_999_999_999, "key": "x"})) == Returned()


@pytest.mark.parametrize(("number", "lang"), [(0, "ru"), (1, "uk"), (3, "en"), (777, None), (-1, None), (None, None)])
def test_languages_are_vks_numbers(number: int | None, lang: str | None) -> None:
    (one,) = read(event(about={"message": WORDS, "client_info": {"lang_id": number}})) or ()
    assert one.lang == lang


@pytest.mark.parametrize(
    ("kind", "told"), [("sticker", "sticker"), ("фото", "other"), ("a b", "other"), ("", "other"), ("x" * 99, "x" * 32)]
)
def test_only_a_plain_word_is_told_of_what_is_not_read(kind: str, told: str) -> None:
    assert happened(message(attachments=[{"type": kind}])) == Unsupported(told)


def test_what_was_sent_along_counts_before_its_words_but_for_a_link() -> None:
    assert happened(message(attachments=[{"type": "link"}, {"type": "doc"}])) == Unsupported("doc")
    assert happened(message(attachments=[{"type": "link"}])) == Wrote("так")
    assert happened(message(geo=None)) == Wrote("так")
    assert happened(message(geo={"type": "point"})) == Unsupported("geo")
    assert happened(message(fwd_messages=[{}])) == Wrote("так")


def test_a_repetition_without_a_number_has_the_same_key() -> None:
    def key(user: int) -> str:
        (one,) = read(event("message_deny", {"user_id": user}, event_id=None)) or ()
        return one.key

    assert key(5) == key(5) != key(6)


# ---- what nobody means well ----

MALFORMED = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"{}",
    b'"message_new"',
    b'{"type": null}',
    b'{"type": 5}',
    b'{"type": "message_new"}',
    b'{"type": "message_new", "event_id": 5, "object": {}}',
    b'{"type": "message_new", "event_id": "", "object": {}}',
    b'{"type": "message_new", "event_id": "' + b"a" * 1000 + b'"}',
    b'{"type": "\xff"}',
    b'{"type": "\x00"}',
    b"\xef\xbb\xbf{}",
    b"[" * 100_000,
    event(about=None),
    event(about=[]),
    event(about={"message": None}),
    event(about={"message": {}}),
    event(about={"message": {"from_id": 5}}),
    message(from_id="5"),
    message(from_id=5.5),
    message(from_id=2**70),
    message(peer_id=None),
    message(date=-1),
    message(date=2**60),
    message(text=5),
    message(text=None),
    message(attachments={}),
    message(attachments=[5]),
    message(attachments=[{}]),
    message(ref=5),
    event(about={"message": WORDS, "client_info": {"lang_id": "uk"}}),
    event("message_event", {"user_id": 5, "peer_id": 5}),
    event("message_event", {"user_id": 5, "peer_id": 5, "event_id": ""}),
    event("message_event", {"user_id": 5, "peer_id": 5, "event_id": "x" * 1000}),
    event("message_allow", {}),
    event("message_deny", {"user_id": None}),
    event("confirmation") + b" " * MOST_BYTES,
    b'{"type": "confirmation", "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    b'{"type": "message_new", "x": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_000 + b"}",
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
def test_what_cannot_be_read_is_unreadable_and_nothing_else(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with suppress(Unreadable):
        read(body)
    assert Vk(token=TOKEN, secret=SECRET, group=GROUP).verify(Raw(body)) is not None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
fields = st.sampled_from(["message", "client_info", "user_id", "peer_id", "event_id", "payload", "key"])
said = st.sampled_from(["from_id", "peer_id", "text", "payload", "ref", "attachments", "geo", "date", "fwd_messages"])
messages = st.dictionaries(said, anything | st.just(100001) | st.just("a"))
kinds = st.sampled_from(["message_new", "message_event", "message_allow", "message_deny", "confirmation", "other"])


@given(kinds, anything | st.dictionaries(fields, anything | messages | st.just(100001)))
def test_no_json_breaks_the_reader(kind: str, about: Any) -> None:
    try:
        found = read(event(kind, about))
    except Unreadable:
        return
    assert all(one.address and one.key for one in found or ())


@given(messages)
def test_no_message_breaks_the_reader(changes: dict[str, Any]) -> None:
    with suppress(Unreadable):
        assert all(one.address for one in read(message(**changes)) or ())


def test_what_is_unreadable_says_nothing_of_its_content() -> None:
    with pytest.raises(Unreadable) as raised:
        read(message(text=["+380501234567"]))
    assert "380501234567" not in str(raised.value)
    assert SECRET not in str(raised.value)


def test_neither_token_nor_secret_is_in_a_text_of_the_account(community: Vk) -> None:
    refused = community.verify(Raw(event(secret="guess")))
    texts = [repr(community), str(community), repr(refused), repr(community.call("messages.send", message="Олена"))]
    texts += [repr(community.transport), repr(community.parse), repr(community._numbers)]
    for hidden in (TOKEN, SECRET, "Олена", "guess"):
        assert not any(hidden in text for text in texts)
