"""Ports: what the use cases need from outside, each the smallest promise that serves.

A conversation's record has three: `ConversationStore` holds a turn, `Outbox` gives back what was said,
`Upkeep` forgets what is no longer needed. One keeper usually keeps all three (`vikno.stores.sqlite`, and
`vikno.testing` in memory); `tests/contracts` holds every keeper to the same promises.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from vikno.domain.errors import ViknoError

MOST_NAME_BYTES = 200
"""The longest name of a conversation or of an event, in UTF-8."""
MOST_STATE_BYTES = 1_000_000
"""The largest state of one conversation."""
MOST_EFFECTS_BYTES = 1_000_000
"""The most that the effects of one turn weigh together."""

Clock = Callable[[], int]
"""Milliseconds since 1970-01-01 UTC; given from outside, so that a test can say what time it is."""


class ConversationStore(Protocol):
    """Keeps conversations: the state of each, and which events were answered and how."""

    async def turn(self, conversation: str, event: str, step: Step) -> Kept:
        """Hold one turn: `step` gets the state and gives the next one with its effects.

        The state, the event's dedupe key and the effects are one transaction, on disk before this returns.
        An event seen before takes no step: the first turn's effects are given again. Turns of one
        conversation are held in the order of their calls. What `step` raises is raised here, and nothing is kept.

        Raises TooManyTurns, StoreUnavailable, StoreClosed, TurnRefused.
        """
        ...

    async def read(self, conversation: str) -> bytes | None:
        """The state as of the last turn; None for a conversation that has not begun."""
        ...

    async def page(self, after: str = "", limit: int = 500) -> tuple[Conversation, ...]:
        """Up to `limit` conversations whose names come after `after`, in the order of their names."""
        ...


class Outbox(Protocol):
    """What turns have said, in order; kept until it is done and old."""

    async def since(self, conversation: str, position: int, limit: int = 200) -> tuple[Effect, ...]:
        """The effects of one conversation after `position` (0: from the first one kept), in order."""
        ...

    async def waiting(self, limit: int = 200, after: int = 0, prefix: str = "") -> tuple[Effect, ...]:
        """Effects that somebody has to carry out, those kept first first; of one conversation in order.

        `after`: a `number`, to read on; `prefix`: what the names of their conversations begin with.
        """
        ...

    async def done(self, conversation: str, position: int) -> None:
        """Mark one effect as carried out. Marking it twice, or one that is gone, changes nothing."""
        ...


class Upkeep(Protocol):
    """Forgetting what is no longer needed or no longer wanted, and closing in order."""

    async def prune(self, before_ms: int, limit: int = 500) -> int:
        """Forget up to `limit` dedupe keys, or else done effects, kept before that moment; how many it was.

        Call it until it gives 0. Keys go before their effects, so that an event still known is never
        answered with nothing; effects that wait stay. A conversation goes with the last of its keys and effects,
        its state too: from then on it has not begun. Every turn leaves a key, so one that somebody talks in stays.
        """
        ...

    async def forget(self, conversation: str) -> None:
        """Forget one conversation now, in one transaction: its state, its keys, its effects, those that wait too.

        It covers the turns that were answered before this was called. Forgetting twice, or what never was,
        changes nothing.
        """
        ...

    async def close(self) -> None:
        """Let the turns that wait be held, then let go of everything. Turns that come later are refused."""
        ...


@dataclass(frozen=True, slots=True)
class Taken:
    """What a step gives: the next state, and what is to be said or done about it."""

    state: bytes
    effects: tuple[bytes, ...] = ()
    fetched: bool = False
    """Who talks fetches the effects himself, as a page does: they are kept done, and nobody sends them."""

    def __post_init__(self) -> None:
        """Refuse what no keeper would keep, as a failing of this step alone; raises TurnRefused."""
        if not all(type(part) is bytes for part in (self.state, *self.effects)):
            raise TurnRefused("not bytes")
        if len(self.state) > MOST_STATE_BYTES:
            raise TurnRefused("state", len(self.state))
        if (weight := sum(map(len, self.effects))) > MOST_EFFECTS_BYTES:
            raise TurnRefused("effects", weight)


Step = Callable[[bytes | None], Taken]
"""From the state (None at the first turn) to the next one: pure and quick, since turns share a transaction."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A turn that is on record."""

    effects: tuple[bytes, ...]
    repeated: bool
    """The event was seen before; `effects` and `position` are the first turn's."""
    position: int
    """Of the last effect of this turn, or of the last one before it; the first effect ever has position 1."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation as it stands."""

    name: str
    state: bytes


Status = Literal["waiting", "done"]
"""Of an effect: somebody has to carry it out, or nobody has to any more."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing a turn has said; `conversation` and `position` name it for ever.

    `number`: grows in the order in which effects were kept, whatever their conversation.
    """

    conversation: str
    event: str
    position: int
    payload: bytes
    created_ms: int
    status: Status
    number: int = field(default=0, compare=False)


def check_names(conversation: str, event: str) -> None:
    """Refuse names that are empty, too long or not text; raises TurnRefused."""
    for name in (conversation, event):
        try:
            size = len(name.encode())
        except UnicodeEncodeError:  # half of a surrogate pair
            raise TurnRefused("name") from None
        if not 0 < size <= MOST_NAME_BYTES:
            raise TurnRefused("name", size)


class TooManyTurns(ViknoError):
    """More turns wait than this store lets wait. Send the same event again in a moment."""

    code = "too_many_turns"
    retryable = True


class TurnRefused(ViknoError):
    """A name, a state or the effects of a turn are empty, too large or not text. Nothing of the turn was kept."""

    code = "turn_refused"


class StoreClosed(ViknoError):
    """The store is closing or closed. Send the same event again when the server is back."""

    code = "store_closed"
    retryable = True


class StoreUnavailable(ViknoError):
    """The store cannot keep anything now. Nothing of this turn was kept; the log of the server says more."""

    code = "store_unavailable"
    retryable = True
