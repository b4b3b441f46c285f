"""Uploads: a file may take its time to arrive, as long as it does arrive."""

from __future__ import annotations

from collections.abc import Callable

LEAST_PACE = 4 * 1024
"""Bytes a second: what a telephone with the poorest signal manages."""
AHEAD = 3
"""For so many gaps a line may be slower than that: it loses its signal, and catches up."""
LONGEST_S = 6 * 3600
"""The largest list comes within that over a line of two megabits a second."""

Uploads = Callable[[bytes], bool]
"""Whether a file is brought to an address, as it stands in the request line."""


def nowhere(_address: bytes) -> bool:
    """For a server to which nobody brings files."""
    return False


class Upload:
    """One file while it comes: some of it within each gap, and within some gaps as much as a slow line brings.

    Whoever holds on is waited for, and whoever only pretends to is not. Times in seconds, of any clock.

    >>> upload = Upload(now=0, gap_s=20)
    >>> upload.late(19), upload.late(21)
    (False, True)
    >>> for second in range(61):
    ...     upload.come(1, second)
    >>> upload.late(61)
    True
    """

    __slots__ = ("_ahead_s", "_came", "_end", "_gap_s", "_until")

    def __init__(self, now: float, gap_s: float) -> None:
        self._gap_s, self._ahead_s = gap_s, AHEAD * gap_s
        self._came, self._until, self._end = now, now + self._ahead_s, now + LONGEST_S

    def come(self, size: int, now: float) -> None:
        """So many bytes of it have come."""
        self._came = now
        self._until = min(self._until + size / LEAST_PACE, now + self._ahead_s)

    def wait(self, now: float) -> None:
        """It cannot come: it is we who do not read."""
        self._came, self._until = now, now + self._ahead_s

    def late(self, now: float) -> bool:
        """Whether nobody need wait for the rest."""
        return now > min(self._came + self._gap_s, self._until, self._end)
