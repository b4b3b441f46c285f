"""entries.yaml: where people come in. A slug is the payload of a link, so it is short and never changes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vikno.domain.catalog import Country, Entry
from vikno.domain.rules.findings import Finding, did_you_mean
from vikno.domain.values import Text
from vikno.packs.forms import ENTRIES
from vikno.packs.names import read_names
from vikno.packs.shapes import MISSING, Read
from vikno.packs.source import Report, Scalar, read_yaml
from vikno.packs.words import FolderTexts


def read_entries(
    folder: Path, country: Country, services: Sequence[str], texts: FolderTexts, report: Report
) -> dict[str, Entry]:
    """The offices and campaigns of a country; none when it has no entries.yaml. `services`: the folders there are."""
    path = folder / "entries.yaml"
    if not path.is_file():
        return {}
    node = read_yaml(path, str(path), report)
    read = ENTRIES.read(node, report) if node is not None else MISSING
    if not isinstance(read, list):
        return {}
    return {name.text: _entry(name, entry, country, services, texts, report) for name, entry in read}


def _entry(
    name: Scalar, read: Read, country: Country, services: Sequence[str], texts: FolderTexts, report: Report
) -> Entry:
    authority = read.get("authority")
    if authority and authority.text not in country.authorities:
        near = did_you_mean(authority.text, country.authorities)
        report(Finding("authority_unknown", authority.place, f"country.yaml has no authority “{authority.text}”{near}"))
    named = read_names(read.get("services", []), services, "service", report)
    key, title, office = f"entry.{name.text}", read.get("title"), read.get("office")
    return Entry(
        slug=name.text,
        title=texts.text(f"{key}.title", title) if title else Text(f"{key}.title", name.text, place=name.place),
        office=texts.text(f"{key}.office", office) if office else None,
        authority=authority.text if authority else None,
        services=tuple(f"{country.code}/{one}" for one in named if one in services),
        place=name.place,
    )
