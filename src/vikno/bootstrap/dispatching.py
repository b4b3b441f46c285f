"""Notifications put together: the rules of every country, manners and prices, the words, the record, the accounts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from zoneinfo import ZoneInfo

from vikno.bootstrap.worlds import unheard
from vikno.domain.catalog import Country
from vikno.domain.notify.hours import Quiet
from vikno.domain.notify.manners import Manner
from vikno.domain.notify.prices import PriceTable
from vikno.domain.policy import ChannelRule, Policy
from vikno.packs.delivery import Delivery, read_delivery
from vikno.packs.load import read_country
from vikno.packs.manners import usual_manners
from vikno.packs.phrases import load_sent_phrases
from vikno.packs.places import country_folders
from vikno.packs.policy import message_facts, read_policy
from vikno.packs.process import quiet_hours, zone_named
from vikno.usecases.channel import Capabilities
from vikno.usecases.dispatch import Book, Dispatch
from vikno.usecases.judge import About, Judge
from vikno.usecases.organisations import Organisation
from vikno.usecases.ports import Clock, StoreClosed
from vikno.usecases.records import CaseBook, NoticeKept, Vault
from vikno.usecases.release_notices import release
from vikno.usecases.route_notifications import AT_ONCE, route_notifications
from vikno.usecases.send_messages import Release
from vikno.usecases.sign_links import Links

log = logging.getLogger("vikno.router")

LOOK_AGAIN_S = 1.0


@dataclass(frozen=True)
class Lands:
    """What country folders say about messages."""

    countries: Mapping[str, Country]
    deliveries: Mapping[str, Delivery]
    rules: tuple[ChannelRule, ...]

    @classmethod
    def read(cls, folders: Iterable[str | Path]) -> Lands:
        """What is wrong in a folder is told by `vikno check`; here the rest is taken."""
        countries, deliveries, rules = dict[str, Country](), dict[str, Delivery](), list[ChannelRule]()
        for code, folder in sorted(country_folders(folders).items()):
            country = countries[code] = read_country(folder, unheard)
            deliveries[code] = read_delivery(folder, country, unheard)
            rules += read_policy(folder, country, unheard).rules
        return cls(countries, deliveries, tuple(rules))

    def manner(self, content: str, country: str) -> Manner:
        """How messages of a content are brought to people in a country."""
        own = self.deliveries.get(country)
        return (own.manners if own is not None else usual_manners())[content]

    def quiet(self, country: str) -> Quiet:
        """The nights of a country; for one without a folder, as they are in most, by UTC."""
        known = self.countries.get(country)
        return quiet_hours(known) if known is not None else Quiet(ZoneInfo("UTC"))

    def policy(self, what_if: Iterable[str] = ()) -> Policy:
        """All rules, with these drafts taken for law."""
        return Policy(self.rules, message_facts(), what_if=what_if)

    def clocks(self) -> dict[str, str]:
        return {code: country.time_zone for code, country in self.countries.items()}


def contract_prices(deliveries: Mapping[str, Delivery], home: str) -> PriceTable:
    """Prices by the contracts of the country that this server is in; of another where that one says nothing."""
    found = [deliveries[code] for code in (home, *sorted(deliveries)) if code in deliveries]
    return found[0].prices if found else PriceTable("EUR")


@lru_cache(512)
def zone_of_country(country: str) -> str | None:
    """The one time zone of a country; None for one that has several, whose people's clock nobody can tell by it.

    >>> zone_of_country("gb"), zone_of_country("us")
    ('Europe/London', None)
    """
    from babel.core import get_global

    zones = get_global("territory_zones").get(country.upper(), ())
    return str(zones[0]) if len(zones) == 1 else None


def make_dispatch(  # noqa: PLR0913 - what it is made of
    lands: Lands,
    book: Book,
    vault: Vault,
    clock: Clock,
    accounts: Mapping[str, Capabilities],
    *,
    home: str,
    links: Links | None = None,
    what_if: Iterable[str] = (),
    nudge: Callable[[], None] = lambda: None,
) -> Dispatch:
    """`home`: the country whose contracts pay. `what_if`: drafts that are taken for law."""
    prices = contract_prices(lands.deliveries, home)
    judge = Judge(lands.policy(what_if), lands.manner, prices, accounts, zone_of_country, lands.clocks())
    phrases = load_sent_phrases()
    return Dispatch(book, vault, judge, clock, phrases, quiet=lands.quiet, zone=zone_named, links=links, nudge=nudge)


def releasing(dispatch: Dispatch, cases: CaseBook) -> Release:
    """What the senders of the accounts ask before a notice leaves."""
    return partial(release, dispatch, of_case=_of_cases(cases))


def _of_cases(cases: CaseBook) -> Callable[[NoticeKept], Awaitable[About | None]]:
    """What a notice about a case is to the rules: an authority tells somebody who asked for it how it stands."""

    async def of_case(notice: NoticeKept) -> About | None:
        number = notice.subject.removeprefix("case/")
        case = await cases.case_by_id(int(number)) if number.isascii() and number.isdigit() else None
        return None if case is None else _authority(case.authority)

    return of_case


@lru_cache(1024)
def _authority(authority: str) -> About:
    country = authority.partition("/")[0]
    return About(Organisation(authority, authority, "state_body", country, country), "service")


async def keep_routing(dispatch: Dispatch, woken: asyncio.Event) -> None:
    """Route what is due, until the store closes. `woken`: set when something may have become due."""
    while True:
        looked_at = 0
        try:
            looked_at = await route_notifications(dispatch)
        except StoreClosed:
            return
        except Exception as error:  # noqa: BLE001 - looked at again soon: nothing is lost that is on record
            log.error("router_failed", extra={"error": type(error).__name__})
        if looked_at == AT_ONCE:
            await asyncio.sleep(0)
            continue
        woken.clear()
        try:
            await asyncio.wait_for(woken.wait(), LOOK_AGAIN_S)
        except TimeoutError:
            continue
