"""Campaigns as they are answered."""

from __future__ import annotations

from vikno.api.answers import time_of
from vikno.api.campaigns.shapes import (
    CampaignShown,
    CampaignTold,
    ChannelForeseen,
    FiguresShown,
    PreviewShown,
    RowRefused,
)
from vikno.api.messages.shapes import TemplateNamed
from vikno.domain.notify.prices import amount
from vikno.usecases.campaigns import CampaignKept, decode_counted, decode_preview
from vikno.usecases.organisations import TemplateKept
from vikno.usecases.preview_campaign import Foreseen, foreseen
from vikno.usecases.records import Vault
from vikno.usecases.run_campaigns import Progress, Runner


def campaign_shown(vault: Vault, kept: CampaignKept, template: TemplateKept | None) -> CampaignShown:
    """One campaign."""
    named = None
    if template is not None:
        named = TemplateNamed(vault.uuid("t", template.id), template.slug, template.version)
    return CampaignShown(
        vault.uuid("c", kept.id),
        kept.name,
        kept.reference,
        named,
        kept.key,
        kept.source,
        kept.status,
        kept.rows,
        dict(kept.refused),
        kept.looked,
        kept.planned,
        None if kept.begins_ms is None else time_of(kept.begins_ms),
        time_of(kept.created_ms),
        None if kept.began_ms is None else time_of(kept.began_ms),
        None if kept.ended_ms is None else time_of(kept.ended_ms),
    )


async def campaign_told(runner: Runner, kept: CampaignKept, currency: str) -> CampaignTold:
    """All that is known of it."""
    rendering = await runner.dispatch.rendering(kept.template)
    decided = decode_counted(kept.counted)
    preview = None
    if kept.preview:
        preview = preview_shown(foreseen(decode_preview(kept.preview), kept, runner.dispatch.judge))
    return CampaignTold(
        campaign_shown(runner.dispatch.vault, kept, None if rendering is None else rendering.kept),
        figures_shown(await runner.progress(kept)),
        decided.statuses,
        decided.left,
        preview,
        [RowRefused(line, reason) for line, reason in await runner.book.refusals(kept.id)],
        currency,
    )


def figures_shown(progress: Progress) -> FiguresShown:
    """How it goes."""
    return FiguresShown(
        progress.planned,
        progress.waiting,
        progress.sending,
        progress.sent,
        progress.delivered,
        dict(progress.failed),
        round(progress.rate, 1),
        progress.seconds_left,
    )


def preview_shown(found: Foreseen) -> PreviewShown:
    """What would become of all."""
    channels = [
        ChannelForeseen(one.channel, one.count, one.reduced, amount(one.micros), one.seconds) for one in found.channels
    ]
    return PreviewShown(
        found.exact,
        round(found.looked, 4),
        time_of(found.at_ms),
        found.rows,
        channels,
        found.inbox,
        dict(found.left),
        dict(found.held),
        amount(found.micros),
        round(found.seconds, 1),
    )
