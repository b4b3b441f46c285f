"""What we send to Viber: nothing is dropped, and no limit is passed, whatever there is to say."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikno.channels.viber import Viber
from vikno.channels.viber.inbound import WELCOME, pressed
from vikno.domain.dialog.messages import Button
from vikno.testing.viber import fault, shown
from vikno.usecases.channel import Inbound, Opened, Outbound, Raw
from vikno.wire import limits
from vikno.wire.http import HttpAnswer, HttpRequest

BOT = Viber(token="secret-token", name="Державна міграційна служба України", uri="dmsu")

letters = st.characters(codec="utf-8")
texts = st.text(letters, max_size=300) | st.sampled_from(
    [
        "",
        " ",
        "Добрий день!\n\n• паспорт\n• фото",
        "і" * 7001,
        "слово " * 3000,
        "😀" * 9000,
        '"\\' * 5000,
        "\x00\x07a",
        "a" * 30_001,
    ]
)
labels = st.text(letters, min_size=1, max_size=40) | st.sampled_from(
    [
        "Так",
        "Ні",
        "В Україні",
        "За кордоном",
        "<b>&",
        "&" * 250,
        "&" * 60,
        "Дуже довга назва " * 20,
        "😀" * 30,
        "\n",
        "‹a›",
        '"' * 200,
    ]
)
styles = st.sampled_from(["choice", "choice", "choice", "chosen", "action", "nav"])


@st.composite
def keys(draw: st.DrawFn) -> tuple[Button, ...]:
    drawn = draw(st.lists(st.tuples(labels, styles), max_size=draw(st.sampled_from([4, 12, 40, 120]))))
    return tuple(Button(f"{at}.k", label, style) for at, (label, style) in enumerate(drawn))  # type: ignore[arg-type]


def rendered(outbound: Outbound, address: str = "01234567890A=") -> list[dict[str, Any]]:
    requests = BOT.render(outbound, address)
    found = []
    for request in requests:
        body = json.loads(request.body)
        assert fault(body, len(request.body)) is None
        assert len(request.body) <= limits.VIBER_JSON_BYTES
        assert len(body.get("text", "")) <= limits.VIBER_TEXT_CHARACTERS
        assert body["min_api_version"] >= 1
        assert body["receiver"] == address
        found.append(body)
    return found


def grid(keyboard: dict[str, Any]) -> int:
    """How many rows it takes; each is filled as Viber fills it, from left to right."""
    height, column, row = 0, 0, 0
    for key in keyboard["Buttons"]:
        if column + key["Columns"] > limits.VIBER_COLUMNS:
            height, column, row = height + row, 0, 0
        column, row = column + key["Columns"], max(row, key["Rows"])
    return height + row


links = st.sampled_from(
    [
        None,
        None,
        "https://vikno.example/s/1",
        "http://[",
        "ftp://a/",
        "https://їжак.укр/",
        "https://a/" + "b" * 2500,
        "a b",
    ]
)


@given(texts, keys(), st.booleans(), links)
def test_nothing_is_dropped_and_no_limit_is_passed(
    text: str, buttons: tuple[Button, ...], kept: bool, link: str | None
) -> None:
    bodies = rendered(Outbound(text, buttons=buttons, kept=kept, link=link))
    keyboards = [body["keyboard"] for body in bodies if "keyboard" in body]
    said = "".join("".join(body.get("text", "").split()) for body in bodies)
    offered = {pressed(key["ActionBody"]): shown(key) for board in keyboards for key in board["Buttons"]}
    if kept:
        assert not keyboards
    if keyboards:
        assert len(keyboards) == 1
        assert "keyboard" in bodies[-1]
        assert keyboards[0]["Type"] == "keyboard"
        assert grid(keyboards[0]) <= limits.VIBER_ROWS
    for button in buttons:
        whole = "".join(visible(button.label).split())
        on_button = "".join(offered.get(button.id, "").split())
        assert whole in on_button or whole in said, button
    assert "".join(visible(text).split()) in said
    opened = [key["ActionBody"] for board in keyboards for key in board["Buttons"] if key["ActionType"] == "open-url"]
    assert link is None or opened == [link] or "".join(link.split()) in said


def visible(text: str) -> str:
    return "".join(letter for letter in text if letter in "\t\n" or not (letter < " " or letter == "\x7f"))


@given(keys())
def test_an_id_stands_on_one_button_only(buttons: tuple[Button, ...]) -> None:
    ids = [pressed(key["ActionBody"]) for body in rendered(Outbound("?", buttons=buttons)) for key in keys_of(body)]
    assert len(ids) == len(set(ids))
    assert set(ids) <= {button.id for button in buttons}


def keys_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    return list(body.get("keyboard", {}).get("Buttons", ()))


@pytest.mark.parametrize("count", [1, 12, 13, 36, 37, 66, 72])
def test_short_choices_have_a_button_each_up_to_the_whole_grid(count: int) -> None:
    buttons = tuple(Button(f"1.{at}", f"Область номер {at}") for at in range(count))
    (body,) = rendered(Outbound("Де?", buttons=buttons))
    assert [pressed(key["ActionBody"]) for key in keys_of(body)] == [button.id for button in buttons]


def test_what_no_grid_holds_is_listed_and_told_to_the_operator(caplog: pytest.LogCaptureFixture) -> None:
    buttons = (*(Button(f"1.{at}", f"Країна {at}") for at in range(195)), Button("1.n", "Назад", "nav"))
    with caplog.at_level(logging.WARNING, "vikno.viber"):
        bodies = rendered(Outbound("Яка країна?", buttons=buttons, link="https://vikno.example/s/1"))
    assert [(record.message, record.__dict__["count"]) for record in caplog.records] == [
        ("choices_without_button", 135)
    ]
    text = "\n".join(body["text"] for body in bodies)
    assert "195. Країна 194" in text
    assert [key["Text"] for key in keys_of(bodies[-1])[-2:]] == ["Назад", "🌐 vikno.example"]
    assert len(keys_of(bodies[-1])) == 62


def test_rows_keep_the_order_and_choices_do_not_stand_beside_side_doors() -> None:
    labels = ("Так", "Ні", "Не знаю, спитаю вдома ще раз", "Інше")
    buttons = (*(Button(label, label) for label in labels), Button("n", "Назад", "nav"))
    (body,) = rendered(Outbound("?", buttons=buttons))
    assert [(key["Text"], key["Columns"]) for key in keys_of(body)] == [
        ("Так", 3), ("Ні", 3), ("Не знаю, спитаю вдома ще раз", 6), ("Інше", 6), ("Назад", 6),
    ]  # fmt: skip


@pytest.mark.parametrize(("count", "shown_as"), [(12, "Дуже довгий варіант номер 11"), (13, "13")])
def test_a_keyboard_is_twelve_rows_high_and_then_there_are_numbers(count: int, shown_as: str) -> None:
    (body,) = rendered(
        Outbound("?", buttons=tuple(Button(f"1.{at}", f"Дуже довгий варіант номер {at}") for at in range(count)))
    )
    assert keys_of(body)[-1]["Text"] == shown_as
    assert grid(body["keyboard"]) == (12 if count == 12 else 3)


def test_bytes_are_counted_as_well_as_letters() -> None:
    """A text that fits by its letters, and a full keyboard: together more than a request may have."""
    count, long = 66, 100
    buttons = tuple(Button(f"{at:0>20}", "ა" * long) for at in range(count))
    listed = sum(len(f"{at}. ") + long + 1 for at in range(1, count + 1)) + 1
    text = "ა" * (limits.VIBER_TEXT_CHARACTERS - listed)
    bodies = rendered(Outbound(text, buttons=buttons, link="https://vikno.example/" + "a" * 1900))
    assert len(bodies) == 2
    assert sum(body["text"].count("ა") for body in bodies) == len(text) + count * long


def test_a_little_more_has_room_in_small_letters() -> None:
    services = [
        "Зміна зареєстрованого місця проживання",
        "Закордонний паспорт",
        "Паспорт громадянина України (ID-картка)",
    ]
    services += ["Допомога на проживання ВПО", "Посвідка на постійне проживання", "Посвідка на тимчасове проживання"]
    services += ["Дозвіл на риболовлю", "Читацький квиток", "Гостьова віза"]
    doors = ["Стежити за документом", "Мої документи", "Мова (Language)", "Допомога", "Запитати людину"]
    buttons = [Button(f"1.{at}", label) for at, label in enumerate(services)]
    buttons += [Button(f"2.{at}", label, "nav") for at, label in enumerate(doors)]
    (body,) = rendered(Outbound("Оберіть послугу.", buttons=tuple(buttons)))
    assert [shown(key) for key in keys_of(body)] == [*services, *doors]
    assert {key["TextSize"] for key in keys_of(body)} == {"small"}
    assert body["text"] == "Оберіть послугу."


def test_a_link_without_buttons_takes_away_no_keyboard() -> None:
    (body,) = rendered(Outbound("Перелік готовий.", link="https://vikno.example/s/1"))
    assert body["text"] == "Перелік готовий.\n\nhttps://vikno.example/s/1"
    assert "keyboard" not in body


def test_markup_in_a_label_is_words() -> None:
    (body,) = rendered(Outbound("?", buttons=(Button("a", "<b>&amp;</b><script>", "action"),)))
    assert keys_of(body)[0]["Text"] == "<b>&lt;b&gt;&amp;amp;&lt;/b&gt;&lt;script&gt;</b>"
    assert shown(keys_of(body)[0]) == "<b>&amp;</b><script>"


def test_a_long_text_is_parted_between_words_with_the_keyboard_on_the_last() -> None:
    text = "\n\n".join(f"{at}. Абзац про документи, який має кілька слів." for at in range(400))
    bodies = rendered(Outbound(text, buttons=(Button("a", "Далі"),)))
    assert len(bodies) > 2
    assert ["keyboard" in body for body in bodies] == [False] * (len(bodies) - 1) + [True]
    assert "\n\n".join(body["text"] for body in bodies) == text


def test_letters_that_json_cannot_carry_do_not_stop_a_message() -> None:
    (body,) = rendered(Outbound("a\ud800b\x00c", buttons=(Button("k", "\ud800Так\x07"),)))
    assert body["text"] == "abc"
    assert keys_of(body)[0]["Text"] == "Так"


def test_a_name_is_cut_to_what_viber_shows() -> None:
    (body,) = rendered(Outbound("a"))
    assert body["sender"]["name"] == "Державна міграційна служба У"


# ---- the welcome ----


def welcome(*replies: Outbound) -> tuple[dict[str, Any] | None, int]:
    opened = b'{"event":"conversation_started","message_token":1,"user":{"id":"a="},"subscribed":false}'
    ack = BOT.ack(BOT.parse(Raw(opened)), replies)
    assert ack.status == 200
    return (json.loads(ack.body) if ack.body else None), ack.carried


@given(st.lists(st.tuples(texts, keys()), max_size=4))
def test_a_welcome_is_one_message_that_viber_takes(said: list[tuple[str, tuple[Button, ...]]]) -> None:
    replies = [Outbound(text, buttons=buttons) for text, buttons in said]
    body, carried = welcome(*replies)
    assert carried <= len(replies)
    assert (body is None) == (carried == 0)
    if body is not None:
        assert fault(body, len(json.dumps(body, ensure_ascii=False).encode())) is None
        assert "receiver" not in body


def test_replies_that_do_not_fit_stay_outside() -> None:
    body, carried = welcome(Outbound("перше"), Outbound("друге " * 2000), Outbound("третє"))
    assert carried == 1
    assert body is not None
    assert body["text"] == "перше"


def test_a_first_reply_that_is_too_long_is_not_cut() -> None:
    assert welcome(Outbound("слово " * 2000)) == (None, 0)


def test_the_last_keyboard_of_the_replies_is_the_welcomes() -> None:
    body, carried = welcome(
        Outbound("а", buttons=(Button("1.a", "Перша"),)),
        Outbound("б", buttons=(Button("2.b", "Друга"),)),
        Outbound("в"),
    )
    assert carried == 3
    assert body is not None
    assert [pressed(key["ActionBody"]) for key in keys_of(body)] == ["2.b"]


def test_the_welcome_asks_for_a_tap_in_the_language_of_what_is_said() -> None:
    """Or whoever opened it by a receipt, and did nothing more, would never hear of their document."""
    bot = Viber(token="t", name="Бот", tap={"uk": "Натисніть кнопку.", "en": "Tap a button."}.__getitem__)
    opened = Inbound("k", "person", Opened(""), handle=WELCOME)
    ack = bot.ack([opened], [Outbound("You follow it.", "en", (Button("1.a", "Stop"),))])
    assert json.loads(ack.body)["text"] == "You follow it.\n\nTap a button."


def test_no_link_of_the_replies_is_lost_in_the_welcome() -> None:
    first, second = "https://vikno.example/1", "https://vikno.example/2"
    body, carried = welcome(Outbound("а", link=first), Outbound("б", link=second, buttons=(Button("1.a", "Так"),)))
    assert carried == 2
    assert body is not None
    assert body["text"] == f"а\n\n{first}\n\nб"
    assert [key["ActionBody"] for key in keys_of(body)] == ["Так ‹1.a›", second]


# ---- answers ----


@given(st.integers(100, 599), st.binary(max_size=200))
def test_any_answer_means_something(status: int, body: bytes) -> None:
    outcome = BOT.classify(HttpRequest("POST", "u"), HttpAnswer(status, {}, body))
    assert type(outcome).__name__ in {"Sent", "RetryAfter", "DeadAddress", "BadMessage", "Misconfigured", "Unknown"}


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"status": 0, "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", b""])
def test_an_answer_that_cannot_be_read_is_unknown(body: bytes) -> None:
    assert type(BOT.classify(HttpRequest("POST", "u"), HttpAnswer(200, {}, body))).__name__ == "Unknown"


def test_no_outcome_says_the_token() -> None:
    for status in range(30):
        body = json.dumps({"status": status, "status_message": "secret-token"}).encode()
        assert "secret-token" not in repr(BOT.classify(HttpRequest("POST", "u"), HttpAnswer(200, {}, body)))
