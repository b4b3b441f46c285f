"""Import cases: rows of a file, understood one by one, recorded a thousand at a time, and refused with a reason.

A row brings a case (number, service, code), a stage of one (number, stage, at), or both. Everything is idempotent: a
row without an event id gets one of its number, stage and time. So what was imported half can be imported again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import lru_cache
from itertools import islice

from vikno.domain.notify import alike
from vikno.domain.rules.findings import did_you_mean
from vikno.usecases.bring_cases import (
    FORMULA,
    KEPT,
    LEAST_CODE,
    MOST_CODE,
    MOST_EVENT,
    MOST_NUMBER,
    MOST_OFFICE,
    MOST_SERVICE,
    MOST_STAGE,
    Record,
    Stages,
    report_key,
    unlikely,
)
from vikno.usecases.ports import Clock
from vikno.usecases.records import MOST_AT_ONCE, CaseBook, CaseGiven, StageGiven

MOST_LETTERS: Mapping[str, int] = {
    "number": MOST_NUMBER,
    "service": MOST_SERVICE,
    "code": MOST_CODE,
    "office": MOST_OFFICE,
    "opened": 40,
    "event": MOST_EVENT,
    "stage": MOST_STAGE,
    "at": 40,
}
"""The columns, each with how long its cells may be."""

REASONS: Mapping[str, str] = {
    "row_too_long": "the row is longer than 32,768 characters or 100 lines; perhaps a quote is opened and not closed",
    "quote_broken": "a quote is opened and not closed, or something follows a closed one",
    "cells_wrong": "the row has more or fewer cells than the header",
    "json_broken": "the line is no JSON object of texts and whole numbers",
    "column_unknown": "the line has a field that does not exist",
    "encoding_broken": "the row has bytes that are none of its encoding",
    "formula": "a cell begins with = + - or @, which a spreadsheet would compute",
    "not_printable": "a cell has letters that cannot be seen",
    "too_long": "a cell is too long",
    "number_missing": "the row has no number",
    "nothing_given": "the row brings neither a case (service and code) nor a stage",
    "service_missing": "a case needs a service",
    "service_unknown": "there is no such service whose cases can be followed",
    "service_of_others": "cases of this service are another authority's",
    "code_missing": f"a case needs its check code, at least {LEAST_CODE} letters or digits",
    "stage_unknown": "the process has no stage of that name",
    "time_missing": "a stage needs the time when it was reached",
    "time_wrong": "write a day as 2026-03-15 or 15.03.2026, a time as 2026-03-15T10:00 or 15.03.2026 10:00",
    "time_unlikely": "the time lies before 1990 or more than a day ahead",
    "event_twice": "the same event id of this case stands above with something else",
    "no_case": "there is no case of this number; a new one needs its service and its check code",
    "no_stage": "the process of this case has no stage of that name",
}
"""Why a row is refused: code -> what it says."""


@dataclass(frozen=True, slots=True)
class Given:
    """A row as it was read: cells by column, without the spaces around them."""

    row: int
    """As a spreadsheet counts: the header is 1. Of JSONL, the line."""
    line: int
    cells: Mapping[str, str]
    own: Sequence[str] = ()
    """All its cells as they stand in the file, for whoever mends it; none of JSONL."""


@dataclass(frozen=True, slots=True)
class RowRefused:
    """A row that is left out, and why."""

    row: int
    line: int
    code: str
    detail: str = ""
    number: str = ""
    own: Sequence[str] = ()
    """Its cells, or its text in one, as far as they could be read."""

    @classmethod
    def of(cls, given: Given, code: str, detail: str, number: str) -> RowRefused:
        """Of a row whose cells could be read."""
        own = given.own or [given.cells.get(column, "") for column in MOST_LETTERS]
        return cls(given.row, given.line, code, detail, number, own)

    @property
    def reason(self) -> str:
        """In words."""
        return f"{REASONS[self.code]}: {self.detail}" if self.detail else REASONS[self.code]


@dataclass(frozen=True, slots=True)
class Understood:
    """A row whose cells mean something: a case, a stage, or both."""

    given: Given
    case: CaseGiven | None
    stage: StageGiven | None


@dataclass(frozen=True)
class Rules:
    """What rows are understood by."""

    authority: str
    stages: Stages
    """The services of its country that have a process, with their stages."""
    zone: tzinfo
    """Of times that name none."""
    digest: Callable[[str, str], str]
    """What is kept of a check code: from number and code."""
    others: Mapping[str, str] = field(default_factory=dict)
    """The services that the authority has no cases of, each with the authority that has (`bring_cases.of_others`)."""


@dataclass(frozen=True)
class Imported:
    """So far: how many rows, what they came to, and which of the last batch were refused."""

    rows: int
    counts: Counter[str] = field(default_factory=Counter)
    refused: tuple[RowRefused, ...] = ()


async def import_cases(
    rows: Iterable[Given | RowRefused],
    rules: Rules,
    clock: Clock,
    keep: tuple[CaseBook, Record] | None,
    so_far: Imported | None = None,
) -> AsyncIterator[Imported]:
    """Bring rows in, and say after each batch how far it has got. `keep` None: look only, and change nothing.

    `so_far`: what an earlier run had finished; so many rows are passed over. Raises what the store raises; what was
    said to be finished before is on disk then.
    """
    done = so_far or Imported(0)
    waiting = iter(rows)
    for _ in islice(waiting, done.rows):
        pass
    while batch := tuple(islice(waiting, MOST_AT_ONCE)):
        read = [one if isinstance(one, RowRefused) else understood(one, rules, clock()) for one in batch]
        outcomes = _told_apart(read)
        if keep is not None:
            outcomes = await _kept(outcomes, *keep, clock())
        refused = tuple(one for one in outcomes if isinstance(one, RowRefused))
        counts = done.counts.copy()
        counts.update("refused" if isinstance(one, RowRefused) else _counted(one) for one in outcomes)
        done = Imported(done.rows + len(batch), counts, refused)
        yield done


Outcome = RowRefused | Understood | str
"""Of one row: refused, to be recorded, or what it came to."""


def _counted(outcome: Understood | str) -> str:
    return outcome if isinstance(outcome, str) else "ready"


def _told_apart(read: Sequence[RowRefused | Understood]) -> list[Outcome]:
    """Refuse what has the event id of another row with something else in it."""
    seen: dict[str, StageGiven] = {}
    out: list[Outcome] = []
    for one in read:
        if isinstance(one, Understood) and one.stage is not None:
            first = seen.setdefault(one.stage.event, one.stage)
            if first != one.stage:
                event = one.given.cells.get("event", "")
                out.append(RowRefused.of(one.given, "event_twice", event, one.stage.number))
                continue
        out.append(one)
    return out


async def _kept(outcomes: Sequence[Outcome], book: CaseBook, record: Record, now_ms: int) -> list[Outcome]:
    """Record a batch: its cases first, then its stages in their order."""
    rows = [one for one in outcomes if isinstance(one, Understood)]
    cases = list({one.case.number: one.case for one in rows if one.case is not None}.values())  # the last word holds
    new = dict(zip([case.number for case in cases], await book.put(cases, now_ms) if cases else (), strict=True))
    stages = [one.stage for one in rows if one.stage is not None]
    verdicts = iter(await record(stages) if stages else ())
    return [_came_to(one, new, verdicts) if isinstance(one, Understood) else one for one in outcomes]


def _came_to(one: Understood, new: Mapping[str, bool], verdicts: Iterator[str]) -> Outcome:
    if one.stage is None:
        return "new" if one.case is not None and new[one.case.number] else "known"
    verdict = next(verdicts)
    if verdict in KEPT:
        return verdict
    return RowRefused.of(one.given, verdict, one.stage.stage, one.stage.number)


# ---- understanding a row ----


class _Refuse(Exception):
    """Ends the reading of a row: code and detail."""


def understood(given: Given, rules: Rules, now_ms: int) -> Understood | RowRefused:
    """What a row means, or why it is refused."""
    try:
        return _understood(given, rules, now_ms)
    except _Refuse as refuse:
        code, detail = refuse.args
        return RowRefused.of(given, code, detail, given.cells.get("number", "")[:MOST_NUMBER])


def _understood(given: Given, rules: Rules, now_ms: int) -> Understood:
    cells = given.cells
    for column, cell in cells.items():
        _check(column, cell)
    number = cells.get("number", "")
    if not number:
        raise _Refuse("number_missing", "")
    service, code, stage = cells.get("service", ""), cells.get("code", ""), cells.get("stage", "")
    if not (service or code or stage):
        raise _Refuse("nothing_given", "")
    case = _case(number, cells, rules, now_ms) if code or (service and not stage) else None
    report = _report(number, cells, rules, now_ms) if stage else None
    return Understood(given, case, report)


def _case(number: str, cells: Mapping[str, str], rules: Rules, now_ms: int) -> CaseGiven:
    service, code, opened = cells.get("service", ""), cells.get("code", ""), cells.get("opened", "")
    if not service:
        raise _Refuse("service_missing", "")
    if service not in rules.stages:
        raise _Refuse("service_unknown", f"“{service}”{did_you_mean(service, sorted(rules.stages))}")
    if service in rules.others:
        raise _Refuse("service_of_others", f"“{service}”, of {rules.others[service]}")
    if len(alike(code)) < LEAST_CODE:
        raise _Refuse("code_missing", "")
    opened_ms = _time(opened, rules.zone, now_ms) if opened else 0  # as it was, or now for a new case
    return CaseGiven(rules.authority, number, service, rules.digest(number, code), cells.get("office", ""), opened_ms)


def _report(number: str, cells: Mapping[str, str], rules: Rules, now_ms: int) -> StageGiven:
    stage, at = cells["stage"], cells.get("at", "")
    service = cells.get("service", "")
    if service and service not in rules.stages:
        raise _Refuse("service_unknown", f"“{service}”{did_you_mean(service, sorted(rules.stages))}")
    known = rules.stages[service] if service else frozenset().union(*rules.stages.values())
    if stage not in known:
        raise _Refuse("stage_unknown", f"“{stage}”{did_you_mean(stage, sorted(known))}")
    if not at:
        raise _Refuse("time_missing", "")
    at_ms = _time(at, rules.zone, now_ms)
    event = report_key(number, cells.get("event") or event_of(stage, at_ms))
    return StageGiven(rules.authority, number, event, stage, at_ms)


def event_of(stage: str, at_ms: int) -> str:
    """The event id of a report that brings none: within a case the same for the same stage and time."""
    return f"own:{stage}:{at_ms}"


def _check(column: str, cell: str) -> None:
    if len(cell) > MOST_LETTERS[column]:
        raise _Refuse("too_long", f"{column}, {len(cell)} characters of at most {MOST_LETTERS[column]}")
    if cell.removeprefix("'").startswith(FORMULA):  # the sign stands before one in our own report
        raise _Refuse("formula", column)
    if "\ufffd" in cell:
        raise _Refuse("encoding_broken", column)
    if not cell.isprintable():
        raise _Refuse("not_printable", column)


_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_DOTTED = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4})(?:,? (\d\d?:\d\d(?::\d\d)?))?", re.ASCII)


def _time(written: str, zone: tzinfo, now_ms: int) -> int:
    at_ms = moment(written, zone)
    if at_ms is None:
        raise _Refuse("time_wrong", f"“{written}”")
    if unlikely(at_ms, now_ms):
        raise _Refuse("time_unlikely", f"“{written}”")
    return at_ms


@lru_cache(maxsize=4096)
def moment(written: str, zone: tzinfo) -> int | None:
    """A day or time as milliseconds; None for what is none. A day begins at its midnight.

    >>> from datetime import UTC
    >>> moment("15.03.2026 10:00", UTC) == moment("2026-03-15T12:00+02:00", UTC) == 1773568800000
    True
    >>> moment("31.02.2026", UTC)
    """
    if (found := _DOTTED.fullmatch(written)) is not None:
        day, month, year, clock = found.groups()
        clock = clock and clock.zfill(5 if clock.count(":") == 1 else 8)
        written = f"{year}-{month:0>2}-{day:0>2}" + (f"T{clock}" if clock else "")
    if _ISO.fullmatch(written) is None:
        return None
    try:
        read = datetime.fromisoformat(written)
        return int((read if read.tzinfo else read.replace(tzinfo=zone)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
