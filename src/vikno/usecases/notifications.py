"""Ports: what organisations have to tell, each notification with its plan, its tries and what became of it.

A notification is tried by notices (`records.NoticeQueue`), one for each step of its plan. What becomes of one brings
its notification back to the router (`Notifications.due`). Every method is one transaction and raises
StoreUnavailable and StoreClosed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from vikno.domain.errors import ViknoError
from vikno.usecases.organisations import KeyKind
from vikno.usecases.records import NoticeKept, Position

NotificationStatus = Literal[
    "created", "sending", "sent", "delivered", "temporary-failure", "permanent-failure", "technical-failure"
]
"""As GOV.UK Notify spells them. created: nothing has left; sending: a step is on its way or waits for its receipt."""
OPEN: tuple[NotificationStatus, ...] = ("created", "sending")
Direction = Literal["initiated", "reply", "broadcast"]
FLOW_STATES = ("running", "paused", "stopped")
FlowState = Literal["running", "paused", "stopped"]


class RequestRepeated(ViknoError):
    """This idempotency key was used for another request. Use a new one for what is new."""

    code = "request_repeated"


@dataclass(frozen=True, slots=True)
class StepMade:
    """The step that is tried now: a notice for one address. `index`: which step of the plan."""

    index: int
    conversation: str
    account: str
    lane: Literal["notice", "bulk"]
    not_before_ms: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Addressed:
    """An address that an organisation gave, to be kept where it is not known: it was never met."""

    conversation: str
    account: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class NotificationMade:
    """A notification, planned. `to`: the address it was made for, whose person it is in the inbox of.

    `sealed`: the personalisation and the recipient as they were given. `plan`: the steps and what was left out, as
    JSON without a person in it, so that those alike are kept once; `ways`: the conversations of its steps.
    `due_ms`: when to look at it again; None where only its notice can change anything. `others`: addresses of `ways`
    that were not known when it was planned.
    """

    organisation: int
    flow: int
    template: int
    to: Addressed
    ways: tuple[str, ...]
    plan: bytes
    sealed: bytes
    lang: str
    key: KeyKind
    kind: str
    direction: Direction
    reference: str
    status: NotificationStatus
    reason: str
    step: StepMade | None
    expires_ms: int
    due_ms: int | None
    micros: int = 0
    others: tuple[Addressed, ...] = ()


@dataclass(frozen=True, slots=True)
class NotificationKept:
    """A notification on record. `template` is the number of a version; `step`: the one tried last, -1 for none yet.

    `changed_ms` goes up with whatever becomes of its tries too. `completed_ms`: since when it is what it has ended as.
    `ways`: "" for one that was erased. `kind`: sms, email or message. `micros`: what its tries cost so far, in
    millionths of the currency's unit.
    """

    id: int
    organisation: int
    flow: int
    template: int
    to: str
    ways: tuple[str, ...]
    plan: bytes
    sealed: bytes
    lang: str
    key: KeyKind
    kind: str
    direction: Direction
    reference: str
    status: NotificationStatus
    reason: str
    step: int
    created_ms: int
    changed_ms: int
    sent_ms: int | None
    completed_ms: int | None
    expires_ms: int
    due_ms: int | None
    micros: int


@dataclass(frozen=True, slots=True)
class InHand:
    """A notification with its tries, the first one first; `NoticeKept.step` says of which step each was."""

    notification: NotificationKept
    tries: tuple[NoticeKept, ...] = ()


@dataclass(frozen=True, slots=True)
class Moved:
    """What the router has decided about one. `step`: to try now. `held`: its waiting notices are taken back.

    `traced`: a line for its trace, as JSON; b"" for none. `ends`: nothing more is tried; one that has ended as `sent`
    may still end otherwise, or go on. It counts only while the notification and its tries are as they were read
    (`seen_ms`: its `changed_ms`) and it is open, or `sent`.
    """

    id: int
    seen_ms: int
    status: NotificationStatus
    reason: str
    due_ms: int | None
    step: StepMade | None = None
    held: bool = False
    traced: bytes = b""
    micros: int = 0
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Traced:
    """A line of a trace."""

    at_ms: int
    said: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """What makes a repetition known: the organisation's own key for it and a digest of what was asked."""

    organisation: int
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class KeptNotifications:
    """Numbers of those kept, in order. `repeated`: they are those of the first time, and nothing was kept now."""

    ids: tuple[int, ...]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which notifications to list, the newest first: of this organisation, before `older_than`."""

    organisation: int
    keys: tuple[KeyKind, ...] = ()
    statuses: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    reference: str | None = None
    flow: int | None = None
    older_than: int | None = None
    singles: bool = False
    """Only those that came one by one, not by a campaign."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many there are of a kind, for figures that nobody is in."""

    organisation: int
    channel: str
    status: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Happened:
    """A notification that has ended, where it stands in the order of such events."""

    at: Position
    notification: NotificationKept


@dataclass(frozen=True, slots=True)
class Events:
    """Some of them, in order. `upto`: all until there has been looked at."""

    events: tuple[Happened, ...] = field(default_factory=tuple)
    upto: Position = field(default_factory=lambda: Position(0))
    more: bool = False


class Notifications(Protocol):
    """Keeps them."""

    async def flow_of(self, organisation: int, now_ms: int) -> int:
        """The queue in which an organisation's single messages stand."""
        ...

    async def flow_for_campaign(self, organisation: int, campaign: int, now_ms: int) -> int:
        """The queue of one campaign; `campaign` is its number, above 0. An organisation's queues share its weight."""
        ...

    async def set_flow(self, flow: int, state: FlowState) -> bool:
        """Let a queue go on, wait or end; whether it is there.

        From one that is not running nothing is taken, and what waits in it expires in its time. What was taken before
        goes.
        """
        ...

    async def keep_notifications(
        self, made: Sequence[NotificationMade], now_ms: int, request: Request | None = None
    ) -> KeptNotifications:
        """Keep some with their first notices; up to 1000 at once.

        Raises RequestRepeated where `request` came before with another digest, TooManyAtOnce.
        """
        ...

    async def request_kept(self, request: Request) -> tuple[int, ...]:
        """What this request made, if it came before. Raises RequestRepeated where it came with another digest."""
        ...

    async def notification(self, notification: int) -> NotificationKept | None:
        """By its number."""
        ...

    async def in_hand(self, notifications: Sequence[int]) -> tuple[InHand, ...]:
        """These with their tries, as far as they are there."""
        ...

    async def due(self, now_ms: int, limit: int = 500) -> tuple[InHand, ...]:
        """Those the router has to look at, the longest due first."""
        ...

    async def move(self, moved: Sequence[Moved], now_ms: int) -> int:
        """Carry out what was decided; how many of them still stood as they were read. The others are due again."""
        ...

    async def trace(self, notification: int) -> tuple[Traced, ...]:
        """What was written down about it, in order."""
        ...

    async def listed_notifications(self, wanted: Wanted, limit: int = 250) -> tuple[NotificationKept, ...]:
        """Those wanted, the newest first."""
        ...

    async def letters_of(
        self, conversation: str, before: int | None = None, limit: int = 50
    ) -> tuple[NotificationKept, ...]:
        """All that organisations have told the person whom this address reaches, the latest first."""
        ...

    async def seen(self, notification: int, now_ms: int) -> bool:
        """Its person has opened it in the inbox: it is delivered, whatever else waits. False: it had ended."""
        ...

    async def ended(self, organisation: int, after: Position, before_ms: int, limit: int = 100) -> Events:
        """Notifications that have ended, in the order in which they did (`completed_ms`), for callbacks.

        One that has ended otherwise since stands further on. `before_ms`: leave out what is younger, as in
        `Subscribers.changes`.
        """
        ...

    async def tallies(self, since_ms: int, organisation: int | None = None) -> tuple[Tally, ...]:
        """How many became what, by sender, channel and reason."""
        ...
