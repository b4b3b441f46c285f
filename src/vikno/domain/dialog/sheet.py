"""One service on one day in one language, prepared: question texts, buttons, and the tags that buttons carry.

A tag stands for a fact and an option of one service, so a tap can only ever mean what its label said.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from hashlib import blake2s

from vikno.domain.catalog import PublicOrganisation
from vikno.domain.dialog.matching import Labels
from vikno.domain.dialog.messages import Line
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.dialog.search import Lemma
from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.ruleset import Ruleset
from vikno.domain.rules.service import Fact, Item
from vikno.domain.rules.texts import placeholders
from vikno.domain.rules.wording import answer_text, number_text, text_on

LISTED = ("list", "country")
"""Kinds with too many options for buttons: their options are found by typing."""
FOUND_BY_BUTTON = 12
"""A list no longer than this is shown as buttons all the same."""


def tag(kind: str, *named: str) -> str:
    """A short opaque name: `kind` (one letter) and eight letters of a hash of what is named.

    >>> tag("a", "ua/id-card", "reason", "lost")
    'ae6euqbeo'
    """
    return kind + b32encode(blake2s("\0".join(named).encode(), digest_size=5).digest()).decode().lower()


@dataclass(frozen=True)
class Question:
    """A fact as a question: `choices` are (tag, label), those `shown` as buttons; `answers`: what a tag stands for."""

    fact: Fact
    ask: str
    choices: tuple[tuple[str, str], ...]
    shown: tuple[tuple[str, str], ...]
    answers: Mapping[str, Answer]
    labels: Labels
    changing: bool  # the text shows an earlier answer, so it is written anew each time
    done: str  # tags of "done" and "none of these", for a choice of several
    none: str
    valued: str  # how the tag of a number or a day begins; what follows is the value

    @property
    def several(self) -> bool:
        return self.fact.kind == "choose_any"


class Sheet:
    """A ruleset in a language. Questions are prepared when first asked, and kept; so are the `lines` of outcomes."""

    def __init__(
        self,
        ruleset: Ruleset,
        phrases: Phrases,
        language: str,
        lemma: Lemma = lambda word, _: word,
        authority: PublicOrganisation | None = None,
    ) -> None:
        self.ruleset, self.service, self.day = ruleset, ruleset.service, ruleset.day
        self.phrases, self.language, self.authority = phrases, language, authority
        self.version = ruleset.service.version
        self._stem = lambda word: lemma(word, language)
        self._questions: dict[str, Question] = {}
        self.lines: dict[str, Line] = {}
        self.yes_no = {True: phrases.say("yes"), False: phrases.say("no")}

    @cached_property
    def title(self) -> str:
        return self.service.title.text(self.language)

    @cached_property
    def unlike(self) -> Mapping[str, str]:
        """Facts whose answers are stored otherwise than the rules take them -> kind."""
        return {
            fact.id: fact.kind
            for fact in self.service.facts
            if fact.kind in ("choose_any", "date") or (fact.kind == "number" and fact.step % 1)
        }

    @cached_property
    def facts_by_tag(self) -> Mapping[str, str]:
        """Buttons of the list of answers: tag -> fact."""
        return {tag("e", self.service.key, fact.id): fact.id for fact in self.service.facts}

    @cached_property
    def items_by_tag(self) -> Mapping[str, Item]:
        """Buttons "why this?": tag -> item."""
        return {tag("y", self.service.key, item.key): item for item in self.ruleset.items}

    @cached_property
    def tag_of(self) -> Mapping[str, str]:
        """The other way round: fact id or item key -> tag."""
        return {
            **{fact: known for known, fact in self.facts_by_tag.items()},
            **{item.key: known for known, item in self.items_by_tag.items()},
        }

    def question(self, name: str) -> Question:
        found = self._questions.get(name)
        if found is None:
            found = self._questions[name] = self._question(self.service.fact[name])
        return found

    def _question(self, fact: Fact) -> Question:
        key = self.service.key
        options: list[tuple[Answer, str]] = [(option.id, option.label.text(self.language)) for option in fact.options]
        if fact.kind == "yes_no":
            options = [(True, self.yes_no[True]), (False, self.yes_no[False])]
        choices, answers = [], {}
        for answer, label in options:
            known = tag("a", key, fact.id, str(answer))
            choices.append((known, label))
            answers[known] = answer
        changing = any(what == "answer" for what, _ in placeholders(fact.ask.text(self.language)))
        buttons = fact.kind not in LISTED or len(options) <= FOUND_BY_BUTTON
        # Of a long list of countries only what ISO has not is a button: "stateless" is hard to find by typing.
        shown = [one for one in choices if buttons or (fact.kind == "country" and len(str(answers[one[0]])) != 2)]
        labels = Labels(
            choices,
            stem=self._stem,
            filler=self.phrases.filler,
            denying=self.phrases.denying,
            numbered=[known for known, _ in shown],
        )
        done, none = tag("d", key, fact.id), tag("z", key, fact.id)
        valued = tag("v", key, fact.id)[:5]
        return Question(
            fact, self._ask(fact, {}), tuple(choices), tuple(shown), answers, labels, changing, done, none, valued
        )

    def _ask(self, fact: Fact, answers: Mapping[str, Answer]) -> str:
        asked = text_on(self.service, fact.ask, answers, self.day, self.language)
        hint = [text_on(self.service, fact.hint, answers, self.day, self.language)] if fact.hint else []
        how = f"ask.{fact.kind}"
        of_one = fact.kind == "choose_any" and len(fact.options) == 1  # of which nobody can choose several
        shown = [self.phrases.say(how)] if self.phrases.knows(how) and not of_one else []
        return "\n".join([asked, *hint, *shown])

    def ask(self, question: Question, answers: Mapping[str, Answer]) -> str:
        """The question's words."""
        return self._ask(question.fact, answers) if question.changing else question.ask

    def changing_text(self, item: Item) -> bool:
        """Whether an item's text shows an answer, so that it differs from person to person."""
        return any(what == "answer" for what, _ in placeholders(item.text.text(self.language)))

    def says(self, fact: Fact, answer: Answer) -> str:
        """An answer in the person's language."""
        if isinstance(answer, frozenset) and not answer:
            return self.phrases.say("button.none")
        if isinstance(answer, int | Decimal) and not isinstance(answer, bool):
            return _number(answer, fact.unit, self.language)
        return answer_text(fact, answer, self.language, self.yes_no)


_number = lru_cache(maxsize=4096)(number_text)
