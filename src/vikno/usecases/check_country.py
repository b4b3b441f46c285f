"""Check a country: everything that is wrong in its folder, found at once, with the answers that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from vikno.domain.cases import Process, prove_process
from vikno.domain.catalog import Country
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.notify import BRIEF_UNITS, brief_units
from vikno.domain.rules.examples import run_examples
from vikno.domain.rules.findings import Finding
from vikno.domain.rules.limits import Limits, length, measure
from vikno.domain.rules.prove import prove, unused
from vikno.domain.rules.service import Example, Service
from vikno.usecases.word_stages import BRIEF, StageWords


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check says of one service. `ways` and `outcomes` are None where they could not be counted."""

    service: str
    findings: tuple[Finding, ...]
    ways: int | None = None
    outcomes: int | None = None
    items: int = 0
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return all(finding.warning for finding in self.findings)


def check_service(  # noqa: PLR0913, PLR0917  (one folder, as read)
    key: str,
    service: Service | None,
    examples: Sequence[Example],
    loaded: Iterable[Finding],
    country: Country,
    limits: Mapping[str, Limits],
    today: date,
    elapsed: Callable[[], float],
) -> Checked:
    """Check one service. Its files were read already: `loaded` is what reading found.

    A service with broken names or conditions is not proved: a proof of half a service would say nothing true.
    """
    start = elapsed()
    found = list(loaded)
    if service is None:
        return Checked(key, ordered(found), seconds=elapsed() - start)
    if provable(found):
        found += prove(service)
        found += run_examples(service, examples, today)
        found += unused(service, {amount.name: amount.place for amount in service.amounts.values()})
    found += measure(service, limits, country.channels)
    return Checked(key, ordered(found), items=len({item.key for item in service.items}), seconds=elapsed() - start)


def with_process(
    checked: Checked,
    process: Process | None,
    country: Country,
    limits: Mapping[str, Limits],
    phrases: Mapping[str, Phrases],
) -> Checked:
    """The check of a service, with what is wrong in the process of its cases."""
    if process is None:
        return checked
    found = (*checked.findings, *prove_process(process), *_notices(process, country, limits, phrases))
    return replace(checked, findings=ordered(found))


def _notices(
    process: Process, country: Country, limits: Mapping[str, Limits], phrases: Mapping[str, Phrases]
) -> Iterator[Finding]:
    """Every notice that a channel of the country cannot show, or that is too long for an SMS."""
    words = StageWords({process.service: process}, {country.code: country}, phrases)
    for stage in process.stages.values():
        for language in country.languages:
            for channel in country.channels:
                limit = limits.get(channel)
                if limit is None or limit.text is None or not stage.announce:
                    continue
                notice = words.reached(process.service, stage.id, language, channel in BRIEF)
                most = BRIEF_UNITS if channel in BRIEF else limit.text
                size = brief_units(notice) if channel in BRIEF else length(notice.text("…0000", "000000"), limit.unit)
                if size > most:
                    shown = stage.sms or stage.text if channel in BRIEF else stage.text
                    message = f"the notice of “{stage.id}” is {size} long in {language}; {channel} takes {most}"
                    yield Finding("text_too_long", shown.place_in(language), message)


def provable(found: Iterable[Finding]) -> bool:
    """Whether what reading found leaves the rules whole."""
    return all(finding.warning or finding.code in NOT_OF_RULES or beside_rules(finding) for finding in found)


def beside_rules(finding: Finding) -> bool:
    """Whether it stands in a file that no rule is in: it leaves the consultation as it is."""
    return finding.place.file.rpartition("/")[2] in ("process.yaml", "entries.yaml", "delivery.yaml")


NOT_OF_RULES = frozenset(
    {
        "text_missing",
        "text_stale",
        "text_orphan",
        "text_placeholders",
        "po_broken",
        "law_unknown",
        "source_unknown",
        "authority_unknown",
        "document_unknown",
        "table_gap",
        "period_gap",
        "text_control",
    }
)
"""Findings of reading that leave the rules whole, so that they can still be proved."""


def ordered(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each once, what must be mended first, then in the order of their places."""
    unique = {(finding.code, finding.place, finding.message): finding for finding in found}
    return tuple(sorted(unique.values(), key=lambda finding: (finding.warning, finding.place, finding.code)))
