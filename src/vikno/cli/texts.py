"""`vikno texts`: what is to be translated, in texts/<language>.po of a country and each of its services."""

from __future__ import annotations

import argparse
from pathlib import Path

from babel import Locale, UnknownLocaleError

from vikno.cli.shown import WrongCall, print_json
from vikno.console.page import shown
from vikno.packs.load import load_country
from vikno.packs.translate import Translation, write_translations


def run(options: argparse.Namespace) -> int:
    language = _language(options.lang)
    written = write_translations(Path(options.folder), language)
    if options.json:
        print_json([_json(one) for one in written])
        return 0
    for one in written:
        print(f"{shown(one.file)}: {_state(one)}")
        for key in map(shown, one.dropped):
            print(f"  dropped: {key}, a text of nothing here any more")
    if language not in load_country(Path(options.folder), only="").country.languages:
        print(f"When they are translated, add “{language}” to `languages` in {options.folder}/country.yaml.")
    return 0


def _language(written: str) -> str:
    try:
        Locale.parse(written, sep="-")
    except (UnknownLocaleError, ValueError):
        raise WrongCall("language_unknown", f"“{written}” is not a language that CLDR knows") from None
    return written


def _state(one: Translation) -> str:
    parts = [f"{one.texts} texts"]
    parts += [f"{one.missing} to translate"] if one.missing else []
    parts += [f"{one.stale} to look at again"] if one.stale else []
    parts += [] if one.changed else ["as before"]
    return ", ".join(parts)


def _json(one: Translation) -> dict[str, object]:
    return {
        "file": one.file,
        "texts": one.texts,
        "missing": one.missing,
        "stale": one.stale,
        "dropped": list(one.dropped),
        "changed": one.changed,
    }
