"""Organisations, the keys of their systems and their templates (`usecases.organisations.Organisations`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import apsw
import msgspec

from vikno.stores.sqlite.desk import Desk
from vikno.stores.sqlite.queries import change, rows, statements
from vikno.usecases.organisations import (
    MOST_WAITING,
    KeyKind,
    Organisation,
    OrganisationGiven,
    OrganisationKey,
    OrganisationUnknown,
    Reviewed,
    Standing,
    TemplateGiven,
    TemplateKept,
    VersionsFull,
)

_SQL = statements("organisations.sql")


class Organisations(Desk):
    """Keeps who sends."""

    async def put_organisation(self, given: OrganisationGiven, now_ms: int) -> Organisation:
        """Keep one, or change what is kept of the one with this slug."""
        values = (
            given.slug, given.name, given.category, given.country, given.audience, given.mark, given.per_day,
            given.per_person_day, given.weight, msgspec.json.encode(given.guests).decode(), now_ms,
        )  # fmt: skip

        def put(writing: apsw.Cursor) -> Organisation:
            writing.execute(_SQL["keep_organisation"], values)
            return _organisation(rows(writing, _SQL["read_organisation_by_slug"], given.slug)[0])

        return await self._share(put)

    async def organisation(self, which: int | str) -> Organisation | None:
        """By its number or its slug."""
        query = _SQL["read_organisation"] if isinstance(which, int) else _SQL["read_organisation_by_slug"]
        for row in self._all(query, which):
            return _organisation(row)
        return None

    async def organisations(self) -> tuple[Organisation, ...]:
        """All of them."""
        return tuple(_organisation(row) for row in self._all(_SQL["read_organisations"]))

    async def review_organisation(
        self, organisation: int, standing: Standing, by: str, reason: str, seen: Organisation | None = None
    ) -> bool:
        """Whether there is one, as it was seen."""

        def review(writing: apsw.Cursor) -> bool:
            if seen is not None:
                found = rows(writing, _SQL["read_organisation"], organisation)
                if not found or _organisation(found[0]) != seen:
                    return False
            return bool(change(writing, _SQL["review_organisation"], standing, by, reason, organisation))

        return await self._share(review)

    async def add_organisation_key(
        self, organisation: int, kind: KeyKind, label: str, sealed: bytes, now_ms: int
    ) -> OrganisationKey:
        """A new key; raises OrganisationUnknown."""

        def add(writing: apsw.Cursor) -> int:
            if not rows(writing, _SQL["read_organisation"], organisation):
                raise OrganisationUnknown(organisation)
            return int(writing.execute(_SQL["keep_organisation_key"], (organisation, kind, label, sealed, now_ms)).get)

        return OrganisationKey(await self._share(add), organisation, kind, label, sealed, now_ms)

    async def organisation_keys(self, organisation: int) -> tuple[OrganisationKey, ...]:
        """All of them."""
        return tuple(OrganisationKey(*row) for row in self._all(_SQL["read_organisation_keys"], organisation))

    async def revoke_organisation_key(self, key: int, now_ms: int) -> bool:
        """Whether it was in force."""
        return await self._share(lambda writing: bool(change(writing, _SQL["revoke_organisation_key"], now_ms, key)))

    async def put_template(self, given: TemplateGiven, now_ms: int) -> TemplateKept:
        """A new version, or the last one where nothing is new; raises OrganisationUnknown and VersionsFull."""

        def put(writing: apsw.Cursor) -> TemplateKept:
            if not rows(writing, _SQL["read_organisation"], given.organisation):
                raise OrganisationUnknown(given.organisation)
            return _kept(rows(writing, _SQL["read_version"], _put(writing, given, now_ms)))[0]

        return await self._share(put)

    async def template(self, organisation: int, which: int | str, version: int | None = None) -> TemplateKept | None:
        """The version in use, or the one named."""
        query = _SQL["find_template_by_number"] if isinstance(which, int) else _SQL["find_template"]
        for (template,) in self._all(query, organisation, which):
            if version is not None:
                found = self._all(_SQL["read_numbered_version"], template, version)
            else:
                found = self._all(_SQL["read_approved_version"], template)
                found = found or self._all(_SQL["read_last_version"], template)
            return next(iter(_kept(found)), None)
        return None

    async def template_row(self, row: int) -> TemplateKept | None:
        """A version by its own number."""
        for kept in _kept(self._all(_SQL["read_version"], row)):
            return kept
        return None

    async def templates(self, organisation: int, *, every_version: bool = False) -> tuple[TemplateKept, ...]:
        """Of each the version in use, or all."""
        numbers = sorted(number for (number,) in self._all(_SQL["read_templates"], organisation))
        if every_version:
            return tuple(_kept(self._each(_SQL["read_versions"], [(number,) for number in numbers])))
        found = [await self.template(organisation, number) for number in numbers]
        return tuple(one for one in found if one is not None)

    async def waiting_versions(self, organisation: int) -> Mapping[int, int]:
        """Template -> its latest version that waits."""
        found = self._all(_SQL["read_waiting_versions"], organisation)
        return {template: version for template, version in found if version is not None}

    async def review_template(self, row: int, status: Reviewed, by: str, reason: str, now_ms: int) -> bool:
        """Whether there is such a version."""
        return await self._share(
            lambda writing: bool(change(writing, _SQL["review_template"], status, by, reason, now_ms, row))
        )

    async def archive_template(self, template: int, now_ms: int) -> bool:
        """Whether it was in use."""
        return await self._share(lambda writing: bool(change(writing, _SQL["archive_template"], now_ms, template)))


def _put(writing: apsw.Cursor, given: TemplateGiven, now_ms: int) -> int:
    """The number of the version that says this."""
    version = 1
    found = rows(writing, _SQL["find_template"], given.organisation, given.slug)
    if found:
        template = found[0][0]
        writing.execute(_SQL["unarchive_template"], (template,))
        for row, last, *said in rows(writing, _SQL["last_version"], template):
            if said == [given.name, given.content, given.text]:
                return int(row)
            version = last + 1
        if rows(writing, _SQL["count_waiting_versions"], template)[0][0] >= MOST_WAITING:
            raise VersionsFull(given.slug)
    else:
        template = writing.execute(_SQL["keep_template"], (given.organisation, given.slug, given.kind)).get
    values = (template, version, given.name, given.content, given.text, now_ms, given.by)
    return int(writing.execute(_SQL["keep_version"], values).get)


def _organisation(row: Sequence[Any]) -> Organisation:
    values = [*row]
    values[9] = tuple(msgspec.json.decode(row[9]))
    return Organisation(*values)


def _kept(found: Sequence[Sequence[Any]]) -> list[TemplateKept]:
    return [TemplateKept(*values) for values in ([*row[:-1], bool(row[-1])] for row in found)]
