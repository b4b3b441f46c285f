"""What Meta's error codes mean: one table for refusals of a request and for messages that did not arrive after all."""

from __future__ import annotations

from collections.abc import Callable

from vikno.usecases.channel import BadMessage, DeadAddress, Misconfigured, Outcome, RetryAfter
from vikno.wire.limits import WHATSAPP_PAIR_GAP_S

BUSY_S = 5.0
FULL_S = 60.0
"""After a limit of the whole app or account was reached."""
LATER_S = 3600.0
"""After Meta decided that somebody has had enough for now."""


def _account(seconds: float) -> Callable[[str], Outcome]:
    return lambda reason: RetryAfter(seconds, "account", reason)


def _chat(seconds: float) -> Callable[[str], Outcome]:
    return lambda reason: RetryAfter(seconds, "chat", reason)


CODES: dict[int, tuple[Callable[[str], Outcome], str]] = {
    0: (Misconfigured, "AuthException: the token is not valid any more, make a new one"),
    1: (_chat(BUSY_S), "unknown"),
    2: (_account(BUSY_S), "service down"),
    3: (Misconfigured, "the app lacks whatsapp_business_messaging"),
    4: (_account(FULL_S), "too many calls of the app"),
    10: (Misconfigured, "permission denied"),
    33: (Misconfigured, "there is no such number: compare the phone number id"),
    100: (BadMessage, "invalid parameter"),
    190: (Misconfigured, "the token has expired, make a permanent one of a system user"),
    368: (Misconfigured, "blocked for a time: see the policy violations in the account"),
    80007: (_account(FULL_S), "too many calls of the account"),
    130429: (_account(BUSY_S), "too many messages a second"),
    130472: (BadMessage, "not sent: the person is part of an experiment of Meta's"),
    130497: (DeadAddress, "the business may not write to this country"),
    131000: (_chat(BUSY_S), "something went wrong"),
    131005: (Misconfigured, "access denied"),
    131008: (BadMessage, "a parameter is missing"),
    131009: (BadMessage, "a parameter is not valid"),
    131016: (_account(BUSY_S), "service unavailable"),
    131021: (BadMessage, "the receiver is the sender"),
    131026: (DeadAddress, "undeliverable: no WhatsApp, an old one, or the business is blocked"),
    # A trouble of the account would hold back those who are on the list.
    131030: (BadMessage, "a test number writes only to phones on its list, and to these by their phone"),
    131031: (Misconfigured, "the account is locked"),
    131037: (Misconfigured, "the number's name is not approved yet"),
    131042: (Misconfigured, "no way to pay: see the account's payment settings"),
    131045: (Misconfigured, "the number is not registered: register it anew"),
    # What `DeadAddress` says, to the letter: nothing reaches them any more until they write.
    131047: (DeadAddress, "more than 24 hours after their last message, and no template"),
    131048: (Misconfigured, "too many people have blocked or reported the number: see its quality"),
    131049: (_chat(LATER_S), "Meta keeps it from the person for now"),
    131050: (BadMessage, "the person wants no marketing"),
    131051: (BadMessage, "unsupported type"),
    131056: (_chat(float(WHATSAPP_PAIR_GAP_S)), "too many messages to this person"),
    131057: (_account(FULL_S), "the account is being moved"),
    131062: (BadMessage, "this cannot be sent to an id, only to a phone"),
    131064: (Misconfigured, "limited, since templates were of another category than they said"),
    # A template's faults cost the notice and nothing else: replies need no template, and would wait with the account.
    132000: (BadMessage, "template: it has not one parameter"),
    132001: (BadMessage, "template: there is none of this name in this language"),
    132005: (BadMessage, "template: too long with what is filled in"),
    132007: (BadMessage, "template: against Meta's policy"),
    132008: (BadMessage, "template: what is filled in is not valid"),
    132012: (BadMessage, "template: its parameter is no text"),
    132015: (BadMessage, "template: paused for low quality"),
    132016: (BadMessage, "template: disabled for low quality"),
    132018: (BadMessage, "template: what is filled in is not valid"),
    133004: (_account(BUSY_S), "server unavailable"),
    133010: (Misconfigured, "the number is not registered"),
    135000: (BadMessage, "generic"),
}
"""Meta's list of error codes, as far as they can meet a message."""


NO_OBJECT = 33
"""The subcode with which 100 says that there is no such number, or that the token may not see it."""


def meaning(code: int, subcode: int | None = None) -> Outcome | None:
    """What a code means; None if it is on no list."""
    if code == 100 and subcode == NO_OBJECT:
        code = 33
    if code in CODES:
        return CODES[code][0](named(code))
    if 200 <= code <= 299:
        return Misconfigured(named(code))
    return None


def named(code: int) -> str:
    """A code with our own words: Meta's may speak of a person.

    >>> named(131047), named(7)
    ('131047 more than 24 hours after their last message, and no template', '7')
    """
    if 200 <= code <= 299:
        return f"{code} permission denied"
    return f"{code} {CODES[code][1]}" if code in CODES else str(code)
