"""Mask an address: enough of it to know one's own again, too little for anybody else."""

from __future__ import annotations

DOTS = "•••"
NUMBERS = frozenset({"sms", "whatsapp"})
"""Kinds of channels whose addresses are telephone numbers, kept without their plus."""
FEW = 8
"""Digits of a number of which only the last two are shown."""


def masked(written: str) -> str:
    """A phone number, an e-mail address, or whatever else names somebody.

    >>> masked("+380671234567"), masked("olena@example.org"), masked("o@x.org"), masked("12345"), masked("")
    ('+380•••67', 'o•••@example.org', '•••@x.org', '•••45', '')
    """
    name, at, domain = written.rpartition("@")
    if at:
        return f"{name[:1] if len(name) > 1 else ''}{DOTS}@{domain}"
    if not written:
        return ""
    if len(written) <= FEW:
        return f"{DOTS}{written[-2:]}" if len(written) > len(DOTS) else DOTS
    kept = 4 if written[0] == "+" else 3
    return f"{written[:kept]}{DOTS}{written[-2:]}"


def masked_on(channel: str, address: str) -> str:
    """An address as it is kept for a channel; nothing for a messenger, whose ids say nothing to people.

    >>> masked_on("sms", "380671234567"), masked_on("email", "olena@example.org"), masked_on("viber", "x+y=")
    ('+380•••67', 'o•••@example.org', '')
    """
    if channel in NUMBERS:
        return masked(f"+{address.removeprefix('+')}")
    return masked(address) if channel == "email" else ""
