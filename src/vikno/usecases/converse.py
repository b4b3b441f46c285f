"""Talk with somebody: a turn, and where it needs to know something from outside, the turn in which that is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from vikno.domain.dialog.events import Event, Learnt
from vikno.domain.dialog.messages import Message
from vikno.domain.dialog.state import State, Want
from vikno.domain.dialog.turn import LANGUAGE
from vikno.domain.dialog.world import World
from vikno.domain.errors import ViknoError
from vikno.usecases.hold_conversation import Held, hold_conversation, read_state
from vikno.usecases.ports import ConversationStore, Taken

TOLD = "~told"
"""What is learnt has the key of the event that asked for it, with this behind it."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who wants to know: the conversation, its account (`web` has none) and the language spoken in it."""

    conversation: str
    account: str
    lang: str


FindOut = Callable[[Asker, Want], Awaitable[Learnt]]
"""Carries out what a conversation wants. It may be called twice for one want, and must do no harm then."""


class _NotHeld(Exception):
    """No such turn was held."""


async def converse(  # noqa: PLR0913 - each a thing that only the caller knows
    store: ConversationStore,
    conversation: str,
    key: str,
    event: Event,
    world: World,
    *,
    find_out: FindOut | None = None,
    account: str = "web",
    fetched: bool = False,
    begun: bool = False,
    lang: str | None = None,
    say: Callable[[Message, State], bytes] | None = None,
) -> tuple[Held, ...]:
    """One turn, or two that are answered as one (`joined`). Parameters are those of `hold_conversation`.

    If the process ends between the two, the event comes again and the second is held then.

    Raises what `hold_conversation` raises.
    """

    async def turn(part: str, what: Event, spoken: str | None) -> Held:
        return await hold_conversation(
            store, conversation, part, what, world, fetched=fetched, begun=begun, lang=spoken, say=say
        )

    held = await turn(key, event, lang)
    if find_out is None:
        return (held,)
    state = held.state
    if held.repeated:
        if (told := await _told(store, conversation, key + TOLD)) is not None:
            return held, told
        state, _ = read_state(await store.read(conversation))
    if state is None or state.wants is None:
        return (held,)
    try:
        learnt = await find_out(Asker(conversation, account, state.lang), state.wants)
    except ViknoError:
        if state.wants == LANGUAGE:
            return (held,)
        learnt = Learnt("not_now")
    begun = begun and learnt.what != "erased"  # then there is nothing of before
    return held, await turn(key + TOLD, learnt, state.lang)


def joined(turns: Sequence[Held]) -> Held:
    """Turns that answer one event, as one."""
    effects = tuple(effect for held in turns for effect in held.effects)
    return replace(turns[-1], effects=effects, repeated=all(held.repeated for held in turns))


async def _told(store: ConversationStore, conversation: str, key: str) -> Held | None:
    """The second turn, if it was held."""

    def never(_: bytes | None) -> Taken:
        raise _NotHeld

    try:
        kept = await store.turn(conversation, key, never)
    except _NotHeld:
        return None
    return Held(kept.effects, True, kept.position)
