"""Phone numbers: as digits of E.164, however they are written. What is no person's number is none."""

from __future__ import annotations

import re

from vikno.wire.limits import SMS_PHONE_DIGITS, SMS_PHONE_FEWEST_DIGITS

_WRITTEN = re.compile(r"(?:\+|00)?[0-9](?:[0-9\s().-]*[0-9])?")
_BETWEEN = re.compile(r"[^0-9]")
MOST_WRITTEN = 40
TRUNK = "0"
"""What stands before a number that is dialled within its country (in Ukraine, and in most of Europe)."""


def phone(written: str, country: str = "380") -> str | None:
    """The digits of a person's number, with the country's code; None for a name, a short number or nothing.

    >>> phone("+380 (50) 111-22-33"), phone("00380501112233"), phone("0501112233"), phone("380501112233")
    ('380501112233', '380501112233', '380501112233', '380501112233')
    >>> phone("VIKNO"), phone("1515"), phone("")
    (None, None, None)
    """
    written = written.strip()
    if len(written) > MOST_WRITTEN or not written.isascii() or not _WRITTEN.fullmatch(written):
        return None
    digits = _BETWEEN.sub("", written)
    if not written.startswith("+"):
        if digits.startswith("00"):
            digits = digits[2:]
        elif digits.startswith(TRUNK) and country:
            digits = country + digits.removeprefix(TRUNK)
    if digits.startswith("0") or not SMS_PHONE_FEWEST_DIGITS <= len(digits) <= SMS_PHONE_DIGITS:
        return None
    return digits
