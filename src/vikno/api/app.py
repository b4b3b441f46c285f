"""The API over HTTP: an authority's system brings its cases and reports their stages.

    PUT  /api/cases/{number}          a case, or a change of it  -> how a person follows it
    GET  /api/cases/{number}          the case with its history
    GET  /api/cases/{number}/qr.svg   the QR for the receipt
    POST /api/cases/{number}/stages   one stage                  -> what the report came to
    POST /api/stages                  up to 1000 stages          -> one answer for each
    GET  /api/openapi.json            this, for programs; without a key

Every other address wants `Authorization: Bearer <key>`. A key belongs to one authority; cases of others are not there.
"""

from __future__ import annotations

import io
import logging
import math
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import quote, unquote

import msgspec
import segno
from starlette.types import Receive, Scope, Send

from vikno.api.answers import Answer, Headers, encode, header, problem_answer, read_body, time_of, whole, wrong_method
from vikno.api.keys import Buckets, whose
from vikno.api.messages.door import ROOMS, Door
from vikno.api.openapi import document
from vikno.api.problems import Refused, problem, refused, shortened, unknown, unreadable
from vikno.api.shapes import (
    Batch,
    BatchAnswer,
    CaseAnswer,
    CaseBrought,
    CaseHistory,
    Follow,
    Number,
    PassedAnswer,
    Problem,
    RowAnswer,
    StageAnswer,
    StageOfCase,
    StageReported,
)
from vikno.domain.errors import ViknoError
from vikno.domain.notify import alike
from vikno.usecases.bring_cases import (
    FORMULA,
    KEPT,
    LEAST_CODE,
    MOST_NUMBER,
    Record,
    Stages,
    of_country,
    report_key,
    unlikely,
)
from vikno.usecases.follow_case import case_token, check_code, code_digest
from vikno.usecases.ports import Clock
from vikno.usecases.records import (
    MOST_AT_ONCE,
    OPERATOR,
    Access,
    ApiKey,
    CaseBook,
    CaseGiven,
    CaseKept,
    Registry,
    StageGiven,
    Vault,
    Verdict,
)

log = logging.getLogger("vikno.api")

MOST_BYTES = 64 * 1024
"""Of a body."""
MOST_BATCH_BYTES = 1024 * 1024
"""Of the body of a batch."""
SVG = b"image/svg+xml"
BUSY_S = 1


class Book(CaseBook, Registry, Protocol):
    """What the API needs of a store."""


class _Rows(msgspec.Struct, forbid_unknown_fields=True):
    """A batch whose reports are still to be read, each by itself."""

    stages: list[msgspec.Raw]


@dataclass(frozen=True)
class Api:
    """The API, a plain ASGI application for /api/…."""

    book: Book
    vault: Vault
    record: Record
    stages: Callable[[], Stages]
    """The services that have a process, with their stages, as they are today."""
    public_url: str
    """Where people reach the portal: https://vikno.example.org"""
    clock: Clock
    buckets: Buckets = field(default_factory=Buckets)
    others: Callable[[str], Mapping[str, str]] = lambda _: {}
    """The services that an authority has no cases of, each with the one that has (`bring_cases.of_others`)."""
    messages: Door | None = None
    """What organisations have to tell people (`vikno.api.messages`)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self.answer(scope, receive)
        except Refused as error:
            answer = problem_answer(error.problem, error.headers)
        except ViknoError as error:
            wait: Headers = ((b"retry-after", b"%d" % BUSY_S),) if error.retryable else ()
            answer = problem_answer(problem("store_busy" if error.retryable else "server_failed", error.code), wait)
        except Exception as error:  # noqa: BLE001 - what it says may be of a person; where it was raised is not
            place = traceback.extract_tb(error.__traceback__)[-1]
            at = f"{place.name}:{place.lineno}"
            log.error("request_failed", extra={"error": type(error).__name__, "at": at})
            answer = problem_answer(problem("server_failed"))
        head = [
            (b"content-type", answer.kind),
            (b"content-length", b"%d" % len(answer.body)),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            *answer.headers,
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": head})
        await send({"type": "http.response.body", "body": answer.body})

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """Find out who asks for what, and do it. Raises Refused, and what the store raises."""
        method, parts = scope["method"], _parts(scope)
        if parts == ["openapi.json"]:
            return Answer(200, encode(document())) if method == "GET" else wrong_method("GET")
        if self.messages is not None and parts[0] in ROOMS:
            return await self.messages.answer(scope, receive, parts)
        key = await self._key(scope)
        match parts:
            case ["cases", number]:
                if method == "PUT":
                    brought = await read_body(scope, receive, MOST_BYTES, CaseBrought)
                    return await self.put(key, _number(number), brought)
                return await self.show(key, number) if method == "GET" else wrong_method("GET, PUT")
            case ["cases", number, "qr.svg"]:
                return await self.qr(key, number) if method == "GET" else wrong_method("GET")
            case ["cases", number, "stages"]:
                if method != "POST":
                    return wrong_method("POST")
                return await self.report(key, number, await read_body(scope, receive, MOST_BYTES, StageReported))
            case ["stages"]:
                if method != "POST":
                    return wrong_method("POST")
                return await self.report_many(key, await whole(scope, receive, MOST_BATCH_BYTES))
        raise refused("address_unknown", f"“{shortened('/api/' + '/'.join(parts))}”")

    async def put(self, key: ApiKey, number: str, brought: CaseBrought) -> Answer:
        """Keep a case, or change what is kept of it."""
        now_ms = self.clock()
        services = of_country(self.stages(), key.authority)
        if brought.service not in services:
            raise Refused(unknown("service_unknown", brought.service, services, "/service"))
        if (owner := self.others(key.authority).get(brought.service)) is not None:
            raise refused("service_of_others", f"“{brought.service}” is served by {owner}", pointer="/service")
        if brought.code is not None and len(alike(brought.code)) < LEAST_CODE:
            raise refused("value_wrong", f"at least {LEAST_CODE} letters or digits", pointer="/code")
        _printable(brought.office, "/office")
        opened_ms = 0 if brought.opened is None else _ms(brought.opened)  # 0: as it was, or now for a new case
        if brought.opened is not None and unlikely(opened_ms, now_ms):
            raise refused("time_wrong", _slip(brought.opened), pointer="/opened")
        code, ours = await self._code(key, number, brought.code)
        given = CaseGiven(key.authority, number, brought.service, code, brought.office, opened_ms)
        (new,) = await self.book.put((given,), now_ms)
        kept = await self._case(key, number)
        await self._note(key, "put", kept.id)
        where: Headers = ((b"location", f"/api/cases/{quote(number, safe='')}".encode()),) if new else ()
        shown = self._shown(kept)
        shown.code = ours
        return Answer(201 if new else 200, encode(shown), headers=where)

    async def _code(self, key: ApiKey, number: str, brought: str | None) -> tuple[str, str | None]:
        """What to keep of a case's check code; and the code itself, if it is one that we have made."""
        if brought is not None:
            return code_digest(self.vault, key.authority, number, brought), None
        made = check_code(self.vault, key.authority, number)
        digest = code_digest(self.vault, key.authority, number, made)
        before = await self.book.case(key.authority, number)
        if before is not None and before.code != digest:  # it has one of the authority's own
            return before.code, None
        return digest, made

    async def show(self, key: ApiKey, number: str) -> Answer:
        """A case with its history."""
        kept = await self._case(key, number)
        await self._note(key, "read", kept.id)
        passed = [
            PassedAnswer(one.stage, time_of(one.at_ms), time_of(one.recorded_ms), one.verdict)
            for one in await self.book.history(kept.id)
        ]
        return Answer(200, encode(CaseHistory(self._shown(kept), len(await self.book.followers(kept.id)), passed)))

    async def qr(self, key: ApiKey, number: str) -> Answer:
        """The QR that a receipt shows: it holds nothing but the address where the case is followed."""
        kept = await self._case(key, number)
        await self._note(key, "qr", kept.id)
        drawn = io.BytesIO()
        segno.make(self._shown(kept).follow.url, error="m", micro=False).save(drawn, kind="svg", scale=4, xmldecl=False)
        return Answer(200, drawn.getvalue(), SVG)

    async def report(self, key: ApiKey, number: str, reported: StageReported) -> Answer:
        """Record one stage."""
        kept = await self._case(key, number)
        at_ms = _ms(reported.at)
        if unlikely(at_ms, self.clock()):
            raise refused("time_wrong", _slip(reported.at), pointer="/at")
        event = report_key(kept.number, reported.event)
        given = StageGiven(key.authority, kept.number, event, reported.stage, at_ms)
        (verdict,) = await self.record((given,))
        await self._note(key, f"stage: {verdict}", kept.id)
        wrong = self._refusal(verdict, given, kept.service, "")
        if wrong is not None:
            raise Refused(wrong)
        return Answer(200, encode(StageAnswer(kept.number, reported.event, verdict)))

    async def report_many(self, key: ApiKey, body: bytes) -> Answer:
        """Record a batch in its order. A report that cannot be read is refused by itself; the others are recorded."""
        rows = self._rows(key, body)
        given = [row for row in rows if isinstance(row, StageGiven)]
        verdicts = iter(await self.record(given) if given else ())
        answers = []
        for at, row in enumerate(rows):
            if isinstance(row, StageGiven):
                verdict = next(verdicts)
                wrong = self._refusal(verdict, row, None, f"/stages/{at}")
                answers.append(
                    RowAnswer(
                        at,
                        row.number,
                        row.event.removeprefix(report_key(row.number, "")),
                        None if wrong else verdict,
                        wrong,
                    )
                )
            else:
                answers.append(RowAnswer(at, problem=row))
        recorded = sum(answer.problem is None for answer in answers)
        what = f"stages: {recorded} of {len(answers)}"
        about = f"authority/{key.authority}"
        await self.book.note((Access(self.clock(), f"api/{key.id}", what, about),))
        return Answer(200, encode(BatchAnswer(recorded, len(answers) - recorded, answers)))

    def _rows(self, key: ApiKey, body: bytes) -> list[StageGiven | Problem]:
        """The reports of a batch, read each by itself; raises Refused for a body that is no batch."""
        try:
            raws = _rows_in(body).stages
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refused(unreadable(error, Batch.__struct_fields__, like='{"stages": […]}')) from None
        if not 0 < len(raws) <= MOST_AT_ONCE:
            raise refused("value_wrong", f"1 to {MOST_AT_ONCE} reports", pointer="/stages")
        now_ms = self.clock()
        return [_row(key.authority, raw, at, now_ms) for at, raw in enumerate(raws)]

    def _refusal(self, verdict: Verdict, given: StageGiven, service: str | None, pointer: str) -> Problem | None:
        """Why a report was not recorded; None for one that was. `pointer`: where in the body the report stands."""
        if verdict in KEPT:
            return None
        if verdict == "no_case":
            where = f"{pointer}/number" if service is None else None
            return problem("case_unknown", _not_among(given.authority), pointer=where)
        all_stages = self.stages()
        known = all_stages.get(service, frozenset()) if service else frozenset().union(*all_stages.values())
        return unknown("stage_unknown", given.stage, known, f"{pointer}/stage")

    def _shown(self, kept: CaseKept) -> CaseAnswer:
        token = case_token(self.vault, kept.id)
        follow = Follow(
            token,
            f"{self.public_url.rstrip('/')}/q/{token}",
            f"{self.public_url.rstrip('/')}/api/cases/{quote(kept.number, safe='')}/qr.svg",
        )
        return CaseAnswer(
            kept.number,
            kept.service,
            kept.office,
            time_of(kept.opened_ms) if kept.opened_ms else None,
            kept.stage or None,
            time_of(kept.stage_ms) if kept.stage else None,
            follow,
        )

    async def _case(self, key: ApiKey, number: str) -> CaseKept:
        """A case of the key's authority. Raises Refused: whether another authority has it is not told."""
        kept = await self.book.case(key.authority, number) if 0 < len(number) <= MOST_NUMBER else None
        if kept is None or kept.authority != key.authority:
            await self.book.note((Access(self.clock(), f"api/{key.id}", "no case", f"authority/{key.authority}"),))
            raise refused("case_unknown", _not_among(key.authority))
        return kept

    async def _note(self, key: ApiKey, what: str, case: int) -> None:
        await self.book.note((Access(self.clock(), f"api/{key.id}", what, f"case/{case}"),))

    async def _key(self, scope: Scope) -> ApiKey:
        """Who asks, if they may ask now. Raises Refused."""
        scheme, _, written = header(scope, b"authorization").partition(" ")
        if scheme.lower() != "bearer" or not written:
            without = "the header Authorization holds no Bearer key" if scheme else "there is no header Authorization"
            raise Refused(problem("key_missing", without), ((b"www-authenticate", b"Bearer"),))
        key = await whose(self.book, self.vault, written.strip())
        if key is None or key.authority == OPERATOR:
            none = "`vikno keys list` shows which are in force"
            raise Refused(problem("key_wrong", none), ((b"www-authenticate", b'Bearer error="invalid_token"'),))
        wait_s = self.buckets.wait_s(key.id, self.clock() / 1000)
        if wait_s:
            raise Refused(problem("too_many_requests"), ((b"retry-after", b"%d" % math.ceil(wait_s)),))
        return key


# ---- reading ----

_rows_in = msgspec.json.Decoder(_Rows).decode
_row_in = msgspec.json.Decoder(StageOfCase).decode


def _row(authority: str, raw: msgspec.Raw, at: int, now_ms: int) -> StageGiven | Problem:
    """One report of a batch, or what is wrong with it."""
    try:
        row = _row_in(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        wrong = unreadable(error, StageOfCase.__struct_fields__)
        wrong.pointer = f"/stages/{at}{wrong.pointer or ''}"
        return wrong
    at_ms = _ms(row.at)
    if unlikely(at_ms, now_ms):
        return problem("time_wrong", _slip(row.at), pointer=f"/stages/{at}/at")
    return StageGiven(authority, row.number, report_key(row.number, row.event), row.stage, at_ms)


def _parts(scope: Scope) -> list[str]:
    """The address below /api/, part by part as it was written: a number may hold an escaped slash."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    written = raw.partition(b"?")[0].decode("latin-1").removeprefix("/api/")
    try:
        return [unquote(part, errors="strict") for part in written.split("/")]
    except UnicodeDecodeError:
        raise refused("address_unknown", "it is not UTF-8") from None


def _number(number: str) -> str:
    """A number of a new case. Raises Refused."""
    try:
        msgspec.convert(number, Number)
    except msgspec.ValidationError as error:
        raise Refused(problem("value_wrong", f"the number: {unreadable(error, ()).detail}")) from None
    _printable(number, "")
    return number


def _printable(text: str, pointer: str) -> None:
    if not text.isprintable() or text.startswith(FORMULA):
        raise refused("value_wrong", "letters that can be seen, and no formula", pointer=pointer or None)


# ---- answering ----


def _not_among(authority: str) -> str:
    """The same whether another authority has such a case or nobody has."""
    return f"it is not among the cases of {authority}, whose key this is"


def _slip(moment: datetime) -> str:
    """A time that can only be a slip, as it was understood."""
    return f"“{moment.isoformat()}”"


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
