"""What organisations' systems send to the API, and what it answers. The OpenAPI document is made from these."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from vikno.api.shapes import Problem
from vikno.domain.notify.route import LeftWhy, Ready
from vikno.usecases.explain_notification import RuleSaid
from vikno.usecases.notifications import NotificationStatus
from vikno.usecases.organisations import KeyKind, Reviewed, Standing, TemplateKind, Words
from vikno.usecases.records import MOST_AT_ONCE

MOST_REFERENCE = 255
"""Characters of a sender's own reference."""
MOST_PLACES = 500
"""Values for one message."""
LONGEST_LIFE_S = 864_000
"""Seconds that a message may wait to leave."""
MOST_TEMPLATE_NAME = 255
"""Characters of the name of a template."""

Reference = Annotated[
    str,
    Meta(max_length=MOST_REFERENCE, description="Your own name for it. It need not be unique.", examples=["PNR-7Q2"]),
]
Slug = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=60,
        pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$(?!\n)",
        description="It names a template for ever.",
        examples=["delay"],
    ),
]
Which = Annotated[str, Meta(min_length=1, max_length=60, description="The slug of a template, or its id.")]


class Chat(Struct, forbid_unknown_fields=True):
    """Somebody on a messenger, by the id that its platform has given you."""

    channel: Annotated[str, Meta(max_length=20, description="The kind of channel.", examples=["telegram"])]
    id: Annotated[str, Meta(min_length=1, max_length=255)]


class To(Struct, forbid_unknown_fields=True):
    """Whom it is for: a phone, an e-mail address, a chat; with several of them the phone is tried first.

    `country` and `zone`: where they live, if you know it. Otherwise a phone tells its country, and nobody guesses.
    """

    phone: Annotated[str, Meta(max_length=80, examples=["+380 67 123 45 67"])] | None = None
    email: Annotated[str, Meta(max_length=320, examples=["olena@example.org"])] | None = None
    chat: Chat | None = None
    country: Annotated[str, Meta(max_length=2, description="ISO 3166 alpha-2, in small letters.")] | None = None
    zone: Annotated[str, Meta(max_length=60, description="As in Europe/Kyiv.")] | None = None


class MessageAsked(Struct, forbid_unknown_fields=True):
    """One thing to tell one person."""

    template: Which
    to: To
    personalisation: Annotated[dict[str, Any], Meta(max_length=MOST_PLACES)] = field(default_factory=dict)
    reference: Reference = ""
    lang: Annotated[str, Meta(max_length=8, description="The person's own language goes before it.")] = ""
    direction: Annotated[
        Literal["initiated", "reply"], Meta(description="reply: the person has asked, and this is the answer.")
    ] = "initiated"
    order: Annotated[
        list[str], Meta(max_length=20, description="Channels you would rather use. The person's order goes before it.")
    ] = field(default_factory=list)
    ceiling: Annotated[
        Decimal | None, Meta(description="What all tries together may cost, in the currency of the prices.")
    ] = None
    lives_s: Annotated[int, Meta(ge=30, le=LONGEST_LIFE_S, description="Then it is of no use any more.")] | None = None


class MessageBatch(Struct, forbid_unknown_fields=True):
    """Up to 1000 messages."""

    messages: Annotated[list[MessageAsked], Meta(min_length=1, max_length=MOST_AT_ONCE)]


class RuleNamed(Struct):
    """A rule that had a say, and the version of it that did."""

    id: str
    version: str


class StepShown(Struct):
    """One try. `ready`: go; later, only the hour is against it; unknown, the facts in `missing` have to be known first.

    It waits `wait_s` seconds for the proof `wait_for`; then the next step is tried. `reduced`: only a pointer to the
    inbox goes there.
    """

    channel: str
    ready: Ready
    reduced: bool
    wait_for: str
    wait_s: int
    price: str
    missing: list[str]
    rules: list[RuleNamed]


class LeftShown(Struct):
    """An address that is not tried. law: the rules that are against it; choice: the person does not want it there;
    gone: nobody is there any more; price: it costs too much; manner: such messages do not go there."""

    channel: str
    why: LeftWhy
    rules: list[RuleNamed]


class PlanShown(Struct):
    """What is tried, in order. `inbox`: it stands in the person's inbox; if not, `against` are the rules against it.

    Of the addresses that you gave, and the one it is tried on first: which others the person has is theirs. `instead`:
    other channels on which it might lawfully go, had this person an address there.
    """

    steps: list[StepShown]
    left: list[LeftShown]
    inbox: bool
    against: list[RuleNamed]
    instead: list[str]


class MessageAccepted(Struct):
    """A message on record. `warnings`: one_channel, country_differs, other_country, language_missing."""

    id: str
    status: NotificationStatus
    reason: str
    reference: str
    plan: PlanShown
    warnings: list[str]


class MessagePreview(Struct):
    """What would become of it now, were the recipient nobody we know: who that is, and what they chose, is not told
    before something is sent. Nothing was kept and nothing goes."""

    status: NotificationStatus
    reason: str
    lang: str
    subject: str | None
    body: str
    price: str
    plan: PlanShown
    warnings: list[str]


class MessageRow(Struct, omit_defaults=True):
    """What became of one message of a batch: as it was accepted, or the problem for which it was refused."""

    row: int
    message: MessageAccepted | None = None
    problem: Problem | None = None


class MessageRows(Struct):
    """One answer for each message, in their order. `id` of the batch is null where none was accepted."""

    id: str | None
    accepted: int
    refused: int
    rows: list[MessageRow]


class TemplateNamed(Struct):
    """Which version of which template."""

    id: str
    slug: str
    version: int


class MessageShown(Struct):
    """A message. `channel`: where it arrived, or was tried last; `price`: what its tries cost so far."""

    id: str
    status: NotificationStatus
    reason: str
    reference: str
    template: TemplateNamed | None
    key: KeyKind
    direction: str
    lang: str
    channel: str | None
    price: str
    created: datetime
    sent: datetime | None
    completed: datetime | None
    expires: datetime


class AttemptShown(Struct):
    """One try: which step of the plan, and what became of it."""

    step: int
    channel: str
    status: str
    reason: str
    tries: int
    created: datetime
    changed: datetime


class MessageTold(Struct):
    """A message with the address as you wrote it, and its tries, the first one first."""

    message: MessageShown
    to: str
    attempts: list[AttemptShown]


class Messages(Struct):
    """The newest first. `next`: where the older ones are; null where there are none."""

    messages: list[MessageShown]
    next: str | None


class BatchShown(Struct):
    """How a batch stands: how many have come to what, and its messages in their order."""

    id: str
    count: int
    statuses: dict[str, int]
    messages: list[MessageShown]


class StepTold(Struct):
    """One step of the plan it was accepted with, and the rules that had a say in it.

    Steps on addresses that you did not give are here once they were tried.
    """

    step: int
    channel: str
    ready: str
    reduced: bool
    wait_for: str
    wait_s: int
    price: str
    missing: list[str]
    rules: list[RuleSaid]


class LeftTold(Struct):
    """An address that was left out: for law, choice, gone, price or manner."""

    channel: str
    why: str
    rules: list[RuleSaid]


class TryTold(Struct):
    """One try, and what became of it; for one that a rule held back at the last moment, that rule."""

    step: int
    channel: str
    status: str
    reason: str
    tries: int
    created: datetime
    changed: datetime
    rules: list[RuleSaid]


class LineTold(Struct):
    """What the router decided at a moment. `what`: step, held, nowhere, ended or seen; `why`: what brought it about."""

    at: datetime
    what: str
    why: str
    step: int | None
    channel: str
    status: str
    missing: list[str]
    rules: list[RuleSaid]


class Why(Struct):
    """Why a message went as it did, or did not: the plan it was accepted with, its tries, and every decision.

    `consent` and `refused`: what the person has agreed to, and whether they want no such messages of yours, as it
    stands now. A rule's `now` says whether it is still the one that decided.
    """

    message: MessageShown
    steps: list[StepTold]
    left: list[LeftTold]
    inbox: bool
    against: list[RuleSaid]
    instead: list[str]
    attempts: list[TryTold]
    lines: list[LineTold]
    consent: str
    refused: bool
    currency: str


class TemplateBrought(Struct, forbid_unknown_fields=True):
    """A template, or a new version of one. `languages`: language -> kind of channel, "" for all others -> words."""

    name: Annotated[str, Meta(min_length=1, max_length=MOST_TEMPLATE_NAME)]
    content: Annotated[str, Meta(max_length=20, description="What it is about.", examples=["service"])]
    languages: dict[str, dict[str, Words]]
    language: Annotated[str, Meta(max_length=8, description="What those read whose language is not there.")]
    kind: Annotated[TemplateKind, Meta(description="message: for whichever channel.")] = "message"
    order: list[str] = field(default_factory=list)
    trust: Annotated[list[str], Meta(description="Places that may hold links.")] = field(default_factory=list)
    links: Annotated[list[str], Meta(description="Hosts to which they may lead.")] = field(default_factory=list)
    facts: Annotated[dict[str, str | bool | int], Meta(description="What else rules may ask of such messages.")] = (
        field(default_factory=dict)
    )


class TemplateShown(Struct):
    """A version of a template: the one that is sent with, or the last one where none is approved yet.

    `personalisation`: the names of the values that a message needs. `waiting`: a later version is being reviewed.
    """

    id: str
    slug: str
    name: str
    kind: TemplateKind
    content: str
    version: int
    status: Reviewed
    reason: str
    archived: bool
    waiting: int | None
    personalisation: list[str]
    language: str
    languages: dict[str, dict[str, Words]]
    order: list[str]
    trust: list[str]
    links: list[str]
    facts: dict[str, str | bool | int]


class Templates(Struct):
    """All of an organisation's templates."""

    templates: list[TemplateShown]


class Tallied(Struct):
    """How many messages came to the same on the same channel."""

    channel: str
    status: str
    reason: str
    count: int


class Figures(Struct):
    """What became of all messages since a moment. Nobody is in it."""

    since: datetime
    figures: list[Tallied]


class SenderShown(Struct):
    """Your organisation as it is on record, and which key this is. `currency`: of all prices here."""

    slug: str
    name: str
    category: str
    country: str
    audience: str
    mark: str
    standing: Standing
    reason: str
    per_day: int
    per_person_day: int
    guests: list[str]
    key: KeyKind
    label: str
    currency: str


class CallbackBrought(Struct, forbid_unknown_fields=True):
    """Where you want to hear what became of messages."""

    url: Annotated[str, Meta(max_length=2000, examples=["https://systems.example.org/vikno"])]


class CallbackShown(Struct):
    """An address that hears. `state`: fine, failing (then `tries` in a row, and why) or paused."""

    id: str
    url: str
    state: Literal["fine", "failing", "paused"]
    reason: str
    tries: int
    next: datetime | None
    upto: datetime


class CallbackAdded(Struct):
    """A new one, with the secret that signs; it is shown now and never again."""

    callback: CallbackShown
    secret: str


class Callbacks(Struct):
    """All that hear."""

    callbacks: list[CallbackShown]


class Since(Struct, forbid_unknown_fields=True):
    """From when to hear again."""

    since: Annotated[datetime, Meta(tz=True)]


READ = (MessageAsked, MessageBatch, TemplateBrought, CallbackBrought, Since)
WRITTEN = (
    MessageAccepted, MessagePreview, MessageRows, MessageTold, Messages, BatchShown, Why, TemplateShown, Templates,
    Figures, SenderShown, CallbackShown, CallbackAdded, Callbacks,
)  # fmt: skip
