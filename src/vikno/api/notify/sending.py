"""A message that a system asks for, checked in the order of GOV.UK Notify, so that the same mistake is told the same.

Rate, day, JSON, schema, what the service may send, template, placeholders, nothing to say, sender, recipient, files,
length; then it is planned, decided by the rules, and on record before it is answered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from vikno.api.notify.answers import UNSUBSCRIBE, Answers, channels, sanitised, words_of
from vikno.api.notify.auth import Caller
from vikno.api.notify.errors import ABROAD, NO_FILES, NOT_APPROVED, TEAM, TRIAL, Refused, nothing_found, refused
from vikno.api.notify.limits import Rates, check_day, reached
from vikno.api.notify.requests import Email, Sms, check_file, check_letter, files_in, read_json, read_mail, read_sms
from vikno.api.notify.templates import MOST_REMEMBERED, Catalogue
from vikno.domain.errors import ViknoError
from vikno.domain.notify.fill import (
    ITEM_COSTS,
    Filled,
    LinkRefused,
    PersonalisationTooLong,
    PersonalisationUnfit,
    missing,
)
from vikno.domain.notify.template import Placeholder, key_of
from vikno.usecases.dispatch import Dispatch, Rendering, parsed
from vikno.usecases.judge import Whereabouts
from vikno.usecases.organisations import Organisation, Words
from vikno.usecases.send_notifications import Accepted, Asked, DailyLimitReached, Recipient, send_notifications
from vikno.wire.numbers import Phone, Wrong, as_mobile, read_email, read_phone

LONGEST_SMS = 918
"""Characters: six parts of 153."""
MOST_SAID = 250_000
"""Characters of all values in all places of a mail, so that making it ready holds up nobody. Notify's 2 MB are not
reached: a template has 100,000 bytes."""
MOST_SAID_SMS = 20_000
"""The same of a text message. Up to here it is told how long the message would be, in Notify's words."""
SIMULATED = frozenset({
    "447700900000", "447700900111", "447700900222",
    *(f"simulate-delivered{which}@notifications.service.gov.uk" for which in ("", "-2", "-3")),
})  # fmt: skip
"""Whoever writes to them hears that all is well, and nothing is kept."""

Body = Callable[[], Awaitable[bytes]]


@dataclass
class Sending:
    """Takes messages. `mailbox`: the address that mails come from; `abroad`: whether numbers of other countries do."""

    dispatch: Dispatch
    answers: Answers
    catalogue: Catalogue
    mailbox: Callable[[Organisation], str]
    fresh: Callable[[], str]
    """A random UUID."""
    rates: Rates
    abroad: bool = True
    _flows: dict[int, int] = field(default_factory=dict)
    _places: dict[int, set[str]] = field(default_factory=dict)
    """Names of places, by version of a template."""

    async def post(self, kind: str, caller: Caller, body: Body) -> dict[str, Any]:
        """The answer of a 201. Raises Refused, and what the store raises."""
        now_ms = self.dispatch.clock()
        self.rates.check(caller, now_ms)
        if kind not in ("sms", "email", "letter"):
            raise nothing_found()
        if kind != "letter":
            await check_day(self.dispatch.days, caller, kind, now_ms)
        given = read_json(await body())
        if kind == "sms":
            return await self._sms(caller, read_sms(given, caller.organisation.audience, now_ms), now_ms)
        if kind == "email":
            return await self._email(caller, read_mail(given, now_ms), now_ms)
        check_letter(given)
        raise refused("Service is not allowed to send letters")

    async def _sms(self, caller: Caller, asked: Sms, now_ms: int) -> dict[str, Any]:
        organisation, personalisation = caller.organisation, _given(asked.personalisation)
        files = files_in(personalisation)
        rendering = await self._template(caller, "sms", asked.template)
        body, _ = _said(rendering, _without_files(personalisation))
        if files:
            raise refused("Can only send a file by email")
        self._no_sender(organisation, "sms_sender_id", asked.sender)
        self._may_reach(caller, asked.phone.digits)
        phone = as_mobile(asked.phone)
        if isinstance(phone, Wrong):
            raise Refused(400, "InvalidPhoneError", (phone.said,))
        if not self.abroad and phone.country != organisation.audience:
            raise refused(ABROAD)
        if len(body.text) > LONGEST_SMS:
            raise refused(
                f"Your message is too long. Text messages cannot be longer than {LONGEST_SMS} characters. "
                f"Your message is {len(body.text)} characters long."
            )
        content = {"body": body.text, "from_number": organisation.name}
        recipient = Recipient(_ways(rendering, phone), asked.written, Whereabouts(phone.country, phone.zone))
        message = _Message(rendering, recipient, personalisation, asked.reference, content, phone.digits)
        return await self._taken(caller, message, now_ms)

    async def _email(self, caller: Caller, asked: Email, now_ms: int) -> dict[str, Any]:
        organisation, personalisation = caller.organisation, _given(asked.personalisation)
        files = files_in(personalisation)
        rendering = await self._template(caller, "email", asked.template)
        body, subject = _said(rendering, _without_files(personalisation))
        self._no_sender(organisation, "email_reply_to_id", asked.sender)
        self._may_reach(caller, asked.address)
        for file in files:
            check_file(file)
        if files:
            raise refused(NO_FILES)
        content = {
            "body": body.text,
            "subject": subject.line if subject is not None else "",
            "from_email": self.mailbox(organisation),
            "one_click_unsubscribe_url": asked.unsubscribe,
        }
        if asked.unsubscribe is not None:
            personalisation = {**personalisation, UNSUBSCRIBE: asked.unsubscribe}
        recipient = Recipient((("email/main", asked.address),), asked.written)
        message = _Message(rendering, recipient, personalisation, asked.reference, content, asked.address)
        answer = await self._taken(caller, message, now_ms)
        return {**answer, "sanitised_content": sanitised([one for one in (subject, body) if one is not None])}

    async def _template(self, caller: Caller, kind: str, written: str) -> Rendering:
        rendering = await self.catalogue.used(caller.organisation.id, written)
        if rendering is None:
            raise refused("Template not found")
        kept = rendering.kept
        if kept.kind != kind:
            raise refused(f"{kept.kind} template is not suitable for {kind} notification")
        if kept.archived:
            raise refused("Template has been deleted")
        if kept.status != "approved" and caller.kind != "test":
            raise refused(NOT_APPROVED)
        return rendering

    def _no_sender(self, organisation: Organisation, name: str, number: str | None) -> None:
        """Organisations have one name and one mailbox here."""
        if number is not None:
            service = self.dispatch.vault.uuid("o", organisation.id)
            raise refused(f"{name} {number} does not exist in database for service id {service}")

    @staticmethod
    def _may_reach(caller: Caller, address: str) -> None:
        """A test key writes to anybody, since nothing leaves; nobody else does before a review."""
        if caller.kind == "test":
            return
        organisation = caller.organisation
        if caller.kind == "team" and address not in _guests(organisation.guests, organisation.audience):
            raise refused(TEAM)
        if organisation.standing != "approved":
            raise refused(TRIAL)

    async def _taken(self, caller: Caller, message: _Message, now_ms: int) -> dict[str, Any]:
        """Keep it, and answer. Of the personalisation what the template has no place for is not kept."""
        rendering = message.rendering
        kept = rendering.kept
        if message.address in SIMULATED:
            return self.answers.posted(self.fresh(), kept, message.reference, message.content)
        asked = Asked(
            rendering,
            message.to,
            self._used(rendering, message.personalisation),
            message.reference or "",
            only=None if rendering.text.order else kept.kind,
        )
        accepted = await self._send(caller, asked, kept.kind, now_ms)
        plan = accepted.plan
        routing = {
            "status": accepted.status,
            "reason": accepted.reason or None,
            "channels": channels(kept.kind, plan, _first(accepted)),
            "inbox": plan.inbox,
            "warnings": accepted.warnings,
        }
        return {**self.answers.posted(accepted.id, kept, message.reference, message.content), "routing": routing}

    async def _send(self, caller: Caller, asked: Asked, kind: str, now_ms: int) -> Accepted:
        organisation = caller.organisation
        flow = self._flows.get(organisation.id)
        if flow is None:
            flow = self._flows[organisation.id] = await self.dispatch.book.flow_of(organisation.id, now_ms)
        try:
            (accepted,) = await send_notifications(self.dispatch, organisation, caller.kind, [asked], flow=flow)
        except DailyLimitReached:
            raise reached(kind, organisation.per_day, now_ms) from None
        return accepted

    def _used(self, rendering: Rendering, personalisation: Mapping[str, Any]) -> dict[str, Any]:
        """What the template has places for, in any of its languages and renderings."""
        row = rendering.kept.row
        keys = self._places.get(row)
        if keys is None:
            if len(self._places) >= MOST_REMEMBERED:
                self._places.clear()
            words = [one for variants in rendering.text.languages.values() for one in variants.values()]
            texts = [text for one in words for text in (one.subject or "", one.body)]
            keys = self._places[row] = {key_of(name) for text in texts for name in parsed(text).placeholders}
        return {name: value for name, value in personalisation.items() if name == UNSUBSCRIBE or key_of(name) in keys}


@dataclass(frozen=True, slots=True)
class _Message:
    """A message that nothing is wrong with. `address`: as it is compared."""

    rendering: Rendering
    to: Recipient
    personalisation: Mapping[str, Any]
    reference: str | None
    content: Mapping[str, Any]
    address: str


def filled(rendering: Rendering, personalisation: Mapping[str, Any]) -> tuple[Filled, Filled | None]:
    """The body and the subject, with nothing in them if it comes to that; raises Refused."""
    words = words_of(rendering, rendering.kept.kind)
    try:
        _check_size(words, personalisation, MOST_SAID_SMS if rendering.kept.kind == "sms" else MOST_SAID)
        subject = rendering.fill(words.subject, personalisation) if words.subject else None
        body = rendering.fill(words.body, personalisation)
    except ViknoError as error:
        raise _lacking(words, personalisation) or _unfit(error) from None
    return body, subject


def _said(rendering: Rendering, personalisation: Mapping[str, Any]) -> tuple[Filled, Filled | None]:
    """The same of a message, which has to say something."""
    body, subject = filled(rendering, personalisation)
    if not body.text.strip():
        raise refused("Your message is empty.")
    return body, subject


def _check_size(words: Words, personalisation: Mapping[str, Any], room: int) -> None:
    """Raises PersonalisationTooLong, before anything is filled."""
    sizes = {key_of(name): _size(value) for name, value in personalisation.items()}
    for text in (words.subject or "", words.body):
        for part in parsed(text).parts:
            if isinstance(part, Placeholder):
                room -= sizes.get(part.key, 0)
                if room < 0:
                    raise PersonalisationTooLong(part.name)


def _size(value: Any) -> int:
    if isinstance(value, list):
        return sum(ITEM_COSTS + (len(one) if isinstance(one, str) else 0) for one in value)
    return len(value) if isinstance(value, str) else 0


def _lacking(words: Words, personalisation: Mapping[str, Any]) -> Exception | None:
    """All places without a value, those of the subject first: they are told before what is wrong with a value."""
    lacking: dict[str, str] = {}
    for text in (words.subject or "", words.body):
        for name in missing(parsed(text), personalisation):
            lacking.setdefault(key_of(name), name)
    return refused(f"Missing personalisation: {', '.join(lacking.values())}") if lacking else None


def _unfit(error: ViknoError) -> Exception:
    """What is wrong with a value that Notify would take."""
    name = ", ".join(map(str, error.about))
    if isinstance(error, PersonalisationUnfit):
        return refused(f"personalisation {name} must be a text, a number, true, false or a list of these")
    if isinstance(error, PersonalisationTooLong):
        return refused(f"Your message is too long. The value of {name} has to be shorter.")
    if isinstance(error, LinkRefused):
        return refused(f"personalisation {name} must be an https link to a host that the template allows")
    return error


def _given(personalisation: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without what only we may keep there."""
    if UNSUBSCRIBE not in personalisation:
        return personalisation
    return {name: value for name, value in personalisation.items() if name != UNSUBSCRIBE}


def _without_files(personalisation: Mapping[str, Any]) -> Mapping[str, Any]:
    """With a word in place of each file, which are looked at later."""
    if not files_in(personalisation):
        return personalisation
    return {name: "file" if isinstance(value, dict) else value for name, value in personalisation.items()}


def _first(accepted: Accepted) -> str | None:
    """The channel that it is on its way by."""
    ready = (step.channel for step in accepted.plan.steps if step.ready == "go")
    return next(ready, None) if accepted.on_its_way else None


def _ways(rendering: Rendering, phone: Phone) -> tuple[tuple[str, str], ...]:
    """A number is an address on WhatsApp, too, for a template that may be routed there."""
    sms = ("sms/main", phone.digits)
    return (sms, ("whatsapp/main", phone.digits)) if "whatsapp" in rendering.text.order else (sms,)


@lru_cache(256)
def _guests(written: tuple[str, ...], country: str) -> frozenset[str]:
    """Addresses as they are compared."""
    found: set[str] = set()
    for one in written:
        read = read_email(one) if "@" in one else read_phone(one, country)
        if isinstance(read, str):
            found.add(read)
        elif isinstance(read, Phone):
            found.add(read.digits)
    return frozenset(found)
