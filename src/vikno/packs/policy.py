"""policy/*.yaml of a country folder: rules about messages, in the condition language, over a closed list of facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from vikno.domain.catalog import Country, LegalResource
from vikno.domain.policy import ChannelRule
from vikno.domain.rules.conditions import TRUE, All, Condition, Not
from vikno.domain.rules.findings import Finding, did_you_mean
from vikno.domain.rules.service import Example, Fact, Option
from vikno.domain.values import Text
from vikno.packs.facts import Builder
from vikno.packs.forms import MESSAGE_FACTS, POLICY
from vikno.packs.names import read_names
from vikno.packs.shapes import Read
from vikno.packs.source import Report, Scalar, read_yaml
from vikno.packs.words import FolderTexts

EXAMPLES = "examples.yaml"
INVENTED = "example"
"""The folder of the country that does not exist."""
LANGUAGES = ("en", "uk")
"""Of the facts of a message."""


@dataclass(frozen=True)
class Jurisdiction:
    """The rules of one folder and the examples that must hold."""

    code: str
    rules: tuple[ChannelRule, ...]
    examples: tuple[Example, ...]


@cache
def message_facts() -> tuple[Fact, ...]:
    """What can be known of a message, in the order in which rules look at it.

    >>> [fact.id for fact in message_facts()][:3]
    ['recipient_country', 'sender_country', 'channel']
    """
    wrong: list[Finding] = []
    with as_file(files("vikno") / "packs" / "message") as folder:
        node = read_yaml(folder / "facts.yaml", "facts.yaml", wrong.append)
        read = MESSAGE_FACTS.read(node, wrong.append) if node is not None else None
        nowhere = Country("", LANGUAGES, LANGUAGES[0], "EUR", "UTC")
        texts = FolderTexts(folder, "message", LANGUAGES[0], LANGUAGES, wrong.append)
        builder = Builder(folder, "message", nowhere, texts, wrong.append)
        if isinstance(read, Read):
            builder.read_facts(read.get("facts", []))
    if wrong:
        raise AssertionError(wrong[0])  # it comes with the program
    return tuple(_with_invented(fact) for fact in builder.facts.values())


def _with_invented(fact: Fact) -> Fact:
    """A country may also be the invented one, so that its rules bind nobody else."""
    if fact.kind != "country":
        return fact
    lakeland = Option(INVENTED, Text(f"country.{INVENTED}", "Lakeland", {"en": "Lakeland", "uk": "Озерний край"}))
    return replace(fact, options=(*fact.options, lakeland))


def policy_files(folder: Path) -> list[Path]:
    """The rule files of a country folder, in order of name."""
    home = folder / "policy"
    return sorted(path for path in home.glob("*.yaml") if path.name != EXAMPLES) if home.is_dir() else []


def read_policy(folder: Path, country: Country, report: Report) -> Jurisdiction:
    """The rules of a country folder; none when it has no policy. What is wrong is reported, and the rest is read on."""
    rules: dict[str, ChannelRule] = {}
    texts = FolderTexts(folder / "policy", f"{folder}/policy", country.language, country.languages, report)
    for path in policy_files(folder):
        node = read_yaml(path, f"{folder}/policy/{path.name}", report)
        read = POLICY.read(node, report) if node is not None else None
        if isinstance(read, Read):
            _Reader(country, texts, report, rules).read(read)
    if policy_files(folder):
        texts.orphans()
    _overridden(rules, report)
    return Jurisdiction(country.code, tuple(rules.values()), _examples(folder, report))


def _examples(folder: Path, report: Report) -> tuple[Example, ...]:
    from vikno.packs.load import read_examples

    return read_examples(folder / "policy", report) if (folder / "policy" / EXAMPLES).is_file() else ()


class _Reader:
    """Reads the rules of one file."""

    def __init__(self, country: Country, texts: FolderTexts, report: Report, rules: dict[str, ChannelRule]) -> None:
        self.country, self.texts, self.report, self.rules = country, texts, report, rules
        self.law: Mapping[str, LegalResource] = {}
        self.sources: Mapping[str, LegalResource] = {}

    def read(self, read: Read) -> None:
        from vikno.packs.load import read_law

        undated = replace(self.country, dates={}, lists={})  # the rules of many countries stand beside each other
        builder = Builder(Path(), "", undated, self.texts, self.report)
        builder.facts = {fact.id: fact for fact in message_facts()}
        builder.read_terms(read.get("terms", []))
        applies = self._condition(builder, read.get("applies"))
        self.law = dict(self.country.law) | read_law(self.texts, "law", read.get("law", []))
        self.sources = dict(self.country.sources) | read_law(self.texts, "source", read.get("sources", []))
        for name, entry in read.get("rules", []):
            if name.text in self.rules:
                self.report(Finding("id_twice", name.place, f"“{name.text}” is already a rule here"))
                continue
            rule = self._rule(builder, name, entry, applies)
            if rule is not None:
                self.rules[name.text] = rule

    def _condition(self, builder: Builder, scalar: Scalar | None) -> Condition | None:
        return TRUE if scalar is None else builder.condition(scalar)

    def _rule(self, builder: Builder, name: Scalar, read: Read, applies: Condition | None) -> ChannelRule | None:
        when, must = self._condition(builder, read.get("when")), read.get("must")
        excepted = read.get("except")
        lifted = builder.condition(excepted) if excepted is not None else None
        wanted = builder.condition(must) if must is not None else None
        if when is None or applies is None or (excepted and lifted is None) or (must and wanted is None):
            return None
        effect = read.get("effect")
        self._shape(name, read, effect)
        parts = (applies, when, *((Not(lifted),) if lifted is not None else ()))
        first, last, title = read.get("from"), read.get("until"), read.get("title")
        return ChannelRule(
            id=name.text,
            jurisdiction=self.country.code,
            title=self.texts.text(f"{name.text}.title", title) if title else Text(f"{name.text}.title", name.text),
            status=read.get("status", "enacted"),
            effect=effect,
            when=All(tuple(part for part in parts if part != TRUE)) if parts != (TRUE, TRUE) else TRUE,
            must=wanted,
            overrides=tuple(scalar.text for scalar in read.get("overrides", [])),
            instead=self._channels(read.get("instead", [])),
            from_=first,
            until=last,
            known=read.get("known"),
            basis=read_names(read.get("basis", []), self.law, "law", self.report),
            sources=read_names(read.get("source", []), self.sources, "source", self.report),
            confidence=read.get("confidence", "C"),
            place=name.place,
            when_place=read.at("when") if read.get("when") else name.place,
            period_place=read.at("from") if first else name.place,
        )

    def _shape(self, name: Scalar, read: Read, effect: str) -> None:
        """What goes with which effect, and days in their order."""
        if (effect == "require") != ("must" in read):
            said = "a rule that requires says what, by “must”" if effect == "require" else "“must” goes with require"
            self.report(Finding("value_wrong", read.at("must") if "must" in read else name.place, said))
        if "overrides" in read and effect != "permit":
            self.report(Finding("value_wrong", read.at("overrides"), "only a permit overrides"))
        if not read.get("basis") and not read.get("source"):
            self.report(
                Finding("key_missing", name.place, f"nothing says where “{name.text}” comes from: basis or source")
            )
        first, last = read.get("from"), read.get("until")
        if first and last and last + timedelta(days=1) < first:
            self.report(Finding("period_wrong", read.at("until"), f"“{name.text}” ends before it begins"))

    def _channels(self, scalars: list[Scalar]) -> tuple[str, ...]:
        known = next(fact.option_ids for fact in message_facts() if fact.id == "channel")
        for scalar in scalars:
            if scalar.text not in known:
                near = did_you_mean(scalar.text, known)
                self.report(Finding("channel_unknown", scalar.place, f"there is no channel “{scalar.text}”{near}"))
        return tuple(scalar.text for scalar in scalars if scalar.text in known)


def _overridden(rules: Mapping[str, ChannelRule], report: Report) -> None:
    for rule in rules.values():
        for name in rule.overrides:
            if name not in rules:
                near = did_you_mean(name, rules)
                report(Finding("item_unknown", rule.place, f"“{rule.id}” overrides “{name}”, which is not there{near}"))
