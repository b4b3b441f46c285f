"""Put senders: an organisation with its templates comes as data; what is new of it waits for its reviewer.

Putting the same again changes nothing. Only a reviewer's word lets an organisation, or a version of a template, send.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from vikno.domain.errors import ViknoError
from vikno.usecases.organisations import (
    Organisation,
    OrganisationGiven,
    Organisations,
    TemplateGiven,
    TemplateKept,
    TemplateKind,
    TemplateText,
    encode_template,
)


class TemplateKindFixed(ViknoError):
    """A template stays what it was first, for mails, for SMS or for all channels. Give the other one another slug."""

    code: ClassVar[str] = "template_kind_fixed"


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """A template as its author has it."""

    slug: str
    name: str
    kind: TemplateKind
    content: str
    text: TemplateText


@dataclass(frozen=True, slots=True)
class Sender:
    """An organisation with its templates."""

    given: OrganisationGiven
    templates: tuple[TemplateDraft, ...] = ()


@dataclass(frozen=True, slots=True)
class SenderKept:
    """As they are on record now, each with where it stands in its review."""

    organisation: Organisation
    templates: tuple[TemplateKept, ...]


async def put_sender(book: Organisations, sender: Sender, by: str, now_ms: int) -> SenderKept:
    """Keep an organisation with its templates. Templates that it has beside these stay. Raises TemplateKindFixed."""
    organisation = await book.put_organisation(sender.given, now_ms)
    kept = [await put_template(book, organisation.id, draft, by, now_ms) for draft in sender.templates]
    return SenderKept(organisation, tuple(kept))


async def put_template(
    book: Organisations, organisation: int, draft: TemplateDraft, by: str, now_ms: int
) -> TemplateKept:
    """A new version, to be reviewed; the last one where nothing is new. Raises TemplateKindFixed."""
    before = await book.template(organisation, draft.slug)
    if before is not None and before.kind != draft.kind:
        raise TemplateKindFixed(draft.slug)
    text = encode_template(draft.text)
    given = TemplateGiven(organisation, draft.slug, draft.name, draft.kind, draft.content, text, by)
    return await book.put_template(given, now_ms)


async def approve_sender(book: Organisations, kept: SenderKept, by: str, now_ms: int) -> None:
    """All of it may send: for a reviewer who has looked at the whole, and for those who try it out."""
    await book.review_organisation(kept.organisation.id, "approved", by, "")
    for template in waiting(kept.templates):
        await book.review_template(template.row, "approved", by, "", now_ms)


def waiting(templates: Sequence[TemplateKept]) -> tuple[TemplateKept, ...]:
    """Those that a reviewer has still to look at."""
    return tuple(template for template in templates if template.status == "submitted")
