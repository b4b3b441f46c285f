"""The authority's real bots and senders: a signed list for programs, and /check for people who were written to.

`/.well-known/official-channels.json` holds the list; `.sig` beside it is the Ed25519 signature over exactly its bytes,
`.pem` the public key, `.jws` the same list as a compact JWS (RFC 7515, RFC 8037). docs/how-to/print-a-poster.md shows
how to verify it with OpenSSL.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from vikno.domain.notify import ALPHABET, alike
from vikno.portal.entry import case_title, day_of, language, unkept_page
from vikno.portal.posted import household
from vikno.portal.site import Site
from vikno.usecases.check_channels import UNKNOWN_ENTRY, Watch
from vikno.usecases.follow_case import told_with
from vikno.usecases.ports import Clock
from vikno.usecases.record_stage import Desk
from vikno.usecases.records import Records, Vault
from vikno.usecases.tell_genuine import LONGEST, Own, own, tell

FORMAT = "vikno-official-channels/1"
WELL_KNOWN = "/.well-known/official-channels"
DAY_MS = 86_400_000
VALID_DAYS = 7
"""A copy of the list may be trusted for so long."""
MAX_AGE_S = 300
ATTEMPTS, WINDOW_MS = 30, 600_000
"""Codes that one address may ask about in ten minutes."""
ATTEMPTS_AT_NUMBER, HOUR_MS = 60, 3_600_000
"""Codes asked about one number in an hour, from everywhere: a code has 24 bits, and who has many addresses guesses."""
MOST_CODE, MOST_NUMBER = 40, 64
_CODE = re.compile(r"(\w{6})")
_CODE_SAID = re.compile(r"\b(?:код|code)(?: повідомлення)?:? {1,2}(\w{6})\b", re.IGNORECASE)
_CASE = re.compile(r"(?<![\w…-])[^\W\d_]{1,6}-\d{4}-\d{3,8}(?![\w-])")


@dataclass(frozen=True, slots=True)
class Signed:
    """The list as it is served. `tag`: what it says, without when it was said."""

    tag: str
    made_ms: int
    body: bytes
    signature: bytes
    jws: bytes


class Official:
    """The signed list and the page that tells genuine from forged. `key`: 32 bytes, secret."""

    def __init__(  # noqa: PLR0913, PLR0917 - each a thing that only the caller knows
        self,
        site: Site,
        watch: Watch,
        records: Records,
        vault: Vault,
        desk: Desk,
        clock: Clock,
        key: bytes,
        public: str,
    ) -> None:
        self.site, self._watch, self._records, self._vault = site, watch, records, vault
        self._desk, self._clock, self._public = desk, clock, public
        self._key = Ed25519PrivateKey.from_private_bytes(key)
        self.public_pem = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._kid = sha256(raw).hexdigest()[:16]
        self._signed: Signed | None = None

    @property
    def routes(self) -> list[Route]:
        return [
            Route(f"{WELL_KNOWN}.json", self.listed),
            Route(f"{WELL_KNOWN}.sig", self.signature),
            Route(f"{WELL_KNOWN}.jws", self.jws),
            Route(f"{WELL_KNOWN}.pem", self.pem),
            Route("/check", self.root),
            Route("/{lang}/check", self.check),
        ]

    async def listed(self, _: Request) -> Response:
        signed = self.signed()
        return _public(signed.body, "application/json", {"x-signature-ed25519": _b64(signed.signature)})

    async def signature(self, _: Request) -> Response:
        return _public(self.signed().signature, "application/octet-stream")

    async def jws(self, _: Request) -> Response:
        return _public(self.signed().jws, "application/jose")

    async def pem(self, _: Request) -> Response:
        return _public(self.public_pem, "application/x-pem-file")

    def signed(self) -> Signed:
        """The list as of now; the same bytes as before while it says the same and is young."""
        said, now_ms = self._said(), self._clock()
        tag = sha256(_canonical(said)).hexdigest()
        kept = self._signed
        if kept is not None and kept.tag == tag and 0 <= now_ms - kept.made_ms < DAY_MS:
            return kept
        body = _canonical({**said, "issued": _iso(now_ms), "valid_until": _iso(now_ms + VALID_DAYS * DAY_MS)})
        head = _b64(_canonical({"alg": "EdDSA", "kid": self._kid, "typ": "JWT"}))
        signing = f"{head}.{_b64(body)}"
        jws = f"{signing}.{_b64(self._key.sign(signing.encode()))}".encode()
        self._signed = Signed(tag, now_ms, body, self._key.sign(body), jws)
        return self._signed

    def sign(self, body: bytes) -> bytes:
        """With the key of the list: for what else stands beside it."""
        return self._key.sign(body)

    def _said(self) -> dict[str, Any]:
        world = self.site.world()
        authorities = {
            f"{code}/{authority.id}": {
                "name": {lang: authority.name.text(lang) for lang in country.languages},
                "url": authority.url,
            }
            for code, country in world.countries.items()
            for authority in country.authorities.values()
        }
        working = {(way.kind, way.account) for way in self._watch.ways(UNKNOWN_ENTRY)}
        channels = [
            {
                "kind": line.channel.kind,
                "account": line.channel.account,
                "name": link.name,
                "link": link.page or link.url,
                "works": (line.channel.kind, line.channel.account) in working,
            }
            for line in self._watch.accounts
            if (link := line.channel.entry_link("")) is not None
        ]
        return {
            "format": FORMAT,
            "site": self._public,
            "check": f"{self._public}/check",
            "key": self._kid,
            "authorities": authorities,
            "channels": channels,
        }

    # ---- for people ----

    async def root(self, request: Request) -> Response:
        """In the person's language, with what they asked."""
        query = request.url.query
        where = f"/{language(self.site, request)}/check{'?' if query else ''}{query}"
        return RedirectResponse(where, 302, {"vary": "accept-language, cookie", "cache-control": "no-store"})

    async def check(self, request: Request) -> Response:
        """What somebody was sent: is it ours?"""
        lang = language(self.site, request)
        words, query = self.site.words[lang], request.query_params
        pasted = query.get("q", "")[:LONGEST]
        code, number = query.get("code", "")[:MOST_CODE].strip(), query.get("number", "")[:MOST_NUMBER].strip()
        said: dict[str, Any] = {"verdict": ""}
        held: dict[str, Any] = {"verdict": ""}
        if code or number:
            said = await self._of_code(request, code, number, lang)
        elif pasted.strip():
            said = self._of_paste(pasted, lang)
            code, number = _code_in(pasted), _number_in(pasted)
            foreign = said["verdict"] == "unknown" and not _CODE.fullmatch(pasted.strip())
            if foreign or said["verdict"] in ("alike", "mixed"):  # who forges a message can copy a code into it
                code = number = ""
            elif code:
                held = await self._of_code(request, code, number, lang) if number else {"verdict": "code_here"}
                said = said if said["verdict"] in ("genuine", "quoted") else {"verdict": ""}
        elif {"q", "code", "number"} & query.keys():
            said = {"verdict": "empty"}
        response = self.site.pages.page(
            "check.html",
            self.site.frame(request, lang, f"/{lang}/check", place="check", indexed=not request.scope["query_string"]),
            words,
            title=words.say("check.title"),
            pasted=pasted,
            code=code,
            number=number,
            told=[one for one in (said, held) if one["verdict"]],
            own=[{"app": words.app(one.kind), "name": one.name} for one in self.ours() if one.kind != "authority"],
            people=self.site.people(lang),
        )
        return unkept_page(response) if request.scope["query_string"] else response

    def ours(self) -> list[Own]:
        """Everything that is the authority's own, dead or alive: a dead bot is still no forgery."""
        found = [
            own(line.channel.kind, link.name, link.url, link.page)
            for line in self._watch.accounts
            if (link := line.channel.entry_link("")) is not None
        ]
        authorities = [
            own("authority", authority.name.text(self.site.world().language), authority.url)
            for country in self.site.world().countries.values()
            for authority in country.authorities.values()
            if authority.url
        ]
        return [*found, own("site", urlsplit(self._public).netloc or self._public, self._public), *authorities]

    def _of_paste(self, pasted: str, lang: str) -> dict[str, Any]:
        """What is ours in it and what is not."""
        told, words = tell(pasted, self.ours()), self.site.words[lang]
        return {
            "verdict": told.verdict,
            "about": words.app(told.own.kind) if told.own else "",
            "name": told.own.name if told.own else "",
            "said": told.said,
            "others": [one for one in told.others if told.verdict == "mixed" or one != told.said],
            "cut": len(pasted) >= LONGEST,
        }

    async def _of_code(self, request: Request, code: str, number: str, lang: str) -> dict[str, Any]:
        """Whether a message with this code was sent about the case of this number."""
        if not code or not number:
            return {"verdict": "code_half"}
        who = self._vault.digest("attempt", household(request.client.host if request.client else ""))
        about, now_ms = self._vault.digest("attempt", alike(number)), self._clock()
        # Both are counted, whatever the first says: the answer must not tell which of them is full.
        mine = await self._records.attempt(f"check/{who}", ATTEMPTS, WINDOW_MS, now_ms)
        its = await self._records.attempt(f"check/number/{about}", ATTEMPTS_AT_NUMBER, HOUR_MS, now_ms)
        if not (mine and its):
            return {"verdict": "code_many"}
        countries = self.site.world().countries.values()
        for authority in [f"{country.code}/{name}" for country in countries for name in country.authorities]:
            case = await self._records.case(authority, number)
            passed = await told_with(self._records, self._vault, case, code) if case is not None else None
            if case is None or passed is None:
                continue
            process = self._desk.words.processes.get(case.service)
            stage = process.stages.get(passed.stage) if process else None
            return {
                "verdict": "code_genuine",
                "about": case_title(self.site, self._desk.words.processes.get, case, lang),
                "said": stage.text.text(lang) if stage else "",
                "name": day_of(self.site, case.service, passed.recorded_ms, lang),
            }
        return {"verdict": "code_unknown"}


def _code_in(pasted: str) -> str:
    """The code of a message, where it stands alone or after its word, as our messages have it.

    >>> _code_in("2w3u4r"), _code_in("… Код повідомлення: 2W3U4R"), _code_in("Код доступу: 123456"), _code_in("дякую!")
    ('2w3u4r', '2W3U4R', '', '')
    """
    found = _CODE.fullmatch(pasted.strip()) or _CODE_SAID.search(pasted)
    return found[1] if found and set(alike(found[1])) <= set(ALPHABET) else ""


def _number_in(pasted: str) -> str:
    """The whole number of a case, if the text names one."""
    found = _CASE.search(pasted)
    return found[0] if found else ""


def _public(body: bytes, media: str, more: dict[str, str] | None = None) -> Response:
    """For everybody, and for programs on other sites too."""
    headers = {"cache-control": f"public, max-age={MAX_AGE_S}", "access-control-allow-origin": "*", **(more or {})}
    return Response(body, media_type=media, headers=headers)


def _canonical(said: object) -> bytes:
    """JSON with sorted names and no blanks, in UTF-8."""
    return msgspec.json.encode(said, order="sorted")


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
