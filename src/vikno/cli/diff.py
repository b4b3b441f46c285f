"""`vikno diff`: who is affected by a change of the rules, before it is published."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from vikno.cli.shown import TEXTUAL, WrongCall, answers_json, day_of, print_json, words_of
from vikno.domain.policy import Policy
from vikno.domain.rules.compare import Change
from vikno.domain.rules.findings import Finding
from vikno.domain.rules.service import Example, Service
from vikno.packs.load import Pack, load_country, service_folders
from vikno.packs.policy import message_facts, read_policy
from vikno.packs.source import MAX_FILE
from vikno.usecases.check_country import beside_rules
from vikno.usecases.compare_countries import Compared, compare_countries


def run(options: argparse.Namespace) -> int:
    collecting = gc.isenabled()
    gc.disable()  # thousands of small results and no rings among them: collecting would take a third of the time
    try:
        return _compare(options)
    finally:
        if collecting:
            gc.enable()


def _compare(options: argparse.Namespace) -> int:
    before, after = Path(options.old), Path(options.new)
    differing = _differing(before, after)
    old, new = _readable(before, differing), _readable(after, differing)
    today = day_of(options.date, new.country)
    old_services, new_services = _services(old), _services(new)
    old_examples, new_examples = dict(old.examples), dict(new.examples)
    what_if = frozenset(options.what_if or ())
    if _bytes(before / "policy") != _bytes(after / "policy") or what_if:
        for pack, services, examples in ((old, old_services, old_examples), (new, new_services, new_examples)):
            service, own = _policy(pack, what_if if pack is new else frozenset())
            services[service.key], examples[service.key] = service, own
    compared = compare_countries(
        old_services, new_services, old_examples, new_examples, None if options.all_dates else today
    )
    if options.json:
        print_json(as_json(compared))
    else:
        from vikno.console.compared import show

        language = options.lang or new.country.language
        if language not in new.country.languages:
            raise WrongCall("language_unknown", f"{new.country.code} has no “{language}”")
        show(compared, old_services, new_services, words_of(language), language, today)
    return 1 if compared.changed else 0


def _differing(old: Path, new: Path) -> frozenset[str] | None:
    """The services whose folders are not the same byte for byte; None where what all of them share differs."""
    if any(_bytes(old / part) != _bytes(new / part) for part in SHARED):
        return None
    slugs = {path.name for folder in (old, new) for path in service_folders(folder)}
    return frozenset(slug for slug in slugs if _bytes(old / "services" / slug) != _bytes(new / "services" / slug))


SHARED = ("country.yaml", "texts", "documents")


def _bytes(path: Path) -> dict[str, bytes | int]:
    """Every file of a folder (or the file itself) with what is in it; of one that is too large to be read, its size."""
    files = [path] if path.is_file() else sorted(found for found in path.rglob("*") if found.is_file())
    sizes = {file: file.stat().st_size for file in files}
    return {
        str(file.relative_to(path)): file.read_bytes() if size <= MAX_FILE else size for file, size in sizes.items()
    }


def _readable(folder: Path, only: frozenset[str] | None) -> Pack:
    """A country with all its services, or with some."""
    pack = load_country(folder, only=None if only is None else "")
    for slug in sorted(only or ()):
        part = load_country(folder, only=slug)
        pack = replace(
            pack,
            services={**pack.services, **part.services},
            examples={**pack.examples, **part.examples},
            findings={**pack.findings, **part.findings},
        )
    for found in pack.findings.values():
        for finding in found:
            if not finding.warning and finding.code not in TEXTUAL and not beside_rules(finding):
                why = f"until `vikno check {folder}` finds nothing: {finding.place}: {finding.message}"
                raise WrongCall("service_broken", f"{folder} cannot be compared {why}")
    return pack


def _policy(pack: Pack, what_if: frozenset[str]) -> tuple[Service, tuple[Example, ...]]:
    """The rules about messages of a country, as a consultation about one, and their examples."""
    found: list[Finding] = []
    policy = read_policy(pack.folder, pack.country, found.append)
    for finding in found:
        if not finding.warning and finding.code not in TEXTUAL:
            raise WrongCall("service_broken", f"{pack.folder} cannot be compared: {finding.place}: {finding.message}")
    key, languages = f"{pack.country.code}/policy", pack.country.languages
    service = Policy(policy.rules, message_facts(), what_if=what_if, key=key, languages=languages).service
    return service, policy.examples


def _services(pack: Pack) -> dict[str, Service]:
    return {key: service for key, service in pack.services.items() if service}


def as_json(compared: Compared) -> dict[str, Any]:
    """The contract's result."""
    return {
        "changed": [change_json(change, days) for change, days in compared.changed],
        "added": compared.added,
        "removed": compared.removed,
        "examples_changed": compared.examples_changed,
        "second_approver": compared.second_approver,
    }


def change_json(change: Change, days: tuple[date, date | None] | None) -> dict[str, Any]:
    out: dict[str, Any] = {
        "service": change.service,
        "before": list(change.before),
        "after": list(change.after),
        "before_total": _total(change.before_total),
        "after_total": _total(change.after_total),
        "who": change.who,
        "ways": change.ways,
        "share": change.share,
        "answers": answers_json(change.answers),
    }
    if days is not None:
        out["from"], out["until"] = days[0].isoformat(), days[1].isoformat() if days[1] else None
    return out


def _total(total: Mapping[str, Decimal] | None) -> dict[str, str] | None:
    return None if total is None else {currency: str(value) for currency, value in total.items()}
