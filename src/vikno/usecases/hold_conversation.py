"""Hold a conversation: one turn on record, answered from the services as they are today."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import msgspec

from vikno.domain.dialog.events import Event
from vikno.domain.dialog.messages import Message
from vikno.domain.dialog.state import State, decode, encode
from vikno.domain.dialog.turn import take_turn
from vikno.domain.dialog.world import World
from vikno.domain.errors import ViknoError
from vikno.usecases.ports import ConversationStore, Taken

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Message)


class ConversationUnknown(ViknoError):
    """This conversation never was, or it is forgotten. Begin a new one, with no conversation named."""

    code = "conversation_unknown"


@dataclass(frozen=True)
class Held:
    """A turn that is on record. `effects` are its messages as JSON, ready for a page; `repeated`: seen before.

    `state` is where it has led; None for a turn that was held before.
    """

    effects: tuple[bytes, ...]
    repeated: bool
    position: int
    state: State | None = None

    @property
    def lang(self) -> str | None:
        """The language it was answered in; None for a turn that was held before."""
        return self.state.lang if self.state else None

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        return tuple(_decoder.decode(effect) for effect in self.effects)


async def hold_conversation(  # noqa: PLR0913 - each a thing that only the caller knows
    store: ConversationStore,
    conversation: str,
    key: str,
    event: Event,
    world: World,
    *,
    fetched: bool = False,
    begun: bool = False,
    lang: str | None = None,
    say: Callable[[Message, State], bytes] | None = None,
) -> Held:
    """One turn. `key` is the channel's own dedupe key of the event; `fetched`: the caller shows the messages himself.

    `begun`: the person says that they have talked before; a turn never brings back what was forgotten meanwhile.
    `lang`: the language of somebody who has not talked before, if it is spoken here. `say`: a message as it is kept;
    JSON by itself.

    Raises ConversationUnknown, and what `ConversationStore.turn` raises.
    """

    reached: State | None = None

    def step(kept: bytes | None) -> Taken:
        nonlocal reached
        if begun and kept is None:
            raise ConversationUnknown
        state, lost = read_state(kept)
        if state is None and lang in world.languages:
            state = State(str(lang))
        after, messages = take_turn(state, event, world)
        reached = after
        if lost:
            messages = (Message("notice", world.words(after.lang).say("lost")), *messages)
        said = [_encoder.encode(one) for one in messages] if say is None else [say(one, after) for one in messages]
        return Taken(encode(after), tuple(said), fetched)

    held = await store.turn(conversation, key, step)
    return Held(held.effects, held.repeated, held.position, reached)


def read_state(kept: bytes | None) -> tuple[State | None, bool]:
    """The state on record; and whether there was one that cannot be read (the person is told, and begins anew).

    >>> read_state(None), read_state(b"{broken")
    ((None, False), (None, True))
    """
    if kept is None:
        return None, False
    try:
        return decode(kept), False
    except msgspec.DecodeError:
        return None, True
