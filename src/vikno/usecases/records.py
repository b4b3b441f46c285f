"""Ports: addresses, cases, who follows them, and the notices that wait. Kept beside the conversations (`ports`).

Personal data comes in sealed (`Vault`): a keeper sees names of conversations, which are keyed hashes, and bytes.
Every method is one transaction unless it says otherwise, and raises StoreUnavailable and StoreClosed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from vikno.domain.errors import ViknoError
from vikno.usecases.channel import Outcome

MOST_COUNTED = 1_000_000
"""Notices that wait; what is beyond that is not counted."""
MOST_AT_ONCE = 1000
"""In one call that takes a batch."""
MOST_ASIDES = 10_000
"""Kept of one account."""
LANES = ("notice", "bulk")
"""Of notices, in the order in which they are taken."""
HEARD_EXACT_MS = 60_000
"""When somebody last wrote is kept this exactly, so that most messages cost no write."""


class TooManyAtOnce(ViknoError):
    """More than 1000 in one call. Nothing of it was kept; hand them over in smaller parts."""

    code = "too_many_at_once"


def check_batch(batch: Sequence[object]) -> None:
    """Refuse more than a transaction should hold; raises TooManyAtOnce."""
    if len(batch) > MOST_AT_ONCE:
        raise TooManyAtOnce(len(batch))


class Vault(Protocol):
    """Names, seals and signs with a key that is not in the database."""

    def name(self, account: str, address: str) -> str:
        """The conversation's name on record: `telegram/main:` and a keyed hash of the address, 32 hex digits."""
        ...

    def seal(self, plain: str) -> bytes:
        """Encrypt for keeping; twice the same text gives different bytes."""
        ...

    def unseal(self, sealed: bytes) -> str:
        """Raises SealBroken for what this key has not sealed."""
        ...

    def token(self, kind: str, number: int) -> str:
        """A signed token of 22 characters base64url; `kind` is one letter, `number` below 2**56."""
        ...

    def read_token(self, token: str) -> tuple[str, int] | None:
        """Its kind and number; None for what this key has not signed. In constant time."""
        ...

    def uuid(self, kind: str, number: int) -> str:
        """A number below 2**60 as a UUID that nobody guesses; `kind` says what is numbered."""
        ...

    def read_uuid(self, kind: str, written: str) -> int | None:
        """The number again; None for what this key has not made, or of another kind."""
        ...

    def digest(self, purpose: str, text: str) -> str:
        """A keyed hash, 32 hex digits, for looking up what must not be kept readable (check codes, API keys)."""
        ...


# ---- addresses ----

Gone = Literal["left", "dead"]
"""left: the person has stopped or blocked; dead: the platform says that nobody is there."""

AddressStatus = Literal["alive", Gone]


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody on an account. `sealed` is the address."""

    conversation: str
    account: str
    sealed: bytes
    status: AddressStatus
    lang: str | None
    heard_ms: int
    """When they last wrote."""
    zone: str | None = None
    """Whose clock their night goes by, as in Europe/Warsaw; None: that of the country."""


class AddressBook(Protocol):
    """Who talks on which account."""

    async def meet(self, conversation: str, account: str, sealed: bytes, lang: str | None, now_ms: int) -> None:
        """Keep an address, or note that its person has written again: then it is alive, and `lang` stays as it was.

        `heard_ms` is exact to a minute: whoever writes often costs no write each time.
        """
        ...

    async def known(self, conversation: str) -> Known | None:
        """Where to reach this person."""
        ...

    async def mark(self, conversation: str, status: Gone) -> None:
        """The person has left, or nobody is there, until they write again; notices that wait for them are dropped."""
        ...

    async def set_zone(self, conversation: str, zone: str | None) -> None:
        """By which clock this person wants to be left in peace at night; None: by that of the country.

        It counts for notices that are made from now on. Nothing for somebody who was never met.
        """
        ...


# ---- cases ----


@dataclass(frozen=True, slots=True)
class CaseGiven:
    """A case as an authority gives it. `code` is the digest of the check code printed beside the number."""

    authority: str
    number: str
    service: str
    code: str
    office: str = ""
    opened_ms: int = 0
    """0: when it was first put."""


@dataclass(frozen=True, slots=True)
class CaseKept:
    """A case on record. `stage` is "" before the first one."""

    id: int
    authority: str
    number: str
    service: str
    code: str
    office: str
    opened_ms: int
    stage: str
    stage_ms: int
    """When the authority says the stage was reached."""


@dataclass(frozen=True, slots=True)
class StageGiven:
    """A stage as an authority's system reports it. `event` is its own id of the report, the dedupe key."""

    authority: str
    number: str
    event: str
    stage: str
    at_ms: int


Verdict = Literal["reached", "again", "late", "repeated", "no_case", "no_stage"]
"""reached: the case moves · again: the same stage once more · late: an earlier stage, kept in the history and not
announced · repeated: this event was recorded before · no_case, no_stage: refused. What is refused leaves nothing, not
even its event: it may come again when the case is there."""


@dataclass(frozen=True, slots=True)
class Follower:
    """Somebody who wants to hear of a case, in a conversation."""

    conversation: str
    account: str
    lang: str
    zone: str | None = None
    """As it is kept of their address (`AddressBook.set_zone`); `follow` does not change it."""


@dataclass(frozen=True, slots=True)
class NoticeMade:
    """A notice, planned in the transaction that recorded what it says. `payload` is an `Outbound` as JSON.

    `subject`: a newer notice with the same subject in the same conversation replaces this one while it waits; ""
    replaces nothing. One for somebody who has left is `dropped` from the start, and stands in the inbox.
    """

    conversation: str
    account: str
    payload: bytes
    subject: str
    not_before_ms: int
    expires_ms: int
    lane: Literal["notice", "bulk"] = "notice"


@dataclass(frozen=True, slots=True)
class TimerMade:
    """Something to look at again. One timer for each kind and case: a new one takes the place of the old."""

    kind: str
    due_ms: int | None
    """None ends it."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a report comes to."""

    verdict: Verdict
    notices: tuple[NoticeMade, ...] = ()
    timers: tuple[TimerMade, ...] = ()


Decide = Callable[[CaseKept, StageGiven, Sequence[Follower]], Decided]
"""Pure and quick: it is called inside the transaction, on the loop's thread, with nobody who has left among the
followers. The case moves if the verdict is `reached`. What it raises is raised, and nothing of the batch is kept."""


@dataclass(frozen=True, slots=True)
class Passed:
    """One line of a case's history."""

    stage: str
    at_ms: int
    recorded_ms: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Due:
    """A timer that has come due."""

    case: CaseKept
    kind: str
    due_ms: int


class CaseBook(Protocol):
    """Cases, their stages, and who follows them."""

    async def put(self, cases: Sequence[CaseGiven], now_ms: int) -> tuple[bool, ...]:
        """Keep cases, or change what is kept of them; for each whether it is new. Up to 1000 at once."""
        ...

    async def record(self, given: Sequence[StageGiven], decide: Decide, now_ms: int) -> tuple[Verdict, ...]:
        """Record reports in their order; what each came to. The history, the case, its notices and timers are one
        transaction. An event of an authority seen before is `repeated` and changes nothing. Up to 1000 at once.
        """
        ...

    async def case(self, authority: str, number: str) -> CaseKept | None:
        """By its number, with letters and digits as the authority writes them."""
        ...

    async def case_by_id(self, case: int) -> CaseKept | None:
        """By the number that a signed token carries."""
        ...

    async def case_by_code(self, authority: str, code: str) -> CaseKept | None:
        """By what is kept of its check code (`CaseGiven.code`), a digest that is bound to its number."""
        ...

    async def history(self, case: int) -> tuple[Passed, ...]:
        """Every report of it, in the order they were recorded."""
        ...

    async def follow(self, case: int, follower: Follower, now_ms: int) -> bool:
        """Whether it is new; who follows already does so in this language from now on. False if there is no case."""
        ...

    async def unfollow(self, conversation: str, case: int | None) -> int:
        """Stop following one case, or all; how many it were. Their notices that wait are dropped."""
        ...

    async def followed(self, conversation: str) -> tuple[CaseKept, ...]:
        """What this person follows, the latest first."""
        ...

    async def followers(self, case: int) -> tuple[Follower, ...]:
        """Who follows it; nobody who has left, no dead address."""
        ...

    async def overdue(self, now_ms: int, limit: int = 200) -> tuple[Due, ...]:
        """Timers that are due, the oldest first."""
        ...

    async def came_due(self, due: Due, decided: Decided, now_ms: int) -> bool:
        """Carry out what a timer came to, if it is still the same timer; False if a newer one took its place.

        The timer has ended then, unless `decided` sets it again. Its verdict does not matter: the case stays. Nobody is
        told who does not follow any more or has left.
        """
        ...

    async def listed(self, authority: str, after: int = 0, limit: int = 100) -> tuple[CaseKept, ...]:
        """An authority's cases, for its staff, by id."""
        ...


# ---- notices that wait ----

NoticeStatus = Literal["created", "sending", "sent", "delivered", "read", "temporary-failure", "permanent-failure",
                       "technical-failure", "unknown", "expired", "replaced", "dropped"]  # fmt: skip
"""As GOV.UK Notify spells them, where it has a word. `temporary-failure` waits for its next try."""


@dataclass(frozen=True, slots=True)
class NoticeKept:
    """A notice on record."""

    id: int
    conversation: str
    account: str
    payload: bytes
    subject: str
    status: NoticeStatus
    tries: int
    created_ms: int
    changed_ms: int
    expires_ms: int
    message: str = ""
    reason: str = ""
    notification: int | None = None
    """What an organisation had to tell, which this tries for it; its `payload` is empty."""
    step: int = 0
    """Of that notification's plan."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """It must not leave: a rule or a choice is against it, or what it would tell has been told. It has failed for good.

    `reason` begins with `law`, `choice`, `ended` or `suspended`.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a notice. `again_ms`: when to try again, if it shall be tried."""

    id: int
    outcome: Outcome | Withheld
    again_ms: int | None = None


class NoticeQueue(Protocol):
    """Notices of an account, leased and settled in batches."""

    async def queue(self, notices: Sequence[NoticeMade], now_ms: int) -> tuple[int, ...]:
        """Keep notices that no case has planned; their ids."""
        ...

    async def lease(self, account: str, lane: str, limit: int, now_ms: int) -> tuple[NoticeKept, ...]:
        """Take up to `limit` that are due and mark them `sending`, on disk before this returns.

        The first due of a sender come first; those among them past their time are `expired` before any is taken. Where
        several senders wait each has its share. Of one conversation at most one, and none while one of it is `sending`
        or, in this lane and of this sender, waits for its next try: their order is kept. One made for later holds
        nobody back.
        """
        ...

    async def settle(self, settled: Sequence[Settled], now_ms: int) -> None:
        """Record outcomes: `Sent` with the platform's id, `Unknown` as unknown and never tried by itself again.

        `RetryAfter` and `Misconfigured` with `again_ms` wait; without it, it has failed for good. What would wait is
        `replaced` if a newer one with its subject was made meanwhile, `dropped` if its person has left or unfollowed.
        `DeadAddress` and `Withheld` are a permanent-failure, every other end a technical-failure.
        """
        ...

    async def give_back(self, ids: Sequence[int], due_ms: int, now_ms: int) -> None:
        """Those that were leased and have not left wait again, from `due_ms` on, as if they had not been taken.

        Not what a newer one with its subject has overtaken, nor what nobody is there to hear. Others stay as they are.
        """
        ...

    async def depth(self, account: str, lane: str) -> int:
        """How many wait there, whenever they are due; up to `MOST_COUNTED`."""
        ...

    async def recover(self, account: str, now_ms: int) -> int:
        """At the start: what a process that is gone had marked `sending` is `unknown`; how many it were."""
        ...

    async def report(self, account: str, message: str, state: str, now_ms: int, reason: str = "") -> bool:
        """A receipt: sent, failed, delivered or read; whether it was about a notice. Late, twice and out of order do
        no harm: a status only moves on in that order, so `delivered` outdoes `failed`. One that comes before its
        message was settled counts then.
        """
        ...

    async def inbox(self, conversation: str, before: int | None = None, limit: int = 50) -> tuple[NoticeKept, ...]:
        """What was said to this person and what became of it, the latest first."""
        ...

    async def letters(self, account: str | None, after: int = 0, limit: int = 100) -> tuple[NoticeKept, ...]:
        """Those that failed for good, expired or are unknown, for an operator."""
        ...

    async def replay(self, ids: Sequence[int], now_ms: int, expires_ms: int) -> int:
        """Let an operator try again what is among `letters`; how many it were.

        Not what a newer one with its subject has overtaken, nor what nobody is there to hear.
        """
        ...


# ---- what is kept aside, and how often somebody may try ----


@dataclass(frozen=True, slots=True)
class Aside:
    """Something that came and could not be read or answered. `sealed` is what came."""

    id: int
    account: str
    reason: str
    sealed: bytes
    at_ms: int


class Sidings(Protocol):
    """What an operator has to look at, and counters that end attempts."""

    async def put_aside(self, account: str, reason: str, sealed: bytes, now_ms: int) -> None:
        """Keep it for an operator; at most 10,000 of an account, the oldest give way."""
        ...

    async def asides(self, account: str | None, after: int = 0, limit: int = 100) -> tuple[Aside, ...]:
        """The oldest first."""
        ...

    async def attempt(self, key: str, most: int, window_ms: int, now_ms: int) -> bool:
        """Count one attempt; False if there were `most` in this window already, which began with the first of them."""
        ...


# ---- keys, the access log, and a person's data ----


OPERATOR = "operator"
"""In place of an authority: a key of whoever looks after the whole server. It opens the office, and no API."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of an authority's own system, or of the operator. `digest` is all that is kept of it."""

    id: int
    authority: str
    label: str
    digest: str
    created_ms: int
    revoked_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody looked at, or changed, what is kept of a case or a person. `who`: `api/<key id>`, `office`, `self`."""

    at_ms: int
    who: str
    what: str
    about: str


RecordKind = Literal["notices", "notifications", "requests", "asides", "attempts", "addresses", "cases", "accesses"]
"""What is forgotten when it is old. notices: settled, or past their time, of no notification · notifications: ended or
past their time, with their tries and traces · requests: what makes a repetition known · addresses: nothing was heard of
the person since, and nothing of theirs is kept, nor what they chose or agreed to · cases: they have not moved since."""


class Registry(Protocol):
    """Who may come in, and what they did."""

    async def add_key(self, authority: str, label: str, digest: str, now_ms: int) -> int:
        """Its id."""
        ...

    async def key(self, digest: str) -> ApiKey | None:
        """The key with this digest, unless it is revoked."""
        ...

    async def keys(self, authority: str | None = None) -> tuple[ApiKey, ...]:
        """All of them, revoked ones too."""
        ...

    async def revoke_key(self, key: int, now_ms: int) -> bool:
        """Whether it was in force."""
        ...

    async def note(self, accesses: Sequence[Access]) -> None:
        """Write to the access log; nothing in it is ever changed."""
        ...

    async def accesses(self, about: str, limit: int = 200) -> tuple[Access, ...]:
        """About a case (`case/<id>`) or a conversation (its name), the latest first."""
        ...

    async def erase(self, conversation: str) -> None:
        """Forget one person on one account: address, cases followed, notices, notifications made for this address with
        all that was kept of them; the conversation itself is `forget`'s.

        What they agreed to stays in the ledger, under a number that is never given again. Their choices stay with the
        addresses that were one person with it.
        """
        ...

    async def prune_records(self, kind: RecordKind, before_ms: int, limit: int = 500) -> int:
        """Forget up to `limit` of one kind that are older than that; how many it was. Call it until it gives 0.

        A case goes with its history and whoever follows it.
        """
        ...


# ---- who hears what became of notices ----


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the order of what happened. `kind`: 0 a notice, 1 a follower; `one`, `two`: what tells them apart."""

    at_ms: int
    kind: int = 0
    one: int = 0
    two: int = 0


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a notice, by its status, or `followed`. `stage` is "" where it tells of none."""

    at: Position
    number: str
    account: str
    status: str
    stage: str


@dataclass(frozen=True, slots=True)
class Changes:
    """Some of what happened, in order. `upto`: all until there has been looked at, others' too."""

    events: tuple[Became, ...]
    upto: Position
    more: bool


@dataclass(frozen=True, slots=True)
class Subscriber:
    """An authority's system that wants to hear. `sealed` is the secret that signs.

    `tries`: in vain since it last took something; `next_ms`: None while it is paused; `taken`: all until there.
    """

    id: int
    authority: str
    url: str
    sealed: bytes
    created_ms: int
    tries: int
    next_ms: int | None
    reason: str
    taken: Position


class Subscribers(Protocol):
    """Who hears, how far they have got, and what there is to hear: it is read from the record and not kept twice."""

    async def subscribe(self, authority: str, url: str, sealed: bytes, now_ms: int) -> int:
        """Its id. It hears what happens from now on."""
        ...

    async def subscribers(self) -> tuple[Subscriber, ...]:
        """All of them."""
        ...

    async def unsubscribe(self, subscriber: int) -> bool:
        """Whether it was there."""
        ...

    async def changes(self, authority: str, after: Position, before_ms: int, limit: int = 100) -> Changes:
        """What became of the notices about an authority's cases and who began to follow one, in order.

        A notice that has changed again stands where it last did. `before_ms`: leave out what is younger, since a
        transaction that began earlier may still be on its way to disk.
        """
        ...

    async def advance(self, subscriber: Subscriber, to: Position, now_ms: int) -> bool:
        """It has taken all until there; False, and nothing is changed, if it was set elsewhere meanwhile."""
        ...

    async def rewind(self, subscriber: int, since_ms: int, now_ms: int) -> bool:
        """Let it hear again what is still on record, from then, also if it was paused. False: there is none."""
        ...

    async def failed(self, subscriber: Subscriber, again_ms: int | None, reason: str) -> bool:
        """It has not taken what it was sent. None pauses it. False if it was set elsewhere meanwhile."""
        ...


class Records(AddressBook, CaseBook, NoticeQueue, Sidings, Registry, Subscribers, Protocol):
    """All of it, as one store keeps it."""
