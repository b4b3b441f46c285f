"""Dictionary forms of words, for finding services and answers: simplemma's dictionaries, read as compressed streams.

A dictionary as a Python dict weighs 60 MB (Ukrainian); as a stream 10 MB, with 40 µs a word, which is remembered.
A language is loaded with its first word, in about half a second; `warm` does so beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simplemma import Lemmatizer


@lru_cache(maxsize=20_000)
def lemma(word: str, language: str) -> str:
    """The dictionary form in small letters; the word itself where the language has no dictionary.

    >>> lemma("паспорта", "uk"), lemma("children", "en"), lemma("zzz", "xx")
    ('паспорт', 'child', 'zzz')
    """
    if not _known(language):
        return word
    form: str = _lemmatizer().lemmatize(word.replace("’", "'"), lang=language)
    return form.casefold().replace("'", "’")


def warm(languages: Iterable[str]) -> None:
    """Load the dictionaries of these languages now."""
    for language in languages:
        lemma("a", language)


@cache
def _lemmatizer() -> Lemmatizer:
    from simplemma import Lemmatizer
    from simplemma.strategies import DefaultStrategy
    from simplemma.strategies.dictionaries.stream_dictionary_factory import StreamDictionaryFactory

    return Lemmatizer(
        lemmatization_strategy=DefaultStrategy(greedy=False, dictionary_factory=StreamDictionaryFactory())
    )


@cache
def _known(language: str) -> bool:
    from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES

    return language in SUPPORTED_LANGUAGES
