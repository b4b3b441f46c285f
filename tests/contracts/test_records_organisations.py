"""What every keeper of organisations promises (`vikno.usecases.organisations`)."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from typing import Any

import pytest

from tests.contracts.keepers import RecordsKeeper, RecordsPlace
from tests.contracts.records import Moment
from tests.contracts.senders import SKY, a_sender
from vikno.usecases.organisations import (
    MOST_WAITING,
    Organisation,
    OrganisationGiven,
    OrganisationKey,
    OrganisationUnknown,
    TemplateGiven,
    TemplateKept,
    VersionsFull,
)

LATE = TemplateGiven(1, "late", "Flight is late", "message", "service", b'{"uk":1}', "anna")


async def test_an_organisation_is_kept_as_it_says_of_itself(records: RecordsKeeper) -> None:
    assert await records.organisation("sky") is None
    kept = await records.put_organisation(SKY, 1_000)
    assert kept == Organisation(**asdict(SKY), id=kept.id, standing="submitted", created_ms=1_000)
    assert await records.organisation(kept.id) == await records.organisation("sky") == kept
    other = await records.put_organisation(replace(SKY, slug="bank"), 2_000)
    assert await records.organisations() == (kept, other)
    assert await records.organisation(99) is None


async def test_what_was_reviewed_is_reviewed_again_when_it_says_something_else_of_itself(
    records: RecordsKeeper,
) -> None:
    changes: dict[str, Any] = {"name": "Sky 2", "category": "bank", "country": "pl", "mark": "https://sky.example/m"}
    for what, value in changes.items():
        organisation = await records.put_organisation(SKY, 1_000)
        assert await records.review_organisation(organisation.id, "approved", "rita", "")
        changed = await records.put_organisation(replace(SKY, **{what: value}), 2_000)
        assert (changed.id, changed.standing, changed.created_ms) == (organisation.id, "submitted", 1_000), what
        assert getattr(changed, what) == value


async def test_limits_change_without_a_review(records: RecordsKeeper) -> None:
    organisation = await records.put_organisation(SKY, 1_000)
    await records.review_organisation(organisation.id, "suspended", "rita", "complaints")
    given = OrganisationGiven("sky", "Sky", "airline", "ua", "pl", per_day=5, per_person_day=2, weight=3, guests=())
    kept = await records.put_organisation(given, 2_000)
    assert kept == Organisation(
        **asdict(given), id=organisation.id, standing="suspended", reason="complaints", by="rita", created_ms=1_000
    )


async def test_a_review_of_nobody_is_none(records: RecordsKeeper) -> None:
    assert not await records.review_organisation(7, "approved", "rita", "")
    assert not await records.review_template(7, "approved", "rita", "", 1_000)
    assert not await records.archive_template(7, 1_000)


async def test_a_review_of_what_is_otherwise_now_says_nothing(records: RecordsKeeper) -> None:
    seen = await records.put_organisation(SKY, 1_000)
    await records.put_organisation(replace(SKY, name="Lake Bank"), 2_000)
    assert not await records.review_organisation(seen.id, "approved", "rita", "", seen)
    now = await records.organisation("sky")
    assert now is not None
    assert now.standing == "submitted"
    assert await records.review_organisation(seen.id, "approved", "rita", "", now)


async def test_keys_stay_on_record_when_they_are_revoked(records: RecordsKeeper) -> None:
    organisation = await records.put_organisation(SKY, 1_000)
    key = await records.add_organisation_key(organisation.id, "team", "booking", b"sealed", 1_000)
    other = await records.add_organisation_key(organisation.id, "live", "booking", b"sealed", 1_100)
    assert key == OrganisationKey(key.id, organisation.id, "team", "booking", b"sealed", 1_000)
    assert await records.revoke_organisation_key(key.id, 2_000)
    assert not await records.revoke_organisation_key(key.id, 3_000)
    assert not await records.revoke_organisation_key(99, 3_000)
    assert await records.organisation_keys(organisation.id) == (replace(key, revoked_ms=2_000), other)
    assert await records.organisation_keys(99) == ()


async def test_nobody_has_no_keys_and_no_templates(records: RecordsKeeper) -> None:
    with pytest.raises(OrganisationUnknown):
        await records.add_organisation_key(7, "live", "booking", b"sealed", 1_000)
    with pytest.raises(OrganisationUnknown):
        await records.put_template(replace(LATE, organisation=7), 1_000)
    assert await records.templates(7) == ()


async def test_a_template_has_versions_and_the_last_approved_one_is_in_use(records: RecordsKeeper) -> None:
    await a_sender(records)
    first = await records.put_template(LATE, 1_000)
    assert first == TemplateKept(
        first.id, first.row, 1, "late", "Flight is late", "message", "service", 1, b'{"uk":1}', "submitted", 1_000,
        1_000, "anna",
    )  # fmt: skip
    assert await records.template(1, "late") == first, "the last of all, where none is approved"
    assert await records.review_template(first.row, "approved", "rita", "", 1_500)
    second = await records.put_template(replace(LATE, text=b'{"uk":2}', by="oleh"), 2_000)
    assert (second.id, second.version, second.status, second.by) == (first.id, 2, "submitted", "oleh")
    in_use = await records.template(1, "late")
    assert in_use == replace(first, status="approved", reviewer="rita", changed_ms=1_500)
    assert await records.template(1, first.id) == in_use
    assert await records.template(1, first.id, 2) == await records.template_row(second.row) == second
    assert await records.templates(1) == (in_use,)
    await records.review_template(second.row, "refused", "rita", "a link", 2_500)
    assert await records.template(1, "late") == in_use
    await records.review_template(second.row, "approved", "rita", "", 3_000)
    kept = await records.template(1, "late")
    assert kept is not None
    assert (kept.version, kept.reason) == (2, "")
    every = await records.templates(1, every_version=True)
    assert sorted(one.version for one in every) == [1, 2]


async def test_what_is_the_same_word_for_word_is_no_new_version(records: RecordsKeeper) -> None:
    await a_sender(records)
    first = await records.put_template(LATE, 1_000)
    assert await records.put_template(replace(LATE, by="oleh"), 2_000) == first
    changes: list[dict[str, Any]] = [{"name": "Late"}, {"content": "advertising"}, {"text": b"{}"}]
    versions = [(await records.put_template(replace(LATE, **change), 2_000)).version for change in changes]
    assert versions == [2, 3, 4]
    assert (await records.put_template(LATE, 3_000)).version == 5, "only the last one counts"


async def test_a_template_is_its_organisations_alone(records: RecordsKeeper) -> None:
    await a_sender(records)
    bank, _ = await a_sender(records, "bank")
    mine = await records.put_template(LATE, 1_000)
    theirs = await records.put_template(replace(LATE, organisation=bank.id), 1_000)
    assert mine.id != theirs.id
    assert await records.template(bank.id, mine.id) is None
    assert await records.template(1, "late") == mine
    assert await records.template(1, "never") is None
    assert await records.template(1, mine.id, 9) is None
    assert await records.template_row(99) is None


async def test_an_archived_template_is_still_listed_and_comes_back_when_it_is_put_again(records: RecordsKeeper) -> None:
    await a_sender(records)
    kept = await records.put_template(LATE, 1_000)
    another = await records.put_template(replace(LATE, slug="early"), 1_000)
    assert await records.archive_template(kept.id, 2_000)
    assert not await records.archive_template(kept.id, 3_000)
    assert await records.templates(1) == (replace(kept, archived=True), another)
    assert await records.put_template(LATE, 4_000) == kept


async def test_only_so_many_versions_of_a_template_wait_for_a_reviewer(records: RecordsKeeper) -> None:
    await a_sender(records)
    versions = [replace(LATE, text=b"%d" % nth) for nth in range(MOST_WAITING)]
    kept = [await records.put_template(one, 1_000) for one in versions]
    with pytest.raises(VersionsFull):
        await records.put_template(LATE, 2_000)
    await records.archive_template(kept[0].id, 2_000)
    with pytest.raises(VersionsFull):
        await records.put_template(LATE, 2_000)
    found = await records.template(1, "late")
    assert found is not None
    assert found.archived, "what was refused brings nothing back"
    assert await records.put_template(versions[-1], 3_000) == kept[-1], "the same again is no new one"
    assert (await records.put_template(replace(LATE, slug="early"), 3_000)).version == 1
    await records.review_template(kept[7].row, "refused", "rita", "a link", 4_000)
    assert (await records.put_template(LATE, 5_000)).version == MOST_WAITING + 1


async def test_it_is_known_which_version_waits(records: RecordsKeeper) -> None:
    await a_sender(records)
    bank, _ = await a_sender(records, "bank")
    first = await records.put_template(LATE, 1_000)
    second = await records.put_template(replace(LATE, name="Late"), 1_000)
    early = await records.put_template(replace(LATE, slug="early"), 1_000)
    theirs = await records.put_template(replace(LATE, organisation=bank.id), 1_000)
    assert await records.waiting_versions(1) == {first.id: 2, early.id: 1}
    await records.review_template(second.row, "approved", "rita", "", 2_000)
    await records.review_template(early.row, "refused", "rita", "a link", 2_000)
    assert await records.waiting_versions(1) == {first.id: 1}
    assert await records.waiting_versions(bank.id) == {theirs.id: 1}


async def test_many_put_the_same_at_once(records: RecordsKeeper) -> None:
    organisations = await asyncio.gather(*(records.put_organisation(SKY, 1_000) for _ in range(9)))
    assert len({one.id for one in organisations}) == 1
    templates = await asyncio.gather(*(records.put_template(LATE, 1_000) for _ in range(9)))
    assert len({one.row for one in templates}) == 1


async def test_it_is_still_there_after_a_crash(
    records: RecordsKeeper, records_place: RecordsPlace, moment: Moment
) -> None:
    organisation, flow = await a_sender(records)
    key = await records.add_organisation_key(organisation.id, "live", "booking", b"sealed", 1_000)
    template = await records.put_template(LATE, 1_000)
    again = records_place.after_a_crash().open(moment)
    assert await again.organisations() == (organisation,)
    assert await again.organisation_keys(organisation.id) == (key,)
    assert await again.templates(organisation.id) == (template,)
    assert await again.flow_of(organisation.id, 2_000) == flow
    await again.close()
