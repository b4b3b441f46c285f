"""Follow a case: by the link of its receipt, or by its number and the check code printed beside it.

Never by a passport's number or a phone. Whoever guesses learns nothing: a wrong number and a wrong code are answered
alike, after the same work, and attempts are few, for each address and for each number.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from vikno.domain.notify import alike, code_of
from vikno.usecases.record_stage import notice_code
from vikno.usecases.records import CaseBook, CaseKept, Follower, Passed, Sidings, Vault

HOUR_MS = 3600 * 1000
ATTEMPTS_OF_ADDRESS = 10
"""In an hour. People mistype; nobody needs more."""
ATTEMPTS_AT_NUMBER = 20
"""In an hour, from everywhere: with a code of 8 signs (32 bits) a guess then takes thousands of years."""
LONGEST = 100
"""Characters of what is typed that are looked at."""
OF_A_CASE = "c"
"""Kind of a token: the number in it is a case's id."""
CODE_SIGNS = 8


class Records(CaseBook, Sidings, Protocol):
    """What following needs of the records."""


@dataclass(frozen=True, slots=True)
class Followed:
    """The person follows this case; `new`: only from now on."""

    case: CaseKept
    new: bool


@dataclass(frozen=True, slots=True)
class NotFound:
    """No such number, or not this code, or no token of ours. Nobody is told which."""


@dataclass(frozen=True, slots=True)
class TooMany:
    """Too many attempts; again after so many minutes."""

    minutes: int = HOUR_MS // 60_000


Following = Followed | NotFound | TooMany


def check_code(vault: Vault, authority: str, number: str) -> str:
    """A check code for a receipt, for authorities that print none of their own: always the same for a case.

    Eight signs of which none looks like another (`vikno.domain.notify.ALPHABET`).
    """
    return code_of(vault.digest("check code made", f"{authority}\0{number}"), CODE_SIGNS)


def code_digest(vault: Vault, authority: str, number: str, code: str) -> str:
    """What is kept of a check code (`CaseGiven.code`): bound to its case, the same however both are typed."""
    return vault.digest("code", f"{authority}/{alike(number)}/{alike(code)}")


def case_token(vault: Vault, case: int) -> str:
    """The token of a receipt: 22 characters, the payload of its QR and of every channel's link."""
    return vault.token(OF_A_CASE, case)


async def follow_by_token(records: Records, vault: Vault, follower: Follower, token: str, now_ms: int) -> Following:
    """By the QR or the link of the receipt: one tap, no attempts to guess. Made-up tokens count as attempts."""
    read = vault.read_token(token)
    case = await records.case_by_id(read[1]) if read is not None and read[0] == OF_A_CASE else None
    if case is not None:
        return await _follow(records, case, follower, now_ms)
    return NotFound() if await _may_try(records, follower, now_ms) else TooMany()


async def follow_by_code(
    records: Records,
    vault: Vault,
    follower: Follower,
    authorities: Sequence[str],
    number: str,
    code: str,
    now_ms: int,
) -> Following:
    """By the number of the case and its check code, as people type them: case, blanks, dashes and look-alikes do not
    matter. `authorities`: whose cases it may be among.
    """
    number, code = number[:LONGEST], code[:LONGEST]
    about = vault.digest("attempt", alike(number))
    # Both are counted, whatever the first says: the answer must not tell which of them is full.
    mine = await _may_try(records, follower, now_ms)
    its = await records.attempt(f"follow/number/{about}", ATTEMPTS_AT_NUMBER, HOUR_MS, now_ms)
    # The digest of both finds the case, so a wrong number and a wrong code are the same to whoever looks it up.
    digests = [(authority, code_digest(vault, authority, number, code)) for authority in authorities]
    found = [case for one in digests if (case := await records.case_by_code(*one)) is not None]
    if not (mine and its):
        return TooMany()
    return await _follow(records, found[0], follower, now_ms) if found else NotFound()


async def _may_try(records: Records, follower: Follower, now_ms: int) -> bool:
    return await records.attempt(f"follow/{follower.conversation}", ATTEMPTS_OF_ADDRESS, HOUR_MS, now_ms)


async def _follow(records: Records, case: CaseKept, follower: Follower, now_ms: int) -> Followed:
    return Followed(case, await records.follow(case.id, follower, now_ms))


async def genuine(records: Records, vault: Vault, conversation: str, typed: str) -> tuple[CaseKept, str] | None:
    """The case and the stage of the notice with this code, if it is one that this person could have been sent.

    Whether a message came from here: among the stages of the cases that they follow, whose code is it?
    """
    for case in await records.followed(conversation):
        passed = await told_with(records, vault, case, typed)
        if passed is not None:
            return case, passed.stage
    return None


async def told_with(records: Records, vault: Vault, case: CaseKept, typed: str) -> Passed | None:
    """The stage of this case whose notice has this code."""
    code = notice_code(vault)
    wanted = alike(typed[:LONGEST]).encode()  # it may have letters that a code has not
    for passed in await records.history(case.id):
        if passed.verdict == "reached" and hmac.compare_digest(alike(code(case.id, passed.stage)).encode(), wanted):
            return passed
    return None
