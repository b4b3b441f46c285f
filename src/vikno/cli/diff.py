"""`vikno diff`: who is affected by a change of the rules, before it is published."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from vikno.cli.shown import TEXTUAL, WrongCall, answers_json, day_of, print_json
from vikno.domain.rules.compare import Change
from vikno.packs.load import Pack, load_country
from vikno.usecases.compare_countries import Compared, compare_countries


def run(options: argparse.Namespace) -> int:
    old, new = _readable(options.old), _readable(options.new)
    day = None if options.all_dates else day_of(options.date, new.country)
    compared = compare_countries(
        {key: service for key, service in old.services.items() if service},
        {key: service for key, service in new.services.items() if service},
        old.examples,
        new.examples,
        day,
    )
    if options.json:
        print_json(as_json(compared))
    else:
        from vikno.console.compared import show

        show(new, compared)
    return 1 if compared.changed else 0


def _readable(folder: str) -> Pack:
    pack = load_country(Path(folder))
    for found in pack.findings.values():
        for finding in found:
            if not finding.warning and finding.code not in TEXTUAL:
                why = f"until `vikno check {folder}` finds nothing: {finding.place}: {finding.message}"
                raise WrongCall("service_broken", f"{folder} cannot be compared {why}")
    return pack


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
