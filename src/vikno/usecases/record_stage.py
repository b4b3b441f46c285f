"""Record stages: an authority reports how far cases have got; each that moves is told to whoever follows it, once.

The decision is pure and is taken inside the transaction that records the report, so that a notice can only say what
the case then holds. The words are put together once for each stage and language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from vikno.domain.cases import Case, Moved, Process, Report, WorkingDays, reach
from vikno.domain.cases.outstay import outstays_ms
from vikno.domain.catalog import Country
from vikno.domain.dialog.messages import Button
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.notify import Notice, Quiet, Window, Wording, code_of, plan
from vikno.usecases.channel import Outbound, encode_outbound
from vikno.usecases.records import (
    CaseBook,
    CaseKept,
    Decide,
    Decided,
    Follower,
    NoticeMade,
    StageGiven,
    TimerMade,
    Vault,
    Verdict,
)
from vikno.usecases.word_stages import BRIEF, StageWords

OUTSTAYS = "outstays"
"""The kind of the timer that looks at a case again when its stage should be over."""
BATCH = 200
"""Reports in one transaction. More of them cost the same each, and hold up people who talk (docs/why/store.md)."""
DAY_MS = 24 * 3600 * 1000
NO_TIMER = (TimerMade(OUTSTAYS, None),)

Link = Callable[[CaseKept, Follower], str | None]


def notice_code(vault: Vault) -> Callable[[int, str], str]:
    """The short code of a notice about a case's stage. Only who has the key can make it, so it proves a notice."""
    return lambda case, stage: code_of(vault.digest("notice", f"{case}/{stage}"))


@dataclass(frozen=True)
class Desk:
    """What is needed to decide about reports: the processes, the clocks of their countries, the words and the codes.

    `days` and `quiet` are by country code. `link` and `stop` give the address of the same on the web, and the one
    that ends such notices with one POST (RFC 8058), for channels that use them.
    `zone`: the time zone of a name, for followers who have one of their own.
    """

    words: StageWords
    days: Mapping[str, WorkingDays]
    quiet: Mapping[str, Quiet]
    code: Callable[[int, str], str]
    link: Link | None = None
    stop: Link | None = None
    zone: Callable[[str], tzinfo | None] = lambda _: None

    @classmethod
    def of(  # noqa: PLR0913  (what one authority's desk has)
        cls,
        processes: Mapping[str, Process],
        countries: Mapping[str, Country],
        phrases: Mapping[str, Phrases],
        *,
        days: Mapping[str, WorkingDays],
        quiet: Mapping[str, Quiet],
        vault: Vault,
        link: Link | None = None,
        stop: Link | None = None,
        zone: Callable[[str], tzinfo | None] = lambda _: None,
    ) -> Desk:
        """A desk for these processes; `vikno.packs.process` knows `working_days` and `quiet_hours` of a country."""
        return cls(StageWords(processes, countries, phrases), days, quiet, notice_code(vault), link, stop, zone)

    def moved(self, case: CaseKept, given: StageGiven) -> Moved:
        """What a report comes to, with the reason, for the staff."""
        process = self.words.processes.get(case.service)
        if process is None:
            return Moved("no_stage", "unknown")
        now = Case(case.number, case.service, case.stage, case.stage_ms)
        return reach(now, Report(given.stage, given.at_ms), process)

    def decide(self, now_ms: int) -> Decide:
        """The decision about reports that are recorded now."""
        windows = {code: self._window(code, now_ms) for code in self.quiet}

        def decided(case: CaseKept, given: StageGiven, followers: Sequence[Follower]) -> Decided:
            moved = self.moved(case, given)
            if moved.verdict != "reached":
                return Decided(moved.verdict)
            process = self.words.processes[case.service]
            stage = process.stages[given.stage]
            code = case.service.partition("/")[0]
            due_ms = outstays_ms(process, stage.id, given.at_ms, case.opened_ms, self.days[code])
            if due_ms is not None:
                due_ms = max(due_ms, now_ms + DAY_MS)  # reported late: the stage is told first, and not in one breath
            timers = (TimerMade(OUTSTAYS, due_ms),)
            if not stage.announce or not followers:
                return Decided("reached", (), timers)
            notices = self._notices(case, stage.id, followers, self.words.reached, windows[code])
            return Decided("reached", tuple(notices), timers)

        return decided

    def outstayed(self, case: CaseKept, followers: Sequence[Follower], now_ms: int) -> Decided:
        """A case that has been at its stage for longer than usual: said once, and the timer ends."""
        process = self.words.processes.get(case.service)
        stage = process.stages.get(case.stage) if process else None
        if stage is None or stage.final or not stage.announce:
            return Decided("again", (), NO_TIMER)
        window = self._window(case.service.partition("/")[0], now_ms)
        notices = self._notices(case, stage.id, followers, self.words.outstaying, window)
        return Decided("again", tuple(notices), NO_TIMER)

    def outstays(self, case: CaseKept, now_ms: int) -> bool:
        """Whether the staff should look at a case: it has been at its stage for longer than usual."""
        process = self.words.processes.get(case.service)
        if process is None:
            return False
        days = self.days[case.service.partition("/")[0]]
        due_ms = outstays_ms(process, case.stage, case.stage_ms, case.opened_ms, days)
        return due_ms is not None and due_ms <= now_ms

    def _window(self, country: str, now_ms: int) -> Callable[[Follower], Window]:
        """When each follower may be written to. Most share a clock, so each is asked once."""
        windows: dict[str | None, Window] = {}

        def window(follower: Follower) -> Window:
            name = follower.zone
            if name not in windows:
                windows[name] = self.quiet[country].window(now_ms, self.zone(name) if name else None)
            return windows[name]

        return window

    def _notices(
        self,
        case: CaseKept,
        stage: str,
        followers: Sequence[Follower],
        words: Callable[[str, str, str, bool], Wording],
        window: Callable[[Follower], Window],
    ) -> Iterator[NoticeMade]:
        def wording(lang: str, brief: bool) -> Wording:
            return words(case.service, stage, lang, brief)

        code = self.code(case.id, stage)
        for notice in plan(case.id, case.number, code, followers, wording, window, BRIEF):
            yield self._made(case, notice)

    def _made(self, case: CaseKept, notice: Notice[Follower]) -> NoticeMade:
        to = notice.to
        said = Outbound(
            text=notice.text,
            lang=self.words.language(case.service, to.lang),
            buttons=(Button(notice.stop, notice.label, "nav"),) if notice.label else (),
            purpose="notice",
            subject=notice.title,
            link=self.link(case, to) if self.link else None,
            stop=self.stop(case, to) if self.stop else None,
            kept=True,
        )
        window = notice.window
        return NoticeMade(
            to.conversation, to.account, encode_outbound(said), notice.about, window.not_before_ms, window.expires_ms
        )


async def record_stages(
    book: CaseBook, desk: Desk, given: Sequence[StageGiven], clock: Callable[[], int]
) -> tuple[Verdict, ...]:
    """Record reports in their order, in batches; what each came to.

    A time in the future is taken as now: nobody reaches a stage tomorrow, and a clock that runs ahead would make
    every later report look old. Raises StoreUnavailable and StoreClosed; what batches before it recorded stays, and
    the same reports may be given again: they are `repeated`.
    """
    verdicts: list[Verdict] = []
    for start in range(0, len(given), BATCH):
        now_ms = clock()
        batch = [_timely(one, now_ms) for one in given[start : start + BATCH]]
        verdicts += await book.record(batch, desk.decide(now_ms), now_ms)
    return tuple(verdicts)


def _timely(given: StageGiven, now_ms: int) -> StageGiven:
    at_ms = min(max(given.at_ms, 0), now_ms)
    return given if at_ms == given.at_ms else replace(given, at_ms=at_ms)


async def came_due(book: CaseBook, desk: Desk, clock: Callable[[], int], limit: int = 200) -> int:
    """Look at the cases whose timers are due, the oldest first: so many were carried out. Again while it is `limit`."""
    now_ms = clock()
    done = 0
    for due in await book.overdue(now_ms, limit):
        followers = await book.followers(due.case.id) if due.kind == OUTSTAYS else ()
        done += await book.came_due(due, desk.outstayed(due.case, followers, now_ms), now_ms)
    return done


async def outstaying(
    book: CaseBook, desk: Desk, authority: str, now_ms: int, after: int = 0, limit: int = 100
) -> tuple[CaseKept, ...]:
    """The cases among a page of an authority's that have outstayed, for its staff."""
    return tuple(case for case in await book.listed(authority, after, limit) if desk.outstays(case, now_ms))
