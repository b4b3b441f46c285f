"""What is said of a stage, in a language: as a notice, long or brief, and as the view of a person who asks.

The words of a (service, stage, language) are put together once and remembered: a country has a few hundred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from vikno.domain.cases import Lasting, Process, Stage
from vikno.domain.catalog import Country
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.notify import Told, Wording, masked, outstaying, worded
from vikno.domain.notify.wording import lasts
from vikno.usecases.records import CaseKept

BRIEF = frozenset({"sms"})
"""Kinds of accounts on which every word costs: one paragraph, no button (STOP ends it)."""


@dataclass(frozen=True, slots=True)
class StageView:
    """How far a case has got, in one language. `number` is masked; `time`: how long this usually takes, in words.

    `stage` is "" while nothing was reported; the text says so.
    """

    title: str
    number: str
    stage: str = ""
    text: str = ""
    next: str | None = None
    time: str | None = None

    @property
    def told(self) -> str:
        """All of it in a paragraph of lines."""
        return "\n".join(part for part in (self.text, self.next, self.time) if part)


class StageWords:
    """The words of every stage of every process, in the languages of their countries."""

    def __init__(
        self, processes: Mapping[str, Process], countries: Mapping[str, Country], phrases: Mapping[str, Phrases]
    ) -> None:
        self.processes, self.countries, self.phrases = processes, countries, phrases
        self.reached = lru_cache(4096)(self._reached)
        self.outstaying = lru_cache(4096)(self._outstaying)
        self.told = lru_cache(4096)(self._told)
        self._spoken = lru_cache(4096)(self._known)

    def language(self, service: str, wanted: str) -> str:
        """A language in which all of it can be said: the person's, else the country's own, else English."""
        return self._spoken(service, wanted[:10])

    def _known(self, service: str, wanted: str) -> str:
        country = self.countries[service.partition("/")[0]]
        known = [one for one in (wanted, country.language, *country.languages) if one in country.languages]
        return next((one for one in known if one in self.phrases), "en")

    def view(self, case: CaseKept, wanted: str) -> StageView:
        """What a person is told of a case now."""
        process = self.processes.get(case.service)
        number = masked(case.number)
        if process is None:
            return StageView("", number)
        lang = self.language(case.service, wanted)
        stage = process.stages.get(case.stage)
        if stage is None:
            return StageView(process.title.text(lang), number, text=self.phrases[lang].say("nothing_yet"))
        told = self.told(case.service, stage.id, lang)
        return StageView(told.title, number, stage.id, told.text, told.next, lasts(told, self.phrases[lang].say))

    def _reached(self, service: str, stage: str, wanted: str, brief: bool) -> Wording:
        """The notice that a stage was reached."""
        lang = self.language(service, wanted)
        return worded(self.told(service, stage, lang), self.phrases[lang].say, brief)

    def _outstaying(self, service: str, stage: str, wanted: str, brief: bool) -> Wording:
        """The notice that a case has been at a stage for longer than usual."""
        lang = self.language(service, wanted)
        return outstaying(self.told(service, stage, lang), self.phrases[lang].say, brief)

    def _told(self, service: str, stage: str, lang: str) -> Told:
        process = self.processes[service]
        here = process.stages[stage]
        # How long the whole takes is said once, at the beginning.
        whole = process.legal if stage == process.first and not here.usual and not here.legal else None
        return _told(process, here, here.legal or whole, lang)


def _told(process: Process, stage: Stage, legal: Lasting | None, lang: str) -> Told:
    words = (stage.usual and stage.usual.text) or (None if stage.usual else legal and legal.text)
    return Told(
        title=process.title.text(lang),
        text=stage.text.text(lang),
        next=stage.next.text(lang) if stage.next else None,
        sms=stage.sms.text(lang) if stage.sms else None,
        usual=_span(stage.usual),
        legal=_span(legal),
        time=words.text(lang) if words else None,
        final=stage.final,
    )


def _span(lasting: Lasting | None) -> tuple[int, int] | None:
    return (lasting.low, lasting.high) if lasting else None
