"""Show notices in conversations on the web: there is nobody to send them to, they stand where the person looks.

A notice becomes a message of its conversation, so an open page shows it at once and a later one finds it there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from vikno.domain.dialog.messages import Button, Message
from vikno.domain.notify import stopped_case, written
from vikno.usecases.answer_wants import WEB
from vikno.usecases.channel import BadMessage, DeadAddress, Outcome, Sent, decode_outbound
from vikno.usecases.ports import Clock, ConversationStore, Taken, TurnRefused
from vikno.usecases.records import LANES, NoticeKept, NoticeQueue, Settled

_encode = msgspec.json.Encoder().encode


class _Forgotten(Exception):
    """There is no such conversation any more."""


async def take_up(queue: NoticeQueue, clock: Clock) -> int:
    """Before the first round, and after one that failed: what was taken and not settled is due again; how many it were.

    Shown twice it is one message, its id is the event; left as it is, its person would see no other. One process shows.
    """
    if not await queue.recover(WEB, clock()):
        return 0
    lost = [one for one in await _letters(queue) if one.status == "unknown"]
    return sum([await queue.replay([one.id], clock(), one.expires_ms) for one in lost])


async def _letters(queue: NoticeQueue) -> list[NoticeKept]:
    found: list[NoticeKept] = []
    while page := await queue.letters(WEB, found[-1].id if found else 0):
        found += page
    return found


async def show_notices(
    store: ConversationStore, queue: NoticeQueue, tell: Callable[[str], None], clock: Clock, limit: int = 100
) -> int:
    """Put the notices that are due into their conversations; how many it were. `tell`: whoever looks on."""
    leased = [notice for lane in LANES for notice in await queue.lease(WEB, lane, limit, clock())]
    if leased:
        outcomes = await asyncio.gather(*(_shown(store, notice) for notice in leased))  # they share transactions
        for notice in leased:
            tell(notice.conversation)
        settled = [Settled(notice.id, outcome) for notice, outcome in zip(leased, outcomes, strict=True)]
        await queue.settle(settled, clock())
    return len(leased)


async def _shown(store: ConversationStore, notice: NoticeKept) -> Outcome:
    try:
        said = decode_outbound(notice.payload)
    except ValueError as error:
        return BadMessage(type(error).__name__)
    text = f"{said.text}\n\n{said.link}" if said.link else said.text
    message = Message("notice", text, tuple(_lasting(button) for button in said.buttons))

    def step(state: bytes | None) -> Taken:
        if state is None:
            raise _Forgotten
        return Taken(state, (_encode(message),), fetched=True)

    try:
        kept = await store.turn(notice.conversation, f"notice-{notice.id}", step)
    except _Forgotten:
        return DeadAddress("forgotten")
    except TurnRefused as error:
        return BadMessage(error.code)
    return Sent(str(kept.position))


def _lasting(button: Button) -> Button:
    """The button that ends such notices, as the dialogue knows it at any step."""
    case = stopped_case(button.id)
    return button if case is None else Button(f"0.g{written(case)}", button.label, button.style)
