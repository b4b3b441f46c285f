"""Celery with Redis: one task for each recipient, which does nothing; from the first call until the last is done.

    python -m bench.peers.celery_noop --redis redis://127.0.0.1:6390/1 --tasks 50000

What it keeps is gone with Redis; no rule is asked, nobody is looked up, nothing is written to a disk. It is spared the
results, gossip and the other heartbeats that a worker has by default.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time

import redis
from celery import Celery  # type: ignore[import-untyped]

URL = "CELERY_NOOP_REDIS"
QUEUE, UNACKED = "celery", "unacked"
POOLS = {"solo": ("-P", "solo"), "prefork": ("-P", "prefork", "-c", "2"), "threads": ("-P", "threads", "-c", "10")}
START_S = 20.0

app = Celery("bench", broker=os.environ.get(URL, "redis://127.0.0.1:6390/1"))
app.conf.task_ignore_result = True
app.conf.worker_prefetch_multiplier = 64
app.conf.worker_send_task_events = False


@app.task(name="noop")  # type: ignore[untyped-decorator]
def noop(recipient: int) -> None:
    """Nothing: what is measured is what a task costs by itself."""


def measured(url: str, pool: str, tasks: int) -> float:
    """Tasks a second."""
    kept = redis.Redis.from_url(url)
    kept.flushdb()
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "bench.peers.celery_noop", "worker", "-l", "ERROR", "--without-gossip",
         "--without-mingle", "--without-heartbeat", *POOLS[pool]],
        env={**os.environ, URL: url}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        noop.apply_async((0,))
        _until_done(kept, START_S)
        began = time.perf_counter()
        with app.producer_pool.acquire(block=True) as producer:
            for recipient in range(tasks):
                noop.apply_async((recipient,), producer=producer)
        _until_done(kept, 3600.0)
        return tasks / (time.perf_counter() - began)
    finally:
        worker.send_signal(signal.SIGTERM)
        try:
            worker.wait(20)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()


def _until_done(kept: redis.Redis, within_s: float) -> None:
    until = time.monotonic() + within_s
    while kept.llen(QUEUE) or kept.hlen(UNACKED):
        if time.monotonic() > until:
            raise SystemExit("The worker takes nothing.")
        time.sleep(0.01)


def main() -> None:
    """Print the rate of each pool, a line each."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--redis", required=True)
    arguments.add_argument("--tasks", type=int, default=50_000)
    arguments.add_argument("--pools", nargs="+", choices=POOLS, default=list(POOLS))
    a = arguments.parse_args()
    app.conf.broker_url = a.redis
    for pool in a.pools:
        print(f"{pool} {measured(a.redis, pool, a.tasks):.1f}", flush=True)


if __name__ == "__main__":
    main()
