"""GET, PUT, DELETE: an organisation's templates. A new version waits for its reviewer; until then the last one is sent.

What was put away is kept and shown. It comes back when it is put again, and what is approved of it is sent again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from vikno.api.answers import Answer, encode
from vikno.api.messages.asking import template_of
from vikno.api.messages.room import Caller, Room, note
from vikno.api.messages.shapes import Slug, TemplateBrought, Templates
from vikno.api.messages.showing import template_shown
from vikno.api.problems import Refused, problem, refused, shortened, unknown
from vikno.domain.rules.findings import did_you_mean
from vikno.usecases.check_templates import check_template
from vikno.usecases.organisations import MOST_WAITING, TemplateKept, TemplateText, VersionsFull
from vikno.usecases.put_senders import TemplateDraft, TemplateKindFixed, put_template

MOST_TEMPLATE_BYTES = 512 * 1024
"""Of the body of a template."""
MOST_TEMPLATES = 1000
"""Of one organisation."""


async def templates(room: Room, caller: Caller) -> Answer:
    """All of them."""
    waiting = await room.book.waiting_versions(caller.organisation.id)
    used = await room.book.templates(caller.organisation.id)
    shown = [template_shown(room.vault, one, waiting.get(one.id)) for one in used]
    return Answer(200, encode(Templates(shown)))


async def template(room: Room, caller: Caller, which: str) -> Answer:
    """One, by its slug or its id."""
    return await _shown(room, caller, await _found(room, caller, which))


async def put(room: Room, caller: Caller, slug: str, brought: TemplateBrought) -> Answer:
    """A template, or a new version of one, to be reviewed."""
    try:
        msgspec.convert(slug, Slug)
    except msgspec.ValidationError as error:
        raise refused("value_wrong", f"the slug: {shortened(str(error), 200)}") from None
    contents = room.vocabulary.contents
    if brought.content not in contents:
        raise refused("template_wrong", f"“{shortened(brought.content)}”{did_you_mean(brought.content, contents)}",
                      pointer="/content")  # fmt: skip
    text = TemplateText(
        brought.languages,
        brought.language,
        tuple(brought.order),
        tuple(brought.trust),
        tuple(brought.links),
        brought.facts,
    )
    today = datetime.fromtimestamp(room.clock() / 1000, UTC).date()
    for slip in check_template(brought.kind, text, room.vocabulary, today):
        where = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in slip.where)
        raise Refused(problem("template_wrong", shortened(slip.said, 300), pointer=where))
    before = await room.book.template(caller.organisation.id, slug)
    if before is not None and before.archived:
        _live(caller)
    if before is None and len(await room.book.templates(caller.organisation.id)) >= MOST_TEMPLATES:
        raise refused("templates_full", f"at most {MOST_TEMPLATES}")
    draft = TemplateDraft(slug, brought.name, brought.kind, brought.content, text)
    by = f"api/org/{caller.key.id}"
    try:
        kept = await put_template(room.book, caller.organisation.id, draft, by, room.clock())
    except TemplateKindFixed as error:
        raise refused("template_wrong", error.text, pointer="/kind") from None
    except VersionsFull:
        raise refused("versions_full", f"{MOST_WAITING} of “{slug}”") from None
    await note(room, caller, f"template {slug}, version {kept.version}")
    waiting = kept.version if kept.status == "submitted" else None
    return Answer(201 if before is None else 200, encode(template_shown(room.vault, kept, waiting)))


async def archive(room: Room, caller: Caller, which: str) -> Answer:
    """Nothing is sent with it any more; the template as it stands then. Once more changes nothing."""
    _live(caller)
    found = await _found(room, caller, which)
    if await room.book.archive_template(found.id, room.clock()):
        await note(room, caller, f"template {found.slug} put away")
    return await _shown(room, caller, replace(found, archived=True))


async def _found(room: Room, caller: Caller, which: str) -> TemplateKept:
    found = await template_of(room.dispatch, caller, which)
    if found is None:
        known = [one.slug for one in await room.book.templates(caller.organisation.id)]
        raise Refused(unknown("template_unknown", which, known, ""))
    return found


async def _shown(room: Room, caller: Caller, kept: TemplateKept) -> Answer:
    waiting = await room.book.waiting_versions(caller.organisation.id)
    return Answer(200, encode(template_shown(room.vault, kept, waiting.get(kept.id))))


def _live(caller: Caller) -> None:
    """From here on something else is sent, or nothing."""
    if caller.key.kind != "live":
        raise refused("key_not_live", f"this one is a {caller.key.kind} key")
