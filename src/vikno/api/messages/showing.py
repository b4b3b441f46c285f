"""What is on record, as it is answered: plans, messages, tries and explanations, without anything of a person."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from vikno.api.answers import time_of
from vikno.api.messages.shapes import (
    AttemptShown,
    LeftShown,
    LeftTold,
    LineTold,
    MessageShown,
    PlanShown,
    RuleNamed,
    StepShown,
    StepTold,
    TemplateNamed,
    TemplateShown,
    TryTold,
    Why,
)
from vikno.domain.notify.prices import amount
from vikno.domain.notify.route import Plan, Rule, decode_plan
from vikno.usecases.check_templates import needed
from vikno.usecases.explain_notification import Explained
from vikno.usecases.notifications import NotificationKept
from vikno.usecases.organisations import TemplateKept, decode_template
from vikno.usecases.records import NoticeKept, Vault
from vikno.usecases.tell_sender import is_told
from vikno.usecases.tell_subscribers import channel_of


def plan_shown(plan: Plan, given: Collection[str] | None = None, *, on_its_way: bool = False) -> PlanShown:
    """A plan in words that a program can use, as far as it is about addresses of these kinds (None: of all).

    `on_its_way`: the first step that may go was queued, and will be told of wherever it leads.
    """
    first = next((step for step in plan.steps if step.ready == "go"), None) if on_its_way else None
    steps = [
        StepShown(
            one.channel, one.ready, one.reduced, one.proof, one.wait_s, amount(one.micros), list(one.missing),
            _rules(one.rules),
        )
        for one in plan.steps
        if is_told(one.channel, given, tried=one is first)
    ]  # fmt: skip
    kinds = [(one.account.partition("/")[0], one) for one in plan.left]
    left = [LeftShown(kind, one.why, _rules(one.rules)) for kind, one in kinds if is_told(kind, given)]
    return PlanShown(steps, left, plan.inbox, _rules(plan.against), list(plan.instead))


def message_shown(vault: Vault, kept: NotificationKept, template: TemplateKept | None) -> MessageShown:
    """A message, without its recipient."""
    return MessageShown(
        vault.uuid("n", kept.id),
        kept.status,
        kept.reason,
        kept.reference,
        None if template is None else TemplateNamed(vault.uuid("t", template.id), template.slug, template.version),
        kept.key,
        kept.direction,
        kept.lang,
        channel_of(kept, decode_plan(kept.plan)),
        amount(kept.micros),
        time_of(kept.created_ms),
        None if kept.sent_ms is None else time_of(kept.sent_ms),
        None if kept.completed_ms is None else time_of(kept.completed_ms),
        time_of(kept.expires_ms),
    )


def attempts_shown(tries: Iterable[NoticeKept]) -> list[AttemptShown]:
    """What was tried, the first one first."""
    return [
        AttemptShown(
            one.step,
            one.account.partition("/")[0],
            one.status,
            one.reason,
            one.tries,
            time_of(one.created_ms),
            time_of(one.changed_ms),
        )
        for one in tries
    ]


def why_shown(message: MessageShown, found: Explained, currency: str, given: Collection[str]) -> Why:
    """The whole trace, as far as it concerns its sender: which other choices and addresses the person has is theirs.

    `given`: kinds of the addresses that the sender gave.
    """
    tried = {one.step for one in found.tries}
    return Why(
        message,
        [
            StepTold(
                one.step, one.channel, one.ready, one.reduced, one.waits_for, one.wait_s, amount(one.micros),
                list(one.missing), list(one.rules),
            )
            for one in found.steps
            if is_told(one.channel, given, tried=one.step in tried)
        ],
        [LeftTold(one.channel, one.why, list(one.rules)) for one in found.left if is_told(one.channel, given)],
        found.inbox,
        list(found.against_inbox),
        list(found.instead),
        [
            TryTold(
                one.step, one.channel, one.status, one.reason, one.tries, time_of(one.began_ms),
                time_of(one.changed_ms), list(one.rules),
            )
            for one in found.tries
        ],
        [
            LineTold(
                time_of(one.at_ms), one.what, one.why, one.step, one.account.partition("/")[0], one.status,
                list(one.missing), list(one.rules),
            )
            for one in found.lines
        ],
        found.wishes.consent,
        found.wishes.refused,
        currency,
    )  # fmt: skip


def template_shown(vault: Vault, kept: TemplateKept, waiting: int | None) -> TemplateShown:
    """`waiting`: the version that is being reviewed."""
    text = decode_template(kept.text)
    return TemplateShown(
        vault.uuid("t", kept.id),
        kept.slug,
        kept.name,
        kept.kind,
        kept.content,
        kept.version,
        kept.status,
        kept.reason,
        kept.archived,
        waiting,
        list(needed(text)),
        text.language,
        {lang: dict(variants) for lang, variants in text.languages.items()},
        list(text.order),
        list(text.trust),
        list(text.links),
        dict(text.facts),
    )


def _rules(rules: Iterable[Rule]) -> list[RuleNamed]:
    return [RuleNamed(rule.id, rule.version) for rule in rules]
