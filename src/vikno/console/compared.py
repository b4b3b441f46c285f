"""`vikno diff` for a clerk: who loses and gains what, most affected first, in the country's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from babel.numbers import format_decimal, format_percent

from vikno.console.in_words import InWords
from vikno.console.page import Page
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.dialog.why import name_of
from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.receipt import plain
from vikno.domain.rules.service import Service
from vikno.domain.rules.wording import day_text, item_text, sum_text
from vikno.usecases.compare_countries import Compared
from vikno.usecases.group_changes import CHECKLIST, Group, Total, groups

MOST_GROUPS = 12
MOST_ITEMS = 8
MOST_TOTALS = 4
SMALL = 0.0001


def show(
    compared: Compared, old: Mapping[str, Service], new: Mapping[str, Service], words: Phrases, language: str, day: date
) -> None:
    """`old` and `new` are the services of each version; `day` is the day that texts are worded on."""
    page = Page()
    _View(page, old, new, words, language, day).all(compared)


class _View:
    def __init__(
        self,
        page: Page,
        old: Mapping[str, Service],
        new: Mapping[str, Service],
        words: Phrases,
        language: str,
        day: date,
    ) -> None:
        self.page, self.old, self.new = page, old, new
        self.words, self.say, self.language, self.day = words, words.say, language, day

    def all(self, compared: Compared) -> None:
        found = groups(compared)
        if not found:
            self.page.line(self.say("diff.nobody"), style="bold green")
        for at, group in enumerate(found[:MOST_GROUPS], 1):
            self._group(at, group)
        if len(found) > MOST_GROUPS:
            self.page.gap()
            self.page.line(self.say("diff.more", count=len(found) - MOST_GROUPS))
        for phrase, names in (("diff.added", compared.added), ("diff.removed", compared.removed)):
            if names:
                self.page.heading(self.say(phrase))
                for name in names:
                    self.page.bullet(self._named(name))
        if compared.examples_changed:
            self.page.heading(self.say("diff.examples"))
            for name in compared.examples_changed:
                self.page.bullet(name)
        if compared.second_approver:
            self.page.gap()
            self.page.line(self.say("diff.second_approver"), style="bold red")

    def _group(self, at: int, group: Group) -> None:
        page, say = self.page, self.say
        service = self.new[group.service]
        page.heading(f"{at}. {service.title.text(self.language)} ({group.service})")
        page.line(self._what(group), indent=3, style="bold")
        share = self._share(group.share)
        ways = say("diff.ways", count=group.ways, number=format_decimal(group.ways, locale=self.language))
        page.line(say("diff.share", share=share, ways=ways), indent=3)
        for first, last in group.days:
            until = day_text(last, self.language) if last else ""
            phrase = "diff.days" if last else "diff.days_on"
            page.line(say(phrase, first=day_text(first, self.language), last=until), indent=3)
        self._who(group, service)
        for sign, style, items in (("−", "red", group.lost), ("+", "green", group.gained)):
            for key in items:
                page.bullet(self._item(group.service, key), indent=3, mark=sign, style=style)
        self._some(group, "diff.some_lost", group.some_lost)
        self._some(group, "diff.some_gained", group.some_gained)
        self._totals(group)
        page.line(say("diff.answers", answers=_given(group.answers)), indent=3, style="dim")

    def _what(self, group: Group) -> str:
        """What happens to these people, in a sentence."""
        if group.before == group.after == CHECKLIST:
            if not group.lost and not group.gained:
                return self.say("diff.other_total")
            return self.say("diff.other_list")
        return self.say(
            "diff.instead",
            before=self._ending(group.service, group.before),
            after=self._ending(group.service, group.after),
        )

    def _ending(self, service: str, items: tuple[str, ...]) -> str:
        if items == CHECKLIST:
            return self.say("diff.checklist")
        return "; ".join(self._item(service, key, whole=True) for key in items)

    def _who(self, group: Group, service: Service) -> None:
        old = self.old[group.service]
        facts = {**old.fact, **service.fact}
        lines = InWords(service, self.words, self.language, self.day).who(group.who, facts)
        if lines:
            self.page.line(self.say("diff.who"), indent=3)
            for line in lines:
                self.page.bullet(line, indent=5)

    def _some(self, group: Group, phrase: str, items: Mapping[str, int]) -> None:
        if not items:
            return
        self.page.line(self.say(phrase), indent=3)
        for key in list(items)[:MOST_ITEMS]:
            share = self._share(items[key] / group.ways)
            self.page.bullet(f"{self._item(group.service, key)} — {share}", indent=5)
        if len(items) > MOST_ITEMS:
            self.page.bullet(self.say("diff.more_items", count=len(items) - MOST_ITEMS), indent=5, mark="…")

    def _totals(self, group: Group) -> None:
        """What they pay, where that changes between two lists."""
        if group.before != CHECKLIST or group.after != CHECKLIST:
            return
        changed = [pair for pair in group.totals if pair[0] != pair[1]]
        for before, after in changed[:MOST_TOTALS]:
            self.page.line(self.say("diff.total", before=self._sum(before), after=self._sum(after)), indent=3)
        if len(changed) > MOST_TOTALS:
            self.page.line(self.say("diff.more_totals", count=len(changed) - MOST_TOTALS), indent=3)

    def _sum(self, total: Total) -> str:
        if total is None:
            return self.say("diff.unknown")
        return " + ".join(sum_text(value, code, self.language) for code, value in total.items() if value) or sum_text(
            Decimal(0), next(iter(total)), self.language
        )

    def _share(self, share: float) -> str:
        if share < SMALL:
            return self.say("diff.tiny", share=format_percent(SMALL, "0.##%", locale=self.language))
        return str(format_percent(share, "0.##%" if share < 0.1 else "0.#%", locale=self.language))

    def _item(self, service: str, key: str, whole: bool = False) -> str:
        """An item's words, in the version that has it."""
        for version in (self.new.get(service), self.old.get(service)):
            for item in version.items if version else ():
                if item.key == key and version:
                    text = item_text(version, item, {}, self.day, self.language)
                    return f"{text if whole else name_of(text)} ({key})"
        return key

    def _named(self, name: str) -> str:
        """A line of what only one version knows, with its words: `ua/id-card fact sex`."""
        key, _, rest = name.partition(" ")
        what, _, named = rest.partition(" ")
        for version in (self.new.get(key), self.old.get(key)):
            if version is None:
                continue
            if not what:
                return f"{version.title.text(self.language)} ({key})"
            if what == "item" and any(item.key == named for item in version.items):
                return f"{key}: {self._item(key, named)}"
            fact = version.fact.get(named.partition(":")[0])
            option = named.partition(":")[2]
            if fact and what == "fact":
                return f"{key}: {InWords(version, self.words, self.language, self.day).ask(fact)} ({named})"
            if fact and option in fact.option_ids:
                return f"{key}: {fact.label(option, self.language)} ({named})"
        return name


def _given(answers: Mapping[str, Answer]) -> str:
    """Answers as they stand in a file: {age: 14, reason: lost}."""

    def written(value: object) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)

    return "{" + ", ".join(f"{name}: {written(plain(answer))}" for name, answer in answers.items()) + "}"
