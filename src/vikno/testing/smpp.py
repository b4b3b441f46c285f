"""The other side of SMPP, for tests and the demo: a message centre with phones behind it, on aiosmpplib's codec.

    async with MessageCentre() as centre:
        sms = Sms(number="1515", gateway=centre.url)
        transport = sms.transport(hear)
        await centre.phone("380501112233").write("VIKNO")
        await centre.phone("380501112233").read()

It makes trouble when asked to: `centre.fail("silent")`. A test lets the real Kannel bind to it, so that it is more than
our own idea of SMPP.
"""

from __future__ import annotations

import asyncio
import struct
from itertools import count
from typing import Any, Literal, Self

from aiosmpplib.protocol import SmppMessage, SubmitSm  # type: ignore[import-untyped]
from aiosmpplib.state import SmppCommand  # type: ignore[import-untyped]

from vikno.channels.sms.segments import segments
from vikno.testing.sms import Network

Ids = Literal["same", "hex-decimal", "decimal-hex", "padded"]


class MessageCentre(Network):
    """An SMPP 3.4 centre on aiosmpplib's codec. `ids`: how it names messages when it takes them, and in receipts."""

    faults = frozenset(
        {"throttled", "queue_full", "refused", "no_number", "vendor", "silent", "drop", "drop_untaken", "nack",
         "undelivered", "unreported", "twice", "poison", "early"}
    )  # fmt: skip
    """silent: takes it and does not answer · drop: takes it and hangs up · drop_untaken: hangs up · vendor: a status of
    its own · poison: a receipt that no specification knows · early: the receipt before the answer."""

    system_id, password = "vikno", "hush"

    def __init__(self, *, ids: Ids = "same", first: int = 26, port: int = 0) -> None:
        super().__init__()
        self.ids = ids
        self._port, self._next = port, count(first)
        self._server: asyncio.Server | None = None
        self._lines: set[_Line] = set()
        self.bound = asyncio.Event()
        self.binds = self.enquired = 0
        self.submitted: list[Any] = []
        """Every submit_sm, as aiosmpplib reads it."""
        self.packets: list[bytes] = []
        """The same as it came."""
        self.deaf = False
        """Whether it leaves enquire_link unanswered."""

    @property
    def url(self) -> str:
        """What `Sms` takes as its gateway."""
        return f"smpp://{self.system_id}:{self.password}@127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._met, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        self.hang_up()
        await asyncio.gather(*(line.ended.wait() for line in tuple(self._lines)))

    def hang_up(self) -> None:
        """Drop every connection."""
        for line in tuple(self._lines):
            line.close()

    async def deliver(self, number: str, text: str, *, parts: bool = True, wide: bool = False) -> int:
        """Bring a person's message over the bound line: the last status that came back.

        `wide`: its parts have a reference of two bytes.
        Raises TimeoutError, and ConnectionError if the line ends before.
        """
        line = await self._bound_line()
        found = segments(text)
        texts = found.parts if parts else (text,)
        reference, status = next(self._next) & 0xFF, 0
        for at, part in enumerate(texts, 1):
            header = b""
            if len(texts) > 1:
                wide_header = struct.pack("!BBBHBB", 6, 8, 4, 0x0100 | reference, len(texts), at)
                header = wide_header if wide else bytes((5, 0, 3, reference, len(texts), at))
            status = await line.deliver(number, part, header)
            if status:
                return status
        return status

    async def _bring(self, number: str, text: str) -> int:
        return await self.deliver(number, text)

    async def _bound_line(self) -> _Line:
        async with asyncio.timeout(10):
            await self.bound.wait()
        return next(line for line in self._lines if line.bound)

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = _Line(self, reader, writer)
        self._lines.add(line)
        try:
            await line.run()
        except (asyncio.IncompleteReadError, OSError):
            line.close()  # they have gone
        finally:
            line.close()
            self._lines.discard(line)
            if not any(line.bound for line in self._lines):
                self.bound.clear()
            line.ended.set()

    def named(self) -> tuple[str, str]:
        """The next message's id: when it is taken, and in its receipt."""
        number = next(self._next)
        match self.ids:
            case "same":
                return f"m-{number}", f"m-{number}"
            case "hex-decimal":
                return f"{number:08X}", str(number)
            case "decimal-hex":
                return str(number), f"{number:x}"
        return f"{number:010d}", str(number)


_STATUS = {"throttled": 0x58, "queue_full": 0x14, "refused": 0x45, "no_number": 0x0B, "vendor": 0x0401}


class _Line:
    """One connection of a centre."""

    def __init__(self, centre: MessageCentre, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._centre, self._reader, self._writer = centre, reader, writer
        self._sequence = count(1)
        self._waiting: dict[int, asyncio.Future[int]] = {}
        self.bound = False
        self.ended = asyncio.Event()

    def close(self) -> None:
        self.bound = False
        self._writer.close()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionError("the line ended"))

    async def run(self) -> None:
        while not self._writer.is_closing():
            head = await self._reader.readexactly(16)
            size, command, status, sequence = struct.unpack("!IIII", head)
            pdu = head + await self._reader.readexactly(size - 16)
            match command:
                case SmppCommand.BIND_TRANSCEIVER | SmppCommand.BIND_TRANSMITTER | SmppCommand.BIND_RECEIVER:
                    self._bind(command, sequence, pdu)
                case SmppCommand.ENQUIRE_LINK:
                    self._centre.enquired += 1
                    if not self._centre.deaf:
                        self._write(SmppCommand.ENQUIRE_LINK_RESP, 0, sequence)
                case SmppCommand.SUBMIT_SM:
                    await self._submit(sequence, pdu)
                case SmppCommand.DELIVER_SM_RESP:
                    future = self._waiting.get(sequence)
                    if future is not None and not future.done():
                        future.set_result(status)
                case SmppCommand.UNBIND:
                    self._write(SmppCommand.UNBIND_RESP, 0, sequence)
                    return
                case SmppCommand.ENQUIRE_LINK_RESP | SmppCommand.GENERIC_NACK | SmppCommand.UNBIND_RESP:
                    continue
                case _:
                    self._write(SmppCommand.GENERIC_NACK, 0x03, sequence)

    def _write(self, command: int, status: int, sequence: int, body: bytes = b"") -> None:
        if not self._writer.is_closing():
            self._writer.write(struct.pack("!IIII", 16 + len(body), command, status, sequence) + body)

    def _bind(self, command: int, sequence: int, pdu: bytes) -> None:
        name, password = pdu[16:].split(b"\x00")[:2]
        self._centre.binds += 1
        if (name.decode(), password.decode()) != (self._centre.system_id, self._centre.password):
            self._write(command | 0x80000000, 0x0E, sequence)
            return
        self.bound = True
        self._write(command | 0x80000000, 0, sequence, b"centre\x00")
        self._centre.bound.set()

    async def _submit(self, sequence: int, pdu: bytes) -> None:
        fault = self._centre.next_fault()
        if fault in _STATUS:
            self._write(0x80000004, _STATUS[fault], sequence, b"" if fault == "vendor" else b"\x00")
            return
        if fault == "nack":
            self._write(0x80000000, 0x08, sequence)
            return
        if fault == "drop_untaken":
            self.close()
            return
        message = SubmitSm.from_pdu(pdu, SmppMessage.parse_header(pdu[:16]), "gsm0338")
        self._centre.submitted.append(message)
        self._centre.packets.append(pdu)
        said = {one.tag: one.value for one in message.optional_params}
        header = bytes((5, 0, 3, said[0x020C], said[0x020E], said[0x020F])) if 0x020C in said else b""
        phone = self._centre.phone(message.destination.number)
        phone.arrive(message.source.number, message.short_message or message.message_payload, header)
        if fault == "drop":
            self.close()
            return
        taken, receipt = self._centre.named()
        if fault == "early":
            self._receipt(phone.number, receipt, "DELIVRD")
        if fault != "silent":
            self._write(0x80000004, 0, sequence, taken.encode() + b"\x00")
        if message.registered_delivery & 1 and fault not in ("unreported", "early"):
            for stat in {"undelivered": ["UNDELIV"], "twice": ["DELIVRD", "DELIVRD"], "poison": ["POISON"]}.get(
                fault, ["DELIVRD"]
            ):
                self._receipt(phone.number, receipt, stat)

    def _receipt(self, number: str, identity: str, stat: str) -> None:
        """As SMPP 3.4 shows it in appendix B; a poisoned one has an error code that is no number."""
        err = "0x1A" if stat == "POISON" else "000" if stat == "DELIVRD" else "001"
        dates = "submit date:2611220615 done date:2611220615"
        text = f"id:{identity} sub:001 dlvrd:001 {dates} stat:{stat} err:{err} text:Your ID"
        self._deliver(next(self._sequence), number, text.encode(), 0, 0x04)

    async def deliver(self, number: str, text: str, header: bytes = b"") -> int:
        gsm7 = segments(text).encoding == "gsm7" and text.isascii() and not set(text) & set("@$_^{}\\[~]|`")
        body = header + (text.encode("ascii") if gsm7 else text.encode("utf-16-be"))
        return await self.answered(number, body, 0 if gsm7 else 8, 0x40 if header else 0)

    async def answered(self, number: str, body: bytes, coding: int, esm_class: int) -> int:
        """Send a deliver_sm and wait for its answer: the status."""
        sequence = next(self._sequence)
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = future
        self._deliver(sequence, number, body, coding, esm_class)
        try:
            async with asyncio.timeout(10):
                return await future
        finally:
            del self._waiting[sequence]

    def _deliver(self, sequence: int, number: str, body: bytes, coding: int, esm_class: int) -> None:
        """A deliver_sm (SMPP 3.4, 4.6.1); a long body as message_payload."""
        short, payload = (body, b"") if len(body) <= 254 else (b"", struct.pack("!HH", 0x0424, len(body)) + body)
        fields = b"\x00" + b"\x01\x01" + number.encode() + b"\x00" + b"\x03\x00" + b"1515\x00"
        fields += bytes((esm_class, 0, 0)) + b"\x00\x00" + bytes((0, 0, coding, 0, len(short))) + short + payload
        self._write(0x00000005, 0, sequence, fields)
