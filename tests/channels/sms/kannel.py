"""The real Kannel, started for the tests: bearerbox, smsbox, and its own fakesmsc as the network with its phones."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, quote_from_bytes, unquote_to_bytes, urlsplit

from tests.network import free_port, started
from vikno.usecases.channel import Raw

FAKESMSC = Path("/usr/lib/kannel/test/fakesmsc")
INSTALL = "apt-get install -y kannel kannel-extras"
USER, PASSWORD, SECRET = "vikno", "foobar-2026", "kannel-callback-secret"
NUMBER = "1515"


@dataclass
class Callbacks:
    """Where Kannel brings reports and messages: everything is kept, and answered as our webhook does."""

    url: str = ""
    came: list[Raw] = field(default_factory=list)

    def wait(self, count: int, seconds: float = 15.0) -> list[Raw]:
        """What came, when so much has come."""
        return self._wait(lambda: self.came, count, seconds)

    def messages(self, count: int, seconds: float = 15.0) -> list[Raw]:
        """The same, without the reports."""
        return self._wait(lambda: [raw for raw in self.came if "dlr" not in raw.query], count, seconds)

    def _wait(self, come: Callable[[], list[Raw]], count: int, seconds: float) -> list[Raw]:
        until(lambda: len(come()) >= count, seconds, lambda: f"not {count} came: {self.came}")
        return list(come())


@dataclass
class Kannel:
    """A gateway that runs. `callbacks` hears what it brings."""

    sendsms: str
    port: int
    callbacks: Callbacks
    folder: Path

    def gateway(self, password: str = PASSWORD, style: str = "post") -> str:
        return self.sendsms.replace("://", f"://{USER}:{password}@") + ("?style=get" if style == "get" else "")

    @contextmanager
    def network(self, *messages: str) -> Iterator[Network]:
        """fakesmsc, connected: people send these messages once, and what we send stands in its log."""
        log = self.folder / f"network-{time.monotonic_ns()}.log"
        sent = messages or ("0 0 text nobody",)
        command = [str(FAKESMSC), "-H", "127.0.0.1", "-r", str(self.port), "-i", "0.1", "-m", str(len(messages)), *sent]
        before = self._networks()
        with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
            network = Network(log)
            try:
                until(lambda: self._networks() > before, 10, network.text)
                yield network
            finally:
                process.terminate()

    def _networks(self) -> int:
        """How many the bearerbox has taken in."""
        return (self.folder / "bearerbox.log").read_bytes().count(b"Fakesmsc client connected")


GOT = re.compile(rb"Got message \d+: <(\S+) (\S+) (text|data|udh|ucs-2)(.*?)>\n", re.DOTALL)


@dataclass(frozen=True)
class Network:
    """What fakesmsc was given to deliver."""

    log: Path

    def text(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def wait(self, count: int) -> list[Delivered]:
        """The parts it was given, when there are so many."""
        until(lambda: len(self.delivered()) >= count, 15, self.text)
        return self.delivered()

    def delivered(self) -> list[Delivered]:
        return [_delivered(*one) for one in GOT.findall(self.log.read_bytes())]


@dataclass(frozen=True)
class Delivered:
    """One SMS as the network has it. `header`: the six octets of a part."""

    sender: str
    to: str
    header: bytes
    text: str
    octets: int | None
    """Of a UCS-2 text."""


def _delivered(sender: bytes, to: bytes, kind: bytes, rest: bytes) -> Delivered:
    rest, header = rest.removeprefix(b" "), b""
    if kind == b"udh":
        written, kind, rest = rest.split(b" ", 2)
        header = unquote_to_bytes(written)
    if kind == b"text":
        return Delivered(sender.decode(), to.decode(), header, rest.decode(), None)
    octets = unquote_to_bytes(rest.replace(b"+", b"%20"))
    if kind == b"data" and not any(one in octets for one in (b"\x00", b"\x04", b"\xd8\x3d")):
        return Delivered(sender.decode(), to.decode(), header, octets.decode(), None)  # GSM-7, shown as UTF-8
    return Delivered(sender.decode(), to.decode(), header, octets.decode("utf-16-be", "surrogatepass"), len(octets))


def ucs2(sender: str, text: str) -> str:
    """A message as fakesmsc wants it told."""
    return f"{sender} {NUMBER} ucs2 {quote_from_bytes(text.encode('utf-16-be'))}"


@contextmanager
def kannel(folder: Path, smsc: Callable[[int], str] | None = None) -> Iterator[Kannel]:
    """Kannel on free ports. `smsc`: another smsc group than that of fakesmsc, by the port it would have."""
    for program in ("bearerbox", "smsbox", str(FAKESMSC)):
        assert shutil.which(program) or Path(program).exists(), f"{program} is missing: {INSTALL}"
    admin, box, network, sendsms = (free_port() for _ in range(4))
    with listening() as callbacks:
        conf = folder / "kannel.conf"
        group = smsc(network) if smsc else fake(network)
        conf.write_text(CONF.format(admin=admin, box=box, smsc=group, sendsms=sendsms, url=callbacks.url, user=USER,
                                    password=PASSWORD, secret=SECRET))  # fmt: skip
        log = folder / "bearerbox.log"
        with (
            started(["bearerbox", "-v", "1", conf], box, cwd=folder, log=log),
            started(["smsbox", "-v", "1", conf], sendsms, cwd=folder),
        ):
            # The first was our look whether its port answers.
            until(
                lambda: log.read_bytes().count(b"Client connected") > 1, 15, lambda: log.read_text("utf-8", "replace")
            )
            yield Kannel(f"http://127.0.0.1:{sendsms}/cgi-bin/sendsms", network, callbacks, folder)


def fake(port: int) -> str:
    return f"smsc = fake\nsmsc-id = fake\nport = {port}\nconnect-allow-ip = 127.0.0.1"


CONF = """group = core
admin-port = {admin}
admin-password = none
admin-interface = 127.0.0.1
smsbox-port = {box}
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"

group = smsc
{smsc}

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {box}
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
http-request-retry = 3
http-queue-delay = 1

group = sendsms-user
username = {user}
password = {password}
max-messages = 10
concatenation = true

group = sms-service
keyword = byget
get-url = "{url}?secret={secret}&id=%I&from=%p&to=%P&charset=%C&coding=%c&time=%t&text=%b"
max-messages = 0
omit-empty = true

group = sms-service
keyword = default
catch-all = true
post-url = "{url}?secret={secret}&id=%I"
send-sender = true
max-messages = 0
omit-empty = true
"""


@contextmanager
def listening() -> Iterator[Callbacks]:
    """An HTTP server that keeps what comes, as a webhook would be given it."""
    callbacks = Callbacks()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            callbacks.came.append(Raw(body, headers, dict(parse_qsl(urlsplit(self.path).query))))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing of it is written anywhere."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    callbacks.url = f"http://127.0.0.1:{server.server_address[1]}/hooks/sms/main"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield callbacks
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def until(holds: Callable[[], bool], seconds: float, otherwise: Callable[[], str]) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, otherwise()
        time.sleep(0.05)
