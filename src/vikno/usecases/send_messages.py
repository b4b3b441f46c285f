"""Send what was said: replies first, then notices, then bulk, at the pace the platform allows, in each person's order.

A reply is an effect that waits in the outbox of its conversation; it is done when the platform has it. A notice is
leased, which marks it `sending` on disk before its request leaves, so that after a kill it is known to be unknown.
The next message to a person leaves when their last reply is on record as done, so that a kill repeats one at most.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

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
from vikno.usecases.records import LANES, MOST_AT_ONCE, Known, NoticeKept, Records, Settled, Vault, Withheld

log = logging.getLogger("vikno.send")

Answer = TypeVar("Answer")

REPLY_LIVES_S = 3600.0
"""Who has waited longer for a reply has gone; what they write next is answered."""
LONGEST_WAIT_S = 300.0
RESERVED = 0.3
"""The share of the pace that notices leave for replies."""
LEASED = 32
"""Notices taken at once. A process that ends suddenly leaves these unknown at most, and those on their way."""
LOOK_AGAIN_S = 1.0
ASKED_S = 2.0
"""So long what was said of a notice holds, by the law and its person; a full hold empties within a second."""
RESUMED = 1000
"""Replies read at once when a process starts."""
SETTLE_S = 0.05
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
    doubted: bool = False
    """Nobody knows whether it arrived before; once it is repeated."""
    forgotten: bool = False
    """Its person has been erased: nothing on record is this message any more."""


@dataclass(slots=True, eq=False)
class _Chat:
    """What waits for one person; one message at a time is on its way."""

    conversation: str
    waiting: deque[_Item] = field(default_factory=deque)
    replies: int = 0
    """So many of those that wait."""
    beyond: deque[int] = field(default_factory=deque)
    """Positions of replies that wait on record alone."""
    current: _Item | None = None
    """What is on its way, or being put on record."""
    comes_back: bool = False
    """It stands among those who may get nothing before a moment."""
    ready_s: float = 0.0
    paced_s: float = 0.0
    """When everything that went would have gone, had the gap been kept each time."""

    @property
    def idle(self) -> bool:
        """Nothing waits, nothing is on its way."""
        return not (self.waiting or self.beyond or self.current)

    def holds(self, position: int) -> bool:
        """Whether this reply is in hand."""
        current = self.current
        return (
            position in self.beyond
            or (current is not None and current.notice is None and current.position == position)
            or any(one.notice is None and one.position == position for one in self.waiting)
        )


@dataclass(slots=True)
class _Lane:
    """People in the order of their turn, nobody twice. `reserve`: the share of the pace that is left to others."""

    reserve: float
    queue: deque[_Chat] = field(default_factory=deque)
    standing: set[_Chat] = field(default_factory=set)

    def join(self, chat: _Chat) -> None:
        if chat not in self.standing:
            self.standing.add(chat)
            self.queue.append(chat)

    def leave(self) -> None:
        """The first one goes."""
        self.standing.discard(self.queue.popleft())


@dataclass(frozen=True, slots=True)
class Held:
    """A notice that may not leave yet: it is asked about again after so many seconds."""

    seconds: float


Released = Outbound | Withheld | BadMessage | Held
Release = Callable[[NoticeKept, Known], Awaitable[Released]]
"""Asked before a notice leaves: what it says now, or why it does not go (`usecases.release_notices`)."""


async def as_queued(notice: NoticeKept, _: Known) -> Released:
    """What it said when it was queued."""
    try:
        return decode_outbound(notice.payload)
    except ValueError as error:
        return BadMessage(type(error).__name__)


class Pace:
    """A token bucket: `rate` a second, at most `burst` at once; everybody waits while it is paused.

    >>> pace = Pace(2.0)
    >>> [pace.take(0.0), pace.take(0.0), pace.take(0.0), pace.take(0.5)]
    [0.0, 0.0, 0.5, 0.0]
    """

    def __init__(self, rate: float, burst: float | None = None) -> None:
        """`burst`: one second's worth unless it is said."""
        self.rate = rate
        self._most = max(1.0, rate) if burst is None else burst
        self._tokens, self._at_s, self._paused_s = self._most, 0.0, 0.0

    def take(self, now_s: float, reserve: float = 0.0) -> float:
        """Take one token; or how many seconds to wait until there is one more than `reserve` of a second's worth."""
        if now_s < self._paused_s:
            return self._paused_s - now_s
        if now_s > self._at_s:
            self._tokens = min(self._most, self._tokens + (now_s - self._at_s) * self.rate)
            self._at_s = now_s
        lacking = 1.0 + reserve * (self._most - 1.0) - self._tokens
        if lacking > 1e-9:
            return lacking / self.rate
        self._tokens -= 1.0
        return 0.0

    def pause(self, until_s: float) -> None:
        """Nobody before that moment, and nothing saved up."""
        self._paused_s = max(self._paused_s, until_s)
        self._tokens, self._at_s = 1.0, self._paused_s

    def paused(self, now_s: float) -> bool:
        """Whether everybody waits."""
        return now_s < self._paused_s


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
        release: Release | None = None,
    ) -> None:
        """`rate`: messages a second, in place of what the channel's platform allows everybody and every chat.

        `gone`: told of a conversation whose address is dead. `release`: asked about each notice before it leaves.
        """
        self.channel, self._transport = channel, transport
        self._outbox, self._records, self._vault, self._clock = outbox, records, vault, clock
        self._alarm, self._gone, self._ask = alarm, gone, release or as_queued
        self.name = f"{channel.kind}/{channel.account}"
        known = channel.capabilities
        self.pace = Pace(rate or known.rate_per_s)
        self._gap_s, self._at_once = 0.0 if rate else known.chat_gap_s, known.at_once
        self._burst_s = (known.chat_burst - 1) * self._gap_s
        self._chats: dict[str, _Chat] = {}
        self._most_chats = MOST_CHATS
        self._replies, self._notices = _Lane(0.0), _Lane(RESERVED)
        self._back: list[tuple[float, int, _Chat]] = []
        """Those who may get nothing before a moment, the first one first."""
        self._number = itertools.count()
        self._held = 0
        """Notices in memory that are not yet on their way."""
        self._flying = 0
        self._in_trouble = False
        self._looks_s = 0.0
        """When an account in trouble is looked at again, in case somebody has mended it."""
        self._settled: list[Settled] = []
        self._tasks: set[asyncio.Task[Any]] = set()
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
        self._queue(chat, _Item(conversation, address, outbound, _now_s(), position=position))
        self._pump()

    async def offer_again(self, conversation: str, address: str, position: int, outbound: Outbound) -> None:
        """A reply to what was brought again: it goes if nobody sends it and it still waits on record."""
        found = await self._outbox.since(conversation, position - 1, 1)
        waits = any(effect.position == position and effect.status == "waiting" for effect in found)
        chat = self._chats.get(conversation)
        if waits and (chat is None or not chat.holds(position)):
            self.offer(conversation, address, position, outbound)

    async def resume(self) -> int:
        """At the start: replies that waited when the last process ended are sent; how many there are.

        Notices that it had on their way are unknown from now on.
        """
        lost = await self._records.recover(self.name, self._clock())
        if lost:
            log.warning("notices_unknown", extra={"account": self.name, "count": lost})
        found = after = 0
        while effects := await self._outbox.waiting(RESUMED, after, f"{self.name}:"):
            for effect in effects:
                found += await self._take_up(effect)
            after = effects[-1].number
        self._pump()
        return found

    async def _take_up(self, effect: Effect) -> bool:
        chat = self._chats.get(effect.conversation)
        if chat is not None and (chat.beyond or chat.replies >= MOST_WAITING):
            chat.beyond.append(effect.position)
        elif (item := await self._fetched(effect)) is not None:
            self._queue(self._chat(effect.conversation), item)
        else:
            return False
        return True

    async def _fetched(self, effect: Effect) -> _Item | None:
        """A reply from the record; None, and done, if nobody is there, it is too old, or it cannot be read."""
        known = await self._records.known(effect.conversation)
        age_s = (self._clock() - effect.created_ms) / 1000
        if known is not None and known.status != "dead" and age_s <= REPLY_LIVES_S:
            try:
                outbound, address = decode_outbound(effect.payload), self._vault.unseal(known.sealed)
            except (ValueError, ViknoError) as error:
                log.error("reply_unreadable", extra={"account": self.name, "error": type(error).__name__})
            else:
                return _Item(effect.conversation, address, outbound, _now_s() - age_s, position=effect.position)
        self.counted["forgone"] += 1
        try:
            await self._outbox.done(effect.conversation, effect.position)
        except ViknoError as error:
            log.error("outcome_not_kept", extra={"account": self.name, "error": error.code})
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
        most = MOST_WAITING - chat.replies
        wanted = sorted(chat.beyond)[:most]
        effects = await self._outbox.since(chat.conversation, wanted[0] - 1, most)
        reached = effects[-1].position if len(effects) == most else wanted[-1]
        looked_for = {position for position in wanted if position <= reached}
        found = [one for one in effects if one.position in looked_for and one.status == "waiting"]
        items = [item for one in found if (item := await self._fetched(one)) is not None]
        for item in items:
            if item.position in chat.beyond:  # or its person was erased meanwhile
                self._queue(chat, item)
        chat.beyond = deque(position for position in sorted(chat.beyond) if position not in looked_for)

    def forget(self, conversation: str) -> None:
        """Its person was erased: what waits is not said, and positions begin anew."""
        chat = self._chats.get(conversation)
        if chat is None:
            return
        self._held -= sum(one.notice is not None for one in chat.waiting if one is not chat.current)
        chat.waiting = deque(one for one in chat.waiting if one is chat.current)
        chat.replies = sum(one.notice is None for one in chat.waiting)
        chat.beyond.clear()
        if chat.current is not None:
            chat.current.forgotten = True
        else:
            self._put_away(chat)

    # ---- notices ----

    async def run(self) -> None:
        """Fetch notices as the pace allows, until cancelled."""
        while not self._closing:
            self._wake.clear()  # before it looks: what is queued meanwhile is looked for again
            try:
                # In a task of its own: should this one be cancelled, what it takes is still given back.
                if await asyncio.shield(self._begin(self._lease())):
                    continue
                wait_s = LOOK_AGAIN_S if self._room > 0 else SETTLE_S  # room comes with the pace, which wakes nobody
            except ViknoError as error:
                log.error("notices_not_taken", extra={"account": self.name, "error": error.code})
                wait_s = LOOK_AGAIN_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait_s)

    @property
    def _room(self) -> int:
        """So many more may be held."""
        return min(LEASED, int(self.pace.rate) or 1, self._at_once) - self._held

    async def _lease(self) -> int:
        """Take what may go soon; how many it were. What cannot go would stand `sending`, should this process end."""
        now_s = _now_s()
        self._after_replies = bool(self._replies.queue)
        if self._after_replies or self.pace.paused(now_s) or (self._in_trouble and now_s < self._looks_s):
            return 0
        room, taken = self._room, 0
        for lane in LANES:
            if taken < room and not self._closing:
                leased = await self._records.lease(self.name, lane, room - taken, self._clock())
                taken += len(leased)
                for notice in leased:
                    await self._admit(notice)
        self._pump()
        return taken

    async def _admit(self, notice: NoticeKept) -> None:
        """Hold it until it may go, or give it back."""
        if self._closing:
            self._give_back([notice], 0.0)
            return
        try:
            known = await self._records.known(notice.conversation)
        except ViknoError:
            self._give_back([notice], LOOK_AGAIN_S)
            return
        if known is None or known.status != "alive":
            self._settle(Settled(notice.id, DeadAddress("left")))
            return
        chat, now_s = self._chats.get(notice.conversation), _now_s()
        if chat is not None and chat.replies and chat.ready_s > now_s + LOOK_AGAIN_S:
            self._give_back([notice], chat.ready_s - now_s)
            return
        try:
            released = await self._ask(notice, known)
            address = self._vault.unseal(known.sealed)
        except ViknoError as error:
            if error.retryable:
                self._give_back([notice], LOOK_AGAIN_S)
            else:
                self._settle(Settled(notice.id, BadMessage(type(error).__name__)))
            return
        except Exception as error:  # noqa: BLE001 - what cannot be read costs this notice, and not those taken with it
            reason = f"{type(error).__name__} in {_place(error)}"
            log.error("notice_not_released", extra={"account": self.name, "reason": reason})
            self._settle(Settled(notice.id, BadMessage(type(error).__name__)))
            return
        if isinstance(released, Held):
            self._give_back([notice], released.seconds)
        elif isinstance(released, Outbound):
            item = _Item(notice.conversation, address, released, now_s, notice=notice, tries=notice.tries)
            self._queue(self._chat(item.conversation), item)
        else:
            self.counted[type(released).__name__] += 1
            self._settle(Settled(notice.id, released))

    def nudge(self) -> None:
        """Notices were queued: look at once."""
        self._wake.set()

    def left(self, conversation: str) -> None:
        """Its person wants no notices any more: those that are held do not go."""
        chat = self._chats.get(conversation)
        if chat is not None:
            self._release(chat, 0.0)
            self._put_away(chat)

    def _release(self, chat: _Chat, after_s: float) -> None:
        """Notices of this person that are held, and of which nothing has gone, wait on record again."""
        back = [one for one in chat.waiting if one.notice is not None and one is not chat.current and not one.part]
        for one in back:
            chat.waiting.remove(one)
        self._held -= len(back)
        self._give_back([one.notice for one in back if one.notice is not None], after_s)

    def _give_back(self, notices: Sequence[NoticeKept], after_s: float) -> None:
        if notices:
            self._begin(self._given_back([one.id for one in notices], self._clock() + int(after_s * 1000)))

    async def _given_back(self, ids: Sequence[int], due_ms: int) -> None:
        await self._kept(lambda: self._records.give_back(ids, due_ms, self._clock()))
        self._wake.set()

    # ---- on their way ----

    def _chat(self, conversation: str) -> _Chat:
        chat = self._chats.get(conversation)
        if chat is None:
            chat = self._chats[conversation] = _Chat(conversation)
        return chat

    def _put_away(self, chat: _Chat) -> None:
        """Nobody is remembered to whom nothing goes now, unless they have to be kept waiting."""
        now_s = _now_s()
        if chat.idle and self._gap_s == 0 and chat.ready_s <= now_s:
            self._chats.pop(chat.conversation, None)
        elif len(self._chats) > self._most_chats:
            for one in [one for one in self._chats.values() if one.idle and max(one.paced_s, one.ready_s) <= now_s]:
                del self._chats[one.conversation]
            self._most_chats = max(MOST_CHATS, 2 * len(self._chats))

    def _queue(self, chat: _Chat, item: _Item) -> None:
        """A reply goes before the notices of the same person, and replies in the order in which they were said."""
        waiting, at = chat.waiting, len(chat.waiting)
        if item.notice is None:
            chat.replies += 1
            while at and self._goes_after(waiting[at - 1], item, chat):
                at -= 1
        else:
            self._held += 1
        waiting.append(item) if at == len(waiting) else waiting.insert(at, item)
        self._list(chat, _now_s())

    @staticmethod
    def _goes_after(other: _Item, reply: _Item, chat: _Chat) -> bool:
        if other is chat.current or other.part:
            return False
        return other.notice is not None or other.position > reply.position

    def _list(self, chat: _Chat, now_s: float) -> None:
        """Let a person stand in the lane of what goes to them next, or come back when they may get something."""
        if chat.current is not None or not chat.waiting:
            return
        if chat.ready_s <= now_s:
            self._lane_of(chat).join(chat)
        elif not chat.comes_back:
            chat.comes_back = True
            heapq.heappush(self._back, (chat.ready_s, next(self._number), chat))

    def _lane_of(self, chat: _Chat) -> _Lane:
        return self._replies if chat.waiting[0].notice is None else self._notices

    def _pump(self) -> None:
        """Let go what may go now; come back when more may."""
        if self._closing:
            return
        now_s = _now_s()
        while self._back and self._back[0][0] <= now_s:
            chat = heapq.heappop(self._back)[2]
            chat.comes_back = False
            self._list(chat, now_s)
        if self._back:
            self._come_back(self._back[0][0] - now_s)
        self._let_go(now_s)
        if self._after_replies and not self._replies.queue:
            self._after_replies = False
            self._wake.set()

    def _let_go(self, now_s: float) -> None:
        for lane in (self._replies, self._notices):
            while lane.queue:
                if self._flying >= self._at_once:
                    return  # whoever comes back pumps
                chat = lane.queue[0]
                if not self._may_go(chat, lane, now_s):
                    lane.leave()
                    self._list(chat, now_s)
                    continue
                if (wait_s := self.pace.take(now_s, lane.reserve)) > 0:
                    self._come_back(wait_s)
                    break
                lane.leave()
                chat.current = chat.waiting[0]
                self._flying += 1
                self._held -= chat.current.notice is not None
                self._begin(self._fly(chat, chat.current))

    def _may_go(self, chat: _Chat, lane: _Lane, now_s: float) -> bool:
        """Whether somebody stands where they belong.

        A notice past its time is given back, where it expires; so is one that was asked about too long ago, because the
        account had to pause, or its platform is slow: a law may have begun meanwhile.
        """
        if chat.current is not None or not chat.waiting or chat.ready_s > now_s or self._lane_of(chat) is not lane:
            return False
        item, notice = chat.waiting[0], chat.waiting[0].notice
        old = now_s - item.born_s > ASKED_S
        if notice is not None and (old or notice.expires_ms <= self._clock()) and not item.part:
            self._release(chat, 0.0)
            self._put_away(chat)
            return False
        return True

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

    def _begin(self, work: Coroutine[Any, Any, Answer]) -> asyncio.Task[Answer]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _fly(self, chat: _Chat, item: _Item) -> None:
        """Bring one message to the platform, and decide what its answer means for it."""
        began_s = _now_s()
        try:
            try:
                outcome = await self._brought(item)
            finally:
                self._flying -= 1
            await self._ended(chat, item, outcome, began_s)
        except Exception as error:  # noqa: BLE001 - a fault of ours delays this person, and nobody else
            log.error(
                "send_failed", extra={"account": self.name, "reason": f"{type(error).__name__} in {_place(error)}"}
            )
            chat.ready_s = max(chat.ready_s, _now_s() + LOOK_AGAIN_S)
        finally:
            chat.current = None
            self._list(chat, _now_s())
            self._put_away(chat)
            self._pump()

    async def _brought(self, item: _Item) -> Outcome:
        try:
            return await self._carry(item)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            return Unknown("cancelled")  # within the transport, by nobody here
        except Exception as error:  # noqa: BLE001 - a fault of the adapter costs this message, not the account
            reason = f"{type(error).__name__} in {_place(error)}"
            log.error("send_failed", extra={"account": self.name, "reason": reason})
            return BadMessage(reason)

    async def _carry(self, item: _Item) -> Outcome:
        requests = self.channel.render(item.outbound, item.address)
        outcome: Outcome = Sent(item.message)
        begun = item.part  # for this one the pace has been asked
        for request in requests[begun:]:
            while item.part > begun and (wait_s := self.pace.take(_now_s())) > 0:  # noqa: ASYNC110
                await asyncio.sleep(wait_s)  # the pace is a clock, nobody sets an event
            outcome = self.channel.classify(request, await self._transport.carry(request))
            if not isinstance(outcome, Sent):
                return outcome
            item.part += 1
            item.message = outcome.message
        return outcome

    async def _ended(self, chat: _Chat, item: _Item, outcome: Outcome, began_s: float) -> None:
        now_s = _now_s()
        chat.paced_s = max(chat.paced_s, now_s) + self._gap_s
        chat.ready_s = chat.paced_s - self._burst_s
        self.counted[type(outcome).__name__] += 1
        again_s = self._again_s(item, outcome, now_s)
        if isinstance(outcome, RetryAfter) and outcome.scope == "chat":
            chat.ready_s = max(chat.ready_s, now_s + outcome.seconds)
        if again_s is not None and (item.notice is None or item.part) and not item.forgotten:
            item.tries += 1
            chat.ready_s = max(chat.ready_s, now_s + again_s)
            self._held += item.notice is not None
            if again_s > LOOK_AGAIN_S:
                self._release(chat, again_s)
            return
        chat.waiting.remove(item)
        if item.notice is not None:
            again_ms = None if again_s is None else self._clock() + int(again_s * 1000)
            self._settle(Settled(item.notice.id, outcome, again_ms))
        else:
            chat.replies -= 1
            self._pump()
            await self._finish(item, outcome)
        if isinstance(outcome, DeadAddress):
            await self._nobody_there(chat, item, outcome, began_s)
        await self._refill(chat)

    def _again_s(self, item: _Item, outcome: Outcome, now_s: float) -> float | None:
        """In how many seconds to try again; None when this is the end of it."""
        match outcome:
            case Sent():
                self._in_trouble = False
                return None
            case RetryAfter(seconds, scope):
                again_s = max(seconds, _longer(item.tries) if item.tries else 0.0)
                if scope == "account":
                    self.pace.pause(now_s + seconds)
            case Misconfigured(reason):
                again_s = _longer(item.tries + 2)
                self._trouble(reason, now_s)
            case Unknown() if item.notice is None and not item.doubted:
                item.doubted, again_s = True, 2.0
            case _:
                return None
        if item.notice is not None:
            return again_s if self._clock() + again_s * 1000 < item.notice.expires_ms else None
        return again_s if now_s + again_s - item.born_s < REPLY_LIVES_S else None

    def _trouble(self, reason: str, now_s: float) -> None:
        self._looks_s = now_s + LOOK_AGAIN_S
        if not self._in_trouble:
            self._in_trouble = True
            log.error("account_in_trouble", extra={"account": self.name, "reason": reason})
            self._alarm(f"{self.name}: {reason}")

    # ---- on record ----

    async def _finish(self, item: _Item, outcome: Outcome) -> None:
        """A reply is done; what could not be brought is put aside, for an operator: its text, sealed, and why."""
        if item.forgotten:
            return
        if not isinstance(outcome, Sent | DeadAddress):
            sealed = self._vault.seal(item.outbound.text)
            reason = f"{type(outcome).__name__}: {outcome.reason}"
            await self._kept(lambda: self._records.put_aside(self.name, reason[:200], sealed, self._clock()))
        await self._done(item)

    async def _done(self, item: _Item) -> None:
        async def done() -> None:
            if not item.forgotten:
                await self._outbox.done(item.conversation, item.position)

        await self._kept(done)

    async def _nobody_there(self, chat: _Chat, item: _Item, outcome: DeadAddress, began_s: float) -> None:
        """Nothing more goes to a dead address until its person writes; those who have written meanwhile are there."""
        if item.forgotten or any(one.notice is None and one.born_s > began_s for one in chat.waiting):
            return
        await self._kept(lambda: self._records.mark(chat.conversation, "dead"))
        self._gone(chat.conversation)
        meanwhile = deque(one for one in chat.waiting if one.notice is None and one.born_s > began_s)
        others = [one for one in chat.waiting if one not in meanwhile]
        chat.waiting, chat.replies = meanwhile, len(meanwhile)
        for one in others:
            if one.notice is not None:
                self._held -= 1
                self._settle(Settled(one.notice.id, outcome))
            else:
                await self._done(one)

    def _settle(self, settled: Settled) -> None:
        """Outcomes of notices are put on record a few at a time."""
        self._settled.append(settled)
        if len(self._settled) == 1:
            self._begin(self._settle_soon())

    async def _settle_soon(self) -> None:
        if not self._closing:
            await asyncio.sleep(SETTLE_S)
        settled, self._settled = self._settled, []
        for start in range(0, len(settled), MOST_AT_ONCE):
            await self._settle_these(settled[start : start + MOST_AT_ONCE])
        self._wake.set()

    async def _settle_these(self, settled: Sequence[Settled]) -> None:
        await self._kept(lambda: self._records.settle(settled, self._clock()))

    async def _kept(self, keep: Callable[[], Awaitable[None]]) -> None:
        """Put something on record, again and again while the store cannot."""
        while True:
            try:
                await keep()
            except ViknoError as error:
                log.error("outcome_not_kept", extra={"account": self.name, "error": error.code})
                if self._closing or not error.retryable:
                    return
                await asyncio.sleep(LOOK_AGAIN_S)
            else:
                return

    async def close(self, patience_s: float = 5.0) -> None:
        """Let what is on its way arrive, then stop. What waits stays on record, or waits there again."""
        self._closing = True
        if self._later is not None:
            self._later.cancel()
        self._wake.set()
        for chat in self._chats.values():
            self._release(chat, 0.0)
        until_s = _now_s() + patience_s
        while self._tasks and (left_s := until_s - _now_s()) > 0:
            await asyncio.wait(set(self._tasks), timeout=left_s)
        rest = set(self._tasks)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await self._transport.close()


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _longer(tries: int) -> float:
    """Seconds to wait after so many tries: twice as long each time, up to a most."""
    return min(2.0 ** min(tries, 30), LONGEST_WAIT_S)


def _place(error: BaseException) -> str:
    """Where it was raised; what it says may be personal."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}" if trace else "?"
