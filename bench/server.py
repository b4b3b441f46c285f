"""The real server in a process of its own, with a store of its own, for as long as something is measured."""

from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

COMMAND = Path(sys.executable).with_name("vikno")
PATIENCE_S = 30


@dataclass(frozen=True)
class Served:
    """A server that answers."""

    url: str
    pid: int
    start_s: float
    """From the command to the first answer."""

    def memory_mb(self) -> float:
        """What it holds now (proportional set size, with what its children hold)."""
        return sum(_pss_kb(pid) for pid in _family(self.pid)) / 1024

    def cpu_s(self) -> float:
        """Processor time it has used so far."""
        return sum(_cpu_s(pid) for pid in _family(self.pid))


@contextmanager
def serving(
    within: str | None = None, settings: Mapping[str, str] | None = None, store: str | None = None
) -> Iterator[Served]:
    """Start `vikno run` on a free port of the loopback and a new store under `within`; end it afterwards.

    `settings`: more of the environment; `store`: one that is there already.
    """
    with tempfile.TemporaryDirectory(dir=within) as folder:
        port = free_port()
        command = [str(COMMAND), "run", "--port", str(port), "--store", store or f"sqlite:///{folder}/store.db"]
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **(settings or {})})
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url, process)
            yield Served(url, process.pid, time.perf_counter() - began)
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def collect_like_the_server() -> None:
    """For a process that does the server's work itself: its garbage collector, as the server sets it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.perf_counter() + PATIENCE_S
    while process.poll() is None and time.perf_counter() < until:
        try:
            urllib.request.urlopen(url, timeout=PATIENCE_S).close()  # noqa: S310 - our own loopback
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise SystemExit(f"The server did not answer on {url}.")


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [pid, *(one for child in children for one in _family(int(child)))]


def _pss_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
