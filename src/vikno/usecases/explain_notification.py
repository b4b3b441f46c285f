"""Explain a notification: why it went as it went, or did not go. Everything that had a say, as plain data.

The rules that decided with their titles, sources and versions, the person's choices, the price, every try with what
became of it, and what the router did next. `word_reasons` puts it into words; the API gives it as it is. What the
message says, and to whom it goes, is not in it: the recipient is masked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from vikno.domain.catalog import LegalResource
from vikno.domain.errors import ViknoError
from vikno.domain.notify.route import Left, Plan, Rule, Step, decode_plan
from vikno.usecases.dispatch import Dispatch, decode_sealed
from vikno.usecases.mask_address import masked
from vikno.usecases.notifications import NotificationKept, Traced
from vikno.usecases.people import Choices
from vikno.usecases.records import NoticeKept

DAY_MS = 86_400_000
Sources = Callable[[str, str], LegalResource | None]
"""A source or a law by the country whose rule names it, and its name."""


class NotificationUnknown(ViknoError):
    """There is no such notification, or it was long enough ago that it has been forgotten."""

    code = "notification_unknown"


class SourceSaid(Struct, frozen=True, omit_defaults=True):
    """Where a rule comes from. `url`: None where nobody has named a page."""

    id: str
    title: str
    url: str | None = None


class RuleSaid(Struct, frozen=True, omit_defaults=True):
    """A rule that had a say. `version` is the one that decided; `now`: whether it is still the same, None: it is gone.

    `status`: proposed, enacted, recommended or superseded; `since` and `until` are days, as in 2026-09-01.
    """

    id: str
    version: str
    title: str
    now: Literal["same", "changed", "gone"] = "same"
    effect: str = ""
    status: str = ""
    since: str | None = None
    until: str | None = None
    sources: tuple[SourceSaid, ...] = ()


class StepSaid(Struct, frozen=True, omit_defaults=True):
    """A step of the plan. `reduced`: only that there is a message; `micros`: its price, in millionths of the unit."""

    step: int
    account: str
    channel: str
    waits_for: str
    wait_s: int
    reduced: bool = False
    micros: int = 0
    ready: str = "go"
    missing: tuple[str, ...] = ()
    rules: tuple[RuleSaid, ...] = ()


class LeftSaid(Struct, frozen=True, omit_defaults=True):
    """An address that was left out. `why`: law, choice, gone, price or manner."""

    account: str
    channel: str
    why: str
    rules: tuple[RuleSaid, ...] = ()


class TrySaid(Struct, frozen=True, omit_defaults=True):
    """One try. `status` and `reason` as the channel's receipts left them; `tries`: how often the platform was asked."""

    step: int
    account: str
    channel: str
    status: str
    began_ms: int
    changed_ms: int
    reason: str = ""
    tries: int = 0
    rules: tuple[RuleSaid, ...] = ()


class LineSaid(Struct, frozen=True, omit_defaults=True):
    """What the router, or its person, did at a moment.

    `what`: step, held, nowhere, ended or seen; `why`: what brought it about.
    """

    at_ms: int
    what: str
    why: str = ""
    step: int | None = None
    account: str = ""
    status: str = ""
    missing: tuple[str, ...] = ()
    rules: tuple[RuleSaid, ...] = ()


class Wishes(Struct, frozen=True, omit_defaults=True):
    """What the person has chosen about such messages, as it stands now.

    `consent`: none, given, written or soft. `refused`: they want none at all; `channels`: where they want none.
    `order`: the channels that they put first.
    """

    consent: str = "none"
    refused: bool = False
    channels: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    quiet: tuple[int, int] | None = None


class Explained(Struct, frozen=True, omit_defaults=True):
    """All of it. `id` is the notification's for the outside, `number` on record; times in milliseconds since 1970."""

    id: str
    number: int
    organisation: str
    sender: str
    template: str
    template_name: str
    template_version: int
    content: str
    kind: str
    key: str
    direction: str
    lang: str
    reference: str
    recipient: str
    status: str
    reason: str
    created_ms: int
    changed_ms: int
    expires_ms: int
    steps: tuple[StepSaid, ...]
    left: tuple[LeftSaid, ...]
    tries: tuple[TrySaid, ...]
    lines: tuple[LineSaid, ...]
    wishes: Wishes
    sent_ms: int | None = None
    completed_ms: int | None = None
    due_ms: int | None = None
    micros: int = 0
    inbox: bool = True
    against_inbox: tuple[RuleSaid, ...] = ()
    instead: tuple[str, ...] = ()
    one_channel: bool = False
    """Everything depended on one channel."""


def no_sources(_country: str, _name: str) -> LegalResource | None:
    """Where nobody knows the sources of rules, they are told by their names."""
    return None


async def explain(dispatch: Dispatch, number: int, lang: str = "en", sources: Sources = no_sources) -> Explained:
    """Why it went as it went. `lang`: of the titles of rules and sources. Raises NotificationUnknown."""
    for one in await dispatch.book.in_hand((number,)):
        trace = await dispatch.book.trace(number)
        return await _Explaining(dispatch, one.notification, lang, sources).explained(one.tries, trace)
    raise NotificationUnknown


class _Explaining:
    """One notification while it is explained."""

    def __init__(self, dispatch: Dispatch, kept: NotificationKept, lang: str, sources: Sources) -> None:
        self.dispatch, self.kept, self.lang, self.sources = dispatch, kept, lang, sources

    async def explained(self, tries: Iterable[NoticeKept], trace: Iterable[Traced]) -> Explained:
        kept, dispatch = self.kept, self.dispatch
        plan = decode_plan(kept.plan)
        organisation = await dispatch.organisation(kept.organisation)
        rendering = await dispatch.rendering(kept.template)
        slug, content = (organisation.slug if organisation else ""), (rendering.kept.content if rendering else "")
        return Explained(
            id=dispatch.vault.uuid("n", kept.id),
            number=kept.id,
            organisation=slug,
            sender=organisation.name if organisation else "",
            template=rendering.kept.slug if rendering else "",
            template_name=rendering.kept.name if rendering else "",
            template_version=rendering.kept.version if rendering else 0,
            content=content,
            kind=kept.kind,
            key=kept.key,
            direction=kept.direction,
            lang=kept.lang,
            reference=kept.reference,
            recipient=self._recipient(),
            status=kept.status,
            reason=kept.reason,
            created_ms=kept.created_ms,
            changed_ms=kept.changed_ms,
            expires_ms=kept.expires_ms,
            steps=tuple(self._step(index, step) for index, step in enumerate(plan.steps)),
            left=tuple(self._left(left) for left in plan.left),
            tries=tuple(self._try(plan, notice) for notice in tries),
            lines=tuple(self._line(one) for one in trace),
            wishes=await self._wishes(slug, content, plan),
            sent_ms=kept.sent_ms,
            completed_ms=kept.completed_ms,
            due_ms=kept.due_ms,
            micros=kept.micros,
            inbox=plan.inbox,
            against_inbox=self._rules(plan.against),
            instead=plan.instead,
            one_channel=plan.alone and bool(plan.steps),
        )

    def _recipient(self) -> str:
        """Masked; nothing where it was sealed with another key."""
        try:
            return masked(decode_sealed(self.dispatch.vault.unseal(self.kept.sealed)).to)
        except (ViknoError, msgspec.DecodeError):
            return ""

    async def _wishes(self, slug: str, content: str, plan: Plan) -> Wishes:
        kept = self.kept
        if kept.key == "test":  # nobody was looked up for it
            return Wishes()
        since_ms = self.dispatch.clock() - DAY_MS
        found = await self.dispatch.book.people((kept.to,), kept.organisation, content, since_ms)
        person = found.get(kept.to)
        if person is None:
            return Wishes()
        chosen: Choices = person.choices
        accounts = [*(step.account for step in plan.steps), *(left.account for left in plan.left)]
        channels = dict.fromkeys(account.partition("/")[0] for account in accounts)
        nowhere = chosen.refuses(slug, content)
        off = () if nowhere else tuple(channel for channel in channels if chosen.refuses(slug, content, channel))
        return Wishes(person.consent, nowhere, off, chosen.order, chosen.quiet)

    def _step(self, index: int, step: Step) -> StepSaid:
        return StepSaid(
            index, step.account, step.channel, step.proof, step.wait_s, step.reduced, step.micros, step.ready,
            step.missing, self._rules(step.rules),
        )  # fmt: skip

    def _left(self, left: Left) -> LeftSaid:
        return LeftSaid(left.account, left.account.partition("/")[0], left.why, self._rules(left.rules))

    def _try(self, plan: Plan, notice: NoticeKept) -> TrySaid:
        account = plan.steps[notice.step].account if 0 <= notice.step < len(plan.steps) else notice.account
        why, _, rules = notice.reason.partition(": ")
        return TrySaid(
            notice.step, account, account.partition("/")[0], notice.status, notice.created_ms, notice.changed_ms,
            why if why == "law" else notice.reason, notice.tries,
            self._rules(_named(rules)) if why == "law" else (),
        )  # fmt: skip

    def _line(self, traced: Traced) -> LineSaid:
        said = _read(traced.said)
        step = said.get("step")
        return LineSaid(
            traced.at_ms,
            str(said.get("what", "")),
            str(said.get("why", "")),
            step if isinstance(step, int) else None,
            str(said.get("account", "")),
            str(said.get("status", "")),
            tuple(map(str, said.get("missing", ()))),
            self._rules(Rule(str(name), "") for name in said.get("rules", ())),
        )

    def _rules(self, rules: Iterable[Rule]) -> tuple[RuleSaid, ...]:
        return tuple(self._rule(rule) for rule in rules)

    def _rule(self, rule: Rule) -> RuleSaid:
        """With what it says now; its version tells whether it said the same then."""
        found = self.dispatch.judge.policy.applied(rule.id)
        if found is None:
            return RuleSaid(rule.id, rule.version, rule.id, "gone")
        now, version = found.rule, found.version[:12]
        names = (*now.basis, *now.sources)
        return RuleSaid(
            rule.id,
            rule.version or version,
            now.title.text(self.lang),
            "same" if rule.version in ("", version) else "changed",
            now.effect,
            now.status,
            now.from_.isoformat() if now.from_ else None,
            now.until.isoformat() if now.until else None,
            tuple(self._source(now.jurisdiction, name) for name in dict.fromkeys(names)),
        )

    def _source(self, country: str, name: str) -> SourceSaid:
        found = self.sources(country, name)
        return SourceSaid(name, name) if found is None else SourceSaid(name, found.title.text(self.lang), found.url)


def _read(said: bytes) -> Mapping[str, Any]:
    try:
        found = msgspec.json.decode(said)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _named(written: str) -> list[Rule]:
    """Rules as a withheld notice names them: `RU-149-FZ@0f3a…, UA-ADS@…`."""
    found = [one.partition("@") for one in written.split(", ") if one]
    return [Rule(name, version[:12]) for name, _, version in found]
