"""Words that a sender was given by others, written so that nothing in them can be tapped.

Telegram, Viber, WhatsApp, VK, mail clients and phones make links of plain text, each by its own rules, and none of them
can be told to leave it. So a blank is put behind whatever a link begins or goes on with: `example. com`, `a@ b. ua`,
`https:// `, `@ name`, `/ start`, `# word`. So is one behind what bold, italic and struck words begin with, and around
every `~` that is not within a word: where a mark begins and another value ends it, neither knows of the other. A blank,
because

- every one of these rules ends at a blank, while a zero width sign is an ordinary letter to some of them;
- it is in GSM-7: one U+2060 makes three SMS of two, and old phones show a box in its place;
- mail filters take invisible signs for the work of a cheat, and lookalikes of the dot (U+2024) become dots again where
  names of hosts are read (UTS #46);
- people see that something was changed, and can still read all of it.

Amounts, dates, times and numbers of documents stay as they are: no link goes on with a digit behind a dot, but for
IPv4. Telephone numbers stay too. Phones take any seven digits for one, so what would keep these from being dialled
would spoil the number of a parcel; a reviewer sees which placeholders may hold them.
"""

from __future__ import annotations

import re

DOTS = ".。．｡․"
"""What is read as a dot in the name of a host (UTS #46), and its lookalike."""

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\ue000-\uf8ff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U0010ffff]"
)
"""Controls, overrides of direction, fillers, tags, private letters, halves of pairs: unseen, and links hide there."""
_JOINT = "\u0590-\u1fff\u2190-\u2bff\ua800-\ud7ff\ufb1d-\ufdff\ufe0f\ufe70-\ufeff\U0001f000-\U0001faff"
_JOINERS = re.compile(f"(?<![{_JOINT}])[\u200c\u200d]+|[\u200c\u200d]+(?![{_JOINT}])")
"""Joiners belong into Arabic and Indian words and into emoji; elsewhere they only hide something."""
_LINES = re.compile(r"(?<! ) *[\t-\r\x1c-\x1f\x85\u2028\u2029]\s*")

_GOES_ON = r"[^\s\d.,:;!?'\"»”’…)\]}/\\-]"
"""What a name of a host may go on with behind a dot; signs that become letters there (ⓒⓞⓜ) too."""
_OCTET = r"(?:25[0-5]|2[0-4]\d|[01]?\d?\d)"
_IP = rf"(?<![\d.])(?:{_OCTET}\.){{3}}{_OCTET}(?!\.?\d)"
_SCHEMES = (
    "mailto|tel|callto|facetime|sms|smsto|mms|skype|viber|tg|ton|whatsapp|vk|geo|bitcoin|magnet|intent|javascript|data"
)
_SCHEME = "".join(("(?:", "|".join(f"(?<={scheme})" for scheme in _SCHEMES.split("|")), "):"))
_BEHIND = re.compile(
    rf"(?=[\d{DOTS}@＠/:#＃$*_~])(?:"  # by far most letters are none of these, and this is all that is asked of them
    rf"(?P<ip>{_IP})"
    rf"|[{DOTS}](?={_GOES_ON})"
    r"|[@＠](?=[\w-])"  # people of messengers, addresses of mail
    r"|(?<!/)//+(?=[^\s/]|$)"
    rf"|{_SCHEME}(?=[^\s/])"
    r"|(?<![\w/<])/(?=\w)"  # commands of Telegram's bots
    r"|[#＃](?=\d*[^\W\d])|(?<!\w)\$(?=[A-Z]{1,8}(?!\w))"  # hashtags, Telegram's cashtags
    r"|(?<![\w*])\*(?=\w)|\*(?=\w+ ?\()"  # bold in WhatsApp and Viber; *id1 (name) in VK
    r"|(?<!\w)_+(?=[^\s_])|(?<![^\W_])(?<!~)~+(?=[^\s~]))",  # WhatsApp's italics and strokes, whoever ends them
    re.IGNORECASE,
)
_BEFORE = re.compile(r"(?<=\w)\||(?<=[^\W_])~+(?![^\W_])(?!~)|(?:(?<=[^\w\s~])|(?<=_))~+")
"""[id1|name] is a link in VK. `~` behind a word would strike through what stands there from an author's "~15" on."""

_HARMLESS = re.compile(
    r"[0-9A-Za-zÀ-ÖØ-öø-ɏЀ-ҁҊ-ԯ ,;!?%+()№«»\"'’–—-]*"
    r"(?:(?:\.(?=[ \d]|$)|(?<=\d):(?=\d))[0-9A-Za-zÀ-ÖØ-öø-ɏЀ-ҁҊ-ԯ ,;!?%+()№«»\"'’–—-]*)*"
)


def unlinked(text: str) -> str:
    """The text in one line, with nothing in it that could be tapped.

    >>> unlinked("see https://Evil.com/a?b or t.me/evil"), unlinked("приват24.укр, @bot, a@b.ua")
    ('see https:// Evil. com/a?b or t. me/evil', 'приват24. укр, @ bot, a@ b. ua')
    >>> unlinked("№ 12.345, 1 250.50 грн, 01.09.2026 10:30, 3/4, вул. Лісова, 5")
    '№ 12.345, 1 250.50 грн, 01.09.2026 10:30, 3/4, вул. Лісова, 5'
    >>> unlinked("one\\n\\ntwo"), unlinked("exa\\u200bmple\\u202e.\\u2060com")
    ('one two', 'example. com')
    """
    if _HARMLESS.fullmatch(text) and text.count(".") < 3:
        return text
    text = seen(text).replace("`", "'")  # which frames code in some clients, and is an apostrophe to many people
    return _BEHIND.sub(_with_blank, _BEFORE.sub(r" \g<0>", text))


def seen(text: str) -> str:
    """The text in one line, without what cannot be seen.

    >>> seen("a\\x00b\\r\\nc"), seen("👩\\u200d🚒 x\\u200dy")
    ('ab c', '👩\\u200d🚒 xy')
    """
    return _JOINERS.sub("", _INVISIBLE.sub("", _LINES.sub(" ", text)))


def _with_blank(found: re.Match[str]) -> str:
    return found[0].replace(".", ". ") if found["ip"] else f"{found[0]} "


_FRAGMENT = re.compile(rf"[{DOTS}@＠][\w-]*[^\W\d][\w-]*$")
_BEGUN = re.compile(rf"(?<![\w/<])/$|//$|{_SCHEME}$", re.IGNORECASE)
_TAG = re.compile(r"[#＃]\d*$")
_MARK = re.compile(r"(?<!\w)_+$|(?<![^\W_])~$")
_TAGGED = re.compile(r"\d*[^\W\d]")
_ADDRESS = re.compile(_IP)
_NAMED = re.compile(_GOES_ON)
_HEAD = re.compile(rf"(?!@)[\w~\\{DOTS}-]*")
_DOT = re.compile(rf"[{DOTS}](?=[^\W\d_])")
_GO_ON = f"{DOTS}@＠/*$:"
_NEAR = 100
"""Characters that are read of what stands before; no name in a host is longer than 63 (RFC 1035)."""


def joined(before: str, text: str) -> str:
    """The text as it may stand right behind other words, with a blank where both together would be a link or a mark.

    >>> joined("bank.", "com"), joined("12.", "50"), joined("@", "bot"), joined("(", "Olena")
    (' com', '50', ' bot', 'Olena')
    """
    if not before or not text or text[0] == " ":
        return text
    near = before[-_NEAR:]
    return f" {text}" if _one_link(near, text) or _one_address(near, text) else text


def goes_on(text: str) -> bool:
    """Whether these words would be a link or a mark, or the beginning of one, with a letter right behind them."""
    near = text[-_NEAR:]
    return bool(text) and (text[-1] in _GO_ON or _TAG.search(near) is not None or _MARK.search(near) is not None)


def _one_link(before: str, text: str) -> bool:
    """Whether a link of letters, or a mark, would go on from one to the other."""
    last = before[-1]
    if last in DOTS:
        return _NAMED.match(text) is not None
    if text[0] == "~" or _MARK.search(before):
        return not last.isspace()
    if text[0] in "|/":
        return last.isalnum() if text[0] == "|" else last in "/:"
    if not (text[0].isalnum() or text[0] in "_+-"):
        return False
    if _TAG.search(before):
        return _TAGGED.match(text) is not None
    return last in "@＠*$" or _BEGUN.search(before) is not None or _FRAGMENT.search(before) is not None


def _one_address(before: str, text: str) -> bool:
    """Whether the numbers of an IPv4 address would."""
    if before[-1] not in DOTS and text[0] not in DOTS:
        return False
    found = _ADDRESS.search(before + text[:_NEAR], max(0, len(before) - 14))
    return found is not None and found.start() < len(before) < found.end()


def parted(text: str) -> str:
    """Words of a template that follow right behind a placeholder: no dot of theirs makes a host of its value.

    >>> parted(".com"), parted("bank.ua, please"), parted(". Thanks"), parted("@bank.ua")
    ('. com', 'bank. ua, please', '. Thanks', '@bank.ua')
    """
    head = _HEAD.match(text)
    return _DOT.sub(r"\g<0> ", head[0]) + text[head.end() :] if head else text
