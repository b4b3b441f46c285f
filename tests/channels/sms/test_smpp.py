"""By SMPP: bind, send, receipts, throttling, lost lines, what people write. aiosmpplib against a message centre."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.sms.kannel import SECRET, kannel
from vikno.channels.sms import Sms, segments
from vikno.channels.sms.line import PARTS_S, SmppTransport
from vikno.channels.sms.smpp import (
    Centre,
    GatewayUnfit,
    Known,
    SmppAnswer,
    SmppAsk,
    SmppSubmit,
    alphabet_of,
    outcome,
    plain_id,
    read_delivery,
)
from vikno.testing.smpp import Ids, MessageCentre
from vikno.usecases.channel import (
    BadMessage,
    DeadAddress,
    Happened,
    Inbound,
    Left,
    Misconfigured,
    NotCarried,
    Opened,
    Outbound,
    Outcome,
    Raw,
    Reported,
    RetryAfter,
    Sent,
    Unknown,
    Unreadable,
    Unsupported,
    Wrote,
)
from vikno.wire.http import HttpTransport

PHONE = "380501112233"
LONG = "Ваш документ виготовлено і передано до пункту видачі 🙂. " * 4


class Office:
    """An account on a line, and everything that it hears."""

    def __init__(self, centre: MessageCentre, url: str | None = None, **times: float) -> None:
        self.sms = Sms(number="1515", gateway=url or centre.url)
        self.came: list[Inbound] = []
        self.aside: list[str] = []
        self.broken = 0
        quick = {"answer_s": 2.0, "enquire_s": 30.0, "bound_s": 3.0, "pause_s": 0.05}
        self.line = SmppTransport(url or centre.url, self.hear, **{**quick, **times})

    async def hear(self, raw: Raw) -> None:
        if self.broken:
            self.broken -= 1
            raise ConnectionError("no store")
        try:
            self.came.extend(self.sms.parse(raw))
        except Unreadable as error:
            self.aside.append(str(error))

    async def say(self, text: str, to: str = PHONE) -> Outcome:
        (request,) = self.sms.render(Outbound(text), to)
        assert isinstance(request, SmppSubmit)
        return self.sms.classify(request, await self.line.carry(request))

    async def heard(self, number: int) -> list[Happened]:
        await until(lambda: len(self.came) >= number)
        return [one.happened for one in self.came]


@asynccontextmanager
async def line(centre: MessageCentre, url: str | None = None, **times: float) -> AsyncIterator[Office]:
    office = Office(centre, url, **times)
    try:
        yield office
    finally:
        await office.line.close()


@pytest.fixture
async def centre() -> AsyncIterator[MessageCentre]:
    async with MessageCentre() as one:
        yield one


@pytest.fixture
async def office(centre: MessageCentre) -> AsyncIterator[Office]:
    async with line(centre) as one:
        yield one


async def until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is waited for is on the other side
            await asyncio.sleep(0.01)


# ---- out ----


async def test_a_text_arrives_and_its_receipt_has_our_id(centre: MessageCentre, office: Office) -> None:
    sent = await office.say("Ваша заявка прийнята")
    assert sent == Sent("m-26")
    assert centre.phone(PHONE).texts == ["Ваша заявка прийнята"]
    assert await office.heard(1) == [Reported("m-26", "delivered")]
    assert (centre.submitted[0].destination.ton, centre.submitted[0].source.number) == (1, "1515")


async def test_a_long_text_is_one_message_of_whole_letters(centre: MessageCentre, office: Office) -> None:
    sent = await office.say(LONG)
    found = segments(LONG.strip())
    assert isinstance(sent, Sent)
    assert [one.short_message for one in centre.submitted] == list(found.parts)
    assert centre.phone(PHONE).texts == [LONG.strip()]
    await until(lambda: len(office.came) == len(found.parts))
    assert Reported(sent.message, "delivered") in await office.heard(1)  # the last part's


async def test_the_small_alphabet_goes_as_septets(centre: MessageCentre, office: Office) -> None:
    text = "Fee: 10 € [card] {x} @ £ è Ω"
    await office.say(text)
    assert centre.phone(PHONE).texts == [text]
    assert b"\x1be" in centre.packets[0]  # the euro sign is an escape and a letter


async def test_many_texts_at_once_have_their_own_answers(centre: MessageCentre, office: Office) -> None:
    outcomes = await asyncio.gather(*(office.say(f"Повідомлення {at}", f"38050000{at:04}") for at in range(50)))
    assert len({one.message for one in outcomes if isinstance(one, Sent)}) == 50
    assert all(centre.phone(f"38050000{at:04}").texts == [f"Повідомлення {at}"] for at in range(50))
    assert centre.binds == 1


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("throttled", RetryAfter(1.0, "account", "0x58")),
        ("queue_full", RetryAfter(10.0, "account", "0x14")),
        ("nack", RetryAfter(10.0, "account", "0x08")),
        ("refused", BadMessage("0x45")),
        ("vendor", BadMessage("0x401")),
        ("no_number", DeadAddress("0x0B")),
    ],
)
async def test_a_refusal_is_what_it_is_and_the_line_stays(
    centre: MessageCentre, office: Office, fault: str, expected: Outcome
) -> None:
    centre.fail(fault)
    assert await office.say("Добрий день") == expected
    assert isinstance(await office.say("Добрий день"), Sent)
    assert centre.binds == 1


async def test_a_later_part_that_is_throttled_is_sent_again_and_not_the_whole(
    centre: MessageCentre, office: Office
) -> None:
    await office.say("Перше")
    centre.fail("none", "throttled", "throttled")
    assert isinstance(await office.say(LONG), Sent)
    assert centre.phone(PHONE).texts[1:] == [LONG.strip()]


async def test_a_later_part_that_is_refused_leaves_the_outcome_unknown(centre: MessageCentre, office: Office) -> None:
    centre.fail("none", "refused")
    assert await office.say(LONG) == Unknown("part 2 refused: 0x45")


async def test_no_answer_is_unknown(centre: MessageCentre) -> None:
    async with line(centre, answer_s=0.3) as office:
        centre.fail("silent")
        assert await office.say("Добрий день") == Unknown("no_answer")
        assert centre.phone(PHONE).texts == ["Добрий день"]
        assert await office.heard(1) == [Reported("m-26", "delivered")]


async def test_a_connection_lost_after_the_send_is_unknown_and_is_made_anew(
    centre: MessageCentre, office: Office
) -> None:
    centre.fail("drop")
    assert await office.say("Перше") == Unknown("connection_lost")
    assert isinstance(await office.say("Друге"), Sent)
    assert centre.binds == 2
    assert centre.phone(PHONE).texts == ["Перше", "Друге"]


async def test_a_centre_that_is_away_is_waited_for(centre: MessageCentre) -> None:
    port, url = centre.port, centre.url
    async with line(centre, url, bound_s=0.3) as office:
        assert isinstance(await office.say("Перше"), Sent)
        await centre.__aexit__(None, None, None)
        await until(lambda: not office.line._bound.is_set())
        assert await office.say("Друге") == RetryAfter(5.0, "account", "not_bound")
        async with MessageCentre(port=port) as back:
            await asyncio.wait_for(back.bound.wait(), 5)
            await until(office.line._bound.is_set)
            assert isinstance(await office.say("Третє"), Sent)
            assert back.phone(PHONE).texts == ["Третє"]


async def test_a_wrong_password_is_our_fault(centre: MessageCentre) -> None:
    url = centre.url.replace(":hush@", ":wrong@")
    async with line(centre, url, bound_s=0.5) as office:
        assert await office.say("Добрий день") == Misconfigured("0x0E")
        health = await office.sms.self_check(office.line.carry)  # type: ignore[arg-type]
        assert not health.ok
        assert "0x0E" in health.wrong[0]


async def test_the_check_passes_on_a_line_that_stands_and_sends_nothing(centre: MessageCentre, office: Office) -> None:
    assert (await office.sms.self_check(office.line.carry)).ok  # type: ignore[arg-type]
    assert await office.line.carry(SmppAsk()) == SmppAnswer(0)
    assert centre.submitted == []


async def test_a_quiet_line_is_asked_whether_it_lives_and_given_up_if_it_does_not(centre: MessageCentre) -> None:
    async with line(centre, enquire_s=0.1, answer_s=0.4) as office:
        await office.say("Добрий день")
        await until(lambda: centre.enquired >= 2)
        assert centre.binds == 1
        centre.deaf = True
        await until(lambda: centre.binds >= 2)
        centre.deaf = False
        await until(office.line._bound.is_set)
        assert isinstance(await office.say("Добрий вечір"), Sent)


# ---- receipts ----


@pytest.mark.parametrize("ids", ["same", "hex-decimal", "decimal-hex", "padded"])
async def test_receipts_are_tied_to_what_was_sent_however_the_centre_counts(ids: Ids) -> None:
    async with MessageCentre(ids=ids, first=26) as centre, line(centre) as office:
        sent = [await office.say(f"Повідомлення {at}") for at in range(20)]
        heard = await office.heard(20)
    assert [Reported(one.message, "delivered") for one in sent if isinstance(one, Sent)] == heard


async def test_failed_twice_and_early_receipts_do_no_harm(centre: MessageCentre, office: Office) -> None:
    centre.fail("undelivered", "twice", "early")
    await office.say("Перше")
    await office.say("Друге")
    await office.say("Третє")
    assert await office.heard(4) == [
        Reported("m-26", "failed", "stat:UNDELIV err:001"),
        Reported("m-27", "delivered"),
        Reported("m-27", "delivered"),
        Reported("m-28", "delivered"),
    ]
    assert office.came[1].key == office.came[2].key


async def test_a_receipt_that_no_specification_knows_is_kept_aside_and_not_brought_again(
    centre: MessageCentre, office: Office
) -> None:
    centre.fail("poison")
    await office.say("Перше")
    await until(lambda: office.aside != [])
    assert isinstance(await office.say("Друге"), Sent)
    assert centre.binds == 1


def test_the_radix_is_learnt_from_receipts_that_can_mean_only_one_thing() -> None:
    known = Known()
    for number in range(0x1A, 0x40):
        known.taken(f"{number:08X}")
    assert known.meant("26") == "26"  # 0x26 was taken, and so was 26 = 0x1a: nothing is sure
    assert [known.meant("58"), known.ids] == ["3a", "auto"]  # 0x58 was not taken
    assert [known.meant("59"), known.meant("60"), known.ids] == ["3b", "3c", "hex-decimal"]
    assert known.meant("26") == "1a"


@given(
    st.lists(st.integers(1, 2**40), min_size=1, max_size=30, unique=True),
    st.sampled_from(["hex-decimal", "decimal-hex"]),
)
def test_a_radix_that_is_told_is_never_wrong(numbers: list[int], ids: Any) -> None:
    known = Known(ids)
    written = [(f"{one:010X}", str(one)) if ids == "hex-decimal" else (str(one), f"{one:x}") for one in numbers]
    taken = [known.taken(one) for one, _ in written]
    assert [known.meant(receipt) for _, receipt in written] == taken


def test_only_so_many_messages_are_remembered() -> None:
    known = Known("same", most=3)
    for number in range(10):
        known.taken(f"m-{number}")
    assert len(known._taken) == 3
    assert known.meant("M-0001") == plain_id("m-0001")


# ---- in ----


async def test_people_write_in_any_letters_and_long(centre: MessageCentre, office: Office) -> None:
    office.line.start()
    phone = centre.phone(PHONE)
    assert await phone.write("Стоп") == 0
    assert await phone.write("VIKNO desk_12-A") == 0
    assert await phone.write(LONG) == 0
    assert await centre.deliver(PHONE, LONG, wide=True) == 0
    assert await centre.deliver(PHONE, "ж" * 600, parts=False) == 0  # as message_payload
    assert await office.heard(5) == [Left(said=True), Opened("desk_12-A"), Wrote(LONG), Wrote(LONG), Wrote("ж" * 600)]
    assert {one.address for one in office.came} == {PHONE}


async def test_what_is_not_on_record_is_not_acknowledged_and_comes_again(centre: MessageCentre, office: Office) -> None:
    office.line.start()
    office.broken = 1
    assert await centre.deliver(PHONE, "Так") == 0x64
    assert await centre.deliver(PHONE, "Так") == 0
    assert await office.heard(1) == [Wrote("Так")]


async def test_the_last_part_is_brought_again_until_the_whole_is_on_record(
    centre: MessageCentre, office: Office
) -> None:
    office.line.start()
    connected = await centre._bound_line()
    parts = segments(LONG).parts
    headers = [bytes((5, 0, 3, 7, len(parts), at)) for at in range(1, len(parts) + 1)]
    for header, part in list(zip(headers, parts, strict=True))[:-1]:
        assert await connected.deliver(PHONE, part, header) == 0
    office.broken = 1
    assert await connected.deliver(PHONE, parts[-1], headers[-1]) == 0x64
    assert await connected.deliver(PHONE, parts[-1], headers[-1]) == 0
    assert await office.heard(1) == [Wrote(LONG)]


async def test_parts_of_a_message_that_never_became_whole_do_not_wait_for_ever(
    centre: MessageCentre, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Phones count to 255: a later message of theirs has the same number."""
    office.line.start()
    connected = await centre._bound_line()
    first, second = bytes((5, 0, 3, 7, 2, 1)), bytes((5, 0, 3, 7, 2, 2))
    assert await connected.deliver(PHONE, "Загубила ", first) == 0
    tomorrow = time.time() + PARTS_S + 1
    monkeypatch.setattr("vikno.channels.sms.line.time", lambda: tomorrow)
    assert await connected.deliver(PHONE, "паспорт", second) == 0
    assert await connected.deliver(PHONE, "Знайшла ", first) == 0
    assert await office.heard(1) == [Wrote("Знайшла паспорт")]


async def test_the_same_words_again_are_a_new_answer_and_brought_again_they_are_the_same(
    centre: MessageCentre, office: Office
) -> None:
    office.line.start()
    await centre.deliver(PHONE, "1")
    await centre.deliver(PHONE, "1")
    await office.heard(2)
    assert office.came[0].key != office.came[1].key
    office.broken = 1
    await centre.deliver(PHONE, "2")  # it comes again, on a new connection
    centre.hang_up()
    await until(lambda: centre.binds == 2)
    await centre.deliver(PHONE, "2")
    assert await office.heard(3) == [Wrote("1"), Wrote("1"), Wrote("2")]


async def test_many_messages_and_many_sends_go_together(centre: MessageCentre, office: Office) -> None:
    office.line.start()
    said = asyncio.gather(*(office.say(f"Відповідь {at}", f"38050000{at:04}") for at in range(40)))
    wrote = asyncio.gather(*(centre.phone(f"38067000{at:04}").write(f"Питання {at}") for at in range(40)))
    outcomes, statuses = await said, await wrote
    assert all(isinstance(one, Sent) for one in outcomes)
    assert set(statuses) == {0}
    assert {one.text for one in await office.heard(80) if isinstance(one, Wrote)} == {
        f"Питання {at}" for at in range(40)
    }


def packet(command: int, body: bytes = b"", sequence: int = 77) -> bytes:
    return struct.pack("!IIII", 16 + len(body), command, 0, sequence) + body


def delivery(text: bytes, coding: int = 0, esm_class: int = 0, parameters: bytes = b"") -> bytes:
    head = b"\x00\x01\x01" + PHONE.encode() + b"\x00\x03\x001515\x00"
    return packet(5, head + bytes((esm_class, 0, 0, 0, 0, 0, 0, coding, 0, len(text))) + text + parameters)


PACKETS = {
    "no deliver_sm at all": packet(5),
    "a body that ends too soon": packet(5, b"\x00\x01\x0138050\x00\x03"),
    "a text that is shorter than it says": delivery(b"abc")[:-1],
}


@pytest.mark.parametrize("packet", PACKETS.values(), ids=PACKETS)
async def test_a_broken_packet_costs_itself_and_not_the_line(
    centre: MessageCentre, office: Office, packet: bytes
) -> None:
    office.line.start()
    broken = struct.pack("!I", len(packet)) + packet[4:]
    assert await brought(centre, broken) == 0x65  # never bring it again
    assert office.came == []
    assert isinstance(await office.say("Добрий день"), Sent)
    assert centre.binds == 1


async def brought(centre: MessageCentre, packet: bytes) -> int:
    """Bring a packet as it is: the status that comes back."""
    connected = await centre._bound_line()
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    connected._waiting[77] = answer
    connected._writer.write(packet)
    return await asyncio.wait_for(answer, 5)


ODD: dict[str, tuple[bytes, Happened]] = {
    "a vendor's parameters": (
        delivery("Так".encode("utf-16-be"), 8, parameters=b"\x14\x01\x00\x03\xff\xfe\xfd\x14\x02\x00\x00"),
        Wrote("Так"),
    ),
    "a message class": (delivery(b"Hello \x1be", 0xF1), Wrote("Hello €")),
    "a flash message in UCS-2": (delivery("Так".encode("utf-16-be"), 0x18), Wrote("Так")),
    "Latin-1": (delivery("naïve".encode("latin-1"), 3), Wrote("naïve")),
    "half a letter": (delivery(b"\x04\x22\x04", 8), Wrote("Т\ufffd")),
    "bytes": (delivery(b"\x00\x01", 4), Unsupported("bytes")),
    "an alphabet that nobody knows": (delivery(b"ab", 0xEE), Unsupported("bytes")),
    "a receipt in parameters alone": (
        delivery(b"", 0, 4, b"\x00\x1e\x00\x05m-26\x00\x04\x27\x00\x01\x02"),
        Reported("m-26", "delivered"),
    ),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_what_is_odd_is_read_all_the_same(
    centre: MessageCentre, office: Office, odd: tuple[bytes, Happened]
) -> None:
    await office.say("Добрий день")
    await office.heard(1)
    assert await brought(centre, odd[0]) == 0
    assert (await office.heard(2))[1] == odd[1]
    assert centre.binds == 1


async def test_a_command_that_nobody_knows_is_refused_and_the_line_stays(centre: MessageCentre, office: Office) -> None:
    office.line.start()
    (await centre._bound_line())._writer.write(packet(0x0102, b"\x00" * 9) + packet(0x00010200))
    assert isinstance(await office.say("Добрий день"), Sent)
    assert centre.binds == 1


@pytest.mark.parametrize(
    "garbage",
    [b"\xff" * 64, struct.pack("!IIII", 2**31, 5, 0, 1), struct.pack("!IIII", 3, 5, 0, 1), b"GET / HTTP/1.1\r\n\r\n"],
)
async def test_garbage_makes_the_line_anew(centre: MessageCentre, office: Office, garbage: bytes) -> None:
    office.line.start()
    (await centre._bound_line())._writer.write(garbage)
    await until(lambda: centre.binds >= 2)
    await until(office.line._bound.is_set)
    assert isinstance(await office.say("Добрий день"), Sent)


async def test_whoever_closes_takes_leave(centre: MessageCentre) -> None:
    async with line(centre) as office:
        await office.say("Добрий день")
    await until(lambda: not centre._lines)
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("smpp")] == []


async def test_nobody_there_is_told_in_time() -> None:
    transport = SmppTransport("smpp://vikno:hush@127.0.0.1:9", bound_s=0.3)
    try:
        assert await transport.carry(SmppSubmit("1515", PHONE, "Добрий день")) == NotCarried(False, "not_bound")
    finally:
        await transport.close()


# ---- as data ----


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("http://vikno:hush@host", "address"),
        ("smpp://vikno:hush@", "address"),
        ("smpp://host:2775", "user"),
        ("smpp://a-name-that-is-too-long:hush@host", "user"),
        ("smpp://vikno:too-long-password@host", "password"),
        ("smpp://vikno:hush@host:99999", "port"),
        ("smpp://vikno:hush@host?ids=octal", "ids"),
    ],
)
def test_an_address_that_is_none_is_refused_at_the_start(url: str, wrong: str) -> None:
    with pytest.raises(GatewayUnfit, match=wrong):
        Centre.of(url)
    if url.startswith("smpp:"):
        with pytest.raises(GatewayUnfit):
            Sms(number="1515", gateway=url)


def test_an_address_is_read_whole() -> None:
    centre = Centre.of("smpp://vikno:p%40ss@sms.example?system_type=gov&ids=hex-decimal")
    assert centre == Centre("sms.example", 2775, "vikno", "p@ss", "gov", "hex-decimal")
    assert "p@ss" not in repr(centre)


@given(st.integers(0, 2**32 - 1))
def test_every_status_has_a_meaning(status: int) -> None:
    found = outcome(SmppAnswer(status, "7"))
    assert isinstance(found, Sent if status == 0 else RetryAfter | DeadAddress | BadMessage | Misconfigured)


@pytest.mark.parametrize(
    ("statuses", "meaning"),
    [
        ((0x08, 0x14, 0x58, 0x64), RetryAfter),
        ((0x04, 0x05, 0x0A, 0x0D, 0x0E, 0x0F, 0x15, 0x48, 0x49, 0x53), Misconfigured),
        ((0x0B,), DeadAddress),
        ((0x01, 0x45, 0x61, 0x400), BadMessage),
    ],
)
def test_a_status_means_what_the_specification_says(statuses: tuple[int, ...], meaning: type) -> None:
    assert {type(outcome(SmppAnswer(status))) for status in statuses} == {meaning}


@given(st.binary(max_size=120))
def test_whatever_stands_in_a_deliver_sm_is_read_or_refused(body: bytes) -> None:
    for given_body in (body, delivery(b"")[16:40] + body):
        try:
            read = read_delivery(packet(5, given_body))
        except ValueError:
            continue
        assert read.total >= read.at >= 1
        assert alphabet_of(read.coding) in ("gsm7", "ascii", "latin-1", "utf-16-be", None)


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=150),
    st.from_regex(r"[0-9]{1,15}", fullmatch=True),
    st.sampled_from([0, 4, 0x40]),
)
def test_a_deliver_sm_is_read_as_another_library_writes_it(text: str, number: str, esm_class: int) -> None:
    from aiosmpplib import TON, DeliverSm, PhoneNumber  # type: ignore[import-untyped]

    header = bytes((5, 0, 3, 7, 3, 2)) if esm_class == 0x40 else b""
    message = DeliverSm(
        sequence_num=77,
        short_message=" ",
        source=PhoneNumber(number, TON.INTERNATIONAL),
        destination=PhoneNumber("1515"),
        esm_class=esm_class,
        encoding="ucs2",
    )
    octets = text.encode("utf-16-be")[: 254 - len(header)]
    message.set_encoded_message(header + octets or b"\x00")
    read = read_delivery(message.pdu())
    assert (read.sender, read.to, read.international, read.coding) == (number, "1515", True, 8)
    assert read.octets == (octets if header else octets or b"\x00")
    assert (read.reference, read.total, read.at) == ((7, 3, 2) if header else (0, 1, 1))
    assert read.is_receipt == (esm_class == 4)


async def test_what_was_given_up_before_it_was_written_is_never_written(centre: MessageCentre) -> None:
    async with line(centre, answer_s=0.2) as office:
        await office.say("Перше")
        esme = office.line._esme
        assert esme is not None
        queue, esme.broker._queue = esme.broker._queue, asyncio.Queue()  # nobody takes from this one
        assert await office.say("Друге") == RetryAfter(5.0, "account", "no_answer")
        queue.put_nowait(esme.broker._queue.get_nowait())  # now somebody does
        esme.broker._queue = queue
        assert isinstance(await office.say("Третє"), Sent)
        assert centre.phone(PHONE).texts == ["Перше", "Третє"]


# ---- the centre of these tests, as the real Kannel knows it ----


@pytest.mark.slow
@pytest.mark.xdist_group("kannel")
@pytest.mark.parametrize("ids", ["same", "hex-decimal"])
async def test_the_real_kannel_binds_sends_and_hears_at_the_centre_of_these_tests(tmp_path: Path, ids: Ids) -> None:
    http = HttpTransport()
    async with MessageCentre(ids=ids) as centre:
        group = (
            f"smsc = smpp\nsmsc-id = centre\nhost = 127.0.0.1\nport = {centre.port}\ntransceiver-mode = true\n"
            f"smsc-username = vikno\nsmsc-password = hush\nsystem-type = none\n"
            f"msg-id-type = {'0x01' if ids == 'hex-decimal' else '0x00'}\n"
        )
        starting = kannel(tmp_path, lambda _: group)
        gateway = starting.__enter__()
        try:
            await asyncio.wait_for(centre.bound.wait(), 15)
            sms = Sms(number="1515", gateway=gateway.gateway(), secret=SECRET, callback=gateway.callbacks.url)
            sent = [sms.classify(one, await http.carry(one)) for one in sms.render(Outbound(LONG), PHONE)]  # type: ignore[arg-type]
            assert isinstance(sent[-1], Sent)
            assert await centre.phone(PHONE).read(timeout_s=10) == LONG.strip()
            assert await centre.phone(PHONE).write("Стоп, дякую, " + LONG) == 0
            came = await asyncio.to_thread(gateway.callbacks.messages, 1)
            reports = await asyncio.to_thread(lambda: gateway.callbacks.wait(3))
            happened = [one.happened for raw in reports for one in sms.parse(raw)]
        finally:
            await asyncio.to_thread(starting.__exit__, None, None, None)  # it takes leave of the centre
        assert Reported(sent[-1].message, "sent") in happened
        assert Reported(sent[-1].message, "delivered") in happened
        assert [one.happened for one in sms.parse(came[0])] == [Wrote("Стоп, дякую, " + LONG)]
    await http.close()
