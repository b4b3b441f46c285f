"""A flight is late: 200 passengers on four channels, one channel banned at midnight in the middle of it.

One of them has opted out, one number is nobody's. What is told afterwards explains all 200.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.story.town import Town, a_town
from vikno.usecases.explain_notification import Explained, explain
from vikno.usecases.judge import Whereabouts
from vikno.usecases.notifications import NotificationKept
from vikno.usecases.organisations import OrganisationGiven
from vikno.usecases.people import Choices
from vikno.usecases.send_notifications import Asked, Recipient, send_notifications

VIENNA = ZoneInfo("Europe/Vienna")
EVENING = datetime(2026, 12, 31, 23, 59, 0, tzinfo=VIENNA)
MIDNIGHT = datetime(2027, 1, 1, tzinfo=VIENNA)
EACH = 50
RATE = 25
"""Telegrams a second: as many may be in hand, released already, when the law changes."""
ON_THEIR_WAY = 5
"""And so many between us and the gateway."""
TELEGRAM, VIBER, SMS, MAIL = (range(nth * EACH, (nth + 1) * EACH) for nth in range(4))
OPTED_OUT, NOBODY = VIBER[0], SMS[0]
BAN = "LL-MESSENGERS"
AIRLINE = OrganisationGiven("lake-air", "Lake Air", "airline", "example", "example")
DELAY = "Flight ((flight)) to ((city)) leaves at ((time)) instead. We are sorry."
SAID = {"flight": "LA 204", "city": "Northport", "time": "23:40"}


async def test_a_delay_reaches_everybody_whom_it_may(tmp_path: Path) -> None:
    async with a_town(tmp_path, EVENING, ["example"], VIKNO_TELEGRAM_RATE=str(RATE)) as town:
        await town.sender(AIRLINE, {"delay": ("service", DELAY)})
        passengers = await _passengers(town)
        numbers = await _send(town, passengers)
        await town.until(lambda: sum(map(_told, town.telegram.people.values())) >= EACH // 4)
        town.clock.set(MIDNIGHT)
        before = sum(map(_told, town.telegram.people.values()))
        kept = await _ended(town, numbers)
        explained = [await explain(town.web.dispatch, number) for number in numbers]
        _each_is_explained(kept, explained)
        _each_has_heard_it_once(town, kept)
        late = sum(map(_told, town.telegram.people.values())) - before
        assert late <= RATE + ON_THEIR_WAY, "as the gateway has it: after midnight only what had been released"


async def _passengers(town: Town) -> list[Recipient]:
    """As the airline knows them: by telephone, the last fifty by e-mail."""
    people = []
    for index in range(4 * EACH):
        number = _number(index)
        where = Whereabouts("example", "Europe/Vienna")
        if index in TELEGRAM or index in VIBER:  # those who proved a messenger's account to be theirs, too
            phone = await town.known("sms/main", number)
            if index in TELEGRAM:
                telegram = town.telegram.person(f"P{index}", "en")
                await telegram.open()
                chat = await town.known("telegram/main", str(telegram.id))
            else:
                viber = town.viber.person(f"P{index}", "en")
                await viber.open()
                await viber.write("Hello")
                chat = await town.known("viber/main", viber.id)
            await town.book.link(chat, phone, town.clock())
        if index in MAIL:
            mail = f"p{index}@mail.example"
            town.mail.person(f"P{index}", mail)
            people.append(Recipient((("email/main", mail),), mail, where))
        else:
            people.append(Recipient((("sms/main", number),), f"+{number}", where))
    out = town.web.bot.vault.name("sms/main", _number(OPTED_OUT))
    await town.book.choose(out, Choices(off=frozenset({("lake-air", "*", "*")})), town.clock())
    town.sms.nobody.add(_number(NOBODY))
    return people


def _number(index: int) -> str:
    return f"43664{index:07d}"


async def _send(town: Town, passengers: list[Recipient]) -> list[int]:
    dispatch = town.web.dispatch
    airline = await town.book.organisation("lake-air")
    assert airline is not None
    template = await town.book.template(airline.id, "delay")
    assert template is not None
    rendering = await dispatch.rendering(template.row)
    assert rendering is not None
    asked = [Asked(rendering, to, SAID, reference="LA204") for to in passengers]
    return [one.number for one in await send_notifications(dispatch, airline, "live", asked)]


async def _ended(town: Town, numbers: list[int]) -> list[NotificationKept]:
    found: list[NotificationKept] = []
    for _ in range(600):
        found = [one.notification for one in await town.book.in_hand(numbers)]
        if all(one.completed_ms is not None for one in found):
            return sorted(found, key=lambda one: one.id)
        await asyncio.sleep(0.05)
    raise AssertionError(Counter((one.status, one.reason) for one in found))


def _each_is_explained(kept: list[NotificationKept], explained: list[Explained]) -> None:
    """By group: what became of it, by which way, and what was against the others."""
    midnight_ms = int(MIDNIGHT.timestamp() * 1000)
    rerouted = 0
    for index, (one, why) in enumerate(zip(kept, explained, strict=True)):
        became, ways = (one.status, one.reason), [(step.channel, step.status) for step in why.tries]
        if index in TELEGRAM:
            first, *rest = why.tries
            if rest:  # it waited over midnight: the law that had begun is named, and the next lawful way was tried
                rerouted += 1
                assert (first.status, first.reason, [rule.id for rule in first.rules]) == (
                    "permanent-failure", "law", [BAN],
                )  # fmt: skip
                assert first.rules[0].since == "2027-01-01"
                assert (became, rest[0].channel) == (("delivered", "sms"), "sms")
            else:
                assert became == ("sent", "telegram")
                assert first.changed_ms < midnight_ms + 2_000, "what left had left by then"
        elif index == OPTED_OUT:
            assert (became, ways) == (("permanent-failure", "choice"), [])
            assert {left.why for left in why.left} == {"choice"}
            assert why.wishes.refused
        elif index in VIBER:
            assert (became, ways) == (("delivered", "viber"), [("viber", "delivered")])
        elif index == NOBODY:
            assert one.status == "permanent-failure"
            assert ways == [("sms", "permanent-failure")]
        elif index in SMS:
            assert (became, ways) == (("delivered", "sms"), [("sms", "delivered")])
        else:
            assert (became, ways) == (("sent", "email"), [("email", "sent")])
        assert why.steps or why.left, "and each says what was planned"
    assert 0 < rerouted < EACH, "midnight came in the middle"


def _each_has_heard_it_once(town: Town, kept: list[NotificationKept]) -> None:
    """As their phones and mailboxes have it."""
    by_telegram = [sum("LA 204" in text for text in one.said) for one in town.telegram.people.values()]
    by_viber = [sum("LA 204" in line.text for line in one.lines) for one in town.viber.people.values()]
    texts = {number: sum("LA 204" in text for text in phone.texts) for number, phone in town.sms.phones.items()}
    letters = [sum("LA 204" in one.text for one in letters) for letters in town.mail.letters.values()]
    assert max([*by_telegram, *by_viber, *texts.values(), *letters]) == 1
    rerouted = sum(one.reason == "sms" for one in kept[: len(TELEGRAM)])
    assert sum(by_telegram) == EACH - rerouted
    assert sum(by_viber) == EACH - 1
    assert sum(texts.values()) == EACH - 1 + rerouted
    assert _number(NOBODY) not in texts
    assert sum(letters) == EACH


def _told(one: object) -> bool:
    said: list[str] = getattr(one, "said", [])
    return any("LA 204" in text for text in said)
