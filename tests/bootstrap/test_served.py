"""Over HTTP, too, an authority brings no cases of what its country says another serves."""

from __future__ import annotations

from pathlib import Path

from tests.bootstrap.serving import calling, serving
from vikno.api.keys import add_key
from vikno.bootstrap.worlds import now_ms


async def test_a_case_of_another_authority_s_service_is_refused_with_its_name(tmp_path: Path) -> None:
    async with serving(tmp_path) as web, calling(web) as client:
        for authority, status in (("ua/pfu", 422), ("ua/dms", 201), ("ua/cnap", 201)):
            key = await add_key(web.intake.book, web.bot.vault, authority, "test", authority[-1] * 43, now_ms())
            said = await client.put(
                "/api/cases/A-1", json={"service": "ua/id-card"}, headers={"authorization": f"Bearer {key}"}
            )
            assert said.status_code == status, said.text
            if status == 422:
                assert (said.json()["code"], said.json()["pointer"]) == ("service_of_others", "/service")
                assert "served by ua/dms" in said.json()["detail"]
