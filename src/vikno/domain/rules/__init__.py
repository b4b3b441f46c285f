"""The condition language: facts, types, parser, evaluator, prover. policy, dialog and cases all use this one."""

from vikno.domain.rules.answers import AnswerRefused, read_answer, read_answers
from vikno.domain.rules.conditions import Answer, Condition
from vikno.domain.rules.explain import Reason
from vikno.domain.rules.findings import CODES, Finding, did_you_mean, nearest
from vikno.domain.rules.receipt import Receipt
from vikno.domain.rules.ruleset import Consultation, Ruleset, ruleset_on
from vikno.domain.rules.service import ENDINGS, KINDS, Amount, Example, Fact, Item, Option, Service

__all__ = [
    "CODES",
    "ENDINGS",
    "KINDS",
    "Amount",
    "Answer",
    "AnswerRefused",
    "Condition",
    "Consultation",
    "Example",
    "Fact",
    "Finding",
    "Item",
    "Option",
    "Reason",
    "Receipt",
    "Ruleset",
    "Service",
    "did_you_mean",
    "nearest",
    "read_answer",
    "read_answers",
    "ruleset_on",
]
