"""One turn while it is taken: the state so far, what leads the next message, and the messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from vikno.domain.dialog.messages import Button, Checklist, Kind, Message, Style
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.dialog.sheet import Sheet
from vikno.domain.dialog.state import State, Talk
from vikno.domain.dialog.world import World

PARAGRAPH = "\n\n"


class Turn:
    """`lead` are paragraphs that come before the next message's text. `unread`: the event must not be read
    as an answer any more, because what was asked has changed under it."""

    __slots__ = ("lead", "messages", "sheets", "state", "talk", "unread", "words", "world")

    def __init__(self, state: State, world: World) -> None:
        self.state, self.world = state, world
        self.lead: list[str] = []
        self.messages: list[Message] = []
        self.unread = False
        self.talk = self._open()
        """The open consultation."""
        self.words: Phrases = world.words(state.lang)
        self.sheets = world.sheets(state.lang)

    def _open(self) -> Talk | None:
        number = self.state.open
        if number:
            for talk in self.state.talks:
                if talk.number == number:
                    return talk
        return None

    def sheet(self, talk: Talk) -> Sheet:
        return self.sheets[talk.service]

    def change(self, **fields: Any) -> None:
        self.state = replace(self.state, **fields)
        if "open" in fields or "talks" in fields:
            self.talk = self._open()

    def speak(self, language: str) -> None:
        """Another language from now on."""
        self.change(lang=language)
        self.words, self.sheets = self.world.words(language), self.world.sheets(language)

    def with_talk(self, talk: Talk) -> tuple[Talk, ...]:
        """The consultations with a changed one in its place."""
        number = talk.number
        return tuple([talk if known.number == number else known for known in self.state.talks])

    def say(self, phrase: str, **about: object) -> str:
        return self.words.say(phrase, **about)

    def note(self, phrase: str, **about: object) -> None:
        """A paragraph before the next message."""
        self.lead.append(self.say(phrase, **about))

    def button(self, known: str, label: str, style: Style = "choice") -> Button:
        return Button(f"{self.state.step}.{known}", label, style)

    def commands(self, *names: str, style: Style = "nav") -> list[Button]:
        """Buttons of commands, by name."""
        labels, start = self.words.labels, f"{self.state.step}.n"
        return [Button(start + name, labels[name], style) for name in names]

    def send(
        self,
        kind: Kind,
        text: str,
        buttons: Iterable[Button] = (),
        *,
        checklist: Checklist | None = None,
        fact: str | None = None,
        field: str | None = None,
    ) -> None:
        """A message, with what leads it."""
        if self.lead:
            text = PARAGRAPH.join([*self.lead, text] if text else self.lead)
            self.lead.clear()
        self.messages.append(Message(kind, text, tuple(buttons), checklist, fact, field))
