"""What would become of a campaign: who is reached where, in what time, at what cost, and who is left out by which rule.

It is decided as it will be when it runs, and nothing is kept but the figures. An estimate looks at the first chunk and
at some that are spread evenly; the exact figures look at all of them. Figures about a few would tell what each of them
has chosen, and where they are: such an audience is foreseen as if nobody knew it. So is, in a file, whoever has nothing
to do with its sender so far: two files that differ in one number would tell as much of anybody.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vikno.domain.notify.route import Left, Plan
from vikno.usecases.campaign_rows import Asking, open_rows
from vikno.usecases.campaigns import CampaignKept, Campaigns, Counted, Preview, Row, encode_preview
from vikno.usecases.dispatch import Dispatch, Rendering
from vikno.usecases.judge import Judge
from vikno.usecases.organisations import Organisation
from vikno.usecases.send_notifications import Decided, decide_notifications

SAMPLED = 5
"""Chunks that an estimate looks at."""
FEWEST = 10
"""People about whom figures are told."""
AT_A_TIME = 250
"""Rows that are decided before the loop may see to others: some milliseconds."""
KEPT_EVERY_MS = 2_000
"""So often what is counted so far is kept."""


async def preview_campaign(
    dispatch: Dispatch,
    book: Campaigns,
    organisation: Organisation,
    campaign: CampaignKept,
    rendering: Rendering,
    *,
    sampled: bool,
) -> Preview:
    """Count, and keep what was counted. `sampled`: an estimate from some chunks. It ends early if the audience goes."""
    wanted = _sample(campaign.chunks) if sampled else range(campaign.chunks)
    preview = Preview(dispatch.clock(), 0, campaign.chunks, Counted())
    asking = Asking(campaign, rendering, dispatch.judge.accounts)
    kept_ms = dispatch.clock()
    for chunk in wanted:
        sealed = await book.audience(campaign.id, chunk)
        if sealed is None:
            break
        rows = open_rows(dispatch.vault, sealed)
        for start in range(0, len(rows), AT_A_TIME):
            preview.counted.add(
                await _decided(dispatch, organisation, campaign, asking, rows[start : start + AT_A_TIME])
            )
            await asyncio.sleep(0)
        preview.chunks += 1
        now_ms = dispatch.clock()
        if not sampled and now_ms - kept_ms >= KEPT_EVERY_MS:
            kept_ms = now_ms
            if not await book.keep_preview(campaign.id, campaign.reading, encode_preview(preview)):
                return preview
    preview.at_ms = dispatch.clock()
    await book.keep_preview(campaign.id, campaign.reading, encode_preview(preview))
    return preview


async def _decided(
    dispatch: Dispatch, organisation: Organisation, campaign: CampaignKept, asking: Asking, rows: Sequence[Row]
) -> Counted:
    now_ms = dispatch.clock()
    asked, few, given = asking.asked(rows), campaign.rows < FEWEST, campaign.source == "file"
    found = await decide_notifications(
        dispatch, organisation, campaign.key, asked, now_ms, strangers=few, acquainted=given
    )
    return count_decided(one.decided for one in found)


def _sample(chunks: int) -> Sequence[int]:
    """The first chunk and some spread evenly.

    >>> _sample(2), _sample(101)
    ([0, 1], [0, 25, 50, 75, 100])
    """
    if chunks <= SAMPLED:
        return [*range(chunks)]
    return [nth * (chunks - 1) // (SAMPLED - 1) for nth in range(SAMPLED)]


def count_decided(decided: Iterable[Decided]) -> Counted:
    """Figures of what was decided. Those alike are one object, and are looked at once."""
    times = Counter[int]()
    alike: dict[int, Decided] = {}
    for one in decided:
        times[id(one)] += 1
        alike[id(one)] = one
    counted = Counted()
    for which, count in times.items():
        counted.add(_one(alike[which]), count)
    return counted


def _one(decided: Decided) -> Counted:
    counted = Counted(1, {f"{decided.status}/{decided.reason}": 1})
    if decided.first is not None:
        step = decided.plan.steps[decided.first]
        counted.steps[step.channel] = 1
        counted.micros[step.channel] = step.micros
        if step.reduced:
            counted.reduced[step.channel] = 1
    elif decided.status == "permanent-failure":
        counted.left |= dict.fromkeys(_whys(decided.plan, decided.reason), 1)
    elif decided.reason == "held":
        counted.left |= {
            f"unknown/{fact}" if step.ready == "unknown" else "later": 1
            for step in decided.plan.steps
            for fact in step.missing or ("",)
        }
    return counted


def _whys(plan: Plan, reason: str) -> Iterable[str]:
    """Why somebody gets nothing: the rules that are against it, or the one word for it."""
    if reason != "law":
        return (reason,)
    against: Iterable[Left] = (left for left in plan.left if left.why == "law")
    return tuple(dict.fromkeys(f"law/{rule.id}" for left in against for rule in left.rules)) or ("law",)


# ---- what the figures mean ----


@dataclass(frozen=True, slots=True)
class Shown:
    """One kind of channel. `seconds`: as long as all of it takes at the account's own pace; None: it has no pace."""

    channel: str
    count: int
    reduced: int
    micros: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A preview for people. With an estimate all figures are scaled to the whole audience."""

    exact: bool
    at_ms: int
    looked: float
    rows: int
    channels: tuple[Shown, ...]
    inbox: int
    left: Mapping[str, int]
    held: Mapping[str, int]

    @property
    def micros(self) -> int:
        return sum(one.micros for one in self.channels)

    @property
    def seconds(self) -> float:
        """Channels go side by side."""
        return max((one.seconds or 0.0 for one in self.channels), default=0.0)


def foreseen(preview: Preview, campaign: CampaignKept, judge: Judge) -> Foreseen:
    """What a preview says of the whole audience."""
    counted = preview.counted
    whole = campaign.rows / counted.rows if counted.rows else 0.0

    def scaled(count: int) -> int:
        return round(count * whole)

    channels = []
    for channel, count in sorted(counted.steps.items(), key=lambda one: -one[1]):
        account = judge.accounts.get(f"{channel}/main")
        seconds = scaled(count) / account.rate_per_s if account is not None and account.rate_per_s > 0 else None
        reduced, micros = counted.reduced.get(channel, 0), counted.micros.get(channel, 0)
        channels.append(Shown(channel, scaled(count), scaled(reduced), scaled(micros), seconds))
    left = {why: scaled(count) for why, count in sorted(counted.left.items(), key=lambda one: -one[1])}
    waits = ("unknown/", "later")
    return Foreseen(
        preview.exact,
        preview.at_ms,
        preview.chunks / preview.of if preview.of else 1.0,
        campaign.rows,
        tuple(channels),
        scaled(counted.statuses.get("sent/inbox", 0)),
        {why: count for why, count in left.items() if not why.startswith(waits)},
        {why: count for why, count in left.items() if why.startswith(waits)},
    )
