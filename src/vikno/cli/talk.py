"""`vikno talk`: a consultation in the terminal, or over a plain pipe."""

from __future__ import annotations

import argparse
import sys

from vikno.bootstrap.talking import talk


def run(options: argparse.Namespace) -> int:
    return talk(options.countries, options.service, options.lang, options.date, sys.stdin, sys.stdout)
