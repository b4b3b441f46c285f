"""Which encoding a text without a mark is in: said only where nothing else is likely."""

from __future__ import annotations

import re

ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "windows-1251": "windows-1251",
    "cp1251": "windows-1251",
    "koi8-u": "koi8-u",
    "cp866": "cp866",
    "cp1125": "cp1125",
    "iso-8859-5": "iso-8859-5",
    "mac-cyrillic": "mac-cyrillic",
    "windows-1252": "windows-1252",
}
"""As they are written with --encoding -> as they are read."""
LOOKS = ("windows-1251", "koi8-u", "cp1125", "iso-8859-5", "mac-cyrillic", "windows-1252")
"""Those that are told apart by what they would say."""

FEWEST_LETTERS = 12
CLEARLY = 1.3
WORD = re.compile(r"[^\W\d_]+(?:[’'ʼ][^\W\d_]+)*")
ALPHABET = frozenset("абвгґдеєжзиіїйклмнопрстуфхцчшщьюяёъыэАБВГҐДЕЄЖЗИІЇЙКЛМНОПРСТУФХЦЧШЩЬЮЯЁЪЫЭ’'ʼ")
COMMON = frozenset("оаинітервсклуОАИНІТЕРВСКЛУ")
"""Letters that make up most of any Ukrainian or Russian text."""


def looks_like(sample: bytes) -> str | None:
    """The encoding in which these bytes are words of Ukrainian or Russian; None where several are, or none is.

    >>> looks_like("Київ, вулиця Прикладна; готово до видачі".encode("windows-1251"))
    'windows-1251'
    >>> looks_like("Прикладна".encode("windows-1251")) is None  # too little to tell
    True
    """
    ranked = sorted(((_likeness(sample.decode(name, "replace")), name) for name in LOOKS), reverse=True)
    (best, name), (second, _) = ranked[0], ranked[1]
    return name if best > 0.45 and best > CLEARLY * second else None


def _likeness(text: str) -> float:
    """From 0 to 1: the part of its letters beyond ASCII that stand in plausible words and are common ones."""
    words = [word for word in WORD.findall(text) if not word.isascii()]
    beyond = sum(not letter.isascii() for letter in text)
    letters = sum(map(len, words))
    if letters < FEWEST_LETTERS:
        return 0.0
    fine = [word for word in words if ALPHABET.issuperset(word) and _cased(word)]
    common = sum(letter in COMMON for word in fine for letter in word)
    whole = sum(map(len, fine)) / max(letters, beyond)
    return whole * common / max(1, sum(map(len, fine)))


def _cased(word: str) -> bool:
    """Whether small and capital letters stand as people write them."""
    return word.islower() or word.isupper() or (word[0].isupper() and word[1:].islower())
