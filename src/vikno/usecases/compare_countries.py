"""Compare two versions of a country: whose outcome changes, and whether the examples that guarded it changed too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from vikno.domain.rules.compare import Change, compare
from vikno.domain.rules.days import stretches
from vikno.domain.rules.service import Example, Service

Days = tuple[date, date | None]


@dataclass
class Compared:
    """All changes of a country. `changed` holds each with the days on which it is so (None: the one day asked for)."""

    changed: list[tuple[Change, Days | None]] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    examples_changed: list[str] = field(default_factory=list)

    @property
    def second_approver(self) -> bool:
        """Outcomes changed together with the examples that guarded them: somebody else must look."""
        return bool(self.changed) and bool(self.examples_changed)


def compare_countries(
    old: Mapping[str, Service],
    new: Mapping[str, Service],
    old_examples: Mapping[str, Sequence[Example]],
    new_examples: Mapping[str, Sequence[Example]],
    day: date | None,
) -> Compared:
    """Compare service by service, on one day or (None) on every day on which something changes in either version."""
    out = Compared()
    out.added += [key for key in new if key not in old]
    out.removed += [key for key in old if key not in new]
    for key in sorted(new.keys() & old.keys()):
        for days in _days(old[key], new[key], day):
            found = compare(old[key], new[key], days[0])
            out.changed += [(change, days if day is None else None) for change in found.changes]
            out.added += [name for name in found.added if name not in out.added]
            out.removed += [name for name in found.removed if name not in out.removed]
        out.examples_changed += _changed_examples(old_examples.get(key, ()), new_examples.get(key, ()))
    out.changed.sort(key=lambda entry: (entry[0].service, entry[1][0] if entry[1] else date.min, -entry[0].ways))
    return out


def _days(old: Service, new: Service, day: date | None) -> list[Days]:
    if day is not None:
        return [(max(day, old.floor or day, new.floor or day), None)]
    floor = max((found for found in (old.floor, new.floor) if found), default=None)
    starts = sorted(
        {
            stretch.first
            for service in (old, new)
            for stretch in stretches(service)
            if floor is None or stretch.first >= floor
        }
    )
    ends = [*(start - timedelta(days=1) for start in starts[1:]), None]
    return list(zip(starts, ends, strict=True))


def _changed_examples(old: Sequence[Example], new: Sequence[Example]) -> list[str]:
    """The names of examples that were changed or taken away: those that guarded the old outcomes."""
    now = {example.name: (example.given, example.on, example.then) for example in new}
    return [example.name for example in old if now.get(example.name) != (example.given, example.on, example.then)]
