"""What is sent to the API and what it answers. The OpenAPI document is made from these (`vikno.api.openapi`)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from vikno.usecases.bring_cases import (
    LEAST_CODE,
    MOST_CODE,
    MOST_EVENT,
    MOST_NUMBER,
    MOST_OFFICE,
    MOST_SERVICE,
    MOST_STAGE,
)
from vikno.usecases.records import MOST_AT_ONCE, Verdict

# `$` alone would let a line end pass in Python; with what follows it means the same there and in JSON Schema.
VISIBLE = r"^[^\u0000-\u0020=+@\-]([^\u0000-\u001f\u007f]*[^\u0000-\u0020\u007f])?$(?!\n)"

Number = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MOST_NUMBER,
        pattern=VISIBLE,
        description="The number of the case, as the authority writes it.",
        examples=["DMS-2026-004217"],
    ),
]
Event = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MOST_EVENT,
        pattern=VISIBLE,
        description="Your own id of this report, within its case. Sent again, it changes nothing.",
        examples=["9f1c-17"],
    ),
]
Stage = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MOST_STAGE,
        pattern=r"^[a-z0-9_-]+$(?!\n)",
        description="A stage of the process of the service.",
        examples=["at_printer"],
    ),
]
Code = Annotated[
    str,
    Meta(
        min_length=LEAST_CODE,
        max_length=MOST_CODE,
        pattern=VISIBLE,
        description="The check code printed on the receipt, beside the number; only a keyed hash of it is kept. "
        "Without it a new case gets one of ours, which the answer says.",
        examples=["7K2P-9M4R"],
    ),
]
When = Annotated[datetime, Meta(tz=True, description="RFC 3339, with an offset: 2026-03-15T10:00:00+02:00.")]


class CaseBrought(Struct, forbid_unknown_fields=True):
    """A case as the authority has it."""

    service: Annotated[str, Meta(max_length=MOST_SERVICE, description="The service.", examples=["ua/id-card"])]
    office: Annotated[
        str, Meta(max_length=MOST_OFFICE, description="Where the person applied.", examples=["Київ, вул. Прикладна, 1"])
    ] = ""
    opened: When | None = None
    code: Code | None = None


class StageReported(Struct, forbid_unknown_fields=True):
    """A stage that a case has reached."""

    event: Event
    stage: Stage
    at: When


class StageOfCase(Struct, forbid_unknown_fields=True):
    """A stage that a case has reached, in a batch."""

    number: Number
    event: Event
    stage: Stage
    at: When


class Batch(Struct, forbid_unknown_fields=True):
    """Up to 1000 reports, recorded in their order."""

    stages: Annotated[list[StageOfCase], Meta(min_length=1, max_length=MOST_AT_ONCE)]


class Follow(Struct):
    """How a person follows the case: print `url`, or the QR at `qr`, on the receipt. Whoever has it may follow."""

    token: str
    url: str
    qr: str


class CaseAnswer(Struct):
    """A case as it is kept. `stage` is null before the first one; `code` is said where it is ours to say."""

    number: str
    service: str
    office: str
    opened: datetime | None
    stage: str | None
    stage_at: datetime | None
    follow: Follow
    code: str | None = None


class PassedAnswer(Struct):
    """One report: what was said of the case, when, and what it came to."""

    stage: str
    at: datetime
    recorded: datetime
    verdict: Verdict


class CaseHistory(Struct):
    """A case with how many follow it, and every report of it in the order they came."""

    case: CaseAnswer
    followers: int
    history: list[PassedAnswer]


class StageAnswer(Struct):
    """What a report came to: `reached` moved the case and is told to whoever follows it."""

    number: str
    event: str
    verdict: Verdict


class Problem(Struct, omit_defaults=True):
    """What was wrong, as RFC 9457 has it. `code` never changes; `detail` may. `pointer` is the place in the body."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    pointer: str | None = None
    nearest: str | None = None


class RowAnswer(Struct, omit_defaults=True):
    """What became of one report of a batch: its verdict, or the problem for which it was refused."""

    row: int
    number: str | None = None
    event: str | None = None
    verdict: Verdict | None = None
    problem: Problem | None = None


class BatchAnswer(Struct):
    """One answer for each report, in their order; `recorded` and `refused` count them."""

    recorded: int
    refused: int
    rows: list[RowAnswer]
