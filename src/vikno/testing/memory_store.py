"""Conversations in memory: the store's promises without a disk, for tests of whatever holds conversations."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from vikno.usecases.ports import Clock, Conversation, Effect, Kept, Status, Step, StoreClosed, check_names


@dataclass(slots=True)
class Shelf:
    """What a memory store keeps; give it to the next store, and that one is the first reopened."""

    states: dict[str, bytes] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)
    keys: dict[tuple[str, str], tuple[int, int, int]] = field(default_factory=dict)
    """(conversation, event): position of the last effect, how many there are, created_ms."""
    effects: dict[tuple[str, int], Effect] = field(default_factory=dict)
    """By conversation and position, in the order in which they were kept."""
    number: int = 0
    """Of the effect kept last."""


class MemoryStore:
    """Keeps what `ConversationStore`, `Outbox` and `Upkeep` promise, for as long as its shelf lives."""

    def __init__(self, clock: Clock, shelf: Shelf | None = None) -> None:
        self._clock = clock
        self._shelf = Shelf() if shelf is None else shelf
        self._closed = False

    async def turn(self, conversation: str, event: str, step: Step) -> Kept:
        """Hold one turn; there is no await within, so that no other turn comes between."""
        check_names(conversation, event)
        self._check_open()
        shelf, now_ms = self._shelf, self._clock()
        if (key := shelf.keys.get((conversation, event))) is not None:
            last, count, _ = key
            first = range(last - count + 1, last + 1)
            return Kept(tuple(shelf.effects[conversation, position].payload for position in first), True, last)
        taken = step(shelf.states.get(conversation))
        position = shelf.positions.get(conversation, 0)
        for payload in taken.effects:
            position += 1
            status: Status = "done" if taken.fetched else "waiting"
            shelf.number += 1
            effect = Effect(conversation, event, position, payload, now_ms, status, shelf.number)
            shelf.effects[conversation, position] = effect
        shelf.states[conversation], shelf.positions[conversation] = taken.state, position
        shelf.keys[conversation, event] = position, len(taken.effects), now_ms
        return Kept(taken.effects, False, position)

    async def read(self, conversation: str) -> bytes | None:
        """The state as of the last turn; None for a conversation that has not begun."""
        self._check_open()
        return self._shelf.states.get(conversation)

    async def page(self, after: str = "", limit: int = 500) -> tuple[Conversation, ...]:
        """Up to `limit` conversations whose names come after `after`, in the order of their names."""
        self._check_open()
        names = sorted(name for name in self._shelf.states if name > after)
        return tuple(Conversation(name, self._shelf.states[name]) for name in names[:limit])

    async def since(self, conversation: str, position: int, limit: int = 200) -> tuple[Effect, ...]:
        """The effects of one conversation after `position`, in order."""
        self._check_open()
        mine = [e for e in self._shelf.effects.values() if e.conversation == conversation and e.position > position]
        return tuple(mine[:limit])

    async def waiting(self, limit: int = 200, after: int = 0, prefix: str = "") -> tuple[Effect, ...]:
        """Effects that somebody has to carry out, those kept first first."""
        self._check_open()
        waiting = [e for e in self._shelf.effects.values() if e.status == "waiting" and e.number > after]
        return tuple([e for e in waiting if e.conversation.startswith(prefix)][:limit])

    async def done(self, conversation: str, position: int) -> None:
        """Mark one effect as carried out."""
        self._check_open()
        if (effect := self._shelf.effects.get((conversation, position))) is not None:
            self._shelf.effects[conversation, position] = replace(effect, status="done")

    async def prune(self, before_ms: int, limit: int = 500) -> int:
        """Forget up to `limit` old dedupe keys, or else old done effects; how many it was."""
        self._check_open()
        keys = [key for key, (_, _, created_ms) in self._shelf.keys.items() if created_ms < before_ms][:limit]
        for key in keys:
            del self._shelf.keys[key]
        if keys:
            self._forget_empty({conversation for conversation, _ in keys})
            return len(keys)
        effects = self._shelf.effects.items()
        old = [at for at, e in effects if e.status == "done" and e.created_ms < before_ms][:limit]
        for at in old:
            del self._shelf.effects[at]
        self._forget_empty({conversation for conversation, _ in old})
        return len(old)

    async def forget(self, conversation: str) -> None:
        """Forget one conversation with all that was kept of it."""
        self._check_open()
        rows: tuple[dict[tuple[str, Any], Any], ...] = (self._shelf.keys, self._shelf.effects)
        for kept in rows:
            for at in [at for at in kept if at[0] == conversation]:
                del kept[at]
        self._forget_empty({conversation})

    async def close(self) -> None:
        """Refuse turns that come later."""
        self._closed = True

    def _forget_empty(self, conversations: set[str]) -> None:
        """Forget those of which no key and no effect is left."""
        full = {conversation for conversation, _ in (*self._shelf.keys, *self._shelf.effects)}
        for conversation in conversations - full:
            self._shelf.states.pop(conversation, None)
            self._shelf.positions.pop(conversation, None)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreClosed
