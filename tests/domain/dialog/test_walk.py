"""Whatever is sent, in whatever order, there is an answer, and the state is good and survives the store."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.domain.dialog.worlds import country, world
from vikno.domain.dialog import (
    Event,
    LanguageChosen,
    Learnt,
    Message,
    Said,
    Started,
    State,
    Tapped,
    decode,
    encode,
    take_turn,
)
from vikno.domain.dialog.state import MOST_TALKS, Shown, full_answers
from vikno.domain.rules.answers import read_answer

START = date(2026, 3, 15)
VERSIONS: tuple[tuple[str, ...], ...] = (("example", "before"), ("example", "after"), ("after",), ("example",))
KEYS = ["example/fishing-permit", "example/library-card", "example/visitor-visa", "harbour/ferry", "no/such"]
WORDS = [
    "1", "2", "3", "33", "0", "-1", "5,5", "yes", "no", "none", "done", "1, 2", "back", "start over", "change 1", "why",
    "why 1", "help", "language", "english", "українська", "services", "my consultations", "go on", "human", "answers",
    "follow a document", "my documents", "my data", "settings", "A-17",
    "river", "group", "season", "fishing", "ferry", "almost 14", "13 or 14", "1985-03-05", "03/04/1985", "tomorrow",
    "germany", "united", "harbour", "не", "так", "ні", "назад", "",
]  # fmt: skip
encode_message, decode_message = msgspec.json.encode, msgspec.json.Decoder(Message).decode


class Walk(RuleBasedStateMachine):
    """One conversation: taps old and new, made up ones, words, languages, days that pass, services that change."""

    def __init__(self) -> None:
        super().__init__()
        self.state: State | None = None
        self.day, self.countries = START, VERSIONS[0]
        self.now: list[str] = []
        self.old: list[str] = []

    def hold(self, event: Event) -> None:
        before = self.state and encode(self.state)
        world_now = world(self.countries, self.day, follows=True)
        state, messages = take_turn(self.state, event, world_now)
        if self.state is not None:
            assert encode(self.state) == before, "the state that came in was changed"
        assert decode(encode(state)) == state
        assert messages or state.wants, "there is always an answer, or something to find out first"
        for message in messages:
            assert decode_message(encode_message(message)) == message
            assert message.text.strip()
            self._buttons(message)
        self.old = [*self.old, *self.now][-60:]
        self.now = [button.id for message in messages for button in message.buttons]
        self.state = decode(encode(state))

    def _buttons(self, message: Message) -> None:
        ids = [button.id for button in message.buttons]
        assert len(set(ids)) == len(ids), "two buttons of one message mean the same"
        assert all(button.label.strip() for button in message.buttons)
        assert all(len(one) <= 24 and one.isascii() and one.isprintable() for one in ids)

    @initialize(service=st.sampled_from([None, *KEYS]))
    def begin(self, service: str | None) -> None:
        self.hold(Started(service))

    @rule(
        what=st.sampled_from(
            ["followed", "already", "case", "unknown", "locked", "cases", "stopped", "data", "erased", "genuine"]
        ),
        count=st.integers(0, 14),
    )
    def learn(self, what: Any, count: int) -> None:
        """Whatever is found out, wanted or not."""
        one = what in ("followed", "already", "case", "genuine")
        cases = tuple(Shown(f"{n:x}", "A permit", f"…{n}", "Checked.") for n in range(1 if one else count))
        self.hold(Learnt(what, cases, "https://example.org/inbox/x"))

    @rule(
        what=st.sampled_from(["settings", "switched"]),
        senders=st.lists(st.tuples(st.integers(1, 10**9), st.sampled_from(["on", "here", "off"])), max_size=14),
        kinds=st.sets(st.sampled_from(["code", "service", "advertising"])),
    )
    def learn_wishes(self, what: Any, senders: list[tuple[int, str]], kinds: set[str]) -> None:
        """Who may write, and what about."""
        shown = [Shown(f"o{number}", "Sky Air", state) for number, state in dict(senders).items()]
        shown += [Shown(f"k{kind}", "", "on") for kind in sorted(kinds)]
        self.hold(Learnt(what, tuple(shown), "https://example.org/inbox/x"))

    @rule(what=st.sampled_from(["linking", "linked", "not_linked"]))
    def learn_of_links(self, what: Any) -> None:
        """An account that shall be somebody's own."""
        self.hold(Learnt(what, (Shown("dzzzzzzzzzzzzzzzzzzzzz", "+380•••67", ""),)))

    @rule(data=st.data())
    def tap(self, data: st.DataObject) -> None:
        if self.now:
            self.hold(Tapped(data.draw(st.sampled_from(self.now))))

    @precondition(lambda self: self.old)
    @rule(data=st.data())
    def tap_old(self, data: st.DataObject) -> None:
        """An old button never changes an answer."""
        button = data.draw(st.sampled_from(self.old))
        step = int(button.partition(".")[0])
        before = self.state
        self.hold(Tapped(button))
        if before is not None and self.state is not None and step < before.step and not self._moved(before):
            assert _answers(self.state) == _answers(before)

    @rule(button=st.one_of(st.text(max_size=70), st.from_regex(r"[0-9]{1,3}\.[a-z][a-z0-9]{0,12}", fullmatch=True)))
    def tap_forged(self, button: str) -> None:
        self.hold(Tapped(button))

    @rule(text=st.one_of(st.sampled_from(WORDS), st.text(max_size=40)))
    def say(self, text: str) -> None:
        """Words fill the fact that is asked, or none."""
        before = self.state
        self.hold(Said(text))
        if before is not None and self.state is not None and before.open == self.state.open and not self._moved(before):
            was, now = _open(before), _open(self.state)
            filled = {name for name, value in now.items() if was.get(name) != value}
            assert filled <= {before.fact}

    @rule(text=st.text(min_size=1, max_size=20))
    def say_at_length(self, text: str) -> None:
        self.hold(Said(text * 100_000))

    @rule(language=st.sampled_from(["en", "uk", "pl", "", "xx-XX"]))
    def choose_language(self, language: str) -> None:
        self.hold(LanguageChosen(language))

    @rule(service=st.sampled_from([None, *KEYS]), language=st.sampled_from([None, "uk", "en", "??"]))
    def open(self, service: str | None, language: str | None) -> None:
        self.hold(Started(service, language))

    @rule(days=st.integers(0, 40))
    def pass_days(self, days: int) -> None:
        self.day = min(self.day + timedelta(days=days), date(2027, 12, 31))

    @rule(countries=st.sampled_from(VERSIONS))
    def change_rules(self, countries: tuple[str, ...]) -> None:
        self.countries = countries

    def _moved(self, before: State) -> bool:
        """Whether the day or the rules have changed under the open consultation since, or another has gone."""
        services = world(self.countries, self.day).services
        return any(
            talk.service not in services
            or (talk.number == before.open and (talk.day, talk.version) != (self.day, services[talk.service].version))
            for talk in before.talks
        )

    @invariant()
    def bounded(self) -> None:
        if self.state is not None:
            assert len(self.state.talks) <= MOST_TALKS
            assert len(encode(self.state)) < 20_000

    @invariant()
    def valid(self) -> None:
        """Every stored answer is one that its question takes."""
        if self.state is None:
            return
        world_now = world(self.countries, self.day)
        for talk in self.state.talks:
            service = world_now.services.get(talk.service)
            if service is None or talk.version != service.version:
                continue
            sheet = world_now.sheet(talk.service, "en")
            for name, given in full_answers(talk.answers, sheet.unlike).items():
                raw: Any = sorted(given) if isinstance(given, frozenset) else given
                assert read_answer(service.fact[name], raw, talk.day, service.dates) == given


def _open(state: State) -> dict[str, Any]:
    return next((talk.answers for talk in state.talks if talk.number == state.open), {})


def _answers(state: State) -> dict[int, dict[str, Any]]:
    return {talk.number: talk.answers for talk in state.talks if talk.answers}


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


@pytest.mark.parametrize("countries", VERSIONS)
def test_the_versions_differ(countries: tuple[str, ...]) -> None:
    assert country("before")[1]["harbour/ferry"].version != country("after")[1]["harbour/ferry"].version
