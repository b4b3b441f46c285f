"""Which accounts a server has, by its settings: an account whose secret is not given is not there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from vikno.bootstrap.bot import Account, NotRegistered
from vikno.bootstrap.settings import Settings, SettingWrong, read_gap, read_rate
from vikno.domain.dialog.world import FALLBACK
from vikno.packs.phrases import load_phrases
from vikno.usecases.channel import Raw
from vikno.wire.hooks import Hook
from vikno.wire.http import HttpTransport
from vikno.wire.vault import LocalVault

if TYPE_CHECKING:
    from vikno.channels.inbox import Inbox

_USERNAME = re.compile(r"@?[A-Za-z0-9_]{4,32}", re.ASCII)
LONG_POLL_S = 60.0
"""A connection for fetching waits for longer than the platform holds it."""


def accounts_of(settings: Settings, vault: LocalVault) -> list[Account]:
    """Every account whose secret is given, in the order in which people are offered them.

    Raises:
        SettingWrong, and what a channel raises for a setting of the wrong form.
    """
    made = (_telegram, _viber, _whatsapp, _vk, _max, _email, _sms)
    return [account for make in made if (account := make(settings, vault)) is not None]


def _secret(vault: LocalVault, account: str) -> str:
    """The secret that a platform shows us with everything it brings; the same after a restart."""
    return vault.digest("webhook secret", account)


def _hook(settings: Settings, account: str) -> str | None:
    """Where the platform brings what happens; None without a public address."""
    return f"{settings.public_url}/hooks/{account}" if settings.public_url else None


Carry = Callable[[Any], Awaitable[Any]]


class _Registers(Protocol):
    async def register(self, carry: Carry, url: str) -> str | None: ...


def _registering(channel: _Registers) -> Callable[[Carry, str], Awaitable[None]]:
    """Tells the platform where its webhook is; what it says against it is raised."""

    async def register(carry: Carry, url: str) -> None:
        if wrong := await channel.register(carry, url):
            raise NotRegistered(wrong)

    return register


def _telegram(settings: Settings, vault: LocalVault) -> Account | None:
    token = settings.get("VIKNO_TELEGRAM_TOKEN")
    if token is None:
        return None
    from vikno.channels.telegram import OFFICIAL_API, Telegram

    hook = _hook(settings, "telegram/main")
    api = settings.get("VIKNO_TELEGRAM_API") or OFFICIAL_API
    username = settings.get("VIKNO_TELEGRAM_USERNAME")
    if username is not None and not _USERNAME.fullmatch(username):
        raise SettingWrong("VIKNO_TELEGRAM_USERNAME must be the bot's name as it is printed, such as @vikno_bot")
    polled = hook is None or settings.get("VIKNO_TELEGRAM_POLLING") == "1"
    channel = Telegram(
        token=token,
        username=username,
        secret=_secret(vault, "telegram/main"),
        api=api,
        webhook="" if polled else hook,
        chat_gap_s=read_gap(settings, "VIKNO_TELEGRAM_CHAT_GAP"),
    )
    transport, rate = HttpTransport(), read_rate(settings, "VIKNO_TELEGRAM_RATE")
    if not polled:
        return Account(channel, transport, register=_registering(channel), rate=rate)

    async def fetch(hook: Hook, stopping: asyncio.Event) -> None:
        from vikno.channels.telegram.polling import poll

        lines = HttpTransport(answer_s=LONG_POLL_S)
        try:
            await poll(channel, lines, hook.take, stopping)
        finally:
            await lines.close()

    return Account(channel, transport, serve=fetch, rate=rate)


def _viber(settings: Settings, _: LocalVault) -> Account | None:
    token = settings.get("VIKNO_VIBER_TOKEN")
    if token is None:
        return None
    from vikno.channels.viber import API, Viber

    name = settings.get("VIKNO_VIBER_NAME")
    if name is None:
        raise SettingWrong("VIKNO_VIBER_NAME must be given with VIKNO_VIBER_TOKEN: people see it above each message")
    api = settings.get("VIKNO_VIBER_API") or API
    phrases = load_phrases()

    def tap(language: str) -> str:
        return phrases.get(language, phrases[FALLBACK]).say("viber.tap")

    channel = Viber(
        token=token,
        name=name,
        uri=settings.get("VIKNO_VIBER_URI"),
        api=api,
        webhook=_hook(settings, "viber/main"),
        tap=tap,
    )

    rate = read_rate(settings, "VIKNO_VIBER_RATE")
    return Account(channel, HttpTransport(), register=_registering(channel), rate=rate)


def _vk(settings: Settings, vault: LocalVault) -> Account | None:
    token = settings.get("VIKNO_VK_TOKEN")
    if token is None:
        return None
    from vikno.channels.vk import API, Vk

    group = settings.get("VIKNO_VK_GROUP") or ""
    if not group.isascii() or not group.isdigit() or len(group) > 18:
        raise SettingWrong("VIKNO_VK_GROUP must be given with VIKNO_VK_TOKEN: the community's number")
    channel = Vk(
        token=token,
        secret=_secret(vault, "vk/main"),
        group=int(group),
        screen=settings.get("VIKNO_VK_SCREEN"),
        name=settings.get("VIKNO_VK_NAME"),
        confirmation=settings.get("VIKNO_VK_CONFIRMATION"),
        api=settings.get("VIKNO_VK_API") or API,
        webhook=_hook(settings, "vk/main"),
    )
    rate = read_rate(settings, "VIKNO_VK_RATE")
    return Account(channel, channel.transport(HttpTransport()), register=_registering(channel), rate=rate)


def _max(settings: Settings, vault: LocalVault) -> Account | None:
    token = settings.get("VIKNO_MAX_TOKEN")
    if token is None:
        return None
    from vikno.channels.max import API, Max, transport
    from vikno.channels.max.errands import Errands

    lines = transport(settings.get("VIKNO_MAX_CA"))
    channel = Max(
        token=token,
        secret=_secret(vault, "max/main"),
        name=settings.get("VIKNO_MAX_NAME"),
        username=settings.get("VIKNO_MAX_USERNAME"),
        api=settings.get("VIKNO_MAX_API") or API,
        webhook=_hook(settings, "max/main"),
        errand=Errands(lines),
    )
    return Account(channel, lines, register=_registering(channel), rate=read_rate(settings, "VIKNO_MAX_RATE"))


def _whatsapp(settings: Settings, _: LocalVault) -> Account | None:
    token = settings.get("VIKNO_WHATSAPP_TOKEN")
    if token is None:
        return None
    from vikno.channels.whatsapp import API, WhatsApp

    def needed(name: str, why: str) -> str:
        found = settings.get(f"VIKNO_WHATSAPP_{name}")
        if found is None:
            raise SettingWrong(f"VIKNO_WHATSAPP_{name} must be given with VIKNO_WHATSAPP_TOKEN: {why}")
        return found

    languages = (settings.get("VIKNO_WHATSAPP_LANGUAGES") or "uk").split(",")
    channel = WhatsApp(
        token=token,
        secret=needed("SECRET", "what comes is signed with it"),
        number=needed("NUMBER", "the id of the phone number"),
        name=needed("NAME", "people see it"),
        phone=settings.get("VIKNO_WHATSAPP_PHONE"),
        api=settings.get("VIKNO_WHATSAPP_API") or API,
        webhook=_hook(settings, "whatsapp/main"),
        template=settings.get("VIKNO_WHATSAPP_TEMPLATE"),
        languages=[language.strip() for language in languages if language.strip()],
        business=settings.get("VIKNO_WHATSAPP_BUSINESS"),
    )
    rate = read_rate(settings, "VIKNO_WHATSAPP_RATE")
    return Account(channel, HttpTransport(), register=_registering(channel), rate=rate)


def _email(settings: Settings, vault: LocalVault) -> Account | None:
    url = settings.get("VIKNO_SMTP_URL")
    if url is None:
        return None
    from vikno.channels.email import Email
    from vikno.channels.email.server import listening
    from vikno.channels.email.transport import Server, SmtpTransport

    sender = settings.get("VIKNO_MAIL_FROM")
    if sender is None:
        raise SettingWrong("VIKNO_MAIL_FROM must be given with VIKNO_SMTP_URL: Вікно <vikno@example.org>")
    channel = Email(sender=sender, key=vault.key_for("reply addresses"), dkim=_dkim(settings))
    listen = settings.get("VIKNO_MAIL_LISTEN")
    serve = None
    if listen is not None:
        protocol, _, place = listen.rpartition("://")
        host, _, port = place.rpartition(":")
        if (
            protocol not in ("", "lmtp", "smtp")
            or not host
            or not port.isascii()
            or not port.isdigit()
            or not 0 < int(port) < 65536
        ):
            raise SettingWrong("VIKNO_MAIL_LISTEN must be host:port, such as 127.0.0.1:8024 or smtp://127.0.0.1:8024")
        serve = listening(channel.accepts, host.strip("[]"), int(port), lmtp=protocol != "smtp")
    return Account(channel, SmtpTransport(Server.of(url)), serve=serve, by_web=False)


def _dkim(settings: Settings) -> tuple[str, bytes] | None:
    written = settings.get("VIKNO_MAIL_DKIM")
    if written is None:
        return None
    selector, _, path = written.partition(":")
    try:
        return selector, Path(path).read_bytes()
    except OSError as error:
        raise SettingWrong(f"VIKNO_MAIL_DKIM names a key that cannot be read: {path} ({error.strerror})") from error


def sms_callback(settings: Settings, vault: LocalVault) -> str | None:
    """The address that an HTTP gateway must be given, with its secret; None where there is no such gateway."""
    if settings.get("VIKNO_SMS_URL") is None or settings.get("VIKNO_SMPP_URL") or settings.public_url is None:
        return None
    return f"{_hook(settings, 'sms/main')}?secret={_secret(vault, 'sms/main')}"


def _sms(settings: Settings, vault: LocalVault) -> Account | None:
    gateway = settings.get("VIKNO_SMPP_URL") or settings.get("VIKNO_SMS_URL")
    if gateway is None:
        return None
    from vikno.channels.sms import Sms

    number = settings.get("VIKNO_SMS_NUMBER")
    if number is None:
        raise SettingWrong("VIKNO_SMS_NUMBER must be given with the gateway: people see it")
    secret, hook = _secret(vault, "sms/main"), _hook(settings, "sms/main")
    country = settings.get("VIKNO_SMS_COUNTRY") or "380"
    if not country.isascii() or not country.isdigit() or len(country) > 4:
        raise SettingWrong("VIKNO_SMS_COUNTRY must be the digits of a country's code, such as 48")
    channel = Sms(number=number, gateway=gateway, secret=secret, callback=hook or "", country=country)
    heard: list[Hook] = []

    async def hear(raw: Raw) -> object:
        return await heard[0].take(raw) if heard else None

    transport = channel.transport(hear)

    async def stay(_: Hook, stopping: asyncio.Event) -> None:
        """The line is there from the start, so that people are heard before anything is sent."""
        await channel.self_check(transport.carry)
        await stopping.wait()

    by_line = gateway.startswith("smpp:")
    rate = read_rate(settings, "VIKNO_SMS_RATE")
    serve = stay if by_line else None
    return Account(channel, transport, serve=serve, bind=heard.append, by_web=not by_line, rate=rate)


def inbox_of(
    settings: Settings, vault: LocalVault, public: str, name: Callable[[str], str] = lambda _: "Vikno"
) -> tuple[Inbox, Account]:
    """The inbox, which is always there: browsers are told by push (`public`: where people reach this server).

    Its key follows from the vault's unless it is given. `name`: a language -> who writes.

    Raises:
        SettingWrong, PushKeyWrong.
    """
    from vikno.channels.inbox import Inbox, PushTransport, key_from, read_key

    written, private = settings.get("VIKNO_PUSH_KEY"), settings.get("VIKNO_PUSH_PRIVATE") == "1"
    contact = settings.get("VIKNO_PUSH_CONTACT")
    if contact is not None and not contact.startswith(("mailto:", "https://")):
        raise SettingWrong("VIKNO_PUSH_CONTACT must begin with mailto: or https://")
    if contact is None and public.startswith("https://"):
        contact = public
    channel = Inbox(
        key=read_key(written) if written else key_from(vault.key_for("push, one") + vault.key_for("push, two")),
        secret=vault.key_for("push receipts"),
        contact=contact,
        name=name,
        private=private,
    )
    return channel, Account(channel, PushTransport(private=private))
