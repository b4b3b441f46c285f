"""The same answer of a marketplace's support in Telegram: on 31 May and 1 June 2025, and on 1 September 2026.

Then there was a draft, which a rehearsal takes for law: it names delivery services, whom no law in force binds.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.story.town import Town, a_town
from vikno.domain.notify.route import Plan
from vikno.usecases.judge import Whereabouts
from vikno.usecases.organisations import OrganisationGiven
from vikno.usecases.send_notifications import Accepted, Asked, Recipient, send_notifications

MOSCOW = ZoneInfo("Europe/Moscow")
ANSWER = "Your parcel is at the pick-up point until ((day))."
DRAFT = "RU-DRAFT-2026"


async def _answers(town: Town, category: str) -> Accepted:
    """Somebody from support answers a client who has written in Telegram, and whose mail is known."""
    given = OrganisationGiven(f"shop-{category}", "Shop", category, "ru", "ru")
    shop = await town.sender(given, {"support": ("support", ANSWER)})
    client = town.telegram.person("Client", "en")
    await client.open()
    await client.heard()
    template = await town.book.template(shop.id, "support")
    assert template is not None
    rendering = await town.web.dispatch.rendering(template.row)
    assert rendering is not None
    to = Recipient((("telegram/main", str(client.id)),), "client", Whereabouts("ru", "Europe/Moscow"))
    asked = Asked(rendering, to, {"day": "Friday"}, direction="reply")
    (accepted,) = await send_notifications(town.web.dispatch, shop, "live", [asked])
    return accepted


def _against(plan: Plan) -> list[str]:
    return [rule.id for left in plan.left for rule in left.rules]


@pytest.mark.parametrize(
    ("day", "category", "what_if", "against"),
    [
        ((2025, 5, 31), "marketplace", "", []),
        ((2025, 6, 1), "marketplace", "", ["RU-41FZ"]),
        ((2026, 8, 31), "delivery", DRAFT, []),
        ((2026, 9, 1), "delivery", "", []),
        ((2026, 9, 1), "delivery", DRAFT, [DRAFT]),
        ((2026, 9, 1), "marketplace", "", ["RU-41FZ"]),
        ((2026, 9, 1), "marketplace", DRAFT, ["RU-41FZ", DRAFT]),
    ],
)
async def test_what_may_be_answered_in_telegram_depends_on_the_day(
    tmp_path: Path, day: tuple[int, int, int], category: str, what_if: str, against: list[str]
) -> None:
    settings = {"VIKNO_WHAT_IF": what_if} if what_if else {}
    async with a_town(tmp_path, datetime(*day, 12, tzinfo=MOSCOW), ["example", "ru"], **settings) as town:
        accepted = await _answers(town, category)
        client = next(iter(town.telegram.people.values()))
        assert sorted(_against(accepted.plan)) == sorted(against)
        if against:
            assert not accepted.plan.steps
            assert (accepted.status, accepted.reason) == ("sent", "inbox"), "the inbox always holds it"
            assert set(accepted.plan.instead) >= {"inbox", "max"}
        else:
            await town.until(lambda: any("pick-up point until Friday" in one for one in client.said))
