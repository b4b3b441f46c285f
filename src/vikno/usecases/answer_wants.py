"""Answer what conversations want to know or have done: follow a case, see where it stands, stop, see and erase data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from vikno.domain.dialog.events import Learnt
from vikno.domain.dialog.following import MOST_SHOWN
from vikno.domain.dialog.state import Shown, Want
from vikno.domain.notify import read_case, written
from vikno.domain.notify.route import WEB
from vikno.usecases.answer_wishes import LINKS, Wishing
from vikno.usecases.converse import Asker
from vikno.usecases.follow_case import Followed, Following, TooMany, follow_by_code, follow_by_token, genuine
from vikno.usecases.ports import Clock, Upkeep
from vikno.usecases.records import Access, CaseKept, Follower, Records, Vault
from vikno.usecases.sign_links import Links
from vikno.usecases.word_stages import BRIEF, StageWords


@dataclass(frozen=True)
class Wants:
    """What `converse` needs as `find_out`, and `receive_message` as `open_case`.

    `authorities`: whose cases can be followed here.
    """

    records: Records
    upkeep: Upkeep
    vault: Vault
    words: StageWords
    links: Links
    authorities: Sequence[str]
    clock: Clock
    gone: Callable[[str], None] = lambda _: None
    """Told whose address is on record no more, so that it is kept again when they write again."""
    wishing: Wishing | None = None
    """Where organisations write to people: what these want of it."""

    async def find_out(self, asker: Asker, want: Want) -> Learnt:
        """Carry out one want. Twice does no harm."""
        match want.what:
            case "follow":
                follower, now_ms = await self._follower(asker), self.clock()
                return await self._learnt(
                    asker,
                    await follow_by_code(
                        self.records, self.vault, follower, self.authorities, want.number, want.code, now_ms
                    ),
                )
            case "cases":
                return Learnt("cases", await self._followed(asker))
            case "case":
                shown = await self._followed(asker)
                one = next((one for one in shown if one.case == want.case), None)
                return Learnt("case", (one,)) if one else Learnt("cases", shown)
            case "stop":
                case = read_case(want.case)
                if want.case and case is None:
                    return Learnt("cases", await self._followed(asker))
                await self.records.unfollow(asker.conversation, case)
                return Learnt("stopped", await self._followed(asker))
            case "data":
                return Learnt("data", link=self.links.inbox(asker.conversation, self.clock()))
            case "check":
                return await self._checked(asker, want.code)
            case "settings" | "switch" | "link":
                return await self._of_wishes(asker, want)
            case "language":
                follower = Follower(asker.conversation, asker.account, asker.lang)
                for followed in await self.records.followed(asker.conversation):
                    await self.records.follow(followed.id, follower, self.clock())
                return Learnt("language")
            case "erase":
                await self.records.note([Access(self.clock(), "self", "erase", asker.conversation)])
                await self.records.erase(asker.conversation)
                await self.upkeep.forget(asker.conversation)
                self.gone(asker.conversation)
                return Learnt("erased")

    async def open_case(self, asker: Asker, token: str) -> Learnt | None:
        """Follow by the token of a receipt, or add this account to a page; None if it is no such token."""
        read = self.vault.read_token(token)
        if read is not None and read[0] == LINKS and self.wishing is not None:
            return await self.wishing.asked(asker, token)
        if read is None or read[0] != "c":
            return None
        follower = await self._follower(asker)
        followed = await follow_by_token(self.records, self.vault, follower, token, self.clock())
        return await self._learnt(asker, followed)

    async def _of_wishes(self, asker: Asker, want: Want) -> Learnt:
        link = self.links.inbox(asker.conversation, self.clock())
        if self.wishing is None:
            return Learnt("settings", link=link)
        match want.what:
            case "switch":
                return await self.wishing.switch(asker, want, link)
            case "link":
                return await self.wishing.link(asker, want.code)
        return await self.wishing.settings(asker, link)

    async def _learnt(self, asker: Asker, outcome: Following) -> Learnt:
        match outcome:
            case Followed(case, new):
                shown = self._shown(asker, case)
                return Learnt("followed", (self._ends(asker, case, shown),)) if new else Learnt("already", (shown,))
            case TooMany():
                return Learnt("locked")
        return Learnt("unknown")

    async def _checked(self, asker: Asker, code: str) -> Learnt:
        if not await self.records.attempt(f"check/{asker.conversation}", 20, 3_600_000, self.clock()):
            return Learnt("locked")
        found = await genuine(self.records, self.vault, asker.conversation, code)
        return Learnt("genuine", (self._shown(asker, found[0]),)) if found else Learnt("not_genuine")

    async def _followed(self, asker: Asker) -> tuple[Shown, ...]:
        cases = await self.records.followed(asker.conversation)
        return tuple(self._shown(asker, case) for case in cases[:MOST_SHOWN])

    def _shown(self, asker: Asker, case: CaseKept) -> Shown:
        view = self.words.view(case, asker.lang)
        return Shown(written(case.id), view.title, view.number, view.told)

    def _ends(self, asker: Asker, case: CaseKept, shown: Shown) -> Shown:
        """With the way to end it, where notices have no button: said once, as each would pay for it."""
        if asker.account.partition("/")[0] not in BRIEF:
            return shown
        phrases = self.words.phrases[self.words.language(case.service, asker.lang)]
        return msgspec.structs.replace(shown, text=f"{shown.text}\n{phrases.say('stop.sms')}")

    async def _follower(self, asker: Asker) -> Follower:
        if asker.account == WEB:  # who talks on the web has no address, and is on record only now
            sealed = self.vault.seal("")
            await self.records.meet(asker.conversation, WEB, sealed, asker.lang, self.clock())
        return Follower(asker.conversation, asker.account, asker.lang)
