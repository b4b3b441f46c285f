"""What systems send about campaigns, and what is answered. The OpenAPI document is made from these."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct, field

from vikno.api.messages.shapes import LONGEST_LIFE_S, MessageAccepted, Reference, TemplateNamed, Which
from vikno.usecases.campaigns import CampaignStatus, Source
from vikno.usecases.organisations import MOST_GUESTS, KeyKind

MOST_NAME = 120
"""Characters of a campaign's name."""


class CampaignBrought(Struct, forbid_unknown_fields=True):
    """A new campaign, a draft until somebody is in it.

    `audience`: a file that you send; whoever agreed to such messages of yours; or, for an authority, whoever follows a
    case of `service`. `personalisation`: values that are the same for all.
    """

    name: Annotated[str, Meta(min_length=1, max_length=MOST_NAME, examples=["Delay of PS 101"])]
    template: Which
    audience: Source = "file"
    personalisation: Annotated[dict[str, str], Meta(max_length=100)] = field(default_factory=dict)
    reference: Reference = ""
    lang: Annotated[str, Meta(max_length=8)] = ""
    order: Annotated[list[str], Meta(max_length=20)] = field(default_factory=list)
    ceiling: Annotated[Decimal | None, Meta(description="What all tries of one message together may cost.")] = None
    lives_s: Annotated[int, Meta(ge=30, le=LONGEST_LIFE_S)] | None = None
    service: Annotated[str, Meta(max_length=120, examples=["ua/id-card"])] = ""


class Start(Struct, forbid_unknown_fields=True):
    """When it starts; now unless said."""

    at: Annotated[datetime, Meta(tz=True)] | None = None


class Tests(Struct, forbid_unknown_fields=True):
    """Addresses of your guest list."""

    to: Annotated[list[str], Meta(min_length=1, max_length=MOST_GUESTS)]


class RowRefused(Struct):
    """A row that was left out, and why."""

    line: int
    reason: str


class ChannelForeseen(Struct):
    """What one kind of channel has to carry. `reduced`: of those, only a pointer; `seconds`: at its own pace."""

    channel: str
    count: int
    reduced: int
    price: str
    seconds: float | None


class PreviewShown(Struct):
    """What would become of all. With `exact` false the figures are an estimate, scaled up from a part.

    `left`: why somebody gets nothing: `law/` and the rule, choice, gone, price, manner, cap, nobody. `held`: what waits
    for its hour (`later`) or for a fact (`unknown/` and the fact). `inbox`: those who find it in their inbox alone.
    """

    exact: bool
    looked: float
    at: datetime
    rows: int
    channels: list[ChannelForeseen]
    inbox: int
    left: dict[str, int]
    held: dict[str, int]
    price: str
    seconds: float


class FiguresShown(Struct):
    """How it goes. `failed`: reason -> how many; `rate`: messages a second that have left not long ago."""

    planned: int
    waiting: int
    sending: int
    sent: int
    delivered: int
    failed: dict[str, int]
    rate: float
    seconds_left: float | None


class CampaignShown(Struct):
    """A campaign. `looked`: bytes of the file that were read; `refused`: reason -> rows that were left out."""

    id: str
    name: str
    reference: str
    template: TemplateNamed | None
    key: KeyKind
    audience: Source
    status: CampaignStatus
    rows: int
    refused: dict[str, int]
    looked: int
    planned: int
    begins: datetime | None
    created: datetime
    began: datetime | None
    ended: datetime | None


class CampaignTold(Struct):
    """A campaign with what is known of it. `decided`: `status/reason` as it was planned; `refused_rows`: the first."""

    campaign: CampaignShown
    figures: FiguresShown
    decided: dict[str, int]
    left: dict[str, int]
    preview: PreviewShown | None
    refused_rows: list[RowRefused]
    currency: str


class CampaignList(Struct):
    """The latest first. `next`: where the earlier ones are."""

    campaigns: list[CampaignShown]
    next: str | None


class TestsSent(Struct):
    """What became of the tests."""

    messages: list[MessageAccepted]


class Forgotten(Struct):
    """It is gone."""

    id: str


READ = (CampaignBrought, Start, Tests)
WRITTEN = (CampaignShown, CampaignTold, CampaignList, TestsSent, Forgotten)
