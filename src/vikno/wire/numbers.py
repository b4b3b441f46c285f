"""What people and systems write as a phone number or an e-mail address, and the form in which it is kept.

A number is E.164 with its plus sign: `+380671234567`. The address of a person on `sms/main` and on `whatsapp/main` is
the same without the plus (`Phone.digits`), which is what `vikno.channels.sms.phones.phone` makes of every sender, and
what Meta calls wa_id. So somebody who writes to us and somebody who stands in a list are one person. An e-mail
address is that of `vikno.wire.mailboxes.mailbox`, for the same reason: small letters, the domain in ASCII.

Which numbers there are is known by libphonenumber's tables (PyPI `phonenumbers`). A list of a million numbers is read
by the same tables as one pattern for each country code and length, which is some ten times as fast.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Literal

import msgspec

from vikno.wire.limits import SMS_PHONE_DIGITS, SMS_PHONE_FEWEST_DIGITS
from vikno.wire.mailboxes import mailbox
from vikno.wire.plans import PERSONS, Place, dialled, place, zone_of

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

MOST_WRITTEN = 80
"""Characters of a number with all that may stand between its digits."""
FEWEST_WRITTEN = 5
"""Digits of a number as it is dialled at home; what is shorter is a service of the network."""
LONGEST_EMAIL = 1_000
"""Characters of an address with its name."""
BETWEEN = frozenset(" \t().-/‐‑‒–—―−⁄·•")
"""What may stand between digits, after compatibility forms are plain ones."""
_NOTHING = {ord(sign): None for sign in (*BETWEEN, *"\n\r\v\f\x1c\x1d\x1e\x1f")}
UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""What a copied number brings with it and nobody sees."""
_DRAMA = re.compile(r"\+447700900\d{3}")
"""Kept by Ofcom for films; nobody has them. Notify simulates its receipts with them."""
_EMAIL = re.compile(r'(?:"[^"]*"|[^<>@,;"])*<([^<>\s]+)>|([^<>\s,;()"]+)')

Reason = Literal["short", "long", "symbols", "country", "nobody", "email"]
SENTENCES: dict[Reason, str] = {
    "short": "Not enough digits",
    "long": "Too many digits",
    "symbols": "Must not contain letters or symbols",
    "country": "Not a valid country prefix",
    "nobody": "Number is not valid – double check the phone number you entered",
    "email": "Not a valid email address",
}


class Phone(msgspec.Struct, frozen=True):
    """A number that a person may have."""

    number: str
    """E.164: +380671234567."""
    country: str | None
    """ISO 3166 alpha-2 in small letters; None for satellites, and for what several countries of one code share."""
    zone: str | None
    """The time zone of all such numbers, where they have the same clock all year; who moves, may keep a number."""
    mobile: bool | None
    """None where a country gives both the same numbers, as the USA do."""

    @property
    def digits(self) -> str:
        """The address on `sms/main` and `whatsapp/main`."""
        return self.number[1:]


class Wrong(msgspec.Struct, frozen=True):
    """No number, or no address. `said` is a sentence in the words of GOV.UK Notify, which systems may show."""

    reason: Reason
    said: str


def read_phone(written: str, country: str) -> Phone | Wrong:
    """A number however it is written; `country` is where one without a country's code belongs.

    >>> read_phone("067 123-45-67", "ua")
    Phone(number='+380671234567', country='ua', zone='Europe/Kyiv', mobile=True)
    >>> [read_phone(one, "gb").number for one in ("00380 (67) 1234567", "+44 (0)7911 123457", "380671234567")]
    ['+380671234567', '+447911123457', '+380671234567']
    >>> read_phone("07911 12345", "gb")
    Wrong(reason='short', said='Not enough digits')
    >>> read_phone("0691 123 4567", "gb").said
    'Number is not valid – double check the phone number you entered'
    """
    if written[:1] == "+" and (known := place(written)) is not None:
        return Phone(written, known.country, known.zone, known.mobile)
    if len(written) > MOST_WRITTEN:
        return _wrong("long")
    plain = _plain(written)
    if plain is None:
        return _wrong("symbols")
    digits = plain.removeprefix("+")
    if len(digits) < FEWEST_WRITTEN:
        return _wrong("short")
    if plain[0] != "+" and digits.startswith("00"):
        plain = "+" + digits[2:]
    number = plain if plain[0] == "+" else dialled(digits, country)
    if number is not None and (known := place(number)) is not None:
        return Phone(number, known.country, known.zone, known.mobile)
    return _read(plain, country)


def as_mobile(phone: Phone) -> Phone | Wrong:
    """The same number, unless it is certain that no text message reaches it.

    >>> as_mobile(read_phone("044 2345678", "ua"))
    Wrong(reason='nobody', said='Not a mobile number of Ukraine')
    """
    return _no_mobile(phone.country or "") if phone.mobile is False else phone


def read_email(written: str) -> str | Wrong:
    """An address as it is kept, with or without a name before it: small letters, the domain in ASCII.

    >>> read_email(" Олена <Olena@Пошта.укр>"), read_email("olena@example")
    ('olena@xn--80a1acn3a.xn--j1amh', Wrong(reason='email', said='Not a valid email address'))
    """
    plain = UNSEEN.sub("", unicodedata.normalize("NFKC", written)).strip() if len(written) <= LONGEST_EMAIL else ""
    found = _EMAIL.fullmatch(plain)
    address = mailbox(found[1] or found[2]) if found else None
    last = address.rpartition(".")[2] if address else ""
    # A host without a dot is a machine of ours, and an address of digits is nobody's mailbox.
    fits = address is not None and "." in address.partition("@")[2] and len(last) > 1 and not last.isdigit()
    return address if address is not None and fits else _wrong("email")


def _plain(written: str) -> str | None:
    """Digits, after a plus sign or none; None where anything else stands between them."""
    if written.isascii():
        plain = written.translate(_NOTHING)
        return (plain or "0") if plain[plain[:1] == "+" :].isdigit() or plain in ("", "+") else None
    plain = ""
    for letter in UNSEEN.sub("", unicodedata.normalize("NFKC", written)).strip():
        digit = unicodedata.decimal(letter, None)
        if digit is not None:
            plain += str(digit)
        elif letter == "+" and not plain:
            plain = "+"
        elif letter not in BETWEEN and not letter.isspace():
            return None
    return plain or "0"


def _read(plain: str, country: str) -> Phone | Wrong:
    """By libphonenumber's own reader: slow, and right about each country's ways to dial."""
    import phonenumbers as known

    tries = [(plain, None)] if plain[0] == "+" else [(plain, country.upper()), ("+" + plain, None)]
    wrong: list[Wrong] = []
    for text, region in tries:
        if region is not None and region not in known.SUPPORTED_REGIONS:
            wrong.append(_wrong("country"))
            continue
        if len(text) > SMS_PHONE_DIGITS + 5:  # a code to dial abroad, a trunk's digit, and the number
            wrong.append(_wrong("long"))
            continue
        try:
            number = known.parse(text, region)
        except known.NumberParseException as error:
            wrong.append(_wrong(_REFUSED.get(error.error_type, "short")))
            continue
        read = _judged(number)
        if isinstance(read, Phone):
            return read
        wrong.append(read)
    return wrong[0]


_REFUSED: dict[int, Reason] = {0: "country", 4: "long"}
"""NumberParseException: INVALID_COUNTRY_CODE, TOO_LONG; all others mean that too little is there."""


def _judged(number: PhoneNumber) -> Phone | Wrong:
    import phonenumbers as known
    from phonenumbers.timezone import time_zones_for_number

    written = known.format_number(number, known.PhoneNumberFormat.E164)
    if _DRAMA.fullmatch(written):
        return Phone(written, "gb", "Europe/London", True)
    possible = known.is_possible_number_with_reason(number)
    regions = known.COUNTRY_CODE_TO_REGION_CODE.get(number.country_code or 0)
    if possible == known.ValidationResult.INVALID_COUNTRY_CODE or not regions:
        return _wrong("country")
    if possible == known.ValidationResult.TOO_LONG or len(written) > SMS_PHONE_DIGITS + 1:
        return _wrong("long")
    if possible in (known.ValidationResult.TOO_SHORT, known.ValidationResult.IS_POSSIBLE_LOCAL_ONLY):
        return _wrong("short")
    if len(written) <= SMS_PHONE_FEWEST_DIGITS:
        return _wrong("short")
    kind, region = known.number_type(number), known.region_code_for_number(number)
    if not known.is_valid_number(number):
        longer = known.is_possible_number_for_type_with_reason(number, known.PhoneNumberType.MOBILE)
        if longer in (known.ValidationResult.TOO_LONG, known.ValidationResult.TOO_SHORT):
            return _wrong("long" if longer == known.ValidationResult.TOO_LONG else "short")
    if kind not in PERSONS or not known.is_valid_number(number):
        return _wrong("nobody")
    found = Place.of(region or "001", PERSONS[kind], len(regions) > 1)
    zone = zone_of(tuple(time_zones_for_number(number)), found or regions[0].lower())
    return Phone(written, found, zone, PERSONS[kind].mobile)


def _wrong(reason: Reason) -> Wrong:
    return Wrong(reason, SENTENCES[reason])


def _no_mobile(country: str) -> Wrong:
    """A number at which people are called and not written to."""
    from babel import Locale

    if country.lower() == "gb":
        return Wrong("nobody", "Not a UK mobile number")
    name = Locale("en").territories.get(country.upper()) if country not in ("", "001") else None
    return Wrong("nobody", f"Not a mobile number of {name}" if name else "Not a mobile number")
