"""Notices: what waits to be sent, who takes it, and what became of it (`NoticeQueue`)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import apsw

from vikno.domain.notify.fair import Fair
from vikno.stores.sqlite.addresses import People, begin_address, find_addresses
from vikno.stores.sqlite.asked import Write
from vikno.stores.sqlite.desk import Desk
from vikno.stores.sqlite.queries import change, rows, statements
from vikno.usecases.channel import DeadAddress, Misconfigured, Outcome, RetryAfter, Sent, Unknown
from vikno.usecases.records import MOST_COUNTED, NoticeKept, NoticeMade, NoticeStatus, Settled, Withheld, check_batch

_SQL = statements("notices.sql")
_LAST, _KEEP = _SQL["last_notice"], _SQL["keep_notice"]
_FIND_OLDER, _REPLACE_OLDER = _SQL["find_older"], _SQL["replace_older"]
_FIND_DUE, _EXPIRE, _TAKE, _GIVE_BACK = _SQL["find_due"], _SQL["expire"], _SQL["take"], _SQL["give_back"]
_SETTLE, _SETTLE_SENT, _ACCOUNT = _SQL["settle"], _SQL["settle_sent"], _SQL["read_account"]
_DROP_FORLORN, _REPLACE_OVERTAKEN = _SQL["drop_forlorn"], _SQL["replace_overtaken"]
_RECOVER, _REPLAY = _SQL["recover"], _SQL["replay"]
_FIND_MESSAGE, _CHANGE_STATUS = _SQL["find_message"], _SQL["change_status"]
_NEXT_FLOW = statements("notifications.sql")["next_flow"]
_INBOX, _LETTERS, _ALL_LETTERS = _SQL["read_inbox"], _SQL["read_letters"], _SQL["read_all_letters"]

MOST_EARLY = 4096
"""Receipts that come before the answer to what they are about are remembered, this many of them."""
MOST_EXPIRED = 128
"""Looked at in one go when what is due turns out to be past its time."""
MOST_ROUNDS = 4
"""So often in one transaction."""

_RANK: dict[str, int] = {"sending": 0, "unknown": 0, "sent": 1, "permanent-failure": 2, "delivered": 3, "read": 4}
"""A receipt changes a status only to a later one, so that their order does not matter."""
_REPORTED: dict[str, NoticeStatus] = {
    "sent": "sent", "failed": "permanent-failure", "delivered": "delivered", "read": "read",
}  # fmt: skip


class Notices(Desk):
    """Keeps notices. Those that wait have a moment when they are due; the indexes hold no others."""

    @cached_property
    def _early(self) -> dict[tuple[str, str], tuple[str, str]]:
        """Receipts of messages that no notice has yet. Lost with the process, which does no harm."""
        return {}

    @cached_property
    def _fair(self) -> dict[tuple[str, str], Fair]:
        """Of each account and lane, whose turn it is. Lost with the process, which does no harm."""
        return {}

    async def queue(self, notices: Sequence[NoticeMade], now_ms: int) -> tuple[int, ...]:
        """Keep notices that no case has planned; their ids."""
        check_batch(notices)
        made = [Planned(None, notice) for notice in notices]
        return await self._in_parts(made, lambda writing, part: keep_notices(writing, part, now_ms))

    async def lease(self, account: str, lane: str, limit: int, now_ms: int) -> tuple[NoticeKept, ...]:
        """Take up to `limit` that are due and mark them `sending`, on disk before this returns."""
        while True:
            fair = self._fair.setdefault((account, lane), Fair())
            lease = Lease(account, lane, max(0, limit), now_ms, fair)  # to SQLite a limit below zero is none
            try:
                await self._ask(self._writes, Write(lease.take))
            except asyncio.CancelledError:
                await self._undo(lease)
                raise
            if lease.taken or not lease.goes_on:
                return lease.as_taken()

    async def _undo(self, lease: Lease) -> None:
        """Whoever asked goes only when what it took is given back: nothing of it was sent, nor is it `sending`."""
        if self._closing and self._task is None:
            return
        undone = Write(lease.give_back)
        self._put(self._writes, undone)
        await asyncio.wait([undone.answer])

    async def settle(self, settled: Sequence[Settled], now_ms: int) -> None:
        """Record outcomes."""
        check_batch(settled)

        def settle_them(writing: apsw.Cursor) -> None:
            for one in settled:
                self._settle(writing, one, now_ms)

        await self._share(settle_them)

    async def give_back(self, ids: Sequence[int], due_ms: int, now_ms: int) -> None:
        """Those that were leased and have not left wait again."""
        check_batch(ids)
        await self._share(lambda writing: _give_back(writing, ids, due_ms, now_ms))

    async def depth(self, account: str, lane: str) -> int:
        """How many wait there."""
        return int(self._all(_SQL["count_waiting"], account, lane, MOST_COUNTED)[0][0])

    async def recover(self, account: str, now_ms: int) -> int:
        """At the start: what a process that is gone had marked `sending` is `unknown`; how many it were."""
        return await self._share(lambda writing: change(writing, _RECOVER, now_ms, account))

    async def report(self, account: str, message: str, state: str, now_ms: int, reason: str = "") -> bool:
        """A receipt; whether it was about a notice."""

        def report_it(writing: apsw.Cursor) -> bool:
            found = _report(writing, (account, message), (state, reason), now_ms)
            if not found:
                self._remember((account, message), (state, reason))
            return found

        return await self._share(report_it)

    async def inbox(self, conversation: str, before: int | None = None, limit: int = 50) -> tuple[NoticeKept, ...]:
        """What was said to this person and what became of it, the latest first."""
        kept = self._all(_INBOX, conversation, 2**63 - 1 if before is None else before, limit)
        return tuple(NoticeKept(*row) for row in kept)

    async def letters(self, account: str | None, after: int = 0, limit: int = 100) -> tuple[NoticeKept, ...]:
        """Those that failed for good, expired or are unknown, for an operator."""
        if account is None:
            return tuple(NoticeKept(*row) for row in self._all(_ALL_LETTERS, after, limit))
        return tuple(NoticeKept(*row) for row in self._all(_LETTERS, account, after, limit))

    async def replay(self, ids: Sequence[int], now_ms: int, expires_ms: int) -> int:
        """Let an operator try again what is among `letters`; how many it were."""
        check_batch(ids)
        return await self._share(lambda writing: sum(change(writing, _REPLAY, now_ms, expires_ms, one) for one in ids))

    def _remember(self, about: tuple[str, str], receipt: tuple[str, str]) -> None:
        before = self._early.get(about)
        if before is None or _RANK[_REPORTED[receipt[0]]] > _RANK[_REPORTED[before[0]]]:
            self._early[about] = receipt
        while len(self._early) > MOST_EARLY:
            del self._early[next(iter(self._early))]

    def _settle(self, writing: apsw.Cursor, one: Settled, now_ms: int) -> None:
        outcome = one.outcome
        if isinstance(outcome, Sent):
            writing.execute(_SETTLE_SENT, (outcome.message, now_ms, one.id))
            for (account,) in rows(writing, _ACCOUNT, one.id) if self._early else ():
                if (early := self._early.get((account, outcome.message))) is not None:
                    _report(writing, (account, outcome.message), early, now_ms)
            return
        again_ms = one.again_ms if isinstance(outcome, RetryAfter | Misconfigured) else None
        status = "temporary-failure" if again_ms is not None else _status(outcome)
        writing.execute(_SETTLE, (status, again_ms, "", outcome.reason, now_ms, one.id))
        if again_ms is not None:
            writing.execute(_DROP_FORLORN, (one.id,))
            writing.execute(_REPLACE_OVERTAKEN, (one.id,))


@dataclass(slots=True)
class Lease:
    """What a sender takes."""

    account: str
    lane: str
    limit: int
    now_ms: int
    fair: Fair
    taken: list[NoticeKept] = field(default_factory=list)
    """As they were before."""
    goes_on: bool = False
    """There may be more beyond what was past its time."""

    def take(self, writing: apsw.Cursor) -> None:
        """Mark what is due, inside a transaction, of each queue its share."""
        flows = self._flows(writing)
        while flows and len(self.taken) < self.limit:
            weights = _weights(flows)
            for flow, share in self.fair.share(weights, self.limit - len(self.taken)).items():
                found = self._take_of(writing, flow, share) if share else []
                writing.executemany(_TAKE, [(self.now_ms, notice.id) for notice in found])
                self.taken += found
                if len(found) < share:
                    self.fair.give_back(flow, share - len(found), weights[flow])
                    del flows[flow]

    def _take_of(self, writing: apsw.Cursor, flow: int, limit: int) -> list[NoticeKept]:
        """What is due in one queue. What is past its time expires first: it hides nobody."""
        found, past = self._due(writing, flow, limit), list[tuple[int, int]]()
        for _ in range(MOST_ROUNDS):
            past = [(self.now_ms, notice.id) for notice in found if notice.expires_ms <= self.now_ms]
            if not past:
                break
            writing.executemany(_EXPIRE, past)
            found = self._due(writing, flow, max(limit, MOST_EXPIRED))
        self.goes_on |= bool(past)
        return [notice for notice in found if notice.expires_ms > self.now_ms][:limit]

    def _flows(self, writing: apsw.Cursor) -> dict[int, tuple[int, float]]:
        """The queues in which something is due, each with whose it is and their weight."""
        flows, last = dict[int, tuple[int, float]](), -1
        while found := rows(writing, _NEXT_FLOW, self.account, self.lane, last, self.now_ms):
            last, is_due, state, owner, weight = found[0]
            if is_due and state == "running":
                flows[last] = owner, weight
            elif is_due:
                self._expire_some(writing, last)
        return flows

    def _expire_some(self, writing: apsw.Cursor, flow: int) -> None:
        """In a queue that stands still nothing is taken, but what is past its time is told so."""
        if any(notice.expires_ms <= self.now_ms for notice in self._due(writing, flow, 1)):
            past = [notice.id for notice in self._due(writing, flow, MOST_EXPIRED) if notice.expires_ms <= self.now_ms]
            writing.executemany(_EXPIRE, [(self.now_ms, notice) for notice in past])

    def _due(self, writing: apsw.Cursor, flow: int, limit: int) -> list[NoticeKept]:
        return [NoticeKept(*row) for row in rows(writing, _FIND_DUE, self.account, self.lane, self.now_ms, limit, flow)]

    def as_taken(self) -> tuple[NoticeKept, ...]:
        """As they are now."""
        return tuple(replace(one, status="sending", tries=one.tries + 1, changed_ms=self.now_ms) for one in self.taken)

    def give_back(self, writing: apsw.Cursor) -> None:
        """Whoever asked has gone before it could know; it is as if it had not been taken."""
        _give_back(writing, [notice.id for notice in self.taken], self.now_ms, self.now_ms)


def _weights(flows: Mapping[int, tuple[int, float]]) -> dict[int, float]:
    """Of each queue: its organisation's weight, shared among those of its queues that wait."""
    queues = Counter(owner for owner, _ in flows.values())
    return {flow: weight / queues[owner] for flow, (owner, weight) in flows.items()}


@dataclass(frozen=True, slots=True)
class Planned:
    """A notice and the case that has planned it."""

    case: int | None
    notice: NoticeMade


def keep_notices(writing: apsw.Cursor, made: Sequence[Planned], now_ms: int, known: People | None = None) -> range:
    """Keep notices inside a transaction; their ids. Older ones that wait with the same subject are replaced.

    One for somebody who has left is dropped from the start: it stands in the inbox. `known` people are not looked up.
    """
    first = (writing.execute(_LAST).get or 0) + 1
    ids = range(first, first + len(made))
    if not made:
        return ids
    people = known or {}
    people |= find_addresses(writing, {one.notice.conversation for one in made} - people.keys())
    kept, latest = [], dict[tuple[int, str], int]()
    for number, one in enumerate(made):
        notice = one.notice
        if notice.conversation not in people:
            people[notice.conversation] = begin_address(writing, notice.conversation, notice.account), True
        if notice.subject:
            latest[people[notice.conversation][0], notice.subject] = number
    for number, one in enumerate(made):
        notice = one.notice
        address, alive = people[notice.conversation]
        overtaken = latest.get((address, notice.subject), number) != number
        status = "dropped" if not alive else "replaced" if overtaken else "created"
        due_ms = notice.not_before_ms if status == "created" else None
        kept.append((
            ids[number], address, notice.account, notice.lane, status, due_ms, notice.expires_ms, now_ms, now_ms,
            one.case, notice.subject, notice.payload,
        ))  # fmt: skip
    older = writing.executemany(_FIND_OLDER, list(latest)).fetchall()
    writing.executemany(_REPLACE_OLDER, [(now_ms, notice) for (notice,) in older])
    writing.executemany(_KEEP, kept)
    return ids


def _give_back(writing: apsw.Cursor, ids: Sequence[int], due_ms: int, now_ms: int) -> None:
    writing.executemany(_GIVE_BACK, [(due_ms, now_ms, one) for one in ids])
    writing.executemany(_DROP_FORLORN, [(one,) for one in ids])
    writing.executemany(_REPLACE_OVERTAKEN, [(one,) for one in ids])


def _status(outcome: Outcome | Withheld) -> NoticeStatus:
    """Of what is not tried again."""
    if isinstance(outcome, Unknown):
        return "unknown"
    return "permanent-failure" if isinstance(outcome, DeadAddress | Withheld) else "technical-failure"


def _report(writing: apsw.Cursor, about: tuple[str, str], receipt: tuple[str, str], now_ms: int) -> bool:
    status, reason = _REPORTED[receipt[0]], receipt[1]
    for notice, before in rows(writing, _FIND_MESSAGE, *about):
        if _RANK[status] > _RANK.get(before, _RANK["read"]):
            writing.execute(_CHANGE_STATUS, (status, reason, now_ms, notice))
        return True
    return False
