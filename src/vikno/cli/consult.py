"""`vikno consult`: the outcome for given answers, as text or as the JSON that other programs rely on."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from vikno.cli.shown import WrongCall, day_of, error_json, floor_checked, language_of, one_service, read_file, words_of
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.dialog.sheet import Sheet
from vikno.domain.dialog.why import because
from vikno.domain.errors import ViknoError
from vikno.domain.rules import Consultation, Service, read_answers, ruleset_on
from vikno.domain.rules.receipt import amount_json
from vikno.packs.shapes import plain
from vikno.packs.source import parse_yaml


def run(options: argparse.Namespace) -> int:
    pack, service = one_service(options.service, options.countries)
    language = language_of(options.lang, service)
    words = words_of(language)
    day = day_of(options.date, pack.country)
    if options.date is not None:
        floor_checked(service, day)
    if options.jsonl:
        return _lines(service, options, language, words, day)
    consultation = ruleset_on(service, day).consult(read_answers(service, _read_answers(options.answers), day))
    authority = pack.country.authorities.get(service.authority)
    sheet = Sheet(consultation.ruleset, words, language, authority=authority)
    result = outcome_json(consultation, sheet, language)
    if options.json:
        json.dump(result, sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        from vikno.console.consulted import show

        show(consultation, result, sheet)
    return 0


def _read_answers(name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    text = read_file(name)
    problems: list[str] = []
    node = parse_yaml(text, name, lambda finding: problems.append(f"{finding.place}: {finding.message}"))
    if problems or node is None:
        raise WrongCall("answers_broken", f"the answers cannot be read: {problems[0] if problems else name}")
    return as_answers(plain(node))


def as_answers(value: Any) -> dict[str, Any]:
    """Answers are a mapping of fact ids to values."""
    if not isinstance(value, dict):
        raise WrongCall("answers_broken", "answers are a mapping {fact: value}")
    return value


def outcome_json(consultation: Consultation, sheet: Sheet, language: str) -> dict[str, Any]:
    """The contract's result: `docs/reference/commands.md` describes every key."""
    service, day = consultation.ruleset.service, consultation.ruleset.day
    total = consultation.total
    return {
        "service": service.key,
        "version": service.version,
        "date": day.isoformat(),
        "lang": language,
        "complete": consultation.complete,
        "next": consultation.next.id if consultation.next else None,
        "asked": list(consultation.asked),
        "ignored": list(consultation.ignored),
        "outcome": consultation.outcome,
        "items": [
            {
                "kind": item.kind,
                "id": item.id,
                "text": consultation.ruleset.text(item, consultation.used, language),
                "why": because(sheet, consultation, item),
                "basis": list(item.basis),
                "source": list(item.sources),
                "form": item.form,
                "confidence": item.confidence,
                "amount": amount_json(service, item, day),
            }
            for item in consultation.items
        ],
        "total": None if total is None else {currency: str(value) for currency, value in total.items()},
        "receipt": consultation.ruleset.receipt(consultation).hash if consultation.complete else None,
    }


def _lines(service: Service, options: argparse.Namespace, language: str, words: Phrases, default: date) -> int:
    """One result a line, in one process; a bad line gives an error in its place and exit code 2 at the end."""
    source = sys.stdin.buffer if options.answers in (None, "-") else _opened(options.answers)
    bad = 0
    sheets: dict[date, Sheet] = {}
    with source:
        for line in source:
            if not line.strip():
                continue
            try:
                result = _one_line(service, line, language, words, default, sheets)
            except ViknoError as error:
                bad = 2
                result = error_json(error)
            print(json.dumps(result, ensure_ascii=False))
    return bad


def _opened(name: str) -> BinaryIO:
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise WrongCall("file_unreadable", f"{name}: {error.strerror}") from None


def _one_line(
    service: Service, line: bytes, language: str, words: Phrases, default: date, sheets: dict[date, Sheet]
) -> Mapping[str, Any]:
    try:
        value = json.loads(line.decode())
    except (ValueError, RecursionError):
        raise WrongCall("line_broken", "the line is not JSON") from None
    if not isinstance(value, dict) or not isinstance(value.get("answers", {}), dict):
        raise WrongCall("line_broken", 'a line is {"answers": {fact: value}, "date": day}')
    written = value.get("date")
    try:
        day = default if written is None else date.fromisoformat(str(written))
    except ValueError:
        raise WrongCall("date_wrong", f"“{str(written)[:40]}” is not a day: write it as 2026-03-15") from None
    if written is not None:
        floor_checked(service, day)
    consultation = ruleset_on(service, day).consult(read_answers(service, value.get("answers", {}), day))
    sheet = sheets.get(day)
    if sheet is None:
        sheet = sheets[day] = Sheet(consultation.ruleset, words, language)
    return outcome_json(consultation, sheet, language)
