"""The condition language: what can be written and what is refused, each row parsed and type-checked when written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial

from vikno.cli.reference.markdown import code, table
from vikno.domain.rules import syntax
from vikno.domain.rules.conditions import TRUE, Condition, Not, evaluate
from vikno.domain.rules.service import Derived, Fact, Option, Term
from vikno.domain.rules.typed import Names, typed
from vikno.domain.values import Text
from vikno.packs.facts import RESERVED

KINDS = {
    "choose": (
        ("purpose == work", "the answer is this option"),
        ("purpose != work", "it is not, or the question was not asked"),
        ("purpose in [work, study]", "the answer is one of these"),
        ("purpose not in [work, study]", "it is none of these, or the question was not asked"),
    ),
    "choose_any": (
        ("student in about", "the answers hold this option"),
        ("student not in about", "they do not, or the question was not asked"),
    ),
    "yes_no": (
        ("boat", "the answer is yes"),
        ("boat == false", "the answer is no"),
        ("not boat", "the answer is no, or the question was not asked"),
    ),
    "number": (
        ("age < 14", "also `<=`, `>`, `>=`, `==` and `!=`"),
        ("age in 14..17", "from 14 to 17, both included"),
        ("age in [25, 45]", "one of these numbers"),
        ("age not in 14..17", "outside of it, or the question was not asked"),
    ),
    "date": (
        ("arrival < today + 30 days", "also `<=`, `>`, `>=`, `==` and `!=`; days or weeks, added or taken away"),
        ("arrival >= 2026-06-01", "a day as it is written"),
        ("arrival <= season_ends", "a named date of country.yaml"),
        ("arrival in 2026-06-01..2026-08-31", "from day to day, both included"),
        (
            "age_on(birth_date, today) < 18",
            "full years on a day; born on 29 February: on 1 March",
        ),
    ),
    "list": (
        ("place == harbour", "as with choose"),
        ("place in border_zone", "the answer is in this group of the list or of the country fact"),
        ("place not in border_zone", "it is not, or the question was not asked"),
    ),
    "derived": (
        ("office == desk", "the cell of the table for this person"),
        ("weeks > 2", "where all cells are numbers, as with number"),
    ),
    "today": (
        ("today < bridge_reopens", "a named date without a value yet (null) lies after every day"),
        ("today >= 2026-07-01", "also `<=`, `>`, `==` and `!=`"),
    ),
    "joined": (
        ("free", "a term by its name"),
        ("boat and age >= 18", "both hold"),
        ("boat or free", "at least one holds"),
        ("not (boat or free)", "the contrary"),
        ("true", "always; `false` is never"),
    ),
}
REFUSED = (
    "age >= 14 and boat or free",
    "14 <= age <= 17",
    "age == fourteen",
    "age = 14",
    "agee < 14",
    "purpose == wrok",
    "purpose < work",
    "purpose == 'work'",
    "about == student",
    "not age in 14..17",
    "age in 17..14",
    "arrival == birth_date",
    "arrival < today + 1 months",
    "age",
    "boat && free",
    "years(birth_date) < 18",
)


def _fact(name: str, kind: str, *options: str) -> Fact:
    return Fact(
        name,
        kind,
        Text("", ""),
        options=tuple(Option(option, Text("", option)) for option in options),
        high=Decimal(120),
        groups={"border_zone": frozenset({"hills"})} if kind == "list" else {},
    )


FACTS = (
    _fact("purpose", "choose", "work", "study", "family"),
    _fact("about", "choose_any", "student", "member"),
    _fact("boat", "yes_no"),
    _fact("age", "number"),
    _fact("arrival", "date"),
    _fact("birth_date", "date"),
    _fact("place", "list", "harbour", "hills"),
)
NAMES = Names(
    facts={fact.id: fact for fact in FACTS},
    terms={"free": Term("free", TRUE)},
    derived={
        "office": Derived("office", "place", {"harbour": "desk", "hills": "bus"}),
        "weeks": Derived("weeks", "place", {"harbour": "2", "hills": "4"}, numeric=True),
    },
    dates={"season_ends": date(2026, 10, 31), "bridge_reopens": None},
)


def parts() -> dict[str, Callable[[], str]]:
    kinds = {f"conditions on {kind}": partial(_kind, rows) for kind, rows in KINDS.items()}
    return {**kinds, "refused conditions": _refused, "words of conditions": _words}


def read(text: str) -> tuple[Condition | None, str, str]:
    """A condition read and type-checked; or None with the code and the message of the finding."""
    said: list[tuple[str, str, int]] = []
    try:
        found = typed(syntax.parse(text), NAMES, lambda *finding: said.append(finding))
    except syntax.ConditionBroken as broken:
        return None, broken.code, broken.message
    return (found, "", "") if not said else (None, *said[0][:2])


def _kind(rows: tuple[tuple[str, str], ...]) -> str:
    return table(
        ["condition", "holds when", "if not asked"], [[code(text), said, _unasked(text)] for text, said in rows]
    )


def _refused() -> str:
    return table(["condition", "code", "the check says"], [_refusal(text) for text in REFUSED])


def _words() -> str:
    words = ", ".join(map(code, sorted(RESERVED)))
    return f"These words cannot be names: {words}. A condition has at most {syntax.MAX_CONDITION} characters.\n"


def _unasked(text: str) -> str:
    condition, refused, message = read(text)
    if condition is None:
        raise ValueError(f"“{text}” stands in the reference and is {refused}: {message}")
    if text in ("free", "true", "boat or free", "not (boat or free)") or text.startswith("today"):
        return ""
    holds = evaluate(condition, {}, date(2026, 3, 15), NAMES.dates)
    if holds is evaluate(Not(condition), {}, date(2026, 3, 15), NAMES.dates):  # pragma: no cover - `not` is classical
        raise ValueError(f"“{text}” and its contrary are alike")
    return "true" if holds else "false"


def _refusal(text: str) -> list[str]:
    condition, refused, message = read(text)
    if condition is not None:
        raise ValueError(f"“{text}” stands in the reference as refused, and is not")
    return [code(text), code(refused), message]
