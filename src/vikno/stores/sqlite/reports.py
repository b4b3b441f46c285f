"""Reports of stages: some of them are read, decided and written in a few statements for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import apsw

from vikno.stores.sqlite.addresses import People
from vikno.stores.sqlite.notices import Planned, keep_notices
from vikno.stores.sqlite.queries import statements
from vikno.usecases.records import CaseKept, Decide, Follower, StageGiven, Verdict

_SQL = statements("cases.sql")
_FIND_REPORT, _FIND_CASE, _FIND_FOLLOWERS = _SQL["find_report"], _SQL["find_case"], _SQL["find_followers"]
_KEEP_REPORT, _MOVE_CASE = _SQL["keep_report"], _SQL["move_case"]
_SET_TIMER, _END_TIMER = _SQL["set_timer"], _SQL["end_timer"]

_KEPT: tuple[Verdict, ...] = ("reached", "again", "late")
"""What was refused leaves nothing, so that the same event may come again once it can be taken."""


class Reports:
    """A part of a batch inside a transaction."""

    def __init__(self, writing: apsw.Cursor, given: Sequence[StageGiven], now_ms: int) -> None:
        """Read what the reports are about."""
        self._writing, self._given, self._now_ms = writing, given, now_ms
        events = [(report.authority, report.event) for report in given]
        self._seen = set(writing.executemany(_FIND_REPORT, events).fetchall())
        numbers = {(report.authority, report.number) for report in given}
        cases = [CaseKept(*row) for row in writing.executemany(_FIND_CASE, numbers)]
        self._cases = {(case.authority, case.number): case for case in cases}
        self._followers: dict[int, list[Follower]] = {case.id: [] for case in cases}
        self._people: People = {}
        found: list[Any] = writing.executemany(_FIND_FOLLOWERS, [(case.id,) for case in cases]).fetchall()
        for case, address, *follower in found:
            self._followers[case].append(Follower(*follower))
            self._people[follower[0]] = address, True

    def record(self, decide: Decide) -> list[Verdict]:
        """Decide on each in its order, then write what came of all."""
        verdicts: list[Verdict] = []
        moved: dict[int, CaseKept] = {}
        timers: dict[tuple[int, str], int | None] = {}
        notices: list[Planned] = []
        history = []
        for report in self._given:
            event, number = (report.authority, report.event), (report.authority, report.number)
            if event in self._seen:
                verdicts.append("repeated")
                continue
            if (case := self._cases.get(number)) is None:
                verdicts.append("no_case")
                continue
            decided = decide(case, report, tuple(self._followers[case.id]))
            verdicts.append(decided.verdict)
            if decided.verdict not in _KEPT:
                continue
            self._seen.add(event)
            history.append((case.id, *event, report.stage, report.at_ms, self._now_ms, decided.verdict))
            if decided.verdict == "reached":
                case = replace(case, stage=report.stage, stage_ms=report.at_ms)
                self._cases[number] = moved[case.id] = case
            timers |= {(case.id, timer.kind): timer.due_ms for timer in decided.timers}
            notices += [Planned(case.id, notice) for notice in decided.notices]
        self._writing.executemany(_KEEP_REPORT, history)
        self._writing.executemany(_MOVE_CASE, [(case.stage, case.stage_ms, case.id) for case in moved.values()])
        set_timers(self._writing, timers)
        keep_notices(self._writing, notices, self._now_ms, self._people)
        return verdicts


def set_timers(writing: apsw.Cursor, timers: Mapping[tuple[int, str], int | None]) -> None:
    """Set or end timers, each by its case and kind."""
    writing.executemany(_END_TIMER, [timer for timer, due_ms in timers.items() if due_ms is None])
    writing.executemany(_SET_TIMER, [(*timer, due_ms) for timer, due_ms in timers.items() if due_ms is not None])
