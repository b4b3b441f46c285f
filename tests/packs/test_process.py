"""process.yaml and entries.yaml as read; the faults in them stand in faults.yaml."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from tests.cli.conftest import edited
from tests.packs.test_faults import checked
from vikno.domain.cases import prove_process
from vikno.domain.notify import BRIEF_UNITS, brief_units
from vikno.packs.load import Pack, load_country, read_country, read_service
from vikno.packs.phrases import load_notice_phrases
from vikno.packs.process import quiet_hours, working_days
from vikno.usecases.word_stages import StageWords

PERMIT = "services/fishing-permit/process.yaml"
STAGES = ["accepted", "approved", "at_printer", "shipped", "arrived", "made_abroad", "arrived_abroad"]
STAGES += ["issued", "refused"]


@pytest.fixture(scope="module")
def ukraine(root: Path) -> Pack:
    return load_country(root / "countries/ua")


def test_the_orders_of_the_migration_service_have_their_stages(ukraine: Pack) -> None:
    orders = ("id-card", "foreign-passport", "temporary-residence-permit", "permanent-residence-permit")
    assert sorted(ukraine.processes) == sorted(f"ua/{slug}" for slug in orders)
    for process in ukraine.processes.values():
        assert sorted(process.stages) == sorted(STAGES)
        assert [name for name, stage in process.stages.items() if stage.final] == ["issued", "refused"]
        assert process.first == "accepted"
        shipped = process.stages["shipped"].usual
        assert shipped is not None
        assert (shipped.low, shipped.high, shipped.confidence) == (1, 3, "B")
        assert process.ahead["made_abroad"] == {"arrived_abroad", "issued", "refused"}
        assert list(prove_process(process)) == []


def test_made_abroad_never_sounds_as_if_it_could_be_collected(ukraine: Pack) -> None:
    for process in ukraine.processes.values():
        stage = process.stages["made_abroad"]
        assert "ще не можна" in stage.text.text("uk")
        assert "you cannot collect it yet" in stage.text.text("en")


@pytest.mark.parametrize("language", ["uk", "en"])
def test_every_notice_by_sms_has_three_parts_at_most(ukraine: Pack, language: str) -> None:
    words = StageWords(ukraine.processes, {"ua": ukraine.country}, load_notice_phrases())
    for service, process in ukraine.processes.items():
        for stage in process.stages:
            for notice in (
                words.reached(service, stage, language, True),
                words.outstaying(service, stage, language, True),
            ):
                assert brief_units(notice) <= BRIEF_UNITS, f"{service} {stage}: {notice.text('…4417', '2F3D4J')}"


def test_no_text_greets_promises_or_shows_a_straight_apostrophe(ukraine: Pack) -> None:
    for process in ukraine.processes.values():
        for stage in process.stages.values():
            for text in (stage.text, stage.next, stage.sms):
                said = text.text("uk") if text else ""
                assert "'" not in said
                assert '"' not in said
                assert not any(word in said.lower() for word in ("гарант", "обіця", "вітаємо", "шановн"))


def test_a_stage_follows_on_the_one_above_unless_it_says_otherwise(lakeland: Path) -> None:
    process = load_country(lakeland).processes["example/fishing-permit"]
    assert {name: stage.after for name, stage in process.stages.items()} == {
        "received": (),
        "questions": ("received",),
        "granted": ("received", "questions"),
        "ready": ("granted",),
        "handed_out": ("ready",),
        "refused": ("received", "questions"),
    }
    assert process.until == ("ready",)
    assert process.title.text("uk") == "Дозвіл на риболовлю"


def test_a_service_without_a_process_has_none_and_its_version_does_not_depend_on_one(lakeland: Path) -> None:
    country = read_country(lakeland, pytest.fail)  # type: ignore[arg-type]
    before = read_service(lakeland / "services/fishing-permit", country, lambda _: None)
    (lakeland / PERMIT).unlink()
    pack = load_country(lakeland)
    after = pack.services["example/fishing-permit"]
    assert before is not None
    assert after is not None
    assert before.version == after.version
    assert "example/fishing-permit" not in pack.processes
    assert "example/library-card" not in pack.processes


@pytest.mark.parametrize("text", ["", "[]", "stages: {}", "stages: []", "stages: x", "title: Permit", "- a", "\x00"])
def test_a_file_that_is_no_process_is_a_finding(lakeland: Path, text: str) -> None:
    (lakeland / PERMIT).write_text(text)
    assert [one for one in checked(lakeland, "fishing-permit") if one.place.file.endswith("process.yaml")]
    assert "example/fishing-permit" not in load_country(lakeland).processes


def test_a_notice_that_is_too_long_for_a_channel_is_found_in_its_language(lakeland: Path) -> None:
    edited(lakeland, "country.yaml", "[telegram, web]", "[telegram, web, sms]")
    assert [one.message for one in checked(lakeland, "fishing-permit") if "“ready”" in one.message] == []
    longer = "Дозвіл готовий. " + "Дуже довгий хвіст. " * 8
    po = "services/fishing-permit/texts/uk.po"
    edited(lakeland, po, 'msgstr "Дозвіл готовий."', f'msgstr "{longer.strip()}"')
    found = [one for one in checked(lakeland, "fishing-permit") if "“ready”" in one.message]
    assert [(one.place.file.rpartition("/")[2], one.code) for one in found] == [("uk.po", "text_too_long")]


def test_a_notice_that_no_message_of_a_channel_holds_is_found(lakeland: Path) -> None:
    edited(lakeland, PERMIT, "Your permit is ready.", "Ready. " * 700)
    found = [one for one in checked(lakeland, "fishing-permit") if one.code == "text_too_long"]
    assert {"telegram takes 4096" in one.message for one in found} == {True}


def test_a_stage_that_is_not_announced_need_not_fit(lakeland: Path) -> None:
    edited(lakeland, "services/visitor-visa/process.yaml", "The decision has been noted.", "Noted. " * 700)
    assert not [one for one in checked(lakeland, "visitor-visa") if one.code == "text_too_long"]


def test_the_clock_of_a_country_is_as_it_says(lakeland: Path, ukraine: Pack) -> None:
    country = load_country(lakeland, only="").country
    days = working_days(country)
    assert [days.works(date(2026, 5, day)) for day in (1, 2, 4)] == [False, False, True]
    night = int(datetime(2026, 3, 15, 21, tzinfo=UTC).timestamp() * 1000)  # 22:00 in Vienna, 23:00 in Kyiv
    assert quiet_hours(country).window(night).not_before_ms - night == 10 * 3_600_000
    assert quiet_hours(ukraine.country).window(night).not_before_ms - night == 9 * 3_600_000


QUIET, EXPIRE = '  quiet: {from: "21:00", to: "08:00"}\n', "  expire_days: 7 "


def test_hours_and_days_of_notices_are_as_a_country_says(lakeland: Path) -> None:
    edited(lakeland, "country.yaml", QUIET, '  quiet: {from: "20:30", to: "07:15"}\n')
    edited(lakeland, "country.yaml", EXPIRE, "  expire_days: 5 ")
    country = load_country(lakeland, only="").country
    assert (country.quiet, country.notice_days) == ((time(20, 30), time(7, 15)), 5)


def test_a_country_that_says_nothing_of_hours_has_those_of_everybody(lakeland: Path) -> None:
    edited(lakeland, "country.yaml", QUIET, "")
    edited(lakeland, "country.yaml", EXPIRE, "#")
    edited(lakeland, "country.yaml", "notices:   ", "#")
    country = load_country(lakeland, only="").country
    assert (country.quiet, country.notice_days) == ((time(21), time(8)), 7)


def test_entries_are_offices_and_campaigns_in_every_language(ukraine: Pack, lakeland: Path) -> None:
    country = load_country(lakeland, only="").country
    harbour = country.entries["harbour"]
    assert harbour.title.text("uk") == "Дозволи в порту"
    assert harbour.office is not None
    assert (harbour.authority, harbour.services) == ("waters", ("example/fishing-permit",))
    assert country.entries["summer-2026"].services == ()  # all of them
    assert all(len(slug) <= 22 for slug in ukraine.country.entries)
    assert set(ukraine.country.entries) >= {"dms-site", "passport-service", "consulate", "foreigners"}
