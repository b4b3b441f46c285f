"""Names that a file uses and another place gives: a law, a page, a stage, a service."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from vikno.domain.rules.findings import Finding, did_you_mean
from vikno.packs.source import Report, Scalar


def read_names(scalars: Sequence[Scalar], known: Collection[str], what: str, report: Report) -> tuple[str, ...]:
    """The names as written; each that is not known is a finding with the nearest one that is."""
    for scalar in scalars:
        if scalar.text not in known:
            near = did_you_mean(scalar.text, known)
            report(Finding(f"{what}_unknown", scalar.place, f"there is no {what} “{scalar.text}”{near}"))
    return tuple(scalar.text for scalar in scalars)
