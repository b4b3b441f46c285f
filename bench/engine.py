"""The parts of a turn in one process and on one core: the dialogue engine, and the evaluation of the rules.

python -m bench.engine
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

from bench.choices import SCRIPTS, Choices
from bench.figures import machine, percentile, table
from vikno.bootstrap.worlds import load_worlds, prepare
from vikno.domain.dialog.events import Event, Said, Started, Tapped
from vikno.domain.dialog.state import State
from vikno.domain.dialog.turn import take_turn
from vikno.domain.dialog.world import World
from vikno.domain.rules.answers import read_answers
from vikno.domain.rules.ruleset import ruleset_on
from vikno.packs.load import load_country
from vikno.packs.places import country_folders
from vikno.usecases.hold_conversation import hold_conversation
from vikno.usecases.ports import Conversation, Kept, Step

ROUNDS = 15


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something takes, over everything that was tried."""

    median_us: float
    p99_us: float
    tried: int

    def __str__(self) -> str:
        return f"{self.median_us:.0f} (p99 {self.p99_us:.0f})"


def spread(tries: list[Callable[[], object]]) -> Spread:
    """The quickest of some rounds for each: what it costs, not what else the machine did meanwhile."""
    clock, best = time.perf_counter, [float("inf")] * len(tries)
    gc.collect()
    gc.freeze()
    for _ in range(ROUNDS):
        for number, act in enumerate(tries):
            began = clock()
            act()
            took = clock() - began
            best[number] = min(best[number], took)
    ordered = sorted(best)
    return Spread(statistics.median(ordered) * 1e6, percentile(ordered, 0.99) * 1e6, len(tries))


def event_of(does: dict[str, str]) -> Event:
    """What the chat makes of it."""
    match does:
        case {"tap": button}:
            return Tapped(button)
        case {"text": text}:
            return Said(text)
        case {"start": service, "lang": language}:
            return Started(service, language)
    raise ValueError(does)


class Watched:
    """A store of one conversation that shows the last step and the state it was given."""

    step: Step
    given: bytes | None = None
    kept: bytes | None = None

    async def turn(self, conversation: str, event: str, step: Step) -> Kept:  # noqa: ARG002 - as the port has it
        """Take the step at once."""
        self.step, self.given = step, self.kept
        taken = step(self.kept)
        self.kept = taken.state
        return Kept(taken.effects, False, 0)

    async def read(self, conversation: str) -> bytes | None:  # noqa: ARG002
        """The state."""
        return self.kept

    async def page(self, after: str = "", limit: int = 500) -> tuple[Conversation, ...]:  # noqa: ARG002
        """None: it has no name."""
        return ()


async def turns(world: World) -> tuple[list[Callable[[], object]], list[Callable[[], object]]]:
    """Every turn of the consultations that the chat's people hold: the pure turn, and the step from bytes to bytes."""
    pure: list[Callable[[], object]] = []
    whole: list[Callable[[], object]] = []
    for seed in range(SCRIPTS):
        choices, store = Choices(seed), Watched()
        does: dict[str, str] | None = choices.first()
        state: State | None = None
        while does:
            event = event_of(does)
            held = await hold_conversation(store, "", "", event, world)
            pure.append(partial(take_turn, state, event, world))
            whole.append(partial(store.step, store.given))
            state, _ = take_turn(state, event, world)
            does = choices.next(held.effects)
    return pure, whole


def evaluations() -> list[Callable[[], object]]:
    """Every complete example of Ukraine's services."""
    pack = load_country(country_folders([])["ua"])
    tries: list[Callable[[], object]] = []
    for key, service in pack.services.items():
        assert service is not None, key
        for example in pack.examples[key]:
            day = example.on or date(2026, 3, 15)
            ruleset, answers = ruleset_on(service, day), read_answers(service, example.given, day)
            if ruleset.consult(answers).complete:
                tries.append(partial(ruleset.consult, answers))
    return tries


def measure() -> dict[str, Spread]:
    """What `main` prints, by name."""
    worlds = load_worlds()
    prepare(worlds)
    pure, whole = asyncio.run(turns(worlds.now()))
    return {
        "pure turn: state in, state and messages out": spread(pure),
        "the same from bytes to bytes, as the store takes it": spread(whole),
        "evaluation of one complete consultation": spread(evaluations()),
    }


def main() -> None:
    """Print the table."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    rows = [(name, str(found), str(found.tried)) for name, found in measure().items()]
    print(machine() + "\n")
    print(table(["what", "median, µs", "different ones tried"], rows))


if __name__ == "__main__":
    main()
