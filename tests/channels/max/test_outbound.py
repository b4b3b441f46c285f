"""What we send to MAX: nothing is dropped, and no limit is passed, whatever there is to say."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.max.conftest import SECRET, TOKEN
from vikno.channels.max import Errands, Max
from vikno.channels.max.errands import A_SECOND, AT_ONCE
from vikno.channels.max.keyboard import SHOWN
from vikno.domain.dialog.messages import Button
from vikno.testing.max import checked
from vikno.usecases.channel import Inbound, NotCarried, Outbound, Pressed, Wrote
from vikno.wire import limits
from vikno.wire.http import HttpAnswer, HttpRequest
from vikno.wire.limits import LIMITS
from vikno.wire.text import utf16

BOT = Max(token=TOKEN, secret=SECRET, username="id7700000000_bot")

letters = st.characters(codec="utf-8")
texts = st.text(letters, max_size=300) | st.sampled_from(
    [
        "", " ", "Добрий день!\n\n• паспорт\n• фото", "і" * 4001, "слово " * 3000, "😀" * 4500,
        '"\\' * 5000, "\x00\x07a",
        "<b>не</b> *розмітка* [a](b)", "a\ud800b", "\u200b",
    ]
)  # fmt: skip
labels = st.text(letters, min_size=1, max_size=40) | st.sampled_from(
    ["Так", "Ні", "В Україні", "За кордоном", "Дуже довга назва " * 20, "😀" * 70, "\n", " ", "a" * 128, "5", "\ud800"]
)
styles = st.sampled_from(["choice", "choice", "choice", "chosen", "action", "nav"])
links = st.sampled_from(
    [
        None, None, "https://vikno.example/s/1", "http://vikno.example:8080/", "http://[", "ftp://a/", "a b",
        "https://їжак.укр/", "https://localhost/s", "https://vikno.example/" + "b" * 2100, "https://a@b.example/",
    ]
)  # fmt: skip


@st.composite
def keys(draw: st.DrawFn) -> tuple[Button, ...]:
    drawn = draw(st.lists(st.tuples(labels, styles), max_size=draw(st.sampled_from([4, 12, 40, 120, 300]))))
    return tuple(Button(f"{at}.k", label, style) for at, (label, style) in enumerate(drawn))  # type: ignore[arg-type]


def rendered(outbound: Outbound, address: str = "123456789") -> list[dict[str, Any]]:
    found = []
    for request in BOT.render(outbound, address):
        assert (request.method, request.url) == ("POST", f"https://platform-api2.max.ru/messages?user_id={address}")
        assert request.headers["Authorization"] == TOKEN
        body = json.loads(request.body)
        checked(body)  # raises what MAX would refuse
        found.append(body)
    return found


def rows_of(body: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return [row for one in body.get("attachments", ()) for row in one["payload"]["buttons"]]


def keys_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [key for row in rows_of(body) for key in row]


def visible(text: str) -> str:
    return "".join(
        letter
        for letter in text
        if letter in "\t\n" or not (letter < " " or letter == "\x7f" or "\ud800" <= letter <= "\udfff")
    )


@given(texts, keys(), st.booleans(), links)
def test_nothing_is_dropped_and_no_limit_is_passed(
    text: str, buttons: tuple[Button, ...], kept: bool, link: str | None
) -> None:
    bodies = rendered(Outbound(text, buttons=buttons, kept=kept, link=link))
    said = "".join("".join(body["text"].split()) for body in bodies)
    assert not any(body.get("attachments") for body in bodies[:-1])
    offered = {key["payload"]: key["text"] for key in keys_of(bodies[-1]) if key["type"] == "callback"}
    for button in buttons:
        whole = "".join(visible(button.label).split())
        assert whole in "".join(offered.get(button.id, "").split()) or whole in said, button
    meant = "".join(visible(text).split())
    assert meant in said or not any(letter.isprintable() for letter in meant)
    opened = [key["url"] for key in keys_of(bodies[-1]) if key["type"] == "link"]
    assert link is None or opened == [link] or "".join(link.split()) in said
    assert len(offered) == sum(key["type"] == "callback" for key in keys_of(bodies[-1]))


# ---- limits, each at its edge ----


def test_the_check_counts_what_we_send() -> None:
    known = LIMITS["max"]
    assert (known.text, known.label, known.buttons) == (
        limits.MAX_TEXT_CHARACTERS, limits.MAX_LABEL_CHARACTERS, limits.MAX_BUTTONS,
    )  # fmt: skip
    assert limits.MAX_BUTTONS == limits.MAX_ROWS * limits.MAX_BUTTONS_A_ROW
    assert SHOWN <= limits.MAX_LABEL_CHARACTERS


@pytest.mark.parametrize(
    ("letter", "count", "parts"), [("і", 4000, 1), ("і", 4001, 2), ("😀", 2000, 1), ("😀", 2001, 2)]
)
def test_a_text_has_four_thousand_units(letter: str, count: int, parts: int) -> None:
    bodies = rendered(Outbound(letter * count))
    assert len(bodies) == parts
    assert "".join(body["text"] for body in bodies) == letter * count


@pytest.mark.parametrize(("units", "shown"), [(SHOWN, True), (SHOWN + 1, False)])
def test_a_label_that_a_phone_would_cut_is_listed(units: int, shown: bool) -> None:
    (body,) = rendered(Outbound("?", buttons=(Button("1.a", "а" * units), Button("1.b", "Ні"))))
    assert [key["text"] for key in keys_of(body)] == (["а" * units, "Ні"] if shown else ["1", "2"])
    assert ("1) " in body["text"]) is not shown


@pytest.mark.parametrize(("count", "across"), [(29, 1), (30, None)])
def test_long_labels_have_a_row_each_as_long_as_there_are_rows(count: int, across: int | None) -> None:
    buttons = (
        *(Button(f"1.{at}", f"Досить довга назва номер {at}") for at in range(count)),
        Button("n", "Назад", "nav"),
    )
    (body,) = rendered(Outbound("?", buttons=buttons))
    assert len(keys_of(body)) == count + 1
    assert (keys_of(body)[0]["text"] == "1") is (across is None)


@pytest.mark.parametrize(("count", "missed"), [(145, 0), (146, 0), (203, 0), (204, 1), (300, 97)])
def test_numbers_fill_the_keyboard_and_the_rest_is_typed(
    count: int, missed: int, caplog: pytest.LogCaptureFixture
) -> None:
    buttons = (*(Button(f"1.{at}", f"Країна {at}") for at in range(count)), Button("n", "Назад", "nav"))
    with caplog.at_level(logging.WARNING, "vikno.max"):
        bodies = rendered(Outbound("Яка?", buttons=buttons))
    assert [record.__dict__["count"] for record in caplog.records] == ([missed] if missed else [])
    assert f"{count}) Країна {count - 1}" in "\n".join(body["text"] for body in bodies)
    assert keys_of(bodies[-1])[-1]["text"] == "Назад"
    assert len(keys_of(bodies[-1])) == count - missed + 1
    assert max(map(len, rows_of(bodies[-1]))) == (5 if count <= 145 else 7)


def test_two_hundred_and_ten_buttons_are_as_many_as_there_can_be() -> None:
    (body,) = rendered(Outbound("?", buttons=tuple(Button(f"1.{at}", f"К {at}") for at in range(210))))
    assert len(keys_of(body)) == limits.MAX_BUTTONS


def test_side_doors_beyond_all_rows_are_said() -> None:
    doors = tuple(Button(f"n.{at}", f"Двері з довгою назвою номер {at}", "nav") for at in range(250))
    bodies = rendered(Outbound("?", buttons=(*doors, Button("1.a", "Так")), link="https://vikno.example/"))
    text = "\n".join(body["text"] for body in bodies)
    assert "• Двері з довгою назвою номер 249" in text
    assert [key["text"] for key in keys_of(bodies[-1])][-1] == "🌐 vikno.example"
    assert "1.a" in {key.get("payload") for key in keys_of(bodies[-1])}


@pytest.mark.parametrize(("length", "tapped"), [(1024, True), (1025, False), (0, False)])
def test_an_id_is_at_most_a_payload(length: int, tapped: bool) -> None:
    (body,) = rendered(Outbound("?", buttons=(Button("x" * length, "Так"), Button("b", "Ні"))))
    assert ("x" * length in {key["payload"] for key in keys_of(body)}) is tapped
    assert tapped or "1) Так" in body["text"]


@pytest.mark.parametrize(("length", "button"), [(2048, True), (2049, False)])
def test_a_link_at_its_longest_is_a_button(length: int, button: bool) -> None:
    link = "https://vikno.example/".ljust(length, "a")
    (body,) = rendered(Outbound("a", link=link))
    assert bool(keys_of(body)) is button
    assert (link in body["text"]) is not button


# ---- layout ----


def test_options_stand_above_then_what_goes_on_then_the_side_doors_then_the_link() -> None:
    buttons = (
        Button("n", "Назад", "nav"), Button("g", "Далі", "action"), Button("a", "Так"), Button("b", "Ні", "chosen"),
        Button("w", "Чому?", "nav"), Button("l", "Мова (Language)", "nav"),
    )  # fmt: skip
    (body,) = rendered(Outbound("?", buttons=buttons, link="https://vikno.example/s/1"))
    assert [[key["text"] for key in row] for row in rows_of(body)] == [
        ["Так", "✓ Ні"], ["Далі"], ["Назад", "Чому?"], ["Мова (Language)"], ["🌐 vikno.example"],
    ]  # fmt: skip


def test_a_side_door_is_cut_between_words_only_where_the_text_says_it_whole() -> None:
    long = "Показати все, що треба принести з собою"
    (body,) = rendered(Outbound("?", buttons=(Button("n", long, "nav"),)))
    assert body["text"] == f"?\n\n• {long}"
    (key,) = keys_of(body)
    assert key["text"].endswith("…")
    assert long.startswith(key["text"].rstrip("…"))
    assert utf16(key["text"]) <= SHOWN


def test_a_long_text_is_parted_between_paragraphs_with_the_keyboard_on_the_last() -> None:
    text = "\n\n".join(f"{at}. Абзац про документи, який має кілька слів." for at in range(400))
    bodies = rendered(Outbound(text, buttons=(Button("a", "Далі"),)))
    assert len(bodies) > 2
    assert ["attachments" in body for body in bodies] == [False] * (len(bodies) - 1) + [True]
    assert "\n\n".join(body["text"] for body in bodies) == text


def test_letters_that_json_cannot_carry_do_not_stop_a_message() -> None:
    (body,) = rendered(Outbound("a\ud800b\x00c", buttons=(Button("k", "\ud800Так\x07"),)))
    assert body["text"] == "abc"
    assert keys_of(body)[0]["text"] == "Так"


# ---- answers ----


@given(st.integers(100, 599), st.binary(max_size=200))
def test_any_answer_means_something(status: int, body: bytes) -> None:
    outcome = BOT.classify(HttpRequest("POST", "u"), HttpAnswer(status, {}, body))
    assert type(outcome).__name__ in {"Sent", "RetryAfter", "DeadAddress", "BadMessage", "Misconfigured", "Unknown"}


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b"",
        b"null",
        b"{}",
        b'{"success": 1}',
        b'{"message": 5}',
        b'{"message":{"body":{"mid":5}}}',
        b"\xff",
    ],
)
def test_a_200_that_cannot_be_read_is_unknown(body: bytes) -> None:
    assert type(BOT.classify(HttpRequest("POST", "u"), HttpAnswer(200, {}, body))).__name__ == "Unknown"


def test_no_outcome_says_who_it_was() -> None:
    for status in (400, 401, 403, 404, 409, 429, 500, 503):
        body = json.dumps({"code": "chat.denied", "message": "args: [228532008, -70801090403050]"}).encode()
        shown = repr(BOT.classify(HttpRequest("POST", "u"), HttpAnswer(status, {}, body)))
        assert "228532008" not in shown
        assert "70801090403050" not in shown


def test_a_refusal_is_told_in_a_line_of_two_hundred_letters() -> None:
    body = json.dumps({"code": "proto.payload", "message": "дуже\nдовго " * 100}).encode()
    outcome: Any = BOT.classify(HttpRequest("POST", "u"), HttpAnswer(400, {}, body))
    assert len(outcome.reason) == 200
    assert "\n" not in outcome.reason


# ---- errands ----


class Slow:
    """A transport that has as much time as a test gives it."""

    def __init__(self) -> None:
        self.asked: list[HttpRequest] = []
        self.go = asyncio.Event()

    async def carry(self, request: HttpRequest) -> HttpAnswer | NotCarried:
        self.asked.append(request)
        await self.go.wait()
        raise RuntimeError("a fault of the transport")

    async def close(self) -> None:
        """Nothing is kept."""


async def test_errands_are_few_and_a_fault_of_one_harms_nobody() -> None:
    slow = Slow()
    errands = Errands(slow)
    bot = Max(token=TOKEN, secret=SECRET, errand=errands)
    press = Inbound("k", "5", Pressed("1.a"), handle="c&d=e")
    for _ in range(50):
        assert (
            bot.ack([press, Inbound("k", "5", Wrote("так"), handle="c"), Inbound("k", "5", Pressed("1"))], ()).body
            == b""
        )
    await asyncio.sleep(0)
    assert len(slow.asked) == AT_ONCE
    assert slow.asked[0].url == "https://platform-api2.max.ru/answers?callback_id=c%26d%3De"
    assert json.loads(slow.asked[0].body) == {"notification": "✓"}
    slow.go.set()
    await asyncio.sleep(0.01)
    for _ in range(50):
        errands(slow.asked[0])
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert len(slow.asked) == A_SECOND
    await errands.close()


async def test_errands_that_are_not_done_at_the_end_are_let_go() -> None:
    slow = Slow()
    errands = Errands(slow)
    errands(BOT.answer_to("c"))
    await asyncio.sleep(0)
    await errands.close()
    assert len(slow.asked) == 1


def test_without_errands_a_press_is_taken_all_the_same() -> None:
    ack = BOT.ack([Inbound("k", "5", Pressed("1.a"), handle="c")], [Outbound("Записано")])
    assert (ack.status, ack.body, ack.carried) == (200, b"", 0)
