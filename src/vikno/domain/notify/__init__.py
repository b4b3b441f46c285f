"""Notifications: which message, by which way, and what became of it."""

from vikno.domain.notify.codes import ALPHABET, alike, code_of, masked
from vikno.domain.notify.hours import Quiet, Window
from vikno.domain.notify.plan import Notice, plan, read_case, stop_button, stopped_case, written
from vikno.domain.notify.wording import BRIEF_UNITS, Told, Wording, brief_units, outstaying, worded

__all__ = [
    "ALPHABET",
    "BRIEF_UNITS",
    "Notice",
    "Quiet",
    "Told",
    "Window",
    "Wording",
    "alike",
    "brief_units",
    "code_of",
    "masked",
    "outstaying",
    "plan",
    "read_case",
    "stop_button",
    "stopped_case",
    "worded",
    "written",
]
