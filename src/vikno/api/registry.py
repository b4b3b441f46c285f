"""An authority's own service, as a file declares it: where it is, what is sent along, where in its answer things are.

    authority: ua/dms
    url: https://registry.example.gov/orders?changed_since={since}     # or …/orders/{number}: each case is asked for
    headers: {Authorization: "Bearer ${DMS_TOKEN}"}                    # secrets come from the environment
    items: /orders                # JSON Pointer (RFC 6901) to the list; without it the answer is one case
    number: /number               # pointers into one case; `number` is not needed where the address holds it
    stage: /state/code
    at: /state/changed            # without it: when it was first seen
    event: /id                    # without it: made of stage and time
    stages: {"10": accepted, "20": approved}
    every_s: 300
    told_after_s: 3600

The answer is JSON of at most a million bytes. It is asked over https, or on this machine; redirects are not followed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import yaml

from vikno.domain.errors import ViknoError
from vikno.domain.rules.findings import did_you_mean
from vikno.usecases.bring_cases import MOST_EVENT, MOST_NUMBER, report_key, unlikely
from vikno.usecases.channel import NotCarried
from vikno.usecases.import_cases import event_of, moment
from vikno.usecases.ports import Clock
from vikno.usecases.records import StageGiven
from vikno.usecases.watch_registry import Answered, NotAnswered, Patience
from vikno.wire.http import HttpRequest, HttpTransport

MOST_DECLARED_BYTES = 64 * 1024
MOST_ODD = 20
"""Of one answer; more of the same tells nothing new."""
SECRET = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
NAMED = re.compile(r"\{([^}]*)\}")
FAR_S = 86_400.0
"""A service that wants to be left alone for longer is asked again all the same."""

Pointer = Annotated[str, msgspec.Meta(pattern=r"^(/[^/]*)*$")]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=7 * 86_400)]


class RegistryWrong(ViknoError):
    """This declaration of a registry cannot be used; what is wrong stands in the message."""

    code = "registry_wrong"

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.message = why


class Declared(msgspec.Struct, forbid_unknown_fields=True):
    """The file, key by key."""

    authority: str
    url: str
    stage: Pointer
    stages: dict[str, str]
    headers: dict[str, str] = {}
    items: Pointer | None = None
    number: Pointer | None = None
    at: Pointer | None = None
    event: Pointer | None = None
    time_zone: str = "UTC"
    every_s: Seconds = 300.0
    told_after_s: Seconds = 3600.0

    @property
    def patience(self) -> Patience:
        return Patience(self.every_s, max(self.every_s, 3600.0), self.told_after_s)


def read_declared(path: Path, stages: Mapping[str, frozenset[str]]) -> Declared:
    """Read a declaration; `stages` are the services whose cases can be followed, with their stages.

    Raises:
        RegistryWrong: it cannot be read, or names what does not exist.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_DECLARED_BYTES + 1)
        if len(raw) > MOST_DECLARED_BYTES:
            raise RegistryWrong(f"{path.name} is larger than {MOST_DECLARED_BYTES} bytes")
        read = yaml.safe_load(raw)
        if isinstance(read, dict) and isinstance(read.get("stages"), dict):
            read["stages"] = {str(value): stage for value, stage in read["stages"].items()}  # YAML reads 10 as a number
        declared = msgspec.convert(read, Declared)
        ZoneInfo(declared.time_zone)
    except OSError as error:
        raise RegistryWrong(f"{path.name}: {error.strerror or 'no such time zone'}") from None
    except (yaml.YAMLError, UnicodeError, RecursionError):
        raise RegistryWrong(f"{path.name} is no YAML") from None
    except (msgspec.ValidationError, ZoneInfoNotFoundError, ValueError) as error:
        raise RegistryWrong(f"{path.name}: {error}") from None
    known = frozenset().union(*stages.values())
    for value, stage in declared.stages.items():
        if stage not in known:
            raise RegistryWrong(f"{path.name}: {value} means “{stage}”{did_you_mean(stage, sorted(known))}")
    _check_address(path.name, declared)
    return declared


def _check_address(name: str, declared: Declared) -> None:
    try:
        parts = urlsplit(declared.url)
    except ValueError:
        raise RegistryWrong(f"{name}: url is no web address") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and _on_this_machine(parts.hostname)):
        raise RegistryWrong(f"{name}: url must begin with https://, or lead to this machine")
    unknown = [found for found in NAMED.findall(declared.url) if found not in ("number", "since")]
    if unknown:
        raise RegistryWrong(f"{name}: url knows {{number}} and {{since}}, not {{{unknown[0]}}}")
    if "{number}" not in declared.url and declared.number is None:
        raise RegistryWrong(f"{name}: number must say where in a case its number is")


def _on_this_machine(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class HttpRegistry:
    """Asks such a service (`usecases.watch_registry.Registry`)."""

    declared: Declared
    headers: Mapping[str, str]
    carrier: HttpTransport
    clock: Clock

    @classmethod
    def of(cls, declared: Declared, environ: Mapping[str, str], carrier: HttpTransport, clock: Clock) -> HttpRegistry:
        """With the secrets of the environment; raises RegistryWrong for one that is not set."""

        def secret(found: re.Match[str]) -> str:
            if not environ.get(found[1]):
                raise RegistryWrong(f"the environment has no {found[1]}, which a header needs")
            return environ[found[1]]

        return cls(
            declared, {name: SECRET.sub(secret, said) for name, said in declared.headers.items()}, carrier, clock
        )

    @property
    def authority(self) -> str:
        """Whose cases it knows."""
        return self.declared.authority

    @property
    def one_by_one(self) -> bool:
        """Its address holds the number of a case."""
        return "{number}" in self.declared.url

    async def ask(self, number: str, since_ms: int) -> Answered | NotAnswered:
        """What it says of one case, or of all that has changed."""
        since = datetime.fromtimestamp(since_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        url = self.declared.url.replace("{number}", quote(number, safe="")).replace("{since}", quote(since, safe=""))
        headers = {"Accept": "application/json", **self.headers}
        answer = await self.carrier.carry(HttpRequest("GET", url, headers))
        if isinstance(answer, NotCarried):
            return NotAnswered(answer.reason)
        if answer.status in (204, 304) or (answer.status == 404 and number):
            return Answered()
        if answer.status != 200:
            return NotAnswered(f"http {answer.status}", answer.again_s(FAR_S))
        try:
            said = msgspec.json.decode(answer.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return NotAnswered("not JSON")
        return self._understood(said, number)

    def _understood(self, said: Any, number: str) -> Answered | NotAnswered:
        rows: Sequence[Any] = (said,)
        if self.declared.items is not None:
            found = at_pointer(said, self.declared.items)
            if not isinstance(found, list):
                return NotAnswered(f"no list at “{self.declared.items}”")
            rows = found
        reports, odd = list[StageGiven](), list[str]()
        for place, row in enumerate(rows):
            report = self._report(row, number)
            if isinstance(report, StageGiven):
                reports.append(report)
            elif len(odd) < MOST_ODD:
                odd.append(f"{place}: {report}")
        return Answered(tuple(reports), tuple(odd))

    def _report(self, row: Any, number: str) -> StageGiven | str:
        """One report, or what is odd about it."""
        declared = self.declared
        if declared.number is not None:
            given = _text(row, declared.number)
            if not given or len(given) > MOST_NUMBER or (number and given != number):
                return f"no number at “{declared.number}”, or another than was asked for"
            number = given
        value = _text(row, declared.stage)
        stage = declared.stages.get(value)
        if stage is None:
            shown = value[:40] if value.isprintable() else "?"
            return f"“{shown}” at “{declared.stage}” means no stage"
        at_ms: int | None = self.clock()
        if declared.at is not None:
            at_ms = _moment(at_pointer(row, declared.at), declared.time_zone)
            if at_ms is None or unlikely(at_ms, self.clock()):
                return f"no likely time at “{declared.at}”"
        event = _text(row, declared.event) if declared.event else ""
        if len(event) > MOST_EVENT:  # cut short, two could become one
            event = sha256(event.encode()).hexdigest()
        # Without a time of its own a stage is one event, whenever it was seen.
        event = event or event_of(stage, at_ms if declared.at and at_ms is not None else 0)
        return StageGiven(declared.authority, number, report_key(number, event), stage, at_ms or 0)


_ABSENT = object()


def at_pointer(said: Any, pointer: str) -> Any:
    """What stands at a JSON Pointer (RFC 6901); something that is no JSON value where there is nothing.

    >>> at_pointer({"a": [{"b/c": 7}]}, "/a/0/b~1c")
    7
    """
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(said, dict):
            said = said.get(name, _ABSENT)
        elif isinstance(said, list) and re.fullmatch(r"0|[1-9][0-9]{0,8}", name) and int(name) < len(said):
            said = said[int(name)]
        else:
            return _ABSENT
    return said


def _text(row: Any, pointer: str) -> str:
    """A text or a whole number at a pointer, as text; "" for anything else."""
    found = at_pointer(row, pointer)
    return str(found).strip() if isinstance(found, str | int) and not isinstance(found, bool) else ""


def _moment(found: Any, zone: str) -> int | None:
    """A time as text, or as seconds or milliseconds since 1970."""
    if isinstance(found, str):
        return moment(found.strip()[:40], ZoneInfo(zone))
    if isinstance(found, int | float) and not isinstance(found, bool) and 0 < found < 1e14:
        return int(found if found > 1e11 else found * 1000)
    return None
