"""People: whose addresses belong together, what they chose, what they agreed to (`usecases.people.People`)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import apsw

from vikno.stores.sqlite.desk import Desk
from vikno.stores.sqlite.queries import rows, statements
from vikno.usecases.people import (
    Agreed,
    AgreedGiven,
    Chain,
    Change,
    Choices,
    Consent,
    PersonKept,
    PersonUnknown,
    Reached,
    consent_of,
    decode_choices,
    encode_choices,
)
from vikno.usecases.ports import check_names

_SQL = statements("people.sql")
AT_ONCE = 200
"""People that are read before the loop may see to others: about two milliseconds."""
MOST_COUNTED = 1000
"""Messages of an organisation that somebody has got."""


class People(Desk):
    """Keeps who is written to. A person has the number of the address that its others stand for."""

    async def people(
        self, conversations: Iterable[str], organisation: int, content: str, since_ms: int
    ) -> Mapping[str, PersonKept]:
        """Who these are, as far as they are known."""
        names, found = list(conversations), dict[str, PersonKept]()
        for start in range(0, len(names), AT_ONCE):
            found |= self._people(names[start : start + AT_ONCE], organisation, content, since_ms)
            await asyncio.sleep(0)
        return found

    def _people(self, names: Sequence[str], organisation: int, content: str, since_ms: int) -> dict[str, PersonKept]:
        asked, ways = self._ways(names)
        if not asked:
            return {}
        persons = json.dumps(list(ways))
        owners = {way.id: person for person, mine in ways.items() for way in mine}
        addresses = json.dumps(list(owners))
        chosen = {person: decode_choices(said) for person, said in self._all(_SQL["read_chosen"], persons)}
        said: dict[int, list[tuple[str, str, Consent]]] = {}
        for _, address, *line in sorted(self._all(_SQL["read_consents"], addresses, organisation, content)):
            said.setdefault(owners[address], []).append((line[0], line[1], line[2]))
        consents = {person: consent_of(lines) for person, lines in said.items()}
        told = dict.fromkeys(ways, (0, 0))
        for address, all_of_it, today in self._all(_SQL["count_told"], addresses, organisation, since_ms):
            before = told[owners[address]]
            told[owners[address]] = min(before[0] + all_of_it, MOST_COUNTED), before[1] + today
        kept = {
            person: PersonKept(
                person, tuple(mine), chosen.get(person, _NOTHING), consents.get(person, "none"), *told[person]
            )
            for person, mine in ways.items()
        }
        return {name: kept[person] for name, person in asked.items()}

    def _ways(self, names: Sequence[str]) -> tuple[dict[str, int], dict[int, list[Reached]]]:
        """Of each name its person's number, and of each person their addresses, the first one first."""
        asked: dict[str, int] = {}
        ways: dict[int, dict[int, Reached]] = {}
        followers = set[int]()
        for name, person, is_first, *way in self._all(_SQL["read_asked"], json.dumps(list(names))):
            asked[name] = person
            ways.setdefault(person, {})[way[0]] = _reached(way)
            if not is_first:
                followers.add(person)
        for way in self._each(_SQL["read_first_way"], [(person,) for person in followers]):
            ways[way[0]][way[0]] = _reached(way)
        for person, *way in self._all(_SQL["read_other_ways"], json.dumps(list(ways))):
            ways[person][way[0]] = _reached(way)
        return asked, {person: [mine[number] for number in sorted(mine)] for person, mine in ways.items()}

    async def link(self, conversation: str, to: str, now_ms: int) -> None:  # noqa: ARG002
        """The first is a proven address of the person whom the second reaches."""
        check_names(conversation, to)

        def link_them(writing: apsw.Cursor) -> None:
            one, other = rows(writing, _SQL["find_person"], conversation), rows(writing, _SQL["find_person"], to)
            if one and other and one[0][0] != other[0][0]:
                (person, address), (theirs, _) = one[0], other[0]
                leave(writing, person, address)
                writing.execute(_SQL["link"], (theirs, address))
                writing.execute(_SQL["forget_choices"], (address,))

        await self._share(link_them)

    async def unlink(self, conversation: str) -> None:
        """From now on it is a person of its own, with the choices of the one it was."""

        def part(writing: apsw.Cursor) -> None:
            for person, address in rows(writing, _SQL["find_person"], conversation):
                leave(writing, person, address)

        await self._share(part)

    async def ways(self, conversation: str) -> tuple[Reached, ...]:
        """All addresses of the person whom this one reaches."""
        _, ways = self._ways([conversation])
        return tuple(way for mine in ways.values() for way in mine)

    async def named(self, number: int) -> str | None:
        """The conversation of an address by its number."""
        for (name,) in self._all(_SQL["read_name"], number):
            return str(name)
        return None

    async def choices(self, conversation: str) -> Choices:
        """What this person chose."""
        for person, _ in self._all(_SQL["find_person"], conversation):
            for (chosen,) in self._all(_SQL["read_choices"], person):
                return decode_choices(chosen)
        return _NOTHING

    async def choose(self, conversation: str, choices: Choices, now_ms: int) -> None:  # noqa: ARG002
        """Nothing for somebody who is not known."""
        said = encode_choices(choices)

        def keep(writing: apsw.Cursor) -> None:
            for person, _ in rows(writing, _SQL["find_person"], conversation):
                writing.execute(_SQL["keep_choices"], (person, said))

        await self._share(keep)

    async def change_wishes(self, conversation: str, change: Change, chain: Chain, now_ms: int) -> Agreed | None:
        """Choose, and write the line that goes with it; raises what `change` raises, and PersonUnknown."""

        def keep(writing: apsw.Cursor) -> Agreed | None:
            choices, lines = _NOTHING, tuple[Agreed, ...]()
            found = rows(writing, _SQL["find_person"], conversation)
            for person, _ in found:
                for (said,) in rows(writing, _SQL["read_choices"], person):
                    choices = decode_choices(said)
                ways = rows(writing, _SQL["find_ways"], person)
                lines = _latest_first(row for way in ways for row in rows(writing, _SQL["read_agreed"], *way))
            chosen, given = change(choices, lines)
            if chosen != choices:
                for person, _ in found:
                    writing.execute(_SQL["keep_choices"], (person, encode_choices(chosen)))
            return None if given is None else _agree(writing, given, chain, now_ms)

        return await self._share(keep)

    async def agree(self, given: AgreedGiven, chain: Chain, now_ms: int) -> Agreed:
        """Write a line to the ledger; raises PersonUnknown."""
        return await self._share(lambda writing: _agree(writing, given, chain, now_ms))

    async def agreed(self, conversation: str) -> tuple[Agreed, ...]:
        """The lines of one person, the latest first."""
        for person, _ in self._all(_SQL["find_person"], conversation):
            return _latest_first(self._each(_SQL["read_agreed"], self._all(_SQL["find_ways"], person)))
        return ()

    async def ledger(self, after: int = 0, limit: int = 1000) -> tuple[Agreed, ...]:
        """All lines in their order."""
        return tuple(Agreed(*row) for row in self._all(_SQL["read_ledger"], after, limit))


_NOTHING = Choices()


def _reached(row: Sequence[Any]) -> Reached:
    number, conversation, account, status, lang, zone, met = row
    return Reached(number, conversation, account, status, lang, zone, bool(met))


def leave(writing: apsw.Cursor, person: int, address: int) -> None:
    """Take an address out of a person of several. What it stood for, the next of them stands for."""
    if address != person:
        writing.execute(_SQL["unlink"], (address,))
        _copy_choices(writing, person, address)
    elif heirs := rows(writing, _SQL["heirs"], person):
        writing.execute(_SQL["inherit"], (heirs[0][0], person))
        _copy_choices(writing, person, heirs[0][0])


def _copy_choices(writing: apsw.Cursor, person: int, to: int) -> None:
    for (chosen,) in rows(writing, _SQL["read_choices"], person):
        writing.execute(_SQL["keep_choices"], (to, chosen))


def _latest_first(lines: Iterable[Sequence[Any]]) -> tuple[Agreed, ...]:
    return tuple(sorted((Agreed(*row) for row in lines), key=lambda line: -line.id))


def _agree(writing: apsw.Cursor, given: AgreedGiven, chain: Chain, now_ms: int) -> Agreed:
    """Write down what was said; raises PersonUnknown."""
    found = rows(writing, _SQL["find_person"], given.conversation)
    if not found:
        raise PersonUnknown
    person, here = found[0]
    others = [one for (one,) in rows(writing, _SQL["find_ways"], person) if one != here]
    about = [here, *others] if given.consent == "none" else [here]
    lines = [_line(writing, address, given, chain, now_ms) for address in about]
    return lines[0]


def _line(writing: apsw.Cursor, address: int, given: AgreedGiven, chain: Chain, now_ms: int) -> Agreed:
    """Write the next line, about one address."""
    last, before = next(iter(rows(writing, _SQL["last_agreed"])), (0, b""))
    line = Agreed(
        last + 1, address, given.organisation, given.content, given.consent, given.channel, given.lang, given.version,
        given.shown, now_ms, b"",
    )  # fmt: skip
    line = replace(line, seal=chain(before, line))
    writing.execute(_SQL["keep_agreed"], _row(line))
    return line


def _row(line: Agreed) -> tuple[int | str | bytes, ...]:
    return (
        line.id, line.person, line.organisation, line.content, line.consent, line.channel, line.lang, line.version,
        line.shown, line.at_ms, line.seal,
    )  # fmt: skip
