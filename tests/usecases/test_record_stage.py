"""Stages recorded in the real store: who is told what, when, and once; who may follow, and what guessing yields."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from vikno.domain.notify import stop_button
from vikno.packs.load import Pack, load_country
from vikno.packs.phrases import load_notice_phrases
from vikno.packs.process import quiet_hours, working_days, zone_named
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.channel import Outbound, decode_outbound
from vikno.usecases.follow_case import (
    ATTEMPTS_AT_NUMBER,
    ATTEMPTS_OF_ADDRESS,
    Followed,
    NotFound,
    TooMany,
    case_token,
    check_code,
    code_digest,
    follow_by_code,
    follow_by_token,
    genuine,
)
from vikno.usecases.record_stage import OUTSTAYS, Desk, came_due, outstaying, record_stages
from vikno.usecases.records import CaseGiven, CaseKept, Follower, NoticeKept, StageGiven
from vikno.wire.vault import LocalVault

AUTHORITY = "ua/dms"
NUMBER = "UA-2026-0004417"
DAY_MS = 24 * 3600 * 1000
VAULT = LocalVault(bytes(range(32)))
KYIV = ZoneInfo("Europe/Kyiv")
OLENA = Follower("telegram/main:olena", "telegram/main", "uk")
JOHN = Follower("sms/main:john", "sms/main", "en")


def ms(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=KYIV).timestamp() * 1000)  # type: ignore[misc,arg-type]


NOON = ms(2026, 3, 11, 12)  # a Wednesday


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now_ms = NOON

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture(scope="module")
def ukraine(root: Path) -> Pack:
    return load_country(root / "countries/ua")


@pytest.fixture(scope="module")
def desk(ukraine: Pack) -> Desk:
    country = ukraine.country
    return Desk.of(
        ukraine.processes,
        {"ua": country},
        load_notice_phrases(),
        days={"ua": working_days(country)},
        quiet={"ua": quiet_hours(country)},
        vault=VAULT,
        link=lambda case, _: f"https://vikno.example/c/{case.id}",
        zone=zone_named,
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(f"sqlite:///{tmp_path / 'a.db'}", clock)
    for follower in (OLENA, JOHN):
        sealed = VAULT.seal(follower.conversation)
        await store.meet(follower.conversation, follower.account, sealed, follower.lang, NOON)
    yield store
    await store.close()


async def opened(store: SqliteStore, number: str = NUMBER, service: str = "ua/id-card") -> CaseKept:
    code = code_digest(VAULT, AUTHORITY, number, check_code(VAULT, AUTHORITY, number))
    await store.put([CaseGiven(AUTHORITY, number, service, code, "", NOON)], NOON)
    case = await store.case(AUTHORITY, number)
    assert case is not None
    return case


def reported(stage: str, at_ms: int = NOON, number: str = NUMBER, event: str = "") -> StageGiven:
    return StageGiven(AUTHORITY, number, event or f"{number}/{stage}/{at_ms}", stage, at_ms)


async def inbox(store: SqliteStore, who: Follower = OLENA) -> list[tuple[str, Outbound]]:
    """Status and message of every notice, the oldest first."""
    kept = await store.inbox(who.conversation)
    return [(one.status, decode_outbound(one.payload)) for one in reversed(kept)]


async def waiting(store: SqliteStore, now_ms: int, who: Follower = OLENA) -> Sequence[NoticeKept]:
    return await store.lease(who.account, "notice", 10, now_ms)


# ---- what is told ----


async def test_each_follower_is_told_in_their_language_and_way(store: SqliteStore, desk: Desk, clock: Clock) -> None:
    case = await opened(store)
    await store.follow(case.id, OLENA, NOON)
    await store.follow(case.id, JOHN, NOON)
    assert await record_stages(store, desk, [reported("shipped")], clock) == ("reached",)
    [(status, said)] = await inbox(store)
    code = desk.code(case.id, "shipped")
    assert status == "created"
    assert said.text == (
        "ID-картка, справа …4417\n\n"
        "Картку виготовлено й відправлено до місця видачі.\n"
        "Ще не приходьте по неї: дочекайтеся повідомлення, що картка надійшла.\n"
        "Дорога зазвичай триває 1–3 робочі дні, за негоди — до 7 днів.\n\n"
        f"Код повідомлення: {code}"
    )
    assert [(button.id, button.label) for button in said.buttons] == [(stop_button(case.id), "Більше не стежити")]
    assert (said.purpose, said.lang, said.subject, said.kept) == ("notice", "uk", "ID-картка …4417", True)
    assert said.link == f"https://vikno.example/c/{case.id}"
    [(_, brief)] = await inbox(store, JOHN)
    assert brief.text == (
        "ID card …4417: made and sent to the office where you will collect it. "
        "Please do not come yet, wait for our message. "
        f"This usually takes 1–3 working days. Code {code}"
    )
    assert brief.buttons == ()


async def test_a_language_that_the_country_has_not_is_answered_in_its_own(
    store: SqliteStore, desk: Desk, clock: Clock
) -> None:
    case = await opened(store)
    await store.follow(case.id, replace(OLENA, lang="pl"), NOON)
    await record_stages(store, desk, [reported("shipped")], clock)
    [(_, said)] = await inbox(store)
    assert said.lang == "uk"
    assert "зазвичай триває" in said.text
    assert "Картку" in said.text


async def test_every_stage_of_every_process_is_told_once_though_it_is_reported_twice(
    store: SqliteStore, desk: Desk, clock: Clock, ukraine: Pack
) -> None:
    for at, (service, process) in enumerate(ukraine.processes.items()):
        number = f"N-{at}"
        case = await opened(store, number, service)
        await store.follow(case.id, OLENA, NOON)
        way = ["accepted", "approved", "at_printer", "shipped", "arrived", "issued"]
        given = [reported(stage, NOON, number, f"{number}{stage}{turn}") for stage in way for turn in "ab"]
        verdicts = await record_stages(store, desk, given, clock)
        assert verdicts == ("reached", "again") * 6
        assert set(way) <= set(process.stages)
    said = [message.text for _, message in await inbox(store)]
    assert len(said) == len(set(said)) == 6 * len(ukraine.processes)


async def test_what_is_repeated_late_or_backwards_is_kept_and_told_to_nobody(
    store: SqliteStore, desk: Desk, clock: Clock
) -> None:
    case = await opened(store)
    await store.follow(case.id, OLENA, NOON)
    given = [
        reported("at_printer", event="1"),
        reported("at_printer", event="1"),
        reported("at_printer", event="2"),
        reported("accepted", event="3"),
        reported("shiped", event="4"),
        reported("accepted", number="none", event="5"),
        reported("issued", event="6"),
        reported("arrived", event="7"),
    ]
    verdicts = await record_stages(store, desk, given, clock)
    assert verdicts == ("reached", "repeated", "again", "late", "no_stage", "no_case", "reached", "late")
    assert len(await inbox(store)) == 2
    assert [passed.verdict for passed in await store.history(case.id)] == [
        "reached",
        "again",
        "late",
        "reached",
        "late",
    ]


async def test_a_newer_stage_takes_the_place_of_a_notice_that_has_not_left(
    store: SqliteStore, desk: Desk, clock: Clock
) -> None:
    case = await opened(store)
    await store.follow(case.id, OLENA, NOON)
    await record_stages(store, desk, [reported("accepted"), reported("approved"), reported("shipped")], clock)
    assert [status for status, _ in await inbox(store)] == ["replaced", "replaced", "created"]
    [left] = await waiting(store, NOON)
    assert "відправлено до місця видачі" in decode_outbound(left.payload).text


async def test_at_night_a_notice_waits_for_the_morning_and_after_a_week_it_is_old(
    store: SqliteStore, desk: Desk, clock: Clock
) -> None:
    case = await opened(store)
    await store.follow(case.id, OLENA, NOON)
    clock.now_ms = ms(2026, 3, 11, 23)
    await record_stages(store, desk, [reported("accepted")], clock)
    morning = ms(2026, 3, 12, 8)
    assert await waiting(store, morning - 1) == ()
    [left] = await waiting(store, morning)
    assert left.expires_ms == morning + 7 * DAY_MS


async def test_whoever_lives_elsewhere_is_left_in_peace_in_their_own_night(
    store: SqliteStore, desk: Desk, clock: Clock
) -> None:
    case = await opened(store)
    await store.follow(case.id, OLENA, NOON)
    await store.follow(case.id, JOHN, NOON)
    await store.set_zone(JOHN.conversation, "America/Toronto")
    clock.now_ms = ms(2026, 1, 15, 9)  # two in the morning in Toronto
    await record_stages(store, desk, [reported("accepted")], clock)
    assert len(await waiting(store, clock.now_ms, OLENA)) == 1
    assert await waiting(store, ms(2026, 1, 15, 15) - 1, JOHN) == ()
    assert len(await waiting(store, ms(2026, 1, 15, 15), JOHN)) == 1


async def test_a_clock_that_nobody_knows_any_more_is_that_of_the_country(
    store: SqliteStore, desk: Desk, clock: Clock
) -> None:
    case = await opened(store)
    await store.follow(case.id, OLENA, NOON)
    await store.set_zone(OLENA.conversation, "Atlantis/City")
    clock.now_ms = ms(2026, 3, 11, 23)
    await record_stages(store, desk, [reported("accepted")], clock)
    assert await waiting(store, ms(2026, 3, 12, 8) - 1) == ()
    assert len(await waiting(store, ms(2026, 3, 12, 8))) == 1


async def test_a_time_in_the_future_does_not_make_later_reports_look_old(
    store: SqliteStore, desk: Desk, clock: Clock
) -> None:
    await opened(store)
    ahead = [reported("accepted", NOON + 400 * DAY_MS), reported("approved", NOON)]
    assert await record_stages(store, desk, ahead, clock) == ("reached", "reached")
    nonsense = [reported("at_printer", -(10**18)), reported("shipped", 10**18)]
    assert await record_stages(store, desk, nonsense, clock) == ("late", "reached")


async def test_a_case_of_a_service_without_a_process_has_no_stages(
    store: SqliteStore, desk: Desk, clock: Clock
) -> None:
    case = await opened(store, service="ua/idp-allowance")
    assert await record_stages(store, desk, [reported("accepted")], clock) == ("no_stage",)
    assert desk.words.view(case, "uk").text == ""


# ---- what takes longer than usual ----


async def test_a_case_that_outstays_is_told_once_and_listed_for_the_staff(
    store: SqliteStore, desk: Desk, clock: Clock
) -> None:
    case = await opened(store)
    await store.follow(case.id, OLENA, NOON)
    await record_stages(store, desk, [reported("shipped")], clock)
    clock.now_ms = ms(2026, 3, 16, 23, 59)  # Thursday, Friday, Monday: the third day is not over
    assert await came_due(store, desk, clock) == 0
    assert await outstaying(store, desk, AUTHORITY, clock.now_ms) == ()
    clock.now_ms = ms(2026, 3, 17, 0, 0)
    assert await came_due(store, desk, clock) == 1
    assert await came_due(store, desk, clock) == 0
    assert [one.number for one in await outstaying(store, desk, AUTHORITY, clock.now_ms)] == [NUMBER]
    *_, (_, said) = await inbox(store)
    assert "довше, ніж зазвичай" in said.text
    assert len(await inbox(store)) == 2
    assert await waiting(store, ms(2026, 3, 17, 7, 59)) == ()  # not at night


async def test_a_stage_that_is_reported_late_is_told_before_it_is_said_to_last_long(
    store: SqliteStore, desk: Desk, clock: Clock
) -> None:
    case = await opened(store)
    await store.follow(case.id, OLENA, NOON)
    await record_stages(store, desk, [reported("shipped", NOON - 30 * DAY_MS)], clock)
    clock.now_ms = NOON + DAY_MS - 1
    assert await came_due(store, desk, clock) == 0
    clock.now_ms += 1
    assert await came_due(store, desk, clock) == 1


async def test_a_stage_in_time_ends_the_waiting(store: SqliteStore, desk: Desk, clock: Clock) -> None:
    case = await opened(store)
    await store.follow(case.id, OLENA, NOON)
    await record_stages(store, desk, [reported("shipped"), reported("arrived")], clock)
    clock.now_ms = NOON + 300 * DAY_MS
    assert await came_due(store, desk, clock) == 0  # at the counter the matter is with the person
    assert await outstaying(store, desk, AUTHORITY, clock.now_ms) == ()


async def test_the_whole_time_counts_where_a_stage_has_none(store: SqliteStore, desk: Desk, clock: Clock) -> None:
    await opened(store, service="ua/permanent-residence-permit")
    await record_stages(store, desk, [reported("accepted")], clock)
    clock.now_ms = ms(2026, 4, 2, 0, 0) - 1
    assert await store.overdue(clock.now_ms) == ()
    clock.now_ms += 1  # 15 working days after the 11th of March
    [due] = await store.overdue(clock.now_ms)
    assert due.kind == OUTSTAYS


# ---- following ----


async def test_the_receipts_token_is_enough(store: SqliteStore) -> None:
    case = await opened(store)
    token = case_token(VAULT, case.id)
    assert len(token) == 22
    assert await follow_by_token(store, VAULT, OLENA, token, NOON) == Followed(case, new=True)
    assert await follow_by_token(store, VAULT, OLENA, token, NOON) == Followed(case, new=False)
    for wrong in ("", "x" * 22, case_token(VAULT, 999), VAULT.token("w", case.id), token[:-1]):
        assert await follow_by_token(store, VAULT, OLENA, wrong, NOON) == NotFound()


@pytest.mark.parametrize(
    "number",
    [
        NUMBER,
        "ua-2026-0004417",
        " UA 2026 0004417 ",
        "UА—2026—0004417",
        "ua20260004417",
        "Ua 2026 ООО 4417",
        "UA.2026.0004417",
    ],
)
async def test_a_number_is_known_however_it_is_typed(store: SqliteStore, number: str) -> None:
    case = await opened(store)
    code = check_code(VAULT, AUTHORITY, NUMBER)
    typed = f"{code[:4].lower()} - {code[4:]}"
    assert await follow_by_code(store, VAULT, OLENA, ["ua/mfa", AUTHORITY], number, typed, NOON) == Followed(case, True)


async def test_a_wrong_number_and_a_wrong_code_are_answered_alike(store: SqliteStore) -> None:
    await opened(store)
    await opened(store, "UA-2")
    code = check_code(VAULT, AUTHORITY, NUMBER)
    for number, typed in ((NUMBER, "WWWW WWWW"), ("UA-1", code), ("UA-2", code), ("", ""), ("1" * 5000, "2" * 5000)):
        answer = await follow_by_code(store, VAULT, OLENA, [AUTHORITY], number, typed, NOON)
        assert answer == NotFound()


async def test_attempts_are_few_for_an_address_and_an_hour_later_begin_anew(store: SqliteStore) -> None:
    await opened(store)
    code = check_code(VAULT, AUTHORITY, NUMBER)

    async def tried(typed: str, now_ms: int = NOON) -> object:
        return await follow_by_code(store, VAULT, OLENA, [AUTHORITY], NUMBER, typed, now_ms)

    for at in range(ATTEMPTS_OF_ADDRESS):
        assert await tried(f"wrong{at}") == NotFound()
    assert await tried(code) == TooMany()
    assert await tried("wrong") == TooMany()
    assert isinstance(await tried(code, NOON + 3_600_001), Followed)


async def test_attempts_are_few_at_a_number_whoever_makes_them_and_whether_it_exists(store: SqliteStore) -> None:
    await opened(store)
    for number in (NUMBER, "UA-2026-9999999"):
        for at in range(ATTEMPTS_AT_NUMBER):
            guesser = Follower(f"telegram/main:{number}{at}", "telegram/main", "uk")
            assert await follow_by_code(store, VAULT, guesser, [AUTHORITY], number, "wrong", NOON) == NotFound()
        late = Follower(f"telegram/main:{number}late", "telegram/main", "uk")
        typed = number.lower().replace("-", " ")  # the same number to whoever counts
        assert await follow_by_code(store, VAULT, late, [AUTHORITY], typed, "wrong", NOON) == TooMany()


async def test_whoever_stops_hears_no_more(store: SqliteStore, desk: Desk, clock: Clock) -> None:
    one, two = await opened(store, "N-1"), await opened(store, "N-2")
    for case in (one, two):
        await store.follow(case.id, OLENA, NOON)
    await record_stages(store, desk, [reported("accepted", number="N-1")], clock)
    assert await store.unfollow(OLENA.conversation, one.id) == 1
    assert await store.unfollow(OLENA.conversation, one.id) == 0
    assert [status for status, _ in await inbox(store)] == ["dropped"]
    await record_stages(store, desk, [reported("approved", number="N-1")], clock)
    assert len(await inbox(store)) == 1
    assert await store.unfollow(OLENA.conversation, None) == 1
    assert await store.followed(OLENA.conversation) == ()


async def test_a_notices_code_proves_it_to_who_follows_the_case_and_to_nobody_else(
    store: SqliteStore, desk: Desk, clock: Clock
) -> None:
    case = await opened(store)
    await store.follow(case.id, OLENA, NOON)
    await record_stages(store, desk, [reported("accepted"), reported("approved")], clock)
    code = desk.code(case.id, "accepted")
    found = await genuine(store, VAULT, OLENA.conversation, f"{code[:3].lower()}-{code[3:]}")
    assert found is not None
    assert (found[0].number, found[1]) == (NUMBER, "accepted")
    assert await genuine(store, VAULT, JOHN.conversation, code) is None
    for wrong in ("", "222222", desk.code(case.id, "shipped"), code[:-1], "x" * 10_000, "їжак", "Є"):
        assert await genuine(store, VAULT, OLENA.conversation, wrong) is None


async def test_a_person_who_asks_is_told_where_the_case_stands(store: SqliteStore, desk: Desk, clock: Clock) -> None:
    case = await opened(store)
    before = desk.words.view(case, "en")
    assert (before.stage, before.number, before.title) == ("", "…4417", "ID card")
    assert "no news about this case" in before.told
    await record_stages(store, desk, [reported("accepted")], clock)
    now = await store.case(AUTHORITY, NUMBER)
    assert now is not None
    view = desk.words.view(now, "uk")
    assert (now.stage_ms, view.stage) == (NOON, "accepted")
    assert view.told.endswith(
        "Увесь строк в Україні — до 20 робочих днів, для термінового замовлення — до 7. За кордоном — до 3 місяців."
    )
    assert desk.words.view(replace(now, stage="issued"), "uk").stage == "issued"


# ---- how much it costs ----


def test_a_hundred_thousand_reports_are_planned_in_well_under_ten_seconds(desk: Desk) -> None:
    decide = desk.decide(NOON)
    followers = (OLENA,)
    cases = [CaseKept(at, AUTHORITY, f"UA-{at}", "ua/id-card", "", "", NOON, "accepted", NOON) for at in range(10_000)]
    given = reported("shipped")
    begun = time.process_time()
    for case in cases:
        assert decide(case, given, followers).verdict == "reached"
    spent_s = time.process_time() - begun
    assert spent_s * 10 < 10, f"100,000 would take {spent_s * 10:.1f} s of CPU"
