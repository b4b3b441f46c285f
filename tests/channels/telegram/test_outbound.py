"""Whatever is said, nothing of it is dropped, every size is kept, and the simulator takes each request."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vikno.channels.telegram import SecretMalformed, Telegram, TokenMalformed
from vikno.domain.dialog.messages import Button
from vikno.testing.telegram import TelegramServer
from vikno.usecases.channel import Outbound
from vikno.wire import limits
from vikno.wire.text import utf8, utf16

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawX"
BOT = Telegram(token=TOKEN, secret="hush-42", username="vikno_bot")

WORDS = st.text(st.sampled_from("абвіїєґ ’-.,:\n🙂👨‍👩‍👧 <&>_*[]()~`#+=|{}!abc123"), max_size=80)
LABELS = st.one_of(WORDS, st.sampled_from(["Так", "Ні", "Не знаю", "Його вкрадено або загублено за кордоном"]))
STYLES = st.sampled_from(["choice", "chosen", "action", "nav"])
BUTTONS = st.lists(st.tuples(LABELS, STYLES), max_size=12).map(
    lambda all_: tuple(Button(f"{at}.x", label, style) for at, (label, style) in enumerate(all_))  # type: ignore[arg-type]
)
LINKS = st.one_of(
    st.none(),
    st.sampled_from(
        ["https://vikno.example.gov.ua/c/1?x=y", "http://127.0.0.1:8080/x", "https://localhost/", "https://a:b@c.ua/"]
    ),
    WORDS,
)


def bodies(outbound: Outbound) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in BOT.render(outbound, "42")]


def keys(body: dict[str, Any]) -> list[list[dict[str, str]]]:
    rows: list[list[dict[str, str]]] = body.get("reply_markup", {}).get("inline_keyboard", [])
    return rows


def letters(text: str) -> str:
    """What is seen of a text, without white space and halves of letters: parting may change nothing of it."""
    return "".join(letter for letter in text if letter.isprintable() and not letter.isspace() and letter != "\ufffd")


@given(text=st.text(max_size=300), buttons=BUTTONS, link=LINKS)
@example(text="", buttons=(), link=None)
@example(text="\ud83d", buttons=(Button("a", "\udc00"),), link="\ud800")
@example(text="\u200b\n ", buttons=(Button("a", " "),), link="https://")
def test_nothing_is_dropped_and_every_size_is_kept(text: str, buttons: tuple[Button, ...], link: str | None) -> None:
    said = bodies(Outbound(text, buttons=buttons, link=link))
    whole = letters("\n".join(body["text"] for body in said))
    assert letters(text) in whole
    rows = keys(said[-1])
    shown = [button for row in rows for button in row]
    assert sorted(button["callback_data"] for button in shown if "callback_data" in button) == sorted(
        button.id for button in buttons
    )
    labels = letters(" ".join(button["text"] for button in shown)) + whole
    for button in buttons:
        assert letters(button.label) in labels
    if link:
        assert letters(link) in whole or any(button.get("url") == link for button in shown)
    check_sizes(said)


def check_sizes(said: list[dict[str, Any]]) -> None:
    for body in said:
        assert 1 <= utf16(body["text"]) <= limits.TELEGRAM_TEXT_UNITS
        assert utf8(body["text"]) <= limits.TELEGRAM_TEXT_BYTES
    for body in said[:-1]:
        assert keys(body) == []
    rows = keys(said[-1])
    assert all(1 <= len(row) <= limits.TELEGRAM_BUTTONS_A_ROW for row in rows)
    assert sum(map(len, rows)) <= limits.TELEGRAM_BUTTONS
    for button in (button for row in rows for button in row):
        assert 1 <= utf16(button["text"]) <= limits.TELEGRAM_LABEL_UNITS
        if "callback_data" in button:
            assert 1 <= utf8(button["callback_data"]) <= limits.TELEGRAM_CALLBACK_BYTES


@given(
    paragraphs=st.lists(st.text(st.sampled_from("абв где 🙂.,"), min_size=1, max_size=900), min_size=5, max_size=40),
    buttons=BUTTONS,
)
def test_a_long_text_is_parted_between_words_and_asks_at_its_end(
    paragraphs: list[str], buttons: tuple[Button, ...]
) -> None:
    text = "\n\n".join(paragraphs)
    said = bodies(Outbound(text, buttons=buttons))
    check_sizes(said)
    whole = "".join(letters(body["text"]) for body in said)
    assert letters(text) in whole
    words = set(re.findall(r"\S+", text))
    longest = max(map(utf16, words), default=0)
    if longest <= limits.TELEGRAM_TEXT_UNITS:
        for body in said[:-1]:
            assert set(re.findall(r"\S+", body["text"])) <= words  # no word was cut


@pytest.mark.parametrize("many", [1, 8, 99, 100, 101, 250, 1000])
@pytest.mark.parametrize("label", ["Країна {}", "Країна з дуже довгою назвою, номер {}"])
@pytest.mark.parametrize("sides", [0, 3])
def test_a_list_of_any_length_is_shown(many: int, label: str, sides: int) -> None:
    options = [Button(f"c{at}", label.format(at)) for at in range(1, many + 1)]
    doors = [Button(f"n{at}", f"Двері {at}", "nav") for at in range(sides)]
    said = bodies(Outbound("Оберіть країну", buttons=(*options, *doors), link="https://vikno.example.gov.ua/"))
    check_sizes(said)
    whole = "\n".join(body["text"] for body in said)
    ids = [button["callback_data"] for row in keys(said[-1]) for button in row if "callback_data" in button]
    labels = [button["text"] for row in keys(said[-1]) for button in row]
    for at, option in enumerate(options, 1):
        assert option.id in ids or f"\n{at}) {option.label}" in whole
        assert option.label in labels or f"\n{at}) {option.label}" in whole
    assert ids[len(ids) - sides :] == [door.id for door in doors]  # the side doors are always there
    assert any("url" in button for row in keys(said[-1]) for button in row)


def test_a_hundred_side_doors_and_more_are_named_all_the_same() -> None:
    doors = tuple(Button(f"n{at}", f"Двері {at}", "nav") for at in range(150))
    said = bodies(Outbound("Куди?", buttons=(Button("a", "Так"), *doors), link="https://vikno.example.gov.ua/"))
    check_sizes(said)
    shown = [button["text"] for row in keys(said[-1]) for button in row]
    whole = said[-1]["text"]
    assert all(door.label in shown or f"• {door.label}" in whole for door in doors)
    assert "1) Так" in whole


@pytest.mark.parametrize("identity", ["", "ї" * 33, "x" * 65, "\ud800"])
def test_a_button_that_cannot_be_carried_is_words(identity: str) -> None:
    (body,) = bodies(Outbound("Куди?", buttons=(Button(identity, "Туди"), Button("b", "Сюди"))))
    assert body["text"] == "Куди?\n\n1) Туди\n2) Сюди"
    assert keys(body) == [[{"text": "2", "callback_data": "b"}]]


@pytest.mark.parametrize(
    ("link", "button"),
    [
        ("https://vikno.example.gov.ua/c/1?x=y#z", True),
        ("https://vikno.example.gov.ua:8443/", True),
        ("http://vikno.example.gov.ua/", False),
        ("https://vikno.example.gov.ua:99999/", False),
        ("https://localhost/", False),
        ("https://127.0.0.1/", False),
        ("https://[::1]/", False),
        ("https://user:pass@vikno.example.gov.ua/", False),
        ("https://vikno.example.gov.ua/ x", False),
        ("https://вікно.укр/", False),
        ("https://-a.ua/", False),
        ("https://" + "a" * 64 + ".ua/", False),
        ("https://a.ua/" + "x" * 2050, False),
        ("javascript:alert(1)", False),
        ("tg://resolve?domain=x", False),
        ("", False),
    ],
)
def test_only_a_link_that_telegram_takes_is_a_button(link: str, button: bool) -> None:
    (body,) = bodies(Outbound("Перелік", link=link))
    assert [one.get("url") for row in keys(body) for one in row] == ([link] if button else [])
    assert (link in body["text"]) is (not button)


@given(text=st.text(max_size=6000), buttons=BUTTONS, link=LINKS)
async def test_the_simulator_takes_whatever_we_say(text: str, buttons: tuple[Button, ...], link: str | None) -> None:
    telegram = TelegramServer(TOKEN)
    olena = telegram.person("Олена")
    olena.started = True
    for request in BOT.render(Outbound(text, buttons=buttons, link=link), str(olena.id)):
        telegram._said("sendMessage", json.loads(request.body))  # raises for what it refuses


def test_the_order_of_all_parts_is_that_of_the_text() -> None:
    text = "\n\n".join(f"{at} " + "слово " * 200 for at in range(20))
    firsts = [int(found) for body in bodies(Outbound(text)) for found in re.findall(r"\d+", body["text"])]
    assert firsts == list(range(20))


# ---- what is never shown ----


def test_the_token_is_never_shown() -> None:
    request = BOT.render(Outbound("Привіт"), "42")[0]
    for shown in (repr(BOT), str(BOT), repr(request), f"{request}", repr(BOT.call("getMe"))):
        assert TOKEN not in shown
        assert "AAHdqTcv" not in shown
        assert "hush-42" not in shown


@pytest.mark.parametrize("token", ["", "a b", "1:x/../", "1:x?y", "https://x", "1:\n", "1:ї"])
def test_a_token_that_would_change_the_address_is_refused_unshown(token: str) -> None:
    with pytest.raises(TokenMalformed, match="BotFather") as raised:
        Telegram(token=token)
    assert not token or token not in str(raised.value).replace("a colon", "")


@pytest.mark.parametrize("secret", ["", "тихо", "a b", "x" * 257])
def test_a_secret_that_telegram_would_refuse_is_refused(secret: str) -> None:
    with pytest.raises(SecretMalformed):
        Telegram(token="1:abc", secret=secret)
