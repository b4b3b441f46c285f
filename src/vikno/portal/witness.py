"""/.well-known/consent-ledger.json: how far the consent ledger goes today, for whoever keeps a copy elsewhere.

A head tells nothing about anybody. Who has kept one can find out later whether the lines up to it were written anew
(`vikno ledger verify --head`). `broken` is the first line that is not as it was written; `lost`: what was published
here before is not in the ledger any more. `.sig` beside it is the signature over exactly its bytes, by the key of the
list of official channels.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vikno.domain.notify.consent import BEGINNING
from vikno.usecases.check_ledger import Checked, Witness
from vikno.usecases.ports import Clock

FORMAT = "vikno-consent-ledger/1"
WELL_KNOWN = "/.well-known/consent-ledger"
MAX_AGE_S = 60


@dataclass(frozen=True, slots=True)
class _Said:
    checked: Checked
    made_ms: int
    body: bytes
    signature: bytes


class Published:
    """Publishes the head. `sign`: by the key of the list of official channels."""

    def __init__(self, witness: Witness, sign: Callable[[bytes], bytes], clock: Clock) -> None:
        self._witness, self._sign, self._clock = witness, sign, clock
        self._said: _Said | None = None
        self._one = asyncio.Lock()

    @property
    def routes(self) -> list[Route]:
        return [Route(f"{WELL_KNOWN}.json", self.head), Route(f"{WELL_KNOWN}.sig", self.signature)]

    async def head(self, _: Request) -> Response:
        return _public((await self._now()).body, "application/json")

    async def signature(self, _: Request) -> Response:
        return _public((await self._now()).signature, "application/octet-stream")

    async def _now(self) -> _Said:
        """The same bytes for a minute, so that the signature that is fetched after them is theirs."""
        async with self._one:
            now_ms, said = self._clock(), self._said
            if said is not None and 0 <= now_ms - said.made_ms < MAX_AGE_S * 1000:
                return said
            checked = await self._witness.head()
            shown = {
                "format": FORMAT, "head": str(checked.head) if checked.head != BEGINNING else None,
                "lines": checked.head.id, "broken": checked.broken, "lost": checked.lost, "at_ms": now_ms,
            }  # fmt: skip
            body = msgspec.json.encode(shown, order="sorted")
            self._said = _Said(checked, now_ms, body, self._sign(body))
            return self._said


def _public(body: bytes, media: str) -> Response:
    """For everybody, and for programs on other sites too."""
    headers = {"cache-control": f"public, max-age={MAX_AGE_S}", "access-control-allow-origin": "*"}
    return Response(body, media_type=media, headers=headers)
