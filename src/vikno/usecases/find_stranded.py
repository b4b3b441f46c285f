"""Find the people in the middle of a service whose answers its new rules would drop: how many, and which answers.

Only counts and ids of facts and options leave this module: no name of a conversation, no number, no date.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import msgspec

from vikno.domain.dialog.state import Plain, Talk, decode
from vikno.domain.rules.answers import AnswerRefused, read_answer
from vikno.domain.rules.findings import Finding
from vikno.domain.rules.service import Fact, Service
from vikno.domain.values import Place
from vikno.usecases.ports import Conversation

PAGE = 500
OPTION = re.compile(r"[a-z0-9_]+")
"""What an id looks like: a day or a fraction, to a question that once was another, does not."""


class Pages(Protocol):
    """A store that can be looked through: a `ConversationStore`, or one that only reads."""

    async def page(self, after: str = "", limit: int = PAGE) -> tuple[Conversation, ...]:
        """Up to `limit` conversations whose names come after `after`, in the order of their names."""
        ...


@dataclass
class Stranded:
    """What was found, by service; None: of no service that is still there."""

    findings: dict[str | None, tuple[Finding, ...]] = field(default_factory=dict)


@dataclass
class _Lost:
    """People of one service who would lose their answer to one fact."""

    people: int = 0
    options: Counter[str] = field(default_factory=Counter)


async def find_stranded(
    store: Pages, country: str, services: Mapping[str, Service | None], day: date, place: Place
) -> Stranded:
    """Everybody in the middle of a service of `country`. A service that is None could not be read: it is passed over.

    `place` is that of the country, for services that are no more.
    """
    lost: dict[str, dict[str, _Lost]] = {}
    gone: Counter[str] = Counter()
    unreadable, after = 0, ""
    while conversations := await store.page(after, PAGE):
        after = conversations[-1].name
        for conversation in conversations:
            try:
                talks = decode(conversation.state).talks
            except msgspec.DecodeError:
                unreadable += 1
                continue
            for talk in talks:
                if talk.ended or not talk.answers or talk.service.partition("/")[0] != country:
                    continue
                if talk.service not in services:
                    gone[talk.service] += 1
                elif (service := services[talk.service]) is not None:
                    _look(lost.setdefault(service.key, {}), talk, service, day)
    out = Stranded({key: tuple(_findings(services[key], found)) for key, found in lost.items() if found})
    own = [Finding("people_stranded", place, _of_gone(key, count)) for key, count in sorted(gone.items())]
    if unreadable:
        own.append(Finding("people_stranded", place, f"conversations that cannot be read: {unreadable}"))
    if own:
        out.findings[None] = tuple(own)
    return out


def _look(lost: dict[str, _Lost], talk: Talk, service: Service, day: date) -> None:
    if talk.version == service.version:
        return
    for name, answer in talk.answers.items():
        fact = service.fact.get(name)
        if fact is not None:
            try:
                read_answer(fact, answer, day, service.dates)
                continue
            except AnswerRefused:
                pass
        found = lost.setdefault(name, _Lost())
        found.people += 1
        if fact is not None:
            found.options.update(_options_gone(fact, answer))


def _options_gone(fact: Fact, answer: Plain) -> Iterator[str]:
    """The options that were chosen and are no more; nothing of numbers and days, which are a person's own."""
    if fact.kind in ("number", "date", "yes_no"):
        return
    for option in answer if isinstance(answer, list) else [answer]:
        if isinstance(option, str) and option not in fact.option_ids and OPTION.fullmatch(option):
            yield option


def _findings(service: Service | None, lost: Mapping[str, _Lost]) -> Iterator[Finding]:
    if service is None:
        return
    for name, found in sorted(lost.items()):
        who = f"{_people(found.people)} in the middle of this service would lose their answer to “{name}”"
        fact = service.fact.get(name)
        if fact is None:
            yield Finding("people_stranded", service.place, f"{who}: the question is gone")
        elif found.options:
            listed = ", ".join(f"“{option}” ({count})" for option, count in found.options.most_common())
            some: Mapping[str, object] = {name: found.options.most_common(1)[0][0]}
            yield Finding("people_stranded", fact.place, f"{who}: no longer an option is {listed}", some)
        else:
            yield Finding("people_stranded", fact.place, f"{who}: it is no longer one that the question takes")


def _of_gone(key: str, count: int) -> str:
    return f"{_people(count)} in the middle of {key} would lose all their answers: the service is gone"


def _people(count: int) -> str:
    return f"{count} {'person' if count == 1 else 'people'}"
