"""What is answered: notifications and templates as GOV.UK Notify shows them, with a little more beside it.

`cost_in_pounds` is nothing, since nothing is paid in pounds; what it came to stands in `cost`, and how many SMS it took
in `cost_details`. `routing` tells on which channel a message really went. Notify's clients pass over what they do not
know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from vikno.domain.errors import ViknoError
from vikno.domain.notify.fill import Filled
from vikno.domain.notify.markup import as_html
from vikno.domain.notify.prices import amount
from vikno.domain.notify.route import INBOX, Plan, decode_plan
from vikno.domain.notify.template import key_of
from vikno.usecases.dispatch import Rendering, Sealed, parsed
from vikno.usecases.notifications import OPEN, NotificationKept
from vikno.usecases.organisations import TemplateKept, Words
from vikno.usecases.records import Vault
from vikno.usecases.tell_notify import time_of
from vikno.usecases.tell_sender import is_told, kinds_given

UNSUBSCRIBE = "(unsubscribe)"
"""Under which a sender's own address to unsubscribe is kept beside its personalisation: no placeholder is called so."""


def time_or_none(ms: int | None) -> str | None:
    """The same of one that may not have come yet."""
    return None if ms is None else time_of(ms)


class Answers:
    """Makes the answers. `root`: the address of this face, with a slash at its end."""

    def __init__(self, vault: Vault, root: str, currency: str) -> None:
        self._vault, self.root, self._currency = vault, root, currency
        self._named = lru_cache(4096)(self._template_named)

    def template_of(self, kept: TemplateKept) -> Mapping[str, Any]:
        """Which version of which template."""
        return self._named(kept.id, kept.version)

    def _template_named(self, template: int, version: int) -> Mapping[str, Any]:
        number = self._vault.uuid("t", template)
        return {"id": number, "version": version, "uri": f"{self.root}v2/template/{number}/version/{version}"}

    def posted(
        self, number: str, kept: TemplateKept, reference: str | None, content: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A notification that was taken."""
        return {
            "id": number,
            "reference": reference,
            "content": content,
            "uri": f"{self.root}v2/notifications/{number}",
            "template": self.template_of(kept),
            "scheduled_for": None,
        }

    def notification(
        self, kept: NotificationKept, rendering: Rendering, sealed: Sealed, fragments: int
    ) -> dict[str, Any]:
        """A notification as it stands. `fragments`: SMS that it took so far."""
        body, subject = said(rendering, kept, sealed)
        ready = kept.kind != "sms" or kept.status != "created"
        completed = None if kept.status in OPEN else kept.completed_ms
        return {
            "id": self._vault.uuid("n", kept.id),
            "reference": kept.reference or None,
            "email_address": sealed.to if kept.kind == "email" else None,
            "phone_number": sealed.to if kept.kind == "sms" else None,
            **dict.fromkeys(("line_1", "line_2", "line_3", "line_4", "line_5", "line_6", "postcode")),
            "type": kept.kind,
            "status": kept.status,
            "template": self.template_of(rendering.kept),
            "body": body,
            "subject": subject,
            "created_at": time_of(kept.created_ms),
            "created_by_name": None,
            "sent_at": time_or_none(kept.sent_ms),
            "completed_at": time_or_none(completed),
            "scheduled_for": None,
            "postage": None,
            "one_click_unsubscribe_url": sealed.personalisation.get(UNSUBSCRIBE),
            "cost_in_pounds": 0.0 if ready else None,
            "is_cost_data_ready": ready,
            "cost_details": _cost_of(fragments) if kept.kind == "sms" and ready else {},
            "cost": {"amount": amount(kept.micros), "currency": self._currency},
            "routing": routing(kept.kind, decode_plan(kept.plan), kept.step, kept.reason),
        }

    def page(self, name: str, shown: Sequence[dict[str, Any]], links: Mapping[str, str]) -> dict[str, Any]:
        """Some of them, with the way to the next ones."""
        return {name: shown, "links": links}

    def links(self, path: str, query: Sequence[tuple[str, str]], older_than: str | None, last: str | None) -> Any:
        """`next` stands on every page but an empty one: clients go on until one is.

        `older_than` comes first: the Python client takes the first UUID of the address, and a reference may be one.
        """
        here = f"{self.root}{path}"
        links = {"current": _address(here, query, older_than)}
        return links if last is None else {**links, "next": _address(here, query, last)}

    def template(self, kept: TemplateKept, rendering: Rendering, by: str) -> dict[str, Any]:
        """A version of a template; `by`: an address, as Notify names who made it."""
        words = words_of(rendering, kept.kind)
        names: dict[str, str] = {}
        for text in (words.subject or "", words.body):
            for name in parsed(text).placeholders:
                names.setdefault(key_of(name), name)
        changed = kept.changed_ms if kept.changed_ms != kept.created_ms else None
        return {
            "id": self._vault.uuid("t", kept.id),
            "type": kept.kind,
            "created_at": time_of(kept.created_ms),
            "updated_at": time_or_none(changed),
            "created_by": by,
            "version": kept.version,
            "body": words.body,
            "subject": words.subject if kept.kind == "email" else None,
            "name": kept.name,
            "personalisation": {name: {"required": True} for name in names.values()},
            "postage": None,
            "letter_contact_block": None,
        }

    def preview(self, kept: TemplateKept, body: Filled, subject: Filled | None) -> dict[str, Any]:
        """A version of a template with its places filled."""
        email = kept.kind == "email"
        return {
            "id": self._vault.uuid("t", kept.id),
            "type": kept.kind,
            "version": kept.version,
            "body": body.text,
            "html": as_html(body) if email else None,
            "subject": subject.line if subject is not None else ("" if email else None),
            "postage": None,
        }


def _cost_of(fragments: int) -> dict[str, Any]:
    """Of a text message. What clients multiply comes to `cost_in_pounds`, which is nothing."""
    return {"billable_sms_fragments": fragments, "international_rate_multiplier": 1, "sms_rate": 0.0}


def words_of(rendering: Rendering, kind: str, lang: str = "") -> Words:
    """In this language, or the template's own."""
    return rendering.words(lang, kind)[1]


def said(rendering: Rendering, kept: NotificationKept, sealed: Sealed) -> tuple[str, str | None]:
    """The body and the subject as the recipient has them; as the template has them where they cannot be filled."""
    words = words_of(rendering, kept.kind, kept.lang)
    try:
        body = rendering.fill(words.body, sealed.personalisation).text
        subject = rendering.fill(words.subject, sealed.personalisation).line if words.subject else ""
    except ViknoError:
        body, subject = words.body, words.subject or ""
    return body, subject if kept.kind == "email" else None


def routing(kind: str, plan: Plan, step: int, reason: str) -> dict[str, Any]:
    """On which channels it is tried, and on which of them it was tried last."""
    every = [step.channel for step in plan.steps]
    last = every[step] if 0 <= step < len(every) else INBOX if reason == INBOX else None
    return {"channel": last, "channels": channels(kind, plan, last), "inbox": plan.inbox, "reason": reason or None}


def channels(kind: str, plan: Plan, last: str | None = None) -> list[str]:
    """Those on which the address is one that the system gave, and the one that was tried last."""
    given = kinds_given(kind, "")
    return [step.channel for step in plan.steps if is_told(step.channel, given, tried=step.channel == last)]


def sanitised(filled: Sequence[Filled]) -> dict[str, dict[str, str]]:
    """What became of values that could have been links or markup. Here no value can be one, asked for or not."""
    changed = {name: ways for one in filled for name, ways in one.sanitised.items()}
    return {name: {"unsanitised": came, "sanitised": went} for name, (came, went) in changed.items()}


def _address(here: str, query: Sequence[tuple[str, str]], older_than: str | None) -> str:
    first = [("older_than", older_than)] if older_than is not None else []
    asked = urlencode([*first, *query])
    return f"{here}?{asked}" if asked else here
