"""The outcome on paper: a tagged PDF (PDF/UA-1), set by Typst in a process of its own, bounded in time and memory."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from vikno.domain.dialog.phrases import Phrases
from vikno.domain.errors import ViknoError
from vikno.portal.outcomes import Outcome
from vikno.portal.questions import Talk
from vikno.portal.site import Contact

AT_ONCE = 2
MOST_WAITING = 32
PATIENCE_S = 20
TYPESETTER = (sys.executable, "-P", "-m", "vikno.portal.typeset")
"""-P: no code is taken from the folder in which the server happens to run."""
WORDS = (
    "name", "frame.foot", "outcome.dated", "outcome.total", "outcome.alternative", "outcome.proof", "outcome.day",
    "outcome.version", "outcome.receipt", "people", "pdf.answers", "pdf.address", "pdf.page",
)  # fmt: skip


class PrinterBusy(ViknoError):
    """Too many lists are being set at the same time. Try again in a minute."""

    code = "printer_busy"
    retryable = True


class PrinterFailed(ViknoError):
    """This list could not be set. The page itself can be printed."""

    code = "printer_failed"
    retryable = False


class Printer:
    """Sets a few lists at a time, beside the server. `fonts`: the folder of the built print fonts."""

    def __init__(self, fonts: Path) -> None:
        self._fonts = fonts
        self._free = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def checklist(
        self, outcome: Outcome, talk: Talk, words: Phrases, *, address: str, people: Sequence[Contact]
    ) -> bytes:
        """The list as PDF.

        Raises:
            PrinterBusy: more than `MOST_WAITING` wait already, or it took longer than `PATIENCE_S`.
            PrinterFailed: Typst refused.
        """
        if self._waiting >= MOST_WAITING:
            raise PrinterBusy
        shown = msgspec.json.encode({
            "lang": words.language,
            "heading": words.say(f"outcome.{outcome.outcome}"),
            "outcome": outcome,
            "talk": talk,
            "address": address,
            "people": people,
            "words": {name: words.texts[name] for name in WORDS},
        })  # fmt: skip
        self._waiting += 1
        try:
            async with asyncio.timeout(PATIENCE_S), self._free:
                return await self._set(shown)
        except TimeoutError as error:
            raise PrinterBusy from error
        finally:
            self._waiting -= 1

    async def _set(self, shown: bytes) -> bytes:
        process = await asyncio.create_subprocess_exec(
            *TYPESETTER,
            str(self._fonts),
            "checklist",
            "pdf",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            made, _ = await process.communicate(shown)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode or not made.startswith(b"%PDF"):
            raise PrinterFailed(process.returncode)
        return made


def set_sheet(fonts: Path, sheet: str, shown: object, kind: str) -> bytes:
    """One sheet, set now: `kind` is pdf, svg or png. For a command, which may wait.

    Raises:
        PrinterFailed: Typst refused, or took longer than `PATIENCE_S`.
    """
    try:
        ran = subprocess.run(  # noqa: S603 - our own interpreter, with arguments that are ours
            [*TYPESETTER, str(fonts), sheet, kind],
            input=msgspec.json.encode(shown),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PrinterFailed("timeout") from error
    if ran.returncode or not ran.stdout:
        raise PrinterFailed(ran.returncode)
    return ran.stdout
