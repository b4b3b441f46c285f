"""Manners: how a message of each kind is usually brought. In which order, how patiently, until when, how much of it.

They are data (`vikno.packs.manners`); law and the person's own wishes go before them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

Proof = Literal["sent", "delivered", "read"]
"""sent: the platform has taken it · delivered: it is on a device · read: it was seen. Each holds the ones before."""
PROOFS: tuple[Proof, ...] = ("sent", "delivered", "read")
OnUnknown = Literal["next", "stop"]
"""When nobody knows whether it went: try the next channel, or rather once too little than twice."""
ON_UNKNOWN: tuple[OnUnknown, ...] = ("next", "stop")


@dataclass(frozen=True, slots=True)
class Wait:
    """For which proof one channel is given how long. On a channel that tells no such thing the time just passes."""

    proof: Proof
    seconds: int


@dataclass(frozen=True, slots=True)
class Manner:
    """Of one class of content: `code`, `advertising`, … as in the facts of a message."""

    content: str
    order: tuple[str, ...]
    """Kinds of channels, the usual one first."""
    waits: Mapping[str, Wait]
    """Of every kind in `order`."""
    lives_s: int
    """Then it is of no use to anybody, and goes nowhere any more."""
    quiet: bool
    """Whether it keeps still at night."""
    on_unknown: OnUnknown
    carries: frozenset[str]
    """Kinds that may show the whole of it. The others only say that there is a message, and where to open it."""

    @property
    def patience_s(self) -> int:
        """Until the last channel is tried, if every one before stays silent."""
        return sum(self.waits[kind].seconds for kind in self.order[:-1])

    def changed(self, **values: Any) -> Manner:
        """With single values of another's; `waits` are put over those there are.

        >>> code = Manner("code", ("sms",), {"sms": Wait("delivered", 30)}, 300, False, "next", frozenset({"sms"}))
        >>> code.changed(lives_s=120, waits={"viber": Wait("delivered", 20)}).waits["sms"].seconds
        30
        """
        waits = values.pop("waits", {})
        return replace(self, **values, waits={**self.waits, **waits})
