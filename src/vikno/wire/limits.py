"""What each channel can show, as named constants with their sources. The check and the renderers use the same ones.

Figures of the protocols' own documentation; where a client shows less than the protocol allows, the smaller one.
"""

from __future__ import annotations

from vikno.domain.rules.limits import Limits

TELEGRAM_TEXT_UNITS = 4096
"""UTF-16 code units of one message, Bot API `sendMessage`."""
TELEGRAM_LABEL_UNITS = 30
"""Of an inline button before phones cut it; the protocol itself does not say."""
TELEGRAM_BUTTONS = 100
"""Inline buttons of one message."""
VIBER_TEXT_CHARACTERS = 7000
"""Of one text message, REST bot API."""
VIBER_LABEL_CHARACTERS = 250
"""Of a keyboard button's Text."""
VIBER_BUTTONS = 72
"""Six columns in twelve rows."""
SMS_PART_UNITS = 67
"""UCS-2 units of one part of a long message (3GPP TS 23.040, with the concatenation header)."""
SMS_PARTS = 10
"""Parts after which a gateway's price and a reader's patience end."""
WHATSAPP_TEXT_CHARACTERS = 1024
"""Of an interactive message's body."""
WHATSAPP_LABEL_CHARACTERS = 20
VK_TEXT_CHARACTERS = 4096
VK_LABEL_CHARACTERS = 40
MAX_TEXT_CHARACTERS = 4000
MAX_LABEL_CHARACTERS = 128
MAX_BUTTONS = 210

LIMITS: dict[str, Limits] = {
    limits.channel: limits
    for limits in (
        Limits("telegram", "utf16", TELEGRAM_TEXT_UNITS, TELEGRAM_LABEL_UNITS, TELEGRAM_BUTTONS),
        Limits("viber", "characters", VIBER_TEXT_CHARACTERS, VIBER_LABEL_CHARACTERS, VIBER_BUTTONS),
        Limits("sms", "utf16", SMS_PART_UNITS * SMS_PARTS, None, None, has_buttons=False),
        Limits("whatsapp", "characters", WHATSAPP_TEXT_CHARACTERS, WHATSAPP_LABEL_CHARACTERS, None),
        Limits("vk", "characters", VK_TEXT_CHARACTERS, VK_LABEL_CHARACTERS, None),
        Limits("max", "characters", MAX_TEXT_CHARACTERS, MAX_LABEL_CHARACTERS, MAX_BUTTONS),
        Limits("web"),
        Limits("email", has_buttons=False),
        Limits("inbox"),
        Limits("terminal", has_buttons=False),
    )
}
