"""What we send to WhatsApp: nothing is dropped, and no limit is passed, whatever there is to say."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikno.channels.whatsapp import WhatsApp
from vikno.channels.whatsapp.outbound import in_one_line
from vikno.channels.whatsapp.refusals import CODES
from vikno.domain.dialog.messages import Button
from vikno.testing.whatsapp import fault
from vikno.usecases.channel import Misconfigured, Outbound
from vikno.wire import limits
from vikno.wire.http import HttpAnswer, HttpRequest
from vikno.wire.text import utf16

ABOUT: dict[str, Any] = {"token": "secret-token", "secret": "app-secret", "number": "1", "name": "Служба"}
BOT = WhatsApp(**ABOUT)
WITH_TEMPLATE = WhatsApp(**ABOUT, template="case_news", languages=("uk", "en_GB"))

letters = st.characters(codec="utf-8")
texts = st.text(letters, max_size=300) | st.sampled_from(
    [
        "",
        " ",
        "Добрий день!\n\n• паспорт\n• фото",
        "і" * 1024,
        "і" * 1025,
        "і" * 4097,
        "слово " * 3000,
        "😀" * 9000,
        "\x00\x07a",
    ]
)
labels = st.text(letters, min_size=1, max_size=80) | st.sampled_from(
    ["Так", "Ні", "і" * 20, "і" * 21, "і" * 24, "і" * 25, "і" * 72, "і" * 73, "Дуже довга назва " * 20, "😀" * 30, "\n"]
)
styles = st.sampled_from(["choice", "choice", "choice", "chosen", "action", "nav"])


@st.composite
def keys(draw: st.DrawFn) -> tuple[Button, ...]:
    drawn = draw(st.lists(st.tuples(labels, styles), max_size=draw(st.sampled_from([3, 4, 10, 12, 40]))))
    return tuple(Button(f"{at}.k", label, style) for at, (label, style) in enumerate(drawn))  # type: ignore[arg-type]


def rendered(outbound: Outbound, address: str = "UA.42", bot: WhatsApp = BOT) -> list[dict[str, Any]]:
    found = []
    for request in bot.render(outbound, address):
        body = json.loads(request.body)
        assert fault(body) is None, body
        assert all(utf16(text) <= most for text, most in measured(body)), body
        found.append(body)
    return found


def measured(body: dict[str, Any]) -> list[tuple[str, int]]:
    """Each text with how many UTF-16 units it may have: however WhatsApp counts, it is never more."""
    if body["type"] == "text":
        return [(body["text"]["body"], limits.WHATSAPP_PLAIN_CHARACTERS)]
    if body["type"] == "template":
        return [(one["text"], 800) for part in body["template"]["components"] for one in part["parameters"]]
    action = body["interactive"]["action"]
    rows = [row for section in action.get("sections", ()) for row in section["rows"]]
    return [
        (body["interactive"]["body"]["text"], limits.WHATSAPP_TEXT_CHARACTERS),
        (action.get("button", ""), limits.WHATSAPP_MENU_CHARACTERS),
        *((one["reply"]["title"], limits.WHATSAPP_LABEL_CHARACTERS) for one in action.get("buttons", ())),
        *((row["title"], limits.WHATSAPP_ROW_CHARACTERS) for row in rows),
        *((row.get("description", ""), limits.WHATSAPP_ROW_MORE_CHARACTERS) for row in rows),
    ]


def said(bodies: list[dict[str, Any]]) -> str:
    parts = [body["text"]["body"] if body["type"] == "text" else body["interactive"]["body"]["text"] for body in bodies]
    return "".join("".join(part.split()) for part in parts)


def offered(bodies: list[dict[str, Any]]) -> dict[str, str]:
    """What can be tapped: id -> the whole of what it shows."""
    found: dict[str, str] = {}
    for body in bodies:
        if body["type"] == "interactive":
            action = body["interactive"]["action"]
            found |= {one["reply"]["id"]: one["reply"]["title"] for one in action.get("buttons", ())}
            rows = [row for section in action.get("sections", ()) for row in section["rows"]]
            found |= {row["id"]: row.get("description") or row["title"] for row in rows}
    return found


def visible(text: str) -> str:
    return "".join(letter for letter in text if letter in "\t\n" or not (letter < " " or letter == "\x7f"))


def squeezed(text: str) -> str:
    return "".join(visible(text).split())


links = st.sampled_from([None, None, "https://vikno.example/s/1", "https://a/" + "b" * 2500])


@given(texts, keys(), st.booleans(), links)
def test_nothing_is_dropped_and_no_limit_is_passed(
    text: str, buttons: tuple[Button, ...], kept: bool, link: str | None
) -> None:
    bodies = rendered(Outbound(text, buttons=buttons, kept=kept, link=link))
    words, taps = said(bodies), offered(bodies)
    assert all(body["type"] == "text" for body in bodies[:-1])
    assert set(taps) <= {button.id for button in buttons}
    for button in buttons:
        whole = squeezed(button.label)
        assert whole in "".join(taps.get(button.id, "").split()) or whole in words, button
    assert squeezed(text) in words
    assert squeezed(link or "") in words


@given(texts, keys(), links)
def test_a_template_says_all_of_it_on_one_line(text: str, buttons: tuple[Button, ...], link: str | None) -> None:
    notice = Outbound(text, buttons=buttons, purpose="notice", kept=True, link=link)
    parts = []
    for body in rendered(notice, bot=WITH_TEMPLATE):
        (component,) = body["template"]["components"]
        (parameter,) = component["parameters"]
        assert "\n" not in parameter["text"]
        assert "\t" not in parameter["text"]
        assert " " * (limits.WHATSAPP_TEMPLATE_SPACES + 1) not in parameter["text"]
        assert 0 < len(parameter["text"]) <= 800
        parts.append(parameter["text"])
    whole = squeezed("".join(parts)).replace("·", "")
    assert squeezed(text).replace("·", "") in whole
    assert all(squeezed(button.label).replace("·", "") in whole for button in buttons)
    assert squeezed(link or "") in whole


@pytest.mark.parametrize(
    ("count", "length", "kind"),
    [
        (1, 20, "button"),
        (3, 20, "button"),
        (3, 21, "list"),
        (4, 20, "list"),
        (10, 24, "list"),
        (10, 72, "list"),
        (10, 73, "list"),
        (11, 3, None),
    ],
)
def test_what_can_be_tapped_at_each_edge(count: int, length: int, kind: str | None) -> None:
    buttons = tuple(Button(f"1.{at}", f"{at:0>2}" + "і" * (length - 2)) for at in range(count))
    (body,) = rendered(Outbound("Де?", buttons=buttons))
    assert body.get("interactive", {}).get("type") == kind
    assert len(offered([body])) == (count if kind else 0)
    numbered = "1." in said([body])
    assert numbered == (length > limits.WHATSAPP_ROW_MORE_CHARACTERS or count > limits.WHATSAPP_ROWS)


def test_rows_for_long_labels_are_the_numbers_of_the_text() -> None:
    buttons = (Button("1.a", "слово " * 20), Button("1.b", "Так"), Button("1.n", "Назад", "nav"))
    (body,) = rendered(Outbound("?", buttons=buttons))
    (section,) = body["interactive"]["action"]["sections"]
    assert [row["title"] for row in section["rows"]] == ["1", "2", "Назад"]
    assert f"1. {'слово ' * 20}".strip() + "\n2. Так" in body["interactive"]["body"]["text"]


def test_what_has_no_row_is_listed_and_told_to_the_operator(caplog: pytest.LogCaptureFixture) -> None:
    buttons = (*(Button(f"1.{at}", f"Країна {at}") for at in range(195)), Button("1.n", "Назад", "nav"))
    with caplog.at_level(logging.WARNING, "vikno.whatsapp"):
        bodies = rendered(Outbound("Яка країна?", buttons=buttons))
    assert [(record.message, record.__dict__["count"]) for record in caplog.records] == [
        ("choices_without_button", 195)
    ]
    assert "195.Країна194" in said(bodies)
    assert offered(bodies) == {"1.n": "Назад"}


def test_side_doors_without_a_row_are_named_and_the_next_step_comes_first() -> None:
    choices = [Button(f"1.{at}", f"Область {at}") for at in range(9)]
    doors = [Button("2.a", "Назад", "nav"), Button("2.b", "Допомога", "nav"), Button("2.c", "Далі", "action")]
    (body,) = rendered(Outbound("?", buttons=(*choices, *doors)))
    assert [*offered([body])] == [*(button.id for button in choices), "2.c"]
    assert body["interactive"]["body"]["text"] == "?\n\n• Назад\n• Допомога"


def test_two_buttons_alike_become_rows() -> None:
    (body,) = rendered(Outbound("?", buttons=(Button("1.a", "Так"), Button("1.b", "Так"))))
    assert body["interactive"]["type"] == "list"


@pytest.mark.parametrize(("length", "count"), [(800, 1), (801, 2), (1601, 3)])
def test_a_notice_is_parted_where_the_template_is_full(length: int, count: int) -> None:
    assert len(rendered(Outbound("і" * length, purpose="notice"), bot=WITH_TEMPLATE)) == count


def test_an_id_as_long_as_whatsapp_carries_is_tapped() -> None:
    (body,) = rendered(Outbound("?", buttons=(Button("a" * 200, "Так"), Button("b" * 200, "і" * 21))))
    assert set(offered([body])) == {"a" * 200, "b" * 200}


@pytest.mark.parametrize("identity", ["", " a", "a" * 201, "ї", "a\n"])
def test_an_id_that_whatsapp_would_not_carry_is_typed(identity: str) -> None:
    (body,) = rendered(Outbound("?", buttons=(Button(identity, "Так"), Button("b", "Ні"))))
    assert set(offered([body])) <= {"b"}
    assert "1. Так\n2. Ні" in body["interactive"]["body"]["text"]


def test_an_id_stands_on_one_button_only() -> None:
    (body,) = rendered(Outbound("?", buttons=(Button("a", "Так"), Button("a", "Ні"))))
    assert list(offered([body])) == ["a"]
    assert "2. Ні" in body["interactive"]["body"]["text"]


@pytest.mark.parametrize(("length", "count"), [(1024, 1), (1025, 2), (5121, 3)])
def test_a_long_text_goes_before_its_buttons(length: int, count: int) -> None:
    bodies = rendered(Outbound("і" * length, buttons=(Button("a", "Далі"),)))
    assert [body["type"] for body in bodies] == ["text"] * (count - 1) + ["interactive"]
    assert said(bodies) == "і" * length


@pytest.mark.parametrize(("length", "count"), [(4096, 1), (4097, 2)])
def test_a_plain_text_is_parted_at_its_own_limit(length: int, count: int) -> None:
    assert len(rendered(Outbound("і" * length))) == count


def test_a_long_text_is_parted_between_words() -> None:
    text = "\n\n".join(f"{at}. Абзац про документи, який має кілька слів." for at in range(400))
    bodies = rendered(Outbound(text, buttons=(Button("a", "Далі"),)))
    shown = [body["text"]["body"] if body["type"] == "text" else body["interactive"]["body"]["text"] for body in bodies]
    assert len(shown) > 2
    assert "\n\n".join(shown) == text


def test_the_words_that_open_a_list_are_of_the_persons_language() -> None:
    bot = WhatsApp(**ABOUT, menu={"uk": "Обрати", "en": "Choose", "de": "і" * 21}.__getitem__)
    buttons = tuple(Button(f"1.{at}", f"Область {at}") for at in range(4))
    opens = [
        rendered(Outbound("?", lang, buttons), bot=bot)[0]["interactive"]["action"]["button"]
        for lang in ("uk", "en", "de")
    ]
    assert opens == ["Обрати", "Choose", "☰"]


def test_letters_that_json_cannot_carry_do_not_stop_a_message() -> None:
    (body,) = rendered(Outbound("a\ud800b\x00c", buttons=(Button("k", "\ud800Так\x07"),)))
    assert body["interactive"]["body"]["text"] == "abc"
    assert offered([body]) == {"k": "Так"}


@pytest.mark.parametrize(
    ("address", "field"), [("UA.42", "recipient"), ("UA.ENT.42", "recipient"), ("380501234567", "to")]
)
def test_an_address_is_a_phone_or_an_id_and_never_both(address: str, field: str) -> None:
    (body,) = rendered(Outbound("а"), address)
    assert {name: body[name] for name in ("to", "recipient") if name in body} == {field: address}


@given(st.text(letters, max_size=200))
def test_one_line_keeps_every_word(text: str) -> None:
    line = in_one_line(text)
    assert line == " ".join(line.split())
    assert "".join(text.split()).replace("·", "") == "".join(line.split()).replace("·", "")


def test_a_letter_of_two_units_counts_two() -> None:
    assert len(rendered(Outbound("😀" * 2049))) == 2
    assert len(rendered(Outbound("😀" * 513, buttons=(Button("a", "Далі"),)))) == 2
    assert len(rendered(Outbound("😀" * 401, purpose="notice"), bot=WITH_TEMPLATE)) == 2


# ---- answers ----


@given(st.integers(100, 599), st.binary(max_size=200))
def test_any_answer_means_something(status: int, body: bytes) -> None:
    outcome = BOT.classify(HttpRequest("POST", "u"), HttpAnswer(status, {}, body))
    assert type(outcome).__name__ in {"Sent", "RetryAfter", "DeadAddress", "BadMessage", "Misconfigured", "Unknown"}


@given(st.integers(100, 599), st.integers(-(2**40), 2**40))
def test_any_code_means_something(status: int, code: int) -> None:
    body = json.dumps({"error": {"code": code}}).encode()
    outcome = BOT.classify(HttpRequest("POST", "u"), HttpAnswer(status, {}, body))
    assert type(outcome).__name__ in {"RetryAfter", "DeadAddress", "BadMessage", "Misconfigured", "Unknown"}


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"messages": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", b""])
def test_an_answer_that_cannot_be_read_is_unknown(body: bytes) -> None:
    assert type(BOT.classify(HttpRequest("POST", "u"), HttpAnswer(200, {}, body))).__name__ == "Unknown"


def test_a_template_never_stops_the_account() -> None:
    for code in [code for code in CODES if 132_000 <= code < 133_000]:
        body = json.dumps({"error": {"code": code}}).encode()
        assert not isinstance(BOT.classify(HttpRequest("POST", "u"), HttpAnswer(400, {}, body)), Misconfigured)


def test_no_outcome_says_what_meta_says() -> None:
    for code in [*CODES, 250, 999_999]:
        error = {"code": code, "message": "380501234567", "error_data": {"details": "secret-token"}}
        body = json.dumps({"error": error}).encode()
        shown = repr(BOT.classify(HttpRequest("POST", "u"), HttpAnswer(400, {}, body)))
        assert "secret-token" not in shown
        assert "380501234567" not in shown
