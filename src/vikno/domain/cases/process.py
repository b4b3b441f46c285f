"""The way of a case through an authority: stages, which may follow which, what each says, and how long it lasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from vikno.domain.values import Place, Text


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long something takes, in working days, and who says so. `text` says it in words instead of the numbers."""

    low: int
    high: int
    basis: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    confidence: str = "C"
    text: Text | None = None
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Stage:
    """How far a case has got. `text` is what has happened, `next` what happens now, `sms` both in few words.

    `after`: the stages it may directly follow. `usual` and `legal`: how long the case stays here.
    """

    id: str
    text: Text
    next: Text | None = None
    sms: Text | None = None
    after: tuple[str, ...] = ()
    usual: Lasting | None = None
    legal: Lasting | None = None
    basis: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    final: bool = False
    announce: bool = True
    place: Place = Place()


@dataclass(frozen=True)
class Process:
    """The stages of a service's cases, in the order in which they are written; a case begins at the first.

    `title` is what notices call the matter. `legal`: the whole time from the beginning to one of the stages `until`.
    """

    service: str
    title: Text
    stages: Mapping[str, Stage]
    legal: Lasting | None = None
    until: tuple[str, ...] = ()
    place: Place = field(default_factory=Place)

    @property
    def first(self) -> str:
        return next(iter(self.stages), "")

    @cached_property
    def following(self) -> Mapping[str, tuple[str, ...]]:
        """Stage -> those that may come directly after it."""
        return {name: tuple(stage.id for stage in self.stages.values() if name in stage.after) for name in self.stages}

    @cached_property
    def ahead(self) -> Mapping[str, frozenset[str]]:
        """Stage -> every stage that may still come, near or far; "" stands for a case without a stage."""
        out = {name: self._beyond(name) for name in self.stages}
        out[""] = frozenset(self.stages)
        return out

    @cached_property
    def counted(self) -> frozenset[str]:
        """The stages at which the whole time still runs."""
        met = self.until or tuple(name for name, stage in self.stages.items() if stage.final)
        return frozenset(self.stages).difference(met, *(self.ahead[name] for name in met))

    def _beyond(self, name: str) -> frozenset[str]:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            for near in self.following[waiting.pop()]:
                if near not in found:
                    found.add(near)
                    waiting.append(near)
        return frozenset(found)

    def between(self, start: str, end: str) -> tuple[str, ...]:
        """The stages passed over on the shortest way from one stage to another, in order."""
        ways: list[tuple[str, ...]] = [(start,)] if start else [(self.first,)]
        if not start and end == self.first:
            return ()
        seen = {ways[0][0]}
        for way in ways:  # grows as it goes: the nearest first
            for near in self.following[way[-1]]:
                if near == end:
                    return way[1:] if start else way
                if near not in seen:
                    seen.add(near)
                    ways.append((*way, near))
        return ()
