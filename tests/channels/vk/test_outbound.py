"""What we send to VK: nothing is dropped, and no limit is passed, whatever there is to say."""

from __future__ import annotations

import json
import logging
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.vk.conftest import GROUP, SECRET, TOKEN
from vikno.channels.vk import Vk
from vikno.channels.vk.inbound import mark_of
from vikno.channels.vk.outbound import ERRORS
from vikno.domain.dialog.messages import Button
from vikno.testing.vk import keyboard_of, plain, shown
from vikno.usecases.channel import NotCarried, Outbound, Raw, Sent
from vikno.wire import limits
from vikno.wire.http import HttpAnswer, HttpRequest
from vikno.wire.text import utf16

COMMUNITY = Vk(token=TOKEN, secret=SECRET, group=GROUP, screen="dmsu")
QUIET = Vk(token=TOKEN, secret=SECRET, group=GROUP, screen="dmsu", quiet=True)

letters = st.characters(codec="utf-8")
texts = st.text(letters, max_size=300) | st.sampled_from(
    [
        "",
        " ",
        "Добрий день!\n\n• паспорт\n• фото",
        "і" * 4097,
        "слово " * 3000,
        "😀" * 9000,
        '"\\&=+%' * 900,
        "[id1|Олена] @all *club1 (а)",
        "\x00\x07a",
    ]
)
labels = st.text(letters, min_size=1, max_size=45) | st.sampled_from(
    [
        "Так",
        "Ні",
        "В Україні",
        "<b>&",
        "&" * 40,
        "&" * 41,
        "Дуже довга назва " * 20,
        "😀" * 21,
        "\n",
        '"' * 39,
        "а" * 41,
    ]
)
styles = st.sampled_from(["choice", "choice", "choice", "chosen", "action", "nav"])


@st.composite
def keys(draw: st.DrawFn) -> tuple[Button, ...]:
    drawn = draw(st.lists(st.tuples(labels, styles), max_size=draw(st.sampled_from([4, 12, 45, 80]))))
    return tuple(Button(f"{at}.k", label, style) for at, (label, style) in enumerate(drawn))  # type: ignore[arg-type]


def rendered(outbound: Outbound, community: Vk = COMMUNITY, address: str = "100001") -> list[dict[str, Any]]:
    """The forms of the requests; each is one that VK takes."""
    found = []
    for request in community.render(outbound, address):
        form: dict[str, Any] = plain(request)["body"]
        assert len(form["message"].strip()) > 0
        assert utf16(form["message"]) <= limits.VK_TEXT_CHARACTERS
        assert form["peer_id"] == address
        assert 0 < int(form["random_id"]) <= limits.VK_RANDOM_ID
        if "keyboard" in form:
            keyboard_of(json.dumps(form["keyboard"]))
        found.append(form)
    return found


def keys_of(form: dict[str, Any]) -> list[dict[str, Any]]:
    return [key for row in form.get("keyboard", {}).get("buttons", ()) for key in row]


def buttons_of(form: dict[str, Any]) -> list[str]:
    return [mark_of(key["action"]["payload"]).b for key in keys_of(form) if "payload" in key["action"]]


def visible(text: str) -> str:
    return "".join(letter for letter in text if letter in "\t\n" or not (letter < " " or letter == "\x7f"))


links = st.sampled_from(
    [
        None,
        None,
        "https://vikno.example/s/1",
        "http://[",
        "ftp://a.example/",
        "https://їжак.укр/",
        "https://a.example/" + "b" * 2500,
        "https://" + "a" * 60 + ".example/",
        "a b",
    ]
)


@given(texts, keys(), st.booleans(), links, st.booleans())
def test_nothing_is_dropped_and_no_limit_is_passed(
    text: str, buttons: tuple[Button, ...], kept: bool, link: str | None, quiet: bool
) -> None:
    forms = rendered(Outbound(text, buttons=buttons, kept=kept, link=link), QUIET if quiet else COMMUNITY)
    said = "".join("".join(form["message"].split()) for form in forms)
    boards = [form["keyboard"] for form in forms if "keyboard" in form]
    if boards:
        assert len(boards) == 1
        assert "keyboard" in forms[-1]
        assert boards[0]["inline"] is kept
    offered = {mark_of(key["action"].get("payload")).b: shown(key) for form in forms for key in keys_of(form)}
    for button in buttons:
        whole = "".join(visible(button.label).split())
        on_key = "".join(offered.get(button.id, "").split())
        assert whole in on_key or whole in said, button
    assert "".join(visible(text).split()) in said
    opened = [key["action"]["link"] for form in forms for key in keys_of(form) if "link" in key["action"]]
    assert link is None or opened == [link] or "".join(link.split()) in said
    kinds = {key["action"]["type"] for form in forms for key in keys_of(form)}
    assert kinds <= {"callback" if quiet else "text", "open_link"}


@given(keys(), st.booleans())
def test_an_id_stands_on_one_key_only(buttons: tuple[Button, ...], kept: bool) -> None:
    ids = [one for form in rendered(Outbound("?", buttons=buttons, kept=kept)) for one in buttons_of(form)]
    assert len(ids) == len(set(ids))
    assert set(ids) <= {button.id for button in buttons}


# ---- limits at their edge ----


@pytest.mark.parametrize("length", [4095, 4096, 4097])
def test_a_text_of_the_most_characters_is_one_message(length: int) -> None:
    forms = rendered(Outbound("і" * length))
    assert len(forms) == (1 if length <= limits.VK_TEXT_CHARACTERS else 2)
    assert "".join(form["message"] for form in forms) == "і" * length


@pytest.mark.parametrize(("length", "whole"), [(39, True), (40, True), (41, False)])
def test_a_label_of_the_most_characters_is_a_key(length: int, whole: bool) -> None:
    (form,) = rendered(Outbound("?", buttons=(Button("1.a", "а" * length),)))
    assert [shown(key) for key in keys_of(form)] == ["а" * length if whole else "1"]
    assert ("а" * length in form["message"]) is not whole


@pytest.mark.parametrize(
    ("kept", "many", "rows"),
    [(False, limits.VK_KEYS, limits.VK_ROWS), (True, limits.VK_INLINE_KEYS, limits.VK_INLINE_ROWS)],
)
def test_so_many_choices_have_a_key_each_and_of_one_more_the_last_is_typed(
    kept: bool, many: int, rows: int, caplog: pytest.LogCaptureFixture
) -> None:
    def asked(count: int, label: str) -> Outbound:
        return Outbound("?", kept=kept, buttons=tuple(Button(f"1.{at}", f"{label} {at}") for at in range(count)))

    (form,) = rendered(asked(many, "Р"))
    assert buttons_of(form) == [f"1.{at}" for at in range(many)]
    assert form["message"] == "?"
    (form,) = rendered(asked(many + 1, "Р"))
    assert buttons_of(form) == [f"1.{at}" for at in range(many)]
    assert f"{many + 1}. Р {many}" in form["message"]
    assert [(one.message, one.__dict__["count"]) for one in caplog.records] == [("choices_without_button", 1)]
    (form,) = rendered(asked(rows, "Довга назва на цілий рядок"))
    assert [len(row) for row in form["keyboard"]["buttons"]] == [1] * rows
    (form,) = rendered(asked(rows + 1, "Довга назва на цілий рядок"))
    assert [shown(key) for key in keys_of(form)] == [str(at) for at in range(1, rows + 2)]


@pytest.mark.parametrize(("length", "tappable"), [(246, True), (247, True), (248, False)])
def test_an_id_that_the_payload_has_no_room_for_is_typed(length: int, tappable: bool) -> None:
    (form,) = rendered(Outbound("?", buttons=(Button("x" * length, "Так"),)))
    assert buttons_of(form) == (["x" * length] if tappable else [])
    assert ("1. Так" in form["message"]) is not tappable
    assert 247 + len('{"b":""}') == limits.VK_PAYLOAD_CHARACTERS


@pytest.mark.parametrize(("length", "key"), [(2000, True), (2001, False)])
def test_a_link_of_the_most_characters_is_a_key(length: int, key: bool) -> None:
    link = "https://a.example/".ljust(length, "b")
    (form,) = rendered(Outbound("?", buttons=(Button("1.a", "Так"),), link=link))
    assert ([one["action"]["link"] for one in keys_of(form)[1:]] == [link]) is key
    assert (link in form["message"]) is not key


@pytest.mark.parametrize(
    "link",
    [
        "http://[",
        "https://a.example:port/",
        "ftp://a.example/",
        "https://localhost/",
        "https://me@a.example/",
        "https://a.example/ b",
        "//a.example/",
        "",
    ],
)
def test_a_link_for_which_vk_would_refuse_the_message_is_no_key(link: str) -> None:
    (form,) = rendered(Outbound("?", buttons=(Button("1.a", "Так"),), link=link))
    assert [shown(key) for key in keys_of(form)] == ["Так"]
    assert visible(link).strip() in form["message"]


# ---- layout ----


def test_what_no_keyboard_holds_is_listed_and_told_to_the_operator(caplog: pytest.LogCaptureFixture) -> None:
    buttons = (*(Button(f"1.{at}", f"Країна {at}") for at in range(195)), Button("1.n", "Назад", "nav"))
    with caplog.at_level(logging.WARNING, "vikno.vk"):
        forms = rendered(Outbound("Яка країна?", buttons=buttons, link="https://vikno.example/s/1"))
    assert [(one.message, one.__dict__["count"]) for one in caplog.records] == [("choices_without_button", 157)]
    assert "195. Країна 194" in "\n".join(form["message"] for form in forms)
    assert [shown(key) for key in keys_of(forms[-1])[-2:]] == ["Назад", "🌐 vikno.example"]
    assert len(keys_of(forms[-1])) == limits.VK_KEYS


def test_a_long_side_door_takes_no_label_from_the_choices() -> None:
    long = "Показати все, що треба принести з собою завтра"
    (form,) = rendered(Outbound("?", buttons=(Button("a", "Так"), Button("b", "Ні"), Button("c", long, "nav"))))
    assert [shown(key) for key in keys_of(form)] == ["Так", "Ні", "Показати все, що треба принести з собою…"]
    assert form["message"] == f"?\n\n• {long}"


def test_rows_keep_the_order_and_choices_do_not_stand_beside_side_doors() -> None:
    labels = ("Так", "Ні", "Не знаю, спитаю вдома ще раз", "Інше")
    buttons = (*(Button(label, label) for label in labels), Button("n", "Назад", "nav"))
    (form,) = rendered(
        Outbound("?", buttons=tuple(Button(str(at), one.label, one.style) for at, one in enumerate(buttons)))
    )
    assert [[shown(key) for key in row] for row in form["keyboard"]["buttons"]] == [
        ["Так", "Ні"], ["Не знаю, спитаю вдома ще раз"], ["Інше"], ["Назад"],
    ]  # fmt: skip


def test_a_long_text_is_parted_between_words_with_the_keyboard_on_the_last() -> None:
    text = "\n\n".join(f"{at}. Абзац про документи, який має кілька слів." for at in range(300))
    forms = rendered(Outbound(text, buttons=(Button("a", "Далі"),)))
    assert len(forms) > 2
    assert ["keyboard" in form for form in forms] == [False] * (len(forms) - 1) + [True]
    assert "\n\n".join(form["message"] for form in forms) == text
    assert len({form["random_id"] for form in forms}) == len(forms)


def test_letters_that_cannot_be_sent_do_not_stop_a_message() -> None:
    (form,) = rendered(Outbound("a\ud800b\x00c", buttons=(Button("k", "\ud800Так\x07"),)))
    assert form["message"] == "abc"
    assert shown(keys_of(form)[0]) == "Так"


# ---- numbers ----


def numbered() -> Vk:
    numbers = count(1)
    return Vk(token=TOKEN, secret=SECRET, group=GROUP, draw=lambda: next(numbers))


def number_of(request: HttpRequest) -> int:
    return int(plain(request)["body"]["random_id"])


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (HttpAnswer(200, {}, b'{"response": 5}'), False),
        (HttpAnswer(200, {}, b'{"error": {"error_code": 911}}'), False),
        (HttpAnswer(200, {}, b'{"error": {"error_code": 901}}'), False),
        (HttpAnswer(200, {}, b'{"error": {"error_code": 9}}'), True),
        (HttpAnswer(200, {}, b'{"error": {"error_code": 5}}'), True),
        (HttpAnswer(200, {}, b"<html>"), True),
        (HttpAnswer(502), True),
        (NotCarried(left=True, reason="TimeoutError"), True),
        (NotCarried(left=False, reason="OSError"), True),
    ],
)
def test_a_message_keeps_its_number_until_vk_has_taken_or_refused_it(
    answer: HttpAnswer | NotCarried, kept: bool
) -> None:
    community = numbered()
    (request,) = community.render(Outbound("Так?"), "1")
    community.classify(request, answer)
    (again,) = community.render(Outbound("Так?"), "1")
    assert (number_of(again) == number_of(request)) is kept
    assert (again == request) is kept


def test_parts_and_people_have_numbers_of_their_own() -> None:
    community = numbered()
    twice = Outbound("слово " * 1000 + "\n\n" + "слово " * 1000)
    requests = [*community.render(twice, "1"), *community.render(twice, "2"), *community.render(twice, "1")]
    numbers = [number_of(one) for one in requests]
    part = len(numbers) // 3
    assert numbers[:part] == numbers[2 * part :]
    assert len(set(numbers)) == 2 * part


def test_what_is_remembered_of_numbers_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vikno.channels.vk.outbound.REMEMBERED", 3)
    community = numbered()
    requests = [community.render(Outbound(str(at)), "1")[0] for at in range(10)]
    assert len(community._numbers._under_way) == len(community._numbers._of) == 3
    community.classify(requests[0], HttpAnswer(200, {}, b'{"response": 5}'))  # forgotten long ago
    assert number_of(community.render(Outbound("9"), "1")[0]) == number_of(requests[9])


def test_presses_that_nobody_answers_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vikno.channels.vk.MOST_PRESSES", 3)
    community = numbered()
    for at in range(1, 9):
        about = {"user_id": at, "peer_id": at, "event_id": str(at), "payload": {"b": "1.a"}}
        community.ack(community.parse(Raw(json.dumps({"type": "message_event", "object": about}).encode())), ())
    assert list(community._presses) == ["6", "7", "8"]


# ---- answers ----


@given(st.integers(100, 599), st.binary(max_size=200))
def test_any_answer_means_something(status: int, body: bytes) -> None:
    outcome = COMMUNITY.classify(HttpRequest("POST", "u"), HttpAnswer(status, {}, body))
    assert type(outcome).__name__ in {"Sent", "RetryAfter", "DeadAddress", "BadMessage", "Misconfigured", "Unknown"}


@given(st.integers(-(2**40), 2**40))
def test_any_error_means_that_it_was_not_taken(code: int) -> None:
    body = json.dumps({"error": {"error_code": code, "error_msg": "x"}}).encode()
    assert not isinstance(COMMUNITY.classify(HttpRequest("POST", "u"), HttpAnswer(200, {}, body)), Sent)


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'{"response": 5, "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", b"", b"{}", b'{"response": "a"}'],
    ids=range(5),
)
def test_an_answer_that_cannot_be_read_is_unknown(body: bytes) -> None:
    assert type(COMMUNITY.classify(HttpRequest("POST", "u"), HttpAnswer(200, {}, body))).__name__ == "Unknown"


def test_no_outcome_says_the_token_or_what_was_said() -> None:
    for code in [*ERRORS, 31337]:
        given = [{"key": "message", "value": "Олена"}, {"key": "access_token", "value": TOKEN}]
        error = {"error_code": code, "error_msg": f"{TOKEN} Олена", "request_params": given}
        answer = HttpAnswer(200, {}, json.dumps({"error": error}).encode())
        outcome = repr(COMMUNITY.classify(HttpRequest("POST", "u"), answer))
        assert TOKEN not in outcome
        assert "Олена" not in outcome
        assert str(code) in outcome


def test_nothing_that_is_said_stands_in_a_log_or_an_address(caplog: pytest.LogCaptureFixture) -> None:
    buttons = tuple(Button(f"1.{at}", f"Олена {at}") for at in range(60))
    with caplog.at_level(logging.DEBUG):
        requests = COMMUNITY.render(Outbound("Олена", buttons=buttons), "100001")
    assert all("100001" not in one.url and TOKEN not in one.url for one in requests)
    assert "Олена" not in repr(requests)
    assert caplog.records
    assert not [one for one in caplog.records if "Олена" in str(one.__dict__) or "100001" in str(one.__dict__)]
