"""Receive what came on a channel: one turn for each thing that happened, once, in its person's conversation."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from vikno.domain.dialog.events import Event, Learnt, Said, Started, Tapped
from vikno.domain.dialog.messages import Message
from vikno.domain.dialog.state import State
from vikno.domain.dialog.world import World
from vikno.domain.notify import stopped_case, written
from vikno.usecases.channel import (
    Channel,
    Inbound,
    Left,
    Opened,
    Outbound,
    Pressed,
    Reported,
    Returned,
    Unsupported,
    Wrote,
    decode_outbound,
    encode_outbound,
)
from vikno.usecases.converse import Asker, FindOut, converse
from vikno.usecases.hold_conversation import read_state
from vikno.usecases.ports import Clock, ConversationStore
from vikno.usecases.records import Records, Vault

HEARD_AGAIN_MS = 24 * 3600 * 1000
"""Whoever goes on writing is noted to have written once a day: an address of which nothing was heard is forgotten."""
KNOWN = 50_000
"""People whose address is known to be on record; others are looked up again."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One thing said, on record under `position`, and not yet sent."""

    conversation: str
    address: str
    position: int
    outbound: Outbound
    repeated: bool = False
    """It was said before, to the same event: an acknowledgement may carry it once more, nobody sends it."""


@dataclass
class Desk:
    """What receiving needs: where conversations are kept, what is known of the world, where a link leads.

    `entries`: a token of a poster -> the services that are offered first; one alone is opened at once.
    """

    store: ConversationStore
    records: Records
    vault: Vault
    world: Callable[[], World]
    clock: Clock
    entries: Mapping[str, Sequence[str]] = field(default_factory=dict)
    link: Callable[[str, Message, State], str | None] = lambda _conversation, _message, _state: None
    """The same step on the web."""
    find_out: FindOut | None = None
    open_case: Callable[[Asker, str], Awaitable[Learnt | None]] | None = None
    """Follow the case of a receipt's token; None if it is none."""
    _met: OrderedDict[str, int] = field(default_factory=OrderedDict)
    """When it was noted that they wrote."""

    async def receive(self, channel: Channel, inbound: Inbound) -> tuple[Reply, ...]:
        """What to say about it; nothing for receipts, and for somebody who left.

        Raises what the store raises: nothing is kept then, and whoever brought it may bring it again.
        """
        account = f"{channel.kind}/{channel.account}"
        name = self.vault.name(account, inbound.address)
        match inbound.happened:
            case Reported(message, state, reason):
                await self.records.report(account, message, state, self.clock(), reason)
                return ()
            case Left(said):
                replies = await self._stopped(name, account, inbound) if said else ()
                await self.records.mark(name, "left")
                self.gone(name)
                return replies
        await self._meet(name, account, inbound)
        event = await self._event(name, account, inbound)
        if event is None:
            return ()
        return await self._turn(name, account, inbound, event)

    async def _stopped(self, name: str, account: str, inbound: Inbound) -> tuple[Reply, ...]:
        """By a word: writing again would undo a mark alone, and is no wish to hear of cases.

        Answered before it is marked, or a STOP that has to come again would find somebody who has left: silence.
        """
        await self.records.unfollow(name, None)
        known = await self.records.known(name)
        if known is None or known.status != "alive":
            return ()
        return await self._turn(name, account, inbound, Learnt("left"))

    def gone(self, name: str) -> None:
        """Their address is dead or left: when they write again, that is noted."""
        self._met.pop(name, None)

    async def _turn(self, name: str, account: str, inbound: Inbound, event: Event) -> tuple[Reply, ...]:
        def say(message: Message, state: State) -> bytes:
            return encode_outbound(self._outbound(name, message, state))

        turns = await converse(
            self.store,
            name,
            inbound.key,
            event,
            self.world(),
            find_out=self.find_out,
            account=account,
            lang=inbound.lang,
            say=say,
        )
        replies: list[Reply] = []
        for held in turns:
            first = held.position - len(held.effects) + 1
            replies += [
                Reply(name, inbound.address, position, decode_outbound(effect), held.repeated)
                for position, effect in enumerate(held.effects, first)
            ]
        return tuple(replies)

    async def _event(self, name: str, account: str, inbound: Inbound) -> Event | None:
        match inbound.happened:
            case Wrote(text):
                return Said(text)
            case Pressed(button):
                case = stopped_case(button)
                return Tapped(button if case is None else f"0.g{written(case)}")
            case Opened(token):
                return await self._opened(name, account, inbound.lang, token)
            case Unsupported():
                return Learnt("unread")
            case Returned():
                return None
        raise AssertionError(inbound.happened)

    async def _opened(self, name: str, account: str, lang: str | None, token: str) -> Event:
        """By a poster, by a receipt, or just so."""
        if token and token not in self.entries and self.open_case is not None:
            state, _ = read_state(await self.store.read(name))
            spoken = state.lang if state else lang or ""
            learnt = await self.open_case(Asker(name, account, spoken), token)
            if learnt is not None:
                return learnt
        services = self.entries.get(token, ())
        return Started(services[0]) if len(services) == 1 else Started(None, None, tuple(services))

    async def _meet(self, name: str, account: str, inbound: Inbound) -> None:
        """Keep the address of somebody new, or of somebody who has come back."""
        now_ms = self.clock()
        if now_ms - self._met.get(name, -HEARD_AGAIN_MS) < HEARD_AGAIN_MS:
            return
        sealed = self.vault.seal(inbound.address)
        await self.records.meet(name, account, sealed, inbound.lang, now_ms)
        self._met[name] = now_ms
        self._met.move_to_end(name)
        if len(self._met) > KNOWN:
            self._met.popitem(last=False)

    def _outbound(self, name: str, message: Message, state: State) -> Outbound:
        subject = message.checklist.title if message.checklist else None
        link = self.link(name, message, state)
        return Outbound(message.text, state.lang, message.buttons, subject=subject, link=link)
