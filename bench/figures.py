"""Percentiles, tables and the machine: what every measurement prints."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """The value that `share` of all do not exceed (nearest rank)."""
    if not sorted_values:
        return float("nan")
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]


def milliseconds(seconds: float) -> str:
    """Two significant digits below ten, whole numbers above.

    >>> milliseconds(0.00416), milliseconds(0.0731)
    ('4.2', '73')
    """
    value = seconds * 1000
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def latencies(seconds: Iterable[float]) -> str:
    """Median, p99, p99.9 and the longest, in milliseconds.

    >>> latencies([0.001] * 99 + [0.05])
    '1.0 / 50 / 50 / 50'
    """
    ordered = sorted(seconds)
    return " / ".join(milliseconds(percentile(ordered, share)) for share in (0.5, 0.99, 0.999, 1.0))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine() -> str:
    """The machine and the Python, in one line.

    >>> machine().endswith(sys.version.split()[0])
    True
    """
    cores = len(os.sched_getaffinity(0))
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{_processor()}, {cores} core{'s' * (cores > 1)}, {memory_gib:.0f} GiB, {platform.system()} "
        f"{platform.release()}, {platform.python_implementation()} {sys.version.split()[0]}"
    )


def company() -> str:
    """What else runs on the machine, which is the first thing to know about a figure."""
    load = os.getloadavg()[0]
    idle = load < 0.3 * len(os.sched_getaffinity(0))
    return f"Load average before: {load:.1f}" + ("." if idle else ": **others were at work, so these are no figures.**")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
