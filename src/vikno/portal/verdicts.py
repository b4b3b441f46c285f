"""A reviewer's yes or no as a form brings it: with a reason where one is due, asked twice, of what they have seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vikno.domain.dialog.phrases import Phrases
from vikno.portal.accesses import who_did
from vikno.portal.clocks import moment
from vikno.portal.entry import zone_of
from vikno.portal.site import Site
from vikno.usecases.records import Records

MOST_REASON = 500
"""Characters: six bytes each in a form, which is at most 4 KiB."""
NEED_REASON = frozenset({"refused", "suspended"})
SHOWN, READ = 30, 200
CHANGES = (
    "sender.",
    "template.",
    "put",
    "approved",
    "refused",
    "suspended",
    "live ",
    "team ",
    "test ",
    "key ",
    "callback ",
)
"""How the lines of the access log begin that tell of a change, not of a look."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reviewer wants. `seen`: what they had before them; `sure`: they were asked once more."""

    what: str
    reason: str
    seen: str
    sure: bool

    @property
    def lacks_reason(self) -> bool:
        """Nobody is turned away without being told why."""
        return self.what in NEED_REASON and not self.reason


def verdict_of(form: Mapping[str, str]) -> Verdict:
    """In one line, of bounded length."""
    reason = " ".join(form.get("reason", "").split())[:MOST_REASON]
    return Verdict(form.get("verdict", ""), reason, form.get("seen", ""), form.get("sure") == "1")


async def changes(records: Records, site: Site, slug: str, lang: str) -> Sequence[Mapping[str, str]]:
    """What was done about an organisation, the latest first, as the access log has it. Looks are left out."""
    labels, words = {str(key.id): key.label for key in await records.keys()}, site.words[lang]
    zone = zone_of(site, "")
    found = [one for one in await records.accesses(f"organisation/{slug}", READ) if one.what.startswith(CHANGES)]
    return [
        {
            "at": moment(one.at_ms, zone, lang),
            "who": _who(one.who, labels, words),
            "what": _what(one.what, words),
        }
        for one in found[:SHOWN]
    ]


def _who(said: str, labels: Mapping[str, str], words: Phrases) -> str:
    """Keys of organisations have numbers of their own."""
    return words.say("review.by.sender") if said.startswith("api/") else who_did(said, labels, words)


def _what(said: str, words: Phrases) -> str:
    """In words, where it was written as this program writes it."""
    match said.split():
        case ["put"]:
            return words.say("review.did.put")
        case [("sender.approved" | "sender.refused" | "sender.suspended") as did]:
            return words.say(f"review.did.{did}")
        case [("template.approved" | "template.refused") as did, which]:
            return words.say(f"review.did.{did}", which=which)
        case [("approved" | "refused" | "suspended") as did, *_]:
            return words.say(f"review.did.sender.{did}") if "@" not in said else said
        case [("live" | "team" | "test") as kind, "key", "made"]:
            return words.say("review.did.key", kind=words.say(f"senders.key.{kind}"))
        case _:
            return said
