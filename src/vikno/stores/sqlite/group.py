"""One group: the turns that share a transaction, and with it one wait for the disk.

A turn's changes are gathered in memory and written when every step of the group has been taken. So a step that
fails leaves nothing to undo, its companions are not touched, and each table is written in one go.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from vikno.stores.sqlite import queries
from vikno.usecases.ports import Kept, Step


@dataclass(slots=True)
class _Row:
    """A conversation as the group has left it so far; `id` 0 until it has begun."""

    id: int
    state: bytes | None
    position: int


@dataclass(slots=True)
class Group:
    """Holds turns on a connection that is inside a transaction; nothing is on record before its COMMIT."""

    connection: sqlite3.Connection
    now_ms: int
    _rows: dict[str, _Row] = field(default_factory=dict)
    _begun: set[int] = field(default_factory=set)
    _last_id: int | None = None
    _answered: dict[tuple[str, str], Kept] = field(default_factory=dict)
    _keys: list[tuple[int, str, int, int, int]] = field(default_factory=list)
    _effects: list[tuple[int, str, int, bytes, int, str]] = field(default_factory=list)

    def turn(self, conversation: str, event: str, step: Step) -> Kept:
        """Hold one turn. Whatever `step` raises is raised, with nothing of this turn in the group."""
        row = self._rows.get(conversation)
        if row is None:
            row, repeated = self._find(conversation, event)
        else:
            repeated = self._answered.get((conversation, event)) or self._answer(row.id, event)
        if repeated is not None:
            return repeated
        taken = step(row.state)
        position = row.position
        row_id = row.id or self._next_id()
        status = "done" if taken.fetched else "waiting"
        for payload in taken.effects:
            position += 1
            self._effects.append((row_id, event, position, payload, self.now_ms, status))
        self._keys.append((row_id, event, position, len(taken.effects), self.now_ms))
        row.id, row.state, row.position = row_id, taken.state, position
        self._rows[conversation] = row
        self._answered[conversation, event] = Kept(taken.effects, True, position)
        return Kept(taken.effects, False, position)

    def write(self) -> None:
        """Write what the turns have changed; COMMIT is the caller's."""
        changed = self._rows.items()
        self.connection.executemany(
            queries.BEGIN_CONVERSATION,
            [(r.id, name, r.state, r.position, self.now_ms) for name, r in changed if r.id in self._begun],
        )
        self.connection.executemany(
            queries.CHANGE_CONVERSATION,
            [(r.state, r.position, self.now_ms, r.id) for _, r in changed if r.id not in self._begun],
        )
        self.connection.executemany(queries.KEEP_KEY, self._keys)
        self.connection.executemany(queries.KEEP_EFFECT, self._effects)

    def _find(self, conversation: str, event: str) -> tuple[_Row, Kept | None]:
        found = self.connection.execute(queries.FIND, (conversation, event)).fetchone()
        if found is None:
            return _Row(0, None, 0), None
        row_id, state, position, answered, effects = found
        repeated = None if answered is None else self._repeat(row_id, answered, effects)
        return _Row(row_id, state, position), repeated

    def _answer(self, row_id: int, event: str) -> Kept | None:
        found = self.connection.execute(queries.ANSWERED, (row_id, event)).fetchone()
        return None if found is None else self._repeat(row_id, *found)

    def _repeat(self, row_id: int, position: int, effects: int) -> Kept:
        payloads = self.connection.execute(queries.ANSWER, (row_id, position - effects, position)).fetchall()
        return Kept(tuple(payload for (payload,) in payloads), True, position)

    def _next_id(self) -> int:
        if self._last_id is None:
            (self._last_id,) = self.connection.execute(queries.LAST_CONVERSATION).fetchone()
        self._last_id += 1
        self._begun.add(self._last_id)
        return self._last_id
