"""For `vikno.testing.channel_examples`: mails and servers' answers as data. To walk a whole story, see `mail`."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

from vikno.channels.email import Email, Mail, SmtpAnswer
from vikno.usecases.channel import Outbound, Raw


def brought(account: dict[str, Any], raw: Raw) -> Raw:
    """The envelope of a mail: from whom its From says, to the reply address of our mails to them.

    A body that begins with `base64:` is read as such, for mails that are no UTF-8.
    """
    body = b64decode(raw.body.removeprefix(b"base64:")) if raw.body.startswith(b"base64:") else raw.body
    sender = parseaddr(str(message_from_bytes(body).get("from", "")))[1].lower()
    channel = Email(**account)
    reply = read(channel.render(Outbound("Добрий день"), sender or "nobody@example.com")[0].message)["reply-to"]
    envelope = {"envelope-from": sender, "envelope-to": parseaddr(str(reply))[1]}
    return replace(raw, body=body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), headers={**envelope, **raw.headers})


def answer(given: dict[str, Any]) -> SmtpAnswer:
    """`{code: 550, text: "5.1.1 no such user", to: recipient}`."""
    return SmtpAnswer(**given)


def plain(request: Mail) -> dict[str, Any]:
    """A mail as its reader sees it."""
    letter = read(request.message)
    return {
        "to": request.recipient,
        "headers": {name.lower(): " ".join(str(value).split()) for name, value in letter.items()},
        "text": _part(letter, "plain"),
        "html": _part(letter, "html"),
    }


def _part(letter: EmailMessage, kind: str) -> str | None:
    part = letter.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else None


def read(message: bytes) -> EmailMessage:
    """A mail, read by the standard library."""
    return message_from_bytes(message, policy=policy.default)
