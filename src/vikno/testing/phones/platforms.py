"""The platforms of the demo, each with one person on it: what a phone shows, and what can be done with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
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


@dataclass
class ViberPhone:
    """Olena, on Viber."""

    person: ViberPerson
    kind: str = "viber"

    async def open(self, token: str) -> None:
        await self.person.open(context=token)

    async def write(self, text: str) -> None:
        await self.person.write(text)

    async def press(self, label: str) -> None:
        await self.person.press(label)

    async def stop(self) -> None:
        await self.person.unsubscribe()

    def shown(self) -> dict[str, Any]:
        seen = self.person.transcript()
        lines = [line for line in seen["lines"] if line["by"] != "app"]
        return {
            "name": self.person.name,
            "lines": lines[-MOST_LINES:],
            "keys": [key["label"] for key in seen["keys"]],
            "stopped": bool(lines) and not seen["subscribed"],
        }


async def viber(_: World) -> Platform:
    """Viber's bot API, as far as a bot meets it."""
    server = ViberServer(VIBER_TOKEN, name=VIBER_NAME, uri="vikno-demo")
    await server.start()
    person = server.person("Олена", "uk")
    settings = {"VIKNO_VIBER_TOKEN": VIBER_TOKEN, "VIKNO_VIBER_NAME": VIBER_NAME, "VIKNO_VIBER_API": server.api}
    return Platform(ViberPhone(person), settings, server.close)


@dataclass
class MailPhone:
    """Petro, who reads his mail."""

    person: MailPerson
    to: str
    kind: str = "email"

    async def open(self, token: str) -> None:
        local, _, domain = self.to.partition("@")
        await self.person.open(f"mailto:{local}+{token}@{domain}?subject=Vikno&body=")

    async def write(self, text: str) -> None:
        if self.person.letters:
            await self.person.answer(text)
        else:
            await self.person.write(self.to, "Запитання", text)

    async def press(self, label: str) -> None:
        await self.person.press(label)

    async def stop(self) -> None:
        ending = next((one for one in reversed(self.person.letters) if one.unsubscribe), None)
        if ending is None:
            raise LookupError("no letter has a way to end it")
        by_mail = not any(address.startswith("https:") for address in ending.unsubscribe)  # the demo has no https
        await self.person.unsubscribe(ending, by_mail=by_mail)

    def shown(self) -> dict[str, Any]:
        lines: Sequence[Any] = self.person.transcript[-MOST_LINES:]
        letters = self.person.letters
        return {
            "name": self.person.name,
            "lines": [{"by": line.by, "subject": line.subject, "text": line.text} for line in lines],
            "keys": list(letters[-1].links) if letters else [],
            "stopped": False,
        }


async def mail(about: World) -> Platform:
    """A mail server, and the mailbox of one person at it."""
    world = MailWorld()
    await world.__aenter__()
    world.connect(about.mail_port)
    person = world.person("Петро", "petro@mail.example")
    settings = {
        "VIKNO_SMTP_URL": world.url,
        "VIKNO_MAIL_FROM": MAIL_FROM,
        "VIKNO_MAIL_LISTEN": f"127.0.0.1:{about.mail_port}",
    }

    async def close() -> None:
        await world.__aexit__()

    return Platform(MailPhone(person, "vikno@vikno.example"), settings, close)


@dataclass
class TelegramPhone:
    """Andrii, on Telegram."""

    person: TelegramPerson
    kind: str = "telegram"

    async def open(self, token: str) -> None:
        await self.person.open(token=token)

    async def write(self, text: str) -> None:
        await self.person.write(text)

    async def press(self, label: str) -> None:
        await self.person.press(label)

    async def stop(self) -> None:
        await self.person.block()

    def shown(self) -> dict[str, Any]:
        seen = self.person.transcript()
        lines = [{"by": line["by"], "text": line["text"]} for line in seen["lines"] if line["by"] != "app"]
        keys = [key["label"] for key in seen["keys"]]
        return {"name": self.person.name, "lines": lines[-MOST_LINES:], "keys": keys, "stopped": seen["blocked"]}


async def telegram(_: World) -> Platform:
    """Telegram's Bot API, as far as a bot meets it."""
    server = TelegramServer(TELEGRAM_TOKEN, username="vikno_demo_bot", rates=True, second_s=0.2)
    await server.start()
    settings = {"VIKNO_TELEGRAM_TOKEN": TELEGRAM_TOKEN, "VIKNO_TELEGRAM_API": server.api}
    return Platform(TelegramPhone(server.person("Андрій", "uk")), settings, server.close)


@dataclass
class SmsPhone:
    """Maria, with a telephone that has buttons."""

    phone: sms.Phone
    kind: str = "sms"

    async def open(self, token: str) -> None:
        await self.phone.write(f"VIKNO {token}")

    async def write(self, text: str) -> None:
        await self.phone.write(text)

    async def press(self, label: str) -> None:
        raise LookupError(label)

    async def stop(self) -> None:
        await self.phone.write("СТОП")

    def shown(self) -> dict[str, Any]:
        lines = [
            {"by": "me" if line.by == "person" else "bot", "text": line.text}
            for line in self.phone.transcript[-MOST_LINES:]
        ]
        stopped = bool(lines) and lines[-1]["text"] == "СТОП"
        return {"name": f"Марія · +{self.phone.number}", "lines": lines, "keys": [], "stopped": stopped}


async def texts(about: World) -> Platform:
    """A gateway in Kannel's dialect, and a phone behind it."""
    gateway = sms.SmsGateway(hook=f"{about.public}/hooks/sms/main?secret={about.secret('sms/main')}")
    await gateway.__aenter__()
    settings = {"VIKNO_SMS_URL": gateway.url, "VIKNO_SMS_NUMBER": SMS_NUMBER}

    async def close() -> None:
        await gateway.__aexit__(None, None, None)

    return Platform(SmsPhone(gateway.phone("380501112233")), settings, close)


PLATFORMS: Sequence[Callable[[World], Awaitable[Platform]]] = (telegram, viber, texts, mail)
