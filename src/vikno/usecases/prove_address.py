"""Prove an address: a phone number by a code that is typed in, a mail address by a link, a messenger by a link to it.

Nothing is kept of an address before it is proven: what is asked for lies sealed in the page or the link itself. Who
could add another's account to their own page would read that person's messages, so each is asked there, in words.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from vikno.domain.errors import ViknoError
from vikno.domain.notify.route import WEB
from vikno.usecases.channel import Outbound
from vikno.usecases.people import People
from vikno.usecases.ports import Clock
from vikno.usecases.records import Access, Records, Vault
from vikno.usecases.tell_of_address import Post, Telling

DAY_MS, HOUR_MS, MINUTE_MS = 86_400_000, 3_600_000, 60_000
CODE_DIGITS = 6
CODE_LIVES_MS = 15 * MINUTE_MS
LINK_LIVES_MS = DAY_MS
TOKEN_HOURS = 2
"""A link to a messenger is good until the end of the next hour."""
TRIES = 5
"""Of one code: with a million of them, one in 200,000 is guessed."""
ASKED_A_DAY, ASKED_OF_ONE, ASKED_FROM_ONE, ASKED_AN_HOUR = 5, 3, 10, 300
"""Messages to prove an address: asked for on one page, to one address, by one household, by all together."""
HOUR_BITS = 20
LONGEST = 2000
LINKS = "w"
"""The kind of a token that adds an account to somebody's page."""


class Asked(Struct, frozen=True, array_like=True):
    """An address that somebody says is theirs. `to`: the conversation of the page."""

    to: str
    account: str
    address: str
    at_ms: int


_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(Asked).decode


@dataclass(frozen=True)
class Proving:
    """Asks, and sees the proof."""

    records: Records
    people: People
    vault: Vault
    clock: Clock
    telling: Telling

    @property
    def post(self) -> Post:
        """By which messages go at once."""
        return self.telling.post

    def ask(self, to: str, account: str, address: str) -> Asked:
        """Begin; nothing is kept."""
        return Asked(to, account, address, self.clock())

    async def may_ask(self, asked: Asked, household: str) -> bool:
        """Whether one more message may go for it."""
        now_ms = self.clock()
        keys = (
            (f"prove/{asked.to}", ASKED_A_DAY, DAY_MS),
            (f"prove/to/{self._name(asked)}", ASKED_OF_ONE, DAY_MS),
            (f"prove/from/{self.vault.digest('attempt', household)}", ASKED_FROM_ONE, DAY_MS),
            ("prove/all", ASKED_AN_HOUR, HOUR_MS),
        )
        for key, most, window_ms in keys:
            if not await self.records.attempt(key, most, window_ms, now_ms):
                return False
        return True

    def send(self, asked: Asked, said: Outbound) -> bool:
        """Let the message with the proof go; whether there is an account for it."""
        return self.post(asked.account, self._name(asked), asked.address, said)

    # ---- what the page or the mail holds ----

    def written(self, asked: Asked) -> str:
        """Sealed, for a hidden field or a link."""
        plain = _encode(asked).decode()
        sealed = self.vault.seal(f"{self._proof(plain)} {plain}")
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def read(self, written: str, lives_ms: int) -> Asked | None:
        """None for what was not sealed here for this, and for what is too old."""
        if len(written) > LONGEST:
            return None
        try:
            whole = base64.urlsafe_b64decode(written + "=" * (-len(written) % 4))
            proof, _, plain = self.vault.unseal(whole).partition(" ")
            asked = _decode(plain)
        except (ViknoError, ValueError, binascii.Error, msgspec.DecodeError):
            return None
        # Other things are sealed with the same key, some in the words of strangers: the seal alone proves nothing.
        genuine = hmac.compare_digest(proof.encode(), self._proof(plain).encode())
        return asked if genuine and 0 <= self.clock() - asked.at_ms <= lives_ms else None

    def code(self, asked: Asked) -> str:
        """Six digits, the same as long as it is the same asking; not kept anywhere."""
        digest = self.vault.digest("address code", _encode(asked).decode())
        return f"{int(digest[:15], 16) % 10**CODE_DIGITS:0{CODE_DIGITS}}"

    async def typed(self, asked: Asked, code: str) -> bool:
        """Whether this is the code. It may be tried a few times, then another one has to be asked for."""
        key = f"prove/code/{self.vault.digest('attempt', _encode(asked).decode())}"
        if not await self.records.attempt(key, TRIES, CODE_LIVES_MS, self.clock()):
            return False
        digits = "".join(sign for sign in code if sign.isdecimal())
        return hmac.compare_digest(digits.encode(), self.code(asked).encode())

    async def proven(self, asked: Asked, lang: str) -> None:
        """It is theirs from now on."""
        name, now_ms = self._name(asked), self.clock()
        await self.begin(asked.to, lang)
        await self.records.meet(name, asked.account, self.vault.seal(asked.address), lang, now_ms)
        await self.telling.link(name, asked.account, asked.address, asked.to, lang, now_ms)
        await self.records.note((Access(now_ms, "self", "address.add", asked.to),))

    async def begin(self, conversation: str, lang: str) -> bool:
        """Whether anything can be kept for the one whose page it is: who talks on the web is on record only now."""
        if await self.people.ways(conversation):
            return True
        account = conversation.partition(":")[0]
        if account != WEB:
            return False
        await self.records.meet(conversation, account, self.vault.seal(""), lang, self.clock())
        return True

    # ---- messengers ----

    def token(self, number: int) -> str:
        """For the entry link of a messenger: `number` is that of the address whose page it is (`Reached.id`)."""
        last_hour = self.clock() // HOUR_MS + TOKEN_HOURS - 1
        return self.vault.token(LINKS, number << HOUR_BITS | last_hour % (1 << HOUR_BITS))

    async def of_token(self, token: str) -> str | None:
        """Whose page it adds to; None for what is no such token, and after its time."""
        read = self.vault.read_token(token)
        if read is None or read[0] != LINKS:
            return None
        number, last_hour = divmod(read[1], 1 << HOUR_BITS)
        left = last_hour - self.clock() // HOUR_MS % (1 << HOUR_BITS)
        return await self.people.named(number) if 0 <= left < TOKEN_HOURS else None

    async def link(self, conversation: str, token: str, lang: str) -> bool:
        """Whoever talks here has said that the account is theirs; whether the link was still good."""
        to = await self.of_token(token)
        if to is None or to == conversation:
            return False
        await self.telling.link(conversation, conversation.partition(":")[0], "", to, lang, self.clock())
        await self.records.note((Access(self.clock(), "self", "address.add", to),))
        return True

    def _name(self, asked: Asked) -> str:
        return self.vault.name(asked.account, asked.address)

    def _proof(self, plain: str) -> str:
        return self.vault.digest("address asked", plain)
