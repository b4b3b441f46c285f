"""E-mail: consultations by letter and answer, notices by letter; out by SMTP, in by LMTP or SMTP."""

from __future__ import annotations

import secrets
import time
from base64 import b32encode
from collections.abc import Awaitable, Callable, Sequence
from email.utils import parseaddr
from functools import cached_property
from typing import Any
from urllib.parse import quote

import dkim as dkimpy  # type: ignore[import-untyped]

from vikno.channels.email import inbound, outbound
from vikno.channels.email.addresses import Doors, mailbox
from vikno.channels.email.outbound import Greeting, Mail, SmtpAnswer, Writer
from vikno.channels.email.server import Listener, Receive, listening, serve, through
from vikno.channels.email.signing import Signer
from vikno.channels.email.transport import Server, SmtpTransport
from vikno.domain.errors import ViknoError
from vikno.usecases.channel import (
    Ack,
    Capabilities,
    EntryLink,
    Health,
    Inbound,
    NotCarried,
    Outbound,
    Outcome,
    Raw,
    Refused,
)
from vikno.wire.limits import EMAIL_LOCAL_PART_CHARACTERS

__all__ = [
    "Email", "Greeting", "Listener", "Mail", "Receive", "SenderWrong", "Server", "SmtpAnswer", "SmtpTransport",
    "listening", "serve", "through",
]  # fmt: skip

ID_BYTES = 10
"""Of a mail's id, random: 80 bits in 16 letters."""


class SenderWrong(ViknoError):
    """The sender must be a name and an address, `Vikno <vikno@example.org>`, with at most 41 letters before the @."""

    code = "sender_wrong"


def _new_id() -> str:
    return b32encode(secrets.token_bytes(ID_BYTES)).decode().lower()


class Email:
    """An account by e-mail (`usecases.channel.Channel`). Mails are `Mail`, answers to them `SmtpAnswer`."""

    kind = "email"
    capabilities = Capabilities(receipts=True, rate_per_s=20.0, chat_gap_s=0.0, at_once=8)

    def __init__(
        self,
        account: str = "main",
        *,
        sender: str,
        key: bytes,
        dkim: tuple[str, bytes | str] | None = None,
        clock: Callable[[], float] = time.time,
        ids: Callable[[], str] = _new_id,
    ) -> None:
        """`sender`: name and address, as people see them; `key`: signs reply addresses; `dkim`: selector and
        private key in PEM; `clock`: seconds; `ids`: small letters, digits.

        Raises SenderWrong and SigningKeyWrong.
        """
        name, written = parseaddr(sender)
        address = mailbox(written)
        if address is None or "+" in address or not key or not sender.isprintable():
            raise SenderWrong(sender)
        local, _, domain = address.rpartition("@")
        self.account, self._clock, self._ids = account, clock, ids
        self._doors = Doors(f"{self.kind}/{account}", local, domain, key)
        longest = max(len(local) + 23, len(self._doors.bounce("0" * 16, address).rpartition("@")[0]))
        if longest > EMAIL_LOCAL_PART_CHARACTERS:
            raise SenderWrong(sender)
        signer = Signer.of(self._doors.domain, *dkim) if dkim else None
        self._writer = Writer(self._doors, name or local, signer)

    @property
    def sender(self) -> str:
        """The mailbox that people write to."""
        return self._doors.main()

    def accepts(self, envelope_to: str) -> bool:
        """Whether this is an address of the account's; what it is good for is `verify`'s to say."""
        return self._doors.door(envelope_to) is not None

    def verify(self, raw: Raw) -> Refused | None:
        return inbound.verify(self._doors, raw)

    def parse(self, raw: Raw) -> Sequence[Inbound]:
        """Raises Unreadable."""
        return inbound.parse(self._doors, raw)

    def ack(self, inbound: Sequence[Inbound], replies: Sequence[Outbound]) -> Ack:  # noqa: ARG002 - nothing rides in it
        """On record; `serve` says it as 250."""
        return Ack()

    def render(self, outbound: Outbound, address: str) -> Sequence[Mail]:
        """One mail: it has no limit that a message could reach."""
        return (self._writer.write(outbound, address, self._ids(), int(self._clock())),)

    def classify(self, request: Mail, answer: SmtpAnswer | NotCarried) -> Outcome:
        return outbound.classify(request, answer)

    def entry_link(self, token: str) -> EntryLink:
        """A mail to write: its address carries the token, and its subject the same where letters keep their size."""
        subject = quote(f"{self._writer.name} #{token}", safe="")
        return EntryLink(self.sender, f"mailto:{self._doors.entry(token)}?subject={subject}")

    async def self_check(self, carry: Callable[[Any], Awaitable[Any]]) -> Health:
        """Whether the server takes us in, and whether what we sign can be checked with the record to be published."""
        wrong: list[str] = []
        answer = await carry(Greeting())
        if isinstance(answer, NotCarried):
            wrong.append(f"The mail server does not answer ({answer.reason}). Look at VIKNO_SMTP_URL.")
        elif not 200 <= answer.code < 300:
            wrong.append(f"The mail server refuses us at {answer.to} ({answer.code}). Look at its user and password.")
        signer = self._writer.signer
        if signer is not None and not self._is_verified(signer):
            wrong.append("Our own signatures do not verify. Look at the key of VIKNO_MAIL_DKIM.")
        notes = [f"The DNS must have {name} {kind} {value}" for name, kind, value in self.records]
        if signer is None:
            notes.append("Mails are not signed, so many servers take them for spam. VIKNO_MAIL_DKIM names a key.")
        return Health(self.sender, tuple(wrong), tuple(notes))

    @cached_property
    def records(self) -> tuple[tuple[str, str, str], ...]:
        """What must stand in the DNS: name, type, value. SPF and MX name the machine that sends and receives."""
        domain, signer = self._doors.domain, self._writer.signer
        signed = ((signer.name, "TXT", signer.record),) if signer else ()
        return (*signed, (f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=quarantine; adkim=s; rua=mailto:{self.sender}"))

    def _is_verified(self, signer: Signer) -> bool:
        """Checked by another hand than the one that signed."""
        mail = self._writer.write(Outbound("Перевірка підпису"), self.sender, "check", int(self._clock()))
        records = {f"{signer.name}.".encode(): signer.record.encode()}
        verified: bool = dkimpy.verify(mail.message, dnsfunc=lambda name, **_: records.get(name))
        return verified
