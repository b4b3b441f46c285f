"""The airline's story: 200 passengers are told of a delay, and at midnight a law takes one channel away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from vikno.domain.notify.route import Plan, decode_plan
from vikno.domain.policy import ChannelRule
from vikno.testing.phones import Phones
from vikno.testing.phones.senders.clock import DemoClock
from vikno.testing.phones.senders.passengers import Passenger, board
from vikno.usecases.dispatch import Dispatch
from vikno.usecases.judge import About, Whereabouts
from vikno.usecases.notifications import InHand
from vikno.usecases.organisations import Organisation
from vikno.usecases.people import PersonKept
from vikno.usecases.put_senders import Sender, approve_sender, put_sender
from vikno.usecases.send_notifications import Asked, send_notifications

REVIEWER, TEMPLATE, BANNED = "demo", "delay", "telegram"
EVENING = timedelta(seconds=20)
"""So long before midnight the airline tells everybody: too short for fifty Telegrams, so nobody has to hurry."""
MORNING = timedelta(hours=9)
FLIGHT: Mapping[str, str | bool] = {"flight": "SF204", "planned": "06:10", "time": "09:45", "voucher": True}
CITY: Mapping[str, str] = {"uk": "Нортпорт", "en": "Northport"}


class StoryLacks(LookupError):
    """The story needs its two senders, and a rule that takes a channel away from airlines on some day."""


@dataclass(frozen=True, slots=True)
class Told:
    """One passenger, with what is on record of telling them."""

    who: Passenger
    found: InHand
    plan: Plan

    @property
    def ended(self) -> bool:
        return self.found.notification.completed_ms is not None


@dataclass
class Flight:
    """What is done with it, in this order: `tell`, `midnight`, `morning`; and `tell` again, under the new law."""

    phones: Phones
    dispatch: Dispatch
    clock: DemoClock
    airline: Sender
    zone: ZoneInfo
    """By which the days of its country's laws begin."""
    ready: Callable[[], Awaitable[None]]
    """Ends when the platforms know where to bring receipts."""
    people: tuple[Passenger, ...] = ()
    numbers: tuple[int, ...] = ()
    """Of their notifications, in the order of the passengers."""
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    # ---- the law ----

    @cached_property
    def ban(self) -> ChannelRule:
        """The rule that forbids the channel from its first day on, and did not the day before. Raises StoryLacks."""
        for rule in self.dispatch.judge.policy.rules:
            first = rule.from_
            if rule.jurisdiction != self.airline.given.country or rule.effect != "deny" or first is None:
                continue
            if not self._may(first) and self._may(first - timedelta(days=1)):
                return rule
        raise StoryLacks(self.airline.given.country)

    @cached_property
    def banned_from(self) -> datetime:
        """The midnight."""
        day = self.ban.from_ or date.max
        return datetime(day.year, day.month, day.day, tzinfo=self.zone)

    def _may(self, day: date) -> bool:
        """Whether what the airline tells may go by that channel on that day."""
        about = About(Organisation(**asdict(self.airline.given)), self.airline.templates[0].content)
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=self.zone)
        noon_ms = int(noon.timestamp() * 1000)
        return self.dispatch.judge.decide(about, BANNED, Whereabouts(), PersonKept(0, ()), noon_ms).may_go

    # ---- what is done ----

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock() / 1000, UTC).astimezone(self.zone)

    async def tell(self) -> None:
        """All passengers are told. Whoever does it first in the story does it in the evening before the midnight."""
        async with self._one:
            if not self.people:
                await self.ready()
                self.clock.set(self.banned_from - EVENING)
                self.people = await board(self.phones, self.dispatch, self.airline.given.slug)
                kept = await put_sender(self.dispatch.book, self.airline, REVIEWER, self.clock())
                await approve_sender(self.dispatch.book, kept, REVIEWER, self.clock())
                self.clock.set(self.banned_from - EVENING)
            if not all(one.ended for one in await self.told()):
                return
            self.numbers = await self._send()

    async def _send(self) -> tuple[int, ...]:
        """As its system would: one request with everybody in it."""
        book = self.dispatch.book
        airline = await book.organisation(self.airline.given.slug)
        template = await book.template(airline.id, TEMPLATE) if airline is not None else None
        rendering = await self.dispatch.rendering(template.row) if template is not None else None
        if airline is None or rendering is None:
            raise LookupError(TEMPLATE)
        asked = [
            Asked(
                rendering, one.to, {**FLIGHT, "name": one.name, "city": CITY[one.lang]}, str(FLIGHT["flight"]), one.lang
            )
            for one in self.people
        ]
        return tuple(one.number for one in await send_notifications(self.dispatch, airline, "live", asked))

    def midnight(self) -> None:
        """The day of the ban begins, if it has not."""
        if self.now < self.banned_from:
            self.clock.set(self.banned_from)
            self.dispatch.nudge()

    @property
    def is_morning(self) -> bool:
        """Or later."""
        return self.now >= self.banned_from + MORNING

    def morning(self) -> None:
        """The night is over: whatever else the demo has to tell may leave, too. The demo's clock never goes back."""
        if not self.is_morning:
            self.clock.set(self.banned_from + MORNING)
            self.dispatch.nudge()

    # ---- what came of it ----

    async def told(self) -> list[Told]:
        """Every passenger, as it is on record now."""
        found = {one.notification.id: one for one in await self.dispatch.book.in_hand(self.numbers)}
        return [
            Told(who, found[number], _plan(found[number].notification.plan))
            for who, number in zip(self.people, self.numbers, strict=False)
            if number in found
        ]


@lru_cache(256)
def _plan(written: bytes) -> Plan:
    """Plans of people alike are the same."""
    return decode_plan(written)
