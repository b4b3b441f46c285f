"""The line to a message centre: one SMPP connection that is kept, made anew when it breaks, and asked whether it lives.

aiosmpplib holds the session and knows the packets. Ours is what the promise needs: parts that cut no letter; a send
whose outcome is known, or known to be unknown; receipts under the id that the centre gave when it took the message;
what came is acknowledged when it is on record, and not before.
"""

# ruff: noqa: ARG002 - the arguments are those that aiosmpplib gives
from __future__ import annotations

import asyncio
import logging
import re
import struct
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from time import time
from typing import Any

import msgspec
from aiosmpplib import (  # type: ignore[import-untyped]
    ESME,
    NPI,
    TON,
    AbstractBroker,
    AbstractCorrelator,
    AbstractHook,
    AbstractRetryTimer,
    AbstractThrottleHandler,
    PhoneNumber,
    SubmitSm,
)
from aiosmpplib.codec import find_codec_info  # type: ignore[import-untyped]
from aiosmpplib.protocol import DeliverSmResp, SmppMessage  # type: ignore[import-untyped]
from aiosmpplib.state import (  # type: ignore[import-untyped]
    SmppCommand,
    SmppCommandStatus,
    SmppSessionState,
)

from vikno.channels.sms.inbound import digest
from vikno.channels.sms.segments import segments
from vikno.channels.sms.smpp import (
    BUSY,
    MESSAGE_STATE,
    RECEIPTED_MESSAGE_ID,
    REMEMBERED,
    STATES,
    TYPE,
    Centre,
    Delivery,
    Known,
    Said,
    SmppAnswer,
    SmppAsk,
    SmppSubmit,
    alphabet_of,
    read_delivery,
)
from vikno.usecases.channel import NotCarried, Raw
from vikno.wire.limits import SMPP_PDU_BYTES, SMPP_WINDOW

log = logging.getLogger("vikno.sms.smpp")

BOUND_S = 5.0
"""How long a message waits for a connection that is being made."""
ANSWER_S = 20.0
ENQUIRE_S = 30.0
LONGEST_PAUSE_S = 60.0
PART_TRIES = 5
"""Of a later part that is throttled: what went before it would be lost otherwise."""
PARTS_KEPT = 1000
"""Long messages of which parts are awaited."""
PARTS_S = 24 * 3600.0
"""How long they are: a later message of the same phone has the same number."""


@dataclass(slots=True, eq=False)
class _Flying:
    """One submit_sm on its way. `left`: it may have reached the centre."""

    answer: asyncio.Future[SmppAnswer | NotCarried]
    left: bool = False


class SmppTransport:
    """Carries texts over one bound connection (`usecases.channel.Transport`), and brings what comes over it to `hear`.

    `hear` takes a `Raw` and returns when it is on record; what it raises is told to the centre as “later, please”.
    """

    def __init__(
        self,
        gateway: str,
        hear: Callable[[Raw], Awaitable[object]] | None = None,
        *,
        answer_s: float = ANSWER_S,
        enquire_s: float = ENQUIRE_S,
        bound_s: float = BOUND_S,
        pause_s: float = 1.0,
    ) -> None:
        self.centre = Centre.of(gateway)
        self.known = Known(self.centre.ids)
        self.answer_s, self.enquire_s, self.pause_s = answer_s, enquire_s, pause_s
        self._hear, self._bound_s = hear, bound_s
        self._flying: dict[str, _Flying] = {}  # by our name of the packet
        self._by_sequence: dict[int, _Flying] = {}
        self._names, self._references = count(1), count(1)
        self._window = asyncio.Semaphore(SMPP_WINDOW)
        self._bound, self._told, self._refused = asyncio.Event(), asyncio.Event(), 0
        self._running: asyncio.Task[None] | None = None
        self._esme: _Esme | None = None

    async def carry(self, request: SmppSubmit | SmppAsk) -> SmppAnswer | NotCarried:
        """The centre's answer, or why there is none."""
        self.start()
        if not self._bound.is_set() and not self._refused:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), self._bound_s)
        if not self._bound.is_set():
            return SmppAnswer(self._refused) if self._refused else NotCarried(False, "not_bound")
        if isinstance(request, SmppAsk):
            return SmppAnswer(0)
        async with self._window:
            return await self._say(request)

    def start(self) -> None:
        """Connect, and stay connected. `carry` does so too; what shall only be heard needs it."""
        if self._running is None:
            self._running = asyncio.get_running_loop().create_task(self._run(), name="smpp")

    async def close(self) -> None:
        """Take leave of the centre."""
        if self._running is None:
            return
        running, self._running = self._running, None
        if self._esme is not None:
            self._esme.leave()
            self._esme.hang_up()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        self._lost()

    async def _run(self) -> None:
        """Keep a session; whatever a centre does to it costs the session, never the transport."""
        while True:
            self._esme = _Esme(self)
            try:
                await self._esme.start()
            except Exception as error:  # noqa: BLE001 - the session's code may meet packets that nobody foresaw
                log.error("smpp_session_broke", extra={"error": type(error).__name__})
            finally:
                self._esme.hang_up()
                self._lost()
            await asyncio.sleep(self.pause_s)

    # ---- out ----

    async def _say(self, request: SmppSubmit) -> SmppAnswer | NotCarried:
        """All parts of a text. Once one of them is taken, there is no way back: then the outcome is all or unknown."""
        found = segments(request.text)
        reference = next(self._references) & 0xFF
        answer: SmppAnswer | NotCarried = SmppAnswer(0)
        for at, part in enumerate(found.parts):
            header = bytes((5, 0, 3, reference, len(found.parts), at + 1)) if len(found.parts) > 1 else b""
            answer = await self._part(request, found.encoding == "gsm7", part, header, patient=at > 0)
            if isinstance(answer, NotCarried):
                return NotCarried(answer.left or at > 0, answer.reason)
            if answer.status:
                return NotCarried(True, f"part {at + 1} refused: 0x{answer.status:02X}") if at else answer
        return answer

    async def _part(
        self, request: SmppSubmit, gsm7: bool, part: str, header: bytes, *, patient: bool
    ) -> SmppAnswer | NotCarried:
        tries = PART_TRIES if patient else 1
        while True:
            answer = await self._submit(_packet(request, gsm7, part, header))
            tries -= 1
            if not tries or not isinstance(answer, SmppAnswer) or answer.status not in BUSY:
                return answer
            await asyncio.sleep(self.pause_s)

    async def _submit(self, packet: Any) -> SmppAnswer | NotCarried:
        esme = self._esme
        if esme is None or not self._bound.is_set():
            return NotCarried(False, "not_bound")
        packet.log_id = str(next(self._names))
        flying = self._flying[packet.log_id] = _Flying(asyncio.get_running_loop().create_future())
        try:
            await esme.broker.enqueue(packet)
            return await asyncio.wait_for(flying.answer, self.answer_s)
        except TimeoutError:
            return NotCarried(flying.left, "no_answer")
        finally:
            self._flying.pop(packet.log_id, None)
            self._by_sequence = {at: one for at, one in self._by_sequence.items() if one is not flying}

    def leaving(self, packet: Any) -> None:
        """A packet is about to be written. Raises ValueError if nobody waits for it any more: then it stays here."""
        flying = self._flying.get(packet.log_id)
        if flying is None or flying.answer.done():
            raise ValueError("given up")
        flying.left = True
        self._by_sequence[packet.sequence_num] = flying

    def answered(self, sequence: int, status: int, message: str) -> None:
        """A submit_sm_resp or a generic_nack."""
        flying = self._by_sequence.pop(sequence, None)
        if flying is not None and not status:
            message = self.known.taken(message)  # at once: its receipt may be the next packet
        if flying is not None and not flying.answer.done():
            flying.answer.set_result(SmppAnswer(status, message))

    def failed(self, packet: Any) -> None:
        """It could not be written."""
        flying = self._flying.get(packet.log_id)
        if flying is not None and not flying.answer.done():
            flying.answer.set_result(NotCarried(flying.left, "not_written"))

    # ---- the session ----

    def bound(self) -> None:
        """The centre knows us."""
        self._refused = 0
        self._bound.set()
        self._told.set()
        log.info("smpp_bound")

    def refused(self, status: int) -> None:
        """The centre does not let us in."""
        self._refused = status
        self._told.set()
        log.error("smpp_bind_refused", extra={"status": status})

    def lost(self) -> None:
        """The connection is gone: what was on its way may have arrived."""
        if self._bound.is_set():
            log.warning("smpp_lost", extra={"flying": len(self._flying)})
        if self._esme is not None:
            self._esme.hang_up()
        self._lost()

    def _lost(self) -> None:
        self._bound.clear()
        self._told.clear()
        for flying in self._flying.values():
            if not flying.answer.done():
                flying.answer.set_result(NotCarried(flying.left, "connection_lost"))
        self._by_sequence.clear()

    # ---- in ----

    async def heard(self, said: Said) -> bool:
        """Bring it to whoever listens; whether it is on record."""
        if self._hear is None:
            return False
        try:
            await self._hear(Raw(msgspec.json.encode(said), {"content-type": TYPE}))
        except Exception as error:  # noqa: BLE001 - the centre keeps it and brings it again
            log.error("smpp_not_recorded", extra={"error": type(error).__name__})
            return False
        return True


@dataclass(slots=True)
class _Parts:
    """What has come of a long message, and when the first of it did."""

    since_s: float
    octets: dict[int, bytes] = field(default_factory=dict)


def _packet(request: SmppSubmit, gsm7: bool, part: str, header: bytes) -> Any:
    packet = SubmitSm(
        short_message=" ",
        source=_source(request.source),
        destination=PhoneNumber(request.to, TON.INTERNATIONAL, NPI.ISDN),
        esm_class=0x40 if header else 0,
        registered_delivery=1,
        encoding=None if gsm7 else "ucs2",
    )
    letters = find_codec_info("gsm0338").encode(part)[0] if gsm7 else part.encode("utf-16-be", "replace")
    packet.set_encoded_message(header + letters)
    return packet


def _source(shown: str) -> Any:
    """The sender: a number, a short number, or a name."""
    digits = shown.removeprefix("+")
    if digits.isascii() and digits.isdigit():
        if len(digits) <= 7:
            return PhoneNumber(digits, TON.NETWORK_SPECIFIC, NPI.UNKNOWN)
        return PhoneNumber(digits, TON.INTERNATIONAL, NPI.ISDN)
    return PhoneNumber(shown[:11], TON.ALPHANUMERIC, NPI.UNKNOWN)


class _Esme(ESME):  # type: ignore[misc]
    """A session of aiosmpplib that cannot be broken by one packet, and whose ends are ours."""

    def __init__(self, transport: SmppTransport) -> None:
        centre = transport.centre
        super().__init__(
            centre.host,
            centre.port,
            centre.system_id,
            centre.password,
            centre.system_type,
            enquire_link_interval=transport.enquire_s,
            socket_timeout=min(transport.answer_s, 10.0),
            log_level=logging.CRITICAL + 10,  # its lines hold numbers and texts of people
            log_handler=logging.NullHandler(),
            hook=_Hook(transport),
            broker=_Broker(),
            throttle_handler=_NeverThrottled(),
            correlator=_NoCorrelator(),
            retry_timer=_Pauses(transport, transport.pause_s),
        )
        self._transport = transport
        self._inbox: asyncio.Queue[tuple[int, Delivery | None, int]] = asyncio.Queue(1000)
        self._session = 0
        self._listening: asyncio.Task[None] | None = None
        self._awaited: OrderedDict[tuple[str, int, int], _Parts] = OrderedDict()
        self._line: asyncio.StreamWriter | None = None
        self._acknowledged: OrderedDict[str, int] = OrderedDict()

    async def connect(self) -> None:
        self.hang_up()
        self._session += 1
        try:
            await super().connect()
        finally:
            self._line = self._writer
        self.broker.begin()
        self._data_received.clear()
        self._listening = asyncio.get_running_loop().create_task(self._listen(), name="smpp-inbox")

    def leave(self) -> None:
        """Say goodbye; nobody waits for the answer."""
        if self._line is not None and self._bound.is_set():
            self._line.write(struct.pack("!IIII", 16, SmppCommand.UNBIND, 0, 1))

    def hang_up(self) -> None:
        """Close the connection; what waited for it is forgotten, and the centre brings again what was not answered."""
        if self._listening is not None:
            self._listening.cancel()
            self._listening = None
        if self._line is not None:
            self._line.close()
            self._line = None
        self._session_state = SmppSessionState.CLOSED  # so that its tasks end at once, and not after half a second each
        self._data_received.set()
        self.broker.end()

    async def _get_pdu(self) -> tuple[bytes, Any]:
        """The next packet, of bounded size. A status of the vendor's own (0x400 and above) is one like any other."""
        try:
            while True:
                head = await self._reader.readexactly(16)
                size, command, status, sequence = struct.unpack("!IIII", head)
                if not 16 <= size <= SMPP_PDU_BYTES:
                    raise ValueError("size")  # aiosmpplib makes the connection anew
                body = await self._reader.readexactly(size - 16)
                if command in _COMMANDS:
                    break
                nack = (16, SmppCommand.GENERIC_NACK, SmppCommandStatus.ESME_RINVCMDID, sequence)
                self._writer.write(struct.pack("!IIII", *nack))
            known = status if status in _STATUSES else SmppCommandStatus.ESME_RUNKNOWNERR
            return head + body, SmppMessage.parse_header(struct.pack("!IIII", size, command, known, sequence))
        except (ValueError, OSError, EOFError):
            self._transport.lost()
            raise

    async def _handle_request(self, pdu: bytes, header: Any) -> Any:
        """What comes is queued, so that answers to what goes out do not wait for the record."""
        if header.smpp_command != SmppCommand.DELIVER_SM:
            return await super()._handle_request(pdu, header)
        try:
            message = read_delivery(pdu)
        except ValueError:
            message = None  # said to the centre below: it shall not bring it again
        await self._inbox.put((header.sequence_num, message, self._session))
        return None  # it is answered when it is on record

    async def _listen(self) -> None:
        while True:
            sequence, message, session = await self._inbox.get()
            if session != self._session:
                continue  # it was not answered, so it comes again
            try:
                await self._take(sequence, message)
            except Exception as error:  # noqa: BLE001 - one message must not silence those behind it
                log.error("smpp_unheard", extra={"error": type(error).__name__})
                await self._answer(sequence, SmppCommandStatus.ESME_RX_T_APPN)

    async def _take(self, sequence: int, message: Delivery | None) -> None:
        """Bring one message on record, and tell the centre."""
        if message is None:
            await self._answer(sequence, SmppCommandStatus.ESME_RX_P_APPN)
            return
        said = self._receipt(message) if message.is_receipt else self._message(message)
        if said is None:  # of a long message a part, or a receipt on nothing
            await self._answer(sequence, SmppCommandStatus.ESME_ROK)
        elif not await self._transport.heard(said):
            await self._answer(sequence, SmppCommandStatus.ESME_RX_T_APPN)
        else:
            await self._answer(sequence, SmppCommandStatus.ESME_ROK)
            if not said.message:
                self._settle(said.key, message)

    def _settle(self, key: str, message: Delivery) -> None:
        """It is on record, and the centre knows."""
        self._awaited.pop(_name(message), None)
        self._acknowledged[key] = self._session
        if len(self._acknowledged) > REMEMBERED:
            self._acknowledged.popitem(last=False)

    async def _answer(self, sequence: int, status: Any) -> None:
        with suppress(OSError):  # the connection is gone: then it comes again
            await self._send_data(DeliverSmResp(sequence, command_status=status))

    def _message(self, message: Delivery) -> Said | None:
        """What a person wrote; None while parts of it are awaited."""
        octets = self._joined(message)
        if octets is None:
            return None
        at_ms, text = int(time() * 1000), _text(octets, message.coding)
        sender = f"+{message.sender.removeprefix('+')}" if message.international else message.sender
        return Said(self._key(sender, message.to, octets, at_ms), at_ms, sender, message.to, text)

    def _receipt(self, message: Delivery) -> Said | None:
        """A receipt (SMPP 3.4, appendix B); the id may stand in a parameter of its own. None if it is on nothing."""
        text = message.octets[:500].decode("latin-1")
        found = {name.lower(): value for name, value in _SAID.findall(text)}
        named = message.parameters.get(RECEIPTED_MESSAGE_ID, b"").rstrip(b"\x00").decode("latin-1")
        identity = found.get("id") or named[:64]
        if not identity:
            return None
        stat = found.get("stat") or STATES.get(message.parameters.get(MESSAGE_STATE, b"")[:1], "")
        known = self._transport.known.meant(identity)
        key = f"dlr-{digest(known, stat.upper())}"
        return Said(key, int(time() * 1000), message=known, stat=stat.upper(), err=found.get("err", ""))

    def _joined(self, message: Delivery) -> bytes | None:
        """A message whose parts are all there; None while one is awaited. They are kept until it is on record."""
        if message.total < 2:
            return message.octets
        now_s = time()
        while self._awaited and next(iter(self._awaited.values())).since_s < now_s - PARTS_S:
            self._awaited.popitem(last=False)
        parts = self._awaited.setdefault(_name(message), _Parts(now_s)).octets
        parts[message.at] = message.octets
        if len(parts) < message.total:
            if len(self._awaited) > PARTS_KEPT:
                self._awaited.popitem(last=False)
            return None
        return b"".join(parts[at] for at in sorted(parts))

    def _key(self, sender: str, to: str, octets: bytes, at_ms: int) -> str:
        """A name for a message without one: who, to whom, what, which minute.

        The same words again are another message if the first one was acknowledged on this connection: a centre brings
        again only what was not.
        """
        key = f"{digest(sender, to, octets.hex())}-{at_ms // 60_000}"
        for again in count():
            name = f"{key}-{again}" if again else key
            if self._acknowledged.get(name) != self._session:
                return name
        raise AssertionError(key)


_SAID = re.compile(r"\b(id|stat|err):(\S{1,64})", re.IGNORECASE)
_COMMANDS = {int(command) for command in SmppCommand}
_STATUSES = {int(status) for status in SmppCommandStatus}


def _name(message: Delivery) -> tuple[str, int, int]:
    """Of a message in parts: who, its reference, how many parts."""
    return message.sender, message.reference, message.total


def _text(octets: bytes, coding: int) -> str | None:
    """The letters; what is none becomes �. None for bytes."""
    alphabet = alphabet_of(coding)
    if alphabet != "gsm7":
        return octets.decode(alphabet, "replace") if alphabet else None
    letters: str = find_codec_info("gsm0338").decode(octets, "replace")[0]
    return letters


class _Hook(AbstractHook):  # type: ignore[misc]
    """What goes and comes, read from the packets themselves."""

    def __init__(self, transport: SmppTransport) -> None:
        self._transport = transport

    async def sending(self, smpp_message: Any, pdu: bytes, client_id: str) -> None:
        if smpp_message.smpp_command == SmppCommand.SUBMIT_SM:
            self._transport.leaving(smpp_message)

    async def received(self, smpp_message: Any, pdu: bytes, client_id: str) -> None:
        _, command, status, sequence = struct.unpack_from("!IIII", pdu)
        if command in (SmppCommand.SUBMIT_SM_RESP, SmppCommand.GENERIC_NACK):
            nack = command == SmppCommand.GENERIC_NACK
            self._transport.answered(sequence, status or (0x08 if nack else 0), _c_string(pdu))
        elif command == SmppCommand.BIND_TRANSCEIVER_RESP and status:
            self._transport.refused(status)

    async def send_error(self, smpp_message: Any, error: Exception, client_id: str) -> None:
        self._transport.failed(smpp_message)


def _c_string(pdu: bytes) -> str:
    return pdu[16:].partition(b"\x00")[0].decode("ascii", "replace")[:65]


class _Broker(AbstractBroker):  # type: ignore[misc]
    """What waits to be written, at most a window full of it. It ends with its connection."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Any] = asyncio.Queue()

    async def enqueue(self, message: Any) -> None:
        self._queue.put_nowait(message)

    async def dequeue(self) -> Any:
        message = await self._queue.get()
        if message is None:
            raise ConnectionError("ended")
        return message

    def begin(self) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()

    def end(self) -> None:
        self.begin()
        self._queue.put_nowait(None)


class _Pauses(AbstractRetryTimer):  # type: ignore[misc]
    """Between a connection that broke and the next one; and so it knows when there is one."""

    def __init__(self, transport: SmppTransport, first_s: float) -> None:
        self._transport, self._first_s, self._next_s = transport, first_s, first_s

    async def wait(self) -> None:
        self._transport.lost()
        pause_s, self._next_s = self._next_s, min(self._next_s * 2, LONGEST_PAUSE_S)
        await asyncio.sleep(pause_s)

    def reset(self) -> None:
        self._next_s = self._first_s
        self._transport.bound()

    def next_delay(self) -> float:
        return self._next_s


class _NeverThrottled(AbstractThrottleHandler):  # type: ignore[misc]
    """The sender keeps the pace, for all lanes at once; nothing waits here unseen."""

    async def throttled(self) -> None: ...

    async def not_throttled(self) -> None: ...

    async def allow_request(self) -> bool:
        return True

    async def throttle_delay(self) -> float:
        return 0.0


class _NoCorrelator(AbstractCorrelator):  # type: ignore[misc]
    """Answers are told apart by their sequence number in `SmppTransport`, receipts by `Known`."""

    def get_cumulated_status(self, ref_num: int) -> int:
        return 0

    async def expired(self, smpp_message: Any) -> None: ...

    async def put(self, smpp_message: Any) -> None: ...

    async def put_delivery(self, smsc_message_id: str, submit_sm: Any) -> None: ...

    async def put_delivery_segmented(self, deliver_sm: Any) -> Any:
        return deliver_sm

    async def get(self, response: Any) -> Any:
        return None

    async def get_segmented(self, smpp_seq_num: int, remove: bool = False) -> tuple[Any, int]:
        return None, 0

    async def get_delivery(self, receipt: Any) -> Any:
        return None
