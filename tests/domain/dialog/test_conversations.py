"""Conversations that a clerk can read, in `conversations/*.yaml`; this one driver holds them all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.domain.dialog.worlds import world
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

HERE = Path(__file__).parent / "conversations"
EXAMPLES = [
    pytest.param(example, id=f"{path.stem}: {example['name']}")
    for path in sorted(HERE.glob("*.yaml"))
    for example in yaml.safe_load(path.read_text("utf-8"))
]
DOES = ("opens", "says", "taps", "taps_old", "taps_id", "language", "day", "rules", "learns")
SEES = ("bot", "not", "offers", "offers_not", "ticked", "asks", "outcome", "answers", "total", "wants")


@dataclass
class Conversation:
    """A conversation under way: every message so far, so that old buttons can be tapped."""

    countries: tuple[str, ...]
    day: date
    follows: bool = False
    state: State | None = None
    said: list[Message] = field(default_factory=list)
    now: list[Message] = field(default_factory=list)

    def hold(self, event: Event, without: str | None = None) -> None:
        before = None if self.state is None else encode(self.state)
        state, messages = take_turn(self.state, event, world(self.countries, self.day, without, self.follows))
        assert before is None or encode(self.state) == before, "the state that came in was changed"  # type: ignore[arg-type]
        self.state = decode(encode(state))
        assert self.state == state
        self.said, self.now = [*self.said, *messages], list(messages)

    def button(self, label: str, old: bool) -> str:
        """The id of a button by its label: in the last messages, or the first ever said."""
        where = self.said if old else reversed(self.said)
        return next(button.id for message in where for button in message.buttons if button.label == label)

    def act(self, step: dict[str, Any]) -> None:
        """Do what a step says."""
        if "day" in step:
            self.day = step["day"]
        if "rules" in step:
            self.countries = tuple(step["rules"])
        without = step.get("without")
        if "opens" in step:
            self.hold(Started(step["opens"] or None, step.get("in"), tuple(step.get("among", ()))), without)
        elif "says" in step:
            self.hold(Said(str(step["says"])), without)
        elif "taps" in step:
            self.hold(Tapped(self.button(step["taps"], old=False)), without)
        elif "taps_old" in step:
            self.hold(Tapped(self.button(step["taps_old"], old=True)), without)
        elif "taps_id" in step:
            self.hold(Tapped(step["taps_id"]), without)
        elif "learns" in step:
            self.hold(msgspec.convert({"type": "learnt", **step["learns"]}, Learnt), without)
        elif "language" in step:
            self.hold(LanguageChosen(step["language"]), without)

    def check(self, step: dict[str, Any]) -> None:
        """See what a step expects."""
        text = "\n\n".join(message.text for message in self.now)
        labels = [button.label for message in self.now for button in message.buttons]
        for part in _list(step.get("bot")):
            assert part in text, f"not said: {part!r}\n{text}"
        for part in _list(step.get("not")):
            assert part not in text, f"said: {part!r}\n{text}"
        for label in _list(step.get("offers")):
            assert label in labels, f"not offered: {label!r} but {labels}"
        for label in _list(step.get("offers_not")):
            assert label not in labels, f"offered: {label!r}"
        if "ticked" in step:
            assert [
                button.label for message in self.now for button in message.buttons if button.style == "chosen"
            ] == step["ticked"]
        if "asks" in step:
            assert [message.fact for message in self.now if message.fact] == [step["asks"]], text
        if "wants" in step:
            wants = self.state.wants if self.state else None
            assert (msgspec.to_builtins(wants) if wants else None) == step["wants"]
        if "answers" in step:
            assert self.state is not None
            talk = next(talk for talk in self.state.talks if talk.number == self.state.open)
            assert talk.answers == step["answers"]
        lists = [message.checklist for message in self.now if message.checklist]
        if "outcome" in step:
            assert [made.outcome for made in lists] == [step["outcome"]], text
        if "total" in step:
            assert [made.sums for made in lists] == [step["total"]]


def _list(value: Any) -> list[str]:
    return [] if value is None else value if isinstance(value, list) else [value]


@pytest.mark.parametrize("example", EXAMPLES)
def test_conversation(example: dict[str, Any]) -> None:
    conversation = Conversation(tuple(example.get("countries", ["example"])), example.get("day", date(2026, 3, 15)))
    conversation.follows = example.get("follows", False)
    for step in example["talk"]:
        unknown = set(step) - {*DOES, *SEES, "in", "without", "among"}
        assert not unknown, f"a step has no {unknown}"
        conversation.act(step)
        conversation.check(step)
