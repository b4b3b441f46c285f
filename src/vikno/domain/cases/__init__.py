"""Cases: what a person asked an authority for, and how far it has got."""

from vikno.domain.cases.calendar import WorkingDays
from vikno.domain.cases.process import Lasting, Process, Stage
from vikno.domain.cases.prove import prove_process
from vikno.domain.cases.reach import Case, Moved, Report, StageReached, reach

__all__ = [
    "Case",
    "Lasting",
    "Moved",
    "Process",
    "Report",
    "Stage",
    "StageReached",
    "WorkingDays",
    "prove_process",
    "reach",
]
