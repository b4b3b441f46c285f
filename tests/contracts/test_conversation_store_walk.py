"""Arbitrary turns, repeats, failures, marks, forgetting, closing and crashes, beside the simplest model there is."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.contracts.keepers import PLACES, Keeper, Place
from vikno.usecases.ports import Kept, Taken

CONVERSATIONS = st.sampled_from(["a", "b", "c"])
EVENTS = st.sampled_from([str(n) for n in range(6)])


@dataclass(frozen=True)
class Call:
    """One turn as somebody asks for it; what it says can be told from its names."""

    conversation: str
    event: str
    says: int
    fails: bool = False
    fetched: bool = False

    @property
    def effects(self) -> tuple[bytes, ...]:
        return tuple(f"{self.conversation}{self.event}{n}".encode() for n in range(self.says))

    def step(self, state: bytes | None) -> Taken:
        if self.fails:
            raise ZeroDivisionError
        return Taken((state or b"") + b"|" + self.event.encode(), self.effects, self.fetched)


CALLS = st.builds(Call, CONVERSATIONS, EVENTS, st.integers(0, 3), st.booleans(), st.booleans())


@dataclass
class Model:
    """What should be on record."""

    states: dict[str, bytes] = field(default_factory=dict)
    answers: dict[tuple[str, str], tuple[tuple[bytes, ...], int, int]] = field(default_factory=dict)
    effects: dict[str, dict[int, tuple[bytes, str, str, int]]] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)

    def take(self, call: Call, now_ms: int) -> Kept | None:
        """What the keeper should answer; None for a step that fails."""
        key = call.conversation, call.event
        if key in self.answers:
            effects, last, _ = self.answers[key]
            return Kept(effects, True, last)
        if call.fails:
            return None
        last = self.last.get(call.conversation, 0)
        for payload in call.effects:
            last += 1
            status = "done" if call.fetched else "waiting"
            self.effects.setdefault(call.conversation, {})[last] = (payload, status, call.event, now_ms)
        self.last[call.conversation] = last
        self.states[call.conversation] = call.step(self.states.get(call.conversation)).state
        self.answers[key] = call.effects, last, now_ms
        return Kept(call.effects, False, last)

    def forget(self, name: str) -> None:
        self.answers = {key: answer for key, answer in self.answers.items() if key[0] != name}
        for rows in (self.states, self.effects, self.last):
            rows.pop(name, None)

    def forget_old(self, before_ms: int) -> None:
        self.answers = {key: answer for key, answer in self.answers.items() if answer[2] >= before_ms}
        for name, effects in self.effects.items():
            self.effects[name] = {
                position: effect
                for position, effect in effects.items()
                if effect[1] == "waiting" or effect[3] >= before_ms
            }
        for name in [*self.states]:
            if not self.effects.get(name) and not any(key[0] == name for key in self.answers):
                self.forget(name)


class Walk(RuleBasedStateMachine):
    """One keeper and the model."""

    keeper = "memory"

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        (self.folder / "store").mkdir()
        self.place: Place = PLACES[self.keeper](self.folder / "store")
        self.runner, self.model, self.now_ms = asyncio.Runner(), Model(), 0
        self.store: Keeper = self.place.open(lambda: self.now_ms)

    def teardown(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    @rule(calls=st.lists(CALLS, min_size=1, max_size=8))
    def turns_at_once(self, calls: list[Call]) -> None:
        async def all_at_once() -> list[Kept | BaseException]:
            turns = [self.store.turn(call.conversation, call.event, call.step) for call in calls]
            return await asyncio.gather(*turns, return_exceptions=True)

        self.now_ms += 1
        answers = self.runner.run(all_at_once())
        for call, answer in zip(calls, answers, strict=True):
            expected = self.model.take(call, self.now_ms)
            assert answer == expected if expected else isinstance(answer, ZeroDivisionError)

    @rule(conversation=CONVERSATIONS, position=st.integers(1, 9))
    def an_effect_is_done(self, conversation: str, position: int) -> None:
        self.runner.run(self.store.done(conversation, position))
        effects = self.model.effects.get(conversation, {})
        if position in effects:
            payload, _, event, created_ms = effects[position]
            effects[position] = payload, "done", event, created_ms

    @rule(age=st.integers(0, 4), limit=st.integers(1, 5))
    def old_things_are_forgotten(self, age: int, limit: int) -> None:
        before_ms = self.now_ms + 1 - age
        while self.runner.run(self.store.prune(before_ms, limit)):
            pass
        self.model.forget_old(before_ms)

    @rule(conversation=CONVERSATIONS)
    def somebody_asks_to_be_forgotten(self, conversation: str) -> None:
        self.runner.run(self.store.forget(conversation))
        self.model.forget(conversation)

    @rule()
    def close_and_open(self) -> None:
        self.runner.run(self.store.close())
        self.store = self.place.open(lambda: self.now_ms)

    @rule(calls=st.lists(CALLS, max_size=6), ticks=st.integers(0, 4))
    def a_crash(self, calls: list[Call], ticks: int) -> None:
        """Everything that was answered is there; what was not is sent again, and each event counts once."""

        async def cut_short() -> tuple[int, Place]:
            turns = [asyncio.ensure_future(self.store.turn(c.conversation, c.event, c.step)) for c in calls]
            for _ in range(ticks):
                await asyncio.sleep(0.0002)
            place = self.place.after_a_crash()
            answered = sum(turn.done() for turn in turns)
            await asyncio.gather(*turns, return_exceptions=True)
            return answered, place

        self.now_ms += 1
        answered, place = self.runner.run(cut_short())
        self.runner.run(self.store.close())
        self.place, self.store = place, place.open(lambda: self.now_ms)
        for number, call in enumerate(calls):
            expected = self.model.take(call, self.now_ms)
            if expected is None:
                continue
            answer = self.runner.run(self.store.turn(call.conversation, call.event, call.step))
            assert (answer.effects, answer.position) == (expected.effects, expected.position)
            assert answer.repeated or number >= answered

    @invariant()
    def the_record_is_the_models(self) -> None:
        async def look() -> None:
            model = self.model
            assert {c.name: c.state for c in await self.store.page()} == model.states
            for name in "abc":
                assert await self.store.read(name) == model.states.get(name)
                kept = {
                    e.position: (e.payload, e.status, e.event, e.created_ms) for e in await self.store.since(name, 0)
                }
                assert kept == model.effects.get(name, {})
            waiting = {(e.conversation, e.position) for e in await self.store.waiting()}
            assert waiting == {
                (name, position)
                for name, effects in model.effects.items()
                for position, effect in effects.items()
                if effect[1] == "waiting"
            }

        self.runner.run(look())


@pytest.mark.parametrize("keeper", PLACES)
def test_a_keeper_walks_beside_the_model(keeper: str) -> None:
    walk = type("Walk", (Walk,), {"keeper": keeper})
    run_state_machine_as_test(walk, settings=settings(max_examples=40, stateful_step_count=15, deadline=None))
