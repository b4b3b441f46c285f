"""From what a system asks to what can be sent: its template, its recipient, its values; or what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import cache

from vikno.api.messages.room import Caller, Room
from vikno.api.messages.shapes import Chat, MessageAsked, To
from vikno.api.problems import Refused, refused, shortened, unknown
from vikno.domain.notify.fill import (
    LinkRefused,
    PersonalisationMissing,
    PersonalisationTooLong,
    PersonalisationUnfit,
    missing,
)
from vikno.domain.notify.prices import MICROS
from vikno.usecases.dispatch import Dispatch, Rendering, parsed
from vikno.usecases.judge import Whereabouts
from vikno.usecases.organisations import TemplateKept, Words
from vikno.usecases.send_notifications import Asked, Recipient
from vikno.usecases.settle_wishes import ASKED_FIRST
from vikno.wire.numbers import Phone, Wrong, as_mobile, read_email, read_phone

MAIN = "main"
BY_PHONE = ("sms", "whatsapp")
"""Kinds of channels where a phone number is an address; the surest first."""
MOST_CEILING = 1_000_000


async def asked_for(room: Room, caller: Caller, message: MessageAsked) -> tuple[Asked, list[str]]:
    """What is to be sent, with warnings for its sender. Raises Refused."""
    rendering = await rendering_of(room.dispatch, caller, message.template)
    template = rendering.kept
    if message.direction == "reply" and template.content in ASKED_FIRST:
        # An answer comes at night, beyond the day's cap, before everything else, and has no way out of it.
        raise refused("value_wrong", f"{template.content} is no answer to anything", pointer="/direction")
    to, warnings = _recipient(room, caller, message.to, template.kind)
    _fits(rendering, message)
    if message.lang and message.lang not in rendering.text.languages:
        warnings.append("language_missing")
    for at, channel in enumerate(message.order):
        if channel not in room.vocabulary.channels:
            raise Refused(unknown("channel_unknown", channel, room.vocabulary.channels, f"/order/{at}"))
    return Asked(
        rendering,
        to,
        message.personalisation,
        message.reference,
        message.lang if message.lang in rendering.text.languages else "",
        message.direction,
        tuple(message.order),
        None if template.kind == "message" or rendering.text.order else template.kind,
        None if message.ceiling is None else micros_of(message.ceiling),
        message.lives_s,
    ), warnings


async def rendering_of(dispatch: Dispatch, caller: Caller, which: str) -> Rendering:
    """The version that messages are sent with now."""
    found = await template_of(dispatch, caller, which)
    if found is None:
        known = [one.slug for one in await dispatch.book.templates(caller.organisation.id) if not one.archived]
        raise Refused(unknown("template_unknown", which, known, "/template"))
    if found.archived:
        raise refused("template_not_approved", f"“{found.slug}” was put away", pointer="/template")
    if found.status != "approved" and caller.key.kind != "test":
        why = f": {found.reason}" if found.reason else ""
        raise refused("template_not_approved", f"version {found.version} of “{found.slug}” is {found.status}{why}",
                      pointer="/template")  # fmt: skip
    rendering = await dispatch.rendering(found.row)
    if rendering is None:
        raise refused("template_unknown", f"“{found.slug}” is gone", pointer="/template")
    return rendering


async def template_of(
    dispatch: Dispatch, caller: Caller, which: str, version: int | None = None
) -> TemplateKept | None:
    """By its slug or its id."""
    number = dispatch.vault.read_uuid("t", which)
    return await dispatch.book.template(caller.organisation.id, which if number is None else number, version)


def _fits(rendering: Rendering, message: MessageAsked) -> None:
    """Whether there is a value for each place, and each may stand there. Raises Refused."""
    lang = message.lang if message.lang in rendering.text.languages else rendering.text.language
    said = [text for words in rendering.text.languages[lang].values() for text in _texts(words)]
    lacks = dict.fromkeys(name for text in said for name in missing(parsed(text), message.personalisation))
    where = "/personalisation"
    if lacks:
        raise refused("personalisation_missing", ", ".join(map(shortened, lacks)), pointer=where)
    try:
        for text in said:
            rendering.fill(text, message.personalisation)
    except (LinkRefused, PersonalisationMissing, PersonalisationTooLong, PersonalisationUnfit) as error:
        names = ", ".join(shortened(str(one)) for one in error.about)
        raise refused("personalisation_wrong", f"“{names}”: {error.text}", pointer=where) from None


def _texts(words: Words) -> Iterable[str]:
    return (words.body,) if words.subject is None else (words.subject, words.body)


def _recipient(room: Room, caller: Caller, to: To, kind: str) -> tuple[Recipient, list[str]]:
    """Where they may be written to, the surest address first. Raises Refused."""
    _whereabouts(room, to)
    audience = caller.organisation.audience
    country, zone, warnings = to.country, to.zone, list[str]()
    addresses: list[tuple[str, str]] = []
    if to.phone is not None:
        phone = _phone(to.phone, country or audience)
        addresses += ((f"{name}/{MAIN}", phone.digits) for name in BY_PHONE if kind in ("message", name))
        if country is None:
            country, zone = phone.country, zone or phone.zone
        elif phone.country not in (None, country):
            warnings.append("country_differs")
    if to.email is not None:
        email = read_email(to.email)
        if isinstance(email, Wrong):
            raise refused("address_wrong", email.said, pointer="/to/email")
        addresses += ((f"email/{MAIN}", email),) if kind in ("message", "email") else ()
    if to.chat is not None:
        addresses += _chat(room, to.chat, kind)
    if not addresses:
        said = "give a phone, an email or a chat"
        if to.phone or to.email or to.chat:
            said = f"this template is for {kind} alone: give {'a phone' if kind == 'sms' else 'an email'}"
        raise refused("address_wrong", said, pointer="/to")
    if country not in (None, audience):
        warnings.append("other_country")
    if caller.key.kind == "team":
        _guest(caller, addresses)
    return Recipient(tuple(addresses), written_of(to), Whereabouts(country, zone)), warnings


def kinds_of(to: To) -> frozenset[str]:
    """The kinds of channels of its addresses."""
    given = {*(BY_PHONE if to.phone is not None else ()), *(("email",) if to.email is not None else ())}
    return frozenset(given if to.chat is None else {*given, to.chat.channel})


def written_of(to: To) -> str:
    """A recipient in one line, as it was given."""
    chat = None if to.chat is None else f"{to.chat.channel}:{to.chat.id}"
    return ", ".join(one for one in (to.phone, to.email, chat) if one is not None)


def _whereabouts(room: Room, to: To) -> None:
    if to.country is not None and to.country not in _countries():
        said = f"“{shortened(to.country)}” is no country: it is written as ua"
        raise refused("value_wrong", said, pointer="/to/country")
    if to.zone is not None and room.dispatch.zone(to.zone) is None:
        said = f"“{shortened(to.zone)}” is no time zone: it is written as Europe/Kyiv"
        raise refused("value_wrong", said, pointer="/to/zone")


def _phone(written: str, country: str) -> Phone:
    phone = read_phone(written, country)
    phone = as_mobile(phone) if isinstance(phone, Phone) else phone
    if isinstance(phone, Wrong):
        raise refused("address_wrong", phone.said, pointer="/to/phone")
    return phone


def _chat(room: Room, chat: Chat, kind: str) -> tuple[tuple[str, str], ...]:
    """On an account of ours on that platform. Raises Refused."""
    known = {name.partition("/")[0] for name in room.dispatch.judge.accounts} - {*BY_PHONE, "email"}
    if chat.channel not in known:
        raise Refused(unknown("channel_unknown", chat.channel, known, "/to/chat/channel"))
    if not chat.id.isprintable():
        raise refused("address_wrong", "letters that can be seen", pointer="/to/chat/id")
    return ((f"{chat.channel}/{MAIN}", chat.id),) if kind in ("message", chat.channel) else ()


def _guest(caller: Caller, addresses: Iterable[tuple[str, str]]) -> None:
    """Whether all of these are on the guest list. Raises Refused."""
    audience, allowed = caller.organisation.audience, set[str]()
    for guest in caller.organisation.guests:
        read = read_email(guest) if "@" in guest else read_phone(guest, audience)
        allowed.add(read.digits if isinstance(read, Phone) else read if isinstance(read, str) else guest)
    if not all(address in allowed for _, address in addresses):
        raise refused("recipient_no_guest", pointer="/to")


def micros_of(ceiling: Decimal) -> int:
    """A sum of money in millionths. Raises Refused."""
    if ceiling.is_finite() and 0 <= ceiling <= MOST_CEILING and ceiling == round(ceiling, 6):
        return int(ceiling * MICROS)
    raise refused("value_wrong", f"a sum from 0 to {MOST_CEILING}, to the millionth", pointer="/ceiling")


@cache
def _countries() -> frozenset[str]:
    """All of ISO 3166, in small letters."""
    from babel import Locale

    return frozenset(str(code).lower() for code in Locale("en").territories if re.fullmatch("[A-Z]{2}", str(code)))
