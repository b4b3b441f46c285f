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
from vikno.usecases.judge import Whereabouts
from vikno.usecases.notifications import InHand
from vikno.usecases.organisations import OrganisationGiven
from vikno.usecases.people import Choices
from vikno.usecases.send_notifications import Asked, Recipient, send_notifications

VIENNA = ZoneInfo("Europe/Vienna")
EACH = 50
AIRLINE = OrganisationGiven("lake-air", "Lake Air", "airline", "example", "example")
DELAY = "Flight ((flight)) to ((city)) leaves at ((time)) instead. We are sorry."
SAID = {"flight": "LA 204", "city": "Northport", "time": "23:40"}


async def test_a_delay_reaches_everybody_whom_it_may(tmp_path: Path) -> None:
    before = datetime(2026, 12, 31, 23, 59, 0, tzinfo=VIENNA)
    async with a_town(tmp_path, before, ["example"], VIKNO_TELEGRAM_RATE="25") as town:
        airline = await town.sender(AIRLINE, {"delay": ("service", DELAY)})
        passengers = await _passengers(town)
        opted_out = town.web.bot.vault.name("viber/main", passengers[EACH].written)
        numbers = await _send(town, passengers)
        del opted_out
        await town.until(lambda: sum("LA 204" in (one.said or [""])[-1] for one in town.telegram.people.values()) >= EACH // 4)
        town.clock.set(datetime(2027, 1, 1, 0, 0, 1, tzinfo=VIENNA))
        found = await _ended(town, numbers)
        await _explains(town, found)
        assert airline.slug == "lake-air"


async def _passengers(town: Town) -> list[Recipient]:
    """As the airline knows them: by telephone, the last fifty by e-mail."""
    people = []
    for index in range(4 * EACH):
        number = f"43664{index:07d}"
        where = Whereabouts("example", "Europe/Vienna")
        if index < 2 * EACH:  # those who proved a messenger's account to be theirs, too
            phone = await town.known("sms/main", number)
            if index < EACH:
                telegram = town.telegram.person(f"P{index}", "en")
                await telegram.open()
                chat = await town.known("telegram/main", str(telegram.id))
            else:
                viber = town.viber.person(f"P{index}", "en")
                await viber.open()
                await viber.write("Hello")
                chat = await town.known("viber/main", viber.id)
            await town.book.link(chat, phone, town.clock())
        if index < 3 * EACH:
            people.append(Recipient((("sms/main", number),), f"+{number}", where))
        else:
            mail = f"p{index}@mail.example"
            town.mail.person(f"P{index}", mail)
            people.append(Recipient((("email/main", mail),), mail, where))
    out = town.web.bot.vault.name("sms/main", people[EACH].addresses[0][1])
    await town.book.choose(out, Choices(off=frozenset({("lake-air", "*", "*")})), town.clock())
    town.sms.nobody.add(people[2 * EACH].addresses[0][1])
    return people


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


async def _ended(town: Town, numbers: list[int]) -> list[InHand]:
    found: list[InHand] = []
    for _ in range(600):
        found = list(await town.book.in_hand(numbers))
        if all(one.notification.completed_ms is not None for one in found):
            return found
        await asyncio.sleep(0.05)
    print([one for one in found if one.notification.status == "sending"][:2])
    raise AssertionError(Counter((one.notification.status, one.notification.reason) for one in found))


async def _explains(town: Town, found: list[InHand]) -> None:
    became = Counter(one.notification.status for one in found)
    assert sum(became.values()) == 4 * EACH
    print(Counter((one.notification.status, one.notification.reason) for one in found))
    for one in found[:2]:
        print(one, await town.book.trace(one.notification.id))
