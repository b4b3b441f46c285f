"""What clients send, read as strictly as GOV.UK Notify reads it, with each thing that is wrong in its words.

What is said of a body comes in the order of Notify's schemas: what is wrong with a value, then what is missing, then
what does not belong there.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from vikno.api.notify import checks
from vikno.api.notify.checks import Check
from vikno.api.notify.errors import INVALID_JSON, Refused, invalid, refused
from vikno.wire.numbers import Phone, Wrong, read_email, read_phone

MOST_VALUES = 200_000
"""Of a body, told by the signs between them: a file of 2 MB is one; millions would hold up others for a second."""


class Sms(Struct, frozen=True):
    """A text message that somebody asks for."""

    written: str
    phone: Phone
    template: str
    personalisation: Mapping[str, Any]
    reference: str | None
    sender: str | None


class Email(Struct, frozen=True):
    """A mail that somebody asks for. `unsubscribe`: where its sender would have people unsubscribe."""

    written: str
    address: str
    template: str
    personalisation: Mapping[str, Any]
    reference: str | None
    sender: str | None
    unsubscribe: str | None


def read_json(body: bytes) -> Any:
    """Raises Refused. What is false by itself, such as nothing at all between quotes, counts as an empty object.

    Some systems write a mark of the encoding before it.
    """
    if len(body) > MOST_VALUES and sum(map(body.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise Refused(413, "BadRequestError", (f"A request may have {MOST_VALUES} values",))
    try:
        return _decode(body.removeprefix(BOM_UTF8)) or {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise refused(INVALID_JSON) from None


_decode = msgspec.json.Decoder().decode


def read_sms(body: Any, country: str, now_ms: int) -> Sms:
    """`country`: where a number without a country's code belongs. Raises Refused."""
    phones: list[Phone] = []

    def phone(value: Any) -> str | None:
        if (wrong := checks.text(value)) is not None:
            return wrong
        read = read_phone(value, country)
        if isinstance(read, Wrong):
            return read.said
        phones.append(read)
        return None

    known: dict[str, Check] = {
        "reference": checks.reference,
        "phone_number": phone,
        "template_id": checks.uuid,
        "personalisation": checks.personalisation,
        "scheduled_for": lambda value: checks.soon(value, now_ms),
        "sms_sender_id": checks.uuid,
    }
    given = checks.checked(body, known, ("phone_number", "template_id"))
    return Sms(
        given["phone_number"], phones[0], given["template_id"], given.get("personalisation") or {},
        given.get("reference"), given.get("sms_sender_id"),
    )  # fmt: skip


def read_mail(body: Any, now_ms: int) -> Email:
    """Raises Refused."""
    addresses: list[str] = []

    def address(value: Any) -> str | None:
        if (wrong := checks.text(value)) is not None:
            return wrong
        read = read_email(value) if "<" not in value else Wrong("email", "Not a valid email address")
        if isinstance(read, Wrong):
            return read.said
        addresses.append(read)
        return None

    known: dict[str, Check] = {
        "reference": checks.reference,
        "email_address": address,
        "template_id": checks.uuid,
        "personalisation": checks.personalisation,
        "scheduled_for": lambda value: checks.soon(value, now_ms),
        "email_reply_to_id": checks.uuid,
        "one_click_unsubscribe_url": checks.https,
        "sanitise_content_for": checks.list_or_null,
    }
    given = checks.checked(body, known, ("email_address", "template_id"))
    return Email(
        given["email_address"], addresses[0], given["template_id"], given.get("personalisation") or {},
        given.get("reference"), given.get("email_reply_to_id"), given.get("one_click_unsubscribe_url"),
    )  # fmt: skip


def check_letter(body: Any) -> None:
    """A letter, or the PDF of one. Raises Refused."""
    if isinstance(body, dict) and "content" in body:
        checks.checked(
            body,
            {"reference": checks.text, "content": checks.text, "postage": checks.postage},
            ("reference", "content"),
        )
        return
    known: dict[str, Check] = {
        "reference": checks.reference,
        "template_id": checks.uuid,
        "personalisation": checks.personalisation,
    }
    checks.checked(body, known, ("template_id", "personalisation"))


def read_preview(body: bytes) -> Mapping[str, Any]:
    """The personalisation of a preview, which may be no body at all. Raises Refused."""
    given = read_json(body) if body else {}
    if not isinstance(given, dict):
        raise invalid(checks.not_of(given, "object"))
    if (wrong := checks.personalisation(given.get("personalisation", {}))) is not None:
        raise invalid(f"personalisation {wrong}")
    found: dict[str, Any] = given.get("personalisation", {})
    return found


def files_in(personalisation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The values that are files."""
    return [value for value in personalisation.values() if isinstance(value, dict) and "file" in value]


def check_file(file: Mapping[str, Any]) -> None:
    """Raises Refused for a file that Notify would refuse before it looks into it."""
    known: dict[str, Check] = {
        "file": checks.text,
        "is_csv": lambda value: checks.yes_or_no("is_csv", value),
        "confirm_email_before_download": lambda value: checks.yes_or_no("confirm_email_before_download", value),
        "retention_period": checks.weeks,
        "filename": checks.filename,
    }
    wrong = list(checks.unexpected(file, known))
    wrong += [f"{name} {said}" for name, said in checks.wrong_values(file, known)]
    if "is_csv" in file and "filename" in file:
        wrong.append("Do not set a value for `is_csv` if `filename` is set.")
    if wrong:
        raise invalid(*wrong)


def check_id(name: str, written: str) -> None:
    """Raises Refused for what is no UUID."""
    if (wrong := checks.uuid(written)) is not None:
        raise invalid(f"{name} {wrong}")
