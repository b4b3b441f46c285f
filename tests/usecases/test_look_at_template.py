"""A reviewer would be told if the filler let something through: the checks of the page can fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.portal.persons import persons
from tests.portal.test_office_review import drafted, said
from vikno.domain.notify.fill import Filled
from vikno.usecases.channel import Outbound
from vikno.usecases.dispatch import Dispatch, Rendering
from vikno.usecases.look_at_template import EVIL, Looked, look_at_template


async def looked(folder: Path, text: Any) -> Looked:
    async with persons(folder) as here:
        kept = await drafted(here, text)
        found = await look_at_template(here.web.dispatch, kept.row, lambda _, name: name)
        assert found is not None
        return found


async def test_harm_brings_no_link_and_strangers_are_refused(tmp_path: Path) -> None:
    text = said("((name)): ((pay)) https://t.me/sky", "((name)): ((pay))", trust=("pay",), links=("pay.example",))
    found = await looked(tmp_path, text)
    assert [each.foreign for each in found.languages] == [(), ()]
    assert {spot.name: (spot.trusted, spot.refuses) for spot in found.spots} == {
        "name": (False, False),
        "pay": (True, True),
    }


async def test_a_careless_dispatch_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(
        _: Dispatch, __: Any, rendering: Rendering, ___: Any, sealed: Any, *____: Any, **_____: Any
    ) -> Outbound:
        return Outbound(" ".join(sealed.personalisation.values()))

    monkeypatch.setattr(Dispatch, "outbound", careless)
    found = await looked(tmp_path, said("((name))", "((name))"))
    assert f"https://{EVIL}/pay" in found.languages[0].foreign
    assert "t.me/evil" in found.languages[0].foreign


async def test_a_filler_that_takes_any_link_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill = Rendering.fill

    def careless(rendering: Rendering, said: str, personalisation: Any) -> Filled:
        return fill(rendering, said, {**personalisation, "pay": "https://pay.example/"})

    monkeypatch.setattr(Rendering, "fill", careless)
    found = await looked(tmp_path, said("((pay))", "((pay))", trust=("pay",), links=("pay.example",)))
    assert [spot.refuses for spot in found.spots] == [False]


async def test_a_version_that_is_not_there_is_none(tmp_path: Path) -> None:
    async with persons(tmp_path) as here:
        assert await look_at_template(here.web.dispatch, 10**9, lambda _, name: name) is None
