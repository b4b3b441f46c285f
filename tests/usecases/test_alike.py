"""What is decided once for messages alike is what would be decided about each of them alone."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from tests.usecases.dispatching import BANK, HOUR_S, MAIL, SMS, TELEGRAM, VIENNA, Exchange, lands
from vikno.bootstrap.dispatching import contract_prices, zone_of_country
from vikno.usecases.judge import About, Judge, Whereabouts
from vikno.usecases.notifications import Direction
from vikno.usecases.organisations import Organisation, TemplateText, Words
from vikno.usecases.people import Choices, Consent, PersonKept
from vikno.usecases.send_notifications import Asked, DecidedFor, decide_notifications

OLENA, TARAS, CHAT = (SMS, "436641"), (SMS, "436642"), (TELEGRAM, "1001")
CONSENTS: tuple[Consent, ...] = ("none", "given")
DIRECTIONS: tuple[Direction, ...] = ("initiated", "reply")
Other = Callable[[Exchange, str], Awaitable[None]]


def _chooses(choices: Choices) -> Other:
    async def chooses(exchange: Exchange, who: str) -> None:
        await exchange.store.choose(who, choices, exchange.now_ms)

    return chooses


async def _agrees(exchange: Exchange, who: str) -> None:
    await exchange.agrees(who, "advertising")


async def _has_had_enough(exchange: Exchange, _: str) -> None:
    await exchange.tell("advertising", TARAS)
    await exchange.tell("service", TARAS)
    await exchange.tell("service", TARAS)


async def _had_as_much_before(exchange: Exchange, _: str) -> None:
    """Who has had it today, and who had it on the day before: the same number of both."""
    await exchange.tell("service", TARAS)
    await exchange.tell("service", TARAS)
    exchange.passes(24.5 * HOUR_S)
    await exchange.tell("service", OLENA)
    await exchange.tell("service", OLENA)


async def _is_gone(exchange: Exchange, who: str) -> None:
    await exchange.store.mark(who, "dead")


async def _lives_elsewhere(exchange: Exchange, who: str) -> None:
    await exchange.store.set_zone(who, "Pacific/Auckland")


async def _has_a_chat(exchange: Exchange, who: str) -> None:
    await exchange.store.link(await exchange.meets(*CHAT), who, exchange.now_ms)


PEOPLE: dict[str, Other] = {
    "wants none": _chooses(Choices(off=frozenset({("*", "*", "*")}))),
    "wants them in the inbox alone": _chooses(Choices(off=frozenset({("*", "service", "-")}))),
    "reads another language": _chooses(Choices(lang="uk")),
    "has quiet hours": _chooses(Choices(quiet=(10, 20))),
    "has agreed": _agrees,
    "has had enough today": _has_had_enough,
    "had as much the day before": _had_as_much_before,
    "is gone": _is_gone,
    "lives elsewhere": _lives_elsewhere,
    "has a chat, too": _has_a_chat,
}
ASKED: dict[str, dict[str, Any]] = {
    "elsewhere": {"where": Whereabouts("us", "America/New_York")},
    "as an answer": {"direction": "reply"},
    "in another language": {"lang": "uk"},
    "by another channel first": {"order": ("sms", "email")},
    "by one channel alone": {"only": "email"},
    "for less": {"ceiling": 0},
    "for a minute": {"lives_s": 60},
}
BY_THE_HOUR = ("has quiet hours", "lives elsewhere", "elsewhere", "as an answer")
BOTH = TemplateText({"en": {"": Words("Late.")}, "uk": {"": Words("Пізно.")}}, "en")


@pytest.fixture
async def late(exchange: Exchange) -> Exchange:
    """At an hour when some sleep, of a bank that may write twice a day."""
    exchange.is_now("2026-05-04 22:30")
    await exchange.sender(replace(BANK, per_person_day=2), service=BOTH, advertising=BOTH, official=BOTH)
    return exchange


async def decided(exchange: Exchange, *asked: Asked) -> list[DecidedFor]:
    bank = await exchange.organisation(BANK.slug)
    return await decide_notifications(exchange.dispatch, bank, "live", asked, exchange.now_ms)


async def both_ways(exchange: Exchange, *asked: Asked) -> None:
    """Together and alone the same; and not the same for both, or nothing would be shown by it."""
    alone = [one for each in asked for one in await decided(exchange, each)]
    assert await decided(exchange, *asked) == alone
    assert await decided(exchange, *reversed(asked)) == [*reversed(alone)]
    assert alone[0].decided != alone[1].decided


@pytest.mark.parametrize("what", PEOPLE)
async def test_of_two_people_one(late: Exchange, what: str) -> None:
    await late.person(OLENA)
    await PEOPLE[what](late, await late.person(TARAS))
    content = "advertising" if what == "has agreed" else "official" if what in BY_THE_HOUR else "service"
    where = Whereabouts("example")  # in which clock they live nobody has said but they themselves
    olena, taras = [await late.asked(content, one, where=where) for one in (OLENA, TARAS)]
    await both_ways(late, olena, taras)


async def test_of_two_people_one_was_never_met(late: Exchange) -> None:
    await late.person(OLENA)
    await both_ways(late, await late.asked("advertising", OLENA, only="email"), await late.asked("service", TARAS))


@pytest.mark.parametrize("what", ASKED)
async def test_of_two_messages_one_is_asked_for(late: Exchange, what: str) -> None:
    for each in (OLENA, TARAS):
        await late.person(each, (MAIL, f"{each[1]}@mail.example"))
    content = "official" if what in BY_THE_HOUR else "service"
    await both_ways(late, await late.asked(content, OLENA), await late.asked(content, TARAS, **ASKED[what]))


async def test_of_two_messages_one_says_something_else(late: Exchange) -> None:
    await late.person(OLENA)
    await late.person(TARAS)
    await both_ways(late, await late.asked("service", OLENA), await late.asked("advertising", TARAS))


def test_what_a_judge_remembers_is_what_another_would_say_anew() -> None:
    policy, prices = lands().policy(), contract_prices(lands().deliveries, "example")

    def judge() -> Judge:
        return Judge(policy, lands().manner, prices, {}, zone_of_country, lands().clocks())

    people = [
        PersonKept(1, (), Choices(off=off), consent, unasked)
        for off, consent, unasked in itertools.product(
            (frozenset[tuple[str, str, str]](), frozenset({("*", "*", "*")})), CONSENTS, (0, 9)
        )
    ]
    days = [datetime(2026, 12, 31, 12, tzinfo=VIENNA), *(datetime(2027, 1, 1, hour, tzinfo=VIENNA) for hour in (4, 18))]
    remembers, seen = judge(), set[str]()
    for who, place, channel, direction, content, disclosed in itertools.product(
        (("bank", "example"), ("solicitor", "us"), ("business", "ua"), ("marketplace", "ru")),
        (Whereabouts("example"), Whereabouts("us", "America/New_York"), Whereabouts("us"), Whereabouts("ua")),
        ("sms", "telegram"), DIRECTIONS, ("service", "advertising"), (True, False),
    ):  # fmt: skip
        about = About(Organisation("x", "X", *who, who[1]), content, direction, {"disclosed": disclosed})
        for person, day in itertools.product(people, days):
            now_ms = int(day.timestamp() * 1000)
            said = remembers.decide(about, channel, place, person, now_ms)
            assert said == judge().decide(about, channel, place, person, now_ms)
            seen.add(said.effect)
    assert {"permit", "deny", "unknown"} <= seen
