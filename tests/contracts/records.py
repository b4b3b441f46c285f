"""What the contracts of records are tried with: people, cases, reports and decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from vikno.usecases.channel import Outcome
from vikno.usecases.records import (
    CaseGiven,
    CaseKept,
    Decide,
    Decided,
    Follower,
    NoticeKept,
    NoticeMade,
    Records,
    Settled,
    StageGiven,
    TimerMade,
    Verdict,
)

ACCOUNT = "telegram/main"
ANNA, BOHDAN, CLARA = (f"{ACCOUNT}:{letter * 32}" for letter in "abc")
FOREVER_MS = 10**12


class Moment:
    """A clock that somebody moves."""

    now_ms = 1_000

    def __call__(self) -> int:
        return self.now_ms


def given(number: str, authority: str = "dms", office: str = "kyiv-1", opened_ms: int = 500) -> CaseGiven:
    return CaseGiven(authority, number, "ua/id-card", "c0de", office, opened_ms)


def report(number: str, event: str, stage: str = "checked", at_ms: int = 900, authority: str = "dms") -> StageGiven:
    return StageGiven(authority, number, event, stage, at_ms)


def notice(
    who: str = ANNA,
    text: str = "text",
    subject: str = "",
    not_before_ms: int = 0,
    *,
    expires_ms: int = FOREVER_MS,
    lane: Literal["notice", "bulk"] = "notice",
) -> NoticeMade:
    return NoticeMade(who, who.partition(":")[0], text.encode(), subject, not_before_ms, expires_ms, lane)


def decides(verdict: Verdict = "reached", *timers: TimerMade) -> Decide:
    """Tell everybody who follows, in their language, what stage it is."""

    def decide(case: CaseKept, given: StageGiven, followers: Sequence[Follower]) -> Decided:
        notices = tuple(
            NoticeMade(
                one.conversation, one.account, f"{one.lang}:{case.number}:{given.stage}".encode(),
                f"case/{case.id}", 0, FOREVER_MS,
            )
            for one in followers
        )  # fmt: skip
        return Decided(verdict, notices if verdict == "reached" else (), timers)

    return decide


async def a_case(records: Records, number: str = "A-1", *followers: str) -> CaseKept:
    """A case that these people follow."""
    await records.put([given(number)], 1_000)
    case = await records.case("dms", number)
    assert case is not None
    for follower in followers:
        await meet(records, follower)
        await records.follow(case.id, Follower(follower, ACCOUNT, "uk"), 1_000)
    return case


async def meet(records: Records, *people: str, now_ms: int = 1_000) -> None:
    for who in people:
        await records.meet(who, who.partition(":")[0], f"sealed {who}".encode(), "uk", now_ms)


async def said(records: Records, who: str = ANNA) -> list[tuple[str, str]]:
    """What was said to somebody and what became of it, in the order it was made."""
    return [(one.payload.decode(), one.status) for one in reversed(await records.inbox(who))]


async def leased(records: Records, now_ms: int = 2_000, limit: int = 10, lane: str = "notice") -> list[str]:
    return texts(await records.lease(ACCOUNT, lane, limit, now_ms))


def texts(notices: Sequence[NoticeKept]) -> list[str]:
    return [one.payload.decode() for one in notices]


async def settle(records: Records, notice: int, outcome: Outcome, again_ms: int | None = None) -> None:
    await records.settle([Settled(notice, outcome, again_ms)], 3_000)
