"""The commands as somebody at a terminal has them: from the call to the end, or to the first question.

python -m bench.commands
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from bench.figures import machine, table
from bench.generated import write_country
from bench.server import COMMAND, serving

STARTS = 5


class Failed(Exception):
    """A command did not do what was to be measured."""


def check_s(folder: Path) -> tuple[float, str]:
    """How long `vikno check` takes for a country folder, and what it proved."""
    began = time.perf_counter()
    done = subprocess.run([COMMAND, "check", folder, "--json"], capture_output=True, text=True, check=False)
    took_s = time.perf_counter() - began
    try:
        services = json.loads(done.stdout)["services"].values()
    except ValueError:
        raise Failed(f"vikno check {folder.name} has printed: {done.stdout[:200]} {done.stderr[-200:]}") from None
    if done.returncode:
        raise Failed(f"vikno check {folder.name} has found something to mend")
    items = sum(one["items"] for one in services)
    return took_s, f"{items} items of {len(services)} service{'s' * (len(services) != 1)}, nothing to mend"


def generated_check_s() -> tuple[float, str]:
    """The same for the generated service of 40 facts and 200 items."""
    with tempfile.TemporaryDirectory() as folder:
        write_country(Path(folder, "generated"))
        return check_s(Path(folder, "generated"))


def talk_start_s() -> float:
    """From the call of `vikno talk` to its first question: the median of some starts."""
    return statistics.median(_first_question_s() for _ in range(STARTS))


def _first_question_s() -> float:
    began = time.perf_counter()
    talk = subprocess.Popen(
        [COMMAND, "talk", "ua/foreign-passport"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert talk.stdin is not None
    assert talk.stdout is not None
    asked = any("?" in line for line in talk.stdout)
    took_s = time.perf_counter() - began
    talk.kill()
    talk.communicate()
    if not asked:
        raise Failed("vikno talk has asked nothing")
    return took_s


def server_start() -> tuple[float, float]:
    """From the call of `vikno run` to its first answer, in seconds, and what it holds then, in MB."""
    tries = []
    for _ in range(STARTS):
        with serving() as served:
            time.sleep(1.5)  # what it prepares after its first answer is counted too
            tries.append((served.start_s, served.memory_mb()))
    return statistics.median(start for start, _ in tries), max(memory for _, memory in tries)


def main() -> None:
    """Print the table."""
    country_s, country = check_s(Path("countries/ua"))
    generated_s, generated = generated_check_s()
    start_s, memory_mb = server_start()
    rows = [
        ("vikno check countries/ua", f"{country_s:.2f} s", country),
        ("vikno check, generated service", f"{generated_s:.2f} s", generated),
        ("vikno talk, first question", f"{talk_start_s():.2f} s", f"median of {STARTS}"),
        ("vikno run, first answer", f"{start_s:.2f} s", f"median of {STARTS}"),
        ("vikno run, memory then", f"{memory_mb:.0f} MB", f"most of {STARTS}"),
    ]
    print(machine() + "\n")
    print(table(["what", "measured", "of"], rows))


if __name__ == "__main__":
    main()
