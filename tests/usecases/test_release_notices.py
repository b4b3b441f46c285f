"""What was lawful and wanted when it was queued, and is not when it would leave, does not leave."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict

import pytest

from tests.usecases.dispatching import BANK, HOUR_S, MAIL, SMS, TELEGRAM, VIBER, Exchange
from tests.usecases.sending import ACCOUNT, VAULT, Office
from vikno.channels.sms.outbound import texts
from vikno.domain.dialog.messages import Message
from vikno.domain.notify.route import WEB
from vikno.usecases.channel import DeadAddress, Outbound, RetryAfter, encode_outbound
from vikno.usecases.hold_conversation import Held as Turns
from vikno.usecases.judge import About, Whereabouts
from vikno.usecases.organisations import (
    Organisation,
    OrganisationGiven,
    TemplateGiven,
    TemplateText,
    Words,
    encode_template,
)
from vikno.usecases.people import Choices
from vikno.usecases.ports import Taken
from vikno.usecases.records import Known, NoticeKept, NoticeMade, Withheld
from vikno.usecases.release_notices import release
from vikno.usecases.send_messages import ASKED_S, Released, Sender
from vikno.usecases.show_notices import show_notices, take_up

OLENA, CHAT, PAIR, LETTERS = (SMS, "436641"), (TELEGRAM, "1001"), (VIBER, "v1"), (MAIL, "olena@mail.example")
CODE = "Your code is ((what))."
CALLS = OrganisationGiven("calls", "Calls", "solicitor", "us", "us")
AMERICAN = (SMS, "12025550123")
Between = Callable[[Exchange, str], Awaitable[None]]


# ---- what happens between ----


async def _takes_consent_back(exchange: Exchange, who: str) -> None:
    await exchange.agrees(who, "advertising", "none")


async def _chooses_against(exchange: Exchange, who: str) -> None:
    await exchange.refuses(who, BANK.slug, "advertising", "*")


async def _chooses_against_the_channel(exchange: Exchange, who: str) -> None:
    await exchange.refuses(who, "*", "*", "email")


async def _is_suspended(exchange: Exchange, _: str) -> None:
    bank = await exchange.organisation(BANK.slug)
    await exchange.store.review_organisation(bank.id, "suspended", "reviewer", "complaints")


async def _has_its_template_refused(exchange: Exchange, _: str) -> None:
    kept = await exchange.store.template((await exchange.organisation(BANK.slug)).id, "advertising")
    assert kept is not None
    await exchange.store.review_template(kept.row, "refused", "reviewer", "a trick", exchange.now_ms)


async def _puts_its_template_away(exchange: Exchange, _: str) -> None:
    kept = await exchange.store.template((await exchange.organisation(BANK.slug)).id, "advertising")
    assert kept is not None
    await exchange.store.archive_template(kept.id, exchange.now_ms)


BETWEEN: dict[str, tuple[Between, str]] = {
    "they take their consent back": (_takes_consent_back, "law: LL-ADVERTISING"),
    "they want none any more": (_chooses_against, "choice"),
    "they want none on this channel": (_chooses_against_the_channel, "choice"),
    "the sender is suspended": (_is_suspended, "suspended"),
    "a reviewer refuses the template": (_has_its_template_refused, "suspended"),
    "the template is put away": (_puts_its_template_away, "suspended"),
}


@pytest.mark.parametrize("what", BETWEEN)
async def test_it_does_not_leave_when_between(exchange: Exchange, what: str) -> None:
    happens, reason = BETWEEN[what]
    await exchange.sender(advertising="Half price.")
    who = await exchange.person(LETTERS)
    await exchange.agrees(who, "advertising")
    accepted = await exchange.tell("advertising", LETTERS)
    (leased,) = await exchange.leases(MAIL)
    await happens(exchange, who)
    exchange.passes(2)
    assert await exchange.releases(leased) is None
    assert [one.partition("@")[0] for one in exchange.withheld] == [reason]
    await exchange.goes_on()
    assert not exchange.wire
    assert (await exchange.became(accepted))[0] == "permanent-failure"


async def test_what_one_address_refuses_meanwhile_is_refused_on_the_others_too(exchange: Exchange) -> None:
    """They are not linked; the organisation said that both are one person's."""
    await exchange.sender(service="It is late.")
    await exchange.person(LETTERS)
    other = await exchange.person(CHAT)
    await exchange.tell("service", LETTERS, CHAT)
    await exchange.refuses(other, "*", "*", "*")
    await exchange.goes_on()
    assert not exchange.wire


async def test_what_was_read_in_the_inbox_meanwhile_does_not_leave(exchange: Exchange) -> None:
    await exchange.sender(service="It is late.")
    await exchange.person(LETTERS)
    accepted = await exchange.tell("service", LETTERS)
    (leased,) = await exchange.leases(MAIL)
    assert await exchange.store.seen(accepted.number, exchange.now_ms)
    assert await exchange.releases(leased) is None
    assert exchange.withheld == ["ended"]
    await exchange.goes_on()
    assert not exchange.wire
    assert await exchange.became(accepted) == ("delivered", "inbox")


@pytest.mark.parametrize(("day", "leaves"), [("2026-12-31 23:59", True), ("2027-01-01 00:01", False)])
async def test_a_notice_about_a_case_is_asked_about_too(exchange: Exchange, day: str, leaves: bool) -> None:
    """Who has asked for it hears of it by whatever way the law of that minute leaves open."""
    exchange.is_now(day)
    name = await exchange.meets(*CHAT)
    known = await exchange.store.known(name)
    assert known is not None
    said = Outbound("Your passport is ready.", "en")
    made = NoticeMade(name, TELEGRAM, encode_outbound(said), "case/7", 0, 2**50)
    (number,) = await exchange.store.queue([made], exchange.now_ms)
    (leased,) = await exchange.leases(TELEGRAM)
    assert leased.id == number

    async def of_bank(_: NoticeKept) -> About:
        return About(Organisation(**asdict(BANK)), "service")

    released = await release(exchange.dispatch, leased, known, of_bank)
    if leaves:
        assert released == said
    else:
        assert isinstance(released, Withheld)
        assert released.reason.startswith("law: LL-MESSENGERS@")


async def test_a_new_version_that_waits_for_its_review_holds_nobody_back(exchange: Exchange) -> None:
    bank = await exchange.sender(service="It is late.")
    await exchange.tell("service", OLENA)
    text = encode_template(TemplateText({"en": {"": Words("It is very late.")}}, "en"))
    told = TemplateGiven(bank.id, "service", "service", "message", "service", text, "author")
    await exchange.store.put_template(told, exchange.now_ms)
    exchange.passes(2)
    await exchange.goes_on()
    assert ["It is late." in said.text for _, said in exchange.wire] == [True]


async def test_a_law_that_begins_at_midnight_sends_it_another_way(exchange: Exchange) -> None:
    await exchange.sender(service="It is late.")
    await exchange.person(OLENA, CHAT)
    exchange.is_now("2026-12-31 23:59")
    accepted = await exchange.tell("service", OLENA)
    assert [step.account for step in accepted.plan.steps] == [TELEGRAM, SMS]
    exchange.is_now("2027-01-01 00:00")
    await exchange.goes_on()
    assert exchange.left() == [SMS]
    assert [one.partition("@")[0] for one in exchange.withheld] == ["law: LL-MESSENGERS"]


async def test_who_leaves_meanwhile_is_not_written_to(exchange: Exchange) -> None:
    await exchange.sender(service="It is late.")
    who = await exchange.person(OLENA)
    accepted = await exchange.tell("service", OLENA)
    await exchange.store.mark(who, "left")
    await exchange.goes_on()
    assert not exchange.wire
    assert (await exchange.became(accepted))[0] == "permanent-failure"


async def test_what_is_held_as_it_would_leave_is_asked_about_again(exchange: Exchange) -> None:
    """Nine o'clock comes between queue and sender."""
    await exchange.sender(CALLS, service="Buy")
    where = Whereabouts("us", "America/New_York")
    exchange.is_now("2026-05-05 02:59")
    accepted = await exchange.tell("service", AMERICAN, slug="calls", where=where)
    assert accepted.reason == ""
    exchange.passes(120)
    await exchange.goes_on()
    assert not exchange.wire
    assert not exchange.withheld
    exchange.passes(12 * HOUR_S)
    await exchange.goes_on()
    assert exchange.left() == [SMS]


@pytest.mark.parametrize("campaign", [0, 5])
async def test_a_queue_that_reaches_into_their_night_goes_on_in_the_morning(exchange: Exchange, campaign: int) -> None:
    await exchange.sender(official="News")
    exchange.is_now("2026-05-04 20:59")
    await exchange.send([await exchange.asked("official", OLENA)], campaign=campaign)
    exchange.passes(120)
    await exchange.goes_on()
    exchange.passes(10 * HOUR_S)
    await exchange.goes_on()
    assert not exchange.wire, "it is a minute past seven"
    exchange.passes(HOUR_S)
    await exchange.goes_on()
    assert exchange.left() == [SMS]


# ---- what it says ----


async def test_of_a_payment_nothing_but_a_pointer_is_on_the_wire(exchange: Exchange) -> None:
    await exchange.sender(payment="You have paid ((what)) to the dentist.")
    await exchange.person(OLENA, CHAT, PAIR)
    for account in (TELEGRAM, VIBER):
        exchange.script[account].append(DeadAddress("blocked"))
    await exchange.tell("payment", OLENA)
    await exchange.goes_on()
    assert exchange.left() == [TELEGRAM, VIBER, SMS]
    for _, said in exchange.wire:
        shown = f"{said.subject} {said.text}"
        assert "Lake Bank" in shown
        assert "4711" not in shown
        assert "dentist" not in shown
        assert said.link is not None
        assert said.link.startswith("https://vikno.example/inbox/")
    [as_sms] = texts(exchange.wire[-1][1])
    assert as_sms.endswith(f"inbox: {exchange.wire[-1][1].link}"), "by SMS, too, it says where"


async def test_no_pointer_leads_to_an_inbox_that_may_not_hold_it_any_more(exchange: Exchange) -> None:
    await exchange.sender(personal="Your results.")
    who = await exchange.person(OLENA)
    await exchange.tell("personal", OLENA)
    await exchange.store.choose(who, Choices(off=frozenset({("*", "personal", "*")})), exchange.now_ms)
    await exchange.goes_on()
    assert not exchange.wire


@pytest.mark.parametrize(
    ("content", "direction", "stops"),
    [("code", "initiated", False), ("service", "initiated", True), ("service", "reply", False)],
)
async def test_what_was_asked_for_needs_no_way_to_end_it(
    exchange: Exchange, content: str, direction: str, stops: bool
) -> None:
    await exchange.sender(code=CODE, service="It is late.")
    await exchange.tell(content, LETTERS, direction=direction)
    await exchange.goes_on()
    ((_, said),) = exchange.wire
    assert (said.stop is not None) is stops
    assert said.purpose == ("reply" if direction == "reply" else "notice")


async def test_a_mail_says_in_plain_words_what_its_template_marks(exchange: Exchange) -> None:
    marked = TemplateText(
        {"en": {"": Words("It is late."), "email": Words("# Late\n\n* ((what))", "About ((what))")}}, "en"
    )
    await exchange.sender(service=marked)
    await exchange.tell("service", LETTERS)
    await exchange.goes_on()
    ((_, said),) = exchange.wire
    assert "#" not in said.text
    assert "• 4711" in said.text
    assert said.subject == "About 4711"


async def test_what_a_campaign_says_is_marked_as_such(exchange: Exchange) -> None:
    await exchange.sender(service="It is late.")
    await exchange.send([await exchange.asked("service", LETTERS)], campaign=3)
    await exchange.goes_on()
    assert [said.purpose for _, said in exchange.wire] == ["bulk"]


async def test_values_that_do_not_fit_cost_this_try_and_end_it(exchange: Exchange) -> None:
    await exchange.sender(service="It is ((when)).")
    accepted = await exchange.tell("service", OLENA, said={})
    await exchange.goes_on()
    assert not exchange.wire
    assert (await exchange.became(accepted))[0] == "technical-failure"


# ---- who asks ----


async def test_a_notice_that_cannot_be_read_costs_those_nothing_that_were_taken_with_it(office: Office) -> None:
    asked = []

    async def releases(notice: NoticeKept, _: Known) -> Released:
        asked.append(notice.id)
        match len(asked):
            case 2:
                raise KeyError("zone")
            case 4:
                return Withheld("choice")
        return Outbound(f"n{len(asked)}")

    await office.sender.close(0.1)
    office.sender = Sender(
        office.channel, office.post, office.store, office.store, VAULT, lambda: office.now_ms, release=releases
    )
    for who in "abcdef":
        await office.notices(who, "x")
    running = asyncio.create_task(office.sender.run())
    await office.until(lambda: len(office.post.brought) == 4)
    running.cancel()
    await office.sender.close(0.5)
    assert sorted(office.texts()) == ["n1", "n3", "n5", "n6"]
    assert not running.done() or running.cancelled()
    statuses = [one.status for who in "abcdef" for one in await office.store.inbox(VAULT.name(ACCOUNT, who))]
    assert sorted(statuses) == ["permanent-failure", "sent", "sent", "sent", "sent", "technical-failure"]


async def test_what_was_held_while_its_account_paused_is_asked_about_again(office: Office) -> None:
    """A platform that wants an hour's rest has it; a law may begin meanwhile."""
    lawful = True

    async def releases(notice: NoticeKept, _: Known) -> Released:
        return Outbound(f"n{notice.id}") if lawful else Withheld("law: LL-MESSENGERS@1")

    await office.sender.close(0.1)
    office.sender = Sender(
        office.channel,
        office.post,
        office.store,
        office.store,
        VAULT,
        lambda: office.now_ms,
        release=releases,
        rate=4.0,
    )
    people = "abcdef"
    for who in people:
        office.post.script[who].append(RetryAfter(ASKED_S + 0.5, "account"))
        await office.notices(who, "x")
    running = asyncio.create_task(office.sender.run())
    await office.until(lambda: len(office.post.brought) > 0)
    lawful, before = False, len(office.post.brought)
    await asyncio.sleep(ASKED_S + 1)
    await office.until(lambda: office.sender.counted["Withheld"] == len(people) - before, 10)
    running.cancel()
    assert len(office.post.brought) == before < len(people)
    assert "Sent" not in office.sender.counted


# ---- the chat on the site ----


async def test_the_chat_on_the_site_is_a_way_too(exchange: Exchange) -> None:
    await exchange.sender(service="It is late.", payment="You have paid ((what)).")
    who = await _on_the_web(exchange)
    made = await _to(exchange, "service", who), await _to(exchange, "payment", who)
    exchange.passes(24 * HOUR_S - 1)
    await _shows(exchange)
    assert [text.split("\n")[2] for text in await _read(exchange, who)] == ["It is late.", "You have paid 4711."]
    await exchange.routes()
    assert [(await exchange.store.in_hand([number]))[0].notification.status for number in made] == ["sent", "sent"]


async def test_what_is_not_wanted_there_any_more_is_not_shown_there(exchange: Exchange) -> None:
    await exchange.sender(service="It is late.")
    who = await _on_the_web(exchange)
    number = await _to(exchange, "service", who)
    await exchange.refuses(who, "*", "*", "*")
    await _shows(exchange)
    assert await _read(exchange, who) == []
    await exchange.routes()
    (hand,) = await exchange.store.in_hand([number])
    assert (hand.notification.status, hand.tries[0].reason) == ("permanent-failure", "choice")


async def test_a_fault_in_one_is_not_the_end_of_the_others_there(exchange: Exchange) -> None:
    await exchange.sender(service="It is late.")
    people = [await _on_the_web(exchange, nth) for nth in range(3)]
    for who in people:
        await _to(exchange, "service", who)

    async def releases(notice: NoticeKept, _: Known) -> Released:
        if notice.conversation == people[1]:
            raise KeyError("zone")
        return Outbound("Shown")

    while await show_notices(exchange.store, exchange.store, lambda _: None, exchange.clock, release=releases):
        pass
    assert [await _read(exchange, who) for who in people] == [["Shown"], [], ["Shown"]]


async def _on_the_web(exchange: Exchange, nth: int = 0) -> str:
    who = f"{WEB}:{nth:032x}"
    await exchange.store.meet(who, WEB, exchange.dispatch.vault.seal(""), "en", exchange.now_ms)
    await exchange.store.turn(who, "begins", lambda _: Taken(b"{}", (), fetched=True))
    return who


async def _to(exchange: Exchange, content: str, who: str) -> int:
    """To somebody whose telephone the organisation knows, and who talks with us on the site alone."""
    phone = (SMS, f"4366{who[-6:]}")
    name = await exchange.meets(*phone)
    await exchange.store.mark(name, "dead")
    await exchange.store.link(name, who, exchange.now_ms)
    return (await exchange.tell(content, phone)).number


async def _shows(exchange: Exchange) -> None:
    async def releases(notice: NoticeKept, known: Known) -> Released:
        return await release(exchange.dispatch, notice, known, _nothing)

    await take_up(exchange.store, exchange.clock)
    while await show_notices(exchange.store, exchange.store, lambda _: None, exchange.clock, release=releases):
        pass


async def _nothing(_: NoticeKept) -> None:
    """No notice here is about a case."""


async def _read(exchange: Exchange, who: str) -> list[str]:
    effects = await exchange.store.since(who, 0)
    messages: tuple[Message, ...] = Turns(tuple(one.payload for one in effects), False, 0).messages
    return [message.text for message in messages]
