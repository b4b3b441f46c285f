"""Translations: standard gettext files, one a language, found by a stable key and checked against the source text.

An entry's context is the key of a text (`item.bring.birth_cert`) and its msgid the source text it was made
for. Where the source has changed, the old entry no longer matches: the translation is stale, and said to be.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.pofile import PoFileError, read_po

from vikno.domain.rules.findings import Finding
from vikno.domain.values import Place
from vikno.packs.source import Report, read_text


@dataclass(frozen=True, slots=True)
class Entry:
    """One translated text and where it stands."""

    source: str
    translation: str
    fuzzy: bool
    place: Place


@dataclass
class Translations:
    """One language of one folder. `used` remembers which entries were asked for."""

    language: str
    file: str
    exists: bool
    by_key: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    by_source: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)

    def find(self, key: str, source: str) -> Entry | None:
        """The entry made for this very text: by key and source, else by source alone."""
        for entry in (*self.by_key.get(key, ()), *self.by_source.get(source, ())):
            if entry.source == source and entry.translation:
                self.used.add(id(entry))
                return entry
        return None

    def stale(self, key: str) -> Entry | None:
        """An entry of this key that was made for another source text."""
        found = self.by_key.get(key)
        if found:
            self.used.update(id(entry) for entry in found)
        return found[0] if found else None

    def orphans(self) -> list[tuple[str, Entry]]:
        """Entries with a key that no text asked for."""
        return [(key, entry) for key, found in self.by_key.items() for entry in found if id(entry) not in self.used]


def normal(text: str) -> str:
    """A text as it is compared: line ends and outer blanks do not count."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def read_translations(path: Path, file: str, language: str, report: Report) -> Translations:
    """The translations of a folder into a language; empty when the file does not exist or is broken."""
    if not path.exists():
        return Translations(language, file, exists=False)
    text = read_text(path, file, report)
    if text is None:
        return Translations(language, file, exists=True)
    try:
        catalog = read_po(io.BytesIO(text.encode()), locale=None, abort_invalid=True)
    except PoFileError as error:
        report(Finding("po_broken", Place(file, error.lineno + 1, 1), str(error)))
        return Translations(language, file, exists=True)
    except (ValueError, LookupError, UnicodeError) as error:
        report(Finding("po_broken", Place(file, 1, 1), f"the file is not a PO file: {error}"))
        return Translations(language, file, exists=True)
    by_key: dict[str, list[Entry]] = {}
    by_source: dict[str, list[Entry]] = {}
    for message in catalog:
        if not message.id or not isinstance(message.id, str):
            continue
        translation = message.string if isinstance(message.string, str) else ""
        entry = Entry(normal(message.id), normal(translation), message.fuzzy, Place(file, message.lineno or 1, 1))
        if message.context:
            by_key.setdefault(message.context, []).append(entry)
        by_source.setdefault(entry.source, []).append(entry)
    return Translations(language, file, True, by_key, by_source)
