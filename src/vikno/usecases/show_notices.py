"""Show notices in conversations on the web: there is nobody to send them to, they stand where the person looks.

A notice becomes a message of its conversation, so an open page shows it at once and a later one finds it there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import msgspec

from vikno.domain.dialog.messages import Button, Message
from vikno.domain.errors import ViknoError
from vikno.domain.notify import stopped_case, written
from vikno.domain.notify.route import WEB
from vikno.usecases.channel import BadMessage, DeadAddress, Outbound, Outcome, Sent
from vikno.usecases.ports import Clock, ConversationStore, Taken, TurnRefused
from vikno.usecases.records import LANES, Known, NoticeKept, NoticeQueue, Records, Settled, Withheld
from vikno.usecases.send_messages import LOOK_AGAIN_S, Held, Release, as_queued

log = logging.getLogger("vikno.show")
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
    store: ConversationStore,
    queue: Records,
    tell: Callable[[str], None],
    clock: Clock,
    limit: int = 100,
    release: Release = as_queued,
) -> int:
    """Put the notices that are due into their conversations; how many it were. `tell`: whoever looks on.

    `release`: asked about each, as before one leaves elsewhere.
    """
    leased = [notice for lane in LANES for notice in await queue.lease(WEB, lane, limit, clock())]
    if leased:
        # They share transactions.
        outcomes = await asyncio.gather(*(_released(store, queue, notice, release) for notice in leased))
        settled: list[Settled] = []
        for notice, outcome in zip(leased, outcomes, strict=True):
            if isinstance(outcome, Held):
                await queue.give_back([notice.id], clock() + int(outcome.seconds * 1000), clock())
                continue
            tell(notice.conversation)
            settled.append(Settled(notice.id, outcome))
        if settled:
            await queue.settle(settled, clock())
    return len(leased)


async def _released(
    store: ConversationStore, queue: Records, notice: NoticeKept, release: Release
) -> Outcome | Withheld | Held:
    """Shown, if it may be."""
    # Who talks on the web alone has no address on record; whether they are there, their conversation says.
    known = await queue.known(notice.conversation) or Known(notice.conversation, WEB, b"", "alive", None, 0)
    try:
        said = await release(notice, known)
    except ViknoError as error:
        return Held(LOOK_AGAIN_S) if error.retryable else BadMessage(error.code)
    except Exception as error:  # noqa: BLE001 - what cannot be read costs this notice, and not those taken with it
        log.error("notice_not_released", extra={"error": type(error).__name__})
        return BadMessage(type(error).__name__)
    return await _shown(store, notice, said) if isinstance(said, Outbound) else said


async def _shown(store: ConversationStore, notice: NoticeKept, said: Outbound) -> Outcome:
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
