"""The words of one language: what the dialogue says, and the words it knows when a person types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from vikno.domain.dialog.tidy import plain

COMMANDS = (
    "back",
    "restart",
    "help",
    "language",
    "answers",
    "why",
    "services",
    "talks",
    "human",
    "go_on",
    "done",
    "none",
    "follow",
    "cases",
    "data",
    "check",
    "settings",
)
"""What a person may ask for in the middle of anything, by button or by word."""


@dataclass(frozen=True)
class Phrases:
    """Every phrase of a language by its id. A phrase with forms is chosen by a number (CLDR plurals).

    >>> en = Phrases("en", {"left": ("{count} question left", "{count} questions left")}, lambda count: count != 1)
    >>> en.say("left", count=1), en.say("left", count=4)
    ('1 question left', '4 questions left')
    """

    language: str
    texts: Mapping[str, str | tuple[str, ...]]
    form: Callable[[int], int] = lambda _: 0

    def say(self, phrase: str, /, **about: object) -> str:
        """The phrase with its `{places}` filled. A number called `count` chooses the form."""
        said = self.texts[phrase]
        if not isinstance(said, str):
            count = about.get("count", 0)
            said = said[min(int(self.form(count if isinstance(count, int) else 0)), len(said) - 1)]
        return said.format_map(about) if about else said

    def knows(self, phrase: str) -> bool:
        return phrase in self.texts

    def app(self, channel: str) -> str:
        """What people call a kind of channel."""
        return self.say(f"way.{channel}") if self.knows(f"way.{channel}") else channel.capitalize()

    def listed(self, phrase: str) -> frozenset[str]:
        """A phrase that lists words, as a set for comparing."""
        said = self.texts.get(phrase, "")
        words = said.split(",") if isinstance(said, str) else ()
        return frozenset(word for one in words if (word := plain(one)))

    @cached_property
    def commands(self) -> Mapping[str, str]:
        """Typed word -> command; the label of a command's button is such a word too."""
        known: dict[str, str] = {}
        for command in COMMANDS:
            for word in (*self.listed(f"words.{command}"), plain(self.say(f"button.{command}"))):
                known.setdefault(word, command)
        return known

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """Command -> the label of its button."""
        return {command: self.say(f"button.{command}") for command in COMMANDS}

    @cached_property
    def yes(self) -> frozenset[str]:
        return self.listed("words.yes") | {plain(self.say("yes"))}

    @cached_property
    def no(self) -> frozenset[str]:
        return self.listed("words.no") | {plain(self.say("no"))}

    @cached_property
    def filler(self) -> frozenset[str]:
        """Words that change nothing: “мені”, “років”, “please”."""
        return self.listed("words.filler")

    @cached_property
    def filler_of_numbers(self) -> frozenset[str]:
        return self.filler | self.listed("words.filler_of_numbers")

    @cached_property
    def filler_of_wishes(self) -> frozenset[str]:
        """Words of a wish that name no service: “хочу”, “потрібен”, “I need”."""
        return self.filler | self.listed("words.filler_of_wishes")

    @cached_property
    def denying(self) -> frozenset[str]:
        """Words that turn a meaning round: “не”, “without”. They are never passed over."""
        return self.listed("words.denying")

    @cached_property
    def names(self) -> frozenset[str]:
        """What people call this language, in any language."""
        return self.listed("words.this_language")
