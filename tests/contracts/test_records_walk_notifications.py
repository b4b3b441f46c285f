"""Arbitrary notifications, steps, receipts, links and crashes, beside a model: none is lost, none is forgotten.

The model is the promise in its simplest words: whatever becomes of a try, the router has it in hand as it is now.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from tests.contracts.keepers import RECORDS_PLACES
from tests.contracts.records import FOREVER_MS, meet
from tests.contracts.senders import VIBER, a_sender, moves, named, step, telling
from tests.contracts.test_records_walk import OUTCOMES, RANK, REPORTED, STATES, Beside
from vikno.usecases.channel import DeadAddress, Misconfigured, RetryAfter, Sent, Unknown
from vikno.usecases.notifications import NotificationKept, Request, Wanted
from vikno.usecases.records import Gone, Settled

WHO = [named(VIBER, letter) for letter in "abcd"]
PEOPLE = st.sampled_from(WHO)
ENDED = ("delivered", "permanent-failure", "temporary-failure", "technical-failure")


@dataclass
class Told:
    """What is known of one notification. `tries`: of each notice by its number the step, whom it is for, its status."""

    to: str
    flow: int
    status: str = "created"
    ended: bool = False
    due: bool = False
    news: int = 0
    tries: dict[int, list[Any]] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        return not self.ended or self.status == "sent"


class Router(Beside):
    """Notifications of two senders to four addresses, with a router that is slow and forgets what it has read."""

    @initialize()
    def begin(self) -> None:
        self.open_a_place()
        self.flows = [self.run(a_sender(self.records, slug))[1] for slug in ("sky", "bank")]
        self.running = dict.fromkeys(self.flows, True)
        self.told: dict[int, Told] = {}
        self.requests: dict[str, tuple[int, ...]] = {}
        self.group = {who: who for who in WHO}
        self.there = dict.fromkeys(WHO, True)
        self.read: list[tuple[NotificationKept, int]] = []
        self.messages = dict[str, int]()
        self.last = 0
        self.run(meet(self.records, *WHO))
        for who in WHO:
            self.an_organisation_tells(who, 0, 1, "")
        self.the_router_reads(all_of_them=True)

    def told_of(self, notice: int) -> Told:
        return next(one for one in self.told.values() if notice in one.tries)

    def becomes(self, notice: int, status: str) -> None:
        """As the tables' trigger promises."""
        one = self.told_of(notice)
        if one.tries[notice][2] == status:
            return
        one.tries[notice][2] = status
        if status not in ("sending", "created", "temporary-failure") and one.open:
            one.due = True
            one.news += 1

    def tries_of(self, number: int) -> None:
        """Learn the numbers of new tries from the record."""
        (found,) = self.run(self.records.in_hand([number]))
        for notice in found.tries:
            self.told[number].tries.setdefault(notice.id, [notice.step, notice.conversation, notice.status])

    @rule(
        who=PEOPLE, flow=st.integers(0, 1), count=st.sampled_from([1, 1, 1, 2, 40]), key=st.sampled_from(["", "r", "s"])
    )
    def an_organisation_tells(self, who: str, flow: int, count: int, key: str) -> None:
        made = [telling(self.flows[flow], who, organisation=flow + 1, ways=tuple(WHO))] * count
        request = Request(flow + 1, key, str(count)) if key else None
        if request and (about := f"{flow} {key}") in self.requests:
            request = Request(flow + 1, key, str(len(self.requests[about])))
            kept = self.run(self.records.keep_notifications(made, self.now_ms, request))
            assert (kept.ids, kept.repeated) == (self.requests[about], True)
            return
        kept = self.run(self.records.keep_notifications(made, self.now_ms, request))
        assert not kept.repeated
        assert min(kept.ids) > self.last, "no number is given again"
        self.last = max(kept.ids)
        if request:
            self.requests[about] = kept.ids
        for number in kept.ids:
            self.told[number] = Told(who, self.flows[flow], due=not self.there[who])
            self.tries_of(number)

    @rule(limit=st.integers(1, 5))
    def a_sender_takes_some(self, limit: int) -> None:
        taken = self.run(self.records.lease(VIBER, "notice", limit, self.now_ms))
        busy = [who for one in self.told.values() for _, who, status in one.tries.values() if status == "sending"]
        for notice in taken:
            one = self.told_of(notice.id)
            assert one.tries[notice.id][2] in ("created", "temporary-failure")
            assert self.running[one.flow]
            assert notice.conversation not in busy, "one at a time"
            busy.append(notice.conversation)
            self.becomes(notice.id, "sending")
        waiting = {
            who for one in self.told.values() if self.running[one.flow]
            for _, who, status in one.tries.values() if status == "created"
        }  # fmt: skip
        held = {
            who for one in self.told.values() for _, who, status in one.tries.values() if status == "temporary-failure"
        }
        assert len(taken) == limit or not waiting - set(busy) - held, "as many as there is room for"

    @rule(outcomes=st.lists(st.tuples(OUTCOMES, st.none() | st.integers(1, 20)), min_size=1, max_size=3))
    def a_sender_works(self, outcomes: list[tuple[Any, int | None]]) -> None:
        self.a_sender_takes_some(3)
        for outcome, again in outcomes:
            self.one_is_settled(outcome, again)

    @rule(outcome=OUTCOMES, again=st.none() | st.integers(1, 20))
    def one_is_settled(self, outcome: Any, again: int | None) -> None:
        sending = [
            (notice, one) for one in self.told.values() for notice, tried in one.tries.items() if tried[2] == "sending"
        ]
        if not sending:
            return
        notice, one = sending[0]
        if isinstance(outcome, Sent):
            outcome = Sent(f"m{notice}")
            self.messages[outcome.message] = notice
        again_ms = None if again is None else self.now_ms + again
        self.run(self.records.settle([Settled(notice, outcome, again_ms)], self.now_ms))
        if isinstance(outcome, Sent):
            self.becomes(notice, "sent")
        elif isinstance(outcome, Unknown):
            self.becomes(notice, "unknown")
        elif isinstance(outcome, RetryAfter | Misconfigured) and again_ms is not None:
            forlorn = not self.there[one.tries[notice][1]] or one.ended
            self.becomes(notice, "dropped" if forlorn else "temporary-failure")
        else:
            self.becomes(notice, "permanent-failure" if isinstance(outcome, DeadAddress) else "technical-failure")

    @rule(data=st.data(), state=st.sampled_from(STATES))
    def a_receipt_comes(self, data: st.DataObject, state: str) -> None:
        if not self.messages:
            self.a_sender_takes_some(1)
            self.one_is_settled(Sent("m"), None)
        if not self.messages:
            return
        message = data.draw(st.sampled_from(sorted(self.messages)))
        notice = self.messages[message]
        here = any(notice in one.tries for one in self.told.values())
        assert self.run(self.records.report(VIBER, message, state, self.now_ms)) == here
        if here and RANK[REPORTED[state]] > RANK[self.told_of(notice).tries[notice][2]]:
            self.becomes(notice, REPORTED[state])

    @rule(all_of_them=st.booleans())
    def the_router_reads(self, all_of_them: bool) -> None:
        due = [one.notification.id for one in self.run(self.records.due(FOREVER_MS, 1000))]
        ids = sorted(self.told) if all_of_them else due
        found = self.run(self.records.in_hand(ids))
        self.read = [(one.notification, self.told[one.notification.id].news) for one in found]

    @rule(
        status=st.sampled_from(["created", "sending", "sent", *ENDED]),
        to=st.none() | PEOPLE,
        held=st.booleans(),
        late=st.booleans(),
    )
    def the_router_moves(self, status: str, to: str | None, held: bool, late: bool) -> None:
        """What it has read may be long past."""
        if not self.read:
            self.the_router_reads(all_of_them=not late)
        if not self.read:
            return
        if late:  # those of which there is news meanwhile come last, and are taken from the end
            self.read.sort(key=lambda one: one[0].id in self.told and self.told[one[0].id].news > one[1])
        kept, news = self.read.pop()
        ends = status in ("sent", *ENDED)
        held, on = held or status in ENDED, None if ends or to is None else step(to, kept.step + 1)
        moved = moves(kept, status, step=on, held=held, ends=ends, due_ms=None)
        one = self.told.get(kept.id)
        stands = one is not None and one.open and one.news == news
        assert self.run(self.records.move([moved], self.now_ms)) == stands
        if one is None:
            return
        if not stands:
            one.due |= one.open
            return
        one.status, one.ended, one.due, one.news = status, ends, False, news + 1
        for tried in one.tries.values():
            if held and tried[2] in ("created", "temporary-failure"):
                tried[2] = "dropped"
        if on is not None:
            one.due = not self.there[on.conversation]
        self.tries_of(kept.id)

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def somebody_reads_it_in_the_inbox(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.told)))
        one = self.told[number]
        assert self.run(self.records.seen(number, self.now_ms)) == one.open
        if one.open:
            one.status, one.ended, one.due, one.news = "delivered", True, False, one.news + 1
            for tried in one.tries.values():
                if tried[2] in ("created", "temporary-failure"):
                    tried[2] = "dropped"

    @rule(who=PEOPLE, status=st.sampled_from(["left", "dead"]), stays=st.integers(0, 2))
    def somebody_leaves_or_comes_back(self, who: str, status: Gone, stays: int) -> None:
        if stays:
            self.run(self.records.meet(who, VIBER, b"sealed", "uk", self.now_ms))
        else:
            self.run(self.records.mark(who, status))
            for one in list(self.told.values()):
                for notice, tried in one.tries.items():
                    if tried[1] == who and tried[2] in ("created", "temporary-failure"):
                        self.becomes(notice, "dropped")
        self.there[who] = bool(stays)

    @rule(who=PEOPLE, to=PEOPLE, parts=st.booleans())
    def addresses_are_linked_and_parted(self, who: str, to: str, parts: bool) -> None:
        if parts:
            self.run(self.records.unlink(who))
        else:
            self.run(self.records.link(who, to, self.now_ms))
        if not parts and self.group[who] == self.group[to]:
            return
        rest = [one for one in WHO if self.group[one] == self.group[who] and one != who]
        for one in rest:
            self.group[one] = rest[0]
        self.group[who] = who if parts else self.group[to]

    @rule(flow=st.integers(0, 1), runs=st.booleans())
    def a_queue_stops_or_goes_on(self, flow: int, runs: bool) -> None:
        assert self.run(self.records.set_flow(self.flows[flow], "running" if runs else "paused"))
        self.running[self.flows[flow]] = runs

    @precondition(lambda self: len(self.told) > 5)
    @rule(who=PEOPLE)
    def somebody_is_erased(self, who: str) -> None:
        self.run(self.records.erase(who))
        self.told = {number: one for number, one in self.told.items() if one.to != who}
        for one in self.told.values():
            gone = [notice for notice, tried in one.tries.items() if tried[1] == who]
            for notice in gone:
                del one.tries[notice]
            if gone and not one.ended:
                one.due, one.news = True, one.news + 1
        rest = [one for one in WHO if self.group[one] == self.group[who] and one != who]
        for other in rest:
            self.group[other] = rest[0]
        self.group[who], self.there[who] = who, True
        self.run(meet(self.records, who, now_ms=self.now_ms))

    @rule(ms=st.integers(1, 20))
    def time_goes_on(self, ms: int) -> None:
        self.now_ms += ms

    @rule(sends_again=st.booleans())
    def a_crash(self, sends_again: bool) -> None:
        self.leave_amid_things()
        if sends_again:
            self.run(self.records.recover(VIBER, self.now_ms))
            for one in list(self.told.values()):
                for notice, tried in one.tries.items():
                    if tried[2] == "sending":
                        self.becomes(notice, "unknown")

    @invariant()
    def the_record_is_the_models(self) -> None:
        if not hasattr(self, "told"):
            return
        found = {one.notification.id: one for one in self.run(self.records.in_hand(sorted(self.told)))}
        assert set(found) == set(self.told)
        for number, one in self.told.items():
            kept = found[number].notification
            assert (kept.status, kept.completed_ms is not None) == (one.status, one.ended), number
            assert {notice.id: notice.status for notice in found[number].tries} == {
                notice: tried[2] for notice, tried in one.tries.items()
            }
        due = {one.notification.id for one in self.run(self.records.due(FOREVER_MS, 1000))}
        assert due == {number for number, one in self.told.items() if one.due}
        for who in WHO:
            mine = {one for one in WHO if self.group[one] == self.group[who]}
            assert {way.conversation for way in self.run(self.records.ways(who))} == mine
            letters = [one.id for one in self.run(self.records.letters_of(who, limit=1000))]
            assert letters == sorted((n for n, one in self.told.items() if one.to in mine), reverse=True)
        for organisation in (1, 2):
            listed = [one.id for one in self.run(self.records.listed_notifications(Wanted(organisation), 1000))]
            flow = self.flows[organisation - 1]
            assert listed == sorted((n for n, one in self.told.items() if one.flow == flow), reverse=True)


@pytest.mark.parametrize("keeper", RECORDS_PLACES)
def test_a_keeper_walks_beside_the_model(keeper: str) -> None:
    walk = type("Router", (Router,), {"keeper": keeper})
    run_state_machine_as_test(walk, settings=settings(max_examples=50, stateful_step_count=50, deadline=None))
