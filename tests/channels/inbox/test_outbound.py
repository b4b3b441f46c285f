"""Messages of any length fit, and what is said once more is shown once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vikno.channels.inbox import Inbox, inbound, key_from
from vikno.testing.inbox import KEYS, plain
from vikno.testing.push import text_of
from vikno.usecases.channel import Outbound, Raw

SECRET = b"s" * 32
CHANNEL = Inbox(key=key_from(bytes(range(48))), secret=SECRET, name=lambda lang: {"uk": "Вікно"}.get(lang, "Vikno"))
TO = CHANNEL.address("https://push.example/abc", text_of(KEYS.point), text_of(KEYS.auth))


def rendered(outbound: Outbound, to: str = TO) -> dict[str, object]:
    (request,) = CHANNEL.render(outbound, to)
    shown = plain(request)
    assert len(request.body) <= 4096
    assert text_of(KEYS.auth) not in repr(request)
    return dict(shown["body"]) | {"size": shown["size"]}


@settings(max_examples=60)
@given(
    text=st.text(st.characters(exclude_categories=["Cs"])).map(lambda text: text * 400),
    subject=st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    link=st.none() | st.integers(0, 3000).map(lambda size: "https://vikno.example/" + "a" * size),
)
def test_everything_fits_and_what_is_cut_says_so(text: str, subject: str | None, link: str | None) -> None:
    shown = rendered(Outbound(text, subject=subject, link=link))
    title, body = str(shown["title"]), str(shown["body"])
    assert len(title) <= 80
    said = body if body.strip() == text.strip() or subject else f"{title}\n\n{body}"
    assert said.strip() == text.strip() or body.endswith("…") or title in text


def test_a_short_message_is_whole_and_its_length_is_hidden() -> None:
    assert rendered(Outbound("Добрий день"))["body"] == "Добрий день"
    assert {rendered(Outbound("ї" * size))["size"] for size in range(1, 20)} == {rendered(Outbound("x"))["size"]}


def test_a_long_one_ends_between_words() -> None:
    body = str(rendered(Outbound("слово " * 2000))["body"])
    assert body.endswith("слово…")
    assert len(body.encode()) > 3500


def test_what_is_said_once_more_takes_the_place_of_the_first_and_others_do_not() -> None:
    other = CHANNEL.address("https://push.example/other", text_of(KEYS.point), text_of(KEYS.auth))
    tags = [
        rendered(Outbound("Добрий день"))["tag"],
        rendered(Outbound("Добрий день"))["tag"],
        rendered(Outbound("Добрий день."))["tag"],
        rendered(Outbound("Добрий день", link="https://vikno.example/"))["tag"],
        rendered(Outbound("Добрий день"), other)["tag"],
    ]
    assert len(set(tags)) == 4
    assert tags[0] == tags[1]


def test_a_receipt_is_believed_for_its_message_and_its_server_only() -> None:
    where = str(rendered(Outbound("Добрий день"))["receipt"])
    token = where.partition("?receipt=")[2]
    raw = Raw(b'{"happened":"opened"}', {}, {"receipt": token})
    assert CHANNEL.verify(raw) is None
    refused = Inbox(key=key_from(bytes(48)), secret=b"t" * 32).verify(raw)
    assert refused is not None
    assert refused.status == 403
    for at in range(len(token) - 1):
        wrong = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        assert inbound.verify(SECRET, Raw(b"", {}, {"receipt": wrong})) is not None


@pytest.mark.parametrize("lang", ["uk", "en", "pl"])
def test_who_writes_is_said_in_the_language_of_the_message(lang: str) -> None:
    assert rendered(Outbound("x", lang))["title"] == ("Вікно" if lang == "uk" else "Vikno")
