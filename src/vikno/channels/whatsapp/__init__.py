"""WhatsApp: Meta's Cloud API, a day in which one may answer freely, templates after it, people without a phone."""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from vikno.channels.whatsapp import inbound as came
from vikno.channels.whatsapp import outbound as said
from vikno.channels.whatsapp.outbound import TEMPLATE_WORDS, Template
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
    Sent,
)
from vikno.wire.http import HttpAnswer, HttpRequest
from vikno.wire.limits import WHATSAPP_MESSAGES_A_SECOND, WHATSAPP_PAIR_BURST, WHATSAPP_PAIR_GAP_S

API = "https://graph.facebook.com/v26.0"
GREETING = "👋"
"""What a link has people say before its token, where no words were given for it."""
_PLAIN = (("content-type", "text/plain; charset=utf-8"),)
_ASKED = "display_phone_number,verified_name,name_status,status,quality_rating,webhook_configuration"
Carry = Callable[[Any], Awaitable[Any]]


class NumberInfo(Struct, frozen=True):
    """What Meta says of the number."""

    display_phone_number: str = ""
    verified_name: str = ""
    name_status: str = ""
    status: str = ""
    quality_rating: str = ""
    webhook_configuration: dict[str, str] | None = None


class TemplatePart(Struct, frozen=True):
    """A part of a template; `text` with {{1}} for what is filled in."""

    type: str
    text: str = ""


class TemplateInfo(Struct, frozen=True):
    """A template in one language."""

    name: str
    language: str
    status: str
    category: str = ""
    components: tuple[TemplatePart, ...] = ()


class TemplatesInfo(Struct, frozen=True):
    """The templates of an account that have a name."""

    data: tuple[TemplateInfo, ...] = ()


class AppsInfo(Struct, frozen=True):
    """The apps that hear of an account."""

    data: tuple[msgspec.Raw, ...] = ()


_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_read_apps = msgspec.json.Decoder(AppsInfo).decode
_read_info = msgspec.json.Decoder(NumberInfo).decode
_read_templates = msgspec.json.Decoder(TemplatesInfo).decode


class WhatsApp:
    """A number of an authority on WhatsApp.

    `token`: of a system user. `secret`: of the app, with which Meta signs. `number`: the id of the phone number, which
    is not the number itself. `name`: what people see. `phone`: the number, for links; without it, it is learnt from
    Meta by `self_check`. `webhook`: where Meta shall bring events, to be checked; None if that is not known here.

    `template`: the name of an approved utility template whose body has one parameter, {{1}}, and `languages` those in
    which it is approved, as Meta spells them; all that is not a reply goes as this template. Without it notices reach
    only those who have written within a day. `business`: the id of the account of the business (WABA), with which
    `register` subscribes the app to it, and `self_check` looks at the template.

    `verify_token`: what Meta says when it tries the webhook's address, so that we know it; made of the secret if none
    is given. `menu`: a language -> what stands on the button that opens a list. `greeting`: what a link has people say.
    `phones`: people are known by their phone where Meta tells it, and not by their id: for Meta's test numbers,
    which write to no ids.
    """

    kind = "whatsapp"
    capabilities = Capabilities(
        receipts=True,
        rate_per_s=float(WHATSAPP_MESSAGES_A_SECOND),
        chat_gap_s=float(WHATSAPP_PAIR_GAP_S),
        chat_burst=WHATSAPP_PAIR_BURST,
    )

    def __init__(  # noqa: PLR0913 - each is a setting of its own
        self,
        account: str = "main",
        *,
        token: str,
        secret: str,
        number: str,
        name: str,
        phone: str | None = None,
        api: str = API,
        webhook: str | None = None,
        template: str | None = None,
        languages: Sequence[str] = ("uk",),
        business: str | None = None,
        verify_token: str | None = None,
        menu: Callable[[str], str] = lambda _: said.MENU,
        greeting: str = GREETING,
        phones: bool = False,
    ) -> None:
        self.account, self.name, self.webhook = account, name, webhook
        self.phone = _digits(phone or "") or None
        self.template = Template(template, tuple(languages) or ("uk",)) if template else None
        self._secret, self._number, self._business = secret, number, business
        self.verify_token = verify_token or _made_of(secret)
        self._api, self._menu, self._greeting, self._phones = api.rstrip("/"), menu, greeting, phones
        self._headers: Mapping[str, str] = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def __repr__(self) -> str:
        return f"WhatsApp({self.account!r}, name={self.name!r}, phone={self.phone!r})"

    # ---- in ----

    def verify(self, raw: Raw) -> Refused | None:
        """Whether it really comes from Meta."""
        return came.verify(self._secret, self.verify_token, raw)

    def parse(self, raw: Raw) -> Sequence[Inbound]:
        """What happened; nothing for what is of no interest.

        Raises Unreadable.
        """
        return came.read(raw, self._number, phones=self._phones)

    def ack(self, inbound: Sequence[Inbound], replies: Sequence[Outbound]) -> Ack:  # noqa: ARG002
        """200; to Meta's trial of the address, what it wants to read."""
        if inbound and inbound[0].handle:
            return Ack(200, _PLAIN, inbound[0].handle.encode())
        return Ack()

    # ---- out ----

    def render(self, outbound: Outbound, address: str) -> Sequence[HttpRequest]:
        """A message for each part; what can be tapped comes with the last."""
        menu = self._menu(outbound.lang)
        return [
            self._post(f"{self._number}/messages", one) for one in said.messages(outbound, address, menu, self.template)
        ]

    def classify(self, request: HttpRequest, answer: HttpAnswer | NotCarried) -> Outcome:  # noqa: ARG002
        """What an answer means."""
        return said.classify(answer)

    def _post(self, path: str, body: object) -> HttpRequest:
        return HttpRequest("POST", f"{self._api}/{path}", self._headers, said.encode(body))

    def _get(self, path: str, **query: str) -> HttpRequest:
        asked = f"?{urlencode(query)}" if query else ""
        return HttpRequest("GET", f"{self._api}/{path}{asked}", self._headers)

    # ---- the account ----

    def entry_link(self, token: str) -> EntryLink | None:
        """A link that opens the chat with words to send, the token at their end; None while the number is unknown."""
        if self.phone is None:
            return None
        text = f"?text={quote(came.greeting(self._greeting, token), safe='')}" if token else ""
        url = f"https://wa.me/{self.phone}{text}"
        return EntryLink(self.name, url, url)

    async def register(self, carry: Carry, url: str) -> str | None:
        """Let Meta bring the number's events to `url`; what is wrong and what to do, or None when it will.

        Meta tries the address at once by GET, so the server is up before. Where the account of the business is known,
        the app is subscribed to it. That the app asks for the field `messages` is set once, in its dashboard.
        """
        self.webhook = url
        if self._business is not None:
            outcome = said.classify(await carry(self._post(f"{self._business}/subscribed_apps", {})))
            if not isinstance(outcome, Sent):
                return f"Meta does not subscribe the app to the account of the business ({outcome.reason})."
        asked = {"webhook_configuration": {"override_callback_uri": url, "verify_token": self.verify_token}}
        outcome = said.classify(await carry(self._post(self._number, asked)))
        if isinstance(outcome, Sent):
            return None
        return (
            f"Meta does not take the webhook ({outcome.reason}). It must answer from outside, by https with a "
            "certificate that is not self-signed, and the app must ask for the field “messages”."
        )

    async def self_check(self, carry: Carry) -> Health:
        """Compare what is printed with what Meta says of the number and the template; learn the phone if none given."""
        answer = await carry(self._get(self._number, fields=_ASKED))
        refused = _refusal(answer)
        if refused is not None:
            return Health(None, (f"Meta does not say who the number is: {refused}",))
        try:
            info = _read_info(answer.body)
        except _UNREADABLE:
            return Health(None, ("What Meta says of the number cannot be read.",))
        wrong = [*self._wrong(info), *await self._wrong_business(carry), *await self._wrong_template(carry)]
        if self.phone is None:
            self.phone = _digits(info.display_phone_number) or None
        return Health(info.verified_name or None, tuple(wrong), tuple(self._notes(info)))

    def _wrong(self, info: NumberInfo) -> Iterator[str]:
        phone = _digits(info.display_phone_number)
        if info.verified_name != self.name:
            yield f"The number is called “{info.verified_name}”, but “{self.name}” is printed: correct one of them."
        if not phone:
            yield "Meta shows no phone for this id: compare the id of the phone number."
        elif self.phone is not None and phone != self.phone:
            yield f"Links lead to {self.phone}, but the number is {phone}: correct the setting, print anew."
        if info.status and info.status != "CONNECTED":
            yield f"The number is {info.status}: register it, or see the account's quality."
        webhook = _brings_to(info)
        if webhook is not None and not webhook:
            yield "Meta has no webhook for the number: register it."
        elif webhook is not None and self.webhook is not None and webhook != self.webhook:
            yield "Meta brings events to another address than ours: register the webhook again."

    async def _wrong_business(self, carry: Carry) -> Sequence[str]:
        if self._business is None:
            return ()
        answer = await carry(self._get(f"{self._business}/subscribed_apps"))
        refused = _refusal(answer)
        if refused is not None:
            return (f"Meta does not say who listens to the account of the business: {refused}",)
        try:
            apps = _read_apps(answer.body).data
        except _UNREADABLE:
            return ("What Meta says of the account of the business cannot be read.",)
        return () if apps else ("No app is subscribed to the account of the business: register the webhook again.",)

    async def _wrong_template(self, carry: Carry) -> Sequence[str]:
        if self.template is None or self._business is None:
            return ()
        name = self.template.name
        fields = "name,language,status,category,components"
        answer = await carry(self._get(f"{self._business}/message_templates", name=name, fields=fields))
        refused = _refusal(answer)
        if refused is not None:
            return (f"Meta does not say what the template “{name}” is: {refused}",)
        try:
            found = {one.language: one for one in _read_templates(answer.body).data if one.name == name}
        except _UNREADABLE:
            return ("What Meta says of the template cannot be read.",)
        return [
            f"Template “{name}” in {language}: {wrong}."
            for language in self.template.languages
            for wrong in _unfit(found.get(language))
        ]

    def _notes(self, info: NumberInfo) -> Iterator[str]:
        if self.template is None:
            yield "No template is set: notices reach only those who have written within a day."
        elif self._business is None:
            yield "The account of the business is not set, so nobody looks whether the template is approved."
        if info.quality_rating in ("YELLOW", "RED"):
            yield f"People block or report the number: its quality is {info.quality_rating}."


def _made_of(secret: str) -> str:
    """A word that only those know who know the secret, and that tells nothing of it."""
    return hmac.new(secret.encode(), b"vikno: a webhook of WhatsApp", "sha256").hexdigest()[:32]


def _brings_to(info: NumberInfo) -> str | None:
    """Where events of the number go: what is nearest to it counts. None where Meta does not say."""
    if info.webhook_configuration is None:
        return None
    places = [info.webhook_configuration.get(of) for of in ("phone_number", "whatsapp_business_account", "application")]
    return next((place for place in places if place), "")


def _unfit(template: TemplateInfo | None) -> Iterator[str]:
    """Why notices cannot go as this."""
    if template is None:
        yield "there is none, have it approved"
        return
    body = next((one.text for one in template.components if one.type == "BODY"), "")
    if template.status != "APPROVED":
        yield f"it is {template.status}"
    if template.category not in ("UTILITY", ""):
        yield f"it is of the category {template.category}, which costs more and which people may switch off"
    if re.findall(r"\{\{.*?\}\}", body) != ["{{1}}"]:
        yield "its body must have one parameter, {{1}}"
    if len(body) > TEMPLATE_WORDS:
        yield f"its own words are more than {TEMPLATE_WORDS} characters, so that long notices would not fit"
    if any(one.type != "BODY" and "{{" in one.text for one in template.components):
        yield "only its body may have a parameter"


def _refusal(answer: HttpAnswer | NotCarried) -> str | None:
    """Why there is nothing to read; None if there is."""
    if isinstance(answer, HttpAnswer) and answer.status == 200:
        return None
    return getattr(said.classify(answer), "reason", "")


def _digits(phone: str) -> str:
    """A phone as links and the API have it.

    >>> _digits("+380 44 123-45-67")
    '380441234567'
    """
    return "".join(letter for letter in phone if letter in "0123456789")
