"""What the commands share: finding a service, reading a day, printing."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from vikno.domain.catalog import Country
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.errors import ViknoError
from vikno.domain.rules.findings import did_you_mean, nearest
from vikno.domain.rules.service import Service
from vikno.packs.load import Pack, load_country, service_folders
from vikno.packs.phrases import read_phrases
from vikno.packs.places import country_folders
from vikno.usecases.check_country import beside_rules


class WrongCall(ViknoError):
    """The command was called with something that does not exist. `nearest` is what may have been meant."""

    code = "wrong_call"
    retryable = False

    def __init__(self, code: str, message: str, near: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.nearest = code, message, near  # type: ignore[misc]  # the code says what was wrong


def error_json(error: ViknoError) -> dict[str, Any]:
    """What was wrong with a call, for another program."""
    return {"error": {"code": error.code, "message": said(error), "nearest": getattr(error, "nearest", None)}}


def said(error: ViknoError) -> str:
    """The error's own message where it has one, else what it always says."""
    return str(getattr(error, "message", None) or error)


def print_json(value: Any) -> None:
    """One JSON value on standard output, readable in any language."""
    encoded = msgspec.json.encode(value, enc_hook=_plain)
    if len(encoded) < INDENTED:
        encoded = msgspec.json.format(encoded, indent=2)
    sys.stdout.flush()
    sys.stdout.buffer.write(encoded + b"\n")
    sys.stdout.buffer.flush()


INDENTED = 1_000_000
"""Bytes; a longer result is for programs alone, and is printed on one line."""


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)


def today_in(country: Country) -> date:
    """The calendar day there."""
    return datetime.now(ZoneInfo(country.time_zone)).date()


def day_of(written: str | None, country: Country) -> date:
    """A day from the command line, or today there."""
    if written is None:
        return today_in(country)
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise WrongCall("date_wrong", f"“{written}” is not a day: write it as 2026-03-15") from None


def one_service(key: str, extra: list[str]) -> tuple[Pack, Service]:
    """The pack (read no further than needed) and the service of a key like ua/id-card."""
    code, _, slug = key.partition("/")
    folders = country_folders(extra)
    if code not in folders:
        raise WrongCall(
            "country_unknown", f"there is no country “{code}”{did_you_mean(code, folders)}", nearest(code, folders)
        )
    slugs = [path.name for path in service_folders(folders[code])]
    if slug not in slugs:
        keys = [f"{code}/{name}" for name in slugs]
        raise WrongCall("service_unknown", f"there is no service “{key}”{did_you_mean(key, keys)}", nearest(key, keys))
    pack = load_country(folders[code], only=slug)
    service = pack.services.get(f"{pack.country.code}/{slug}")
    blocking = [
        finding
        for finding in pack.findings.get(f"{pack.country.code}/{slug}", ())
        if not finding.warning and finding.code not in TEXTUAL and not beside_rules(finding)
    ]
    if service is None or blocking:
        first = blocking[0] if blocking else None
        where = f": {first.place}: {first.message}" if first else ""
        raise WrongCall(
            "service_broken", f"{key} cannot be used until `vikno check {folders[code]}` finds nothing{where}"
        )
    return pack, service


TEXTUAL = frozenset(
    {
        "text_missing",
        "text_stale",
        "text_placeholders",
        "po_broken",
        "text_too_long",
        "button_too_long",
        "buttons_too_many",
        "law_unknown",
        "source_unknown",
        "authority_unknown",
        "document_unknown",
        "period_gap",
        "example_answer",
    }
)
"""Findings that do not keep a service from being consulted."""


def language_of(wanted: str | None, service: Service) -> str:
    """A language of the country."""
    if wanted is None:
        return service.language
    if wanted not in service.languages:
        raise WrongCall(
            "language_unknown",
            f"{service.key} has no “{wanted}”{did_you_mean(wanted, service.languages)}",
            nearest(wanted, service.languages),
        )
    return wanted


def words_of(language: str) -> Phrases:
    """What the dialogue and the commands say in a language; in English where nobody has translated them yet."""
    texts: dict[str, str | tuple[str, ...]] = {}
    form = None
    for folder in (files("vikno") / "texts", files("vikno.console") / "texts"):
        file = folder / f"{language}.po"
        found = read_phrases(file if file.is_file() else folder / "en.po")
        texts.update(found.texts)
        form = form or found.form
    return Phrases(language, texts, form or (lambda _: 0))


def floor_checked(service: Service, day: date) -> date:
    """The day, if the rules speak of it."""
    if service.floor is not None and day < service.floor:
        raise WrongCall("date_too_early", f"the rules of {service.key} begin on {service.floor}; {day} is before")
    return day


def read_file(name: str, limit: int = 4 * 1024 * 1024) -> str:
    """A text file or standard input, of bounded size."""
    try:
        raw = sys.stdin.buffer.read(limit + 1) if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise WrongCall("file_unreadable", f"{name}: {error.strerror}") from None
    if len(raw) > limit:
        raise WrongCall("file_unreadable", f"{name} is larger than {limit} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WrongCall("file_unreadable", f"{name} is not UTF-8") from None


def answers_json(answers: Mapping[str, Any] | None) -> Any:
    """Answers as JSON values."""
    from vikno.domain.rules.receipt import plain

    return None if answers is None else {name: plain(answer) for name, answer in answers.items()}
