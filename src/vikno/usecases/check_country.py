"""Check a country: everything that is wrong in its folder, found at once, with the answers that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from vikno.domain.catalog import Country
from vikno.domain.rules.examples import run_examples
from vikno.domain.rules.findings import Finding
from vikno.domain.rules.limits import Limits, measure
from vikno.domain.rules.prove import prove, unused
from vikno.domain.rules.service import Example, Service


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
        return Checked(key, _ordered(found), seconds=elapsed() - start)
    if provable(found):
        found += prove(service)
        found += run_examples(service, examples, today)
        found += unused(service, {amount.name: amount.place for amount in service.amounts.values()})
    found += measure(service, limits, country.channels)
    return Checked(key, _ordered(found), items=len({item.key for item in service.items}), seconds=elapsed() - start)


def provable(found: Iterable[Finding]) -> bool:
    """Whether what reading found leaves the rules whole."""
    return all(finding.warning or finding.code in NOT_OF_RULES for finding in found)


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


def _ordered(found: Iterable[Finding]) -> tuple[Finding, ...]:
    unique = {(finding.code, finding.place, finding.message): finding for finding in found}
    return tuple(sorted(unique.values(), key=lambda finding: (finding.warning, finding.place, finding.code)))
