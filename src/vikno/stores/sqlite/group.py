"""One group: the turns that share a transaction, and with it one wait for the disk.

A turn's changes are gathered in memory and written when every step of the group has been taken. So a step that
fails leaves nothing to undo, its companions are not touched, and each table is written in one go.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import apsw

from vikno.stores.sqlite import queries
from vikno.usecases.ports import Kept, Status, Step


@dataclass(slots=True)
class _Row:
    """A conversation as the group has left it so far; `id` 0 until it has begun."""

    id: int
    state: bytes | None
    position: int


@dataclass(slots=True)
class Group:
    """Holds turns inside a transaction; nothing is on record before its COMMIT."""

    writing: apsw.Cursor
    now_ms: int
    _rows: dict[str, _Row] = field(default_factory=dict)
    _begun: set[int] = field(default_factory=set)
    _last_id: int | None = None
    _kept: dict[tuple[str, str], Kept] = field(default_factory=dict)
    _keys: list[tuple[int, str, int, int, int]] = field(default_factory=list)
    _effects: list[tuple[int, str, int, bytes, int, Status]] = field(default_factory=list)

    def turn(self, conversation: str, event: str, step: Step) -> Kept:
        """Hold one turn. Whatever `step` raises is raised, with nothing of this turn in the group."""
        row = self._rows.get(conversation) or self._find(conversation)
        if (repeated := self._find_answer(row, conversation, event)) is not None:
            return repeated
        taken = step(row.state)
        row_id, position = row.id or self._next_id(), row.position
        status: Status = "done" if taken.fetched else "waiting"
        for payload in taken.effects:
            position += 1
            self._effects.append((row_id, event, position, payload, self.now_ms, status))
        self._keys.append((row_id, event, position, len(taken.effects), self.now_ms))
        row.id, row.state, row.position = row_id, taken.state, position
        self._rows[conversation] = row
        kept = self._kept[conversation, event] = Kept(taken.effects, False, position)
        return kept

    def write(self) -> None:
        """Write what the turns have changed; COMMIT is the caller's."""
        rows = self._rows.items()
        begun = [(row.id, name, row.state, row.position, self.now_ms) for name, row in rows if row.id in self._begun]
        changed = [(row.state, row.position, self.now_ms, row.id) for _, row in rows if row.id not in self._begun]
        self.writing.executemany(queries.BEGIN_CONVERSATION, begun)
        self.writing.executemany(queries.CHANGE_CONVERSATION, changed)
        self.writing.executemany(queries.KEEP_KEY, self._keys)
        self.writing.executemany(queries.KEEP_EFFECT, self._effects)

    def _find(self, conversation: str) -> _Row:
        for found in self.writing.execute(queries.FIND, (conversation,)):
            return _Row(*found)
        return _Row(0, None, 0)

    def _find_answer(self, row: _Row, conversation: str, event: str) -> Kept | None:
        """The answer if this event has had one: in this group, or on record."""
        if (kept := self._kept.get((conversation, event))) is not None:
            return Kept(kept.effects, True, kept.position)
        for position, effects in self.writing.execute(queries.FIND_KEY, (row.id, event)):
            payloads = self.writing.execute(queries.READ_ANSWER, (row.id, position - effects, position))
            return Kept(tuple(payload for (payload,) in payloads), True, position)
        return None

    def _next_id(self) -> int:
        if self._last_id is None:
            self._last_id = self.writing.execute(queries.LAST_CONVERSATION).get
        self._last_id += 1
        self._begun.add(self._last_id)
        return self._last_id
