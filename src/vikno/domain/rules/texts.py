"""Placeholders in texts: `{amount:name}` and `{answer:fact}`, found here, checked like names, filled at the end."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from vikno.domain.values import Text

PLACEHOLDER = re.compile(r"\{\s*(amount|answer)\s*:\s*([A-Za-z0-9_-]+)\s*\}")
BRACED = re.compile(r"\{[^{}]{0,80}\}")


@lru_cache(maxsize=8192)
def placeholders(text: str) -> tuple[tuple[str, str], ...]:
    """The placeholders of a text as (what, name), in order.

    >>> placeholders("Fee ({amount:std}) for {answer:where}")
    (('amount', 'std'), ('answer', 'where'))
    """
    return tuple((found[1], found[2]) for found in PLACEHOLDER.finditer(text))


def answers_in(text: Text) -> frozenset[str]:
    """The facts whose answers a text shows, in any language."""
    return _named(text, "answer")


def amounts_in(text: Text) -> frozenset[str]:
    """The amounts that a text shows, in any language."""
    return _named(text, "amount")


def _named(text: Text, kind: str) -> frozenset[str]:
    every = (text.source, *text.by_language.values())
    return frozenset(name for words in every for what, name in placeholders(words) if what == kind)


def odd_braces(text: str) -> list[str]:
    """What looks like a placeholder and is none."""
    return [found for found in BRACED.findall(text) if not PLACEHOLDER.fullmatch(found)]


def filled(text: str, fill: Callable[[str, str], str]) -> str:
    """The text with each placeholder replaced by `fill(what, name)`."""
    return PLACEHOLDER.sub(lambda found: fill(found[1], found[2]), text) if "{" in text else text
