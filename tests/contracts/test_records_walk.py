"""Arbitrary reports, notices, receipts, people who come and go, and crashes, beside the simplest models there are.

A notice is never lost, never on its way twice or beside another of its conversation, and its status never goes back.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.contracts.keepers import RECORDS_PLACES, RecordsKeeper, RecordsPlace
from tests.contracts.records import ACCOUNT, ANNA, BOHDAN, CLARA, given, report
from vikno.usecases.channel import BadMessage, DeadAddress, Misconfigured, Outcome, RetryAfter, Sent, Unknown
from vikno.usecases.records import (
    CaseKept,
    Decided,
    Follower,
    Gone,
    NoticeMade,
    Passed,
    Settled,
    StageGiven,
    TimerMade,
    Verdict,
)

T = TypeVar("T")
PEOPLE = st.sampled_from([ANNA, BOHDAN, CLARA])
Lane = Literal["notice", "bulk"]
LANES: st.SearchStrategy[Lane] = st.sampled_from(["notice", "notice", "notice", "bulk"])
LATER_MS, LIFE_MS = st.sampled_from([0, 0, 0, -5, 9, 30]), st.sampled_from([1, 30, 200, 900])
SUBJECTS = st.sampled_from(["", "s", "t"])
AGAIN_MS = st.none() | st.integers(1, 20)
STATES = ("sent", "failed", "delivered", "read")
OUTCOMES = st.sampled_from([Sent("m"), Sent(), RetryAfter(1), Misconfigured(), Unknown(), BadMessage(), DeadAddress()])

RANK = {"sending": 0, "unknown": 0, "sent": 1, "permanent-failure": 2, "delivered": 3, "read": 4}
REPORTED = {"sent": "sent", "failed": "permanent-failure", "delivered": "delivered", "read": "read"}
LETTERS = {"permanent-failure", "technical-failure", "expired", "unknown"}


class Beside(RuleBasedStateMachine):
    """One keeper, which may be closed and opened at any time."""

    keeper = "sqlite"

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def open_a_place(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        (self.folder / "records").mkdir()
        self.place: RecordsPlace = RECORDS_PLACES[self.keeper](self.folder / "records")
        self.runner, self.now_ms = asyncio.Runner(), 1_000
        self.records: RecordsKeeper = self.place.open(lambda: self.now_ms)

    def teardown(self) -> None:
        if hasattr(self, "records"):
            self.run(self.records.close())
            self.runner.close()
            shutil.rmtree(self.folder)

    def leave_amid_things(self) -> None:
        place = self.place.after_a_crash()
        self.run(self.records.close())
        self.place, self.records = place, place.open(lambda: self.now_ms)


@dataclass
class Letter:
    """What is known of one notice."""

    who: str
    lane: str
    subject: str
    due_ms: int
    expires_ms: int
    made_ms: int
    status: str = "created"
    message: str = ""
    tries: int = 0

    @property
    def waits(self) -> bool:
        return self.status in ("created", "temporary-failure")


class Queue(Beside):
    """Notices."""

    @initialize()
    def begin(self) -> None:
        self.open_a_place()
        self.letters: dict[int, Letter] = {}
        self.there: dict[str, bool] = {}
        self.early: dict[str, str] = {}
        self.messages = 0
        for who in (ANNA, BOHDAN, CLARA):
            self.somebody_writes(who)

    def of(self, who: str) -> dict[int, Letter]:
        return {number: letter for number, letter in self.letters.items() if letter.who == who}

    def overtaken(self, number: int) -> bool:
        one = self.letters[number]
        others = self.of(one.who).items()
        return bool(one.subject) and any(n > number and other.subject == one.subject for n, other in others)

    @rule(who=PEOPLE)
    def somebody_writes(self, who: str) -> None:
        self.run(self.records.meet(who, ACCOUNT, b"sealed", "uk", self.now_ms))
        self.there[who] = True

    @rule(who=PEOPLE, status=st.sampled_from(["left", "dead"]), stays=st.integers(0, 3))
    def somebody_leaves(self, who: str, status: Gone, stays: int) -> None:
        if stays:
            return
        self.run(self.records.mark(who, status))
        self.there[who] = False
        for letter in self.of(who).values():
            if letter.waits:
                letter.status = "dropped"

    @rule(ms=st.integers(1, 40))
    def time_passes(self, ms: int) -> None:
        self.now_ms += ms

    @rule(made=st.lists(st.tuples(PEOPLE, LANES, SUBJECTS, LATER_MS, LIFE_MS), min_size=1, max_size=6))
    def notices_are_made(self, made: list[tuple[str, Lane, str, int, int]]) -> None:
        notices = [
            NoticeMade(who, ACCOUNT, b"x", subject, self.now_ms + later, self.now_ms + life, lane)
            for who, lane, subject, later, life in made
        ]  # fmt: skip
        ids = self.run(self.records.queue(notices, self.now_ms))
        for number, (who, lane, subject, later, life) in zip(ids, made, strict=True):
            assert number not in self.letters, "no number is given twice"
            for older in self.of(who).values():
                if subject and older.subject == subject and older.waits:
                    older.status = "replaced"
            status = "created" if self.there[who] else "dropped"
            self.letters[number] = Letter(
                who, lane, subject, self.now_ms + later, self.now_ms + life, self.now_ms, status
            )

    @rule(lane=LANES, limit=st.integers(1, 4), at_once=st.integers(1, 3))
    def senders_take_some(self, lane: str, limit: int, at_once: int) -> None:
        async def lease() -> list[int]:
            taken = await asyncio.gather(
                *(self.records.lease(ACCOUNT, lane, limit, self.now_ms) for _ in range(at_once))
            )
            return [one.id for some in taken for one in some]

        taken = self.run(lease())
        assert len(taken) == len(set(taken)), "never two at once"
        expected = [number for _ in range(at_once) for number in self.what_is_due(lane, limit)]
        assert taken == expected
        for who in (ANNA, BOHDAN, CLARA):  # a keeper may find more of them past their time than it had to
            for one in self.run(self.records.inbox(who, limit=10_000)):
                letter = self.letters[one.id]
                if one.status == "expired" and letter.waits and letter.expires_ms <= self.now_ms:
                    letter.status = "expired"

    def what_is_due(self, lane: str, limit: int) -> list[int]:
        """As the promise says it: in order of when they are due, one of each person with none on its way.

        What stands among the first and is past its time expires before anything is taken, with all of its person's.
        """
        heads = self.heads(lane)[:limit]
        while past := [number for number in heads if self.letters[number].expires_ms <= self.now_ms]:
            for who in {self.letters[number].who for number in past}:
                for one in self.of(who).values():
                    if one.waits and one.lane == lane and max(one.due_ms, one.expires_ms) <= self.now_ms:
                        one.status = "expired"
            heads = self.heads(lane)
        for number in heads[:limit]:
            self.letters[number].status = "sending"
            self.letters[number].tries += 1
        return heads[:limit]

    def heads(self, lane: str) -> list[int]:
        """The next one of each person, the first due first."""
        heads = []
        for number, one in self.letters.items():
            earlier = [
                other for n, other in self.of(one.who).items()
                if n < number and other.waits and other.lane == lane
                and (other.due_ms <= self.now_ms or other.status == "temporary-failure")
            ]  # fmt: skip
            busy = any(other.status == "sending" for other in self.of(one.who).values())
            if one.waits and one.lane == lane and one.due_ms <= self.now_ms and not earlier and not busy:
                heads.append((one.due_ms, number))
        return [number for _, number in sorted(heads)]

    @rule(outcomes=st.lists(st.tuples(OUTCOMES, AGAIN_MS), min_size=3, max_size=3))
    def a_sender_works(self, outcomes: list[tuple[Outcome, int | None]]) -> None:
        self.senders_take_some("notice", 3, 1)
        sending = sorted(number for number, one in self.letters.items() if one.status == "sending")
        for number, (outcome, again) in zip(sending, outcomes, strict=False):
            self.settle(number, outcome, again)

    @rule(data=st.data(), outcome=OUTCOMES, again=AGAIN_MS)
    def one_is_settled(self, data: st.DataObject, outcome: Outcome, again: int | None) -> None:
        if not self.letters:
            return
        sending = sorted(number for number, one in self.letters.items() if one.status == "sending")
        number = data.draw(st.sampled_from(sending * 9 + sorted(self.letters)))  # mostly one that is on its way
        self.settle(number, outcome, again)

    def settle(self, number: int, outcome: Outcome, again: int | None) -> None:
        letter = self.letters[number]
        if isinstance(outcome, Sent) and outcome.message:
            self.messages += 1
            outcome = Sent(f"m{self.messages}")
        again_ms = None if again is None else self.now_ms + again
        self.run(self.records.settle([Settled(number, outcome, again_ms)], self.now_ms))
        if isinstance(outcome, Sent):
            if letter.status in ("sending", "unknown"):
                letter.status, letter.message = "sent", outcome.message
                if outcome.message in self.early:
                    letter.status = self.early[outcome.message]
        elif letter.status == "sending":
            letter.status = self.after(number, outcome, again_ms)

    def after(self, number: int, outcome: Outcome, again_ms: int | None) -> str:
        letter = self.letters[number]
        if isinstance(outcome, Unknown):
            return "unknown"
        if isinstance(outcome, RetryAfter | Misconfigured) and again_ms is not None:
            letter.due_ms = again_ms
            if not self.there[letter.who]:
                return "dropped"
            return "replaced" if self.overtaken(number) else "temporary-failure"
        return "permanent-failure" if isinstance(outcome, DeadAddress) else "technical-failure"

    @rule(back=st.integers(-1, 4), state=st.sampled_from(STATES))
    def a_receipt_comes(self, back: int, state: str) -> None:
        """Of some message, late or early, perhaps for the second time."""
        message = f"m{self.messages - back}"
        found = [letter for letter in self.letters.values() if letter.message == message]
        assert self.run(self.records.report(ACCOUNT, message, state, self.now_ms)) == bool(found)
        for letter in found:
            if RANK[REPORTED[state]] > RANK[letter.status]:
                letter.status = REPORTED[state]
        if not found and RANK[REPORTED[state]] > RANK.get(self.early.get(message, ""), -1):
            self.early[message] = REPORTED[state]

    @rule(data=st.data(), life=st.integers(1, 50))
    def an_operator_tries_again(self, data: st.DataObject, life: int) -> None:
        numbers = data.draw(st.lists(st.sampled_from(sorted(self.letters)), unique=True)) if self.letters else []
        replayed = 0
        for number in numbers:
            one = self.letters[number]
            if one.status in LETTERS and self.there[one.who] and not self.overtaken(number):
                replayed += 1
                until_ms = self.now_ms + life
                self.letters[number] = Letter(one.who, one.lane, one.subject, self.now_ms, until_ms, one.made_ms)
        assert self.run(self.records.replay(numbers, self.now_ms, self.now_ms + life)) == replayed

    @precondition(lambda self: len(self.letters) > 5)
    @rule()
    def somebody_is_erased(self) -> None:
        self.run(self.records.erase(BOHDAN))
        self.letters = {number: one for number, one in self.letters.items() if one.who != BOHDAN}
        self.somebody_writes(BOHDAN)

    @precondition(lambda self: len(self.letters) > 5)
    @rule(age=st.integers(0, 40), limit=st.integers(1, 9))
    def old_ones_are_forgotten(self, age: int, limit: int) -> None:
        before = self.now_ms - age
        while self.run(self.records.prune_records("notices", before, limit)):
            pass
        self.letters = {
            number: one
            for number, one in self.letters.items()
            if one.made_ms >= before or (one.expires_ms >= before and (one.waits or one.status == "sending"))
        }

    @rule(sends_again=st.booleans())
    def a_crash(self, sends_again: bool) -> None:
        self.leave_amid_things()
        self.early = {}
        if sends_again:
            sending = [letter for letter in self.letters.values() if letter.status == "sending"]
            assert self.run(self.records.recover(ACCOUNT, self.now_ms)) == len(sending)
            for letter in sending:
                letter.status = "unknown"

    @invariant()
    def the_record_is_the_models(self) -> None:
        kept = {}
        for who in (ANNA, BOHDAN, CLARA):
            for one in self.run(self.records.inbox(who, limit=10_000)):
                kept[one.id] = (one.conversation, one.subject, one.status, one.message, one.tries)
        model = {
            number: (one.who, one.subject, one.status, one.message, one.tries) for number, one in self.letters.items()
        }
        assert kept == model
        for who in (ANNA, BOHDAN, CLARA):
            assert sum(one.status == "sending" for one in self.of(who).values()) <= 1
        letters = [one.id for one in self.run(self.records.letters(ACCOUNT, limit=10_000))]
        assert letters == sorted(number for number, one in self.letters.items() if one.status in LETTERS)


STAGES = ("checked", "approved", "printed", "shipped")
NUMBERS = st.sampled_from(["A-1", "A-2", "A-3"])
AUTHORITIES = st.sampled_from(["dms", "tax"])
EVENTS = st.sampled_from([f"e{n}" for n in range(12)])


def decide(case: CaseKept, given: StageGiven, followers: Sequence[Follower]) -> Decided:
    """Stages in their order, each told once; the last one ends the timer."""
    if given.stage not in STAGES:
        return Decided("no_stage")
    verdict = verdict_of(case.stage, given.stage)
    if verdict != "reached":
        return Decided(verdict)
    text = f"{case.number} {given.stage}".encode()
    notices = tuple(NoticeMade(one.conversation, one.account, text, f"case/{case.id}", 0, 10**9) for one in followers)
    return Decided(verdict, notices, (TimerMade("slow", None if given.stage == "shipped" else given.at_ms + 10),))


def verdict_of(stage: str, given: str) -> Verdict:
    before = STAGES.index(stage) if stage else -1
    after = STAGES.index(given)
    return "reached" if after > before else "again" if after == before else "late"


@dataclass
class Matter:
    """What is known of one case."""

    id: int
    stage: str = ""
    history: list[Passed] = field(default_factory=list)
    followers: set[str] = field(default_factory=set)
    timer_ms: int | None = None


class Book(Beside):
    """Cases."""

    @initialize()
    def begin(self) -> None:
        self.open_a_place()
        self.matters: dict[tuple[str, str], Matter] = {}
        self.seen: set[tuple[str, str]] = set()
        self.heard: dict[str, list[str]] = {ANNA: [], BOHDAN: [], CLARA: []}

    @rule(authority=AUTHORITIES, numbers=st.lists(NUMBERS, max_size=3))
    def cases_are_put(self, authority: str, numbers: list[str]) -> None:
        new = self.run(self.records.put([given(number, authority) for number in numbers], self.now_ms))
        for number, is_new in zip(numbers, new, strict=True):
            assert is_new == ((authority, number) not in self.matters)
            case = self.run(self.records.case(authority, number))
            assert case is not None
            assert self.matters.setdefault((authority, number), Matter(case.id)).id == case.id

    @rule(
        reports=st.lists(st.tuples(AUTHORITIES, NUMBERS, EVENTS, st.sampled_from([*STAGES, "?"])), max_size=40),
        parts=st.integers(1, 3),
    )
    def reports_come(self, reports: list[tuple[str, str, str, str]], parts: int) -> None:
        """Twice, late, of cases that are not there; in one batch or in several at once."""
        self.now_ms += 1
        batch = [report(number, event, stage, self.now_ms, authority) for authority, number, event, stage in reports]
        size = len(batch) // parts + 1

        async def record() -> list[Verdict]:
            some = [batch[start : start + size] for start in range(0, len(batch), size)]
            verdicts = await asyncio.gather(*(self.records.record(part, decide, self.now_ms) for part in some))
            return [verdict for part in verdicts for verdict in part]

        assert self.run(record()) == [self.expected(one) for one in batch]

    def expected(self, one: StageGiven) -> Verdict:
        if (one.authority, one.event) in self.seen:
            return "repeated"
        matter = self.matters.get((one.authority, one.number))
        if matter is None:
            return "no_case"
        if one.stage not in STAGES:
            return "no_stage"
        self.seen.add((one.authority, one.event))
        verdict = verdict_of(matter.stage, one.stage)
        matter.history.append(Passed(one.stage, one.at_ms, self.now_ms, verdict))
        if verdict == "reached":
            matter.stage = one.stage
            matter.timer_ms = None if one.stage == "shipped" else one.at_ms + 10
            for who in matter.followers:
                self.heard[who].append(f"{one.number} {one.stage}")
        return verdict

    @precondition(lambda self: self.matters)
    @rule(data=st.data(), who=PEOPLE)
    def somebody_follows(self, data: st.DataObject, who: str) -> None:
        matter = self.matters[data.draw(st.sampled_from(sorted(self.matters)))]
        new = self.run(self.records.follow(matter.id, Follower(who, ACCOUNT, "uk"), self.now_ms))
        assert new == (who not in matter.followers)
        matter.followers.add(who)

    @rule(who=PEOPLE, everything=st.booleans())
    def somebody_stops(self, who: str, everything: bool) -> None:
        keys = sorted(key for key, matter in self.matters.items() if who in matter.followers)
        gone = keys if everything else keys[:1]
        case = None if everything else self.matters[gone[0]].id if gone else 0
        assert self.run(self.records.unfollow(who, case)) == len(gone)
        for key in gone:
            self.matters[key].followers.discard(who)

    @rule(ms=st.integers(1, 15))
    def timers_come_due(self, ms: int) -> None:
        self.now_ms += ms
        due = self.run(self.records.overdue(self.now_ms))
        expected = [m.timer_ms for m in self.matters.values() if m.timer_ms is not None and m.timer_ms <= self.now_ms]
        assert [one.due_ms for one in due] == sorted(expected)
        for one in due:
            assert self.run(self.records.came_due(one, Decided("again"), self.now_ms))
            assert not self.run(self.records.came_due(one, Decided("again"), self.now_ms))
            self.matters[one.case.authority, one.case.number].timer_ms = None

    @rule()
    def a_crash(self) -> None:
        self.leave_amid_things()

    @invariant()
    def the_record_is_the_models(self) -> None:
        for (authority, number), matter in self.matters.items():
            case = self.run(self.records.case(authority, number))
            assert case is not None
            assert (case.id, case.stage) == (matter.id, matter.stage)
            assert self.run(self.records.history(case.id)) == tuple(matter.history)
            assert {one.conversation for one in self.run(self.records.followers(case.id))} == matter.followers
        for who, heard in self.heard.items():
            kept = [one.payload.decode() for one in self.run(self.records.inbox(who, limit=10_000))]
            assert sorted(kept) == sorted(heard), "each stage once"


@pytest.mark.parametrize("keeper", RECORDS_PLACES)
@pytest.mark.parametrize("machine", [Queue, Book])
def test_a_keeper_walks_beside_the_model(machine: type[Beside], keeper: str) -> None:
    walk = type(machine.__name__, (machine,), {"keeper": keeper})
    run_state_machine_as_test(walk, settings=settings(max_examples=50, stateful_step_count=40, deadline=None))
