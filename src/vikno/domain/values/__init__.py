"""Values that every floor knows: where something stands in a file, and words in several languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in a country folder: `line` and `column` count from 1; 0 means the file as a whole."""

    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Text:
    """Words that people read, in each language; `key` is the translator's context, stable over edits."""

    key: str
    source: str
    by_language: Mapping[str, str] = field(default_factory=dict)
    place: Place = Place()
    places: Mapping[str, Place] = field(default_factory=dict)  # of the translations

    def place_in(self, language: str) -> Place:
        """Where the words of this language stand."""
        return self.places.get(language, self.place)

    def text(self, language: str) -> str:
        """In this language, or the author's own words where a translation is missing (the check forbids that)."""
        return self.by_language.get(language, self.source)
