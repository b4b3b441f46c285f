"""Send what was said: replies first, then notices, then bulk, at the pace the platform allows, in each person's order.

A reply is an effect that waits in the outbox of its conversation; it is done when the platform has it. A notice is
leased, which marks it `sending` on disk before its request leaves, so that after a kill it is known to be unknown.
The next message to a person leaves when their last reply is on record as done, so that a kill repeats one at most.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from vikno.domain.errors import ViknoError
from vikno.usecases.channel import (
    BadMessage,
    Channel,
    DeadAddress,
    Misconfigured,
    Outbound,
    Outcome,
    RetryAfter,
    Sent,
    Transport,
    Unknown,
    decode_outbound,
)
from vikno.usecases.ports import Clock, Effect, Outbox
from vikno.usecases.records import NoticeKept, Records, Settled, Vault

log = logging.getLogger("vikno.send")

REPLY_LIVES_S = 3600.0
"""Who has waited longer for a reply has gone; what they write next is answered."""
LONGEST_WAIT_S = 300.0
RESERVED = 0.3
"""The share of the pace that notices leave for replies."""
LEASED = 32
"""Notices taken at once. A process that ends suddenly leaves these unknown at most, and those on their way."""
LOOK_AGAIN_S = 1.0
SETTLE_S = 0.05
LANES = ("notice", "bulk")
MOST_CHATS = 10_000
MOST_WAITING = 100
"""Replies to one person held in memory. Of others only the place on record is, until half of these have gone."""


@dataclass(slots=True, eq=False)
class _Item:
    """One message on its way. `position`: of a reply; `notice`: of a notice. `part`: requests already answered."""

    conversation: str
    address: str
    outbound: Outbound
    born_s: float
    position: int = 0
    notice: NoticeKept | None = None
    part: int = 0
    tries: int = 0
    message: str = ""


@dataclass(slots=True, eq=False)
class _Chat:
    """What waits for one person; one message at a time is on its way."""

    conversation: str
    waiting: deque[_Item] = field(default_factory=deque)
    replies: int = 0
    """So many of those that wait."""
    beyond: deque[int] = field(default_factory=deque)
    """Positions of replies that wait on record alone."""
    busy: bool = False
    """A message is on its way, or a reply is being put on record."""
    listed: object = None
    """The lane it stands in, or the list of those who come back."""
    ready_s: float = 0.0
    paced_s: float = 0.0
    """When everything that went would have gone, had the gap been kept each time."""

    @property
    def idle(self) -> bool:
        """Nothing waits, nothing is on its way."""
        return not (self.waiting or self.beyond or self.busy)


class Pace:
    """A token bucket: `rate` a second, at most one second's worth at once; everybody waits while it is paused.

    >>> pace = Pace(2.0)
    >>> [pace.take(0.0), pace.take(0.0), pace.take(0.0), pace.take(0.5)]
    [0.0, 0.0, 0.5, 0.0]
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._tokens, self._at_s, self._paused_s = rate, 0.0, 0.0

    def take(self, now_s: float, reserve: float = 0.0) -> float:
        """Take one token; or how many seconds to wait until there is one more than `reserve` of a second's worth."""
        if now_s < self._paused_s:
            return self._paused_s - now_s
        if now_s > self._at_s:
            self._tokens = min(self.rate, self._tokens + (now_s - self._at_s) * self.rate)
            self._at_s = now_s
        lacking = 1.0 + reserve * (self.rate - 1.0) - self._tokens
        if lacking > 1e-9:
            return lacking / self.rate
        self._tokens -= 1.0
        return 0.0

    def pause(self, until_s: float) -> None:
        """Nobody before that moment, and nothing saved up."""
        self._paused_s = max(self._paused_s, until_s)
        self._tokens, self._at_s = 1.0, self._paused_s


class Sender:
    """Sends for one account. `counted`: what came of it; `alarm`: called once for each trouble of the account."""

    def __init__(  # noqa: PLR0913 - what an account is made of
        self,
        channel: Channel,
        transport: Transport[Any, Any],
        outbox: Outbox,
        records: Records,
        vault: Vault,
        clock: Clock,
        *,
        alarm: Callable[[str], None] = lambda _: None,
        rate: float | None = None,
        gone: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`rate`: messages a second, in place of what the channel's platform allows everybody and every chat.

        `gone`: told of a conversation whose address is dead.
        """
        self.channel, self._transport = channel, transport
        self._outbox, self._records, self._vault, self._clock = outbox, records, vault, clock
        self._alarm, self._gone = alarm, gone
        self.name = f"{channel.kind}/{channel.account}"
        known = channel.capabilities
        self.pace = Pace(rate or known.rate_per_s)
        self._gap_s, self._at_once = 0.0 if rate else known.chat_gap_s, known.at_once
        self._burst_s = (known.chat_burst - 1) * self._gap_s
        self._chats: dict[str, _Chat] = {}
        self._replies: deque[_Chat] = deque()
        self._notices: deque[_Chat] = deque()
        self._back: list[tuple[float, int, _Chat]] = []
        """Those who may get nothing before a moment, the first one first."""
        self._number = itertools.count()
        self._held = 0
        """Notices in memory that are not yet on their way."""
        self._flying = 0
        self._alarmed: str | None = None
        self._settled: list[Settled] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._after_replies = False
        """Notices are not taken while replies wait to go."""
        self._closing = False
        self._later: asyncio.TimerHandle | None = None
        self._later_s = 0.0
        self.counted: Counter[str] = Counter()

    # ---- replies ----

    def offer(self, conversation: str, address: str, position: int, outbound: Outbound) -> None:
        """A reply that is on record and waits. It goes as soon as the pace and its person's order allow."""
        chat = self._chat(conversation)
        if chat.beyond or chat.replies >= MOST_WAITING:
            chat.beyond.append(position)
            return
        now_s = asyncio.get_running_loop().time()
        self._queue(chat, _Item(conversation, address, outbound, now_s, position=position))
        self._pump()

    async def resume(self) -> int:
        """At the start: replies that waited when the last process ended are sent; how many there are.

        Notices that it had on their way are unknown from now on.
        """
        lost = await self._records.recover(self.name, self._clock())
        if lost:
            log.warning("notices_unknown", extra={"account": self.name, "count": lost})
        found = 0
        for effect in await self._outbox.waiting(100_000):
            if not effect.conversation.startswith(f"{self.name}:"):
                continue
            chat = self._chat(effect.conversation)
            if chat.beyond or chat.replies >= MOST_WAITING:
                chat.beyond.append(effect.position)
                found += 1
            elif (item := await self._fetched(effect)) is not None:
                self._queue(chat, item)
                found += 1
        self._pump()
        return found

    async def _fetched(self, effect: Effect) -> _Item | None:
        """A reply from the record; None, and done, if nobody is there, it is too old, or it cannot be read."""
        known = await self._records.known(effect.conversation)
        age_s = (self._clock() - effect.created_ms) / 1000
        if known is not None and known.status == "alive" and age_s <= REPLY_LIVES_S:
            try:
                outbound, address = decode_outbound(effect.payload), self._vault.unseal(known.sealed)
            except (ValueError, ViknoError) as error:
                log.error("reply_unreadable", extra={"account": self.name, "error": type(error).__name__})
            else:
                born_s = asyncio.get_running_loop().time() - age_s
                return _Item(effect.conversation, address, outbound, born_s, position=effect.position)
        self.counted["forgone"] += 1
        await self._outbox.done(effect.conversation, effect.position)
        return None

    async def _refill(self, chat: _Chat) -> None:
        """When little is left, fetch of what waits on record alone."""
        while chat.beyond and chat.replies <= MOST_WAITING // 2 and not self._closing:
            try:
                await self._fetch_some(chat)
            except ViknoError as error:
                log.error("replies_not_fetched", extra={"account": self.name, "error": error.code})
                await asyncio.sleep(LOOK_AGAIN_S)

    async def _fetch_some(self, chat: _Chat) -> None:
        """What is not found was forgotten meanwhile."""
        wanted = sorted(chat.beyond)[:MOST_WAITING]
        effects = await self._outbox.since(chat.conversation, wanted[0] - 1, MOST_WAITING)
        reached = effects[-1].position if len(effects) == MOST_WAITING else wanted[-1]
        looked_for = {position for position in wanted if position <= reached}
        found = [one for one in effects if one.position in looked_for and one.status == "waiting"]
        items = [item for one in found if (item := await self._fetched(one)) is not None]
        for item in items:
            self._queue(chat, item)
        chat.beyond = deque(position for position in sorted(chat.beyond) if position not in looked_for)

    # ---- notices ----

    async def run(self) -> None:
        """Fetch notices as the pace allows, until cancelled."""
        while not self._closing:
            room = min(LEASED, int(self.pace.rate) or 1, self._at_once) - self._held
            leased: tuple[NoticeKept, ...] = ()
            self._after_replies = bool(
                self._replies
            )  # or they would be `sending` and not sent, should this process end
            if room > 0 and self._alarmed is None and not self._after_replies:
                leased = await self._lease(room)
            if not leased:
                self._wake.clear()
                wait_s = SETTLE_S if self._held else LOOK_AGAIN_S
                try:
                    await asyncio.wait_for(self._wake.wait(), wait_s)
                except TimeoutError:
                    if self._alarmed is not None:
                        self._alarmed = None  # looked at again, in case somebody has mended it

    async def _lease(self, room: int) -> tuple[NoticeKept, ...]:
        found: list[NoticeKept] = []
        now_s = asyncio.get_running_loop().time()
        for lane in LANES:
            if len(found) < room:
                found += await self._records.lease(self.name, lane, room - len(found), self._clock())
        for notice in found:
            known = await self._records.known(notice.conversation)
            if known is None or known.status != "alive":
                self._settle(Settled(notice.id, DeadAddress("left")))
                continue
            try:
                item = _Item(
                    notice.conversation, self._vault.unseal(known.sealed), decode_outbound(notice.payload), now_s,
                    notice=notice, tries=notice.tries,
                )  # fmt: skip
            except (ValueError, ViknoError) as error:
                self._settle(Settled(notice.id, BadMessage(type(error).__name__)))
                continue
            self._queue(self._chat(item.conversation), item)
        self._pump()
        return tuple(found)

    def nudge(self) -> None:
        """Notices were queued: look at once."""
        self._wake.set()

    # ---- on their way ----

    def _chat(self, conversation: str) -> _Chat:
        chat = self._chats.get(conversation)
        if chat is None:
            chat = self._chats[conversation] = _Chat(conversation)
        return chat

    def _queue(self, chat: _Chat, item: _Item) -> None:
        if item.notice is None:  # a reply goes before the notices of the same person
            at = next((n for n, other in enumerate(chat.waiting) if other.notice is not None and not other.part), None)
            chat.waiting.append(item) if at is None else chat.waiting.insert(at, item)
            chat.replies += 1
        else:
            chat.waiting.append(item)
            self._held += 1
        self._list(chat, asyncio.get_running_loop().time())

    def _list(self, chat: _Chat, now_s: float) -> None:
        """Let a person stand in the lane of what goes to them next, or come back when they may get something."""
        if chat.busy or not chat.waiting or chat.listed is self._back:
            return
        lane = self._replies if chat.waiting[0].notice is None else self._notices
        if chat.ready_s > now_s:
            chat.listed = self._back
            heapq.heappush(self._back, (chat.ready_s, next(self._number), chat))
        elif chat.listed is not lane:
            chat.listed = lane  # where it stood before, it is passed over
            lane.append(chat)

    def _pump(self) -> None:
        """Let go what may go now; come back when more may."""
        if self._closing:
            return
        now_s = asyncio.get_running_loop().time()
        while self._back and self._back[0][0] <= now_s:
            chat = heapq.heappop(self._back)[2]
            chat.listed = None
            self._list(chat, now_s)
        if self._back:
            self._come_back(self._back[0][0] - now_s)
        self._let_go(now_s)
        if self._after_replies and not self._replies:
            self._after_replies = False
            self._wake.set()

    def _let_go(self, now_s: float) -> None:
        loop = asyncio.get_running_loop()
        for lane, reserve in ((self._replies, 0.0), (self._notices, RESERVED)):
            while lane:
                if self._flying >= self._at_once:
                    return  # whoever comes back pumps
                chat = lane[0]
                if chat.listed is not lane:
                    lane.popleft()
                    continue
                if (wait_s := self.pace.take(now_s, reserve)) > 0:
                    self._come_back(wait_s)
                    break
                lane.popleft()
                chat.listed, chat.busy = None, True
                self._flying += 1
                self._held -= chat.waiting[0].notice is not None
                task = loop.create_task(self._fly(chat, chat.waiting[0]))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _come_back(self, wait_s: float) -> None:
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        if self._later is not None:
            if self._later_s <= now_s + wait_s:
                return
            self._later.cancel()
        self._later_s = now_s + wait_s
        self._later = loop.call_at(self._later_s, self._look_again)

    def _look_again(self) -> None:
        self._later = None  # a loop may call a little early: the next wait is a new one
        self._pump()

    async def _fly(self, chat: _Chat, item: _Item) -> None:
        """Bring one message to the platform, and decide what its answer means for it."""
        try:
            outcome = await self._carry(item)
        except Exception as error:  # noqa: BLE001 - a fault of the adapter costs this message, not the account
            outcome = BadMessage(f"{type(error).__name__} in {_place(error)}")
            log.error("send_failed", extra={"account": self.name, "reason": outcome.reason})
        finally:
            self._flying -= 1
        loop_s = asyncio.get_running_loop().time()
        chat.paced_s = max(chat.paced_s, loop_s) + self._gap_s
        chat.ready_s = chat.paced_s - self._burst_s
        self.counted[type(outcome).__name__] += 1
        again_s = self._again_s(item, outcome, loop_s)
        if again_s is not None and item.notice is None:
            item.tries += 1
            chat.ready_s = max(chat.ready_s, loop_s + again_s)
        else:
            chat.waiting.remove(item)
            if item.notice is None:
                chat.replies -= 1
                self._pump()
                await self._finish(item, outcome, again_s)
                await self._refill(chat)
        chat.busy = False
        self._list(chat, asyncio.get_running_loop().time())
        if chat.idle and self._gap_s == 0:
            self._chats.pop(item.conversation, None)
        elif len(self._chats) > MOST_CHATS:
            self._tidy(loop_s)
        self._pump()
        if item.notice is not None:
            await self._finish(item, outcome, again_s)

    def _tidy(self, now_s: float) -> None:
        """Forget people to whom nothing goes now."""
        idle = [name for name, chat in self._chats.items() if chat.idle and chat.ready_s < now_s]
        for name in idle:
            del self._chats[name]

    async def _carry(self, item: _Item) -> Outcome:
        requests = self.channel.render(item.outbound, item.address)
        outcome: Outcome = Sent(item.message)
        for request in requests[item.part :]:
            while item.part and (wait_s := self.pace.take(asyncio.get_running_loop().time())) > 0:  # noqa: ASYNC110
                await asyncio.sleep(wait_s)  # the pace is a clock, nobody sets an event
            outcome = self.channel.classify(request, await self._transport.carry(request))
            if not isinstance(outcome, Sent):
                return outcome
            item.part += 1
            item.message = outcome.message
        return outcome

    def _again_s(self, item: _Item, outcome: Outcome, now_s: float) -> float | None:
        """In how many seconds to try again; None when this is the end of it."""
        match outcome:
            case RetryAfter(seconds, scope):
                again_s = max(seconds, min(2.0**item.tries, LONGEST_WAIT_S) if item.tries else 0.0)
                if scope == "account":
                    self.pace.pause(now_s + seconds)
            case Misconfigured(reason):
                again_s = min(2.0 ** (item.tries + 2), LONGEST_WAIT_S)
                self._trouble(reason)
            case Unknown() if item.notice is None and not item.tries:
                again_s = 2.0
            case _:
                return None
        if item.notice is not None:
            return again_s if self._clock() + again_s * 1000 < item.notice.expires_ms else None
        return again_s if now_s + again_s - item.born_s < REPLY_LIVES_S else None

    def _trouble(self, reason: str) -> None:
        if self._alarmed is None:
            self._alarm(f"{self.name}: {reason}")
            log.error("account_in_trouble", extra={"account": self.name, "reason": reason})
        self._alarmed = reason

    async def _finish(self, item: _Item, outcome: Outcome, again_s: float | None) -> None:
        """Put it on record."""
        if isinstance(outcome, Sent):
            self._alarmed = None
        try:
            if item.notice is not None:
                again_ms = None if again_s is None else self._clock() + int(again_s * 1000)
                self._settle(Settled(item.notice.id, outcome, again_ms))
            elif again_s is None:
                if not isinstance(outcome, Sent | DeadAddress):
                    await self._set_aside(item, outcome)
                await self._outbox.done(item.conversation, item.position)
            if isinstance(outcome, DeadAddress):
                await self._records.mark(item.conversation, "dead")
                self._gone(item.conversation)
        except ViknoError as error:
            log.error("outcome_not_kept", extra={"account": self.name, "error": error.code})

    async def _set_aside(self, item: _Item, outcome: Outcome) -> None:
        """A reply that could not be brought, for an operator: its text, sealed, and why."""
        sealed = self._vault.seal(item.outbound.text)
        reason = f"{type(outcome).__name__}: {outcome.reason}"  # type: ignore[union-attr]  # all but Sent have one
        await self._records.put_aside(self.name, reason[:200], sealed, self._clock())

    def _settle(self, settled: Settled) -> None:
        """Outcomes of notices are put on record a few at a time."""
        self._settled.append(settled)
        if len(self._settled) == 1:
            task = asyncio.get_running_loop().create_task(self._settle_soon())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _settle_soon(self) -> None:
        if not self._closing:
            await asyncio.sleep(SETTLE_S)
        settled, self._settled = self._settled, []
        try:
            await self._records.settle(settled, self._clock())
        except ViknoError as error:
            log.error("outcome_not_kept", extra={"account": self.name, "error": error.code})
        self._wake.set()

    async def close(self, patience_s: float = 5.0) -> None:
        """Let what is on its way arrive, then stop. What waits stays on record."""
        self._closing = True
        if self._later is not None:
            self._later.cancel()
        self._wake.set()
        pending: Iterable[asyncio.Task[None]] = set(self._tasks)
        if pending:
            await asyncio.wait(pending, timeout=patience_s)
        for task in set(self._tasks):
            task.cancel()
        await self._transport.close()


def _place(error: BaseException) -> str:
    """Where it was raised; what it says may be personal."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}" if trace else "?"
