"""What every keeper of conversations promises (`vikno.usecases.ports`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.keepers import PLACES, Keeper, Place
from vikno.usecases.ports import (
    MOST_EFFECTS_BYTES,
    MOST_NAME_BYTES,
    MOST_STATE_BYTES,
    Conversation,
    Effect,
    Kept,
    Step,
    StoreClosed,
    Taken,
    TurnRefused,
)


class Hand:
    """A clock that somebody moves."""

    now_ms = 1_000

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return PLACES[request.param](tmp_path)


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
async def store(place: Place, clock: Hand) -> AsyncIterator[Keeper]:
    keeper = place.open(clock)
    yield keeper
    await keeper.close()


def say(*effects: str, fetched: bool = False) -> Step:
    """A step that adds its words to the state, and says them."""

    def step(state: bytes | None) -> Taken:
        spoken = tuple(effect.encode() for effect in effects)
        return Taken((state or b"") + b"".join(spoken), spoken, fetched)

    return step


def positions(effects: tuple[Effect, ...]) -> list[int]:
    return [effect.position for effect in effects]


class NotThisOne(Exception):
    """A step failed."""


def fail(state: bytes | None) -> Taken:
    raise NotThisOne


async def test_a_conversation_that_has_not_begun_has_no_state(store: Keeper) -> None:
    assert await store.read("a") is None
    assert await store.since("a", 0) == ()
    assert await store.page() == ()


async def test_a_turn_keeps_the_state_and_gives_its_effects(store: Keeper) -> None:
    assert await store.turn("a", "1", say("x", "y")) == Kept((b"x", b"y"), False, 2)
    assert await store.turn("a", "2", say("z")) == Kept((b"z",), False, 3)
    assert await store.read("a") == b"xyz"


async def test_a_step_sees_what_the_turn_before_it_left(store: Keeper) -> None:
    seen: list[bytes | None] = []

    def look(state: bytes | None) -> Taken:
        seen.append(state)
        return Taken(b"%d" % len(seen))

    for event in "123":
        await store.turn("a", event, look)
    assert seen == [None, b"1", b"2"]


async def test_an_event_seen_before_takes_no_step_and_gives_the_first_effects_again(store: Keeper) -> None:
    await store.turn("a", "1", say("x", "y"))
    await store.turn("a", "2", say("z"))
    assert await store.turn("a", "1", fail) == Kept((b"x", b"y"), True, 2)
    assert await store.read("a") == b"xyz"


async def test_an_event_seen_before_in_the_same_moment_is_answered_the_same(store: Keeper) -> None:
    first, *others = await asyncio.gather(*(store.turn("a", "1", say("x")) for _ in range(5)))
    assert first == Kept((b"x",), False, 1)
    assert others == [Kept((b"x",), True, 1)] * 4
    assert await store.read("a") == b"x"


async def test_an_event_without_effects_is_seen_before_too(store: Keeper) -> None:
    await store.turn("a", "1", say("x"))
    assert await store.turn("a", "2", say()) == Kept((), False, 1)
    assert await store.turn("a", "2", fail) == Kept((), True, 1)


async def test_events_of_two_conversations_may_have_the_same_name(store: Keeper) -> None:
    await store.turn("a", "1", say("x"))
    assert await store.turn("b", "1", say("y")) == Kept((b"y",), False, 1)


async def test_turns_of_one_conversation_are_held_in_the_order_of_their_calls(store: Keeper) -> None:
    words = [f"{n:03} " for n in range(100)]
    kept = await asyncio.gather(*(store.turn("a", word, say(word)) for word in words))
    assert [one.position for one in kept] == list(range(1, 101))
    assert await store.read("a") == "".join(words).encode()


async def test_a_step_that_fails_keeps_nothing_and_may_be_tried_again(store: Keeper) -> None:
    await store.turn("a", "1", say("x"))
    with pytest.raises(NotThisOne):
        await store.turn("a", "2", fail)
    assert await store.read("a") == b"x"
    assert await store.turn("a", "2", say("y")) == Kept((b"y",), False, 2)


async def test_a_step_that_fails_does_not_take_its_companions_down(store: Keeper) -> None:
    steps = [say("x"), fail, say("y"), fail, say("z")]
    turns = [store.turn("a", str(event), step) for event, step in enumerate(steps)]
    others = [store.turn("new", "1", fail), store.turn("b", "1", say("w"))]
    kept = await asyncio.gather(*turns, *others, return_exceptions=True)
    assert [type(one) for one in kept] == [Kept, NotThisOne, Kept, NotThisOne, Kept, NotThisOne, Kept]
    assert await store.read("a") == b"xyz"
    assert await store.read("new") is None


async def test_even_a_step_that_raises_stop_iteration_ends_only_its_own_turn(store: Keeper) -> None:
    def stop(state: bytes | None) -> Taken:
        raise StopIteration

    kept = await asyncio.gather(store.turn("a", "1", stop), store.turn("a", "2", say("x")), return_exceptions=True)
    assert isinstance(kept[0], RuntimeError)
    assert kept[1] == Kept((b"x",), False, 1)


@pytest.mark.parametrize("name", ["", "x" * (MOST_NAME_BYTES + 1), "é" * MOST_NAME_BYTES, "\ud800"])
async def test_names_that_cannot_be_kept_are_refused(store: Keeper, name: str) -> None:
    with pytest.raises(TurnRefused):
        await store.turn(name, "1", say("x"))
    with pytest.raises(TurnRefused):
        await store.turn("a", name, say("x"))


@pytest.mark.parametrize("name", ["'; DROP TABLE conversation; --", "a\0b", "🪟", "%", "x" * MOST_NAME_BYTES])
async def test_any_other_name_is_a_name(store: Keeper, name: str) -> None:
    await store.turn(name, name, say("x"))
    await store.turn(name + "." if len(name) < MOST_NAME_BYTES else "y", "1", say("y"))
    assert await store.turn(name, name, fail) == Kept((b"x",), True, 1)
    assert await store.read(name) == b"x"


@pytest.mark.parametrize(
    ("state", "effects"),
    [
        (bytes(MOST_STATE_BYTES + 1), ()),
        (b"", (bytes(MOST_EFFECTS_BYTES), b"x")),
        ("text", ()),
        (b"", ("text",)),
        (None, ()),
    ],
    ids=["state", "effects", "text", "text said", "nothing"],
)
async def test_what_cannot_be_kept_fails_alone(store: Keeper, state: bytes, effects: tuple[bytes, ...]) -> None:
    kept = await asyncio.gather(
        store.turn("a", "1", say("x")),
        store.turn("a", "2", lambda _: Taken(state, effects)),
        store.turn("a", "3", say("y")),
        return_exceptions=True,
    )
    assert [type(one) for one in kept] == [Kept, TurnRefused, Kept]
    assert await store.read("a") == b"xy"


async def test_the_largest_turn_is_kept(store: Keeper) -> None:
    state, effect = bytes(MOST_STATE_BYTES), bytes(MOST_EFFECTS_BYTES)
    await store.turn("a", "1", lambda _: Taken(state, (effect,)))
    assert await store.read("a") == state
    assert (await store.turn("a", "1", fail)).effects == (effect,)


async def test_effects_are_read_since_a_position(store: Keeper, clock: Hand) -> None:
    await store.turn("a", "1", say("x", "y"))
    await store.turn("b", "1", say("w"))
    clock.now_ms = 2_000
    await store.turn("a", "2", say("z", fetched=True))
    assert await store.since("a", 0) == (
        Effect("a", "1", 1, b"x", 1_000, "waiting"),
        Effect("a", "1", 2, b"y", 1_000, "waiting"),
        Effect("a", "2", 3, b"z", 2_000, "done"),
    )
    assert positions(await store.since("a", 1)) == [2, 3]
    assert positions(await store.since("a", 0, limit=2)) == [1, 2]
    assert await store.since("a", 3) == ()


async def test_effects_wait_until_they_are_done(store: Keeper) -> None:
    await store.turn("b", "1", say("x", "y"))
    await store.turn("a", "1", say("z"))
    await store.turn("a", "2", say("fetched", fetched=True))
    assert [(e.conversation, e.position) for e in await store.waiting()] == [("b", 1), ("b", 2), ("a", 1)]
    await store.done("b", 1)
    assert [(e.conversation, e.position) for e in await store.waiting(limit=1)] == [("b", 2)]
    assert [e.status for e in await store.since("b", 0)] == ["done", "waiting"]


async def test_what_waits_is_read_on_from_a_number_and_by_the_beginning_of_a_name(store: Keeper) -> None:
    for name in ("tg/main:1", "tg/main:2", "sms/main:1", "tg/main:1"):
        event = f"e{len(await store.waiting())}"
        await store.turn(name, event, say(name))
    mine = await store.waiting(prefix="tg/main:")
    assert [e.conversation for e in mine] == ["tg/main:1", "tg/main:2", "tg/main:1"]
    assert [e.number for e in mine] == sorted({e.number for e in mine})
    assert await store.waiting(2, mine[0].number, "tg/main:") == mine[1:]
    assert await store.waiting(2, mine[-1].number, "tg/main:") == ()
    assert await store.waiting(prefix="tg/m_in") == ()


async def test_marking_twice_or_what_is_not_there_changes_nothing(store: Keeper) -> None:
    await store.turn("a", "1", say("x", "y"))
    await asyncio.gather(store.done("a", 1), store.done("a", 1), store.done("a", 7), store.done("nobody", 1))
    assert positions(await store.waiting()) == [2]


async def test_conversations_are_listed_in_pages_by_name(store: Keeper) -> None:
    for name in ("б", "b", "a", "a2", "Z"):
        await store.turn(name, "1", say(name))
    names = [c.name for c in await store.page()]
    assert names == ["Z", "a", "a2", "b", "б"]
    assert await store.page(limit=2) == (Conversation("Z", b"Z"), Conversation("a", b"a"))
    assert [c.name for c in await store.page("a", 2)] == ["a2", "b"]
    assert await store.page("б") == ()


async def test_old_keys_then_old_done_effects_are_forgotten_in_bounded_batches(store: Keeper, clock: Hand) -> None:
    for event in range(5):
        await store.turn("a", str(event), say("x", "y", fetched=True))
    clock.now_ms = 2_000
    await store.turn("a", "young", say("z", fetched=True))
    assert await store.prune(1_000) == 0
    batches = [await store.prune(2_000, limit=3) for _ in range(7)]
    assert batches == [3, 2, 3, 3, 3, 1, 0]
    assert positions(await store.since("a", 0)) == [11]
    assert await store.read("a") == b"xy" * 5 + b"z"
    assert (await store.turn("a", "young", fail)).repeated
    assert await store.turn("a", "0", say("again")) == Kept((b"again",), False, 12)


async def test_an_event_that_is_still_known_keeps_its_effects(store: Keeper, clock: Hand) -> None:
    await store.turn("a", "1", say("x", fetched=True))
    clock.now_ms = 900  # somebody has set the clock back
    await store.turn("a", "2", say("y", fetched=True))
    while await store.prune(950, limit=1):
        pass
    assert await store.turn("a", "1", fail) == Kept((b"x",), True, 1)
    assert positions(await store.since("a", 0)) == [1]


async def test_effects_that_wait_are_never_forgotten(store: Keeper) -> None:
    await store.turn("a", "1", say("x", "y"))
    await store.done("a", 1)
    while await store.prune(5_000):
        pass
    assert positions(await store.waiting()) == [2]
    await store.done("a", 2)
    assert await store.prune(5_000) == 1


async def prune_all(store: Keeper, before_ms: int) -> None:
    while await store.prune(before_ms, limit=2):
        pass


async def test_a_conversation_goes_with_the_last_of_its_keys_and_effects(store: Keeper, clock: Hand) -> None:
    await store.turn("old", "1", say("x", "y", fetched=True))
    await store.turn("silent", "1", say())
    await store.turn("waits", "1", say("w"))
    clock.now_ms = 2_000
    await store.turn("old", "2", say("z", fetched=True))
    await prune_all(store, 2_000)
    assert [c.name for c in await store.page()] == ["old", "waits"], "nothing was ever said in the silent one"
    assert await store.read("silent") is None
    await store.done("waits", 1)
    await prune_all(store, 2_001)
    assert await store.page() == ()
    assert await store.read("old") is None
    assert await store.turn("old", "1", say("new")) == Kept((b"new",), False, 1), "it begins like any other"


async def test_a_conversation_that_somebody_talks_in_stays(store: Keeper, clock: Hand) -> None:
    await store.turn("a", "1", say("x", fetched=True))
    for clock.now_ms in range(2_000, 9_000, 1_000):
        await store.turn("a", str(clock.now_ms), say())
        await prune_all(store, clock.now_ms)
        assert await store.read("a") == b"x"


async def test_whoever_asks_is_forgotten_at_once_and_nobody_else(store: Keeper) -> None:
    for name in ("a", "b"):
        await store.turn(name, "1", say("x", "y", fetched=True))
        await store.turn(name, "2", say("waits"))
    await store.forget("a")
    assert await store.read("a") is None
    assert await store.since("a", 0) == ()
    assert [c.name for c in await store.page()] == ["b"]
    assert [e.conversation for e in await store.waiting()] == ["b"]
    assert positions(await store.since("b", 0)) == [1, 2, 3]
    assert await store.turn("a", "1", say("new")) == Kept((b"new",), False, 1), "the event is new too"
    assert positions(await store.since("a", 0)) == [1]


async def test_forgetting_twice_or_what_never_was_changes_nothing(store: Keeper) -> None:
    await store.turn("a", "1", say("x"))
    for name in ("nobody", "", "\0", "a' OR 1=1; --"):
        await store.forget(name)
    assert await store.read("a") == b"x"
    await asyncio.gather(store.forget("a"), store.forget("a"))
    await store.forget("a")
    assert await store.page() == ()


@pytest.mark.parametrize("way", ["forgotten", "old"])
async def test_what_is_forgotten_is_never_shown_to_whoever_comes_next(store: Keeper, clock: Hand, way: str) -> None:
    await store.turn("first", "1", say("x"))
    await store.turn("last", "1", say("secret", fetched=True))
    clock.now_ms = 2_000
    if way == "forgotten":
        await store.forget("last")
    else:
        await prune_all(store, 2_000)
    await store.turn("next", "0", say())  # takes the number that the last one had
    assert await store.since("next", 0) == ()
    assert await store.turn("next", "1", say("own")) == Kept((b"own",), False, 1)
    assert [e.payload for e in await store.since("next", 0)] == [b"own"]


async def test_a_turn_beside_its_forgetting_is_whole_or_gone(store: Keeper) -> None:
    await store.turn("a", "1", say("x"))
    await asyncio.gather(*(store.turn("a", f"t{n}", say("y")) for n in range(9)), store.forget("a"))
    state, said = await store.read("a"), await store.since("a", 0)
    assert (state or b"") == b"".join(effect.payload for effect in said)
    assert positions(said) == list(range(1, len(said) + 1))


async def test_what_was_forgotten_stays_so_after_closing_and_opening(place: Place, clock: Hand) -> None:
    store = place.open(clock)
    await store.turn("a", "1", say("x"))
    await store.forget("a")
    await store.close()
    again = place.open(clock)
    assert await again.page() == ()
    assert await again.waiting() == ()
    await again.close()


async def test_what_was_kept_is_there_after_closing_and_opening(place: Place, clock: Hand) -> None:
    store = place.open(clock)
    await store.turn("a", "1", say("x"))
    await store.turn("a", "2", say("y", fetched=True))
    await store.done("a", 1)
    await store.close()
    again = place.open(clock)
    assert await again.read("a") == b"xy"
    assert await again.turn("a", "1", fail) == Kept((b"x",), True, 1)
    assert [e.status for e in await again.since("a", 0)] == ["done", "done"]
    assert await again.turn("a", "3", say("z")) == Kept((b"z",), False, 3)
    await again.close()


async def test_closing_lets_the_turns_that_wait_be_held(place: Place, clock: Hand) -> None:
    store = place.open(clock)
    turns = [asyncio.ensure_future(store.turn("a", str(event), say("x"))) for event in range(20)]
    await asyncio.sleep(0)
    await store.close()
    assert [kept.position for kept in await asyncio.gather(*turns)] == list(range(1, 21))
    again = place.open(clock)
    assert await again.read("a") == b"x" * 20
    await again.close()


async def test_a_closed_store_says_so(place: Place, clock: Hand) -> None:
    store = place.open(clock)
    await store.close()
    await store.close()
    calls = [
        store.turn("a", "1", say("x")), store.read("a"), store.page(), store.since("a", 0), store.waiting(),
        store.done("a", 1), store.prune(0), store.forget("a"),
    ]  # fmt: skip
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreClosed] * len(calls)


async def test_whoever_goes_away_while_waiting_disturbs_nobody(store: Keeper) -> None:
    gone = asyncio.ensure_future(store.turn("a", "1", say("x")))
    stays = asyncio.ensure_future(store.turn("a", "2", say("y")))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await stays).effects == (b"y",)
    kept = await store.turn("a", "1", say("x"))  # sent again, it is held once in any case
    assert kept.effects == (b"x",)
    assert sorted(await store.read("a") or b"") == sorted(b"xy")
