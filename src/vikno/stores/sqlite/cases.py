"""Cases: their stages, who follows them, and when to look at them again (`CaseBook`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import apsw

from vikno.stores.sqlite.addresses import begin_address, find_addresses
from vikno.stores.sqlite.desk import Desk
from vikno.stores.sqlite.notices import Planned, keep_notices
from vikno.stores.sqlite.queries import change, rows, statements
from vikno.stores.sqlite.reports import Reports, set_timers
from vikno.usecases.ports import check_names
from vikno.usecases.records import (
    CaseGiven,
    CaseKept,
    Decide,
    Decided,
    Due,
    Follower,
    Passed,
    StageGiven,
    Verdict,
    check_batch,
)

_SQL = statements("cases.sql")
_FIND, _FIND_BY_ID, _KEEP, _CHANGE = _SQL["find_case"], _SQL["find_case_by_id"], _SQL["keep_case"], _SQL["change_case"]
_FIND_BY_CODE = _SQL["find_case_by_code"]
_HISTORY, _LISTED = _SQL["read_history"], _SQL["read_listed"]
_FOLLOWERS, _FIND_FOLLOW, _FOLLOW = _SQL["find_followers"], _SQL["find_follow"], _SQL["follow"]
_UNFOLLOW, _UNFOLLOW_ALL, _FOLLOWED = _SQL["unfollow"], _SQL["unfollow_all"], _SQL["read_followed"]
_END_THIS_TIMER, _OVERDUE = _SQL["end_this_timer"], _SQL["read_overdue"]
_DROP_WAITING_OF_CASE = statements("notices.sql")["drop_waiting_of_case"]


class Cases(Desk):
    """Keeps cases."""

    async def put(self, cases: Sequence[CaseGiven], now_ms: int) -> tuple[bool, ...]:
        """Keep cases, or change what is kept of them; for each whether it is new."""
        check_batch(cases)
        return await self._in_parts(cases, lambda writing, part: [_put(writing, case, now_ms) for case in part])

    async def record(self, given: Sequence[StageGiven], decide: Decide, now_ms: int) -> tuple[Verdict, ...]:
        """Record reports in their order; what each came to."""
        check_batch(given)
        return await self._in_parts(given, lambda writing, part: Reports(writing, part, now_ms).record(decide))

    async def case(self, authority: str, number: str) -> CaseKept | None:
        """By its number, with letters and digits as the authority writes them."""
        for row in self._all(_FIND, authority, number):
            return CaseKept(*row)
        return None

    async def case_by_id(self, case: int) -> CaseKept | None:
        """By the number that a signed token carries."""
        for row in self._all(_FIND_BY_ID, case):
            return CaseKept(*row)
        return None

    async def case_by_code(self, authority: str, code: str) -> CaseKept | None:
        """By the digest of its check code, which is bound to its number."""
        for row in self._all(_FIND_BY_CODE, code, authority):
            return CaseKept(*row)
        return None

    async def history(self, case: int) -> tuple[Passed, ...]:
        """Every report of it, in the order they were recorded."""
        return tuple(Passed(*row) for row in self._all(_HISTORY, case))

    async def follow(self, case: int, follower: Follower, now_ms: int) -> bool:
        """Whether it is new."""
        check_names(follower.conversation, follower.account)

        def follow_it(writing: apsw.Cursor) -> bool:
            if not writing.execute(_FIND_BY_ID, (case,)).fetchall():
                return False
            found = find_addresses(writing, [follower.conversation]).get(follower.conversation)
            address = found[0] if found else begin_address(writing, follower.conversation, follower.account)
            new = not writing.execute(_FIND_FOLLOW, (case, address)).fetchall()
            writing.execute(_FOLLOW, (case, address, follower.lang, now_ms))
            return new

        return await self._share(follow_it)

    async def unfollow(self, conversation: str, case: int | None) -> int:
        """Stop following one case, or all; how many it were. Their notices that wait are dropped."""

        def unfollow_it(writing: apsw.Cursor) -> int:
            gone = 0
            for address, _ in find_addresses(writing, [conversation]).values():
                statement, values = (_UNFOLLOW_ALL, (address,)) if case is None else (_UNFOLLOW, (address, case))
                cases = writing.execute(statement, values).fetchall()
                writing.executemany(_DROP_WAITING_OF_CASE, [(self._clock(), address, one) for (one,) in cases])
                gone += len(cases)
            return gone

        return await self._share(unfollow_it)

    async def followed(self, conversation: str) -> tuple[CaseKept, ...]:
        """What this person follows, the latest first."""
        return tuple(CaseKept(*row) for row in self._all(_FOLLOWED, conversation))

    async def followers(self, case: int) -> tuple[Follower, ...]:
        """Who follows it; nobody who has left, no dead address."""
        return tuple(Follower(*row[2:]) for row in self._all(_FOLLOWERS, case))

    async def overdue(self, now_ms: int, limit: int = 200) -> tuple[Due, ...]:
        """Timers that are due, the oldest first."""
        return tuple(Due(CaseKept(*row[:-2]), *row[-2:]) for row in self._all(_OVERDUE, now_ms, limit))

    async def came_due(self, due: Due, decided: Decided, now_ms: int) -> bool:
        """Carry out what a timer came to, if it is still the same timer."""

        def carry_out(writing: apsw.Cursor) -> bool:
            if not change(writing, _END_THIS_TIMER, due.case.id, due.kind, due.due_ms):
                return False
            case = due.case.id
            set_timers(writing, {(case, timer.kind): timer.due_ms for timer in decided.timers})
            # It was decided before this transaction: who has stopped following or was erased since hears nothing.
            people = {who: (address, True) for _, address, who, *_ in rows(writing, _FOLLOWERS, case)}
            made = [Planned(case, notice) for notice in decided.notices if notice.conversation in people]
            keep_notices(writing, made, now_ms, people)
            return True

        return await self._share(carry_out)

    async def listed(self, authority: str, after: int = 0, limit: int = 100) -> tuple[CaseKept, ...]:
        """An authority's cases, for its staff, by id."""
        return tuple(CaseKept(*row) for row in self._all(_LISTED, authority, after, limit))


def _put(writing: apsw.Cursor, given: CaseGiven, now_ms: int) -> bool:
    """Whether it is new."""
    for row in rows(writing, _FIND, given.authority, given.number):
        before = CaseKept(*row)
        opened_ms = given.opened_ms or before.opened_ms
        after = replace(before, service=given.service, code=given.code, office=given.office, opened_ms=opened_ms)
        if after != before:
            writing.execute(_CHANGE, (after.service, after.code, after.office, after.opened_ms, after.id))
        return False
    opened_ms = given.opened_ms or now_ms
    writing.execute(_KEEP, (given.authority, given.number, given.service, given.code, given.office, opened_ms))
    return True
