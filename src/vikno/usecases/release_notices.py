"""Release notices: the last question before one leaves. What was lawful and wanted when it was queued may not be now.

A notice about a case asks for its authority, one of a notification for its organisation. Whatever is withheld says by
which rule or choice; what depends on a fact that nobody knows is held, and asked about again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from vikno.domain.errors import ViknoError
from vikno.domain.notify.route import ARRIVED, decode_plan
from vikno.usecases.channel import BadMessage, decode_outbound
from vikno.usecases.dispatch import Dispatch
from vikno.usecases.judge import About, Whereabouts
from vikno.usecases.people import PersonKept, Reached
from vikno.usecases.records import Known, NoticeKept, Withheld
from vikno.usecases.route_notifications import Barred, ask_again
from vikno.usecases.send_messages import Held, Released

HELD_S = 900.0
"""Until it is asked about again."""


async def release(
    dispatch: Dispatch, notice: NoticeKept, known: Known, of_case: Callable[[NoticeKept], Awaitable[About | None]]
) -> Released:
    """What is to be said, or why it is not. `of_case`: what a notice about a case is to the rules."""
    if notice.notification is None:
        return _of_case(dispatch, notice, known, await of_case(notice))
    now_ms = dispatch.clock()
    [hand] = await dispatch.book.in_hand((notice.notification,)) or [None]
    if hand is None or hand.notification.completed_ms is not None or any(one.status in ARRIVED for one in hand.tries):
        return Withheld("ended")
    kept = hand.notification
    asked = await ask_again(dispatch, kept, now_ms)
    if isinstance(asked, Barred):
        return Held(HELD_S) if asked.hold else Withheld("suspended")
    way = asked.ways.get(notice.conversation)
    if way is None or not way.wanted:
        return Withheld("choice" if way is not None else "gone")
    answer = asked.may_go(way)
    if answer.verdict == "hold":
        return Held(HELD_S)
    if answer.verdict == "stop":
        return Withheld(_law((rule.id, rule.version) for rule in answer.rules))
    window = dispatch.window(asked.manner, asked.organisation, asked.sealed.where, asked.person, kept.direction, now_ms)
    if window.not_before_ms > now_ms:  # its queue was long, and their night has come
        return Held((window.not_before_ms - now_ms) / 1000)
    step = decode_plan(kept.plan).steps[notice.step]
    try:
        return dispatch.outbound(
            asked.organisation, asked.rendering, kept, asked.sealed, notice.conversation, notice.account,
            reduced=answer.reduced or step.reduced, bulk=asked.lane == "bulk",
        )  # fmt: skip
    except ViknoError as error:
        return BadMessage(error.code)


def _law(rules: Iterable[tuple[str, str]]) -> str:
    """The reason of a notice that rules are against, by id and version."""
    return "law: " + ", ".join(f"{name}@{version}" for name, version in rules)


def _of_case(dispatch: Dispatch, notice: NoticeKept, known: Known, about: About | None) -> Released:
    """A notice about a case that somebody follows: they asked for it, and the law may still forbid the channel."""
    try:
        said = decode_outbound(notice.payload)
    except ValueError as error:
        return BadMessage(type(error).__name__)
    if about is None:
        return said
    way = Reached(0, known.conversation, known.account, known.status, known.lang, known.zone, met=True)
    person = PersonKept(0, (way,), consent="given")
    channel = known.account.partition("/")[0]
    decision = dispatch.judge.decide(about, channel, Whereabouts(None, known.zone), person, dispatch.clock())
    if decision.may_go:
        return said
    if decision.effect == "unknown":
        return Held(HELD_S)
    return Withheld(_law((one.rule.id, one.version[:12]) for one in decision.rules))
