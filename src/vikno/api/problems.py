"""What can be wrong with a request, each with a code that never changes, answered as RFC 9457 problem details."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from vikno.api.shapes import Problem
from vikno.domain.errors import ViknoError
from vikno.domain.rules.findings import did_you_mean, nearest

PROBLEMS: dict[str, tuple[int, str]] = {
    "key_missing": (
        401,
        "Send a key: `Authorization: Bearer …`. `vikno keys add` or `vikno senders key add` makes one.",
    ),
    "key_not_live": (403, "Only a live key may do this."),
    "key_wrong": (401, "This key is not known, or it was revoked."),
    "address_unknown": (404, "There is nothing at this address. `/api/openapi.json` lists what there is."),
    "method_wrong": (405, "This address does not take that method; the header `Allow` lists those it takes."),
    "case_unknown": (404, "Your authority has no case of this number. Bring it first: `PUT /api/cases/{number}`."),
    "media_type_wrong": (415, "Send JSON: `Content-Type: application/json`."),
    "body_too_large": (413, "The body is larger than this address takes. Send fewer reports at once, or a file."),
    "json_broken": (400, "The body is not JSON in UTF-8."),
    "field_unknown": (422, "The body has a field that does not exist."),
    "value_wrong": (422, "A value is missing, or not of the kind that is expected."),
    "service_unknown": (422, "Your authority's country has no service of this key whose cases can be followed."),
    "service_of_others": (
        422,
        "Your authority has no cases of this service: another serves it, as the folder of its country says.",
    ),
    "stage_unknown": (422, "The process of this service has no stage of that name."),
    "time_wrong": (422, "This time lies before 1990 or more than a day ahead: a slip, most likely."),
    "sender_not_approved": (
        403,
        "Your organisation may not send now: it has to be approved first. A key of the kind test works meanwhile.",
    ),
    "template_unknown": (404, "Your organisation has no such template. `GET /api/templates` lists those it has."),
    "template_not_approved": (422, "Nothing is sent with this template: no version of it is approved."),
    "template_wrong": (422, "The template cannot be taken as it is."),
    "templates_full": (409, "There are as many templates as there may be. Change one that is not used any more."),
    "versions_full": (409, "As many versions of this template wait for a reviewer as may. Bring a new one afterwards."),
    "personalisation_missing": (422, "The template has places for which the message has no values."),
    "personalisation_wrong": (422, "A value cannot stand where the template has its place."),
    "address_wrong": (422, "Nobody can be written to there."),
    "channel_unknown": (422, "There is no such channel here."),
    "recipient_no_guest": (403, "A key of the kind team writes only to those on your organisation's guest list."),
    "request_repeated": (409, "This `Idempotency-Key` has come with another request. Use a new one for what is new."),
    "daily_limit_reached": (429, "Your organisation has sent as much today as was agreed. Go on tomorrow."),
    "message_unknown": (404, "Your organisation has no message of this id."),
    "batch_unknown": (404, "Your organisation has no batch of this id."),
    "campaign_unknown": (404, "Your organisation has no campaign of this id."),
    "campaign_elsewhere": (409, "The campaign is at a point where this cannot be done. Look how it stands first."),
    "table_unreadable": (422, "The file cannot be read as a table. Send CSV in UTF-8, the names of its columns first."),
    "columns_missing": (422, "The table lacks columns: one that says to whom, and one for each place of the template."),
    "column_twice": (422, "The table has the same column twice."),
    "audience_too_large": (413, "There is more in the file than one campaign may have. Make two of it."),
    "callback_unknown": (404, "Your organisation has no callback of this id."),
    "callback_wrong": (422, "Events cannot be sent there."),
    "callbacks_full": (409, "There are as many callbacks as there may be. Remove one first."),
    "parameter_wrong": (400, "What stands behind the question mark cannot be read."),
    "too_many_requests": (429, "More requests than this key may make. Wait as long as `Retry-After` says."),
    "server_failed": (500, "Something failed on our side. The request can be sent again: it changes nothing twice."),
    "store_busy": (503, "The record cannot be written now. Send the same again as `Retry-After` says."),
}
"""Code -> HTTP status and what it says."""

UNKNOWN_FIELD = re.compile(r"^Object contains unknown field `(?P<name>.*)`", re.DOTALL)
AT = re.compile(r" - at `\$(?P<path>[^`]*)`$")
NO_OBJECT = re.compile(r"^Expected `object`, got `(?P<got>[a-z]+)`")
NO_OFFSET = "with a timezone component"
LONGEST_SHOWN = 80


class Refused(ViknoError):
    """This request is refused; the answer says why and what to do now."""

    code = "request_refused"

    def __init__(self, problem: Problem, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        super().__init__(problem.code)
        self.problem, self.headers = problem, headers


def problem(code: str, detail: str = "", *, pointer: str | None = None, near: str | None = None) -> Problem:
    """The problem of a code.

    >>> problem("case_unknown").status
    404
    """
    status, title = PROBLEMS[code]
    return Problem(f"urn:vikno:problem:{code}", title, status, code, detail, pointer, near)


def refused(code: str, detail: str = "", *, pointer: str | None = None, near: str | None = None) -> Refused:
    """The same, to be raised."""
    return Refused(problem(code, detail, pointer=pointer, near=near))


def unreadable(error: Exception, known: Iterable[str], like: str | None = None) -> Problem:
    """What msgspec or the decoder found wrong with a body; `known` are the fields it may have, `like` how it looks."""
    if not isinstance(error, msgspec.ValidationError):
        return problem("json_broken", shortened(str(error)) or "it is nested too deeply")
    said = str(error)
    place = AT.search(said)
    pointer = _pointer(place["path"]) if place else None
    said = AT.sub("", said)
    if (found := UNKNOWN_FIELD.match(said)) is not None:
        name, fields = found["name"], list(known)
        return problem(
            "field_unknown",
            f"“{shortened(name)}”{did_you_mean(name, fields)}",
            pointer=f"{pointer or ''}/{_escaped(shortened(name))}",
            near=nearest(name, fields),
        )
    if pointer is None and (found := NO_OBJECT.match(said)) is not None:
        like = like or "{" + ", ".join(f'"{name}": …' for name in known) + "}"
        return problem("value_wrong", f"expected {like}, got `{found['got']}`", pointer="")
    if NO_OFFSET in said:
        said = "a time without an offset: add the offset, such as +02:00 or Z"
    return problem("value_wrong", shortened(said, 300), pointer=pointer)


def unknown(code: str, word: str, known: Iterable[str], pointer: str) -> Problem:
    """A name that does not exist, with the one that may have been meant."""
    names = sorted(known)
    detail = f"“{shortened(word)}”{did_you_mean(word, names)}"
    return problem(code, detail, pointer=pointer, near=nearest(word, names))


def _pointer(path: str) -> str:
    """msgspec's path as a JSON Pointer (RFC 6901).

    >>> _pointer(".stages[3].at"), _pointer("")
    ('/stages/3/at', '')
    """
    return re.sub(r"\[(\d+|\.\.\.)\]", r".\1", path).replace("/", "~1").replace(".", "/")


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def shortened(text: str, most: int = LONGEST_SHOWN) -> str:
    """One line of at most so many characters, whatever was sent."""
    plain = "".join(letter if letter.isprintable() else "�" for letter in text[: most + 1])
    return plain if len(plain) <= most else plain[: most - 1] + "…"
