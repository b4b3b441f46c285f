"""Sign links: the addresses by which one person, and nobody else, comes to what was sent to them, or ends it.

Such a link is a key: whoever has it is let in. It names a conversation by its keyed hash, so it tells nobody anything,
and its signature holds the purpose and the day until which it opens. It has 50 to 60 characters: an SMS can carry it.
"""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass
from typing import Literal

from vikno.domain.dialog.state import State, Talk
from vikno.usecases.records import Vault

Purpose = Literal["inbox", "stop", "step", "opened", "off", "letter"]
"""off: an organisation's messages; letter: one of them in the inbox; opened: that a browser has opened a link to a step
before."""

DAY_MS = 86_400_000
INBOX_DAYS = 90
"""An inbox link opens for so long; every newer message brings a newer one."""
STEP_DAYS = 14
"""As the consultation in a message grows old, so does the way to go on with it."""
MAC_BYTES = 10
"""80 bits: nobody guesses that over HTTP."""
HASH_BYTES = 16
DAY_BYTES = 3
CASE_BYTES = 7
STEP_BITS, MARK_BITS, TALK_BITS = 24, 16, 16
"""Of what a link to a step holds in place of a case."""
MOST_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class Opens:
    """What a link opens: a person's conversation; `case` when it is about one case only."""

    conversation: str
    case: int | None = None


@dataclass(frozen=True, slots=True)
class Stood:
    """The consultation that a link was sent under. `talk`: its number, 0 for none; `mark`: of its answers then."""

    talk: int
    mark: int


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and reads signed links. `site`: the public address, without a slash at its end."""

    vault: Vault
    site: str

    def inbox(self, conversation: str, now_ms: int) -> str:
        """Where this person sees what was sent to them, for `INBOX_DAYS`."""
        return f"{self.site}/inbox/{self.token('inbox', Opens(conversation), now_ms // DAY_MS + INBOX_DAYS)}"

    def stop(self, conversation: str, case: int | None = None) -> str:
        """Where one POST ends the messages about a case, or about all (RFC 8058). It never expires."""
        return f"{self.site}/stop/{self.token('stop', Opens(conversation, case), 0)}"

    def off(self, conversation: str, organisation: int) -> str:
        """Where one POST ends what an organisation writes (RFC 8058). It never expires."""
        return f"{self.site}/off/{self.token('off', Opens(conversation, organisation), 0)}"

    def step(self, conversation: str, state: State, now_ms: int) -> str:
        """Where what was said at this step can be seen and gone on with on the web, once, for `STEP_DAYS`.

        The link names the consultation it was sent under, so that it still leads there when the conversation has gone
        on, and marks its answers, so that others given since are told and not passed off as what was sent. The
        answers themselves are not in it: it would grow beyond an SMS, and a link passed on would hold them.
        """
        talk = next((talk for talk in state.talks if talk.number == state.open), None)
        what = state.step % (1 << STEP_BITS)
        if talk is not None and talk.number < 1 << TALK_BITS:
            what |= (talk.number << MARK_BITS | self.mark(talk)) << STEP_BITS
        return f"{self.site}/s/{self.token('step', Opens(conversation, what), now_ms // DAY_MS + STEP_DAYS)}"

    def stood(self, opens: Opens) -> Stood:
        """The consultation that a link to a step was sent under."""
        number, mark = divmod((opens.case or 0) >> STEP_BITS, 1 << MARK_BITS)
        return Stood(number, mark)

    def mark(self, talk: Talk) -> int:
        """Of the answers of a consultation: keyed, so that it tells nobody what they are."""
        said = json.dumps([talk.service, sorted(talk.answers.items())], ensure_ascii=False)
        return int(self.vault.digest("answers", said)[: MARK_BITS // 4], 16)

    def token(self, purpose: Purpose, opens: Opens, last_day: int) -> str:
        """`last_day`: in days since 1970, 0 for ever.

        >>> from vikno.wire.vault import LocalVault
        >>> links = Links(LocalVault(bytes(32)), "https://vikno.example")
        >>> token = links.token("inbox", Opens("sms/main:" + "0" * 32), 20000)
        >>> len(token), links.read("inbox", token, 20000 * DAY_MS), links.read("stop", token, 20000 * DAY_MS)
        (51, Opens(conversation='sms/main:00000000000000000000000000000000', case=None), None)
        """
        account, _, hashed = opens.conversation.rpartition(":")
        case = b"" if opens.case is None else opens.case.to_bytes(CASE_BYTES, "big")
        what = (
            last_day.to_bytes(DAY_BYTES, "big") + bytes([len(case)]) + case + bytes.fromhex(hashed) + account.encode()
        )
        return base64.urlsafe_b64encode(what + self._mac(purpose, what)).decode().rstrip("=")

    def read(self, purpose: Purpose, token: str, now_ms: int) -> Opens | None:
        """What it opens; None for what was not signed here, for another purpose, and after its last day."""
        if len(token) > MOST_CHARACTERS:
            return None
        try:
            whole = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except ValueError:
            return None
        what, mac = whole[:-MAC_BYTES], whole[-MAC_BYTES:]
        if len(what) <= DAY_BYTES + 1 + HASH_BYTES or not hmac.compare_digest(mac, self._mac(purpose, what)):
            return None
        last_day, size = int.from_bytes(what[:DAY_BYTES], "big"), what[DAY_BYTES]
        case, rest = what[DAY_BYTES + 1 :][:size], what[DAY_BYTES + 1 + size :]
        if last_day and now_ms // DAY_MS > last_day:
            return None
        name = f"{rest[HASH_BYTES:].decode('utf-8', 'replace')}:{rest[:HASH_BYTES].hex()}"
        return Opens(name, int.from_bytes(case, "big") if size else None)

    def _mac(self, purpose: Purpose, what: bytes) -> bytes:
        return bytes.fromhex(self.vault.digest(f"link {purpose}", what.hex()))[:MAC_BYTES]
