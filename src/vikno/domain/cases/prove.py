"""What is wrong with a process: stages that nobody reaches or that never end, times that are none."""

from __future__ import annotations

from collections.abc import Iterator

from vikno.domain.cases.process import Lasting, Process, Stage
from vikno.domain.rules.findings import Finding

MOST_DAYS = 750
"""Working days of about three years: more is a slip of the pen."""


def prove_process(process: Process) -> Iterator[Finding]:
    """Every stage is reached, an ending is reached from each, and every time has a source."""
    ends = frozenset(name for name, stage in process.stages.items() if stage.final)
    reached = process.ahead.get(process.first, frozenset()) | {process.first}
    for name, stage in process.stages.items():
        if name not in reached:
            yield Finding("stage_unreachable", stage.place, f"no way leads from “{process.first}” to “{name}”")
        if not stage.final and not process.ahead[name] & ends:
            yield Finding("stage_endless", stage.place, f"from “{name}” no final stage can be reached")
        if stage.final and process.following[name]:
            later = ", ".join(f"“{one}”" for one in process.following[name])
            yield Finding("stage_after_end", stage.place, f"“{name}” is final, and yet {later} may follow on it")
        yield from _times(stage)
    if process.legal is not None:
        yield from _time(process.legal, "the whole")


def _times(stage: Stage) -> Iterator[Finding]:
    for lasting in (stage.usual, stage.legal):
        if lasting is None:
            continue
        if stage.final:
            yield Finding("duration_wrong", lasting.place, f"“{stage.id}” is final: a case stays there for good")
        yield from _time(lasting, f"“{stage.id}”")
    if stage.usual and stage.legal and stage.usual.high > stage.legal.high:
        usual, legal = stage.usual.high, stage.legal.high
        message = f"the usual time of “{stage.id}” ({usual}) is longer than the legal one ({legal})"
        yield Finding("duration_wrong", stage.usual.place, message)


def _time(lasting: Lasting, of: str) -> Iterator[Finding]:
    if not 0 <= lasting.low <= lasting.high or not 1 <= lasting.high <= MOST_DAYS:
        message = f"the time of {of} is {lasting.low} to {lasting.high} working days; 1 to {MOST_DAYS} are possible"
        yield Finding("duration_wrong", lasting.place, message)
    if not lasting.basis and not lasting.sources:
        yield Finding("duration_unsourced", lasting.place, f"nothing says where the time of {of} comes from")
