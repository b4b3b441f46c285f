"""Which of these labels is meant by what a person typed: number, label, part of a label, small typos.

A match is sure or it is only a candidate; a candidate is offered and never taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz.distance import OSA

from vikno.domain.dialog.tidy import plain, words

Stem = Callable[[str], str]
"""A word in small letters -> its dictionary form, or the word itself."""

MOST_CANDIDATES = 6
MOST_TYPED = 16
"""Words: no label is longer, and a story is no answer."""
_ENOUGH = 3  # letters that a part of a label must have: "є" alone says too little
_INDEX = re.compile(r"^(?:№|#|\w+ )? ?(\d{1,3})[.)]?$")
_EXACT, _PART, _KIN = 3, 2, 1  # how well one typed word fits one word of a label


@dataclass(frozen=True, slots=True)
class Match:
    """`sure` is the one label meant. Otherwise `maybe`, the likelier first, and empty when nothing fits."""

    sure: str | None = None
    maybe: tuple[str, ...] = ()


NOTHING = Match()


class Labels:
    """The labels of one question (or menu) in one language, prepared for matching.

    `numbered`: the keys that numbers on the screen stand for, from 1; all if not given.

    >>> labels = Labels([("ua", "В Україні"), ("abroad", "За кордоном")], denying=frozenset({"не"}))
    >>> labels.match("за кордоном").sure, labels.match("2").sure, labels.match("за крдоном").sure
    ('abroad', 'abroad', 'abroad')
    >>> labels.match("не в Україні")
    Match(sure=None, maybe=('ua',))
    """

    def __init__(
        self,
        labels: Sequence[tuple[str, str]],
        *,
        stem: Stem = str,
        filler: frozenset[str] = frozenset(),
        denying: frozenset[str] = frozenset(),
        numbered: Sequence[str] | None = None,
    ) -> None:
        self.keys = tuple(key for key, _ in labels)
        self._plain = tuple(plain(label) for _, label in labels)
        self._stem, self._filler, self._denying = stem, filler, denying
        self._numbered = self.keys if numbered is None else tuple(numbered)

    @cached_property
    def _whole(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for key, label in zip(self.keys, self._plain, strict=True):
            found.setdefault(label, []).append(key)
        return found

    @cached_property
    def _words(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """Of each label: its words with their stems."""
        return tuple(tuple((word, self._stem(word)) for word in label.split()) for label in self._plain)

    def exact(self, text: str) -> str | None:
        """The label that reads just so, if there is one and only one."""
        found = self._whole.get(plain(text), [])
        return found[0] if len(found) == 1 else None

    def match(self, text: str) -> Match:
        """The label meant by `text` (already tidy)."""
        if exact := self.exact(text):
            return Match(exact)
        typed = words(text)
        if not 0 < len(typed) <= MOST_TYPED:
            return NOTHING
        index = self._by_number(text)
        if index is not None:
            # "7" is the seventh option, unless an option speaks of seven: then it is for the person to say which.
            others = [key for key, label in zip(self.keys, self._plain, strict=True) if typed[-1] in label.split()]
            mixed = [index, *(key for key in others if key != index)]
            return Match(index) if len(mixed) == 1 else Match(maybe=tuple(mixed[:MOST_CANDIDATES]))
        by_words = self._by_words(typed)
        if by_words.sure:
            return by_words
        by_letters = self._by_letters(" ".join(typed))
        return by_letters if by_letters.sure or by_words == NOTHING else by_words

    def _by_number(self, text: str) -> str | None:
        """The label whose place in the list is typed: "2", "2)", "№ 2", "варіант 2"."""
        found = _INDEX.match(text) if self._numbered else None
        if found is None:
            return None
        before = text[: found.start(1)].strip(" №#").casefold()
        if before and before not in self._filler:
            return None
        number = int(found[1])
        return self._numbered[number - 1] if 1 <= number <= len(self._numbered) else None

    def _by_words(self, typed: tuple[str, ...]) -> Match:
        stems = tuple((word, self._stem(word)) for word in typed)
        full: list[tuple[float, int, bool]] = []
        some: list[tuple[float, int]] = []
        for place, label in enumerate(self._words):
            fits = [(word, _fit(word, stem, label)) for word, stem in stems]
            hits = [fit for word, fit in fits if fit and word not in self._filler]
            if not hits:
                continue
            left = [word for word, fit in fits if not fit and word not in self._filler]
            denied = self._denies(word for word, _ in label) != self._denies(typed)
            share = sum(hits) / len(label)
            letters = sum(len(word) for word, fit in fits if fit)
            if left:
                some.append((sum(hits) - len(left), place))
            else:
                full.append((share, place, min(hits) >= _PART and letters >= _ENOUGH and not denied))
        if len(full) == 1 and full[0][2]:
            return Match(self.keys[full[0][1]])
        order = [place for _, place, _ in sorted(full, key=lambda one: (-one[0], one[1]))]
        order += [place for _, place in sorted(some, key=lambda one: (-one[0], one[1]))]
        return Match(maybe=tuple(self.keys[place] for place in order[:MOST_CANDIDATES]))

    def _denies(self, found: object) -> bool:
        return not self._denying.isdisjoint(found)  # type: ignore[arg-type]

    def _by_letters(self, typed: str) -> Match:
        """The whole label with small typos: sure if no other label is nearly as close."""
        limit = max(1, len(typed) // 4)
        near = sorted(
            (distance, place)
            for place, label in enumerate(self._plain)
            if (distance := OSA.distance(typed, label, score_cutoff=limit)) <= limit
        )
        if not near or len(typed) < 4:
            return NOTHING
        best, place = near[0]
        sure = best <= max(1, len(typed) // 8) and all(distance >= best + 3 for distance, _ in near[1:])
        if sure and self._denies(typed.split()) == self._denies(self._plain[place].split()):
            return Match(self.keys[place])
        return Match(maybe=tuple(self.keys[place] for _, place in near[:MOST_CANDIDATES]))


def _fit(word: str, stem: str, label: Sequence[tuple[str, str]]) -> int:
    best = 0
    for known, known_stem in label:
        if word == known or stem == known_stem:
            return _EXACT
        if best < _PART and len(word) >= 3 and not word.isdigit() and known.startswith(word):
            best = _PART
        elif best < _KIN and _kin(word, known):
            best = _KIN
    return best


def _kin(word: str, known: str) -> bool:
    """Two forms of one word, or one word with a slip: enough to offer, never enough to take.

    >>> _kin("загубила", "загублено"), _kin("паспотр", "паспорт"), _kin("мама", "тато")
    (True, True, False)
    """
    if word[0] != known[0] or len(word) < 4 or len(known) < 4 or word.isdigit():
        return False
    shared = next(
        (at for at, (a, b) in enumerate(zip(word, known, strict=False)) if a != b), min(len(word), len(known))
    )
    if shared >= 5 and shared >= 0.55 * max(len(word), len(known)):
        return True
    slips = 1 if len(known) < 8 else 2
    return OSA.distance(word, known, score_cutoff=slips) <= slips
