"""Notices planned: for each follower of a case one, in their language, for the time when it may go out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from vikno.domain.notify.codes import masked
from vikno.domain.notify.hours import Window
from vikno.domain.notify.wording import Wording

CASE = re.compile(r"[0-9a-z]{1,12}")
"""A case's id as it stands in buttons, in base 36."""
STOP = re.compile(rf"f\.({CASE.pattern})\.stop")
"""A button that ends the notices of one case. At most 20 signs, as every button's id."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Listener(Protocol):
    """Somebody who wants to hear of a case."""

    @property
    def account(self) -> str: ...
    @property
    def lang(self) -> str: ...


Who = TypeVar("Who", bound=Listener)


@dataclass(frozen=True, slots=True)
class Notice(Generic[Who]):
    """One message for one follower. A newer one about the same `about` replaces it while it waits."""

    to: Who
    text: str
    title: str
    about: str
    stop: str
    label: str
    window: Window


def plan(
    case: int,
    number: str,
    code: str,
    listeners: Iterable[Who],
    wording: Callable[[str, bool], Wording],
    window: Callable[[Who], Window],
    brief: frozenset[str] = frozenset(),
) -> Iterator[Notice[Who]]:
    """A notice for each listener. `wording` gives the words of a language, long or brief; `code` proves it is ours.
    `window` says when each may be written to.

    `brief`: kinds of accounts on which every word costs (`sms`).
    """
    shown, about, stop = masked(number), f"case/{case}", stop_button(case)
    for listener in listeners:
        words = wording(listener.lang, listener.account.partition("/")[0] in brief)
        title = f"{words.title} {shown}"
        yield Notice(listener, words.text(shown, code), title, about, stop, words.label, window(listener))


def stop_button(case: int) -> str:
    """The id of the button that ends the notices of this case.

    >>> stop_button(4417), len(stop_button(2**56 - 1)) <= 20
    ('f.3ep.stop', True)
    """
    return f"f.{written(case)}.stop"


def written(case: int) -> str:
    """A case's number as it stands in buttons: base 36.

    >>> written(46655), written(0)
    ('zzz', '0')
    """
    digits = ""
    while case or not digits:
        case, digit = divmod(case, 36)
        digits = _DIGITS[digit] + digits
    return digits


def read_case(written: str) -> int | None:
    """The number of a case as `written` writes it; None for anything else, since buttons can be made up.

    >>> read_case("zzz"), read_case("ї"), read_case("")
    (46655, None, None)
    """
    return int(written, 36) if CASE.fullmatch(written) else None


def stopped_case(button: str) -> int | None:
    """The case whose notices a button ends; None for every other button.

    >>> stopped_case("f.3ep.stop"), stopped_case("q.1")
    (4417, None)
    """
    found = STOP.fullmatch(button)
    return int(found[1], 36) if found else None
