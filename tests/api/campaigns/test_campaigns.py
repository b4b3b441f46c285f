"""A campaign from its draft to its end, as an organisation's system steers it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api.campaigns.conftest import HEAD, MARKET, Market, number
from tests.api.messages.conftest import VAULT, delay
from vikno.api.campaigns.app import MOST_OF_ONE
from vikno.usecases.channel import Sent
from vikno.usecases.dispatch import decode_sealed
from vikno.usecases.people import Choices
from vikno.usecases.records import Settled
from vikno.usecases.route_notifications import route_notifications

NEWS: dict[str, Any] = {"name": "News", "content": "advertising", "language": "en",
                        "languages": {"en": {"": {"body": "There is news."}}}}  # fmt: skip


async def test_everybody_of_a_file_is_queued_once(market: Market) -> None:
    campaign = await market.ready(2_300)
    started = await market.do(campaign, "start")
    assert (started.status_code, started.json()["campaign"]["status"]) == (200, "running")
    await market.until_planned(campaign)
    told = await market.all_of(campaign)
    assert len(told) == len({one.to for one in told}) == 2_300
    assert {(one.status, one.reference, one.lang) for one in told} == {("created", "SF204", "uk")}
    market.desk.clock.on(seconds=5)
    said = await market.told(campaign)
    assert (said["campaign"]["planned"], said["figures"]["waiting"]) == (2_300, 2_300)
    assert said["decided"] == {"created/": 2_300}
    assert said["figures"]["seconds_left"] == pytest.approx(2_300 / 30, abs=0.1)
    leased = await market.desk.store.lease("sms/main", "bulk", 10, market.desk.clock())
    assert len(leased) == 10


async def test_no_more_of_it_go_on_one_day_than_were_agreed(market: Market) -> None:
    await market.limit(per_day=3)
    campaign = await market.ready(8)
    await market.do(campaign, "start")
    for planned in (3, 6, 8, 8):
        while await market.runner.round():
            pass
        said = (await market.told(campaign))["campaign"]
        assert (said["planned"], said["status"]) == (planned, "running")
        market.desk.clock.on(seconds=86_400)
    assert len({one.to for one in await market.all_of(campaign)}) == 8


async def test_it_waits_where_less_may_go_on_one_day_than_was_read_at_once(market: Market) -> None:
    campaign = await market.ready(8)
    await market.limit(per_day=3)
    await market.do(campaign, "start")
    await market.runner.round()
    said = (await market.told(campaign))["campaign"]
    assert (said["planned"], said["status"]) == (0, "paused")
    await market.limit(per_day=8)
    await market.do(campaign, "resume")
    await market.runner.round()
    assert (await market.told(campaign))["campaign"]["planned"] == 8


async def test_it_is_done_when_all_has_ended_and_its_people_are_forgotten(market: Market) -> None:
    campaign = await market.ready(3)
    await market.do(campaign, "start")
    await market.until_planned(campaign)
    store, clock = market.desk.store, market.desk.clock
    for nth, one in enumerate(await store.lease("sms/main", "bulk", 10, clock())):
        await store.settle((Settled(one.id, Sent(f"m{nth}")),), clock())
        await store.report("sms/main", f"m{nth}", "delivered", clock())
    clock.on(seconds=1)
    await route_notifications(market.runner.dispatch)
    clock.on(seconds=20)
    await market.runner.round()
    said = await market.told(campaign)
    assert (said["campaign"]["status"], said["figures"]["delivered"]) == ("done", 3)
    assert await store.audience((await market.kept(campaign)).id, 0) is None


async def test_rows_that_cannot_be_written_to_are_told_with_line_and_reason(market: Market) -> None:
    campaign = await market.made()
    file = """phone number;name;x
067 123 45 67;Олена;
+380671234567;Олена;
12;Ірина;
+380440000001;Тарас;
+380631234567;;

+380501112233;"Марія;
друга";
;Без;номера"""
    said = (await market.read(campaign, b"\xef\xbb\xbf" + file.encode())).json()
    assert (said["campaign"]["status"], said["campaign"]["rows"]) == ("ready", 2)
    assert said["campaign"]["refused"] == {"twice": 1, "short": 1, "nobody": 1, "missing": 1, "nowhere": 1}
    found = {one["line"]: one["reason"] for one in said["refused_rows"]}
    assert found == {3: "twice", 4: "short", 5: "nobody", 6: "missing", 10: "nowhere"}


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b"", "table_unreadable"),
        (b"\n\n", "table_unreadable"),
        (b"phone number\n+380671234567\n", "columns_missing"),
        (b"name\nOlena\n", "columns_missing"),
        (b"channel,name\nviber,Olena\n", "columns_missing"),
        (b"phone number,name,NAME\n1,2,3\n", "column_twice"),
        (b"phone number,name\n\xff\xfe,x\n", "table_unreadable"),
        ("phone number,name\n".encode("utf-16"), "table_unreadable"),
        (b'phone number,name\n"+380671234567,Olena\n' + b"x\n" * 100_000, "table_unreadable"),
        (b"phone number,name\n1," + b"x" * 300_000 + b"\n", "table_unreadable"),
        (b"phone number,name" + b",x1" * 300 + b"\n", "table_unreadable"),
        (b"phone number,name\n1\0,x\n", "table_unreadable"),
    ],
)  # fmt: skip
async def test_a_file_that_is_no_table_is_refused_and_the_draft_stays(market: Market, file: bytes, code: str) -> None:
    campaign = await market.made()
    answer = await market.read(campaign, file)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await market.told(campaign))["campaign"]["status"] == "draft"


async def test_what_would_become_of_it_is_told_before(market: Market) -> None:
    campaign = await market.ready(10)
    store = market.desk.store
    opted_out = await market.desk.known("sms/main", number(3)[1:])
    assert (await market.call("POST", "/api/messages", delay(to={"phone": number(3)}))).status_code == 201
    await store.choose(opted_out, Choices(off=frozenset({("skyfen", "*", "*")})), market.desk.clock())
    said = (await market.do(campaign, "preview")).json()["preview"]
    assert (said["rows"], said["left"]) == (10, {"choice": 1})
    (sms,) = said["channels"]
    assert (sms["channel"], sms["count"], sms["seconds"]) == ("sms", 9, pytest.approx(9 / 30))
    assert float(said["price"]) == float(sms["price"]) > 0
    await asyncio.sleep(0.2)
    exact = (await market.told(campaign))["preview"]
    assert (exact["exact"], exact["looked"], exact["left"]) == (True, 1.0, {"choice": 1})
    await market.do(campaign, "start")
    await market.until_planned(campaign)
    became = Counter((one.status, one.reason) for one in await market.all_of(campaign))
    assert became == {("created", ""): 9, ("permanent-failure", "choice"): 1}
    assert (await market.told(campaign))["left"] == {"choice": 1}


async def test_whom_its_sender_has_nothing_to_do_with_is_foreseen_as_nobody_known(market: Market) -> None:
    """Else two lists that differ in one number would tell what its person chose, and nobody would hear of it."""
    phone = await market.desk.known("sms/main", number(3)[1:])
    await market.desk.store.choose(phone, Choices(off=frozenset({("skyfen", "*", "*")})), market.desk.clock())
    said = (await market.do(await market.ready(10), "preview")).json()["preview"]
    assert (said["left"], [one["count"] for one in said["channels"]]) == ({}, [10])


async def test_figures_of_a_few_tell_nothing_of_them(market: Market) -> None:
    store, clock = market.desk.store, market.desk.clock
    phone = await market.desk.known("sms/main", number(0)[1:])
    await market.desk.known("viber/main", "v0", to=phone)
    await store.choose(phone, Choices(order=("viber",)), clock())
    campaign = await market.ready(1)
    said = (await market.do(campaign, "preview")).json()["preview"]
    assert [one["channel"] for one in said["channels"]] == ["sms"]
    await store.choose(phone, Choices(off=frozenset({("skyfen", "*", "*")})), clock())
    said = (await market.do(campaign, "preview")).json()["preview"]
    assert (said["left"], [one["channel"] for one in said["channels"]]) == ({}, ["sms"])


async def test_an_estimate_looks_at_some_chunks_only(market: Market) -> None:
    campaign = await market.ready(8_000)
    said = (await market.do(campaign, "preview")).json()["preview"]
    assert (said["exact"], said["looked"], said["channels"][0]["count"]) == (False, 0.625, 8_000)


async def test_paused_it_stands_still_and_stopped_it_ends(market: Market) -> None:
    campaign = await market.ready(1_500)
    await market.do(campaign, "start")
    await market.runner.round()
    store, clock = market.desk.store, market.desk.clock
    assert (await market.do(campaign, "pause")).json()["campaign"]["status"] == "paused"
    assert await store.lease("sms/main", "bulk", 10, clock()) == ()
    assert await market.runner.round() == 0
    again = await market.do(campaign, "pause")
    assert (again.status_code, again.json()["code"]) == (409, "campaign_elsewhere")
    assert (await market.do(campaign, "resume")).json()["campaign"]["status"] == "running"
    (one,) = await store.lease("sms/main", "bulk", 1, clock())
    assert (await market.do(campaign, "stop")).json()["campaign"]["status"] == "stopped"
    clock.on(seconds=11)
    await market.runner.round()
    became = Counter((each.status, each.reason) for each in await market.all_of(campaign))
    assert became == {("permanent-failure", "stopped"): 1_499, ("created", ""): 1}
    await store.settle((Settled(one.id, Sent("m1")),), clock())
    await store.report("sms/main", "m1", "delivered", clock())
    await route_notifications(market.runner.dispatch)
    clock.on(seconds=11)
    await market.runner.round()
    said = await market.told(campaign)
    assert said["campaign"]["ended"] is not None
    assert said["figures"]["failed"] == {"stopped": 1_499}


async def test_it_begins_at_its_time(market: Market) -> None:
    campaign = await market.ready(2)
    said = (await market.do(campaign, "start", {"at": "2026-11-02T11:00:00Z"})).json()["campaign"]
    assert (said["status"], said["begins"]) == ("ready", "2026-11-02T11:00:00Z")
    assert await market.runner.round() == 0
    market.desk.clock.on(hours=1)
    await market.runner.round()
    await market.until_planned(campaign)
    assert len(await market.all_of(campaign)) == 2


async def test_tests_go_to_guests_alone(market: Market) -> None:
    campaign = await market.ready(2)
    sent = await market.do(campaign, "test", {"to": ["050 123 45 67"]})
    assert (sent.status_code, [one["status"] for one in sent.json()["messages"]]) == (201, ["created"])
    other = await market.do(campaign, "test", {"to": ["+380671234567"]})
    assert (other.status_code, other.json()["code"]) == (403, "recipient_no_guest")
    assert (await market.told(campaign))["campaign"]["status"] == "ready"


@pytest.mark.parametrize("kind", ["team", "test"])
async def test_a_lesser_key_looks_at_a_live_campaign_and_steers_none(market: Market, kind: str) -> None:
    campaign, key = await market.ready(2), f"skyfen {kind}"
    assert (await market.call("GET", f"/api/campaigns/{campaign}", key=key)).status_code == 200
    for what, body in (("start", None), ("test", {"to": ["050 123 45 67"]}), ("preview", None), ("stop", None)):
        answer = await market.call("POST", f"/api/campaigns/{campaign}/{what}", body, key=key)
        assert (answer.status_code, answer.json()["code"]) == (404, "campaign_unknown"), what
    assert (await market.call("DELETE", f"/api/campaigns/{campaign}", key=key)).status_code == 404
    file = await market.call(
        "PUT", f"/api/campaigns/{campaign}/audience", HEAD.encode(), key=key, content_type="text/csv"
    )
    assert file.status_code == 404
    assert (await market.told(campaign))["campaign"]["status"] == "ready"


async def test_a_day_has_room_for_so_many(market: Market) -> None:
    from dataclasses import replace

    from vikno.usecases.organisations import OrganisationGiven

    skyfen = market.desk.organisations["skyfen"]
    fields = {name: getattr(skyfen, name) for name in OrganisationGiven.__dataclass_fields__}
    await market.desk.store.put_organisation(replace(OrganisationGiven(**fields), per_day=1_200), market.desk.clock())
    market.desk.clock.on(seconds=2)
    campaign = await market.ready(2_500)
    await market.do(campaign, "start")
    for _ in range(5):
        await market.runner.round()
    assert (await market.kept(campaign)).cursor == 1
    market.desk.clock.on(days=1)
    for _ in range(5):
        await market.runner.round()
    assert (await market.kept(campaign)).cursor == 2


async def test_nothing_is_planned_while_its_sender_is_suspended(market: Market) -> None:
    campaign = await market.ready(2)
    await market.do(campaign, "start")
    await market.desk.store.review_organisation(market.desk.organisations["skyfen"].id, "suspended", "reviewer", "")
    market.desk.clock.on(seconds=2)
    assert await market.runner.round() == 0
    assert (await market.told(campaign))["campaign"]["status"] == "running"
    assert (await market.do(campaign, "pause")).json()["code"] == "sender_not_approved"


async def test_those_who_agreed_are_an_audience(market: Market) -> None:
    from vikno.usecases.people import AgreedGiven

    for nth in range(3):
        name = await market.desk.known("sms/main", number(nth)[1:])
        consent: Any = "given" if nth else "none"
        given = AgreedGiven(name, "skyfen", "service", consent, "portal", "uk", "1", "Так")
        await market.desk.store.agree(given, lambda before, line: before + b"%d" % line.id, market.desk.clock())
    campaign = await market.made(audience="agreed", personalisation={**MARKET["personalisation"], "name": "друже"})
    said = (await market.call("PUT", f"/api/campaigns/{campaign}/audience")).json()
    assert (said["campaign"]["status"], said["campaign"]["rows"]) == ("ready", 2)
    await market.do(campaign, "start")
    await market.until_planned(campaign)
    sealed = [VAULT.unseal(one.sealed) for one in await market.all_of(campaign)]
    assert [decode_sealed(one.encode()).to for one in sealed] == ["sms", "sms"], "their numbers were never its own"
    lacking = await market.call("POST", "/api/campaigns", {**MARKET, "audience": "agreed"})
    assert (lacking.status_code, lacking.json()["code"]) == (422, "personalisation_missing")
    foreign = await market.call("POST", "/api/campaigns", {**MARKET, "audience": "followers", "service": "ua/id-card"})
    assert (foreign.status_code, foreign.json()["code"]) == (422, "value_wrong")


async def test_a_draft_can_be_forgotten_and_others_see_nothing(market: Market) -> None:
    campaign = await market.ready(2)
    theirs = await market.call("GET", f"/api/campaigns/{campaign}", key="rivermouth live")
    assert (theirs.status_code, theirs.json()["code"]) == (404, "campaign_unknown")
    assert [one["id"] for one in (await market.call("GET", "/api/campaigns")).json()["campaigns"]] == [campaign]
    assert (await market.call("DELETE", f"/api/campaigns/{campaign}")).status_code == 200
    assert (await market.call("GET", f"/api/campaigns/{campaign}")).status_code == 404
    used = await market.ready(2)
    await market.do(used, "start")
    assert (await market.call("DELETE", f"/api/campaigns/{used}")).json()["code"] == "campaign_elsewhere"


async def test_with_a_test_key_nothing_leaves(market: Market) -> None:
    answer = await market.call("POST", "/api/campaigns", MARKET, key="skyfen test")
    campaign = answer.json()["id"]
    assert (await market.read(campaign, f"{HEAD}\n{number(1)},Олена\n")).json()["campaign"]["rows"] == 1
    assert (await market.do(campaign, "start")).json()["campaign"]["status"] == "running"
    await market.until_planned(campaign)
    assert await market.desk.store.lease("sms/main", "bulk", 10, market.desk.clock()) == ()
    assert [(one.key, one.reason) for one in await market.all_of(campaign)] == [("test", "test")]
    team = await market.call("POST", "/api/campaigns", MARKET, key="skyfen team")
    assert (team.status_code, team.json()["code"]) == (403, "recipient_no_guest")


async def test_files_that_hang_hold_up_nobody_elses(market: Market) -> None:
    """One organisation has two slots; what it brings beyond is asked to come again, and others are read meanwhile."""
    go_on = asyncio.Event()

    async def hanging() -> AsyncIterator[bytes]:
        yield f"{HEAD}\n".encode()
        await go_on.wait()
        yield f"{number(1)},Olena\n".encode()

    await market.call("PUT", "/api/templates/news", NEWS, key="kolo-market live")
    held = [asyncio.create_task(market.read(await market.made(), hanging())) for _ in range(MOST_OF_ONE)]
    await asyncio.sleep(0.05)
    later = await market.made()
    refused = await market.read(later, f"{HEAD}\n{number(1)},Olena\n")
    assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (503, "store_busy", "5")
    made = await market.call("POST", "/api/campaigns", {"name": "News", "template": "news"}, key="kolo-market test")
    path = f"/api/campaigns/{made.json()['id']}/audience"
    others = await market.call("PUT", path, f"phone number\n{number(1)}\n".encode(), key="kolo-market test")
    assert (others.status_code, others.json()["campaign"]["status"]) == (200, "ready")
    go_on.set()
    assert [(await one).json()["campaign"]["status"] for one in held] == ["ready"] * MOST_OF_ONE
    assert (await market.read(later, f"{HEAD}\n{number(1)},Olena\n")).status_code == 200, "there is room again"
