"""What brings cases in, put together: the store, the vault, the processes of the countries, and who records stages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from vikno.bootstrap.settings import Settings, open_vault, read_settings
from vikno.bootstrap.worlds import now_ms
from vikno.domain.cases import Process
from vikno.domain.catalog import Country
from vikno.domain.errors import ViknoError
from vikno.domain.rules.findings import did_you_mean, nearest
from vikno.domain.rules.service import Service
from vikno.packs.load import Pack, load_country, read_country
from vikno.packs.phrases import load_notice_phrases
from vikno.packs.places import country_folders
from vikno.packs.process import quiet_hours, working_days, zone_named
from vikno.stores.sqlite import SqliteStore
from vikno.stores.sqlite.errors import StoreUnreadable
from vikno.stores.sqlite.file import Location
from vikno.usecases.bring_cases import Record, Stages, of_others
from vikno.usecases.ports import Clock
from vikno.usecases.record_stage import Desk, record_stages
from vikno.usecases.records import CaseKept, Follower, StageGiven, Vault, Verdict
from vikno.usecases.sign_links import Links
from vikno.wire.vault import LocalVault


class AuthorityUnknown(ViknoError):
    """There is no authority of this name. It is written as country/authority, for example ua/dms."""

    code = "authority_unknown"

    def __init__(self, written: str, known: Iterable[str]) -> None:
        names = list(known)
        super().__init__(f"“{written}”{did_you_mean(written, names)}")
        self.nearest = nearest(written, names)


@dataclass(frozen=True)
class Intake:
    """Where cases and their stages are brought."""

    book: SqliteStore
    vault: Vault
    desk: Desk
    stages: Stages
    recorded: Record | None = None
    """How a server records, which then also sends; by itself it is only put on record."""
    clock: Clock = now_ms

    async def record(self, given: Sequence[StageGiven]) -> Sequence[Verdict]:
        """Record reports in their order, with the notices they come to."""
        if self.recorded is not None:
            return await self.recorded(given)
        return await record_stages(self.book, self.desk, given, self.clock)


def authority_of(folders: Iterable[str | Path], authority: str) -> Path:
    """The country folder of an authority.

    Raises:
        AuthorityUnknown: there is none of this name.
    """
    known: list[str] = []
    for folder in country_folders(folders).values():
        names = authorities(read_country(folder, lambda _: None))
        if authority in names:
            return folder
        known += names
    raise AuthorityUnknown(authority, known)


def authorities(country: Country) -> tuple[str, ...]:
    """As they are named in keys: ua/dms."""
    return tuple(f"{country.code}/{name}" for name in country.authorities)


def load_packs(folders: Iterable[str | Path]) -> tuple[Pack, ...]:
    """The countries that are found."""
    return tuple(load_country(folder) for folder in country_folders(folders).values())


def stages_of(processes: Mapping[str, Process]) -> Stages:
    """Service -> the names of its stages."""
    return {key: frozenset(process.stages) for key, process in processes.items()}


def others_of(country: Country, services: Iterable[Service | None], authority: str) -> Mapping[str, str]:
    """The services of a country that an authority has no cases of, each with the authority that has."""
    own = [one for one in services if one is not None and one.key.partition("/")[0] == country.code]
    owners = {one.key: f"{country.code}/{one.authority}" for one in own}
    hosts = {f"{country.code}/{entry.authority}" for entry in country.entries.values()}
    return of_others(authority, owners, hosts)


def desk_of(packs: Iterable[Pack], vault: Vault, settings: Settings) -> Desk:
    """Who decides what a report comes to, in all of these countries."""
    countries = {pack.country.code: pack.country for pack in packs}
    processes = {key: process for pack in packs for key, process in pack.processes.items()}
    return make_desk(countries, processes, vault, Links(vault, settings.public_url) if settings.public_url else None)


def make_desk(
    countries: Mapping[str, Country],
    processes: Mapping[str, Process],
    vault: Vault,
    links: Links | None,
    clock: Clock = now_ms,
) -> Desk:
    """The same of what is read already. Without `links` notices lead nowhere."""

    def link(_: CaseKept, follower: Follower) -> str | None:
        return links.inbox(follower.conversation, clock()) if links else None

    def stop(case: CaseKept, follower: Follower) -> str | None:
        return links.stop(follower.conversation, case.id) if links else None

    return Desk.of(
        processes,
        countries,
        load_notice_phrases(),
        days={code: working_days(country) for code, country in countries.items()},
        quiet={code: quiet_hours(country) for code, country in countries.items()},
        vault=vault,
        link=link,
        stop=stop,
        zone=zone_named,
    )


@asynccontextmanager
async def open_records(store: str, *, make: bool = True) -> AsyncIterator[tuple[SqliteStore, LocalVault]]:
    """The store and the vault, for a command, beside a server or without one: two processes may open one store.

    `make`: a store that is not there is made; otherwise it is a slip. Raises what opening them raises.
    """
    path = Location.of(store).path
    if not make and not path.exists():
        raise StoreUnreadable(path.name)
    kept = SqliteStore(store, now_ms)
    try:
        yield kept, open_vault(read_settings(), store)
    finally:
        await kept.close()


@asynccontextmanager
async def open_intake(packs: Iterable[Pack], store: str) -> AsyncIterator[Intake]:
    """The same, with what decides about the reports of these countries' cases."""
    packs = tuple(packs)
    processes = {key: process for pack in packs for key, process in pack.processes.items()}
    async with open_records(store) as (kept, vault):
        yield Intake(kept, vault, desk_of(packs, vault, read_settings()), stages_of(processes))
