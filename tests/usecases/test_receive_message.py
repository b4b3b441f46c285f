"""What a person does on a channel, and what they hear: where it is not a turn like any other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vikno.bootstrap.intake import make_desk
from vikno.bootstrap.worlds import load_worlds
from vikno.channels.sms.inbound import meant
from vikno.domain.dialog.events import Learnt
from vikno.domain.dialog.state import Want
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.answer_wants import Wants
from vikno.usecases.channel import Inbound, Left, Opened, Outbound, Pressed, Reported, Sent, decode_outbound
from vikno.usecases.converse import Asker
from vikno.usecases.follow_case import case_token
from vikno.usecases.ports import StoreUnavailable
from vikno.usecases.receive_message import Desk
from vikno.usecases.record_stage import Desk as StageDesk
from vikno.usecases.records import CaseGiven, NoticeMade, Settled, StageGiven
from vikno.usecases.sign_links import Links
from vikno.wire.vault import LocalVault

VAULT = LocalVault(bytes(32))
PHONE = "380501234567"
STOPPED = "Більше не писатимемо вам сюди. Ви вже не стежите за жодним документом. Щоб почати знову, напишіть СТАРТ."


class Gateway:
    """As much of a channel as receiving looks at."""

    kind, account = "sms", "main"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    store = SqliteStore(f"sqlite:///{tmp_path}/v.db?synchronous=off", lambda: 1_000)
    yield Desk(store, store, VAULT, load_worlds().now, lambda: 1_000)
    await store.close()


async def hears(desk: Desk, key: str, text: str) -> list[str]:
    channel: Any = Gateway()
    replies = await desk.receive(channel, Inbound(key, PHONE, meant(text), lang="uk"))
    return [reply.outbound.text for reply in replies if not reply.repeated]


async def test_whoever_goes_on_writing_is_noted_once_a_day(desk: Desk) -> None:
    """An address of which nothing was heard for long is forgotten, and one process may serve for months."""
    name, now_ms, noted = VAULT.name("sms/main", PHONE), 1_000, []
    desk.clock = lambda: now_ms
    for hour in range(60):
        now_ms = 1_000 + hour * 3_600_000
        await hears(desk, f"sms-{hour}", "привіт")
        known = await desk.records.known(name)
        assert known is not None
        noted.append(known.heard_ms)
    assert [ms // 3_600_000 for ms in dict.fromkeys(noted)] == [0, 24, 48]


async def test_why_a_receipt_says_that_a_notice_failed_is_kept_for_the_operator(desk: Desk) -> None:
    channel: Any = Gateway()
    notice = NoticeMade(VAULT.name("sms/main", PHONE), "sms/main", b"{}", "", 0, 10**12)
    (number,) = await desk.records.queue([notice], 1_000)
    await desk.records.lease("sms/main", "notice", 1, 1_000)
    await desk.records.settle([Settled(number, Sent("m"))], 1_000)
    await desk.receive(channel, Inbound("dlr-1", "", Reported("m", "failed", "stat:REJECTD err:069")))
    (letter,) = await desk.records.letters("sms/main")
    assert (letter.status, letter.reason) == ("permanent-failure", "stat:REJECTD err:069")


@dataclass
class Office:
    """A desk where cases can be followed, and the authority that moves them."""

    desk: Desk
    store: SqliteStore
    moves: StageDesk
    cases: int = 0

    async def case(self) -> str:
        """The number of a new one."""
        self.cases += 1
        number = f"2026-00441{self.cases}"
        await self.store.put([CaseGiven("ua/dms", number, "ua/id-card", f"{self.cases:064}", opened_ms=1_000)], 1_000)
        return number

    async def follows(self, key: str, number: str, lang: str = "uk", kind: str = "sms") -> str:
        """What is said to somebody who comes by the link of its receipt."""
        case = await self.store.case("ua/dms", number)
        assert case is not None
        channel: Any = Gateway()
        channel.kind = kind
        opened = Inbound(key, PHONE, Opened(case_token(VAULT, case.id)), lang=lang)
        return "\n".join(reply.outbound.text for reply in await self.desk.receive(channel, opened))

    async def told(self, number: str, stage: str) -> list[Outbound]:
        """The notices that a stage makes which can be sent."""
        kept = await self.store.record(
            [StageGiven("ua/dms", number, f"{number}/{stage}", stage, 2_000)], self.moves.decide(2_000), 2_000
        )
        assert kept == ("reached",)
        inbox = await self.store.inbox(VAULT.name("sms/main", PHONE))
        waits = [decode_outbound(notice.payload) for notice in inbox if notice.status == "created"]
        return [notice for notice in waits if f"…{number[-4:]}" in notice.text]


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    store = SqliteStore(f"sqlite:///{tmp_path}/v.db?synchronous=off", lambda: 1_000)
    worlds, links = load_worlds(), Links(VAULT, "https://vikno.example.org")
    moves = make_desk(worlds.now().countries, worlds.processes, VAULT, links)
    wants = Wants(store, store, VAULT, moves.words, links, ("ua/dms",), lambda: 1_000)
    desk = Desk(store, store, VAULT, worlds.now, lambda: 1_000, find_out=wants.find_out, open_case=wants.open_case)
    yield Office(desk, store, moves)
    await store.close()


async def status(desk: Desk) -> str:
    known = await desk.records.known(VAULT.name("sms/main", PHONE))
    assert known is not None
    return known.status


async def test_stop_is_confirmed_once_and_says_how_to_begin_again(desk: Desk) -> None:
    assert await hears(desk, "1", "Привіт")
    [said] = await hears(desk, "2", "СТОП")
    assert said == STOPPED
    assert await status(desk) == "left"
    assert await hears(desk, "2", "СТОП") == [], "the gateway has brought it twice"
    assert await hears(desk, "3", "stop") == [], "there is nothing left to stop"


async def test_a_stop_that_could_not_be_answered_is_answered_when_it_comes_again(desk: Desk) -> None:
    await hears(desk, "1", "Привіт")
    store: Any = desk.store
    turn = store.turn

    async def fails(*_: Any) -> Any:
        raise StoreUnavailable

    store.turn = fails
    with pytest.raises(StoreUnavailable):
        await hears(desk, "2", "СТОП")
    store.turn = turn
    assert await hears(desk, "2", "СТОП") == [STOPPED]
    assert await status(desk) == "left"


async def test_stop_of_somebody_we_never_met_is_met_with_silence(desk: Desk) -> None:
    assert await hears(desk, "1", "STOP") == []


async def test_one_who_blocks_us_gets_no_answer(desk: Desk) -> None:
    await hears(desk, "1", "Привіт")
    channel: Any = Gateway()
    assert await desk.receive(channel, Inbound("2", PHONE, Left())) == ()
    assert await status(desk) == "left"


async def test_who_changes_the_language_hears_of_followed_cases_in_it(office: Office) -> None:
    number = await office.case()
    assert "Тепер ви стежите" in await office.follows("1", number)
    [said] = await hears(office.desk, "2", "English")
    assert "We go on in English" in said
    assert await hears(office.desk, "2", "English") == [], "the gateway has brought it twice"
    [notice] = await office.told(number, "accepted")
    assert notice.lang == "en"
    assert "Code " in notice.text
    assert "Документ" not in notice.text


async def test_a_change_of_language_that_could_not_be_kept_is_made_up_for(office: Office) -> None:
    number = await office.case()
    await office.follows("1", number)
    find_out = office.desk.find_out

    async def fails(asker: Asker, want: Want) -> Learnt:
        raise StoreUnavailable

    office.desk.find_out = fails
    [said] = await hears(office.desk, "2", "English")
    assert "We go on in English" in said, "and nothing of what did not work: nobody has asked for it"
    office.desk.find_out = find_out
    assert len(await hears(office.desk, "3", "help")) == 1
    [notice] = await office.told(number, "accepted")
    assert notice.lang == "en"


async def test_after_stop_nothing_is_told_until_a_case_is_followed_again(office: Office) -> None:
    """Whoever writes again is answered; that alone is no wish to hear of cases."""
    first, second = await office.case(), await office.case()
    await office.follows("1", first)
    [said] = await hears(office.desk, "2", "СТОП")
    assert said == STOPPED
    [answer] = await hears(office.desk, "3", "мої документи")
    assert "не стежите за жодним документом" in answer
    assert await office.told(first, "accepted") == []
    assert "Тепер ви стежите" in await office.follows("4", second)
    assert len(await office.told(second, "accepted")) == 1
    assert await office.told(first, "approved") == []


@pytest.mark.parametrize(
    ("kind", "lang", "way"),
    [
        ("sms", "uk", "Щоб більше не отримувати SMS, напишіть СТОП."),
        ("sms", "en", "To stop these SMS, write STOP."),
        ("telegram", "uk", None),
    ],
)
async def test_who_follows_by_sms_is_told_once_how_to_end_it(
    office: Office, kind: str, lang: str, way: str | None
) -> None:
    """Notices by SMS have no button, and words that nobody was told are no way out."""
    number = await office.case()
    first, second = [await office.follows(key, number, lang, kind) for key in ("1", "2")]
    assert f"…{number[-4:]}" in first
    assert f"…{number[-4:]}" in second
    assert (way or "СТОП") not in second
    assert way in first.split("\n") if way else "СТОП" not in first


@pytest.mark.parametrize("token", ["", "harbour", "x" * 22, VAULT.token("w", 1), LocalVault(b"1" * 32).token("c", 1)])
async def test_what_is_no_receipt_is_a_greeting_and_nothing_is_followed(office: Office, token: str) -> None:
    await office.case()
    channel: Any = Gateway()
    replies = await office.desk.receive(channel, Inbound("1", PHONE, Opened(token), lang="uk"))
    assert [reply.outbound.text.partition(" ")[0] for reply in replies] == ["Вітаємо!"]
    assert await office.store.followed(VAULT.name("sms/main", PHONE)) == ()


async def test_who_erases_everything_is_told_so_in_the_language_they_chose(office: Office) -> None:
    for key, said in enumerate(("Привіт", "English", "my data", "Erase everything about me")):
        await hears(office.desk, str(key), said)
    answer = await hears(office.desk, "yes", "Yes, erase")
    assert answer[0].startswith("On our side everything is erased")


@pytest.mark.parametrize("button", ["0.g", "0.g!", "0.gЯ", "0.g" + "z" * 13])
async def test_a_button_that_names_no_case_ends_no_following(office: Office, button: str) -> None:
    """Old or made up, it is not the one that ends all."""
    number = await office.case()
    await office.follows("1", number)
    channel: Any = Gateway()
    await office.desk.receive(channel, Inbound("2", PHONE, Pressed(button), lang="uk"))
    assert len(await office.told(number, "accepted")) == 1
