"""Settings of a server, from the environment, so that it needs no file. An account without its secret is not there."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from vikno.bootstrap.keyfiles import kept, signing_key
from vikno.domain.errors import ViknoError
from vikno.domain.rules.findings import did_you_mean
from vikno.stores.sqlite.file import Location
from vikno.wire.vault import LocalVault, new_secret, read_secret


class SettingWrong(ViknoError):
    """A setting cannot be used. Its name and what it must be are in the message."""

    code = "setting_wrong"


NAMES: dict[str, str] = {
    "VIKNO_PUBLIC_URL": "where people reach this server: https://vikno.example.org; without it no webhook is set",
    "VIKNO_KEY": "32 bytes as base64url or hex: seals addresses, signs links; without it a key file beside the store",
    "VIKNO_TELEGRAM_TOKEN": "the bot's token from @BotFather",
    "VIKNO_TELEGRAM_USERNAME": "the bot's @name as it is printed; where the token belongs to another, that is said",
    "VIKNO_TELEGRAM_API": "another Bot API server, such as a local one",
    "VIKNO_TELEGRAM_POLLING": "1 fetches messages also where there is a public address",
    "VIKNO_TELEGRAM_RATE": "messages a second, where the Bot API server is one's own or broadcasts are paid for",
    "VIKNO_TELEGRAM_CHAT_GAP": "seconds between two messages to one chat, 1 by itself; less only where nobody counts",
    "VIKNO_VIBER_RATE": "messages a second, where the contract says so",
    "VIKNO_VIBER_TOKEN": "the bot's token from its contract",
    "VIKNO_VIBER_NAME": "the sender's name, at most 28 letters",
    "VIKNO_VIBER_URI": "the bot's address in links as it is printed; where the token belongs to another, that is said",
    "VIKNO_VIBER_API": "another server that speaks Viber's API",
    "VIKNO_VK_TOKEN": "the community's token, allowed `messages`; with `manage` the webhook is set by itself",
    "VIKNO_VK_GROUP": "the community's number",
    "VIKNO_VK_SCREEN": "the community's short address as it is printed",
    "VIKNO_VK_NAME": "the community's name as it is printed",
    "VIKNO_VK_CONFIRMATION": "the string that VK wants to hear; only for a token without `manage`",
    "VIKNO_VK_API": "another server that speaks VK's API",
    "VIKNO_VK_RATE": "messages a second, where VK allows others",
    "VIKNO_MAX_TOKEN": "the bot's token of MAX",
    "VIKNO_MAX_CA": "path of the PEM of the authority that signs MAX's certificates; it is believed there alone",
    "VIKNO_MAX_NAME": "the bot's name as it is printed",
    "VIKNO_MAX_USERNAME": "the bot's address as it is printed",
    "VIKNO_MAX_API": "another server that speaks MAX's API",
    "VIKNO_MAX_RATE": "messages a second, where MAX allows others",
    "VIKNO_WHATSAPP_TOKEN": "the access token of the system user",
    "VIKNO_WHATSAPP_SECRET": "the app's secret, which signs what comes",
    "VIKNO_WHATSAPP_NUMBER": "the id of the phone number, not the number",
    "VIKNO_WHATSAPP_NAME": "the verified name that people see",
    "VIKNO_WHATSAPP_PHONE": "the number for links; learnt unless said",
    "VIKNO_WHATSAPP_TEMPLATE": "an approved template of one text, for notices a day after the person wrote",
    "VIKNO_WHATSAPP_LANGUAGES": "codes in which it is approved, with commas; the first is for all others",
    "VIKNO_WHATSAPP_BUSINESS": "the id of the business account: subscribes the app, checks the template",
    "VIKNO_WHATSAPP_API": "another server that speaks the Cloud API",
    "VIKNO_WHATSAPP_RATE": "messages a second, where Meta allows others",
    "VIKNO_SMTP_URL": "how mail goes out: smtps://user:password@host:465 or smtp://host:587",
    "VIKNO_MAIL_FROM": "the sender: Вікно <vikno@example.org>",
    "VIKNO_MAIL_LISTEN": "host:port where mail comes in by LMTP; smtp://host:port where it comes by SMTP",
    "VIKNO_MAIL_DKIM": "selector:path of the private key",
    "VIKNO_SMS_URL": "a gateway in Kannel's dialect: http://user:password@host:13013/cgi-bin/sendsms",
    "VIKNO_SMS_NUMBER": "the number or name that people see",
    "VIKNO_SMS_COUNTRY": "the code before numbers that are written without one, such as 48; 380 unless said",
    "VIKNO_SMS_RATE": "messages a second, as the contract with the gateway says; 10 unless said",
    "VIKNO_SMPP_URL": "or an SMSC by SMPP 3.4: smpp://user:password@host:2775",
    "VIKNO_PUSH_KEY": "a VAPID key from elsewhere, as base64url; unless said it follows from VIKNO_KEY",
    "VIKNO_PUSH_CONTACT": "mailto: or https:, for those who run push services; the public address unless said",
    "VIKNO_PUSH_PRIVATE": "1 lets browsers name push services in a private network, where one is there",
    "VIKNO_WEBHOOKS_PRIVATE": "1 lets `vikno hooks` lead into a private network, where the authority's system is there",
    "VIKNO_METRICS_TOKEN": "a secret for /metrics; without it only this machine is answered, not beside a public URL",
    "VIKNO_KEEP_CONVERSATIONS_DAYS": "30 unless said: so long after its last turn a conversation is kept",
    "VIKNO_KEEP_NOTICES_DAYS": "180 unless said: notices and what became of them",
    "VIKNO_KEEP_ADDRESSES_DAYS": "365 unless said: the address of somebody of whom nothing else is kept any more",
    "VIKNO_KEEP_CASES_DAYS": "1825 unless said: a case that moves no more, its history, and who follows it",
    "VIKNO_KEEP_ASIDES_DAYS": "180 unless said: what came and could not be read",
    "VIKNO_KEEP_ACCESSES_DAYS": "1095 unless said: the access log",
    "VIKNO_WHAT_IF": "drafts of rules about messages that are taken for law, with commas; for a rehearsal only",
    "VIKNO_SIGNING_KEY": "path of the Ed25519 key that signs the list of official channels; made if it is missing",
}
"""What each setting is for; the reference is made of it."""


ELSEWHERE = ("VIKNO_CHROMIUM", "VIKNO_COUNTRIES", "VIKNO_EXAMPLES", "VIKNO_SHRINK")
"""Settings that other parts read."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a server is told. Secrets are never shown."""

    public_url: str | None = None
    given: Mapping[str, str] = field(default_factory=dict, repr=False)

    def get(self, name: str) -> str | None:
        """One setting; None where it is not given."""
        return self.given.get(name)


def read_rate(settings: Settings, name: str) -> float | None:
    """A pace in messages a second; None where it is not given.

    Raises:
        SettingWrong: it is no positive number.
    """
    return _number(settings, name, lambda rate: 0 < rate < 1e9, "of messages a second, such as 30")


def read_drafts(settings: Settings) -> tuple[str, ...]:
    """The drafts that are taken for law."""
    written = settings.get("VIKNO_WHAT_IF") or ""
    return tuple(name for one in written.split(",") if (name := one.strip()))


def read_gap(settings: Settings, name: str) -> float | None:
    """A pause in seconds; None where it is not given.

    Raises:
        SettingWrong: it is no number from 0 to 60.
    """
    return _number(settings, name, lambda gap_s: 0 <= gap_s <= 60, "of seconds from 0 to 60, such as 1")


def _number(settings: Settings, name: str, fits: Callable[[float], bool], what: str) -> float | None:
    written = settings.get(name)
    if written is None:
        return None
    try:
        number = float(written)
    except ValueError:
        number = math.nan  # which fits nowhere
    if not fits(number):
        raise SettingWrong(f"{name} must be a number {what}")
    return number


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """What the environment says.

    Raises:
        SettingWrong: the public address is none; a setting is unknown, which is a slip of the pen.
    """
    found = {
        name: value.strip()
        for name, value in (os.environ if environ is None else environ).items()
        if name.startswith("VIKNO_") and value.strip()
    }
    for name in found:
        if name not in NAMES and name not in ELSEWHERE:
            raise SettingWrong(f"there is no setting {name}{did_you_mean(name, NAMES)}")
    url = found.get("VIKNO_PUBLIC_URL")
    if url is not None:
        if not _is_site(url):
            raise SettingWrong("VIKNO_PUBLIC_URL must be an address such as https://vikno.example.org")
        url = url.rstrip("/")
    return Settings(url, found)


def _is_site(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # only now it is looked at
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.fragment


def open_vault(settings: Settings, store: str) -> LocalVault:
    """The vault of this server: over VIKNO_KEY, or over a key file beside the store, made at the first start.

    Raises:
        KeyWrong, SettingWrong, StoreUrlWrong.
    """
    written = settings.get("VIKNO_KEY")
    if written is None:
        path = Location.of(store).path.with_suffix(".key")
        try:
            written = kept(path, _line).decode("ascii", "replace")
        except OSError as error:
            raise SettingWrong(
                f"the key file {path} can be neither read nor made ({error.strerror}); set VIKNO_KEY"
            ) from error
    return LocalVault(read_secret(written))


def _line() -> bytes:
    return f"{new_secret()}\n".encode()


def list_key(settings: Settings, vault: LocalVault) -> bytes:
    """What signs the list of official channels: the key of the setting, or one that follows from the vault's.

    Raises:
        SettingWrong: the file cannot be read or made, or holds no Ed25519 key.
    """
    written = settings.get("VIKNO_SIGNING_KEY")
    if written is None:
        return vault.key_for("official channels")
    try:
        return signing_key(Path(written))
    except (OSError, ValueError) as error:
        raise SettingWrong(f"VIKNO_SIGNING_KEY names {written}: no Ed25519 key can be read or made there") from error
