"""What systems look up: notifications, templates, previews, and the texts that people have sent them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vikno.api.notify.answers import Answers
from vikno.api.notify.auth import Caller
from vikno.api.notify.errors import nothing_found, refused
from vikno.api.notify.queries import read_older_than, read_page, read_type
from vikno.api.notify.requests import check_id, read_preview
from vikno.api.notify.sending import filled
from vikno.api.notify.templates import SHOWN, Catalogue
from vikno.domain.errors import ViknoError
from vikno.domain.notify.route import decode_plan
from vikno.usecases.dispatch import Dispatch, Rendering, Sealed, decode_sealed
from vikno.usecases.notifications import NotificationKept, Wanted
from vikno.usecases.organisations import Organisation

PAGE = 250
AT_A_STRETCH = 25
"""So many are made ready before the loop may see to others."""


@dataclass
class Showing:
    """Looks things up."""

    dispatch: Dispatch
    answers: Answers
    catalogue: Catalogue
    mailbox: Callable[[Organisation], str]
    """As in `Sending`; templates are an organisation's, and no person's."""
    sms_parts: Callable[[str], int]

    async def notification(self, caller: Caller, written: str) -> dict[str, Any]:
        """One, whichever key has sent it. Raises Refused."""
        return await self._shown(await self._kept(caller, written))

    async def pdf(self, caller: Caller, written: str) -> dict[str, Any]:
        """There are no letters. Raises Refused."""
        await self._kept(caller, written)
        raise refused("Notification is not a letter")

    async def notifications(self, caller: Caller, query: bytes) -> dict[str, Any]:
        """Some of those that keys of this kind have sent, the newest first. Raises Refused."""
        asked, organisation = read_page(query), caller.organisation
        older_than = None
        kinds = tuple(kind for kind in asked.kinds or SHOWN if kind in SHOWN)
        nothing = not kinds
        if asked.older_than is not None:
            older_than = self.dispatch.vault.read_uuid("n", asked.older_than)
            last = await self.dispatch.book.notification(older_than) if older_than is not None else None
            nothing = nothing or last is None or last.organisation != organisation.id
        found: tuple[NotificationKept, ...] = ()
        if not nothing:
            wanted = Wanted(
                organisation.id, (caller.kind,), asked.statuses, kinds, asked.reference, older_than=older_than,
                singles=not asked.include_jobs,
            )  # fmt: skip
            found = await self.dispatch.book.listed_notifications(wanted, PAGE)
        shown = []
        for at, kept in enumerate(found):
            if at % AT_A_STRETCH == AT_A_STRETCH - 1:
                await asyncio.sleep(0)
            shown.append(await self._shown(kept))
        next_one = shown[-1]["id"] if shown else None
        links = self.answers.links("v2/notifications", asked.query, asked.older_than, next_one)
        return self.answers.page("notifications", shown, links)

    def received(self, query: bytes) -> dict[str, Any]:
        """What people have texted. It is kept for nobody: whoever writes here talks with the platform."""
        older_than = read_older_than(query)
        links = self.answers.links("v2/received-text-messages", (), older_than, None)
        return self.answers.page("received_text_messages", [], links)

    async def templates(self, caller: Caller, query: bytes) -> dict[str, Any]:
        """All that are in use. Raises Refused."""
        found = await self.catalogue.all(caller.organisation.id, read_type(query))
        return {"templates": [self.answers.template(one.kept, one, self.mailbox(caller.organisation)) for one in found]}

    async def template(self, caller: Caller, written: str, version: str | None = None) -> dict[str, Any]:
        """One, in the version in use or in that one. Raises Refused."""
        rendering = await self._rendering(caller, written, version)
        return self.answers.template(rendering.kept, rendering, self.mailbox(caller.organisation))

    async def preview(self, caller: Caller, written: str, body: bytes) -> dict[str, Any]:
        """A template with its places filled; nothing is sent. Raises Refused."""
        personalisation = read_preview(body)
        rendering = await self._rendering(caller, written)
        said, subject = filled(rendering, personalisation)
        return self.answers.preview(rendering.kept, said, subject)

    async def versions(self, caller: Caller, service: str, written: str) -> dict[str, Any]:
        """All versions of a template of one's own service. Raises Refused."""
        check_id("id", written)
        if self.dispatch.vault.read_uuid("o", service) != caller.organisation.id:
            raise nothing_found()
        found = await self.catalogue.versions(caller.organisation.id, written)
        if not found:
            raise nothing_found()
        return {"data": [self.answers.template(one.kept, one, self.mailbox(caller.organisation)) for one in found]}

    async def _rendering(self, caller: Caller, written: str, version: str | None = None) -> Rendering:
        check_id("id", written)
        organisation = caller.organisation.id
        if version is None:
            found = await self.catalogue.used(organisation, written)
        elif version.isascii() and version.isdigit() and len(version) < 10:
            found = await self.catalogue.version(organisation, written, int(version))
        else:
            found = None
        if found is None:
            raise nothing_found()
        return found

    async def _kept(self, caller: Caller, written: str) -> NotificationKept:
        check_id("notification_id", written)
        number = self.dispatch.vault.read_uuid("n", written)
        kept = await self.dispatch.book.notification(number) if number is not None else None
        if kept is None or kept.organisation != caller.organisation.id or kept.kind not in SHOWN:
            raise nothing_found()
        return kept

    async def _shown(self, kept: NotificationKept) -> dict[str, Any]:
        rendering = await self.dispatch.rendering(kept.template)
        organisation = await self.dispatch.organisation(kept.organisation)
        if rendering is None or organisation is None:
            raise nothing_found()
        sealed = decode_sealed(self.dispatch.vault.unseal(kept.sealed))
        fragments = self._fragments(organisation, rendering, kept, sealed)
        return self.answers.notification(kept, rendering, sealed, fragments)

    def _fragments(
        self, organisation: Organisation, rendering: Rendering, kept: NotificationKept, sealed: Sealed
    ) -> int:
        """SMS that it took, as it was said; none if it went another way. What a test key sends counts as if it left."""
        steps = decode_plan(kept.plan).steps[: max(kept.step, 0) + 1]
        at = next((at for at, step in enumerate(steps) if step.channel == "sms"), None)
        if kept.kind != "sms" or at is None or (kept.sent_ms is None and kept.key != "test"):
            return 0
        try:
            said = self.dispatch.outbound(
                organisation, rendering, kept, sealed, kept.ways[at], steps[at].account,
                reduced=steps[at].reduced, bulk=False,
            )  # fmt: skip
        except ViknoError:  # nothing went that cannot be filled
            return 0
        return self.sms_parts(said.text)
