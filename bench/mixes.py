"""Services of 40 facts (20 of them independent) and 200 items, of several kinds: how long the proof of each takes.

python -m bench.mixes --mixes near far stops --seeds 1 2 3

`bench.generated` is the one that counts; these show what makes a proof slow. They need not be free of findings.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.figures import machine, table
from bench.generated import COUNTRY, SERVICE
from bench.server import COMMAND

FACTS, ITEMS = 20, 200


@dataclass(frozen=True)
class Mix:
    """What is drawn: how far apart the facts of a condition stand, how many they are, and what there is besides."""

    reach: int = 6
    facts: tuple[int, ...] = (1, 2, 2, 3, 4)
    endings: int = 0
    dated: int = 0
    kinds: tuple[str, ...] = ("yes_no", "choose", "choose")
    either: float = 0.0  # the share of conditions joined by `or`
    promise: bool = True


MIXES = {
    "near": Mix(),
    "pairs, far": Mix(reach=40, facts=(1, 2, 2)),
    "far": Mix(reach=40),
    "or": Mix(either=0.5),
    "stops": Mix(endings=10),
    "stops, far": Mix(reach=40, endings=10, facts=(1, 2, 2)),
    "kinds": Mix(kinds=("yes_no", "choose", "choose_any", "number", "date")),
    "dates": Mix(dated=60, kinds=("yes_no", "choose", "date")),
    "all": Mix(endings=10, dated=60, either=0.3, kinds=("yes_no", "choose", "choose_any", "number", "date")),
    "all, far": Mix(
        reach=40, endings=10, dated=60, either=0.3, kinds=("yes_no", "choose", "choose_any", "number", "date")
    ),
}


class Drawn:
    """One service of a mix."""

    def __init__(self, mix: Mix, seed: int) -> None:
        self.mix, self.chance = mix, random.Random(seed)  # noqa: S311 - the same service every time
        self.kinds: dict[str, str] = {}
        self.facts: dict[str, Any] = {}
        for at in range(FACTS):
            free, more = f"q{at:02}", f"q{at:02}_more"
            self.facts[free] = self.fact(free)
            self.facts[more] = {**self.fact(more), "when": self.about(free)}
        self.names = list(self.facts)

    def fact(self, name: str) -> dict[str, Any]:
        kind = self.kinds[name] = self.chance.choice(self.mix.kinds)
        options = {"a": "First", "b": "Second", "c": "Third"}
        shape: dict[str, Any] = {
            "yes_no": True,
            "choose": options,
            "choose_any": options,
            "number": {"from": 0, "to": 120, "unit": "years"},
            "date": {"from": "today - 3000 days", "to": "today + 400 days"},
        }
        return {"ask": f"What about {name}?", kind: shape[kind]}

    def about(self, name: str) -> str:
        """One comparison."""
        option, number = self.chance.choice("abc"), self.chance.choice([14, 16, 18, 25, 45, 60, 65])
        days = self.chance.choice(["2026-03-01", "2026-09-01", "today + 30 days", "today - 365 days"])
        return {
            "yes_no": self.chance.choice([name, f"not {name}", f"{name} == false"]),
            "choose": self.chance.choice([f"{name} == {option}", f"{name} != {option}", f"{name} in [a, {option}]"]),
            "choose_any": f"{option} in {name}",
            "number": self.chance.choice([f"{name} < {number}", f"{name} >= {number}", f"{name} in 18..{number + 18}"]),
            "date": self.chance.choice([f"{name} < {days}", f"age_on({name}, today) >= {number // 10}"]),
        }[self.kinds[name]]

    def condition(self, facts: tuple[int, ...]) -> str:
        first = self.chance.randrange(len(self.names))
        near = [name for at, name in enumerate(self.names) if abs(at - first) <= self.mix.reach]
        count = min(self.chance.choice(facts), len(near))
        parts = [self.about(name) for name in self.chance.sample(near, count)]
        if self.mix.dated and self.chance.random() < 0.1:
            parts.append(f"today {self.chance.choice('<>')}= 2026-0{self.chance.randrange(4, 9)}-15")
        if len(parts) > 2 and self.chance.random() < self.mix.either:
            return f"{parts[0]} and ({' or '.join(parts[1:])})"
        return (" or " if self.chance.random() < self.mix.either else " and ").join(parts)

    def items(self) -> list[dict[str, Any]]:
        out: list[dict[str, Any]] = []
        for at in range(self.mix.endings):
            kind = self.chance.choice(["stop", "stop", "done", "human"])
            out.append({kind: f"e{at}", "text": f"End {at}", "when": self.condition((2, 3))})
        for at in range(ITEMS - 4 - self.mix.endings):
            kind = self.chance.choice(["bring", "bring", "bring", "note", "deadline"])
            out.append({kind: f"i{at}", "text": f"Item {at}", "when": self.condition(self.mix.facts)})
        for at in self.chance.sample(range(len(out)), self.mix.dated):
            out[at][self.chance.choice(["from", "until"])] = f"2026-{self.chance.randrange(2, 13):02}-01"
        first = self.names[0]
        out += [
            {"fee": "one", "text": "A fee", "when": self.about(first), "amount": 10},
            {"place": "p", "text": "There"},
        ]
        out += [{"fee": "two", "text": "A fee", "when": f"not ({out[-2]['when']})", "amount": 20}]
        return [*out, {"term": "t", "text": "Soon"}]

    def write(self, folder: Path) -> None:
        service = folder / "services" / "large"
        service.mkdir(parents=True)
        consultation: dict[str, Any] = {"facts": self.facts, "items": self.items()}
        if self.mix.promise:
            consultation["promise"] = {"exactly_one": {"fee": "always", "place": "always", "term": "always"}}
        files = {
            folder / "country.yaml": COUNTRY,
            service / "service.yaml": SERVICE,
            service / "consultation.yaml": consultation,
        }
        for path, content in files.items():
            text = yaml.dump(json.loads(json.dumps(content)), sort_keys=False, width=1000)
            path.write_text(text.replace("'2026-01-01'", "2026-01-01"), "utf-8")


def measured(mix: Mix, seed: int) -> tuple[float, str]:
    """Seconds of `vikno check`, and what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        Drawn(mix, seed).write(Path(folder, "generated"))
        began = time.perf_counter()
        try:
            done = subprocess.run(
                [COMMAND, "check", Path(folder, "generated"), "--json"],
                capture_output=True,
                text=True,
                check=False,
                timeout=180,
            )
        except subprocess.TimeoutExpired:
            return 180.0, "given up"
        took_s = time.perf_counter() - began
    if not done.stdout:
        return took_s, done.stderr.strip().rpartition("\n")[2][:60]
    (service,) = json.loads(done.stdout)["services"].values()
    codes = [finding["code"] for finding in service["findings"]]
    over = ", budget exceeded" if "budget_exceeded" in codes else ""
    ways = "uncounted" if service["ways"] is None else f"{service['ways']:.1e}"
    outcomes = "uncounted" if service["outcomes"] is None else f"{service['outcomes']:.1e}"
    return took_s, f"{ways} ways, {outcomes} outcomes, {len(codes) - codes.count('example_missing')} findings{over}"


def main() -> None:
    """Print the table."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    words.add_argument("--mixes", nargs="*", default=list(MIXES), choices=list(MIXES))
    words.add_argument("--seeds", nargs="*", type=int, default=[1, 2, 3])
    options = words.parse_args()
    print(machine())
    rows = []
    for name in options.mixes:
        for seed in options.seeds:
            took_s, came = measured(MIXES[name], seed)
            rows.append((name, str(seed), f"{took_s:.1f} s", came))
            print(*rows[-1], flush=True)
    print(table(("mix", "seed", "vikno check", "what came of it"), rows))


if __name__ == "__main__":
    main()
