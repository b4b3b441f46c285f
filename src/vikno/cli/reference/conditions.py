"""The page of the condition language. Every row is parsed and type-checked when the page is written."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

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
        ("age_on(birth_date, today) < 18", "full years on a day; who was born on 29 February is a year older on 1 March"),
    ),
    "list, country": (
        ("place == harbour", "as with choose"),
        ("place in border_zone", "the answer is in this group of the list or of the country fact"),
        ("place not in border_zone", "it is not, or the question was not asked"),
    ),
    "a derived name": (
        ("office == desk", "the cell of the table for this person"),
        ("weeks > 2", "where all cells are numbers, as with number"),
    ),
    "today": (
        ("today < bridge_reopens", "a named date without a value yet (null) lies after every day"),
        ("today >= 2026-07-01", "also `<=`, `>`, `==` and `!=`"),
    ),
    "terms, and what joins conditions": (
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


def read(text: str) -> tuple[Condition | None, str, str]:
    """A condition read and type-checked; or None with the code and the message of the finding."""
    said: list[tuple[str, str]] = []
    try:
        found = typed(syntax.parse(text), NAMES, lambda code_, message, at: said.append((code_, message)))
    except syntax.ConditionBroken as broken:
        return None, broken.code, broken.message
    return (found, "", "") if not said else (None, *said[0])


def page() -> str:
    parts = [
        "# The condition language\n\n"
        "A condition stands in `when`, in `terms` and in promises. It is closed and typed: no functions to define, no\n"
        "loops, no building of texts, and nothing that is neither true nor false. The facts of the examples: `purpose`\n"
        "(choose), `about` (choose_any), `boat` (yes_no), `age` (number), `arrival` and `birth_date` (date), `place`\n"
        "(list with the group `border_zone`); `office` and `weeks` are derived from `place`, `free` is a term.\n\n"
        "The last column says what the condition is for a person who was not asked: a fact whose own `when` is false has\n"
        "no value. Then `==`, `in`, the orderings and the bare name are false, and what negates them is true.\n"
    ]
    for kind, rows in KINDS.items():
        written = [[code(text), meaning, _unasked(text)] for text, meaning in rows]
        parts.append(f"## {kind}\n\n" + table(["condition", "holds when", "if not asked"], written))
    parts.append(
        "## What is refused\n\n"
        "Every finding points at the word. These are some of them, as the check says them:\n\n"
        + table(["condition", "code", "the check says"], [_refusal(text) for text in REFUSED])
    )
    parts.append(
        "## The rest\n\n"
        "- Right of `==` and inside `[ ]` a bare word is an option of the fact on the left. Elsewhere it is a fact or a\n"
        "  term. Options are written without quotation marks.\n"
        "- `and` and `or` are not mixed without parentheses. `not x in y` is written `x not in y`.\n"
        "- The `when` of a fact looks at facts above it only. A term uses terms above it.\n"
        f"- These words are taken and can be no names: {', '.join(map(code, sorted(RESERVED)))}.\n"
        f"- A condition may take several lines and has at most {syntax.MAX_CONDITION} characters.\n"
        "- Once facts without a value are settled as above, the language is a strict subset of CEL in meaning. A CEL\n"
        "  library is the oracle of the tests; it is not used at run time.\n"
    )
    return "\n".join(parts)


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
