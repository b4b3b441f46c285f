"""What a person's SMS means: the words that end and begin, the keyword of an entry link, and everything else."""

from __future__ import annotations

import re
from hashlib import blake2b

from vikno.usecases.channel import MOST_TOKEN_CHARACTERS, Happened, Left, Opened, Returned, Wrote

KEYWORD = "VIKNO"
"""What an entry's SMS begins with; a token follows it."""
_KEYWORDS = {"vikno", "вікно"}

STOP = {"стоп", "stop", "stopall", "stop all", "unsubscribe", "відписка", "відписати", "відписатися", "відписатись",
        "отписка", "отписаться"}  # fmt: skip
"""Words that end all messages at once. They are the channel's and not the dialogue's: they hold at every step."""
START = {"старт", "start", "unstop", "subscribe", "підписка", "підписатися", "підписатись"}
"""Words that let messages come again."""

_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{1,{MOST_TOKEN_CHARACTERS}}}")
_AROUND = " \t\r\n.,!?:;\"'«»“”„’()[]*"
LONGEST_WORD = 64


def meant(text: str) -> Happened:
    """What happened, by the words of a message.

    >>> meant("Стоп!"), meant("START"), meant("ВІКНО desk-12"), meant("vikno"), meant("Так")
    (Left(said=True), Returned(), Opened(token='desk-12'), Opened(token=''), Wrote(text='Так'))
    """
    if len(text) <= LONGEST_WORD:
        word = " ".join(text.strip(_AROUND).casefold().split())
        if word in STOP:
            return Left(said=True)
        if word in START:
            return Returned()
        keyword, _, token = text.strip().partition(" ")
        if keyword.strip(_AROUND).casefold() in _KEYWORDS:
            token = token.strip(_AROUND).replace("\u2014", "--")  # some phones write two hyphens as a dash
            if not token or _TOKEN.fullmatch(token):
                return Opened(token)
    return Wrote(text)


def digest(*said: str) -> str:
    """A name for what has no id of its own; nobody can read from it what was said by whom."""
    return blake2b("\x00".join(said).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
