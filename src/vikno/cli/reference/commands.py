"""Commands: options from the argument parser, exit codes, and the keys of every JSON result."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from functools import partial

from vikno.cli import FINE, FOUND, WRONG_CALL, arguments
from vikno.cli.reference.markdown import code, table

SHARED = ("--help", "--countries", "--json")
CAMPAIGN = {
    "id": "its number",
    "sender": "the slug of its organisation",
    "name": "as it was called",
    "reference": "the organisation's own name for it",
    "status": "draft, reading, ready, running, paused, stopped or done",
    "rows": "recipients",
    "refused": "reason -> rows that were left out",
    "planned": "recipients whose messages are planned",
    "begins": "when it begins by itself, or null",
    "created": "when it was made",
    "began": "when it began, or null",
    "ended": "when all of it had ended, or null",
}
JSON: dict[str, dict[str, str]] = {
    "consult": {
        "service": "key of the service, `ua/id-card`",
        "version": "SHA-256 of the rules, without texts",
        "date": "the day that was asked about",
        "lang": "language of `text` and `why`",
        "complete": "whether no question is left",
        "next": "the fact to ask now; null when complete",
        "asked": "the facts asked and answered, in order",
        "ignored": "facts that were given and do not apply, or no longer matter",
        "outcome": "checklist, stop, done or human; null while a question is left",
        "items": "the items of the outcome; before it, those that are already certain",
        "total": '`{currency: "0.00"}`; null where a fee has no known sum, or nothing is decided yet',
        "receipt": "SHA-256 of the outcome; null until complete",
    },
    "consult: items": {
        "kind": "the kind of item",
        "id": "its id",
        "text": "its words, with sums and answers filled in",
        "why": "the answers that decided it, in words",
        "basis": "ids of the law",
        "source": "ids of the pages",
        "form": "how a paper is brought; null otherwise",
        "confidence": "A, B, C or D",
        "amount": '`{currency: "0.00"}`, or null',
    },
    "check": {
        "ok": "whether nothing but warnings was found",
        "findings": "of no single service",
        "warnings": "of no single service",
        "services": "key of the service to its result",
    },
    "check: services": {
        "ways": "ways to answer today, each class of numbers or days once; null where the budget forbids a count",
        "outcomes": "different outcomes that people can reach today; null likewise",
        "items": "items",
        "seconds": "what the proof took",
        "findings": "findings",
        "warnings": "what is told and does not fail the check",
    },
    "check: findings": {
        "code": "of [the closed list](findings.md)",
        "file": "the file, as reached from the folder that was named",
        "line": "from 1; 0 is the file as a whole",
        "column": "from 1",
        "message": "what is wrong, in English; it may change",
        "answers": "the smallest answers that show it, or null",
        "date": "the day on which they do, or null",
    },
    "diff": {
        "changed": "whose outcome changes",
        "added": "facts, options, items and services that only the new version knows",
        "removed": "those that only the old one knows",
        "examples_changed": "names of examples that were changed or taken away",
        "second_approver": "whether outcomes changed together with the examples that guarded them",
    },
    "decide": {
        "date": "the day that was asked about",
        "version": "SHA-256 over all rules that were looked at, without their words",
        "effect": "permit, deny, require, advise or unknown",
        "level": "law, or advice where nobody is bound by it",
        "may_go": "whether nothing binding is against it",
        "missing": "for unknown: facts that have to be known first",
        "rules": "those that decided",
        "advice": "what else is worth knowing",
        "instead": "channels on which the same may go, the best first",
        "hours_until": "in how many hours it may go, where only the hour is against it; null otherwise",
    },
    "decide: rules": {
        "id": "its id",
        "jurisdiction": "code of the folder that it is in",
        "title": "what it says",
        "status": "proposed, enacted, recommended or superseded",
        "effect": "permit, deny, require or advise",
        "from": "the first day it holds, or null",
        "until": "the last day it holds, or null",
        "basis": "ids of the law",
        "source": "ids of the pages",
        "confidence": "A, B, C or D",
        "version": "SHA-256 of this rule alone, without its words",
        "why": "what of the message made it apply",
    },
    "diff: changed": {
        "service": "key of the service",
        "before": "`kind:id` of the old outcome",
        "after": "`kind:id` of the new one",
        "before_total": "as `total` of consult",
        "after_total": "as `total` of consult",
        "who": 'fact to the values that lead here: options, `"14..15"`, or lists of options',
        "ways": "how many ways to answer these are",
        "share": "their part of all ways",
        "answers": "the smallest answers that lead here",
        "from": "first day (with --all-dates only)",
        "until": "last day, or null (with --all-dates only)",
    },
    "paths": {
        "service": "key of the service",
        "title": "its title",
        "authority": "the name of the authority",
        "version": "SHA-256 of the rules, as in consult",
        "date": "the day",
        "lang": "the language of what is in words",
        "ways": "ways to answer; null where the budget forbids a count, and likewise below",
        "facts": "every question: its answers, its condition as written and in words, the share of those who are asked",
        "terms": "every term: its condition as written and in words",
        "tables": "every derived value with its rows",
        "amounts": "every amount with its rows",
        "items": "every item: condition, law, days, sum, the share of those who get it, the examples that show it",
        "promises": "every promise, in words",
        "outcome_count": "different outcomes",
        "outcomes": "outcomes with their items, totals, and who reaches them",
        "law": "the acts that are cited",
        "sources": "the pages that are cited",
    },
    "cases import": {
        "file": "the file",
        "hash": "its SHA-256",
        "kind": "csv or jsonl",
        "encoding": "the encoding it was read in",
        "dry_run": "whether nothing was to be changed",
        "rows": "rows that were read, empty ones aside",
        "counts": "what they came to: new and known cases, the verdicts of stages, refused; ready in a dry run",
        "refused": "the first 20 that were refused",
        "report": "the table of all that were refused; null if none was, and in a dry run",
        "seconds": "how long it took",
    },
    "cases import: refused": {
        "row": "the row, as a spreadsheet counts: the header is 1",
        "line": "the line where it begins",
        "code": "why; the codes never change",
        "reason": "the same in words",
        "number": "the number of the case, as far as it was read",
    },
    "cases show": {
        "number": "the number of the case",
        "service": "key of the service",
        "office": "where the person applied",
        "opened": "when",
        "stage": "where it stands; null before the first stage",
        "followers": "how many follow it",
        "history": "every report, in the order they came",
    },
    "cases show: history": {
        "stage": "the stage that was reported",
        "at": "when it was reached",
        "recorded": "when it was recorded here",
        "verdict": "what it came to",
    },
    "cases watch": {
        "authority": "whose registry it is",
        "state": "live, cached (as of `as_of`) or unavailable",
        "as_of": "when it last answered; null if it never has",
        "reason": "why it does not answer",
        "counts": "what was said, by verdict",
        "odd": "what was said and not understood",
    },
    "keys add": {
        "key": "the key; nobody can show it again",
        "authority": "whose cases it opens",
        "label": "what it is for",
    },
    "keys list: one key": {
        "id": "its id, which `keys revoke` takes",
        "authority": "whose cases it opens",
        "label": "what it is for",
        "created": "when it was made",
        "revoked": "when it was ended; null while it is in force",
    },
    "hooks add": {
        "id": "its id, which `hooks remove` and `hooks replay` take",
        "authority": "of whose cases it hears",
        "url": "where events go",
        "secret": "what signs them; nobody can show it again",
    },
    "hooks list: one of them": {
        "id": "its id",
        "authority": "of whose cases it hears",
        "url": "where events go",
        "state": "fine, failing or paused",
        "reason": "why the last delivery failed",
        "tries": "deliveries that failed in a row",
        "next": "when it is tried again; null while it is paused or fine",
        "upto": "all that happened until then was taken",
        "created": "when it was added",
    },
    "hooks remove": {"removed": "its id"},
    "hooks replay": {"replayed": "its id", "since": "from when"},
    "ledger verify": {
        "lines": "how many of them hold, from the first on",
        "head": "the number and the seal of the last of these, to be published",
        "broken": "the first line that is not as it was written, or null",
        "published": "whether the head of --head still stands there; null without one",
    },
    "ledger export: one of them": {
        "id": "its number; lines are numbered without a gap",
        "at": "when it was said",
        "at_ms": "the same in milliseconds since 1970",
        "person": "the number of the address where it was said",
        "organisation": "its slug, or * for all",
        "content": "the kind of message, or * for all",
        "consent": "none, given, written or soft",
        "channel": "where it was said",
        "lang": "in which language",
        "version": "of the words: the beginning of their SHA-256",
        "shown": "the words as they stood there",
        "seal": "HMAC-SHA256 over this line and the seal before",
    },
    "campaigns list": {"campaigns": "all of them, the latest first, each as `campaigns new` tells it"},
    "campaigns new": CAMPAIGN,
    "campaigns show": {
        **CAMPAIGN,
        "statuses": "status and reason -> messages",
        "refused_rows": "the first rows that were left out, by line and reason",
    },
    "senders put": {
        "slug": "names it for ever",
        "name": "as people know it",
        "category": "what it is to rules about messages",
        "country": "where it is established",
        "audience": "where those live whose address does not tell",
        "standing": "submitted, approved, refused or suspended",
        "reason": "why it was refused or suspended; null otherwise",
        "created": "when it was put first",
        "templates": "its templates, each with the version that is sent with, or the last one",
    },
    "senders put: templates": {
        "slug": "names it for ever",
        "name": "as its authors know it",
        "kind": "message, sms or email",
        "content": "what it is about, to rules about messages",
        "version": "which version",
        "status": "submitted, approved or refused",
        "reason": "why it was refused; null otherwise",
        "archived": "whether nothing is sent with it until it is put again",
    },
    "senders archive": {"archived": "the template"},
    "senders check": {
        "ok": "whether nothing is to be mended",
        "findings": "what is to be mended, as in `vikno check`",
        "warnings": "what may stay, and is worth a look",
    },
    "senders list: one of them": {
        "slug": "names it for ever",
        "name": "as people know it",
        "category": "what it is to rules about messages",
        "country": "where it is established",
        "audience": "where those live whose address does not tell",
        "standing": "submitted, approved, refused or suspended",
        "reason": "why it was refused or suspended; null otherwise",
        "created": "when it was put first",
    },
    "senders key add": {
        "key": "the key; nobody can show it again",
        "sender": "whose key it is",
        "kind": "live, team or test",
        "label": "what it is for",
    },
    "senders key list: one key": {
        "id": "its id, which `senders key revoke` takes",
        "kind": "live, team or test",
        "label": "what it is for",
        "created": "when it was made",
        "revoked": "when it was ended; null while it is in force",
    },
    "senders key revoke": {"revoked": "the id of the key"},
    "senders review list: one of them": {
        "which": "as `senders review approve` takes it",
        "name": "of the organisation or the template",
    },
    "senders review": {"which": "what was looked at", "status": "what it is now"},
    "senders callbacks add": {
        "id": "its id, which `hooks remove` and `hooks replay` take",
        "sender": "of whose messages it hears",
        "url": "where events go",
        "secret": "what signs them; nobody can show it again",
    },
    "senders callbacks notify": {
        "sender": "of whose messages it hears",
        "url": "where they are told; null when nothing is told any more",
    },
    "poster": {
        "url": "all that its code holds",
        "names": "`[channel, name]` of each that is printed",
        "files": "what was written: PDF, SVG",
    },
    "doctor": {
        "ok": "whether nothing is wrong",
        "parts": "everything that was looked at",
    },
    "doctor: parts": {
        "part": "key, store, site, clock, `channel telegram/main` …",
        "ok": "whether nothing is wrong with it",
        "said": "what was found",
        "wrong": "what is wrong, each with what to do",
        "notes": "what is worth knowing",
    },
    "keys revoke": {"revoked": "the id of the key"},
    "texts: one file": {
        "file": "the file",
        "texts": "texts there are",
        "missing": "those without a translation",
        "stale": "those whose translation is a draft for an earlier text",
        "dropped": "keys of translations that belong to no text any more, and were taken out",
        "changed": "whether the file was written anew",
    },
}
"""Command -> key -> meaning, for results in JSON."""


def parts() -> dict[str, Callable[[], str]]:
    options = {f"options of {name}": partial(_parser, parser) for name, parser in commands()}
    keys = {f"JSON of {about}": partial(_keys, known) for about, known in JSON.items()}
    return {"exit codes": _exits, **options, **keys}


def _exits() -> str:
    rows = [
        [str(FINE), "fine"],
        [
            str(FOUND),
            "the check, the diff or the doctor found something, rows were refused, or a registry did not answer",
        ],
        [str(WRONG_CALL), "the call was wrong"],
    ]
    return table(["exit code", "meaning"], rows)


def _parser(parser: argparse.ArgumentParser) -> str:
    about = parser.description or ""
    rows = [[code(_written(action)), action.help or "", _default(action)] for action in _options(parser)]
    return f"{about[:1].upper()}{about[1:]}.\n\n" + table(["", "meaning", "default"], rows)


def _keys(known: dict[str, str]) -> str:
    return table(["key", "meaning"], [[code(key), meaning] for key, meaning in known.items()])


def commands() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command with its parser, in the order of `vikno --help`."""
    return _below(arguments.parser(argparse.ArgumentParser))


def _below(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """A command, or those of a group of them: `keys add`."""
    # argparse has no other way to its subcommands
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001
    for group in groups:
        for action, made in group.choices.items():
            yield from _below(made, f"{name} {action}".lstrip())
    if not groups:
        yield name, parser


def _options(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:  # noqa: SLF001
        if not set(SHARED) & set(action.option_strings):
            yield action


def _written(action: argparse.Action) -> str:
    """An argument as it is typed: `--lang LANG`, `FOLDER`, `[SERVICE]`."""
    value = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if action.choices:
        value = "|".join(map(str, action.choices))
    if not action.option_strings:
        return f"[{value}]" if action.nargs == "?" else value
    return action.option_strings[-1] if action.nargs == 0 else f"{action.option_strings[-1]} {value}"


def _default(action: argparse.Action) -> str:
    if action.default in (None, False, argparse.SUPPRESS) or not action.option_strings:
        return "required" if action.required and action.option_strings else ""
    return code(action.default)
