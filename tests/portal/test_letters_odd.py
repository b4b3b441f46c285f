"""What a sender got wrong does not keep a person from their letters."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.portal.persons import PHONE, SAID, persons
from vikno.usecases.judge import Whereabouts
from vikno.usecases.send_notifications import Asked, Recipient, send_notifications


@pytest.mark.parametrize("zone", ["Nowhere/Else", "../../etc/passwd", "/etc/localtime", "Europe"])
async def test_a_time_zone_that_is_none_leaves_the_inbox_readable(tmp_path: Path, zone: str) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        air = await here.store.organisation("sky-air")
        kept = await here.store.template(air.id, "delay") if air is not None else None
        rendering = await here.web.dispatch.rendering(kept.row) if kept is not None else None
        assert air is not None
        assert rendering is not None
        to = Recipient((("sms/main", PHONE),), f"+{PHONE}", Whereabouts("ua", zone))
        [sent] = await send_notifications(here.web.dispatch, air, "live", [Asked(rendering, to, SAID)])
        for path in ("", "/letters", f"/letters/{sent.id}"):
            assert (await client.get(here.inbox + path)).status_code == 200, path
