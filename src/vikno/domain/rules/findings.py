"""Findings: what the check has to say, each with a place, a code that never changes and the answers that show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from vikno.domain.values import Place


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that must be mended (or, as a warning, looked at)."""

    code: str
    place: Place
    message: str
    answers: Mapping[str, Any] | None = field(default=None, compare=False)
    day: date | None = field(default=None, compare=False)

    @property
    def warning(self) -> bool:
        """True for what may stay: it is told, and does not fail the check."""
        return self.code in WARNINGS


CODES: dict[str, str] = {
    # reading the files
    "file_unreadable": "The file cannot be read, is too large, or is not UTF-8.",
    "yaml_broken": "The YAML cannot be parsed.",
    "yaml_anchor": "Anchors and aliases are not used here: write the value out.",
    "key_unknown": "This key is not one of those allowed here.",
    "key_missing": "A required key is absent.",
    "key_twice": "The same key stands twice in one mapping.",
    "value_wrong": "The value is not of the kind that is expected here.",
    "id_bad": "An id used in conditions may hold only a-z, 0-9 and _.",
    "id_twice": "Two things of one namespace share an id.",
    # names
    "name_unknown": "A condition or text names something that does not exist.",
    "option_unknown": "This is not an option of the fact on the left.",
    "law_unknown": "The basis is not among the laws of this service or country.",
    "source_unknown": "The source is not among the sources of this service or country.",
    "amount_unknown": "There is no amount of that name.",
    "item_unknown": "There is no item of that kind and id.",
    "list_unknown": "There is no shared list or group of that name.",
    "authority_unknown": "The country has no authority of that id.",
    "document_unknown": "The country has no document type of that id.",
    "stage_unknown": "The process has no stage of that name.",
    "channel_unknown": "There is no channel of that name.",
    "placeholder_unknown": "The placeholder names nothing that exists here.",
    # conditions
    "condition_broken": "The condition cannot be parsed.",
    "condition_mixed": "`and` and `or` stand together without parentheses.",
    "condition_chained": "Comparisons cannot be chained: write a range.",
    "type_wrong": "These two cannot be compared.",
    "when_below": "A fact's `when` looks at a fact that is asked later.",
    "cycle": "Terms or derived names refer to each other in a circle, or to one below.",
    "never_true": "The condition is false for everyone who can be asked.",
    "never_false": "The condition is true for everyone who can be asked.",
    "absent_surprise": "The condition is true for people who are never asked this fact.",
    # rules about messages
    "rules_contradict": "A rule requires what other rules forbid on every channel that would do.",
    # outcomes
    "outcome_empty": "Somebody answers everything and gets an empty checklist.",
    "outcome_clash": "Somebody is told to stop and that all is done, at the same question.",
    "promise_broken": "Somebody gets a checklist that breaks a promise.",
    "table_gap": "The table has no row for a value, or an empty cell.",
    "table_overlap": "The table has two rows for one value.",
    "table_broken": "The table cannot be read.",
    "amount_gap": "The amount has no value on a date on which it is used.",
    "period_overlap": "Two entries of one item hold on the same day.",
    "period_gap": "Between two entries of one item there are days on which none holds.",
    "period_wrong": "The period ends before it begins.",
    "fact_never_asked": "The question is never asked.",
    "fact_changes_nothing": "No answer to this question changes any outcome.",
    "item_never": "The item can never appear.",
    "term_unused": "The term, amount or derived name is used nowhere.",
    "budget_exceeded": "The proof was stopped at its budget and is incomplete.",
    # texts
    "text_missing": "A text is not translated into a language of the country.",
    "text_stale": "The translation was made for an earlier source text.",
    "text_orphan": "The translation belongs to no text of this service.",
    "text_placeholders": "The translation does not have the same placeholders as its source.",
    "po_broken": "The translation file cannot be read.",
    "text_too_long": "The text cannot be shown on a channel of the country.",
    "button_too_long": "The button cannot be shown on a channel of the country.",
    "buttons_too_many": "There are more buttons than a channel of the country can show.",
    "text_control": "The text holds control characters.",
    "sms_long": "The text takes several SMS, and each is paid for.",
    # stages of cases, and where people come in
    "stage_unreachable": "No way leads from the first stage to this one.",
    "stage_endless": "From this stage no final one can be reached.",
    "stage_after_end": "A stage follows on one that is final.",
    "duration_wrong": "The time is none, is endless, or contradicts another one.",
    "duration_unsourced": "Neither a law nor a page says how long this takes.",
    "service_unknown": "The country has no service in a folder of that name.",
    # examples
    "example_fails": "The example does not hold.",
    "example_incomplete": "The example's answers do not reach an outcome.",
    "example_answer": "The example gives an answer that does not exist.",
    "example_missing": "No example shows this item.",
    # people
    "people_stranded": "People in the middle of this service would lose answers by the change.",
}
WARNINGS = frozenset({"absent_surprise", "sms_long", "term_unused", "text_orphan"})


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name a typing slip away from `word`, or None.

    >>> nearest("pasport", ["passport", "visa"])
    'passport'
    """
    found = process.extractOne(
        word[:80], list(known), scorer=DamerauLevenshtein.normalized_similarity, score_cutoff=0.6
    )
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest name, or the names there are.

    >>> did_you_mean("pasport", ["passport", "visa"])
    ' — did you mean “passport”?'
    >>> did_you_mean("x", ["passport", "visa"])
    ' — there are: passport, visa'
    """
    names = list(known)
    near = nearest(word, names)
    if near:
        return f" — did you mean “{near}”?"
    if not names:
        return ""
    shown = ", ".join(names[:12])
    return f" — there are: {shown}" + (" …" if len(names) > 12 else "")
