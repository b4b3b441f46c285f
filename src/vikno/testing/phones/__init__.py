"""Phones for the demo: people on every channel, beside the office, without a token and without the outside world.

The platforms are the simulators of `vikno.testing`, which speak the real wire protocols; the server is the real one and
does not know that they are not. They live on a thread of their own, as they would on machines of their own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from vikno.wire.vault import LocalVault, new_secret, read_secret

T = TypeVar("T")

TELEGRAM_TOKEN = "4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qc"  # noqa: S105 - of the simulator only
VIBER_TOKEN = "445da6az1s345z78-dazcczb2542zv51a-e0vc5fva17480im9"  # noqa: S105 - the same
LONGEST_TEXT = 4000


class Phone(Protocol):
    """One person's phone, on one channel."""

    kind: str

    @property
    def address(self) -> str:
        """By which the server knows this person."""
        ...

    def meet(self) -> None:
        """They have met the bot before the demo began."""
        ...

    def neighbour(self, name: str, lang: str, number: int) -> str:
        """Somebody else on this platform, who has met the bot: their address. `number`: no two have the same."""
        ...

    async def open(self, token: str) -> None:
        """Come in by a QR with this token."""
        ...

    async def write(self, text: str) -> None: ...

    async def press(self, label: str, message: int) -> None:
        """The button that shows this, below the message with this `id`; 0: on the keyboard below all."""
        ...

    async def stop(self) -> None:
        """Leave: block, unsubscribe, write STOP."""
        ...

    async def allow(self) -> None:
        """Let the bot write again. Raises LookupError where no button does that."""
        ...

    def shown(self) -> dict[str, Any]:
        """What is on the screen: `name`, `lines`, `keys` below all, and what `can` be done now: stop, allow or nothing.

        A line: `id` (they grow), `by` (me, bot, or app for what is no message: then `text` is blocked, unblocked or
        unsubscribed), `text`, `subject`, `rows` of keys. A key: `label`, the `url` that it opens, whether `pressed`.
        """
        ...


@dataclass
class Phones:
    """All phones and the platforms behind them, between `start` and `close`."""

    settings: dict[str, str] = field(default_factory=dict)
    """What the server is told, as from the environment."""
    phones: dict[str, Phone] = field(default_factory=dict)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    def start(self, mail_port: int, public: str) -> None:
        """Begin. `mail_port`: where the server takes mails in; `public`: where people reach it."""
        self._thread = threading.Thread(target=self._run, name="vikno-phones", daemon=True)
        self._thread.start()
        key = new_secret()
        self.settings["VIKNO_KEY"] = key
        self.call(self._begin(World(mail_port, public, LocalVault(read_secret(key)))))

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it on the phones' thread, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def ask(self, work: Coroutine[Any, Any, T]) -> T:
        """The same from a loop, which goes on meanwhile."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def close(self) -> None:
        """End them all."""
        self.call(self._open.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _begin(self, world: World) -> None:
        from vikno.testing.phones.platforms import PLATFORMS

        for platform in PLATFORMS:
            made = await platform(world, self._open)
            self.settings.update(made.settings)
            self.phones[made.phone.kind] = made.phone

    async def screens(self) -> Mapping[str, dict[str, Any]]:
        """What every phone shows."""
        return {kind: phone.shown() for kind, phone in self.phones.items()}

    async def do(self, kind: str, what: str, said: str, message: int = 0) -> None:
        """Something a person does. Raises LookupError for what cannot be done now."""
        phone = self.phones[kind]
        match what:
            case "open":
                await phone.open(said[:64])
            case "write":
                await phone.write(said[:LONGEST_TEXT])
            case "press":
                await phone.press(said[:200], message)
            case "stop":
                await phone.stop()
            case "allow":
                await phone.allow()
            case _:
                raise LookupError(what)


@dataclass(frozen=True)
class World:
    """What a platform has to know of the server. `vault` is the server's: both sides share the webhooks' secrets."""

    mail_port: int
    public: str
    vault: LocalVault

    def secret(self, account: str) -> str:
        """What the server wants to see in what is brought to it."""
        return self.vault.digest("webhook secret", account)


@dataclass(frozen=True)
class Platform:
    """A platform that runs, with one person's phone on it."""

    phone: Phone
    settings: Mapping[str, str]
