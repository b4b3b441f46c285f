"""`vikno paths`: the decision table for the lawyer who signs, as a page, a spreadsheet, a graph or JSON."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from vikno.cli.shown import WrongCall, day_of, floor_checked, language_of, one_service, print_json, words_of
from vikno.console.paths.decision import Decision
from vikno.console.paths.plain import as_json
from vikno.console.paths.wording import in_words
from vikno.usecases.tabulate_service import tabulate


def run(options: argparse.Namespace) -> int:
    pack, service = one_service(options.service, options.countries)
    language = language_of(options.lang, service)
    day = day_of(options.date, pack.country)
    day = floor_checked(service, day) if options.date else max(day, service.floor or day)
    table = tabulate(service, pack.examples.get(service.key, ()), day)
    decision = in_words(table, pack.country.authorities.get(service.authority), words_of(language), language)
    if options.json and options.out is None:
        print_json(as_json(decision))
        return 0
    text = _as(options.format, decision) if not options.json else _json(decision)
    if options.out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
    else:
        _write(Path(options.out), text)
    return 0


def _as(kind: str, decision: Decision) -> str:
    if kind == "csv":
        from vikno.console.paths.spreadsheet import spreadsheet

        return spreadsheet(decision)
    if kind == "svg":
        from vikno.console.paths.graph import svg

        return svg(decision)
    from vikno.console.paths.document import document

    return document(decision)


def _json(decision: Decision) -> str:
    return msgspec.json.format(msgspec.json.encode(as_json(decision)), indent=2).decode() + "\n"


def _write(path: Path, text: str) -> None:
    try:
        path.write_bytes(text.encode())
    except OSError as error:
        raise WrongCall("file_unwritable", f"{path}: {error.strerror}") from None
