"""Try a campaign: its first row's message goes to people of the organisation, before it goes to everybody."""

from __future__ import annotations

from collections.abc import Sequence

from vikno.domain.errors import ViknoError
from vikno.usecases.campaign_rows import Asking, open_rows
from vikno.usecases.campaigns import CampaignElsewhere, CampaignKept, Campaigns, Row
from vikno.usecases.dispatch import Dispatch, Rendering
from vikno.usecases.organisations import MOST_GUESTS, Organisation
from vikno.usecases.send_notifications import Accepted, Asked, Recipient, send_notifications


class GuestUnknown(ViknoError):
    """Tests go to up to five addresses of your organisation's guest list, and to nobody else."""

    code = "guest_unknown"


async def try_campaign(
    dispatch: Dispatch,
    book: Campaigns,
    organisation: Organisation,
    campaign: CampaignKept,
    rendering: Rendering,
    guests: Sequence[Recipient],
) -> tuple[Accepted, ...]:
    """Send what the first row says to guests, as single messages. `guests`: whom the list has, as they were read.

    Raises CampaignElsewhere where there is no audience, GuestUnknown, and what sending raises.
    """
    if not 0 < len(guests) <= MOST_GUESTS:
        raise GuestUnknown
    sealed = await book.audience(campaign.id, 0)
    if sealed is None:
        raise CampaignElsewhere
    first: Row = open_rows(dispatch.vault, sealed)[0]
    asking = Asking(campaign, rendering, dispatch.judge.accounts)
    values, only = asking.values(first), rendering.kept.kind
    asked = [
        Asked(
            rendering,
            guest,
            values,
            campaign.reference,
            first.lang,
            only=None if only == "message" else only,
        )
        for guest in guests
    ]
    return await send_notifications(dispatch, organisation, campaign.key, asked)
