"""Finding services by a wish in a person's own words: dictionary forms, titles, keywords, small typos."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from rapidfuzz import process
from rapidfuzz.distance import OSA

from vikno.domain.dialog.tidy import plain, words

Lemma = Callable[[str, str], str]
"""A word in small letters and a language -> its dictionary form there, or the word itself."""

MOST_SAID = 12
"""Words of a wish, fillers apart, that are looked up."""
_EXACT, _PART, _SLIP = 1.0, 0.7, 0.6


@dataclass(frozen=True, slots=True)
class Hits:
    """Services that fit a wish, the likelier first. `sure`: it can only be this one."""

    keys: tuple[str, ...] = ()
    sure: bool = False


class ServiceIndex:
    """The words of all services in all their languages.

    >>> index = ServiceIndex([("ua/id", ["ID-картка", "паспорт"]), ("ua/fp", ["Закордонний паспорт"])], ("uk",))
    >>> index.find("хочу паспорт", frozenset({"хочу"}))
    Hits(keys=('ua/id', 'ua/fp'), sure=False)
    >>> index.find("закордоний", frozenset()), index.find("рецепт борщу", frozenset())
    (Hits(keys=('ua/fp',), sure=False), Hits(keys=(), sure=False))
    """

    def __init__(
        self,
        services: Iterable[tuple[str, Iterable[str]]],
        languages: tuple[str, ...],
        lemma: Lemma = lambda word, _: word,
    ) -> None:
        self._languages, self._lemma = languages, lemma
        self._where: dict[str, set[str]] = defaultdict(set)
        self._names: dict[str, set[str]] = defaultdict(set)
        self._order: dict[str, int] = {}
        for key, texts in services:
            self._order[key] = len(self._order)
            for text in texts:
                said = words(text)
                self._names[" ".join(said)].add(key)
                for language in languages:
                    self._names[" ".join(lemma(word, language) for word in said)].add(key)
                for word in words(text):
                    for form in self._forms(word):
                        self._where[form].add(key)
        self._known = sorted(self._where)

    def _forms(self, word: str) -> set[str]:
        return {word, *(self._lemma(word, language) for language in self._languages)}

    def find(self, wish: str, filler: frozenset[str]) -> Hits:
        """The services the wish may mean: those that share most of its words.

        Sure only when it names one, or when all its words are known and fit no other.
        """
        meant = (word for word in words(wish) if word not in filler and self._forms(word).isdisjoint(filler))
        said = list(islice(meant, MOST_SAID))  # no word beyond them is looked up: a strange one costs a millisecond
        score: dict[str, float] = defaultdict(float)
        shared: dict[str, int] = defaultdict(int)
        weak = False
        for word in said:
            form, fit = self._fit(word)
            for key in self._where.get(form, ()):
                score[key] += fit * math.log(1 + len(self._order) / len(self._where[form]))
                shared[key] += 1
            weak = weak or fit < _EXACT
        most = max(shared.values(), default=0)
        named = self._named(wish, said)
        best = sorted(score, key=lambda key: (key not in named, -score[key], self._order[key]))
        keys = tuple(key for key in best if shared[key] == most)
        return Hits(keys, sure=len(keys) == 1 and not weak and (len(score) == 1 or keys[0] in named))

    def _named(self, wish: str, said: list[str]) -> set[str]:
        """The services of which this is a title or a keyword, in any form of its words."""
        stems = (" ".join(self._lemma(word, language) for word in said) for language in self._languages)
        found: set[str] = set()
        return found.union(*(self._names.get(name, ()) for name in (plain(wish), " ".join(said), *stems)))

    def _fit(self, word: str) -> tuple[str, float]:
        """The known word that fits, and how well; ("", 0) where none does."""
        exact = [form for form in sorted(self._forms(word)) if form in self._where]
        if exact:
            return max(exact, key=lambda form: len(self._where[form])), _EXACT
        if len(word) < 4 or word.isdigit():
            return "", 0.0
        at = bisect_left(self._known, word)
        if at < len(self._known) and self._known[at].startswith(word):
            return self._known[at], _PART
        slips = 1 if len(word) < 8 else 2
        near = process.extractOne(word, self._known, scorer=OSA.distance, score_cutoff=slips)
        return (near[0], _SLIP) if near else ("", 0.0)
