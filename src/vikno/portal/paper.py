"""The outcome on paper: a tagged PDF (PDF/UA-1) set by Typst from a fixed template; what people wrote is only data."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from vikno.domain.dialog.phrases import Phrases
from vikno.domain.errors import ViknoError
from vikno.portal.site import Contact
from vikno.portal.views import Outcome, Talk

SHEET = Path(__file__).parent / "checklist.typ"
MOST_WAITING = 32
PATIENCE_S = 20
WORDS = (
    "name", "frame.foot", "outcome.dated", "outcome.total", "outcome.alternative", "outcome.proof",
    "outcome.day", "outcome.version", "outcome.receipt", "people", "pdf.answers", "pdf.address", "pdf.page",
)  # fmt: skip


class PrinterBusy(ViknoError):
    """Too many lists are being set at the same time. Try again in a minute."""

    code = "printer_busy"
    retryable = True


class Printer:
    """Sets one list at a time, away from the event loop. `fonts`: the folder of the built print fonts."""

    def __init__(self, fonts: Path) -> None:
        self._fonts = fonts
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="printer")
        self._waiting = 0

    async def checklist(
        self, outcome: Outcome, talk: Talk, words: Phrases, *, address: str, people: Sequence[Contact]
    ) -> bytes:
        """The list as PDF.

        Raises:
            PrinterBusy: more than `MOST_WAITING` wait already, or it took longer than `PATIENCE_S`.
        """
        if self._waiting >= MOST_WAITING:
            raise PrinterBusy
        shown = msgspec.json.encode(
            {
                "lang": words.language,
                "heading": words.say(f"outcome.{outcome.outcome}"),
                "outcome": outcome,
                "talk": talk,
                "address": address,
                "people": people,
                "words": {name: words.texts[name] for name in WORDS},
            }
        ).decode()
        self._waiting += 1
        try:
            made = asyncio.get_running_loop().run_in_executor(self._thread, self._set, shown)
            return await asyncio.wait_for(made, PATIENCE_S)
        except TimeoutError as error:
            raise PrinterBusy from error
        finally:
            self._waiting -= 1

    def _set(self, shown: str) -> bytes:
        import typst  # 30 MB that a server without readers of paper never loads

        made = typst.compile(
            SHEET,
            format="pdf",
            font_paths=[self._fonts],
            ignore_system_fonts=True,
            pdf_standards=["ua-1"],
            sys_inputs={"shown": shown},
        )
        assert isinstance(made, bytes)  # noqa: S101 - one document without `output` is bytes
        return made

    def close(self) -> None:
        """Let go of the thread; lists that wait are not set any more."""
        self._thread.shutdown(wait=False, cancel_futures=True)
