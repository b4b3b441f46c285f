"""SMPP 3.4 as data: where a message centre is, what is asked of it and what its answers and receipts mean.

The radix trap: some centres name a message in hexadecimal when they take it, and in decimal when they report on it. The
gateway's `ids` says so, or it is learnt from the first receipts that can mean only one thing.
"""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from vikno.domain.errors import ViknoError
from vikno.usecases.channel import BadMessage, DeadAddress, Misconfigured, Outcome, RetryAfter, Sent
from vikno.wire.limits import SMPP_PASSWORD_CHARACTERS, SMPP_SYSTEM_ID_CHARACTERS

TYPE = "application/vnd.vikno.smpp+json"
"""Of what the connection brings: no callback, so it needs no proof of its own."""
PORT = 2775
REMEMBERED = 50_000
"""Messages whose receipts are awaited in memory; a receipt of an older one is passed on as the centre names it."""

# What a status means (SMPP 3.4, 5.1.3).
THROTTLED = 0x58
QUEUE_FULL = 0x14
BUSY = {THROTTLED: 1.0, QUEUE_FULL: 10.0, 0x08: 10.0, 0x64: 10.0}
_NOBODY = {0x0B}
_OURS = {0x04, 0x05, 0x0A, 0x0D, 0x0E, 0x0F, 0x15, 0x48, 0x49, 0x53}
_DELIVERED = {"DELIVRD"}
_FAILED = {"EXPIRED", "DELETED", "UNDELIV", "REJECTD", "UNKNOWN"}

RECEIPTED_MESSAGE_ID = 0x001E
MESSAGE_STATE = 0x0427
STATES = {b"\x01": "ENROUTE", b"\x02": "DELIVRD", b"\x03": "EXPIRED", b"\x04": "DELETED", b"\x05": "UNDELIV",
          b"\x06": "ACCEPTD", b"\x07": "UNKNOWN", b"\x08": "REJECTD"}  # fmt: skip
"""message_state (SMPP 3.4, 5.2.28), where a receipt has no words."""

Ids = Literal["auto", "same", "hex-decimal", "decimal-hex"]
"""How the centre names a message in its answer and in its receipt."""


class GatewayUnfit(ViknoError):
    """This is no address of a message centre: smpp://user:password@host:2775/?ids=auto. The rest says what is wrong."""

    code = "smpp_gateway_unfit"


@dataclass(frozen=True, slots=True)
class SmppSubmit:
    """A text for one number. `source` is the number or name shown."""

    source: str
    to: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SmppAsk:
    """Whether the connection stands. Nothing is sent to anybody."""


@dataclass(frozen=True, slots=True)
class SmppAnswer:
    """A status, 0 if it was taken; and the centre's id of the message, of its last part."""

    status: int
    message: str = ""


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the connection brings, as the body of a `Raw`."""

    key: str
    at_ms: int
    sender: str = ""
    to: str = ""
    text: str | None = None
    message: str = ""
    stat: str = ""
    err: str = ""


def outcome(answer: SmppAnswer) -> Outcome:
    """What a status of submit_sm or of the bind means."""
    status, reason = answer.status, f"0x{answer.status:02X}"
    if status == 0:
        return Sent(answer.message)
    if status in BUSY:
        return RetryAfter(BUSY[status], "account", reason)
    if status in _NOBODY:
        return DeadAddress(reason)
    return Misconfigured(reason) if status in _OURS else BadMessage(reason)


def state_of(stat: str) -> Literal["sent", "delivered", "failed"] | None:
    """What a receipt's word means (SMPP 3.4, 5.2.28); None for one that nobody has told us of."""
    if stat in ("ACCEPTD", "ENROUTE"):
        return "sent"
    return "delivered" if stat in _DELIVERED else "failed" if stat in _FAILED else None


# ---- where the centre is ----


@dataclass(frozen=True, slots=True)
class Centre:
    """A message centre, and who we are there."""

    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    ids: Ids = "auto"

    @classmethod
    def of(cls, url: str) -> Centre:
        """From smpp://user:password@host:2775/?system_type=…&ids=hex-decimal.

        Raises GatewayUnfit.
        """
        parts = urlsplit(url)
        said = {name: values[0] for name, values in parse_qs(parts.query).items()}
        ids = said.get("ids", "auto")
        try:
            port = parts.port or PORT
        except ValueError as error:
            raise GatewayUnfit("port") from error
        name, password = unquote(parts.username or ""), unquote(parts.password or "")
        if parts.scheme != "smpp" or not parts.hostname:
            raise GatewayUnfit("address")
        if not 0 < len(name) <= SMPP_SYSTEM_ID_CHARACTERS or not name.isascii():
            raise GatewayUnfit(f"user: 1 to {SMPP_SYSTEM_ID_CHARACTERS} characters")
        if len(password) > SMPP_PASSWORD_CHARACTERS or not password.isascii():
            raise GatewayUnfit(f"password: at most {SMPP_PASSWORD_CHARACTERS} characters")
        if ids not in ("auto", "same", "hex-decimal", "decimal-hex"):
            raise GatewayUnfit("ids: auto, same, hex-decimal or decimal-hex")
        return cls(parts.hostname, port, name, password, said.get("system_type", "")[:12], ids)  # type: ignore[arg-type]


# ---- what the centre brings ----


@dataclass(frozen=True, slots=True)
class Delivery:
    """A deliver_sm: a message or a receipt, or a part of one."""

    sender: str
    to: str
    international: bool
    esm_class: int
    coding: int
    octets: bytes
    parameters: Mapping[int, bytes]
    reference: int = 0
    total: int = 1
    at: int = 1

    @property
    def is_receipt(self) -> bool:
        return self.esm_class & 0x3C == 0x04


def read_delivery(pdu: bytes) -> Delivery:
    """Read a deliver_sm (SMPP 3.4, 4.6.1), whatever parameters a vendor adds to it.

    Raises ValueError.
    """
    service_end = _end(pdu, 16)
    source_end = _end(pdu, service_end + 3)
    to_end = _end(pdu, source_end + 3)
    validity_end = _end(pdu, _end(pdu, to_end + 4) + 1)
    fields = pdu[validity_end + 1 : validity_end + 6]
    if len(fields) < 5:
        raise ValueError("fields")
    begin = validity_end + 6
    octets, parameters = pdu[begin : begin + fields[4]], dict(_parameters(pdu, begin + fields[4]))
    if len(octets) < fields[4]:
        raise ValueError("short_message")
    esm_class, payload = pdu[to_end + 1], parameters.get(0x0424)
    octets = octets or payload or b""
    header: dict[int, bytes] = {}
    if esm_class & 0x40 and octets:
        header, octets = dict(_elements(octets[1 : octets[0] + 1])), octets[octets[0] + 1 :]
    return Delivery(
        pdu[service_end + 3 : source_end].decode("latin-1"),
        pdu[source_end + 3 : to_end].decode("latin-1"),
        pdu[service_end + 1] == 1,
        esm_class,
        fields[2],
        octets,
        parameters,
        *_place(header, parameters),
    )


def _end(pdu: bytes, begin: int) -> int:
    """Where a string that ends with a zero ends. Raises ValueError."""
    return pdu.index(b"\x00", begin)


def _parameters(pdu: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(pdu):
        size = int.from_bytes(pdu[at + 2 : at + 4], "big")
        yield int.from_bytes(pdu[at : at + 2], "big"), pdu[at + 4 : at + 4 + size]
        at += 4 + size


def _elements(header: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements of a user data header (3GPP TS 23.040, 9.2.3.24)."""
    at = 0
    while at + 2 <= len(header):
        size = header[at + 1]
        yield header[at], header[at + 2 : at + 2 + size]
        at += 2 + size


def _place(header: Mapping[int, bytes], parameters: Mapping[int, bytes]) -> tuple[int, int, int]:
    """Which part of which message: reference, how many parts, which one."""
    said = header.get(0x00) or header.get(0x08) or b""
    if len(said) < 3:
        said = b"".join(parameters.get(tag, b"") for tag in (0x020C, 0x020E, 0x020F))
    if len(said) < 3 or not 1 <= said[-1] <= said[-2]:
        return 0, 1, 1
    return int.from_bytes(said[:-2], "big"), said[-2], said[-1]


def alphabet_of(coding: int) -> Literal["gsm7", "ascii", "latin-1", "utf-16-be"] | None:
    """The alphabet of a data_coding (SMPP 3.4, 5.2.19; 3GPP TS 23.038, 4, for message classes); None for bytes.

    >>> alphabet_of(0), alphabet_of(8), alphabet_of(0xF1), alphabet_of(0x18), alphabet_of(4)
    ('gsm7', 'utf-16-be', 'gsm7', 'utf-16-be', None)
    """
    if coding in (1, 3):
        return "ascii" if coding == 1 else "latin-1"
    if coding & 0xF0 == 0xF0:
        return None if coding & 0x04 else "gsm7"
    if coding == 0 or 0x10 <= coding <= 0x1F:
        return {0x00: "gsm7", 0x08: "utf-16-be"}.get(coding & 0x0C)  # type: ignore[return-value]
    return "utf-16-be" if coding == 8 else None


# ---- ids of messages ----


def plain_id(written: str) -> str:
    """An id without what centres add to it or leave out: leading zeros, capitals.

    >>> plain_id("000001AF"), plain_id("0")
    ('1af', '0')
    """
    return written.strip().lower().lstrip("0") or "0"


SURE = 3
"""Receipts that can mean only one thing, before the way of naming is taken for known."""


class Known:
    """Messages that were taken, and how a receipt's id leads to one."""

    def __init__(self, ids: Ids = "auto", most: int = REMEMBERED) -> None:
        self.ids: Ids = ids
        self._most = most
        self._taken: OrderedDict[str, None] = OrderedDict()
        self._votes: Counter[Ids] = Counter()

    def taken(self, message: str) -> str:
        """Remember it; the id under which it is known from now on."""
        known = plain_id(message)
        self._taken[known] = None
        if len(self._taken) > self._most:
            self._taken.popitem(last=False)
        return known

    def meant(self, message: str) -> str:
        """The id that the message had when it was taken, by the id in its receipt.

        >>> known = Known()
        >>> known.taken("0000002B")
        '2b'
        >>> known.meant("43")
        '2b'
        """
        readings = {ids: read for ids in _READ if (read := _READ[ids](plain_id(message))) is not None}
        if self.ids != "auto":
            return readings.get(self.ids) or plain_id(message)
        found = {ids: read for ids, read in readings.items() if read in self._taken}
        if len(found) == 1:
            self._votes.update(found.keys())
            self._decide()
        return readings[max(found, key=self._votes.__getitem__, default="same")]

    def _decide(self) -> None:
        """A receipt may come before its message is known, and mislead: so one is not enough."""
        (best, votes), *others = self._votes.most_common()
        if votes >= SURE and votes >= 4 * sum(one for _, one in others):
            self.ids = best


def _to_hex(written: str) -> str | None:
    return f"{int(written):x}" if written.isdecimal() and len(written) <= 20 else None


def _to_decimal(written: str) -> str | None:
    return str(int(written, 16)) if re.fullmatch("[0-9a-f]{1,16}", written) else None


_READ: dict[Ids, Callable[[str], str | None]] = {
    "same": lambda written: written,
    "hex-decimal": _to_hex,
    "decimal-hex": _to_decimal,
}
