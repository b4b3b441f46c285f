"""What a page that comes back hears first: the last turn, at a cost that does not grow with the conversation."""

from __future__ import annotations

from typing import Any

import pytest

from vikno.portal.streams import PAGE, Streams
from vikno.usecases.ports import Effect

MOST_READS = 40


class Said:
    """An outbox of one conversation, three effects a turn, that counts how often it is read."""

    def __init__(self, effects: int, forgotten: int = 0) -> None:
        self.effects, self.forgotten, self.reads = effects, forgotten, 0

    async def since(self, conversation: str, position: int, limit: int = 200) -> tuple[Effect, ...]:
        self.reads += 1
        first = max(position, self.forgotten) + 1
        return tuple(
            Effect(conversation, f"e{(at + 2) // 3}", at, b"{}", 0, "done")
            for at in range(first, min(self.effects, first + limit - 1) + 1)
        )


@pytest.mark.parametrize("forgotten", [0, 1, 2, 150])
@pytest.mark.parametrize("effects", [0, 1, 3, 7, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 401, 1023, 100_000])
async def test_the_last_turn_is_found_in_a_few_reads(effects: int, forgotten: int) -> None:
    said = Said(effects, min(forgotten, effects))
    outbox: Any = said
    last = await Streams(outbox).last("web:a")
    event = f"e{(effects + 2) // 3}"
    positions = [at for at in range(said.forgotten + 1, effects + 1) if f"e{(at + 2) // 3}" == event]
    assert [effect.position for effect in last] == positions
    assert said.reads <= MOST_READS
