"""Texts of a folder: the author's words joined with their translations, and a finding for each that is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from vikno.domain.rules.findings import Finding
from vikno.domain.rules.texts import odd_braces, placeholders
from vikno.domain.values import Place, Text
from vikno.packs.po import Translations, normal, read_translations
from vikno.packs.source import UNSEEN, Report, Scalar

PlaceholderKnown = Callable[[str, str], str | None]  # what, name -> why it is wrong, or None
Heard = Callable[[str, str, bool], None]  # key, source text, whether it must be translated


class FolderTexts:
    """The texts of one folder, in its own language and in the country's others; `heard` is told each of them."""

    def __init__(
        self,
        folder: Path,
        shown: str,
        language: str,
        languages: Sequence[str],
        report: Report,
        *,
        heard: Heard | None = None,
    ) -> None:
        self.shown, self.language, self.report, self.heard = shown, language, report, heard
        self.translations: list[Translations] = [
            read_translations(folder / "texts" / f"{other}.po", f"{shown}/texts/{other}.po", other, report)
            for other in languages
            if other != language
        ]

    def text(
        self,
        key: str,
        scalar: Scalar,
        required: bool = True,
        known: PlaceholderKnown | None = None,
        words: str | None = None,
        shared: bool = False,
    ) -> Text:
        """A text with its translations. Missing and stale ones are findings, unless it need not be translated.

        `shared`: where the country has no file for a language, the services that show the text may translate it;
        what is missing then is found there.
        """
        source = normal(scalar.text if words is None else words)
        self._placeholders(source, scalar.place, known)
        if self.heard:
            self.heard(key, source, required)
        found: dict[str, str] = {}
        places: dict[str, Place] = {}
        for translations in self.translations:
            entry = translations.find(key, source)
            if entry is None or entry.fuzzy:
                old = entry or translations.stale(key)
                if required and old is not None and old.translation:
                    self._say(
                        "text_stale", old.place, f"“{key}”: made for an earlier text; it now reads “{source[:80]}”"
                    )
                elif required and (translations.exists or not shared):
                    self._say(
                        "text_missing",
                        scalar.place,
                        f"“{source[:60]}” has no {translations.language} text: msgctxt “{key}” in {translations.file}",
                    )
                continue
            if UNSEEN.search(entry.translation):
                self._say("text_control", entry.place, f"“{key}”: the text holds control characters")
                continue
            if sorted(placeholders(entry.translation)) != sorted(placeholders(source)):
                self._say(
                    "text_placeholders",
                    entry.place,
                    f"“{key}”: the placeholders differ from the source text “{source[:80]}”",
                )
            self._placeholders(entry.translation, entry.place, known)
            found[translations.language] = entry.translation
            places[translations.language] = entry.place
        return Text(key, source, found, scalar.place, places)

    def completed(self, text: Text, language: str, languages: Sequence[str]) -> Text:
        """A text of the country's (in its `language`), with this folder's translations where it has none itself."""
        found, places = dict(text.by_language), dict(text.places)
        mine = {translations.language: translations for translations in self.translations}
        for wanted in languages:
            if wanted == language or wanted in found:
                continue
            translations = mine.get(wanted)
            entry = translations.find(text.key, text.source) if translations else None
            if entry is not None and not entry.fuzzy:
                found[wanted], places[wanted] = entry.translation, entry.place
                continue
            message = (
                f"“{text.source[:60]}” has no {wanted} text: msgctxt “{text.key}” in the country’s texts/{wanted}.po"
            )
            self._say("text_missing", text.place, message)
        return Text(text.key, text.source, found, text.place, places)

    def orphans(self) -> None:
        """Say which translations belong to no text."""
        for translations in self.translations:
            for key, entry in translations.orphans():
                self._say("text_orphan", entry.place, f"“{key}” is a text of nothing here")

    def _placeholders(self, text: str, place: Place, known: PlaceholderKnown | None) -> None:
        for odd in odd_braces(text):
            self._say(
                "placeholder_unknown", place, f"“{odd}” is not a placeholder: {{amount:name}} and {{answer:fact}} are"
            )
        for what, name in placeholders(text):
            why = known(what, name) if known else f"“{{{what}:{name}}}” cannot stand here"
            if why:
                self._say("placeholder_unknown", place, why)

    def _say(self, code: str, place: Place, message: str) -> None:
        self.report(Finding(code, place, message))


def same_in_all(key: str, source: str, by_language: Mapping[str, str], place: Place) -> Text:
    """A text that needs no translator, such as a country's name from CLDR."""
    return Text(key, source, by_language, place)
