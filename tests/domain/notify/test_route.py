"""The way of a notification: what is tried and what is not, and that it always comes to an end."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from vikno.domain.notify.manners import PROOFS
from vikno.domain.notify.route import (
    POINTED,
    UNDER_WAY,
    Back,
    End,
    Go,
    Plan,
    Stay,
    Step,
    Try,
    Way,
    decode_plan,
    encode_plan,
    give_up,
    go_on,
    route,
)
from vikno.domain.policy import Decision
from vikno.packs.manners import usual_manners

TABLE: dict[str, list[Any]] = yaml.safe_load((Path(__file__).parent / "routes.yaml").read_text(encoding="utf-8"))
MANNERS = usual_manners()
DECISIONS = {
    "permit": Decision("permit", "law", ()),
    "deny": Decision("deny", "law", ()),
    "advice": Decision("deny", "advice", ()),
    "unknown": Decision("unknown", "law", (), ("hour",)),
}
EXPIRES_MS = 300_000
CHANNELS = ("inbox", "web", "telegram", "viber", "whatsapp", "max", "vk", "sms", "email", "call")


def named(table: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("example", TABLE[table], ids=lambda example: example["name"])


# ---- plans ----


def way(account: str, content: str, said: dict[str, Any]) -> Way:
    return Way(
        f"{account}:who",
        account,
        alive=said.get("alive", True),
        receipts=True,
        wanted=said.get("wanted", True),
        whole=DECISIONS[said.get("whole", "permit")],
        pointer=DECISIONS[said.get("pointer", "permit")] if content in POINTED else None,
        later=said.get("later", False),
        micros=said.get("micros", 0),
    )


def shown(step: Step) -> str:
    ready = "" if step.ready == "go" else step.ready
    return " ".join(filter(None, (step.account, "reduced" if step.reduced else "", ready)))


@named("plans")
def test_plan(example: dict[str, Any]) -> None:
    content = example["content"]
    ways = [way(account, content, said or {}) for account, said in example["ways"].items()]
    inbox = DECISIONS.get(example.get("inbox", "permit"))
    plan, conversations = route(ways, MANNERS[content], example.get("order", ()), inbox, example.get("ceiling"))
    assert [shown(step) for step in plan.steps] == example["steps"]
    assert {left.account: left.why for left in plan.left} == example.get("left", {})
    assert plan.inbox == example.get("inbox_holds", True)
    assert plan.alone == example.get("alone", False)
    assert conversations == tuple(f"{step.account}:who" for step in plan.steps)
    assert decode_plan(encode_plan(plan)) == plan


@st.composite
def any_ways(draw: st.DrawFn) -> list[Way]:
    decisions = st.sampled_from(sorted(DECISIONS)).map(DECISIONS.__getitem__)
    accounts = draw(st.lists(st.sampled_from(CHANNELS), max_size=6))
    return [
        Way(
            f"{channel}:{index}", f"{channel}/main", draw(st.booleans()), draw(st.booleans()), draw(st.booleans()),
            draw(decisions), draw(st.none() | decisions), draw(st.booleans()), draw(st.none() | st.integers(0, 90_000)),
        )
        for index, channel in enumerate(accounts)
    ]  # fmt: skip


@given(
    any_ways(),
    st.sampled_from(sorted(MANNERS)),
    st.lists(st.sampled_from(CHANNELS), max_size=4),
    st.none() | st.sampled_from(sorted(DECISIONS)).map(DECISIONS.__getitem__),
    st.none() | st.integers(0, 200_000),
)
@settings(max_examples=500)
def test_what_a_plan_never_does(
    ways: list[Way], content: str, order: list[str], inbox: Decision | None, ceiling: int | None
) -> None:
    manner = MANNERS[content]
    plan, conversations = route(ways, manner, order, inbox, ceiling)
    by_name = {one.conversation: one for one in ways}
    assert len(plan.steps) + len(plan.left) == len(ways), "each address is a step, or it is said why not"
    assert len(set(conversations)) == len(plan.steps)
    assert plan.inbox == (inbox is not None and inbox.may_go)
    for name, step in zip(conversations, plan.steps, strict=True):
        on = by_name[name]
        assert on.alive
        assert on.wanted
        decision = on.pointer if step.reduced else on.whole
        assert decision is not None
        match step.ready:
            case "go":
                assert decision.may_go
            case "later":
                assert on.later
                assert not decision.may_go
            case "unknown":
                assert decision.effect == "unknown"
        if step.reduced:
            assert content in POINTED
            assert plan.inbox, "a pointer leads somewhere"
        else:
            assert on.channel in manner.carries
    if ceiling is not None:
        assert sum(step.micros for step in plan.steps) <= ceiling
        assert all(by_name[name].micros is not None for name in conversations)
    assert plan.alone == (len({step.channel for step in plan.steps if step.ready == "go"}) < 2)
    assert plan.on_unknown == manner.on_unknown


# ---- walks ----


def step(said: str) -> Step:
    channel, proof, seconds, *blind = said.split()
    assert proof in PROOFS
    return Step(f"{channel}/main", proof, int(seconds), blind=blind == ["blind"])


def said(found: Stay | Back | Go | End) -> str:
    match found:
        case Stay(due_ms):
            return f"stay {due_ms / 1000:g}"
        case Back(index):
            return f"back {index}"
        case Go(steps, why):
            return f"go {','.join(map(str, steps))} {why}"
        case End(status, reason):
            return f"end {status} {reason}"


@named("walks")
def test_walk(example: dict[str, Any]) -> None:
    plan = Plan(tuple(map(step, example["steps"])), on_unknown=example.get("unknown", "next"))
    tries = [Try(index, status, since * 1000, *reason) for index, status, since, *reason in example["tries"]]
    lives_ms = None if example.get("patient") else EXPIRES_MS
    found = go_on(plan, tries, int(example["at"] * 1000), EXPIRES_MS, lives_ms)
    assert said(found) == example["then"]


NEXT: dict[str, tuple[str, ...]] = {
    "created": ("sending", "expired", "dropped"),
    "sending": ("sent", "temporary-failure", "permanent-failure", "technical-failure", "unknown", "created"),
    "temporary-failure": ("sending", "expired", "dropped"),
    "sent": ("delivered", "read", "permanent-failure"),
    "unknown": ("sent",),
}
"""What may become of a try: by a sender, by a receipt, by its person's leaving."""


@st.composite
def any_plan(draw: st.DrawFn) -> Plan:
    steps = draw(
        st.lists(
            st.builds(
                Step,
                st.sampled_from(CHANNELS).map(lambda kind: f"{kind}/main"),
                st.sampled_from(PROOFS),
                st.sampled_from([0, 20, 300]),
                blind=st.booleans(),
            ),
            min_size=1,
            max_size=4,
        )
    )
    on_unknown: Literal["next", "stop"] = draw(st.sampled_from(["next", "stop"]))
    return Plan(tuple(steps), on_unknown=on_unknown)


@dataclass
class Walk:
    """A notification on its way: whatever the draw says becomes of its tries, and of the law before each step."""

    data: st.DataObject
    plan: Plan
    patient: bool
    tries: list[Try] = field(default_factory=list)
    now_ms: int = 0
    looked: int = 0

    def asked(self) -> Stay | Back | Go | End:
        self.looked += 1
        lives_ms = None if self.patient else EXPIRES_MS
        return go_on(self.plan, self.tries, self.now_ms, EXPIRES_MS, lives_ms)

    def happens(self) -> bool:
        """Something becomes of one of the tries, sometimes."""
        index = self.data.draw(st.integers(-1, len(self.tries) - 1))
        if index < 0 or not (after := NEXT.get(self.tries[index].status)):
            return False
        one = self.tries[index]
        self.now_ms = min(self.now_ms + self.data.draw(st.integers(0, 30_000)), EXPIRES_MS + 30_000)
        status = self.data.draw(st.sampled_from(after))
        self.tries[index] = Try(one.step, status, self.now_ms, "", one.began_ms)
        return True

    def goes(self, steps: tuple[int, ...]) -> Stay | End | None:
        """One of the steps is tried, or all of them are forbidden by now."""
        assert not {one.step for one in self.tries} & set(steps), "no step is tried twice"
        assert self.now_ms < EXPIRES_MS
        if not steps or self.data.draw(st.integers(0, 5)) == 0:
            return give_up(self.plan, self.tries, self.now_ms, EXPIRES_MS)
        self.tries.append(Try(self.data.draw(st.sampled_from(steps)), "created", self.now_ms, "", self.now_ms))
        return None

    def goes_back(self, found: Back) -> None:
        last = self.tries[-1]
        assert (last.step, last.status in UNDER_WAY - {"sending"}) == (found.step, True), "what may have left stays"
        assert found.steps
        status = "sending" if self.data.draw(st.booleans()) else "dropped"  # a sender may be faster
        self.tries[-1] = Try(last.step, status, self.now_ms, "", last.began_ms)


@given(st.data(), any_plan(), st.booleans())
@settings(max_examples=400, deadline=None)
def test_it_always_comes_to_an_end(data: st.DataObject, plan: Plan, patient: bool) -> None:
    walk, events = Walk(data, plan, patient), 0
    end: End | None = None
    while end is None:
        assert walk.looked < 1000, "it ends in few looks"
        if walk.tries and events < 12:
            events += 1
            walk.happens()
        unknown = {one.step for one in walk.tries if one.status == "unknown"}
        found: Stay | Back | Go | End | None = walk.asked()
        if isinstance(found, Go):
            assert not (plan.on_unknown == "stop" and unknown), "what may have arrived is not sent again"
            assert all(one.status not in UNDER_WAY for one in walk.tries), "one thing at a time"
            found = walk.goes(found.steps)
        elif isinstance(found, Back):
            assert not patient
            walk.goes_back(found)
        if isinstance(found, Stay):
            assert walk.now_ms < found.due_ms <= EXPIRES_MS
            walk.now_ms = found.due_ms if data.draw(st.booleans()) or events >= 12 else walk.now_ms
        elif isinstance(found, End):
            end = found
    statuses = {one.status for one in walk.tries}
    if end.status == "delivered":
        assert statuses & {"delivered", "read"}
    elif end.status == "sent":
        assert "sent" in statuses
    elif end.status == "permanent-failure":
        assert not statuses & {"sent", "unknown"}
    assert walk.now_ms <= EXPIRES_MS + 30_000


@given(any_plan(), st.data())
def test_whatever_else_has_become_of_it_a_receipt_ends_it(plan: Plan, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(plan.steps))))
    statuses = st.sampled_from(["created", "sending", "sent", "unknown", "permanent-failure", "expired", "dropped"])
    tries = [Try(index, data.draw(statuses), 0) for index in order]
    at = data.draw(st.integers(0, len(tries) - 1))
    tries[at] = Try(tries[at].step, data.draw(st.sampled_from(["delivered", "read"])), 10)
    found = go_on(plan, tries, data.draw(st.integers(0, 2 * EXPIRES_MS)), EXPIRES_MS, EXPIRES_MS)
    assert found == End("delivered", plan.steps[tries[at].step].channel)
