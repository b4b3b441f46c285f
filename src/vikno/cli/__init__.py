"""The `vikno` command: talk, check, consult, diff, paths, run, demo."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from vikno.cli import arguments
from vikno.domain.errors import ViknoError

FINE, FOUND, WRONG_CALL = 0, 1, 2


class _Parser(argparse.ArgumentParser):
    """Argument errors end with exit code 2 and one line, as every other wrong call."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.print_usage(sys.stderr)
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(WRONG_CALL)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns its exit code: 0 fine, 1 something was found, 2 the call was wrong."""
    parser = arguments.parser(_Parser)
    options = parser.parse_args(argv)
    if options.command is None:
        parser.print_help()
        return FINE
    try:
        return int(options.run(options) or FINE)
    except ViknoError as error:
        return wrong_call(options, error)
    except BrokenPipeError:
        sys.stderr.close()
        return FINE
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130


def wrong_call(options: argparse.Namespace, error: ViknoError) -> int:
    """Say what was wrong with the call, as JSON where JSON was asked for."""
    from vikno.cli.shown import error_json, print_json, said

    if getattr(options, "json", False):
        print_json(error_json(error))
    else:
        from vikno.console.page import shown

        print(f"vikno: {shown(said(error))}", file=sys.stderr)
    return WRONG_CALL
