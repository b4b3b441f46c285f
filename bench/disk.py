"""The disk alone: what a wait for it costs, with nothing of ours in the way.

    python -m bench.disk --rate 1000 --within FOLDER

A block is written in place and brought to disk, one after the other. Blocks are due at a fixed rate, and each one's
time counts from when it was due, as a turn's does in `bench.chat`: a disk that stalls makes everybody wait who comes
meanwhile. No durable turn can be quicker than this on the same disk at the same time.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time

from bench.figures import latencies, machine, table

BLOCK_BYTES = 16 * 1024
"""About what a turn adds to the log."""
FILE_BYTES = 64 * 2**20


def waits_s(seconds: float, rate: float, within: str | None = None) -> list[float]:
    """How long each block took, from the moment it was due."""
    waits: list[float] = []
    block = os.urandom(BLOCK_BYTES)
    with tempfile.NamedTemporaryFile(dir=within) as file:
        os.posix_fallocate(file.fileno(), 0, FILE_BYTES)
        for start in range(0, FILE_BYTES, len(block)):  # so that nothing but the data changes later
            os.pwrite(file.fileno(), block, start)
        os.fsync(file.fileno())
        began = time.perf_counter()
        for number in range(int(seconds * rate)):
            due = began + number / rate
            if (early := due - time.perf_counter()) > 0:
                time.sleep(early)
            os.pwrite(file.fileno(), block, number * len(block) % FILE_BYTES)
            os.fdatasync(file.fileno())
            waits.append(time.perf_counter() - due)
    return waits


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rate", type=float, default=1000.0, help="blocks a second")
    arguments.add_argument("--seconds", type=float, default=10.0)
    arguments.add_argument("--within", help="a folder on the disk to be measured; a temporary one otherwise")
    a = arguments.parse_args()
    print(machine() + "\n")
    found = latencies(waits_s(a.seconds, a.rate, a.within))
    print(table(["blocks a second", "p50 / p99 / p99.9 / max, ms"], [(f"{a.rate:,.0f}", found)]))


if __name__ == "__main__":
    main()
