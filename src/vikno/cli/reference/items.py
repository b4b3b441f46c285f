"""The kinds of item, and the words in which each is shown."""

from __future__ import annotations

from collections.abc import Callable

from vikno.cli.reference.markdown import code, table
from vikno.cli.shown import words_of
from vikno.domain.rules.service import CONFIDENCES, ENDINGS, FORMS, KINDS

MEANINGS = {
    "stop": "no, or not here",
    "done": "a good ending: nothing is needed",
    "human": "no rule can decide this: why, and who can",
    "bring": "a paper or a thing to bring",
    "fee": "money the person pays; it counts in the total",
    "benefit": "money paid to the person; never in the total",
    "term": "how long it takes",
    "place": "where to go",
    "validity": "how long the result is good for",
    "deadline": "by when something must be done",
    "note": "anything else that is good to know",
}


def parts() -> dict[str, Callable[[], str]]:
    return {"kinds of item": _kinds, "forms": _forms, "confidences": _confidences}


def _kinds() -> str:
    words = words_of("en")
    rows = [
        [code(kind), words.say(f"section.{kind}"), MEANINGS[kind], "ends the consultation" if kind in ENDINGS else ""]
        for kind in KINDS
    ]
    return table(["kind", "heading in English", "meaning", ""], rows)


def _forms() -> str:
    words = words_of("en")
    return table(["form", "in English"], [[code(form), words.say(f"form.{form}")] for form in FORMS])


def _confidences() -> str:
    words = words_of("en")
    return table(["confidence", "in English"], [[code(one), words.say(f"confidence.{one}")] for one in CONFIDENCES])
