"""The platforms of the demo, each with one person on it: what a phone shows, and what can be done with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from vikno.testing import sms
from vikno.testing.mail import MailWorld
from vikno.testing.mail import Person as MailPerson
from vikno.testing.phones import TELEGRAM_TOKEN, VIBER_TOKEN, Platform, World
from vikno.testing.telegram import Person as TelegramPerson
from vikno.testing.telegram import TelegramServer
from vikno.testing.viber import Person as ViberPerson
from vikno.testing.viber import ViberServer

MAIL_FROM = "Вікно <vikno@vikno.example>"
VIBER_NAME = "Вікно"
SMS_NUMBER = "1515"
MOST_LINES = 60
SLOW = "2"
"""Telegrams a second: slow enough for somebody to press "midnight" while fifty are on their way."""
STOP = "СТОП"
VIBER_SAYS = {"unsubscribed": "blocked", "subscribed": "unblocked"}
"""What the app says on Viber, by the word that it has on the other phones."""


@dataclass
class ViberPhone:
    """Olena, on Viber."""

    person: ViberPerson
    kind: str = "viber"

    @property
    def address(self) -> str:
        return self.person.id

    def meet(self) -> None:
        """Who has unsubscribed since stays so."""
        self.person.subscribed = self.person.subscribed or self.shown()["can"] != "allow"

    def neighbour(self, name: str, lang: str, number: int) -> str:
        person = self.person.server.person(f"{name} {number}", lang)
        person.subscribed = True
        return person.id

    async def open(self, token: str) -> None:
        await self.person.open(context=token)

    async def write(self, text: str) -> None:
        await self.person.write(text)

    async def press(self, label: str, message: int) -> None:
        if message:
            raise LookupError("Viber shows only the latest keyboard, below all")
        await self.person.press(label)

    async def stop(self) -> None:
        await self.person.unsubscribe()

    async def allow(self) -> None:
        await self.person.subscribe()

    def shown(self) -> dict[str, Any]:
        seen = self.person.transcript()
        lines = [
            {"id": at, "by": line["by"], "text": VIBER_SAYS[line["text"]] if line["by"] == "app" else line["text"]}
            for at, line in enumerate(seen["lines"], 1)
            if line["by"] != "app" or line["text"] in VIBER_SAYS
        ]
        left = any(line["by"] == "app" for line in lines)
        can = "stop" if seen["subscribed"] else "allow" if left else ""
        return {"name": self.person.name, "lines": lines[-MOST_LINES:], "keys": seen["keys"], "can": can}


async def viber(_: World, opened: AsyncExitStack) -> Platform:
    """Viber's bot API, as far as a bot meets it."""
    server = await opened.enter_async_context(
        ViberServer(VIBER_TOKEN, name=VIBER_NAME, uri="vikno-demo", receipts=True)
    )
    person = server.person("Олена", "uk")
    settings = {"VIKNO_VIBER_TOKEN": VIBER_TOKEN, "VIKNO_VIBER_NAME": VIBER_NAME, "VIKNO_VIBER_API": server.api}
    return Platform(ViberPhone(person), settings)


@dataclass
class MailPhone:
    """Petro, who reads his mail."""

    person: MailPerson
    to: str
    kind: str = "email"
    _labels: list[list[str]] = field(default_factory=list)
    """Of each letter's choices."""

    @property
    def address(self) -> str:
        return self.person.address

    def meet(self) -> None:
        """A mailbox takes letters from everybody."""

    def neighbour(self, name: str, lang: str, number: int) -> str:  # noqa: ARG002 - letters have no language
        return self.person.world.person(name, f"passenger{number}@mail.example").address

    async def open(self, token: str) -> None:
        local, _, domain = self.to.partition("@")
        await self.person.open(f"mailto:{local}+{token}@{domain}?subject=Vikno&body=")

    async def write(self, text: str) -> None:
        if self.person.letters:
            await self.person.answer(text)
        else:
            await self.person.write(self.to, "Запитання", text)

    async def press(self, label: str, message: int) -> None:
        """The id of a letter's line is its place among the lines."""
        earlier = [line for line in self.person.transcript[: message - 1] if line.by == "bot"]
        await self.person.press(label, self.person.letters[len(earlier)] if message else None)

    async def stop(self) -> None:
        ending = next((one for one in reversed(self.person.letters) if one.unsubscribe), None)
        if ending is None:
            raise LookupError("no letter has a way to end it")
        by_mail = not any(address.startswith("https:") for address in ending.unsubscribe)  # the demo has no https
        await self.person.unsubscribe(ending, by_mail=by_mail)

    async def allow(self) -> None:
        raise LookupError("who writes again is written to again")

    def shown(self) -> dict[str, Any]:
        letters = self.person.letters
        self._labels += [list(letter.links) for letter in letters[len(self._labels) :]]
        labels = iter(self._labels)
        lines = [
            {"id": at, "by": line.by, "subject": line.subject, "text": line.text}
            | ({"rows": [[{"label": label} for label in next(labels, [])]]} if line.by == "bot" else {})
            for at, line in enumerate(self.person.transcript, 1)
        ]
        left = next((line["by"] == "app" for line in reversed(lines) if line["by"] != "bot"), False)
        ends = not left and any(letter.unsubscribe for letter in reversed(letters))
        return {"name": self.person.name, "lines": lines[-MOST_LINES:], "keys": [], "can": "stop" if ends else ""}


async def mail(about: World, opened: AsyncExitStack) -> Platform:
    """A mail server, and the mailbox of one person at it."""
    world = await opened.enter_async_context(MailWorld())
    world.connect(about.mail_port)
    person = world.person("Петро", "petro@mail.example")
    settings = {
        "VIKNO_SMTP_URL": world.url,
        "VIKNO_MAIL_FROM": MAIL_FROM,
        "VIKNO_MAIL_LISTEN": f"127.0.0.1:{about.mail_port}",
    }
    return Platform(MailPhone(person, "vikno@vikno.example"), settings)


@dataclass
class TelegramPhone:
    """Andrii, on Telegram."""

    person: TelegramPerson
    kind: str = "telegram"

    @property
    def address(self) -> str:
        return str(self.person.id)

    def meet(self) -> None:
        self.person.started = True

    def neighbour(self, name: str, lang: str, number: int) -> str:  # noqa: ARG002 - Telegram counts by itself
        person = self.person.server.person(name, lang)
        person.started = True
        return str(person.id)

    async def open(self, token: str) -> None:
        await self.person.open(token=token)

    async def write(self, text: str) -> None:
        await self.person.write(text)

    async def press(self, label: str, message: int) -> None:
        await self.person.press(label, message=message or None)

    async def stop(self) -> None:
        await self.person.block()

    async def allow(self) -> None:
        await self.person.unblock()

    def shown(self) -> dict[str, Any]:
        """Each message keeps its own buttons, as in Telegram; there is no keyboard below all."""
        seen = self.person.transcript()
        can = "allow" if seen["blocked"] else "stop" if seen["lines"] else ""
        return {"name": self.person.name, "lines": seen["lines"][-MOST_LINES:], "keys": [], "can": can}


async def telegram(_: World, opened: AsyncExitStack) -> Platform:
    """Telegram's Bot API, as far as a bot meets it."""
    server = await opened.enter_async_context(
        TelegramServer(TELEGRAM_TOKEN, username="vikno_demo_bot", rates=True, second_s=0.2)
    )
    settings = {
        "VIKNO_TELEGRAM_TOKEN": TELEGRAM_TOKEN,
        "VIKNO_TELEGRAM_API": server.api,
        "VIKNO_TELEGRAM_RATE": SLOW,
    }
    return Platform(TelegramPhone(server.person("Андрій", "uk")), settings)


@dataclass
class SmsPhone:
    """Maria, with a telephone that has buttons."""

    phone: sms.Phone
    gateway: sms.SmsGateway
    kind: str = "sms"

    @property
    def address(self) -> str:
        return self.phone.number

    def meet(self) -> None:
        """A telephone takes what comes."""

    def neighbour(self, name: str, lang: str, number: int) -> str:  # noqa: ARG002 - a gateway knows no names
        """Every fourth one is from abroad, where an SMS costs more."""
        abroad = number % 4 == 3
        return self.gateway.phone(f"43664{5550000 + number}" if abroad else f"38067{5550000 + number}").number

    async def open(self, token: str) -> None:
        await self.phone.write(f"VIKNO {token}")

    async def write(self, text: str) -> None:
        await self.phone.write(text)

    async def press(self, label: str, message: int) -> None:
        raise LookupError(label, message)

    async def stop(self) -> None:
        await self.phone.write(STOP)

    async def allow(self) -> None:
        raise LookupError("who writes again is written to again")

    def shown(self) -> dict[str, Any]:
        lines = [
            {"id": at, "by": "me" if line.by == "person" else "bot", "text": line.text}
            for at, line in enumerate(self.phone.transcript, 1)
        ]
        last = next((line["text"] for line in reversed(lines) if line["by"] == "me"), STOP)
        can = "" if last == STOP else "stop"
        return {"name": "Марія", "lines": lines[-MOST_LINES:], "keys": [], "can": can}


async def texts(about: World, opened: AsyncExitStack) -> Platform:
    """A gateway in Kannel's dialect, and a phone behind it."""
    hook = f"{about.public}/hooks/sms/main?secret={about.secret('sms/main')}"
    gateway = await opened.enter_async_context(sms.SmsGateway(hook=hook))
    settings = {"VIKNO_SMS_URL": gateway.url, "VIKNO_SMS_NUMBER": SMS_NUMBER}
    return Platform(SmsPhone(gateway.phone("380501112233"), gateway), settings)


PLATFORMS: Sequence[Callable[[World, AsyncExitStack], Awaitable[Platform]]] = (telegram, viber, texts, mail)
