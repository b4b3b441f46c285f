"""Numbers and addresses however they are written: one form, the same on every channel, and the slow reader agrees."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikno.channels.email.addresses import mailbox
from vikno.channels.sms.phones import phone
from vikno.channels.whatsapp.inbound import _address
from vikno.wire.numbers import Phone, Wrong, _read, as_mobile, read_email, read_phone
from vikno.wire.plans import PERSONS, dialled, place, zone_of

OLENA = Phone("+380671234567", "ua", "Europe/Kyiv", True)

NOBODYS = "Number is not valid – double check the phone number you entered"


@pytest.mark.parametrize(
    "written",
    [
        "+380671234567",
        "380671234567",
        "00380671234567",
        "0671234567",
        "067 123 45 67",
        "(067) 123-45-67",
        "067.123.45.67",
        "067/123-45-67",
        "  +38 (067) 123–45–67\n",
        "+380 (0) 67 123 45 67",
        "＋３８０ ６７ １２３ ４５ ６７",
        "\u202a+380671234567\u202c",
        "\u200e067\u00a0123\u20114567",
        "٠٦٧١٢٣٤٥٦٧",
    ],
)
def test_a_number_is_one_however_it_is_written(written: str) -> None:
    assert read_phone(written, "ua") == OLENA


@pytest.mark.parametrize(
    ("written", "country", "said"),
    [
        ("", "ua", "Not enough digits"),
        ("+", "ua", "Not enough digits"),
        ("1515", "ua", "Not enough digits"),
        ("+38067123456", "ua", "Not enough digits"),
        ("07911 12345", "gb", "Not enough digits"),
        ("+683 4002", "gb", "Not enough digits"),  # Niue: no gateway takes so short a number for a person's
        ("+3806712345678", "ua", "Too many digits"),
        ("07911 1234567", "gb", "Too many digits"),
        ("0" * 79, "gb", "Too many digits"),
        ("0 " * 500_000, "gb", "Too many digits"),
        ("CALL-ME-NOW", "us", "Must not contain letters or symbols"),
        ("0671234567 Olena", "ua", "Must not contain letters or symbols"),
        ("067123+4567", "ua", "Must not contain letters or symbols"),
        ("++380671234567", "ua", "Must not contain letters or symbols"),
        ("067½1234567", "ua", "Too many digits"),  # its compatible form is 1⁄2
        ("+999 1234567890", "ua", "Not a valid country prefix"),
        ("0671234567", "eu", "Not a valid country prefix"),
        ("0691 123 4567", "gb", NOBODYS),
        ("0221234567", "ua", NOBODYS),
        ("+1 800 555 1234", "ua", NOBODYS),
        ("+800 1234 5678", "ua", NOBODYS),
        ("0900 123 456", "ua", NOBODYS),
    ],
)
def test_what_is_no_number_is_told_as_notify_tells_it(written: str, country: str, said: str) -> None:
    found = read_phone(written, country)
    assert isinstance(found, Wrong)
    assert found.said == said


@pytest.mark.parametrize(
    ("written", "country", "zone", "mobile"),
    [
        ("+447400123456", "gb", "Europe/London", True),
        ("+447781123456", "gg", "Europe/Guernsey", True),
        ("+447700900003", "gb", "Europe/London", True),  # Notify's simulator; Ofcom keeps it for films
        ("+12025550123", "us", "America/New_York", None),
        ("+79161234567", "ru", None, True),  # eleven zones
        ("+77011234567", "kz", None, True),
        ("+919876543210", "in", "Asia/Kolkata", True),
        ("+6581234567", "sg", "Asia/Singapore", True),
        ("+34612345678", "es", None, True),  # the Canaries are an hour behind
        ("+380442345678", "ua", "Europe/Kyiv", False),
        ("+881612345678", None, None, True),  # a satellite's
        ("+447012345678", None, "Europe/London", None),  # who it is forwarded to lives on any of four islands
    ],
)
def test_country_zone_and_kind_are_told_where_the_number_tells_them(
    written: str, country: str | None, zone: str | None, mobile: bool | None
) -> None:
    assert read_phone(written, "ua") == Phone(written, country, zone, mobile)


def test_a_landline_is_no_mobile_and_an_american_number_may_be_one() -> None:
    for written, fits in (("+380442345678", False), ("+12025550123", True), ("+380671234567", True)):
        found = read_phone(written, "ua")
        assert isinstance(found, Phone)
        assert (as_mobile(found) == found) is fits


def samples() -> Iterator[str]:
    """Numbers of every country and kind: libphonenumber's examples, and neighbours of theirs, near and far."""
    draw = random.Random(20261122)  # noqa: S311
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in range(11):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None:
                continue
            written = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
            yield written
            for keep in (3, 4, 5, 6, 7):
                rest = "".join(
                    draw.choices("0123456789", k=max(0, len(written) - keep + draw.choice((-1, 0, 0, 0, 1))))
                )
                yield written[:keep] + rest
    for code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS:
        for _ in range(20):
            yield f"+{code}" + "".join(draw.choices("0123456789", k=draw.randint(6, 11)))


SAMPLES = sorted(set(samples()))


def test_what_is_read_fast_is_what_libphonenumber_says() -> None:
    fast = slow = 0
    for written in SAMPLES:
        known, read = place(written), _read(written, "ua")
        if known is not None:
            assert read == Phone(written, known.country, known.zone, known.mobile)
            fast += 1
        elif isinstance(read, Phone) and read.number == written:
            slow += 1
    assert len(SAMPLES) > 8_000
    assert fast > 20 * slow  # those that might be dialled with the digit of long distance, as Russian landlines


def test_what_is_dialled_at_home_or_lacks_its_plus_is_read_as_libphonenumber_reads_it() -> None:
    compared = 0
    for written in SAMPLES:
        if not isinstance(_read(written, "ua"), Phone):
            continue
        number = phonenumbers.parse(written)
        home = str(phonenumbers.region_code_for_number(number)).lower()
        national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
        for form in ("".join(filter(str.isdigit, national)), written[1:]):
            for country in (home, "ua", "ru", "us", "fi", "it"):
                made = dialled(form, country)
                known = place(made) if made is not None and not form.startswith("00") else None
                if made is not None and known is not None:
                    assert _read(form, country) == Phone(made, known.country, known.zone, known.mobile), (form, country)
                    compared += 1
    assert compared > 3_000


@given(st.text("0123456789+ ()-.\n\x1f", max_size=20))
def test_plain_letters_are_read_alike_with_and_without_their_compatible_forms(written: str) -> None:
    assert read_phone(written, "ua") == read_phone(written + "\u200b", "ua")


def test_an_address_is_the_same_from_a_list_from_a_gateway_and_from_whatsapp() -> None:
    compared = 0
    for written in SAMPLES:
        found = read_phone(written, "ua")
        if isinstance(found, Phone):
            assert found.digits == phone(found.number) == phone(found.digits) == phone(f"00{found.digits}")
            assert found.digits == _address(None, found.digits, phones=True)
            assert read_phone(found.number, "ua") == found
            compared += 1
    assert compared > 2_000


@given(st.text(max_size=90), st.sampled_from(["ua", "gb", "us", "ru", "example", ""]))
def test_anything_may_be_written(written: str, country: str) -> None:
    for found in (read_phone(written, country), read_phone("+" + written, country), read_email(written)):
        assert isinstance(found, Phone | Wrong | str)


@given(st.text("0123456789+ ()-", min_size=6, max_size=20), st.sampled_from(["ua", "gb", "us", "ru"]))
def test_what_was_read_is_read_again_as_the_same(written: str, country: str) -> None:
    found = read_phone(written, country)
    if isinstance(found, Phone):
        assert read_phone(found.number, "sg") == found


def test_the_kinds_of_numbers_that_persons_have_are_those_of_the_library() -> None:
    kinds = phonenumbers.PhoneNumberType
    others = (kinds.PREMIUM_RATE, kinds.TOLL_FREE, kinds.SHARED_COST, kinds.VOICEMAIL)
    persons = (kinds.FIXED_LINE, kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE, kinds.VOIP)
    assert set(PERSONS) == {*persons, kinds.PERSONAL_NUMBER, kinds.PAGER, kinds.UAN}
    assert not set(PERSONS) & set(others)


def test_zones_are_one_only_if_their_clocks_always_are() -> None:
    assert zone_of(("Asia/Calcutta",), "in") == "Asia/Kolkata"
    assert zone_of(("Europe/Kyiv", "Europe/Warsaw"), "ua") is None
    assert zone_of(("Europe/London", "Africa/Abidjan"), "gb") is None  # alike in winter only
    assert zone_of(("Etc/Unknown",), "ua") is None
    assert zone_of((), "ua") is None


def test_where_a_number_may_be_meant_otherwise_the_slow_reader_is_asked() -> None:
    assert dialled("01123456789", "ar") is None  # Argentina changes digits when it takes the first one away
    assert dialled("996700123456", "fi") is None  # a way to dial abroad, and the code of Kyrgyzstan
    assert dialled("671234567", "ua") is None
    assert dialled("0671234567", "example") is None


@pytest.mark.parametrize("before", ["+38067", "067", "38067", "+380 67 "])
def test_a_list_of_numbers_is_read_at_the_pace_of_a_campaign(before: str) -> None:
    numbers = [f"{before}{at:07}" for at in range(10_000)]
    read_phone(numbers[0], "ua")
    paces = []
    for _ in range(5):
        start = time.perf_counter()
        for number in numbers:
            read_phone(number, "ua")
        paces.append((time.perf_counter() - start) / len(numbers))
    assert min(paces) < 20e-6  # about 3 µs on an idle machine; libphonenumber alone takes 45


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("olena@example.org", "olena@example.org"),
        (" Olena.K+x@Example.ORG\n", "olena.k+x@example.org"),
        ("Олена К. <olena@пошта.укр>", "olena@xn--80a1acn3a.xn--j1amh"),
        ('"К., Олена" <olena@example.org>', "olena@example.org"),
        ("ｏｌｅｎａ＠ｅｘａｍｐｌｅ．ｏｒｇ", "olena@example.org"),
        ("\u200bolena@example.org", "olena@example.org"),
    ],
)
def test_an_address_is_kept_as_the_mail_channel_keeps_it(written: str, address: str) -> None:
    assert read_email(written) == address == mailbox(address)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "olena",
        "olena@",
        "@example.org",
        "olena@example",
        "olena@127.0.0.1",
        "olena@example..org",
        "olena@-example.org",
        "a@example.org, b@example.org",
        "a@example.org;b@example.org",
        "a@example.org b@example.org",
        "a@example.org <b@example.org>",
        "olena @example.org",
        "olena@example.org\r\nBcc: x@example.org",
        "Олена@example.org",
        f"{'a' * 65}@example.org",
        f"{'a' * 2_000}@example.org",
        f"{'n' * 990}<a@b.ua>{' ' * 90}",
    ],
)
def test_what_is_no_address_is_told(written: str) -> None:
    assert read_email(written) == Wrong("email", "Not a valid email address")
