"""Processes for the tests, written in a line each."""

from __future__ import annotations

from collections.abc import Mapping

from vikno.domain.cases import Lasting, Process, Stage
from vikno.domain.values import Text


def process(way: Mapping[str, tuple[str, ...]], ends: tuple[str, ...] = (), **lasting: Lasting) -> Process:
    """Stage -> the stages that may directly come before it; `lasting` gives some of them a usual time."""
    stages = {
        name: Stage(name, Text(name, f"{name}."), after=after, final=name in ends, usual=lasting.get(name))
        for name, after in way.items()
    }
    return Process("xx/card", Text("title", "Card"), stages)


CARD = process(
    {
        "accepted": (),
        "approved": ("accepted",),
        "printed": ("approved",),
        "shipped": ("printed",),
        "arrived": ("shipped", "printed"),
        "made_abroad": ("printed",),
        "arrived_abroad": ("made_abroad",),
        "issued": ("arrived", "arrived_abroad"),
        "refused": ("accepted", "approved"),
    },
    ends=("issued", "refused"),
)
ROUND = process(
    {"lodged": (), "papers": ("lodged", "looked_at"), "looked_at": ("lodged", "papers"), "closed": ("looked_at",)},
    ends=("closed",),
)
