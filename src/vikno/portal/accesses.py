"""The access log of a case in words: who looked at it or changed it, and what they did."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vikno.domain.dialog.phrases import Phrases


def who_did(said: str, labels: Mapping[str, str], words: Phrases) -> str:
    """Who it was. `said`: as `Access.who` has it, `office/3`; `labels`: of keys, by their ids."""
    kind, _, key = said.partition("/")
    phrase = f"access.by.{kind}"
    return words.say(phrase, label=labels.get(key, key)) if words.knows(phrase) else said


def what_they_did(said: str, stage: Callable[[str], str], words: Phrases) -> str:
    """What it was. `said`: as `Access.what` has it; what is written in no known way is shown as it is."""
    match said.split():
        case ["case.read" | "read"]:
            return words.say("access.did.read")
        case ["put" | "qr" as did]:
            return words.say(f"access.did.{did}")
        case ["stage:", verdict] if words.knows(f"verdict.{verdict}"):
            return words.say("access.did.stage", verdict=words.say(f"verdict.{verdict}"))
        case ["case.stage", name, verdict] if words.knows(f"verdict.{verdict}"):
            named = stage(name).rstrip(".")
            return words.say("access.did.stage.named", stage=named, verdict=words.say(f"verdict.{verdict}"))
    return said
