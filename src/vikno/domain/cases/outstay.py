"""How long a case may stay where it is before somebody should look at it."""

from __future__ import annotations

from vikno.domain.cases.calendar import WorkingDays
from vikno.domain.cases.process import Process


def outstays_ms(process: Process, stage: str, since_ms: int, opened_ms: int, days: WorkingDays) -> int | None:
    """When a case that has been at `stage` since then has outstayed; None where nothing says how long that may last.

    The usual time of the stage counts, else its legal one, else the legal time of the whole from the beginning.
    """
    here = process.stages.get(stage)
    if here is None or here.final:
        return None
    own = here.usual or here.legal
    if own is not None:
        return days.over_ms(since_ms, own.high)
    if process.legal is not None and stage in process.counted:
        return max(days.over_ms(opened_ms or since_ms, process.legal.high), days.over_ms(since_ms, 1))
    return None
