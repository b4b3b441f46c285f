"""The chat over HTTP: turns, the same turn again, what is broken, and what other tabs hear."""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.portal.conftest import LANGUAGES, SERVICES, Served
from vikno.bootstrap.web import portal_words
from vikno.bootstrap.worlds import load_worlds
from vikno.portal.chat import MOST_BYTES, Chat, name_of
from vikno.portal.streams import MOST_OF_ONE, Streams
from vikno.usecases.ports import Kept, Step, TooManyTurns


@pytest.fixture
def begun(served: Served) -> str:
    """A conversation about the ID card, at its first question."""
    head, _ = served.turn(event="begin", start="ua/id-card", lang="en")
    return str(head["conversation"])


def button(message: dict[str, Any], label: str) -> str:
    return str(next(known["id"] for known in message["buttons"] if known["label"] == label))


def test_a_conversation_goes_from_a_link_to_its_outcome(served: Served) -> None:
    head, question = served.turn(event="1", conversation=None, start="ua/id-card", lang="en")
    assert question["kind"] == "question"
    assert question["fact"] == "where"
    token = head["conversation"]
    assert re.fullmatch(r"[\w-]{32}", token)
    head, question = served.turn(event="2", conversation=token, tap=button(question, "In Ukraine"))
    assert head["conversation"] == token
    assert question["fact"] == "age"
    head, outcome = served.turn(event="3", conversation=token, text="10")
    assert outcome["kind"] == "outcome"
    assert outcome["checklist"]["outcome"] == "stop"
    assert head["page"] == "/en/ua/id-card/?where=ua&age=10"
    page = httpx.get(served.url + head["page"]).text
    assert outcome["checklist"]["receipt"] in page, "the page comes to the same receipt"


def test_the_same_event_is_answered_the_same_and_changes_nothing(served: Served, begun: str) -> None:
    first = served.turn(event="tap", conversation=begun, text="Ukraine")
    again = served.turn(event="tap", conversation=begun, text="something else altogether")
    assert again[1:] == first[1:]
    assert first[0].pop("lang") == "en"
    assert again[0] == {**first[0], "repeated": True}
    (_, question) = served.turn(event="age", conversation=begun, text="33")
    assert question["fact"] == "reason"


def test_two_taps_at_the_same_moment_are_two_turns_one_after_the_other(served: Served, begun: str) -> None:
    answers: list[Any] = []
    (_, question) = served.turn(event="again", conversation=begun, lang="en")
    tap = button(question, "In Ukraine")

    def press(event: str) -> None:
        answers.append(served.turn(event=event, conversation=begun, tap=tap))

    both = [threading.Thread(target=press, args=(event,)) for event in ("left", "right")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    positions = sorted(answer[0]["position"] for answer in answers)
    assert positions[1] == positions[0] + 1
    assert sorted(answer[1]["kind"] for answer in answers) == ["notice", "question"], "the second tap is explained"


def test_conversations_do_not_meet(served: Served, begun: str) -> None:
    (other, _) = served.turn(event="begin", start="ua/foreign-passport", lang="en")
    assert other["conversation"] != begun
    (_, question) = served.turn(event="2", conversation=begun, text="In Ukraine")
    assert question["fact"] == "age"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_first_words_can_be_a_wish_in_any_language(served: Served, lang: str) -> None:
    wish = {"uk": "загубив паспорт", "en": "lost passport"}[lang]
    (_, message) = served.turn(event="wish", text=wish, lang=lang)
    assert message["kind"] in ("choice", "question")
    assert bool(re.search("[а-яіїє]", message["text"])) is (lang == "uk")


def test_the_language_can_be_changed_from_outside(served: Served, begun: str) -> None:
    lines = served.turn(event="lang", conversation=begun, lang="uk")
    assert "подаватимете" in lines[-1]["text"]


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_begins_by_its_link(served: Served, service: str) -> None:
    for lang in LANGUAGES:
        lines = served.turn(event="begin", start=service, lang=lang)
        assert lines[-1]["kind"] == "question"


def test_a_link_to_a_service_that_is_gone_leads_to_the_list(served: Served) -> None:
    lines = served.turn(event="begin", start="ua/no-such", lang="en")
    assert lines[-1]["kind"] == "choice"
    assert lines[-1]["buttons"]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "\x00\x01\x1b[2J\u202e",
        "🪟" * 500,
        "مرحبا",
        "' OR 1=1; --",
        "{answer:age} {amount:fee} %s {0}",
        "",
        " ",
        "я" * 9_000,
    ],
    ids=range(9),
)
def test_whatever_is_typed_gets_an_answer_and_loses_nothing(served: Served, begun: str, text: str) -> None:
    lines = served.turn(event="odd", conversation=begun, text=text)
    assert lines[0]["conversation"] == begun
    assert lines[1]["text"]
    (_, question) = served.turn(event="after", conversation=begun, text="In Ukraine")
    assert question["fact"] == "age", "the conversation goes on"


@pytest.mark.parametrize("tap", ["", "1", "99.nback", "x" * 128, "1.a", "../../etc/passwd", "2.zzzzzzzzz"])
def test_a_button_that_never_was_is_explained(served: Served, begun: str, tap: str) -> None:
    lines = served.turn(event="odd", conversation=begun, tap=tap)
    assert lines[1]["text"]


def post(served: Served, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    with contextlib.closing(served.connect()) as connection:
        connection.request("POST", "/chat/turns", body, {"content-type": "application/json", **headers})
        response = connection.getresponse()
        error: dict[str, Any] = json.loads(response.read())["error"]
        return response.status, error


TOKEN = "A" * 32


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"text": "no event"}',
        b'{"event": ""}',
        b'{"event": "e"}',
        b'{"event": 7, "text": "x"}',
        b'{"event": "e", "text": 7}',
        b'{"event": "e", "text": "x", "tap": "y"}',
        b'{"event": "e", "text": "x", "start": null}',
        b'{"event": "e", "conversation": "short", "text": "x"}',
        b'{"event": "e", "conversation": "../../../../../../etc/passwd", "text": "x"}',
        b'{"event": "%s", "text": "x"}' % (b"e" * 129),
        b'{"event": "e", "tap": "%s"}' % (b"t" * 129),
        b'{"event": "e", "text": "\\ud800"}',
        b'{"event": "\\ud800", "text": "x"}',
    ],
)
def test_what_is_no_turn_is_refused_with_a_word(served: Served, body: bytes) -> None:
    status, error = post(served, body, **{"accept-language": "uk-UA"})
    assert status == 400
    assert error["code"]
    assert error["message"] == "Такого повідомлення ми не розуміємо."


def test_ten_megabytes_are_refused_kindly(served: Served) -> None:
    text = json.dumps({"event": "e", "text": "a" * 10_000_000}).encode()
    assert len(text) > MOST_BYTES
    status, error = post(served, text, **{"accept-language": "en"})
    assert (status, error["code"]) == (413, "too_long")
    assert error["message"] == "This message is too long. Please write a shorter one."


def test_unknown_fields_are_passed_over(served: Served) -> None:
    lines = served.turn(event="e", start=None, lang="en", colour="red", nested={"a": [1]})
    assert lines[1]["buttons"]


def test_a_page_loaded_anew_hears_the_last_turn(served: Served, begun: str) -> None:
    said = served.turn(event="2", conversation=begun, text="In Ukraine")
    response = httpx.get(served.url + "/chat/state", headers={"x-conversation": begun})
    head, *messages = [json.loads(line) for line in response.text.splitlines()]
    assert messages == said[1:]
    assert (head["lang"], head["position"], head["event"]) == ("en", said[0]["position"], "2")


@pytest.mark.parametrize("token", ["", "short", TOKEN, "x" * 1000, "<script>"])
def test_a_conversation_that_is_not_kept_is_said_to_be_gone(served: Served, token: str) -> None:
    response = httpx.get(served.url + "/chat/state", headers={"x-conversation": token, "accept-language": "en"})
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "conversation_unknown"
    events = httpx.get(served.url + "/chat/events", headers={"x-conversation": token, "accept-language": "uk"})
    assert events.status_code == 404
    assert events.json()["error"]["message"] == "Цієї розмови вже немає. Почніть, будь ласка, нову."


def test_a_conversation_that_was_never_begun_here_is_not_begun_by_naming_it(served: Served) -> None:
    for _ in range(2):
        (refused,) = served.turn(event="e", conversation=TOKEN, text="lost passport", lang="en")
        assert refused["error"]["code"] == "conversation_unknown"
        assert refused["error"]["message"] == "This conversation is no longer kept. Please begin a new one."
    assert httpx.get(served.url + "/chat/state", headers={"x-conversation": TOKEN}).status_code == 404


def forget(served: Served, token: str) -> httpx.Response:
    return httpx.post(served.url + "/chat/forget", headers={"x-conversation": token})


def test_whoever_asks_is_forgotten_on_the_server_too(served: Served, begun: str) -> None:
    kept = served.turn(event="other", start="ua/id-card", lang="en")[0]["conversation"]
    said = served.turn(event="2", conversation=begun, text="In Ukraine")
    assert said[1]["fact"] == "age"
    assert forget(served, begun).status_code == 204
    assert httpx.get(served.url + "/chat/state", headers={"x-conversation": begun}).status_code == 404
    for event in ("2", "3"):  # one that was answered once, and a new one
        (refused,) = served.turn(event=event, conversation=begun, text="33")
        assert refused["error"]["code"] == "conversation_unknown"
    assert httpx.get(served.url + "/chat/state", headers={"x-conversation": kept}).status_code == 200


@pytest.mark.parametrize("token", ["", "short", TOKEN, "x" * 1000, "<script>"])
def test_the_answer_to_forgetting_tells_nothing(served: Served, begun: str, token: str) -> None:
    answers = [forget(served, begun), forget(served, begun), forget(served, token)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 3
    told = [{name for name in answer.headers if name != "date"} for answer in answers]
    assert told[0] == told[1] == told[2]


def test_what_is_nested_without_end_is_broken_and_no_fault_of_ours(served: Served) -> None:
    status, error = post(served, b'{"event": "e", "more": ' + b"[" * 30_000)
    assert (status, error["code"]) == (400, "broken")


def test_a_key_with_a_line_after_it_is_no_key(served: Served, begun: str) -> None:
    status, error = post(served, json.dumps({"event": "e", "conversation": begun + "\n", "text": "x"}).encode())
    assert (status, error["code"]) == (400, "broken")


def test_no_address_holds_the_key_to_a_conversation(served: Served, begun: str) -> None:
    for path in ("events", "state"):
        assert httpx.get(f"{served.url}/chat/{path}?conversation={begun}").status_code == 404
    httpx.post(f"{served.url}/chat/forget?conversation={begun}")
    assert httpx.get(served.url + "/chat/state", headers={"x-conversation": begun}).status_code == 200


def test_there_is_nothing_else_below_chat(served: Served) -> None:
    for method, path in (("GET", "/chat/turns"), ("POST", "/chat/events"), ("GET", "/chat/"), ("PUT", "/chat/state")):
        assert httpx.request(method, served.url + path).status_code == 404


class Listener:
    """An event stream, read turn by turn."""

    def __init__(self, served: Served, token: str, **headers: str) -> None:
        self.connection = served.connect()
        self.connection.request("GET", "/chat/events", headers={"x-conversation": token, **headers})
        self.response = self.connection.getresponse()
        assert self.response.status == 200
        assert self.response.headers["content-type"] == "text/event-stream; charset=utf-8"

    def hear(self) -> tuple[int, list[Any]]:
        """The next turn: its position and its lines."""
        position, lines = 0, list[Any]()
        while True:
            name, _, value = self.response.readline().decode().rstrip("\n").partition(": ")
            if name == "id":
                position = int(value)
            elif name == "data":
                lines.append(json.loads(value))
            elif not name and lines:
                return position, lines


@pytest.fixture
def listen(served: Served) -> Iterator[Callable[..., Listener]]:
    """Open event streams, closed after the test."""
    open_ones: list[Listener] = []

    def begin(token: str, **headers: str) -> Listener:
        open_ones.append(Listener(served, token, **headers))
        return open_ones[-1]

    yield begin
    for one in open_ones:
        one.connection.close()


def test_other_tabs_hear_a_turn(served: Served, begun: str, listen: Callable[..., Listener]) -> None:
    first, second = listen(begun), listen(begun)
    said = served.turn(event="2", conversation=begun, text="In Ukraine")
    for tab in (first, second):
        position, (head, *messages) = tab.hear()
        assert messages == said[1:]
        assert (head["event"], head["position"], position) == ("2", said[0]["position"], said[0]["position"])


def test_a_tab_that_was_away_hears_what_it_missed(served: Served, begun: str, listen: Callable[..., Listener]) -> None:
    said = [served.turn(event=str(n), conversation=begun, text=text) for n, text in enumerate(("In Ukraine", "33"))]
    tab = listen(begun, **{"Last-Event-ID": "1"})
    heard = [tab.hear()[1] for _ in said]
    assert [lines[1:] for lines in heard] == [lines[1:] for lines in said]
    from_now = listen(begun)
    later = served.turn(event="later", conversation=begun, text="lost")
    assert from_now.hear()[1][1:] == later[1:], "without an id, only what comes from now on"


def test_other_tabs_stop_listening_to_what_is_forgotten(
    served: Served, begun: str, listen: Callable[..., Listener]
) -> None:
    tab = listen(begun)
    forget(served, begun)
    assert b"event: turn" not in tab.response.read(), "the stream ends"


def test_one_conversation_has_only_so_many_listeners(
    served: Served, begun: str, listen: Callable[..., Listener]
) -> None:
    for _ in range(MOST_OF_ONE):
        listen(begun)
    refused = httpx.get(served.url + "/chat/events", headers={"x-conversation": begun})
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "1"


class Full:
    """A store that takes no turn now."""

    async def turn(self, _conversation: str, _event: str, _step: Step) -> Kept:
        raise TooManyTurns(4096)


async def test_a_store_that_is_full_asks_for_patience() -> None:
    worlds, words = load_worlds(), portal_words()
    store: Any = Full()
    chat = Chat(store, worlds.now, lambda language: words[language or "en"], Streams(store))
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b'{"event": "e", "start": null, "lang": "uk"}'}

    async def send(message: Any) -> None:
        sent.append(message)

    await chat({"type": "http", "method": "POST", "path": "/chat/turns", "headers": []}, receive, send)
    assert sent[0]["status"] == 503
    assert (b"retry-after", b"1") in sent[0]["headers"]
    error = json.loads(sent[1]["body"])["error"]
    assert error["code"] == "too_many_turns"
    assert "за хвилину" in error["message"]


def test_nobody_who_reads_the_record_can_speak_for_a_person() -> None:
    assert TOKEN not in name_of(TOKEN)
    assert name_of(TOKEN) != name_of("B" * 32)
