"""SMS: a number that people write to and hear from, by an HTTP gateway in Kannel's dialect or by SMPP 3.4."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import quote

import msgspec

from vikno.channels.sms import kannel, smpp
from vikno.channels.sms.inbound import KEYWORD, digest, meant
from vikno.channels.sms.outbound import texts
from vikno.channels.sms.phones import phone
from vikno.channels.sms.segments import Segments, segments
from vikno.domain.errors import ViknoError
from vikno.usecases.channel import (
    Ack,
    Capabilities,
    EntryLink,
    Happened,
    Health,
    Inbound,
    Misconfigured,
    NotCarried,
    Opened,
    Outbound,
    Outcome,
    Raw,
    Refused,
    Reported,
    RetryAfter,
    Returned,
    Transport,
    Unknown,
    Unreadable,
    Unsupported,
)
from vikno.wire.http import HttpAnswer, HttpRequest, HttpTransport
from vikno.wire.limits import (
    SMPP_WINDOW,
    SMS_CALLBACK_BYTES,
    SMS_PHONE_DIGITS,
    SMS_RATE_PER_S,
    SMS_SENDER_CHARACTERS,
)

__all__ = ["NoNumber", "SecretUnfit", "Segments", "SenderUnfit", "Sms", "phone", "segments"]

Request = HttpRequest | smpp.SmppSubmit | smpp.SmppAsk
Answer = HttpAnswer | smpp.SmppAnswer

AGAIN_S = 5.0
CHAT_GAP_S = 1.0
"""Between two messages to one phone: sooner, and networks change their order."""
AT_ONCE = 32
MOST_SECRET = 256
_SECRET = re.compile(rf"[A-Za-z0-9_-]{{16,{MOST_SECRET}}}")
_SENDER = re.compile(
    rf"\+?[0-9]{{3,{SMS_PHONE_DIGITS}}}|(?=.*[A-Za-z])[A-Za-z0-9 ._&-]{{1,{SMS_SENDER_CHARACTERS}}}", re.ASCII
)


class SecretUnfit(ViknoError):
    """The callback's secret must be 16 to 256 letters, digits, _ or -: Kannel reads other signs as its own."""

    code = "sms_secret_unfit"


class SenderUnfit(ViknoError):
    """The sender must be a phone number, a short number, or a name of at most 11 Latin letters and digits."""

    code = "sms_sender_unfit"


class NoNumber(ViknoError):
    """This address is no phone number, so no SMS can be sent to it."""

    code = "sms_no_number"


class Sms:
    """An account: the sender that people see, the gateway behind it, and the secret in its callbacks' address.

    `gateway`: https://user:password@host/cgi-bin/sendsms, or smpp://user:password@host:2775. `callback`: the public
    address of our webhook, for delivery reports. `country`: the code that stands before national numbers.
    """

    kind = "sms"

    def __init__(
        self,
        account: str = "main",
        *,
        number: str,
        gateway: str,
        secret: str = "",
        callback: str = "",
        country: str = "380",
        ids: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        """Raises SecretUnfit, SenderUnfit, and GatewayUnfit for an address of a message centre that is none."""
        if not _SENDER.fullmatch(number):
            raise SenderUnfit(number)
        if secret and not _SECRET.fullmatch(secret):
            raise SecretUnfit(account)
        self.account, self.number = account, number
        self._by_smpp = gateway.startswith("smpp:")
        self._url = gateway
        self._gateway = None if self._by_smpp else kannel.Gateway.of(gateway)
        if self._by_smpp:
            smpp.Centre.of(gateway)
        self._secret, self._callback, self._country = secret, callback, country
        self._ids = ids

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            receipts=self._by_smpp or bool(self._callback and self._secret),
            rate_per_s=SMS_RATE_PER_S,
            chat_gap_s=CHAT_GAP_S,
            at_once=SMPP_WINDOW if self._by_smpp else AT_ONCE,
        )

    def transport(self, hear: Callable[[Raw], Awaitable[object]] | None = None) -> Transport[Request, Answer]:
        """What carries its requests. By SMPP messages come the same way: `hear` takes them, as a webhook would."""
        if self._by_smpp:
            from vikno.channels.sms.line import SmppTransport  # aiosmpplib only where there is a line

            return SmppTransport(self._url, hear)  # type: ignore[return-value]
        return HttpTransport()  # type: ignore[return-value]

    # ---- in ----

    def verify(self, raw: Raw) -> Refused | None:
        """The secret of the callback's address: `?secret=…`, or the header x-vikno-secret."""
        given = raw.query.get("secret") or raw.headers.get("x-vikno-secret") or ""
        if not given:
            return Refused(401, "no secret")
        fits = hmac.compare_digest(given[: MOST_SECRET + 1].encode("utf-8", "replace"), self._secret.encode())
        return None if fits and self._secret else Refused(403, "wrong secret")

    def parse(self, raw: Raw) -> Sequence[Inbound]:
        if len(raw.body) > SMS_CALLBACK_BYTES or sum(map(len, raw.query.values())) > SMS_CALLBACK_BYTES:
            raise Unreadable("too large")
        if raw.headers.get("content-type") == smpp.TYPE:
            return self._line(raw)
        if kannel.is_report(raw):
            report = kannel.report(raw)
            return () if report is None else (Inbound(f"dlr-{digest(report.message, raw.query['dlr'])}", "", report),)
        came = kannel.brought(raw)
        key = came.id or digest(came.sender, came.to, came.text or "", came.time)
        return self._from(came.sender, key, came.text, came.at_ms)

    def _line(self, raw: Raw) -> Sequence[Inbound]:
        """What the SMPP connection brings."""
        try:
            said = msgspec.json.decode(raw.body, type=smpp.Said)
        except msgspec.MsgspecError as error:
            raise Unreadable("smpp") from error
        if not said.message:
            return self._from(said.sender, said.key, said.text, said.at_ms)
        state = smpp.state_of(said.stat)
        if state is None:
            raise Unreadable("stat")
        reason = f"stat:{said.stat} err:{said.err}" if state == "failed" else ""
        return (Inbound(said.key, "", Reported(said.message, state, reason), said.at_ms),)

    def _from(self, sender: str, key: str, text: str | None, at_ms: int | None) -> Sequence[Inbound]:
        """A message of a person; names and short numbers are services, and nobody talks with them."""
        address = phone(sender, self._country)
        if address is None:
            return ()
        happened: Happened = Unsupported("bytes") if text is None else meant(text.replace("\x00", ""))
        came = Inbound(key, address, happened, at_ms)
        if isinstance(happened, Returned):  # it was written, so it is answered as well
            return came, Inbound(f"{key}-begin", address, Opened(), at_ms)
        return (came,)

    def ack(self, inbound: Sequence[Inbound], replies: Sequence[Outbound]) -> Ack:  # noqa: ARG002 - of the port
        """An empty page: Kannel would send the words of another one as an SMS."""
        return Ack(200, (("content-type", "text/plain; charset=utf-8"),))

    # ---- out ----

    def render(self, outbound: Outbound, address: str) -> Sequence[Request]:
        """Raises NoNumber."""
        to = phone(address, self._country)
        if to is None:
            raise NoNumber
        if self._gateway is None:
            return [smpp.SmppSubmit(self.number, to, text) for text in texts(outbound)]
        said = texts(outbound)
        return [one for text in said for one in self._gateway.requests(self.number, f"+{to}", text, self._report_url())]

    def _report_url(self) -> str | None:
        return kannel.report_url(self._callback, self._secret, self._ids()) if self.capabilities.receipts else None

    def classify(self, request: Request, answer: Answer | NotCarried) -> Outcome:
        match answer:
            case NotCarried(left=True):
                return Unknown(answer.reason)
            case NotCarried():
                return RetryAfter(AGAIN_S, "account", answer.reason)
            case smpp.SmppAnswer():
                return smpp.outcome(answer)
        return kannel.outcome(answer, kannel.message_of(request) if isinstance(request, HttpRequest) else "")

    # ---- known ----

    def entry_link(self, token: str) -> EntryLink | None:
        """An SMS that is written already and only wants sending. A sender that is a name cannot be written to."""
        digits = self.number.removeprefix("+")
        if not (digits.isascii() and digits.isdigit()):
            return None
        say = f"{KEYWORD} {token}".strip()
        return EntryLink(self.number, f"sms:{self.number}?&body={quote(say)}", say=say)

    async def self_check(self, carry: Callable[[Request], Awaitable[Answer | NotCarried]]) -> Health:
        """Whether the gateway answers and takes our login. What number people see there, it does not tell."""
        if self._gateway is None:
            return Health(self.number, _wrong(self.classify(smpp.SmppAsk(), await carry(smpp.SmppAsk()))))
        request = self._gateway.asking()
        answer = await carry(request)
        if isinstance(answer, HttpAnswer) and answer.status == 400:
            return Health(self.number)  # it misses the receiver only, so it has looked at the login
        return Health(self.number, _wrong(self.classify(request, answer)))


def _wrong(outcome: Outcome) -> tuple[str, ...]:
    """What a check's outcome says of the account, and what to do."""
    match outcome:
        case Misconfigured(reason):
            return (f"The gateway refuses the account ({reason}). Look at the user, the password and the sender.",)
        case RetryAfter(_, _, reason) | Unknown(reason):
            return (f"The gateway does not answer ({reason}). Look at its address, and whether it runs.",)
    return ()
