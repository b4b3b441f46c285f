"""What a report of a stage comes to: the case moves, or stays where it is, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vikno.domain.cases.process import Process
from vikno.domain.rules.findings import nearest

CLOCKS_DIFFER_MS = 24 * 3600 * 1000
"""Up to a day is no contradiction: some systems report a day without its hour, and clocks differ."""


@dataclass(frozen=True, slots=True)
class Case:
    """One person's matter before one authority. `stage` is "" before the first report; `since_ms`: its own time."""

    number: str
    service: str
    stage: str = ""
    since_ms: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """An authority says that a stage was reached, and when."""

    stage: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class StageReached:
    """The case is at a new stage. `skipped`: stages on the way that nobody reported, in order."""

    case: str
    stage: str
    skipped: tuple[str, ...] = ()


Why = Literal["", "earlier", "older", "final", "unknown"]
"""earlier: the case had passed this stage · older: by its own time it came before the stage that the case has
· final: the case has ended · unknown: the process has no such stage."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a report came to. `near`: the name that was perhaps meant."""

    verdict: Literal["reached", "again", "late", "no_stage"]
    why: Why = ""
    event: StageReached | None = None
    near: str | None = None


AGAIN = Moved("again")
ENDED = Moved("late", "final")
EARLIER = Moved("late", "earlier")
OLDER = Moved("late", "older")


def reach(case: Case, report: Report, process: Process) -> Moved:
    """Move the case to the reported stage, if it may follow, near or far, on the one that the case has.

    >>> from vikno.domain.cases.process import Stage
    >>> from vikno.domain.values import Text
    >>> names = ("accepted", "printed", "arrived")
    >>> way = Process("ua/id-card", Text("", "Card"), {
    ...     name: Stage(name, Text("", name), after=names[at - 1 : at] if at else ()) for at, name in enumerate(names)})
    >>> reach(Case("A-17", "ua/id-card", "accepted"), Report("arrived", 5), way).event
    StageReached(case='A-17', stage='arrived', skipped=('printed',))
    >>> late = reach(Case("A-17", "ua/id-card", "printed"), Report("accepted", 5), way)
    >>> late.verdict, late.why
    ('late', 'earlier')
    """
    if report.stage not in process.stages:
        return Moved("no_stage", "unknown", near=nearest(report.stage, process.stages))
    if report.stage == case.stage:
        return AGAIN
    here = process.stages.get(case.stage)
    if here is not None and here.final:
        return ENDED
    # A stage that the process no longer has says nothing about order: the case goes on from wherever it is reported.
    if here is not None and report.stage not in process.ahead[case.stage]:
        return EARLIER
    # Where two stages may follow on each other, only their own time tells which came last.
    either = here is not None and case.stage in process.ahead[report.stage]
    if report.at_ms < case.since_ms - (0 if either else CLOCKS_DIFFER_MS):
        return OLDER
    skipped = process.between(case.stage if here else "", report.stage)
    return Moved("reached", event=StageReached(case.number, report.stage, skipped))
