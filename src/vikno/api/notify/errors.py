"""What goes wrong, in the words and classes of GOV.UK Notify: `{"status_code": 400, "errors": [{"error", "message"}]}`.

Systems may hang on `status_code` and `error`; Notify itself says that nobody should on `message`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from vikno.domain.errors import ViknoError

Headers = tuple[tuple[bytes, bytes], ...]
_encode = msgspec.json.Encoder().encode

NO_RESULT = "No result found"
INVALID_JSON = "Invalid JSON supplied in POST data"
CLOCK = "Error: Your system clock must be accurate to within 30 seconds"
UNREADABLE = "Invalid token: make sure your API token is a JSON Web Token signed with the secret of your API key"
TEAM = "Can’t send to this recipient using a team-only API key"
TRIAL = "Can’t send to this recipient when service is in trial mode – ask for a review of your organisation"
ABROAD = "Cannot send to international mobile numbers"
NO_FILES = "Send files by email has not been set up - this service sends no files, put a link into your template"
NOT_APPROVED = "Template has not been approved yet"
BUSY = "The message cannot be kept now - send the same request again"
FAILED = "Internal server error"


class Refused(ViknoError):
    """This request is refused; the answer says why."""

    code = "notify_refused"

    def __init__(self, status: int, error: str, messages: Iterable[str], headers: Headers = ()) -> None:
        """`messages`: one for each thing that is wrong; those alike are said once."""
        super().__init__(error)
        self.status, self.error, self.headers = status, error, headers
        self.messages = tuple(dict.fromkeys(messages))

    @property
    def body(self) -> bytes:
        """As it is answered."""
        return body_of(self.status, self.error, self.messages)


def body_of(status: int, error: str, messages: Iterable[str]) -> bytes:
    """An answer that refuses.

    >>> body_of(404, "NoResultFound", [NO_RESULT])
    b'{"status_code":404,"errors":[{"error":"NoResultFound","message":"No result found"}]}'
    """
    said = [{"error": error, "message": message} for message in messages]
    return _encode({"status_code": status, "errors": said})


def refused(message: str) -> Refused:
    """What the service or the template does not allow."""
    return Refused(400, "BadRequestError", (message,))


def invalid(*messages: str) -> Refused:
    """A body or a query that is not as it has to be."""
    return Refused(400, "ValidationError", messages)


def no_token(message: str, status: int = 403) -> Refused:
    """Who asks is not known, or may not ask."""
    shown: Headers = ((b"www-authenticate", b"Bearer"),) if status == 401 else ()
    return Refused(status, "AuthError", (message,), shown)


def nothing_found() -> Refused:
    """There is no such thing, or it is somebody else's."""
    return Refused(404, "NoResultFound", (NO_RESULT,))


def too_many(error: str, message: str, wait_s: int) -> Refused:
    """A limit is reached. Notify leaves out when to come again; clients may well be told."""
    return Refused(429, error, (message,), ((b"retry-after", b"%d" % max(1, wait_s)),))
