"""The demo's office is one of the country that is there, and its key opens the cases that are ordered in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import ROOT
from vikno.bootstrap.intake import desk_of
from vikno.bootstrap.settings import Settings
from vikno.packs.load import load_country
from vikno.testing.phones.counter import Counter, NoCounter, counter
from vikno.usecases.word_stages import StageWords
from vikno.wire.vault import LocalVault

UA, EXAMPLE = ROOT / "countries/ua", ROOT / "countries/example"
PASSPORTS = ("foreign-passport", "id-card", "permanent-residence-permit", "temporary-residence-permit")
DMS = Counter("dms-site", "ua/dms", tuple(f"ua/{name}" for name in PASSPORTS))


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        ([UA], DMS),
        ([EXAMPLE, UA], DMS),
        ([EXAMPLE], Counter("harbour", "example/waters", ("example/fishing-permit",))),
    ],
)
def test_the_counter_where_most_can_be_ordered_is_the_demos(folders: list[Path], expected: Counter) -> None:
    packs = [load_country(folder) for folder in folders]
    assert counter(desk_of(packs, LocalVault(bytes(32)), Settings()).words) == expected


def test_a_country_in_which_nothing_can_be_followed_has_no_demo() -> None:
    with pytest.raises(NoCounter):
        counter(StageWords({}, {}, {}))
