"""Decisions about messages on one core, by the rules of every country folder; beside them the same rules in Cedar.

python -m bench.policy [--messages 100000]
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from datetime import date

from bench.figures import machine, table
from vikno.cli.decide import load_rules
from vikno.domain.policy import Policy
from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.service import Fact
from vikno.packs.policy import message_facts

DAY = date(2026, 11, 22)
COUNTRIES = ("ru", "ua", "de", "fr", "gb", "us", "in", "sg", "pl", "jp")
ROUNDS = 5


def messages(facts: Sequence[Fact], how_many: int, known: float = 1.0) -> list[dict[str, Answer]]:
    """Messages of random facts, each fact known with this probability; the same at every run."""
    dice = random.Random(1)  # noqa: S311 - the same messages at every run
    return [{fact.id: _answer(fact, dice) for fact in facts if dice.random() < known} for _ in range(how_many)]


def _answer(fact: Fact, dice: random.Random) -> Answer:
    if fact.kind == "yes_no":
        return dice.random() < 0.5
    if fact.kind == "number":
        return dice.randint(int(fact.low), int(fact.high))
    return dice.choice(COUNTRIES if fact.kind == "country" else fact.option_ids)


def best(act: Callable[[], object], count: int) -> float:
    """So many a second, in the quickest of some rounds."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    return count / min(took)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=100_000)
    options = parser.parse_args()
    rules, facts = load_rules([]), message_facts()
    policy = Policy(rules, facts)
    whole, some = messages(facts, options.messages), messages(facts, options.messages // 20, 0.8)
    ours = best(lambda: [policy.decide(message, DAY) for message in whole], len(whole))

    def fresh() -> None:
        anew = Policy(rules, facts)
        for message in some:
            anew.decide(message, DAY)

    rows = [
        ["vikno, all facts known", f"{len(policy.rules)}", f"{ours:,.0f}", ""],
        ["vikno, each fact known four times in five", f"{len(policy.rules)}", f"{best(fresh, len(some)):,.0f}", ""],
    ]
    try:
        from bench.peers import cedar
    except ImportError:
        pass
    else:
        texts, names = cedar.policies(policy.rules)
        few = whole[: len(whole) // 10]
        asked = [cedar.request(message, DAY) for message in few]
        theirs = best(lambda: cedar.forbidding(texts, names, asked), len(few))
        rows.append(["Cedar (cedarpy), all facts known", f"{len(names) - 1}", f"{theirs:,.0f}", f"{ours / theirs:.1f}"])
    print(machine())
    print()
    print(table(["what", "rules", "decisions a second", "vikno is so many times as quick"], rows))


if __name__ == "__main__":
    main()
