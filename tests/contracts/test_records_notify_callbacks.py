"""What every keeper of callbacks in the manner of Notify promises (`vikno.usecases.tell_notify.NotifyCallbacks`)."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from tests.contracts.keepers import RecordsKeeper, RecordsPlace
from tests.contracts.records import Moment
from vikno.usecases.ports import StoreClosed
from vikno.usecases.records import Position, TooManyAtOnce
from vikno.usecases.tell_notify import NotifyCallback, NotifyCallbacks, ToldAgain

URL = "https://sky.example/hear"
END = ToldAgain(1, 7, 3_000, "delivered", 1, 303_000)


@pytest.fixture
def callbacks(records: RecordsKeeper) -> NotifyCallbacks:
    return cast(NotifyCallbacks, records)


async def one(callbacks: NotifyCallbacks, organisation: int = 1) -> NotifyCallback:
    await callbacks.set_notify_callback(organisation, URL, b"sealed", 1_000)
    return next(kept for kept in await callbacks.notify_callbacks() if kept.organisation == organisation)


async def test_a_system_hears_from_the_moment_it_was_named(callbacks: NotifyCallbacks) -> None:
    assert await callbacks.notify_callbacks() == ()
    assert await one(callbacks) == NotifyCallback(1, URL, b"sealed", Position(1_000))
    await one(callbacks, 2)
    assert [kept.organisation for kept in await callbacks.notify_callbacks()] == [1, 2]


async def test_another_address_goes_on_where_the_one_before_had_got_to(callbacks: NotifyCallbacks) -> None:
    kept = await one(callbacks)
    assert await callbacks.notify_told(kept, Position(3_000, 0, 7), ())
    await callbacks.set_notify_callback(1, URL + "/2", b"other", 9_000)
    assert await callbacks.notify_callbacks() == (NotifyCallback(1, URL + "/2", b"other", Position(3_000, 0, 7)),)


async def test_what_two_tell_at_once_moves_on_once(callbacks: NotifyCallbacks) -> None:
    kept = await one(callbacks)
    assert await callbacks.notify_told(kept, Position(3_000, 0, 7), [END])
    assert not await callbacks.notify_told(kept, Position(4_000, 0, 8), [replace(END, notification=8)])
    assert await callbacks.notify_again(1, 10**9) == (END,)
    (now,) = await callbacks.notify_callbacks()
    assert now.taken == Position(3_000, 0, 7)


async def test_what_is_to_be_told_again_is_given_when_it_is_due(callbacks: NotifyCallbacks) -> None:
    kept = await one(callbacks)
    later = replace(END, completed_ms=4_000, next_ms=200_000)
    await callbacks.notify_told(kept, Position(4_000, 0, 7), [later, END])
    assert await callbacks.notify_again(1, 199_999) == ()
    assert await callbacks.notify_again(1, 200_000) == (later,)
    assert await callbacks.notify_again(1, 10**9) == (END, later)
    assert await callbacks.notify_again(1, 10**9, 1) == (END,)
    again = replace(later, tries=2, next_ms=500_000)
    await callbacks.notify_tried([again, replace(END, tries=2, next_ms=None)])
    assert await callbacks.notify_again(1, 10**9) == (again,)
    await callbacks.notify_tried([])


async def test_each_is_told_its_own_again(callbacks: NotifyCallbacks) -> None:
    """However much another has not taken."""
    kept, other = await one(callbacks), await one(callbacks, 2)
    many = [replace(END, notification=number) for number in range(10, 110)]
    theirs = replace(END, organisation=2, notification=200, next_ms=400_000)
    await callbacks.notify_told(kept, Position(3_000, 0, 109), many)
    await callbacks.notify_told(other, Position(3_000, 0, 200), [theirs])
    assert await callbacks.notify_again(2, 10**9, 8) == (theirs,)
    assert await callbacks.notify_again(1, 10**9, 8) == (*many[:8],)


async def test_without_its_address_nothing_is_told_again(callbacks: NotifyCallbacks) -> None:
    kept, other = await one(callbacks), await one(callbacks, 2)
    theirs = replace(END, organisation=2, notification=9)
    await callbacks.notify_told(kept, Position(3_000, 0, 7), [END])
    await callbacks.notify_told(other, Position(3_000, 0, 9), [theirs])
    assert await callbacks.drop_notify_callback(1)
    assert not await callbacks.drop_notify_callback(1)
    assert await callbacks.notify_again(1, 10**9) == ()
    assert await callbacks.notify_again(2, 10**9) == (theirs,)
    assert not await callbacks.notify_told(kept, Position(4_000, 0, 8), [END])


async def test_more_than_a_thousand_at_once_are_refused(callbacks: NotifyCallbacks) -> None:
    kept = await one(callbacks)
    many = [replace(END, notification=number) for number in range(1_001)]
    with pytest.raises(TooManyAtOnce):
        await callbacks.notify_told(kept, Position(3_000, 0, 7), many)
    with pytest.raises(TooManyAtOnce):
        await callbacks.notify_tried(many)


async def test_it_outlives_a_crash(records_place: RecordsPlace, moment: Moment) -> None:
    keeper = records_place.open(moment)
    callbacks = cast(NotifyCallbacks, keeper)
    kept = await one(callbacks)
    await callbacks.notify_told(kept, Position(3_000, 0, 7), [END])
    after = records_place.after_a_crash().open(moment)
    again = cast(NotifyCallbacks, after)
    assert await again.notify_again(1, 10**9) == (END,)
    assert [one.taken for one in await again.notify_callbacks()] == [Position(3_000, 0, 7)]
    await keeper.close()
    await after.close()
    with pytest.raises(StoreClosed):
        await again.set_notify_callback(1, URL, b"sealed", 1_000)
