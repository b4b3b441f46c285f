"""Settling what organisations may write: taps that come at once, too many of them, and what breaks off in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from vikno.domain.notify.consent import seal, verify
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.people import EVERY, MOST_OFF, OUTSIDE, Agreed, Choices
from vikno.usecases.settle_wishes import Said, Settling, TooManyWishes

NOW, OLENA, KEY = 1_790_000_000_000, "sms/main:olena", b"k" * 32
TAPPED = Said("web", "uk", "Вимкнути")
AGREED = Said("web", "uk", "Погоджуюся")
LAKE, SKY = "lake-bank", "sky-air"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    kept = SqliteStore(f"sqlite:///{tmp_path}/wishes.db?synchronous=off", lambda: NOW)
    await kept.meet(OLENA, "sms/main", b"sealed", "uk", NOW)
    yield kept
    await kept.close()


def settling(store: SqliteStore) -> Settling:
    return Settling(store, partial(seal, KEY), OLENA, NOW)


async def test_each_of_many_taps_at_once_counts(store: SqliteStore) -> None:
    await asyncio.gather(
        settling(store).kind(SKY, EVERY, "off", TAPPED),
        settling(store).kind(LAKE, "code", "here", TAPPED),
        settling(store).channel("viber", on=False),
        settling(store).quiet((22, 7)),
        settling(store).language("en"),
    )
    off = frozenset({(SKY, EVERY, EVERY), (LAKE, "code", OUTSIDE), (EVERY, EVERY, "viber")})
    assert await store.choices(OLENA) == Choices(off=off, quiet=(22, 7), lang="en")


async def test_an_end_that_comes_with_a_yes_ends_it(store: SqliteStore) -> None:
    yes, end = settling(store).kind(SKY, "advertising", "on", AGREED), settling(store).kind(SKY, EVERY, "off", TAPPED)
    await asyncio.gather(yes, end)
    taken, given = await store.agreed(OLENA)
    assert (given.consent, taken.consent) == ("written", "none")
    assert (await store.choices(OLENA)).off == {(SKY, EVERY, EVERY)}


async def test_a_consent_that_cannot_be_written_changes_no_choice(store: SqliteStore) -> None:
    def broken(before: bytes, line: Agreed) -> bytes:
        raise ZeroDivisionError

    await settling(store).kind(SKY, "advertising", "off", TAPPED)
    with pytest.raises(ZeroDivisionError):
        await Settling(store, broken, OLENA, NOW).kind(SKY, "advertising", "on", AGREED)
    assert (await store.choices(OLENA)).off == {(SKY, "advertising", EVERY)}
    assert await store.agreed(OLENA) == ()


async def test_a_consent_is_taken_back_once(store: SqliteStore) -> None:
    await settling(store).kind(SKY, "advertising", "on", AGREED)
    both = [settling(store).take_back(SKY, "advertising", TAPPED) for _ in range(2)]
    assert sorted(await asyncio.gather(*both)) == [False, True]
    assert len(await store.agreed(OLENA)) == 2
    assert verify(reversed(await store.agreed(OLENA)), KEY) is None


async def test_of_too_many_none_is_kept(store: SqliteStore) -> None:
    full = Choices(off=frozenset((f"bank-{number}", "code", OUTSIDE) for number in range(MOST_OFF)))
    await store.choose(OLENA, full, NOW)
    with pytest.raises(TooManyWishes):
        await settling(store).kind(SKY, "code", "off", TAPPED)
    assert await store.choices(OLENA) == full
    await settling(store).kind(SKY, EVERY, "off", TAPPED)
    assert (await store.choices(OLENA)).off == full.off | {(SKY, EVERY, EVERY)}, "one click ends it all the same"
    for number in (1, 2):
        await settling(store).kind(f"bank-{number}", "code", "on", TAPPED)
    await settling(store).kind(SKY, "code", "off", TAPPED)
    assert (SKY, "code", EVERY) in (await store.choices(OLENA)).off


async def test_a_channel_moves_from_where_it_stands_by_then(store: SqliteStore) -> None:
    for channel in ("viber", "telegram"):
        await store.meet(f"{channel}/main:olena", f"{channel}/main", b"sealed", "uk", NOW)
        await store.link(f"{channel}/main:olena", OLENA, NOW)
    await store.choose(OLENA, Choices(order=("sms", "viber", "telegram")), NOW)
    await asyncio.gather(settling(store).move("telegram", -1), settling(store).move("telegram", -1))
    assert (await store.choices(OLENA)).order == ("telegram", "sms", "viber")
    await settling(store).move("telegram", -1)
    await settling(store).move("vk", 1)
    assert (await store.choices(OLENA)).order == ("telegram", "sms", "viber")


async def test_of_a_stranger_nothing_is_kept(store: SqliteStore) -> None:
    stranger = Settling(store, partial(seal, KEY), "sms/main:nobody", NOW)
    await stranger.kind(SKY, EVERY, "off", TAPPED)
    assert await store.choices("sms/main:nobody") == Choices()
