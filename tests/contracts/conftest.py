"""A keeper of records, for each there is, and a clock that somebody moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.keepers import RECORDS_PLACES, RecordsKeeper, RecordsPlace
from tests.contracts.records import Moment


@pytest.fixture(params=RECORDS_PLACES)
def records_place(request: pytest.FixtureRequest, tmp_path: Path) -> RecordsPlace:
    (tmp_path / "records").mkdir()
    return RECORDS_PLACES[request.param](tmp_path / "records")


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture
async def records(records_place: RecordsPlace, moment: Moment) -> AsyncIterator[RecordsKeeper]:
    keeper = records_place.open(moment)
    yield keeper
    await keeper.close()
