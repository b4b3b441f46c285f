"""An account by e-mail whose clock stands and whose mails are numbered, its server, and the world's mailboxes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.channels.conftest import program
from tests.commands import ROOT
from tests.network import free_port, started
from vikno.channels.email import Email, Listener, SmtpTransport, serve
from vikno.testing.mail import MailWorld
from vikno.usecases.channel import Inbound, Outbound, Outcome, Raw, Unreadable

AT_S = 1_790_000_000
KEY = bytes(range(32))


@pytest.fixture(scope="session")
def signing_key() -> bytes:
    return new_key()


@pytest.fixture(scope="session")
def other_key() -> bytes:
    return new_key()


def new_key() -> bytes:
    made = rsa.generate_private_key(65537, 2048)
    return made.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


@pytest.fixture
def make() -> Callable[..., Email]:
    """An account with chosen settings."""

    def make(**settings: object) -> Email:
        numbers = count(1)
        given = {"sender": "Вікно <vikno@example.org>", "key": KEY, "clock": lambda: AT_S, **settings}
        given.setdefault("ids", lambda: f"mail{next(numbers):012}")
        return Email(**given)  # type: ignore[arg-type]  # chosen by tests

    return make


@pytest.fixture
def email(make: Callable[..., Email]) -> Email:
    return make()


@dataclass
class Office:
    """The authority: what it takes in, in order, and a way to send."""

    email: Email
    world: MailWorld
    listener: Listener
    transport: SmtpTransport
    taken: list[Inbound] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    away: Exception | None = None

    async def receive(self, raw: Raw) -> int:
        if self.away is not None:
            raise self.away
        refused = self.email.verify(raw)
        if refused is not None:
            self.refused.append(refused.reason)
            return refused.status
        try:
            self.taken += self.email.parse(raw)
        except Unreadable as error:
            self.aside.append(str(error))
        return 200

    async def send(self, to: str, text: str = "Добрий день", **said: object) -> Outcome:
        (request,) = self.email.render(Outbound(text, **said), to)  # type: ignore[arg-type]
        return self.email.classify(request, await self.transport.carry(request))


@pytest.fixture
async def office(email: Email) -> AsyncIterator[Office]:
    """The account, its LMTP server and its transport, in a world of mailboxes."""
    async with contextlib.AsyncExitStack() as stack:
        world = await stack.enter_async_context(MailWorld())
        made = Office(email, world, None, SmtpTransport(world.url, answer_s=2, hostname="vikno.test"))  # type: ignore[arg-type]
        made.listener = await serve(made.receive, "127.0.0.1", 0, accepts=email.accepts)
        stack.push_async_callback(made.listener.close)
        stack.push_async_callback(made.transport.close)
        world.connect(made.listener.port)
        yield made


@dataclass(frozen=True)
class MailDev:
    """A running maildev."""

    smtp: int
    web: str

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.smtp}"

    def mails(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = httpx.get(f"{self.web}/email").json()
        return found

    def source(self, mail: dict[str, object]) -> bytes:
        """A mail as it arrived, byte for byte."""
        return httpx.get(f"{self.web}/email/{mail['id']}/source").content


@pytest.fixture(scope="session")
def maildev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailDev]:
    """A mail server that nobody here wrote, from node_modules (`npm install`)."""
    maildev = ROOT / "node_modules/maildev/bin/maildev"
    if not maildev.exists():
        pytest.fail("maildev is not installed: `npm install` (make setup does it)")
    smtp, web = free_port(), free_port()
    command = [
        program("node", "install Node.js 20 or newer"), str(maildev), "--smtp", str(smtp), "--web", str(web),
        "--ip", "127.0.0.1", "--silent", "--mail-directory", str(tmp_path_factory.mktemp("maildev")),
    ]  # fmt: skip
    with started(command, web):
        yield MailDev(smtp, f"http://127.0.0.1:{web}")
