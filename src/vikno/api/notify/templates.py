"""Templates of an organisation that Notify's clients can see: those for text messages and for mails."""

from __future__ import annotations

from dataclasses import dataclass, field

from vikno.usecases.dispatch import Dispatch, Rendering, read_rendering
from vikno.usecases.organisations import TemplateKept

SHOWN = ("sms", "email")
"""Kinds. A template for whichever channel has no name in Notify."""
REMEMBERED_MS = 1000
MOST_REMEMBERED = 4096


@dataclass
class Catalogue:
    """Finds them; the version in use is looked up once a second at most, and read once."""

    dispatch: Dispatch
    _known: dict[tuple[int, int], tuple[int, Rendering | None]] = field(default_factory=dict)

    async def used(self, organisation: int, written: str) -> Rendering | None:
        """The version in use, by its UUID; None where this organisation has no such template."""
        number = self.dispatch.vault.read_uuid("t", written)
        if number is None:
            return None
        now_ms = self.dispatch.clock()
        known = self._known.get((organisation, number))
        if known is not None and 0 <= now_ms - known[0] < REMEMBERED_MS:
            return known[1]
        kept = await self.dispatch.book.template(organisation, number)
        if known is not None and known[1] is not None and known[1].kept == kept:
            found: Rendering | None = known[1]
        else:
            found = read_rendering(kept) if kept is not None and kept.kind in SHOWN else None
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[organisation, number] = now_ms, found
        return found

    async def version(self, organisation: int, written: str, version: int) -> Rendering | None:
        """A version by its number."""
        number = self.dispatch.vault.read_uuid("t", written)
        kept = None if number is None else await self.dispatch.book.template(organisation, number, version)
        return read_rendering(kept) if kept is not None and kept.kind in SHOWN else None

    async def all(self, organisation: int, kind: str | None) -> list[Rendering]:
        """Of each template the version in use, by name; what is archived is left out."""
        found = await self.dispatch.book.templates(organisation)
        kinds = SHOWN if kind is None else (kind,)
        seen = [kept for kept in found if kept.kind in kinds and not kept.archived and _seen(kept)]
        return [read_rendering(kept) for kept in sorted(seen, key=lambda kept: (kept.name.casefold(), kept.kind))]

    async def versions(self, organisation: int, written: str) -> list[Rendering]:
        """All versions of one template, the latest first."""
        number = self.dispatch.vault.read_uuid("t", written)
        found = await self.dispatch.book.templates(organisation, every_version=True)
        mine = [kept for kept in found if kept.id == number and _seen(kept)]
        return [read_rendering(kept) for kept in sorted(mine, key=lambda kept: -kept.version)]


def _seen(kept: TemplateKept) -> bool:
    return kept.kind in SHOWN
