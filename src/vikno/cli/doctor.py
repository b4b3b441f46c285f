"""`vikno doctor`: whether everything is what it says it is; what is not, and what to do. Exit code 1 if anything is."""

from __future__ import annotations

import argparse
import asyncio

from vikno.cli.shown import print_json


def run(options: argparse.Namespace) -> int:
    from vikno.bootstrap.doctor import examine
    from vikno.bootstrap.settings import read_settings
    from vikno.console.page import shown

    found = asyncio.run(examine(read_settings(), options.store))
    ok = all(one.ok for one in found)
    if options.json:
        parts = [
            {"part": one.part, "ok": one.ok, "said": one.said, "wrong": list(one.wrong), "notes": list(one.notes)}
            for one in found
        ]
        print_json({"ok": ok, "parts": parts})
        return 0 if ok else 1
    wide = max(len(one.part) for one in found)
    for one in found:
        print(f"{'ok   ' if one.ok else 'WRONG'} {shown(one.part):{wide}}  {shown(one.said)}")
        for wrong in one.wrong:
            print(f"      {'':{wide}}  → {shown(wrong)}")
        for note in one.notes:
            print(f"      {'':{wide}}  {shown(note)}")
    wrong_parts = [one.part for one in found if not one.ok]
    print(f"Wrong: {', '.join(map(shown, wrong_parts))}." if wrong_parts else "All is well.")
    return 0 if ok else 1
