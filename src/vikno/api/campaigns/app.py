"""The API for campaigns; a key of an organisation opens it, as it opens messages.

POST   /api/campaigns                  a draft
GET    /api/campaigns                  ?before=  the latest first
GET    /api/campaigns/{id}             how it stands, what it has come to, what was foreseen
PUT    /api/campaigns/{id}/audience    whom it is for: a CSV file, streamed; nothing, where a query finds them
POST   /api/campaigns/{id}/preview     who would be reached how, left out why; an estimate now, the exact later
POST   /api/campaigns/{id}/test        its first message, to guests of the organisation
POST   /api/campaigns/{id}/start       now, or at a time
POST   /api/campaigns/{id}/pause|resume|stop
DELETE /api/campaigns/{id}             one that was never used
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from starlette.types import Receive, Scope

from vikno.api.answers import Answer, Headers, as_shape, encode, header, parameters, read_body, whole, wrong_method
from vikno.api.campaigns.shapes import CampaignBrought, CampaignList, Forgotten, Start, Tests, TestsSent
from vikno.api.campaigns.showing import campaign_shown, campaign_told
from vikno.api.campaigns.table import ColumnsMissing, ColumnTwice, FileTooLarge, Table, TableUnreadable, Wanted
from vikno.api.messages.asking import BY_PHONE, micros_of, rendering_of
from vikno.api.messages.room import Caller, Room, note
from vikno.api.messages.shapes import MessageAccepted
from vikno.api.messages.showing import plan_shown
from vikno.api.problems import Refused, problem, refused, shortened, unknown
from vikno.domain.errors import ViknoError
from vikno.domain.notify.template import key_of
from vikno.usecases.campaigns import (
    STEPS,
    CampaignElsewhere,
    CampaignGiven,
    CampaignKept,
    Terms,
    decode_terms,
    encode_terms,
)
from vikno.usecases.check_templates import needed
from vikno.usecases.dispatch import Rendering
from vikno.usecases.judge import Whereabouts
from vikno.usecases.preview_campaign import preview_campaign
from vikno.usecases.read_audience import AudienceTooLarge, authority_of, found_by_query, read_audience
from vikno.usecases.run_campaigns import Runner
from vikno.usecases.send_notifications import Recipient
from vikno.usecases.try_campaign import try_campaign
from vikno.wire.numbers import Phone, read_email, read_phone

MOST_BYTES = 64 * 1024
"""Of a body that is no file."""
PIECE = 64 * 1024
"""Of a file, whatever comes at once."""
A_PAGE = 50
MOST_READING = 6
"""Files that are read at the same time."""
MOST_OF_ONE = 2
"""Of these, of one organisation: one that hangs keeps others from nothing, and the same file can be sent again."""
AUDIENCE = re.compile(rb"/api/campaigns/[^/?#]+/audience(\?.*)?")
CSV = frozenset({"", "text/csv", "application/csv", "application/octet-stream", "text/plain"})
WRONG = {TableUnreadable: "table_unreadable", ColumnsMissing: "columns_missing", ColumnTwice: "column_twice",
         FileTooLarge: "audience_too_large", AudienceTooLarge: "audience_too_large"}  # fmt: skip


def brings_audience(address: bytes) -> bool:
    """Whether a file is brought there, that may be large and take its time.

    >>> brings_audience(b"/api/campaigns/4217/audience"), brings_audience(b"/api/campaigns")
    (True, False)
    """
    return AUDIENCE.fullmatch(address) is not None


@dataclass
class CampaignDoor:
    """Campaigns of whoever calls."""

    room: Room
    runner: Runner
    _reading: Counter[int] = field(default_factory=Counter)
    _counting: dict[int, asyncio.Task[object]] = field(default_factory=dict)

    async def answer(self, scope: Scope, receive: Receive, caller: Caller, rest: list[str]) -> Answer:
        """Raises Refused, and what the store raises."""
        method = scope["method"]
        match rest:
            case []:
                if method == "GET":
                    return await self.listed(caller, parameters(scope, ("before",)))
                if method != "POST":
                    return wrong_method("GET, POST")
                return await self.make(caller, await read_body(scope, receive, MOST_BYTES, CampaignBrought))
            case [written]:
                campaign = await self._mine(caller, written, steer=method == "DELETE")
                if method == "GET":
                    await note(self.room, caller, "read", f"campaign/{campaign.id}")
                    return await self._told(campaign)
                return await self.forget(caller, campaign) if method == "DELETE" else wrong_method("GET, DELETE")
            case [written, "audience"]:
                if method != "PUT":
                    return wrong_method("PUT")
                return await self.read(scope, receive, caller, await self._mine(caller, written, steer=True))
            case [written, "preview" | "test" | "start" | "pause" | "resume" | "stop" as what]:
                if method != "POST":
                    return wrong_method("POST")
                campaign = await self._mine(caller, written, steer=True)
                body = await whole(scope, receive, MOST_BYTES)
                return await self._do(caller, campaign, what, body)
        raise refused("address_unknown", f"“{shortened('/api/campaigns/' + '/'.join(rest))}”")

    # ---- one after the other ----

    async def make(self, caller: Caller, brought: CampaignBrought) -> Answer:
        """A draft."""
        if caller.key.kind == "team":
            raise refused("recipient_no_guest", "a campaign takes a live key, or a test key")
        rendering = await rendering_of(self.room.dispatch, caller, brought.template)
        own = {key_of(name) for name in needed(rendering.text)}
        strange = [name for name in brought.personalisation if key_of(name) not in own]
        if strange:
            raise Refused(unknown("personalisation_wrong", strange[0], needed(rendering.text), "/personalisation"))
        if brought.audience == "followers":
            self._check_service(caller, brought)
        if brought.audience != "file":
            given = {key_of(name) for name in brought.personalisation}
            lacking = [name for name in needed(rendering.text) if key_of(name) not in given]
            if lacking:
                raise refused("personalisation_missing", ", ".join(lacking), pointer="/personalisation")
        for at, channel in enumerate(brought.order):
            if channel not in self.room.vocabulary.channels:
                raise Refused(unknown("channel_unknown", channel, self.room.vocabulary.channels, f"/order/{at}"))
        terms = Terms(
            brought.personalisation,
            brought.lang if brought.lang in rendering.text.languages else "",
            tuple(brought.order),
            None if brought.ceiling is None else micros_of(brought.ceiling),
            brought.lives_s,
            brought.service,
        )
        given_ = CampaignGiven(
            caller.organisation.id, rendering.kept.row, brought.name, brought.reference, caller.key.kind,
            brought.audience, encode_terms(terms),
        )  # fmt: skip
        made = await self.runner.book.make_campaign(given_, self.room.clock())
        await note(self.room, caller, "campaign.make", f"campaign/{made.id}")
        shown = campaign_shown(self.room.vault, made, rendering.kept)
        where: Headers = ((b"location", f"/api/campaigns/{shown.id}".encode()),)
        return Answer(201, encode(shown), headers=where)

    def _check_service(self, caller: Caller, brought: CampaignBrought) -> None:
        if not authority_of(caller.organisation):
            raise refused("value_wrong", "only an authority has cases that somebody follows", pointer="/audience")
        if not brought.service:
            raise refused("value_wrong", "whose followers? Name the service", pointer="/service")

    async def read(self, scope: Scope, receive: Receive, caller: Caller, campaign: CampaignKept) -> Answer:
        """Whom it is for."""
        rendering = await self._rendering(campaign)
        mine = caller.organisation.id
        if self._reading[mine] >= MOST_OF_ONE or self._reading.total() >= MOST_READING:
            raise Refused(problem("store_busy", "other files are being read"), ((b"retry-after", b"5"),))
        self._reading[mine] += 1
        try:
            kept = await self._read(scope, receive, caller, campaign, rendering)
        except CampaignElsewhere:
            raise refused("campaign_elsewhere", f"it is {campaign.status}") from None
        except tuple(WRONG) as error:
            raise refused(WRONG[type(error)], ", ".join(shortened(str(one)) for one in error.about)) from None
        finally:
            self._reading[mine] -= 1
        await note(self.room, caller, f"campaign.audience {kept.rows}", f"campaign/{kept.id}")
        return await self._told(kept)

    async def _read(
        self, scope: Scope, receive: Receive, caller: Caller, campaign: CampaignKept, rendering: Rendering
    ) -> CampaignKept:
        book, vault, clock = self.runner.book, self.room.vault, self.room.clock
        per_day = caller.organisation.per_day
        if campaign.source != "file":
            slices = found_by_query(book, vault, caller.organisation, campaign, rendering)
            return await read_audience(book, vault, campaign.id, (), slices, clock, per_day=per_day, twice=False)
        kind = header(scope, b"content-type").partition(";")[0].strip().lower()
        if kind not in CSV:
            raise refused("media_type_wrong", "send CSV: `Content-Type: text/csv`")
        table = Table(_pieces(receive), self._wanted(caller, campaign, rendering))
        await table.begin()
        columns = table.wanted.columns
        return await read_audience(book, vault, campaign.id, columns, table.slices(), clock, per_day=per_day)

    def _wanted(self, caller: Caller, campaign: CampaignKept, rendering: Rendering) -> Wanted:
        terms = decode_terms(campaign.terms)
        accounts = {name.partition("/")[0] for name in self.room.dispatch.judge.accounts}

        def fits(values: Mapping[str, str]) -> bool:
            try:
                for variants in rendering.text.languages.values():
                    for words in variants.values():
                        rendering.fill(words.body, {**terms.values, **values})
            except ViknoError:
                return False
            return True

        return Wanted(
            needed(rendering.text),
            caller.organisation.audience,
            terms.values,
            accounts - {*BY_PHONE, "email", "inbox"},
            rendering.text.languages,
            rendering.kept.kind,
            fits if rendering.text.trust else None,
        )

    async def _do(self, caller: Caller, campaign: CampaignKept, what: str, body: bytes) -> Answer:
        """One of the steps that need no file."""
        now_ms = self.room.clock()
        if what == "preview":
            caller.check_standing()
            return await self._preview(caller, campaign)
        if what == "test":
            return await self._test(caller, campaign, as_shape(body, Tests))
        caller.check_standing()
        if what == "start":
            start = as_shape(body, Start) if body.strip() else Start()
            await self._rendering(campaign, caller)
            at_ms = now_ms if start.at is None else int(start.at.timestamp() * 1000)
            if at_ms > now_ms:
                done = await self.runner.book.set_beginning(campaign.id, at_ms, now_ms)
            else:
                done = await self.runner.book.change_campaign(campaign.id, ("ready",), "running", now_ms)
        else:
            before, to = STEPS[what]
            done = await self.runner.book.change_campaign(campaign.id, before, to, now_ms)
        if not done:
            raise refused("campaign_elsewhere", f"it is {campaign.status}")
        await note(self.room, caller, f"campaign.{what}", f"campaign/{campaign.id}")
        self.runner.wake()
        return await self._told(await self._again(campaign))

    async def _preview(self, caller: Caller, campaign: CampaignKept) -> Answer:
        """An estimate at once; it is counted exactly meanwhile, and stands in the campaign then."""
        rendering = await self._rendering(campaign)
        if not campaign.rows or campaign.status in ("reading", "done", "stopped"):
            raise refused("campaign_elsewhere", f"it is {campaign.status}, and {campaign.rows} are in it")
        await note(self.room, caller, "campaign.preview", f"campaign/{campaign.id}")
        about = self.room.dispatch, self.runner.book, caller.organisation, campaign, rendering
        running = self._counting.get(campaign.id)
        if running is None or running.done():
            await preview_campaign(*about, sampled=True)
            exact = asyncio.create_task(preview_campaign(*about, sampled=False))
            self._counting[campaign.id] = exact
            exact.add_done_callback(lambda done: self._counted(campaign.id, done))
        return await self._told(await self._again(campaign))

    def _counted(self, campaign: int, done: asyncio.Task[object]) -> None:
        self._counting.pop(campaign, None)
        if not done.cancelled():
            done.exception()  # it is asked for again where it failed

    async def _test(self, caller: Caller, campaign: CampaignKept, tests: Tests) -> Answer:
        """Its first message, to guests."""
        caller.check_standing()
        rendering = await self._rendering(campaign, caller)
        guests = [self._guest(caller, written, rendering.kept.kind) for written in tests.to]
        try:
            about = self.room.dispatch, self.runner.book, caller.organisation, campaign, rendering
            sent = await try_campaign(*about, guests)
        except CampaignElsewhere:
            raise refused("campaign_elsewhere", "nobody is in it") from None
        await note(self.room, caller, f"campaign.test {len(sent)}", f"campaign/{campaign.id}")
        shown = [
            MessageAccepted(
                one.id, one.status, one.reason, campaign.reference,
                plan_shown(one.plan, {account.partition("/")[0] for account, _ in guest.addresses},
                           on_its_way=one.on_its_way), [*one.warnings],
            )
            for one, guest in zip(sent, guests, strict=True)
        ]  # fmt: skip
        return Answer(201, encode(TestsSent(shown)))

    def _guest(self, caller: Caller, written: str, kind: str) -> Recipient:
        """An address of the guest list. Raises Refused."""
        audience = caller.organisation.audience
        wanted, known = _addressed(written, audience, kind), caller.organisation.guests
        if wanted is None or wanted not in [_addressed(one, audience, kind) for one in known]:
            raise refused("recipient_no_guest", "tests go to those on the list alone", pointer="/to")
        return wanted

    async def listed(self, caller: Caller, given: Mapping[str, list[str]]) -> Answer:
        """The latest first."""
        before = None
        if "before" in given and (before := self.room.vault.read_uuid("c", given["before"][-1])) is None:
            raise refused("parameter_wrong", "before: the id of a campaign")
        found = await self.runner.book.campaigns(caller.organisation.id, before, A_PAGE)
        shown = []
        for one in found:
            rendering = await self.room.dispatch.rendering(one.template)
            shown.append(campaign_shown(self.room.vault, one, None if rendering is None else rendering.kept))
        following = f"/api/campaigns?before={shown[-1].id}" if len(shown) == A_PAGE else None
        return Answer(200, encode(CampaignList(shown, following)))

    async def forget(self, caller: Caller, campaign: CampaignKept) -> Answer:
        """One that was never used goes."""
        if not await self.runner.book.forget_campaign(campaign.id):
            raise refused("campaign_elsewhere", f"it is {campaign.status}: stop it instead")
        await note(self.room, caller, "campaign.forget", f"campaign/{campaign.id}")
        return Answer(200, encode(Forgotten(self.room.vault.uuid("c", campaign.id))))

    # ---- what they have in common ----

    async def _mine(self, caller: Caller, written: str, *, steer: bool = False) -> CampaignKept:
        """Raises Refused: whether it is somebody else's is not told. `steer`: it is changed, or tried.

        From a test key nothing leaves, and a team key writes to guests: neither lets go what is for everybody.
        """
        number = self.room.vault.read_uuid("c", written)
        found = None if number is None else await self.runner.book.campaign(number)
        if found is None or found.organisation != caller.organisation.id:
            raise refused("campaign_unknown")
        if steer and caller.key.kind not in ("live", found.key):
            raise refused("campaign_unknown", f"that a key of the kind {caller.key.kind} may steer")
        return found

    async def _again(self, campaign: CampaignKept) -> CampaignKept:
        return await self.runner.book.campaign(campaign.id) or campaign

    async def _rendering(self, campaign: CampaignKept, caller: Caller | None = None) -> Rendering:
        """Its template; for `caller` it must be fit to be sent with. Raises Refused."""
        rendering = await self.room.dispatch.rendering(campaign.template)
        if rendering is None:
            raise refused("template_unknown")
        template = rendering.kept
        fit = template.status == "approved" and not template.archived
        if caller is not None and campaign.key != "test" and not fit:
            raise refused("template_not_approved", f"version {template.version} of “{template.slug}”")
        return rendering

    async def _told(self, campaign: CampaignKept) -> Answer:
        return Answer(200, encode(await campaign_told(self.runner, campaign, self.room.currency)))


def _addressed(written: str, audience: str, kind: str) -> Recipient | None:
    """An address that somebody wrote; None for what is none."""
    if "@" in written:
        email = read_email(written)
        return Recipient((("email/main", email),), email) if isinstance(email, str) else None
    phone = read_phone(written, audience)
    if not isinstance(phone, Phone):
        return None
    accounts = tuple((f"{name}/main", phone.digits) for name in BY_PHONE if kind in ("message", name))
    return Recipient(accounts, phone.number, Whereabouts(phone.country, phone.zone)) if accounts else None


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    """The body as it comes, in pieces that can be read without holding others up. Raises TableUnreadable."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise TableUnreadable("it broke off")
        body: bytes = message.get("body", b"")
        for start in range(0, len(body), PIECE):
            yield body[start : start + PIECE]
            await asyncio.sleep(0)
        more = message.get("more_body", False)
