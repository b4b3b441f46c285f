"""What every keeper of people promises (`vikno.usecases.people`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from tests.contracts.keepers import RecordsKeeper, RecordsPlace
from tests.contracts.records import Moment, meet
from tests.contracts.senders import MAIL, SMS, VIBER, a_sender, agrees, chain, holds, moves, named, now, telling, told
from vikno.usecases.people import Agreed, AgreedGiven, Choices, PersonKept, PersonUnknown, Reached

PHONE, CHAT, MAILBOX = named(SMS, "a"), named(VIBER, "a"), named(MAIL, "a")
OTHER = named(VIBER, "b")
Settles = tuple[Choices, AgreedGiven | None]
QUIET, LOUD = Choices(quiet=(22, 7)), Choices(order=("viber",), off=frozenset({("sky", "*", "sms")}))


async def person(
    records: RecordsKeeper, who: str = CHAT, content: str = "advertising", since_ms: int = 0
) -> PersonKept:
    return (await records.people([who], 1, content, since_ms))[who]


async def reached(records: RecordsKeeper, who: str) -> set[str]:
    return {way.conversation for way in await records.ways(who)}


async def one_person(records: RecordsKeeper) -> None:
    """With a phone that stands for the person, a chat and a mailbox."""
    await meet(records, PHONE, CHAT, MAILBOX)
    await records.link(CHAT, PHONE, 1_000)
    await records.link(MAILBOX, CHAT, 1_000)


# ---- who somebody is ----


async def test_an_address_alone_is_a_person(records: RecordsKeeper) -> None:
    await meet(records, CHAT)
    await records.set_zone(CHAT, "Europe/Warsaw")
    kept = await person(records)
    way = Reached(kept.ways[0].id, CHAT, VIBER, "alive", "uk", "Europe/Warsaw", met=True)
    assert kept == PersonKept(kept.id, (way,))
    assert await records.ways(CHAT) == (way,)
    await records.mark(CHAT, "left")
    assert (await person(records)).ways == (replace(way, status="left"),)


async def test_nobody_is_known_who_was_never_named(records: RecordsKeeper) -> None:
    assert await records.people([CHAT], 1, "service", 0) == {}
    assert await records.people([], 1, "service", 0) == {}
    assert await records.ways(CHAT) == ()
    assert await records.choices(CHAT) == Choices()
    await records.choose(CHAT, LOUD, 1_000)
    assert await records.choices(CHAT) == Choices()
    assert await records.agreed(CHAT) == ()
    with pytest.raises(PersonUnknown):
        await records.agree(agrees(CHAT), chain, 1_000)
    await records.unlink(CHAT)
    await records.link(CHAT, PHONE, 1_000)


async def test_somebody_whom_an_organisation_has_named_was_not_met(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    await told(records, telling(flow, PHONE))
    (way,) = (await person(records, PHONE)).ways
    assert (way.met, way.status, way.lang) == (False, "alive", None)
    known = await records.known(PHONE)
    assert known is not None
    assert known.sealed == b"sealed " + PHONE.encode()
    await meet(records, PHONE)
    assert (await person(records, PHONE)).ways[0].met


async def test_many_are_read_at_once(records: RecordsKeeper) -> None:
    await one_person(records)
    crowd = [f"{VIBER}:{n:032x}" for n in range(500)]
    await meet(records, *crowd)
    found = await records.people([*crowd, CHAT, OTHER, PHONE], 1, "service", 0)
    assert set(found) == {*crowd, CHAT, PHONE}
    assert found[CHAT] == found[PHONE]
    assert {way.conversation for way in found[CHAT].ways} == {PHONE, CHAT, MAILBOX}
    assert len({one.id for one in found.values()}) == 501


# ---- linking ----


async def test_addresses_that_were_linked_are_one_person(records: RecordsKeeper) -> None:
    await one_person(records)
    for who in (PHONE, CHAT, MAILBOX):
        assert await reached(records, who) == {PHONE, CHAT, MAILBOX}
    assert (await person(records, PHONE)).id == (await person(records, MAILBOX)).id
    await records.link(MAILBOX, MAILBOX, 1_000)
    await records.link(CHAT, MAILBOX, 1_000)
    assert await reached(records, CHAT) == {PHONE, CHAT, MAILBOX}


@pytest.mark.parametrize("leaves", [PHONE, CHAT, MAILBOX])
async def test_one_that_is_unlinked_is_a_person_of_its_own_with_the_choices_of_the_one_it_was(
    records: RecordsKeeper, leaves: str
) -> None:
    await one_person(records)
    await records.choose(MAILBOX, LOUD, 1_000)
    await records.unlink(leaves)
    rest = {PHONE, CHAT, MAILBOX} - {leaves}
    assert await reached(records, leaves) == {leaves}
    for who in rest:
        assert await reached(records, who) == rest
    for who in (PHONE, CHAT, MAILBOX):
        assert await records.choices(who) == LOUD
    await records.choose(leaves, QUIET, 2_000)
    assert [await records.choices(who) for who in rest] == [LOUD, LOUD]
    assert await records.choices(leaves) == QUIET


@pytest.mark.parametrize("moves_over", [PHONE, CHAT])
async def test_one_that_is_linked_elsewhere_leaves_the_others_behind(records: RecordsKeeper, moves_over: str) -> None:
    await one_person(records)
    await meet(records, OTHER)
    await records.choose(CHAT, LOUD, 1_000)
    await records.choose(OTHER, QUIET, 1_000)
    await records.link(moves_over, OTHER, 2_000)
    assert await reached(records, OTHER) == {OTHER, moves_over}
    assert await reached(records, MAILBOX) == {PHONE, CHAT, MAILBOX} - {moves_over}
    assert await records.choices(moves_over) == QUIET, "its own give way"
    assert await records.choices(MAILBOX) == LOUD
    await records.unlink(moves_over)
    assert await records.choices(moves_over) == QUIET


async def test_choices_of_one_that_is_linked_give_way_even_to_none(records: RecordsKeeper) -> None:
    await meet(records, PHONE, CHAT)
    await records.choose(CHAT, LOUD, 1_000)
    await records.link(CHAT, PHONE, 1_000)
    assert await records.choices(CHAT) == Choices()
    await records.choose(CHAT, QUIET, 1_000)
    assert (await person(records, PHONE)).choices == QUIET


@pytest.mark.parametrize("erased", [PHONE, CHAT])
async def test_when_one_address_is_erased_the_others_stay_one_person(records: RecordsKeeper, erased: str) -> None:
    await one_person(records)
    await records.choose(CHAT, LOUD, 1_000)
    await records.erase(erased)
    rest = {PHONE, CHAT, MAILBOX} - {erased}
    for who in rest:
        assert await reached(records, who) == rest
        assert await records.choices(who) == LOUD
    assert await records.ways(erased) == ()
    await meet(records, erased)
    assert await records.choices(erased) == Choices(), "whoever comes back begins anew"


# ---- what they agreed to ----


async def test_the_narrower_word_counts_first_and_then_the_later(records: RecordsKeeper) -> None:
    await a_sender(records)
    await meet(records, CHAT)
    said = [agrees(CHAT), agrees(CHAT, "none"), agrees(CHAT, "written"), agrees(CHAT, "soft", content="*")]
    said += [agrees(CHAT, "none", "*", "*"), agrees(CHAT, "given", "bank"), agrees(CHAT, "given", content="survey")]
    heard = []
    for n, one in enumerate(said):
        await records.agree(one, chain, 1_000 + n)
        heard.append((await person(records)).consent)
    assert heard == ["given", "none", "written", "written", "none", "none", "none"]


async def test_a_yes_to_all_does_not_undo_a_no_to_one(records: RecordsKeeper) -> None:
    await a_sender(records)
    await meet(records, CHAT)
    for n, one in enumerate([agrees(CHAT, "none"), agrees(CHAT, "given", "*", "*")]):
        await records.agree(one, chain, 1_000 + n)
    assert (await person(records)).consent == "none"


async def test_a_line_says_what_was_shown_and_covers_the_one_before(records: RecordsKeeper) -> None:
    await a_sender(records)
    await meet(records, CHAT, OTHER)
    first = await records.agree(agrees(CHAT), chain, 1_000)
    assert (first.organisation, first.content, first.consent) == ("sky", "advertising", "given")
    assert (first.channel, first.lang, first.version, first.shown) == ("portal", "uk", "3", "Так, пишіть мені")
    assert first.at_ms == 1_000
    second = await records.agree(agrees(OTHER, "written"), chain, 1_100)
    third = await records.agree(agrees(CHAT, "none"), chain, 1_200)
    assert await records.ledger() == (first, second, third)
    assert await records.ledger(first.id, 1) == (second,)
    assert await records.agreed(CHAT) == (third, first)
    assert holds(await records.ledger())
    assert not holds([first, replace(second, consent="none"), third])


async def test_consent_counts_for_all_addresses_while_they_are_one_person(records: RecordsKeeper) -> None:
    await a_sender(records)
    await one_person(records)
    given = await records.agree(agrees(CHAT), chain, 1_000)
    assert (await person(records, MAILBOX)).consent == "given"
    assert await records.agreed(MAILBOX) == (given,)
    await records.unlink(CHAT)
    assert (await person(records, MAILBOX)).consent == "none"
    assert (await person(records, CHAT)).consent == "given"


async def test_what_is_taken_back_is_so_for_all_addresses_even_after_they_part(records: RecordsKeeper) -> None:
    await a_sender(records)
    await meet(records, PHONE, CHAT, MAILBOX, OTHER)
    for who in (PHONE, CHAT, MAILBOX, OTHER):
        await records.agree(agrees(who), chain, 1_000)
    await records.link(CHAT, PHONE, 1_000)
    await records.link(MAILBOX, PHONE, 1_000)
    line = await records.agree(agrees(CHAT, "none"), chain, 2_000)
    assert line.person == {way.conversation: way.id for way in await records.ways(CHAT)}[CHAT]
    for who in (CHAT, MAILBOX):
        await records.unlink(who)
    assert [(await person(records, who)).consent for who in (PHONE, CHAT, MAILBOX, OTHER)] == ["none"] * 3 + ["given"]
    assert holds(await records.ledger())
    assert len(await records.ledger()) == 7


def without(*entry: str) -> Callable[[Choices, tuple[Agreed, ...]], Settles]:
    """Turns off one more."""

    def change(choices: Choices, _: tuple[Agreed, ...]) -> Settles:
        who, what, where = entry
        return msgspec.structs.replace(choices, off=choices.off | {(who, what, where)}), None

    return change


async def test_of_two_who_settle_at_once_neither_is_lost(records: RecordsKeeper) -> None:
    await one_person(records)
    one, other = ("sky", "*", "*"), ("bank", "code", "-")
    both = ((CHAT, one), (MAILBOX, other))
    await asyncio.gather(*(records.change_wishes(who, without(*entry), chain, 1_000) for who, entry in both))
    assert (await records.choices(PHONE)).off == {one, other}


async def test_what_is_chosen_and_what_is_said_to_it_are_kept_together_or_not_at_all(records: RecordsKeeper) -> None:
    await a_sender(records)
    await one_person(records)

    def agree(choices: Choices, lines: tuple[Agreed, ...]) -> Settles:
        assert (choices, lines) == (Choices(), ())
        return LOUD, agrees(CHAT)

    line = await records.change_wishes(CHAT, agree, chain, 1_000)
    assert (line,) == await records.agreed(MAILBOX)

    def take_back(choices: Choices, lines: tuple[Agreed, ...]) -> Settles:
        assert (choices, lines) == (LOUD, (line,))
        return QUIET, agrees(MAILBOX, "none")

    def broken(before: bytes, line: Agreed) -> bytes:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await records.change_wishes(MAILBOX, take_back, broken, 2_000)
    assert (await records.choices(CHAT), await records.agreed(CHAT)) == (LOUD, (line,))
    await records.change_wishes(MAILBOX, take_back, chain, 2_000)
    assert await records.choices(CHAT) == QUIET
    for who in (PHONE, CHAT, MAILBOX):
        assert (await person(records, who)).consent == "none"
    assert holds(await records.ledger())
    assert len(await records.ledger()) == 4, "taken back for each address"


async def test_whoever_is_not_known_settles_nothing(records: RecordsKeeper) -> None:
    assert await records.change_wishes(CHAT, without("sky", "*", "*"), chain, 1_000) is None
    assert await records.choices(CHAT) == Choices()
    with pytest.raises(PersonUnknown):
        await records.change_wishes(CHAT, lambda choices, _: (choices, agrees(CHAT)), chain, 1_000)
    assert await records.ledger() == ()


async def test_erasing_leaves_the_ledger_whole_and_its_numbers_to_nobody_else(records: RecordsKeeper) -> None:
    await a_sender(records)
    await meet(records, PHONE, CHAT)
    await records.agree(agrees(CHAT), chain, 1_000)
    before = await records.ledger()
    await records.erase(CHAT)
    await meet(records, OTHER, MAILBOX)
    assert await records.ledger() == before
    assert before[0].person not in [way.id for who in (OTHER, MAILBOX) for way in await records.ways(who)]
    assert (await person(records, OTHER)).consent == "none"
    await records.agree(agrees(OTHER), chain, 2_000)
    assert holds(await records.ledger())


async def test_whoever_chose_or_agreed_is_not_forgotten_for_having_written_long_ago(records: RecordsKeeper) -> None:
    await a_sender(records)
    await one_person(records)
    await meet(records, OTHER)
    await records.agree(agrees(OTHER, "none"), chain, 1_000)
    alone, busy = named(MAIL, "c"), named(MAIL, "d")
    await meet(records, alone, now_ms=1_000)
    await meet(records, busy, now_ms=10**9)
    await records.link(alone, busy, 1_000)
    nobody = named(MAIL, "e")
    await meet(records, nobody)
    await records.choose(MAILBOX, LOUD, 1_000)
    assert await records.prune_records("addresses", 10**8) == 1
    assert await records.prune_records("addresses", 10**8) == 0
    assert await records.known(nobody) is None
    assert await records.choices(PHONE) == LOUD
    assert await reached(records, alone) == {alone, busy}


# ---- what they have got ----


async def test_what_somebody_got_is_counted_over_all_their_addresses(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    bank, theirs = await a_sender(records, "bank")
    await one_person(records)
    for who, at_ms in ((PHONE, 1_000), (CHAT, 2_000), (CHAT, 3_000), (OTHER, 3_000)):
        await told(records, telling(flow, who), at_ms)
    await told(records, telling(theirs, CHAT, organisation=bank.id), 3_000)
    kept = await person(records, MAILBOX, since_ms=2_000)
    assert (kept.unasked, kept.today) == (3, 2)
    failed = await told(records, telling(flow, CHAT), 3_000)
    assert (await person(records, CHAT)).unasked == 4
    await records.move([moves(await now(records, failed), "permanent-failure", ends=True)], 3_500)
    assert (await person(records, CHAT)).unasked == 3, "what has failed they have not got"


async def test_at_most_a_thousand_are_counted(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    await one_person(records)
    for who in (CHAT, PHONE):
        await records.keep_notifications([telling(flow, who, step=None)] * 700, 1_000)
    assert (await person(records, MAILBOX)).unasked == 1_000


async def test_it_is_still_there_after_a_crash(
    records: RecordsKeeper, records_place: RecordsPlace, moment: Moment
) -> None:
    await a_sender(records)
    await one_person(records)
    await records.choose(CHAT, LOUD, 1_000)
    await records.agree(agrees(CHAT), chain, 1_000)
    again = records_place.after_a_crash().open(moment)
    assert await person(again, MAILBOX) == await person(records, MAILBOX)
    assert await again.ledger() == await records.ledger()
    await again.close()
