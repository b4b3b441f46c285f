"""The passengers of the late flight: fifty on each channel. The phones of the demo are the first of each fifty."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from vikno.testing.phones import Phone, Phones
from vikno.testing.phones.platforms import SmsPhone
from vikno.usecases.dispatch import Dispatch
from vikno.usecases.judge import Whereabouts
from vikno.usecases.people import EVERY, Choices
from vikno.usecases.send_notifications import Recipient
from vikno.wire.numbers import Phone as Number
from vikno.wire.numbers import read_phone

KINDS = ("telegram", "viber", "sms", "email")
EACH = 50
OPTED_OUT, NOBODY = ("viber", 7), ("sms", 11)
"""Which of the fifty wants nothing from the airline, and whose number is nobody's."""
ENGLISH_EVERY = 5
FIRST_NAMES: Mapping[str, tuple[str, ...]] = {
    "uk": ("Оксана", "Богдан", "Ірина", "Тарас", "Софія", "Юрій", "Надія", "Остап", "Дарина", "Павло", "Леся"),
    "en": ("Alice", "Martin", "Grace", "Oliver", "Nora", "Felix", "Ruth"),
}
LAST_NAMES: Mapping[str, tuple[str, ...]] = {
    "uk": ("Гончар", "Мельник", "Ткач", "Кравець", "Коваль", "Бондар", "Савчук", "Лисенко", "Приходько"),
    "en": ("Lake", "Hill", "Brook", "Field", "Stone"),
}


@dataclass(frozen=True, slots=True)
class Passenger:
    """One of them. `kind`: the channel where they would be told. `shown`: they hold one of the phones of the demo."""

    number: int
    name: str
    lang: str
    kind: str
    to: Recipient
    shown: bool


async def board(phones: Phones, dispatch: Dispatch, airline: str) -> tuple[Passenger, ...]:
    """Make them: on their platforms, and on record as people who have proved that their accounts are theirs."""
    made = await phones.ask(_people(phones.phones))
    await asyncio.gather(*(_known(dispatch, one, chat) for one, chat in made))
    out = next(one for one, _ in made if _is(one, OPTED_OUT))
    name = dispatch.vault.name(*out.to.addresses[0])
    await dispatch.book.choose(name, Choices(off=frozenset({(airline, EVERY, EVERY)})), dispatch.clock())
    return tuple(one for one, _ in made)


def _is(one: Passenger, which: tuple[str, int]) -> bool:
    return (one.kind, one.number % EACH) == which


async def _people(phones: Mapping[str, Phone]) -> list[tuple[Passenger, str]]:
    """Each with the account where they have met the bot; to be run where the platforms run."""
    made = [_one(phones, kind, number) for number, kind in enumerate(kind for kind in KINDS for _ in range(EACH))]
    texts = phones["sms"]
    assert isinstance(texts, SmsPhone)  # noqa: S101 - `KINDS` are those of the demo's platforms
    texts.gateway.nobody |= {one.to.addresses[0][1] for one, _ in made if _is(one, NOBODY)}
    return made


def _one(phones: Mapping[str, Phone], kind: str, number: int) -> tuple[Passenger, str]:
    phone, shown = phones[kind], number % EACH == 0
    lang = "uk" if shown or number % ENGLISH_EVERY else "en"
    name = str(phone.shown()["name"]) if shown else _named(lang, number)
    if shown:
        phone.meet()
    address = phone.address if shown else phone.neighbour(name, lang, number)
    digits = address if kind == "sms" else "" if kind == "email" else phones["sms"].neighbour(name, lang, number)
    if kind == "email":
        to = Recipient((("email/main", address),), address, Whereabouts("ua", "Europe/Kyiv"))
    else:
        read = read_phone(f"+{digits}", "ua")
        where = Whereabouts(read.country, read.zone) if isinstance(read, Number) else Whereabouts()
        to = Recipient((("sms/main", digits),), f"+{digits}", where)
    return Passenger(number, name, lang, kind, to, shown), address


def _named(lang: str, number: int) -> str:
    first, last = FIRST_NAMES[lang], LAST_NAMES[lang]
    return f"{first[number % len(first)]} {last[number // 3 % len(last)]}"


async def _known(dispatch: Dispatch, one: Passenger, chat: str) -> None:
    """What the airline knows is a number; who has proved a chat to be theirs, too, is the same person."""
    (account, address), *_ = one.to.addresses
    await _met(dispatch, account, address, one.lang)
    if one.kind not in ("sms", "email"):
        theirs = await _met(dispatch, f"{one.kind}/main", chat, one.lang)
        await dispatch.book.link(theirs, dispatch.vault.name(account, address), dispatch.clock())


async def _met(dispatch: Dispatch, account: str, address: str, lang: str) -> str:
    name = dispatch.vault.name(account, address)
    if await dispatch.book.known(name) is None:  # who has left since would come back by being met
        await dispatch.book.meet(name, account, dispatch.vault.seal(address), lang, dispatch.clock())
    return name
