"""Tell a sender of a plan what is theirs to know: what becomes of the addresses they gave, and on what it was tried.

Which other messengers somebody has linked to their page is the person's own. Whoever knows a number would otherwise
learn it by asking, about everybody, and without anybody being written to.
"""

from __future__ import annotations

from collections.abc import Collection

BY_PHONE = frozenset({"sms", "whatsapp"})
"""Kinds of channels on which a phone number is an address."""
EMAIL = "email"


def kinds_given(to: str, written: str) -> frozenset[str]:
    """The kinds of the addresses that a sender gave. `to`: the conversation it is for; `written`: as they wrote it.

    >>> sorted(kinds_given("sms/main:0a", "+380671234567")), sorted(kinds_given("viber/main:0a", "x1"))
    (['sms', 'whatsapp'], ['viber'])
    >>> sorted(kinds_given("email/main:0a", "067 1234567, olena@mail.example, telegram:17"))
    ['email', 'sms', 'telegram', 'whatsapp']
    """
    kinds, parts = {to.partition("/")[0]}, written.split(", ")
    if len(parts) > 1:
        kinds |= {_kind(one) for one in parts}
    return frozenset(kinds | BY_PHONE if kinds & BY_PHONE else kinds)


def is_told(channel: str, given: Collection[str] | None, *, tried: bool = False) -> bool:
    """Whether the sender hears of an address on this channel. `given`: kinds of those they gave, None for all."""
    return given is None or tried or channel in given


def _kind(written: str) -> str:
    channel, colon, _ = written.partition(":")
    if colon:
        return channel
    return EMAIL if "@" in written else "sms"
