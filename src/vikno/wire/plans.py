"""Numbering plans: of a number in E.164, its country, its time zone, and whether it is a mobile one, in no time.

libphonenumber asks up to ten patterns of up to twenty-five countries one after the other. Here they are one pattern
for each country code and length, made when the first such number comes. What it does not match is not wrong: it is
left to the slow reader of `vikno.wire.numbers`, which knows what to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from vikno.wire.limits import SMS_PHONE_DIGITS, SMS_PHONE_FEWEST_DIGITS

if TYPE_CHECKING:
    from phonenumbers import PhoneMetadata, PhoneNumberDesc

PLACES = 65_536
"""Beginnings of numbers whose zone is remembered; the tables have fewer that differ."""
YEAR = 2040
"""Zones are compared in this year: later than the changes that are known, so by the rules that go on."""


class Kind(msgspec.Struct, frozen=True):
    """What a number is for. `own`: its digits say which country it is of, where several share a code."""

    mobile: bool | None
    own: bool = True


PERSONS: Mapping[int, Kind] = MappingProxyType(
    {
        0: Kind(False),  # FIXED_LINE
        1: Kind(True),  # MOBILE
        2: Kind(None),  # FIXED_LINE_OR_MOBILE
        6: Kind(None, own=False),  # VOIP
        7: Kind(None, own=False),  # PERSONAL_NUMBER
        8: Kind(None, own=False),  # PAGER
        9: Kind(None, own=False),  # UAN
    }
)
"""Of phonenumbers.PhoneNumberType, those that a person may have: who pays for the others, or answers there, is not."""


class Place(msgspec.Struct, frozen=True):
    """Where a number is from."""

    country: str | None
    zone: str | None
    mobile: bool | None

    @staticmethod
    def of(region: str, kind: Kind, shared: bool) -> str | None:
        """The country of a number of this region, in small letters."""
        return None if region == "001" or (shared and not kind.own) else region.lower()


def place(number: str) -> Place | None:
    """Of a number in E.164; None for what is written otherwise, or is no person's.

    >>> place("+380671234567"), place("+380 67 1234567")
    (Place(country='ua', zone='Europe/Kyiv', mobile=True), None)
    """
    size = len(number) - 1
    if not SMS_PHONE_FEWEST_DIGITS <= size <= SMS_PHONE_DIGITS or not (number.isascii() and number[1:].isdigit()):
        return None
    code = _codes().get(number[1:4])
    if code is None:
        return None
    pattern = _pattern(code, size - len(code))
    found = pattern.fullmatch(number, len(code) + 1) if pattern is not None else None
    if found is None or found.lastgroup is None:
        return None
    return _named(code, found.lastgroup, number[1 : 1 + _longest()] if found.lastgroup[0] == "g" else code)


def dialled(digits: str, country: str) -> str | None:
    """A number as it is dialled in a country, or as it is without its plus sign, in E.164; it need not exist.

    None where it might be meant otherwise: the slow reader knows.

    >>> dialled("0671234567", "ua"), dialled("380671234567", "gb"), dialled("810380671234567", "ru")
    ('+380671234567', '+380671234567', None)
    """
    home = _home(country)
    if home is None or home.abroad.match(digits):
        return None
    if home.trunk and digits.startswith(home.trunk):
        return f"+{home.code}{digits[len(home.trunk) :]}"
    return f"+{digits}" if len(digits) > home.longest else None


@lru_cache(PLACES)
def _named(code: str, group: str, beginning: str) -> Place:
    """What a group of a pattern stands for: `g_UA_0`, a geographical number of UA of kind 0; `c_` for any other."""
    from phonenumbers.tzdata import TIMEZONE_DATA

    _, region, number = group.split("_")
    kind = PERSONS[int(number)]
    regions = _regions(code)
    country = Place.of(region, kind, len(regions) > 1)
    sizes = range(len(beginning), 0, -1)
    zones = next((known for size in sizes if (known := TIMEZONE_DATA.get(beginning[:size]))), ())
    return Place(country, zone_of(tuple(zones), country or regions[0].lower()), kind.mobile)


@lru_cache(4_096)
def zone_of(zones: tuple[str, ...], country: str) -> str | None:
    """The one zone of all of them, if their clocks are alike all year: the country's own name for it, or the first.

    >>> zone_of(("Europe/Guernsey", "Europe/London"), "gb"), zone_of(("Atlantic/Canary", "Europe/Madrid"), "es")
    ('Europe/London', None)
    """
    from babel.core import get_global

    named = [str(get_global("zone_aliases").get(zone, zone)) for zone in zones]
    try:
        clocks = [ZoneInfo(name) for name in named]
    except (ZoneInfoNotFoundError, ValueError):  # Etc/Unknown, or a machine without it
        return None
    if not clocks or any(_clock(one) != _clock(clocks[0]) for one in clocks[1:]):
        return None
    territories = get_global("zone_territories")
    return next((name for name in named if territories.get(name, "").lower() == country), named[0])


@lru_cache(512)
def _clock(zone: ZoneInfo) -> tuple[tuple[int, timedelta | None], ...]:
    """A year's changes: the hour of each, and the offset from then on."""
    start, changes = datetime(YEAR, 1, 1, tzinfo=UTC), []
    last: object = ""
    for hour in range(366 * 24):
        offset = (start + timedelta(hours=hour)).astimezone(zone).utcoffset()
        if offset != last:
            changes.append((hour, offset))
            last = offset
    return tuple(changes)


@cache
def _codes() -> Mapping[str, str]:
    """The first three digits of a number -> the country code that it begins with. No code begins with another."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    codes = [str(code) for code in COUNTRY_CODE_TO_REGION_CODE]
    return {code + rest: code for code in codes for rest in _all(3 - len(code))}


def _all(size: int) -> list[str]:
    return [f"{number:0{size}}" for number in range(10**size)] if size else [""]


@cache
def _longest() -> int:
    from phonenumbers.tzdata import TIMEZONE_LONGEST_PREFIX

    return TIMEZONE_LONGEST_PREFIX


def _regions(code: str) -> tuple[str, ...]:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    return tuple(COUNTRY_CODE_TO_REGION_CODE[int(code)])


def _metadata(code: str, region: str) -> PhoneMetadata | None:
    from phonenumbers import PhoneMetadata

    of_region = PhoneMetadata.metadata_for_region(region, None)
    return of_region if region != "001" else PhoneMetadata.metadata_for_nongeo_region(int(code), None)


class _Home(msgspec.Struct, frozen=True):
    """How a country dials: the digit before a number at home, those before one abroad, the longest number there is."""

    code: int
    trunk: str
    abroad: re.Pattern[str]
    longest: int


@lru_cache(512)
def _home(country: str) -> _Home | None:
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region(country.upper(), None)
    if metadata is None or metadata.general_desc is None or metadata.country_code is None:
        return None
    # Some countries change a number while they take its digit away; those are left to the slow reader.
    trunk = metadata.national_prefix if metadata.national_prefix == metadata.national_prefix_for_parsing else None
    abroad = re.compile(metadata.international_prefix or "00")
    return _Home(metadata.country_code, trunk or "", abroad, max(metadata.general_desc.possible_length))


@cache
def _pattern(code: str, size: int) -> re.Pattern[str] | None:
    """Of all numbers of so many digits after this code; None where there are none."""
    regions = _regions(code)
    main = _metadata(code, regions[0])
    if main is None or main.general_desc is None or size not in main.general_desc.possible_length:
        return None
    joined = ""
    for region in reversed(regions):
        metadata = _metadata(code, region)
        here = "|".join(_kinds(metadata, int(code), region, size)) if metadata is not None else ""
        if metadata is not None and metadata.leading_digits:
            # A region whose first digits fit has the number for itself: none below it is asked.
            here = f"(?={metadata.leading_digits})(?:{here})" if here else ""
            joined = f"(?!{metadata.leading_digits})(?:{joined})" if joined else ""
        joined = "|".join(part for part in (here, joined) if part)
    if not joined:
        return None
    # What might be dialled with a digit within the country only is left to the slow reader.
    dialled = f"(?!{main.national_prefix_for_parsing})" if main.national_prefix_for_parsing else ""
    return re.compile(f"{dialled}(?:{joined})", re.ASCII)


def _kinds(metadata: PhoneMetadata, code: int, region: str, size: int) -> Iterator[str]:
    """The patterns of a region in the order in which libphonenumber asks them; those of persons have names."""
    from phonenumbers import PhoneNumberType as Type
    from phonenumbers.phonenumberutil import is_number_type_geographical

    def fits(desc: PhoneNumberDesc | None) -> bool:
        if desc is None or not desc.national_number_pattern:
            return False
        return not desc.possible_length or size in desc.possible_length

    def branch(kind: int, pattern: str) -> str:
        if kind not in PERSONS:
            return rf"{general}(?:{pattern})\Z"
        letter = "g" if is_number_type_geographical(kind, code) else "c"
        return rf"{general}(?P<{letter}_{region}_{kind}>(?:{pattern})\Z)"

    if not fits(metadata.general_desc) or metadata.general_desc is None:
        return
    general = rf"(?=(?:{metadata.general_desc.national_number_pattern})\Z)"
    for kind, desc in (
        (Type.PREMIUM_RATE, metadata.premium_rate),
        (Type.TOLL_FREE, metadata.toll_free),
        (Type.SHARED_COST, metadata.shared_cost),
        (Type.VOIP, metadata.voip),
        (Type.PERSONAL_NUMBER, metadata.personal_number),
        (Type.PAGER, metadata.pager),
        (Type.UAN, metadata.uan),
        (Type.VOICEMAIL, metadata.voicemail),
    ):
        if desc is not None and fits(desc):
            yield branch(kind, str(desc.national_number_pattern))
    fixed, mobile, same = metadata.fixed_line, metadata.mobile, metadata.same_mobile_and_fixed_line_pattern
    if fixed is not None and fits(fixed):
        pattern = str(fixed.national_number_pattern)
        if same:
            yield branch(Type.FIXED_LINE_OR_MOBILE, pattern)
            return
        if mobile is not None and fits(mobile):
            yield branch(Type.FIXED_LINE_OR_MOBILE, rf"(?=(?:{mobile.national_number_pattern})\Z)(?:{pattern})")
        yield branch(Type.FIXED_LINE, pattern)
    if not same and mobile is not None and fits(mobile):
        yield branch(Type.MOBILE, str(mobile.national_number_pattern))
