"""Addresses that nobody can make up: where an answer goes, where a bounce goes, and what a Message-ID says.

    vikno@example.org                  the mailbox: a new conversation
    vikno+<token>@example.org          the same, by an entry link
    reply+<mac>@example.org            an answer to a mail that went to one address
    stop+<mac>@example.org             no more mails to this address
    bounce+<id>.<mac>@example.org      a mail could not be delivered

The MAC binds account, purpose and the person's address, so an address of one person is of no use to another. It is in
base32, because some servers write local parts in small letters; 26 letters of it leave the 64 of RFC 5321 unharmed.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from vikno.usecases.channel import MOST_TOKEN_CHARACTERS
from vikno.wire.limits import EMAIL_LOCAL_PART_CHARACTERS
from vikno.wire.mailboxes import ATOMS, mailbox

__all__ = ["Door", "Doors", "choices_of", "mailbox", "with_choices"]

MAC_BYTES = 16
MOST_CHOICES_CHARACTERS = 200
"""Of the choices that a Message-ID carries; a longer header is where old servers begin to fold or cut."""

_ID = re.compile(r"[A-Za-z0-9_.-]+\Z")

Way = Literal["new", "entry", "reply", "stop", "bounce"]


@dataclass(frozen=True, slots=True)
class Door:
    """What a local part says: by which way a mail came, and with what."""

    way: Way
    token: str = ""
    """entry: the link's payload · reply, stop, bounce: the MAC."""
    message: str = ""
    """bounce: the id of the mail."""


@dataclass(frozen=True)
class Doors:
    """The addresses of one account."""

    account: str
    mailbox: str
    domain: str
    key: bytes = field(repr=False)

    def main(self) -> str:
        return f"{self.mailbox}@{self.domain}"

    def entry(self, token: str) -> str:
        return f"{self.mailbox}+{token}@{self.domain}"

    def reply(self, address: str) -> str:
        return f"reply+{self.mac('reply', address)}@{self.domain}"

    def stop(self, address: str) -> str:
        return f"stop+{self.mac('stop', address)}@{self.domain}"

    def bounce(self, message: str, address: str) -> str:
        return f"bounce+{message}.{self.mac('bounce', message, address)}@{self.domain}"

    def door(self, envelope_to: str) -> Door | None:
        """By which door a mail came; None if it is none of ours."""
        local, at, domain = envelope_to.strip("<> ").rpartition("@")
        if not at or domain.lower() != self.domain or len(local) > EMAIL_LOCAL_PART_CHARACTERS:
            return None
        name, plus, rest = local.partition("+")
        match name.lower():
            case self.mailbox if not plus:
                return Door("new")
            case self.mailbox if re.fullmatch(rf"[A-Za-z0-9_-]{{1,{MOST_TOKEN_CHARACTERS}}}", rest):
                return Door("entry", rest)
            case "reply" if rest:
                return Door("reply", rest.lower())
            case "stop" if rest:
                return Door("stop", rest.lower())
            case "bounce" if "." in rest:
                message, _, mac = rest.lower().rpartition(".")
                return Door("bounce", mac, message)
        return None

    def owner(self, door: Door, addresses: Iterable[str]) -> str | None:
        """Whose door it is, among the addresses that a mail names; None if it is nobody's. In constant time."""
        named = (door.message,) if door.way == "bounce" else ()
        token = door.token.encode("ascii", "replace")
        mine = [one for one in addresses if hmac.compare_digest(self.mac(door.way, *named, one).encode(), token)]
        return mine[0] if mine else None

    def mac(self, purpose: str, *about: str) -> str:
        what = "\0".join((purpose, self.account, *about)).encode("utf-8", "surrogatepass")
        return b32encode(hmac.digest(self.key, what, "sha256")[:MAC_BYTES]).decode().rstrip("=").lower()


def with_choices(message: str, ids: Sequence[str]) -> str:
    """The left part of a Message-ID that says which button stands behind each number, so that an answer to an older
    mail answers that mail and not the latest. Without them, if they do not fit in.

    >>> with_choices("k3x7", ["12.aey", "12.abc"])
    'k3x7~12.a~ey+bc'
    """
    if not ids or not all(_ID.match(one) for one in ids):
        return message
    prefix = _common(ids)
    while prefix and not (prefix[-1].isalnum() and prefix[0].isalnum() and ".." not in prefix):
        prefix = prefix[:-1]
    said = f"{prefix}~{'+'.join(one[len(prefix) :] for one in ids)}"
    whole = f"{message}~{said}"
    return whole if len(said) <= MOST_CHOICES_CHARACTERS and re.fullmatch(ATOMS, whole) else message


def choices_of(left: str) -> tuple[str, ...]:
    """The ids in the left part of a Message-ID of ours.

    >>> choices_of("k3x7~12.a~ey+bc"), choices_of("k3x7")
    (('12.aey', '12.abc'), ())
    """
    _, known, rest = left.partition("~")
    prefix, said, ends = rest.partition("~")
    if not (known and said) or len(rest) > MOST_CHOICES_CHARACTERS:
        return ()
    return tuple(prefix + end for end in ends.split("+"))


def _common(ids: Sequence[str]) -> str:
    first, last = min(ids), max(ids)
    same = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return first[:same]
