"""Notifications inside a transaction: kept with their first tries, moved on to the next ones, held back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import apsw

from vikno.stores.sqlite.queries import change, rows, statements
from vikno.usecases.notifications import (
    OPEN,
    Addressed,
    KeptNotifications,
    Moved,
    NotificationMade,
    Request,
    RequestRepeated,
    StepMade,
)

_SQL = statements("notifications.sql")
_KEEP, _KEEP_TRY, _KEEP_ADDRESS = _SQL["keep_notification"], _SQL["keep_try"], _SQL["keep_address"]
_LAST, _LAST_ADDRESS, _FIND_NUMBER = _SQL["last_notification"], _SQL["last_address"], _SQL["find_number"]
_FIND_PLAN, _KEEP_PLAN, _USE_PLAN = _SQL["find_plan"], _SQL["keep_plan"], _SQL["use_plan"]
_NOBODY = Addressed("", "", b"")


def answered(writing: apsw.Cursor, request: Request | None) -> KeptNotifications | None:
    """What a request was answered that came before; raises RequestRepeated where it was another one."""
    if request is not None:
        for digest, first, count in rows(writing, _SQL["find_request"], request.organisation, request.key):
            if digest != request.digest:
                raise RequestRepeated
            return KeptNotifications(tuple(range(first, first + count)), repeated=True)
    return None


def note(writing: apsw.Cursor, ids: Sequence[int], now_ms: int, request: Request | None) -> KeptNotifications:
    """Remember what a request was answered. The numbers of one transaction follow one another."""
    if request is not None:
        first = ids[0] if ids else 0
        values = (request.organisation, request.key, request.digest, first, len(ids), now_ms)
        writing.execute(_SQL["keep_request"], values)
    return KeptNotifications(tuple(ids))


def keep(writing: apsw.Cursor, made: Sequence[NotificationMade], now_ms: int) -> range:
    """Keep them inside a transaction; their numbers."""
    first = (writing.execute(_LAST).get or 0) + 1
    ids = range(first, first + len(made))
    numbers = _numbers(writing, made)
    plans = _plans(writing, made)
    kept, tries = list[tuple[Any, ...]](), list[tuple[Any, ...]]()
    for number, one in zip(ids, made, strict=True):
        step, to, due_ms, index = one.step, one.to.conversation, one.due_ms, -1
        if step is not None:
            index = step.index
            address, alive = numbers.get(step.conversation, (0, False))
            if not alive:  # they have left since it was planned
                due_ms = now_ms
            if address:
                tries.append(_try(address, step, one.flow, number, now_ms, alive=alive))
        ways = "" if one.ways == (to,) else json.dumps([numbers.get(way, (0, False))[0] for way in one.ways])
        kept.append((
            number, one.organisation, one.flow, one.template, numbers[to][0], ways, plans[one.plan], one.sealed,
            one.lang, one.key, one.kind, one.direction, one.reference, one.status, one.reason, index, now_ms, now_ms,
            now_ms if one.status in ("sent", "delivered") else None, None if one.status in OPEN else now_ms,
            one.expires_ms, due_ms, one.micros,
        ))  # fmt: skip
    writing.executemany(_KEEP, kept)
    writing.executemany(_KEEP_TRY, tries)
    return ids


def _numbers(writing: apsw.Cursor, made: Sequence[NotificationMade]) -> Mapping[str, tuple[int, bool]]:
    """Of each address that is named its number and whether anybody is there; one that is not known yet begins."""
    names = {way for one in made for way in one.ways}
    names |= {one.to.conversation for one in made}
    found, unsealed, begun = dict[str, tuple[int, bool]](), dict[str, Addressed](), dict[str, Addressed]()
    known = {name: row for name, *row in writing.execute(_FIND_NUMBER, (json.dumps([*names]),))}
    for name, (number, status, sealed) in known.items():
        found[str(name)] = int(number), status == "alive"
        if not sealed:
            unsealed[str(name)] = _NOBODY
    for to in (to for one in made for to in (one.to, *one.others)):
        if to.conversation not in found:
            begun.setdefault(to.conversation, to)
        elif to.conversation in unsealed:
            unsealed[to.conversation] = to
    if begun:
        last = writing.execute(_LAST_ADDRESS).get or 0
        rows_of = [(last + nth, to.conversation, to.account, to.sealed) for nth, to in enumerate(begun.values(), 1)]
        writing.executemany(_KEEP_ADDRESS, rows_of)
        found |= {row[1]: (row[0], True) for row in rows_of}
    given = [(to.sealed, found[name][0]) for name, to in unsealed.items() if to is not _NOBODY]
    writing.executemany(_SQL["give_address"], given)
    return found


def _plans(writing: apsw.Cursor, made: Sequence[NotificationMade]) -> Mapping[bytes, int]:
    """The number of each plan, used once more by each that has it."""
    numbers = {}
    for body, uses in Counter(one.plan for one in made).items():
        digest = blake2b(body, digest_size=16).digest()
        number = next((one for (one,) in rows(writing, _FIND_PLAN, digest)), None)
        numbers[body] = number or int(writing.execute(_KEEP_PLAN, (digest, body)).get)
        writing.execute(_USE_PLAN, (uses, numbers[body]))
    return numbers


def _try(address: int, step: StepMade, flow: int, notification: int, now_ms: int, *, alive: bool) -> tuple[Any, ...]:
    status, due_ms = ("created", step.not_before_ms) if alive else ("dropped", None)
    return (
        address, step.account, step.lane, status, due_ms, step.expires_ms, now_ms, now_ms, flow, notification,
        step.index,
    )  # fmt: skip


def move(writing: apsw.Cursor, one: Moved, now_ms: int) -> int:
    step, due_ms = one.step, one.due_ms
    left = one.status in ("sending", "sent", "delivered")
    done = change(
        writing, _SQL["move"], one.status, one.reason, due_ms, None if step is None else step.index, now_ms, left,
        one.ends, one.micros, one.id, one.seen_ms,
    )  # fmt: skip
    if not done:
        writing.execute(_SQL["look_again"], (now_ms, one.id))
        return 0
    if one.held:
        hold_back(writing, one.id, now_ms)
    if step is not None:
        reached = False
        for flow, address, status in rows(writing, _SQL["flow_and_address"], one.id, step.conversation):
            reached = status == "alive"
            writing.execute(_KEEP_TRY, _try(address, step, flow, one.id, now_ms, alive=reached))
        if not reached:  # they have left since it was decided
            due_ms = now_ms
    if one.held or due_ms != one.due_ms:  # the trigger has seen notices go: nothing about that is new
        writing.execute(_SQL["set_due"], (due_ms, one.id))
    if one.traced:
        writing.execute(_SQL["keep_trace"], (one.id, now_ms, one.traced))
    return 1


def hold_back(writing: apsw.Cursor, notification: int, now_ms: int) -> None:
    """Its notices that wait do not go."""
    waiting = rows(writing, _SQL["find_waiting_tries"], notification)
    writing.executemany(_SQL["hold_back"], [(now_ms, notice) for (notice,) in waiting])
