"""What is decided when an organisation states what it has to tell, before anything is queued."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.usecases.dispatching import BANK, HOUR_S, LAKELAND, MAIL, SMS, TELEGRAM, VIBER, Exchange
from vikno.usecases.channel import DeadAddress
from vikno.usecases.judge import Whereabouts
from vikno.usecases.notifications import Request, RequestRepeated
from vikno.usecases.organisations import OrganisationGiven, TemplateText, Words
from vikno.usecases.people import Choices
from vikno.usecases.ports import StoreUnavailable
from vikno.usecases.send_notifications import DailyLimitReached, send_notifications

CODE = "Your code is ((what))."
OLENA, TARAS = (SMS, "436641"), (SMS, "436642")
CHAT, LETTERS = (TELEGRAM, "1001"), (MAIL, "olena@mail.example")


async def test_it_is_planned_queued_and_sent(exchange: Exchange) -> None:
    await exchange.sender(code=CODE)
    accepted = await exchange.tell("code", OLENA)
    assert (accepted.status, accepted.reason) == ("created", "")
    await exchange.goes_on()
    assert exchange.left() == [SMS]
    assert "Your code is 4711." in exchange.wire[0][1].text
    assert await exchange.became(accepted) == ("sending", "")
    await exchange.reports(accepted.number, "delivered")
    await exchange.goes_on()
    assert await exchange.became(accepted) == ("delivered", "sms")


# ---- nothing is queued that may not go ----


@pytest.mark.parametrize("status", ["left", "dead"])
async def test_nothing_is_queued_for_an_address_where_nobody_is(exchange: Exchange, status: str) -> None:
    await exchange.sender(service="It is late.")
    who = await exchange.person(OLENA)
    await exchange.store.mark(who, status)  # type: ignore[arg-type]
    accepted = await exchange.tell("service", OLENA)
    assert (accepted.status, accepted.reason) == ("sent", "inbox"), "it stands in their inbox"
    assert [(left.account, left.why) for left in accepted.plan.left] == [(SMS, "gone")]
    await exchange.goes_on()
    assert not exchange.wire


async def test_who_wants_none_gets_none(exchange: Exchange) -> None:
    await exchange.sender(service="It is late.")
    who = await exchange.person(OLENA)
    await exchange.refuses(who, BANK.slug, "service", "*")
    accepted = await exchange.tell("service", OLENA)
    assert (accepted.status, accepted.reason) == ("permanent-failure", "choice")
    assert not accepted.plan.inbox
    await exchange.goes_on()
    assert not exchange.wire


async def test_who_wants_them_in_the_inbox_alone_has_them_there(exchange: Exchange) -> None:
    await exchange.sender(service="It is late.")
    who = await exchange.person(OLENA)
    await exchange.refuses(who, "*", "service", "-")
    accepted = await exchange.tell("service", OLENA)
    assert (accepted.status, accepted.reason, accepted.plan.inbox) == ("sent", "inbox", True)


async def test_advertising_without_consent_appears_nowhere(exchange: Exchange) -> None:
    await exchange.sender(advertising="Half price.")
    who = await exchange.person(OLENA, CHAT, LETTERS)
    accepted = await exchange.tell("advertising", OLENA, CHAT, LETTERS)
    assert (accepted.status, accepted.reason) == ("permanent-failure", "law")
    assert not accepted.plan.inbox
    assert {rule.id for rule in accepted.plan.against} == {"LL-ADVERTISING"}
    await exchange.goes_on()
    assert not exchange.wire
    await exchange.agrees(who, "advertising")
    again = await exchange.tell("advertising", OLENA, CHAT, LETTERS)
    assert again.plan.inbox
    await exchange.goes_on()
    assert exchange.left() == [MAIL]


async def test_where_the_law_leaves_no_channel_it_stands_in_the_inbox_and_others_are_named(exchange: Exchange) -> None:
    await exchange.sender(service="It is late.")
    await exchange.person(CHAT)
    exchange.is_now("2027-01-01 12:00")
    accepted = await exchange.tell("service", CHAT)
    assert (accepted.status, accepted.reason) == ("sent", "inbox")
    assert {"sms", "email"} <= set(accepted.plan.instead)


async def test_who_was_never_met_has_no_inbox_that_would_do(exchange: Exchange) -> None:
    await exchange.sender(service="It is late.")
    exchange.is_now("2027-01-01 12:00")
    accepted = await exchange.tell("service", CHAT)
    assert (accepted.status, accepted.reason) == ("permanent-failure", "law")


# ---- whom ----


async def test_what_one_of_their_addresses_refuses_is_refused_on_all(exchange: Exchange) -> None:
    """They were not linked: the organisation says that both are one person's."""
    await exchange.sender(service="It is late.")
    await exchange.person(OLENA)
    other = await exchange.person(LETTERS)
    await exchange.refuses(other, "*", "*", "*")
    accepted = await exchange.tell("service", OLENA, LETTERS)
    assert (accepted.status, accepted.reason) == ("permanent-failure", "choice")


async def test_two_addresses_of_one_person_are_one_person(exchange: Exchange) -> None:
    """What they were told counts once, and goes on all their addresses, the freest first."""
    await exchange.sender(replace(BANK, per_person_day=2), service="It is late.")
    await exchange.person(OLENA, CHAT, LETTERS)
    first = await exchange.tell("service", OLENA, LETTERS)
    assert [step.account for step in first.plan.steps] == [TELEGRAM, MAIL, SMS]
    second = await exchange.tell("service", OLENA, LETTERS)
    assert second.status == "created"


async def test_language_is_the_persons_choice_then_the_senders_wish_then_how_they_talk(exchange: Exchange) -> None:
    both = TemplateText({"uk": {"": Words("Рейс")}, "en": {"": Words("Flight")}, "de": {"": Words("Flug")}}, "uk")
    await exchange.sender(service=both)
    who = await exchange.meets(*OLENA, lang="en")
    langs = [(await exchange.kept(await exchange.tell("service", OLENA))).lang]
    langs.append((await exchange.kept(await exchange.tell("service", OLENA, lang="de"))).lang)
    await exchange.store.choose(who, Choices(lang="uk"), exchange.now_ms)
    langs.append((await exchange.kept(await exchange.tell("service", OLENA, lang="de"))).lang)
    await exchange.store.choose(who, Choices(lang="fr"), exchange.now_ms)
    langs.append((await exchange.kept(await exchange.tell("service", OLENA, lang="de"))).lang)
    assert langs == ["en", "de", "uk", "de"]
    assert (await exchange.kept(await exchange.tell("service", TARAS))).lang == "uk"


async def test_every_address_is_tried_although_nobody_was_met(exchange: Exchange) -> None:
    """A system gives a telephone and an e-mail address; the first turns out to be nobody's."""
    await exchange.sender(code=CODE)
    exchange.script[SMS].append(DeadAddress("absent"))
    accepted = await exchange.tell("code", TARAS, LETTERS)
    assert [step.account for step in accepted.plan.steps] == [SMS, MAIL]
    await exchange.goes_on()
    assert exchange.left() == [SMS, MAIL]


async def test_a_first_step_to_an_address_that_was_never_met_is_taken_at_once(exchange: Exchange) -> None:
    await exchange.sender(code=CODE)
    await exchange.tell("code", LETTERS, TARAS)
    await exchange.carries()
    assert exchange.left() == [SMS]


async def test_what_a_test_key_has_sent_counts_for_nobody(exchange: Exchange) -> None:
    await exchange.sender(replace(BANK, per_person_day=1), code=CODE)
    await exchange.send([await exchange.asked("code", OLENA)], key="test")
    assert (await exchange.tell("code", OLENA)).reason == ""


# ---- how much ----


async def test_nobody_gets_more_of_one_sender_in_a_day_than_was_agreed(exchange: Exchange) -> None:
    await exchange.sender(replace(BANK, per_person_day=2), service="It is late.", code=CODE)
    await exchange.sender(replace(BANK, slug="lake-two"), service="It is late.")
    await exchange.person(OLENA)
    asked = [await exchange.asked("service", to) for to in (OLENA, OLENA, TARAS, OLENA, TARAS)]
    found = await exchange.send(asked)
    assert [one.reason for one in found] == ["", "", "", "cap", ""], "those of one request count too"
    assert (await exchange.tell("code", OLENA)).reason == "cap"
    replies = [(await exchange.tell("service", OLENA, direction="reply")).reason for _ in range(9)]
    assert replies == [*[""] * 8, "cap"], "an answer was asked for; more than five times as many were not"
    assert (await exchange.tell("service", OLENA, slug="lake-two")).reason == "", "others are not counted"
    exchange.passes(25 * HOUR_S)
    assert (await exchange.tell("service", OLENA)).reason == ""


async def test_requests_that_come_at_once_go_no_further_than_one_after_the_other(exchange: Exchange) -> None:
    await exchange.sender(replace(BANK, per_day=3), service="It is late.")

    async def tell(nth: int) -> str:
        try:
            await exchange.tell("service", (SMS, f"43664{nth}"))
        except DailyLimitReached:
            return "full"
        return "taken"

    assert sorted(await asyncio.gather(*(tell(nth) for nth in range(1, 8)))) == ["full"] * 4 + ["taken"] * 3


async def test_nobody_gets_more_by_requests_that_come_at_once(exchange: Exchange) -> None:
    await exchange.sender(replace(BANK, per_person_day=5), service="It is late.")
    await exchange.person(OLENA)
    found = await asyncio.gather(*(exchange.tell("service", OLENA) for _ in range(12)), exchange.tell("service", TARAS))
    assert [one.reason for one in found].count("cap") == 7
    assert found[-1].reason == "", "others do not wait for it"


async def test_what_was_not_kept_does_not_count_for_the_day(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = await exchange.sender(replace(BANK, per_day=1), service="It is late.")

    async def busy(*_: object) -> None:
        raise StoreUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(exchange.store, "keep_notifications", busy)
        with pytest.raises(StoreUnavailable):
            await exchange.tell("service", OLENA)
    assert await exchange.dispatch.days.room(bank, "live", exchange.now_ms) == 1
    assert (await exchange.tell("service", OLENA)).status == "created"


async def test_the_same_request_twice_at_once_is_one_and_counts_once(exchange: Exchange) -> None:
    bank = await exchange.sender(replace(BANK, per_day=5), service="It is late.")
    asked = [await exchange.asked("service", OLENA)]
    request = Request(bank.id, "k1", "d1")
    both = await asyncio.gather(*(
        send_notifications(exchange.dispatch, bank, "live", asked, request) for _ in range(2)
    ))  # fmt: skip
    assert sorted(one.again for (one,) in both) == [False, True]
    assert len({one.id for (one,) in both}) == 1
    assert await exchange.dispatch.days.room(bank, "live", exchange.now_ms) == 4


async def test_five_messages_without_consent_go_and_the_sixth_is_spam(exchange: Exchange) -> None:
    """Ukraine's rule on SMS: it is asked when they are queued and when they leave, and comes to the same."""
    await exchange.sender(OrganisationGiven("shop", "Shop", "business", "ua", "ua"), service="It is ready.")
    where = Whereabouts("ua", "Europe/Kyiv")
    one = (SMS, "380501112233")
    asked = [await exchange.asked("service", one, slug="shop", where=where) for _ in range(7)]
    found = await exchange.send(asked, slug="shop")
    assert [accepted.reason for accepted in found] == [""] * 5 + ["law"] * 2
    await exchange.goes_on()
    assert exchange.left() == [SMS] * 5
    assert not exchange.withheld
    later = await exchange.tell("service", one, slug="shop", where=where)
    assert (later.status, later.reason) == ("permanent-failure", "law")


async def test_steps_stay_below_the_ceiling(exchange: Exchange) -> None:
    await exchange.sender(code=CODE)
    await exchange.person(OLENA, CHAT)
    free = await exchange.tell("code", OLENA, ceiling=0)
    assert [step.account for step in free.plan.steps] == [TELEGRAM]
    assert [(left.account, left.why) for left in free.plan.left] == [(SMS, "price")]
    both = await exchange.tell("code", OLENA, ceiling=90_000)
    assert [step.account for step in both.plan.steps] == [TELEGRAM, SMS]
    await exchange.person(TARAS)
    none = await exchange.tell("code", TARAS, ceiling=0)
    assert (none.status, none.reason) == ("sent", "inbox")


async def test_a_code_that_depends_on_one_channel_is_warned_of(exchange: Exchange) -> None:
    await exchange.sender(code=CODE, service="It is late.")
    await exchange.person(TARAS, CHAT)
    assert (await exchange.tell("code", OLENA)).warnings == ("one_channel",)
    assert (await exchange.tell("code", TARAS)).warnings == ()
    assert (await exchange.tell("service", OLENA)).warnings == ()


# ---- when ----


@pytest.mark.parametrize(
    ("content", "direction", "hours"),
    [("official", "initiated", 9), ("official", "reply", 0), ("code", "initiated", 0), ("service", "initiated", 0)],
)
async def test_at_night_only_what_can_wait_waits(exchange: Exchange, content: str, direction: str, hours: int) -> None:
    await exchange.sender(official="News", code=CODE, service="It is late.")
    exchange.is_now("2026-05-04 23:00")
    await exchange.tell(content, OLENA, direction=direction)
    await exchange.goes_on()
    assert exchange.left() == ([] if hours else [SMS])
    exchange.passes(hours * HOUR_S)
    await exchange.goes_on()
    assert exchange.left() == [SMS]


async def test_their_own_quiet_hours_by_their_own_clock_count_before_the_countrys(exchange: Exchange) -> None:
    await exchange.sender(official="News")
    who = await exchange.person(OLENA)
    await exchange.store.choose(who, Choices(quiet=(10, 14)), exchange.now_ms)
    nowhere = Whereabouts("example", None)
    await exchange.tell("official", OLENA, where=nowhere)
    await exchange.goes_on()
    assert not exchange.left(), "it is noon in Lakeland"
    await exchange.store.set_zone(who, "America/New_York")
    await exchange.tell("official", OLENA, where=nowhere)
    await exchange.goes_on()
    assert exchange.left() == [SMS], "for them it is six in the morning"


async def test_what_is_held_is_looked_at_no_later_than_it_expires(exchange: Exchange) -> None:
    await exchange.sender(OrganisationGiven("calls", "Calls", "solicitor", "us", "us"), service="Buy", code=CODE)
    where = Whereabouts("us")
    held = await exchange.tell("code", (SMS, "12025550123"), slug="calls", where=where, lives_s=120)
    assert (held.status, held.reason) == ("created", "held")
    exchange.passes(121)
    await exchange.goes_on()
    assert await exchange.became(held) == ("temporary-failure", "held")


# ---- keys ----


async def test_what_a_test_key_sends_does_not_leave_and_becomes_what_its_recipient_stands_for(
    exchange: Exchange,
) -> None:
    await exchange.sender(replace(BANK, per_person_day=1), code=CODE)
    said = ["436641", "07700900003", "+44 7700 900002", "temp-fail@simulator.notify"]
    asked = [
        replace(one, to=replace(one.to, written=to)) for to in said for one in [await exchange.asked("code", OLENA)]
    ]
    found = await exchange.send(asked, key="test")
    assert {one.status for one in found} == {"created"}
    await exchange.goes_on()
    assert not exchange.wire
    became = [(await exchange.became(one))[0] for one in found]
    assert became == ["delivered", "temporary-failure", "permanent-failure", "temporary-failure"]


async def test_a_team_key_sends_as_a_live_one_does(exchange: Exchange) -> None:
    await exchange.sender(code=CODE)
    (accepted,) = await exchange.send([await exchange.asked("code", OLENA)], key="team")
    await exchange.goes_on()
    assert exchange.left() == [SMS]
    assert (await exchange.kept(accepted)).key == "team"


# ---- the same request again ----


async def test_a_request_that_comes_again_is_answered_as_it_was(exchange: Exchange) -> None:
    bank = await exchange.sender(code=CODE, service="It is late.", advertising="Half price.")
    who = await exchange.person(CHAT)
    gone = await exchange.person(TARAS)
    await exchange.store.mark(gone, "dead")
    request = Request(bank.id, "key-1", "digest")
    asked = [
        await exchange.asked("code", OLENA),
        await exchange.asked("service", TARAS),
        await exchange.asked("advertising", CHAT),
    ]
    first = await exchange.send(asked, request=request)
    assert [(one.status, one.reason) for one in first] == [
        ("created", ""), ("sent", "inbox"), ("permanent-failure", "law"),
    ]  # fmt: skip
    assert first[0].warnings == ("one_channel",)
    assert await exchange.send(asked, request=request) == first
    await exchange.goes_on()
    await exchange.reports(first[0].number, "delivered")
    exchange.passes(10)
    await exchange.goes_on()
    await exchange.store.seen(first[1].number, exchange.now_ms)
    await exchange.agrees(who, "advertising")
    await exchange.store.review_organisation(bank.id, "suspended", "reviewer", "")
    assert await exchange.send(asked, request=request) == first
    assert exchange.left() == [SMS], "nothing went twice"
    with pytest.raises(RequestRepeated):
        await exchange.send(asked, request=replace(request, digest="another"))


async def test_what_was_held_at_first_is_said_to_have_been_held(exchange: Exchange) -> None:
    calls = await exchange.sender(OrganisationGiven("calls", "Calls", "solicitor", "us", "us"), service="Buy")
    number = (SMS, "12025550123")
    who = await exchange.person(number)
    request = Request(calls.id, "key-1", "digest")
    asked = [await exchange.asked("service", number, slug="calls", where=Whereabouts("us"))]
    first = await exchange.send(asked, slug="calls", request=request)
    assert (first[0].status, first[0].reason) == ("created", "held")
    await exchange.store.set_zone(who, "America/New_York")
    exchange.is_now("2026-05-04 20:00")
    await exchange.goes_on()
    assert exchange.left() == [SMS]
    assert await exchange.send(asked, slug="calls", request=request) == first


async def test_a_request_whose_person_was_erased_is_answered_too(exchange: Exchange) -> None:
    bank = await exchange.sender(code=CODE)
    who = await exchange.person(OLENA)
    request = Request(bank.id, "key-1", "digest")
    asked = [await exchange.asked("code", OLENA)]
    (first,) = await exchange.send(asked, request=request)
    await exchange.store.erase(who)
    (again,) = await exchange.send(asked, request=request)
    assert (again.number, again.status, again.reason) == (first.number, "permanent-failure", "gone")


async def test_an_order_of_the_sender_gives_way_to_the_persons(exchange: Exchange) -> None:
    await exchange.sender(code=CODE)
    who = await exchange.person(OLENA, CHAT, (VIBER, "v1"))
    wished = await exchange.tell("code", OLENA, order=("sms", "viber"))
    assert [step.account for step in wished.plan.steps] == [SMS, VIBER, TELEGRAM]
    await exchange.store.choose(who, Choices(order=("viber",)), exchange.now_ms)
    theirs = await exchange.tell("code", OLENA, order=("sms",))
    assert [step.account for step in theirs.plan.steps] == [VIBER, SMS, TELEGRAM]


async def test_a_zone_that_nobody_knows_is_no_hour(exchange: Exchange) -> None:
    await exchange.sender(OrganisationGiven("calls", "Calls", "solicitor", "us", "us"), service="Buy")
    where = replace(LAKELAND, country="us", zone="Nowhere/At_All")
    held = await exchange.tell("service", (SMS, "12025550123"), slug="calls", where=where)
    assert (held.status, held.reason) == ("created", "held")
