"""What a reviewer is told of a template in words: what might stand in its places, and what to look at twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vikno.domain.dialog.phrases import Phrases
from vikno.domain.notify.own_links import OwnLink
from vikno.usecases.look_at_template import Looked

LONG_SMS = 3
KINDS = (
    ("code", r"code|pin\b|код|пін"),
    ("sum", r"sum|amount|price|fee|total|balance|сум|цін|варт|залиш"),
    ("month", r"month|period|місяц|період"),
    ("time", r"time|hour|час\b|годин"),
    ("date", r"date|day|дат|день|дня"),
    ("city", r"city|town|місто|міста"),
    ("address", r"address|place|street|адрес|місц"),
    ("number", r"number|flight|order|parcel|account|case|\bid\b|номер|рейс|замовл|справ|рахун"),
    ("name", r"name|person|ім[’']?я|імен|звер|піб"),
)
"""What a placeholder may be about, by its name; the first that fits."""


def example_of(name: str, words: Phrases) -> str:
    """What might stand in a place of this name; its name where nobody can tell."""
    said = name.replace("_", " ").replace("-", " ").lower()
    return next((words.say(f"review.example.{kind}") for kind, fits in KINDS if re.search(fits, said)), name)


def warnings(looked: Looked, words: Phrases, sms_parts: int) -> list[str]:
    """What to look at twice before saying yes."""
    return list(dict.fromkeys(_warnings(looked, words, sms_parts)))


def _warnings(looked: Looked, words: Phrases, sms_parts: int) -> Iterator[str]:
    if looked.organisation.standing != "approved":
        yield words.say("review.warn.sender", sender=looked.organisation.name)
    for host in looked.anybodys:
        yield words.say("review.warn.trusted", host=host)
    for link in looked.links:
        yield from _of_link(link, words)
    for spot in looked.spots:
        if spot.trusted and not spot.refuses:
            yield words.say("review.warn.unkept", name=spot.name)
    for each in looked.languages:
        for url in each.foreign:
            yield words.say("review.warn.foreign", url=url)
    if sms_parts > LONG_SMS:
        yield words.say("review.warn.sms", count=sms_parts)


def _of_link(link: OwnLink, words: Phrases) -> Iterator[str]:
    if link.anybodys:
        yield words.say("review.warn.anybody", host=link.host)
    if link.places:
        yield words.say("review.warn.places", url=link.url, names=", ".join(link.places))
    if link.disguised:
        yield words.say("review.warn.disguised", shown=link.shown, host=link.host)
    if link.open:
        yield words.say("review.warn.open", url=link.url)
