"""What each channel can show, as named constants with their sources. The check and the renderers use the same ones.

Figures of the protocols' own documentation; where a client shows less than the protocol allows, the smaller one.
"""

from __future__ import annotations

from vikno.domain.rules.limits import Limits

# Telegram: core.telegram.org/bots/api; where its server says more, the source (github.com/tdlib/telegram-bot-api).
TELEGRAM_TEXT_UNITS = 4096
"""UTF-16 code units of one message, Bot API `sendMessage`; counted after markup is read."""
TELEGRAM_TEXT_BYTES = 32_768
"""UTF-8 bytes of one message before markup is read (the server's `Client.cpp`)."""
TELEGRAM_CAPTION_UNITS = 1024
"""UTF-16 code units under a picture or a file."""
TELEGRAM_ENTITIES = 100
"""Of one message: bold words, links and the like; what is more is shown plain."""
TELEGRAM_ALBUM = 10
"""Pictures of one album; it arrives as as many updates with one `media_group_id`."""
TELEGRAM_PHOTO_BYTES = 10_000_000
"""Of a picture that a bot sends."""
TELEGRAM_UPLOAD_BYTES = 50_000_000
"""Of another file that it sends, by the official server; one's own takes 2 GB."""
TELEGRAM_DOWNLOAD_BYTES = 20_000_000
"""Of a file that it fetches, by the official server."""
TELEGRAM_LABEL_UNITS = 30
"""Of an inline button before phones cut it; the protocol itself does not say."""
TELEGRAM_BUTTONS = 100
"""Inline buttons of one message."""
TELEGRAM_BUTTONS_A_ROW = 8
"""Inline buttons side by side."""
TELEGRAM_CALLBACK_BYTES = 64
"""UTF-8 bytes of an inline button's `callback_data`; at least one."""
TELEGRAM_CALLBACK_ANSWER_CHARACTERS = 200
"""Of the text of `answerCallbackQuery`."""
TELEGRAM_START_CHARACTERS = 64
"""Of a deep link's `start` payload: letters, digits, `_` and `-`."""
TELEGRAM_SECRET_CHARACTERS = 256
"""Of `setWebhook`'s `secret_token`: letters, digits, `_` and `-`."""
TELEGRAM_COMMANDS = 100
"""Of `setMyCommands`."""
TELEGRAM_COMMAND_CHARACTERS = 32
"""Of a command's name: small letters, digits and `_`."""
TELEGRAM_COMMAND_TEXT_CHARACTERS = 256
"""Of a command's description."""
TELEGRAM_MESSAGES_A_SECOND = 30
"""Of one bot, to all chats (Bot API FAQ: about 30)."""
TELEGRAM_PAID_A_SECOND = 1000
"""Of one bot, where broadcasts are paid for (`allow_paid_broadcast`)."""
TELEGRAM_GROUP_A_MINUTE = 20
"""Of one bot to one group (Bot API FAQ)."""
TELEGRAM_CHAT_GAP_S = 1
"""Seconds between two messages to one chat (Bot API FAQ: about one a second; short bursts pass)."""
TELEGRAM_WEBHOOK_CONNECTIONS = 100
"""Of `setWebhook`'s `max_connections`."""
TELEGRAM_WEBHOOK_ANSWER_S = 60
"""Seconds within which a webhook must be answered (the server's developers, tdlib/telegram-bot-api #211 and #341)."""
TELEGRAM_WEBHOOK_TRIED_S = 86_400
"""Seconds for which an update is brought again until it is answered with a 2xx (the server's `WebhookActor.cpp`)."""
TELEGRAM_CALLBACK_TRIED_S = 150
"""The same for a press of a button."""
TELEGRAM_UPDATES = 100
"""Of one `getUpdates`."""
TELEGRAM_POLL_S = 50
"""Seconds that a `getUpdates` may wait for the first update."""

VIBER_TEXT_CHARACTERS = 7000
"""Of one text message, REST bot API."""
VIBER_LABEL_CHARACTERS = 250
"""Of a keyboard button's Text, with its markup; the app shows what has room and ends it with “…”."""
VIBER_COLUMNS = 6
"""Of a keyboard's grid; a button is one to six wide."""
VIBER_BUTTON_ROWS = 2
"""How high one button may be."""
VIBER_ROWS = 12
"""Of a keyboard on an upright phone, by Viber's list of questions and answers."""
VIBER_BUTTONS = 72
"""Six columns in twelve rows."""
VIBER_JSON_BYTES = 30_000
"""Of a whole request: 30 KB by the documentation, read as the smaller kilobyte."""
VIBER_SENDER_CHARACTERS = 28
"""Of sender.name."""
VIBER_TRACKING_CHARACTERS = 4000
"""Of tracking_data, which comes back with the answer."""
VIBER_CAPTION_CHARACTERS = 512
"""Of a picture: what all sources agree on; some say 768."""
VIBER_PICTURE_BYTES = 1_000_000
"""Of a picture, which is sent as a public address."""
VIBER_VIDEO_BYTES = 26_000_000
"""Of an MP4; its size must be told."""
VIBER_FILE_BYTES = 50_000_000
"""Of a file; its size and name must be told."""
VIBER_FILE_NAME_CHARACTERS = 256
"""Of a file's name, with its ending."""
VIBER_URL_CHARACTERS = 2000
"""Of a link, and of the address of a picture, a video or a file."""
VIBER_UNANSWERED_AN_HOUR = 100
"""Messages to one person who does not answer; then status 12."""
VIBER_BROADCAST_RECEIVERS = 300
"""Of one broadcast_message."""
VIBER_BROADCASTS = 500
"""Broadcasts in ten seconds. For send_message nothing is documented; we keep to the same."""
VIBER_BROADCAST_WINDOW_S = 10
VIBER_ONLINE_IDS = 100
"""Of one get_online."""
VIBER_PAGE_SUBSCRIBERS = 3
"""Before a bot has so many, its page in the browser says that it does not exist (zero-coding bots, #13)."""
VIBER_API_BUTTONS = 1
"""min_api_version for text and reply buttons. The field is always sent: without it some keyboards are refused."""
VIBER_API_ASKS = 3
"""min_api_version for share-phone and location-picker."""
VIBER_API_INPUT = 4
"""min_api_version for InputFieldState."""
VIBER_API_CAROUSEL = 7
"""min_api_version for rich_media."""
VIBER_FREE_ANSWER_S = 24 * 3600
"""After a person's message; what is sent later is billed (contracts since February 2024)."""
EMAIL_LOCAL_PART_CHARACTERS = 64
"""Octets before the @, RFC 5321 section 4.5.3.1.1."""
EMAIL_ADDRESS_CHARACTERS = 254
"""Of a whole address: a path of 256 octets without its brackets, RFC 5321 section 4.5.3.1.3."""
EMAIL_SUBJECT_CHARACTERS = 100
"""Of a subject; lists of mails show less, phones about forty."""
EMAIL_HTML_BYTES = 100_000
"""Of a part in HTML: Gmail cuts what is longer than 102 KB, and the end of a message with it."""
EMAIL_INBOUND_BYTES = 256 * 1024
"""Of a mail that is read. Words are shorter by far; larger ones carry files, which nobody reads here."""
SMS_UNITS = 70
"""UCS-2 units of a message of one part: 140 octets (3GPP TS 23.038, 23.040)."""
SMS_PART_UNITS = 67
"""UCS-2 units of one part of a long message (3GPP TS 23.040, with the concatenation header)."""
SMS_SEPTETS = 160
"""GSM-7 characters of a message of one part (3GPP TS 23.038)."""
SMS_PART_SEPTETS = 153
"""GSM-7 characters of one part of a long message; those of the extension table count two and stay together."""
SMS_PARTS = 10
"""Parts after which a gateway's price and a reader's patience end. Kannel's `max-messages` must allow as many."""
SMS_SHORT_PARTS = 6
"""Parts of a text that is shortened anyway, because the whole of it stands behind its link."""
SMS_PHONE_DIGITS = 15
"""Of an international number (ITU-T E.164), without the plus sign."""
SMS_PHONE_FEWEST_DIGITS = 8
"""A shorter number is a service's, not a person's: nobody reads what is sent to it."""
SMS_SENDER_CHARACTERS = 11
"""Of a sender that is a name (3GPP TS 23.040, 9.1.2.5: alphanumeric address); nobody can answer it."""
SMS_CALLBACK_BYTES = 65_536
"""Of a callback. The longest message that can be joined of parts, 255 of 153 letters, is smaller."""
SMS_RATE_PER_S = 10.0
"""Messages a second of one account, where the contract says nothing else."""
SMPP_SYSTEM_ID_CHARACTERS = 15
"""SMPP 3.4, 5.2.1: 16 octets with the closing zero."""
SMPP_PASSWORD_CHARACTERS = 8
"""SMPP 3.4, 5.2.2: 9 octets with the closing zero."""
SMPP_PDU_BYTES = 70_000
"""Of one packet: a message_payload has at most 65,535 octets (SMPP 3.4, 5.3.2.32), the rest is small."""
SMPP_WINDOW = 10
"""Messages on their way on one connection: what most centres allow (SMPP 3.4, 2.9, advises no more than 10)."""
# WhatsApp: Meta's Cloud API reference (developers.facebook.com/documentation/business-messaging/whatsapp).
WHATSAPP_TEXT_CHARACTERS = 1024
"""Of an interactive message's body."""
WHATSAPP_PLAIN_CHARACTERS = 4096
"""Of a message that is nothing but text."""
WHATSAPP_BUTTONS = 3
"""Reply buttons of one message."""
WHATSAPP_LABEL_CHARACTERS = 20
"""Of a reply button's title."""
WHATSAPP_BUTTON_ID_CHARACTERS = 256
"""Of a reply button's id."""
WHATSAPP_ROWS = 10
"""Of a list, in all its sections together; a section without a title is enough for them."""
WHATSAPP_SECTIONS = 10
"""Of a list."""
WHATSAPP_ROW_CHARACTERS = 24
"""Of a row's title."""
WHATSAPP_ROW_MORE_CHARACTERS = 72
"""Of a row's description, which stands below its title in small letters."""
WHATSAPP_ROW_ID_CHARACTERS = 200
"""Of a row's id."""
WHATSAPP_MENU_CHARACTERS = 20
"""Of the button that opens a list."""
WHATSAPP_HEADER_CHARACTERS = 60
"""Above an interactive message's body."""
WHATSAPP_FOOTER_CHARACTERS = 60
"""Below it."""
WHATSAPP_TEMPLATE_CHARACTERS = 1024
"""Of a template's body with what is filled in."""
WHATSAPP_TEMPLATE_SPACES = 4
"""In a row, in what is filled in; tabs and new lines are refused there."""
WHATSAPP_PICTURE_BYTES = 5_000_000
"""Of a picture."""
WHATSAPP_FILE_BYTES = 100_000_000
"""Of a document."""
WHATSAPP_MESSAGES_A_SECOND = 80
"""Of one number, before Meta raises it to 1000; then error 130429."""
WHATSAPP_PAIR_GAP_S = 6
"""Seconds between two messages to one person, on average; then error 131056."""
WHATSAPP_PAIR_BURST = 45
"""So many to one person may follow each other at once."""
WHATSAPP_WINDOW_S = 24 * 3600
"""After a person's message; later only approved templates reach them, else error 131047."""
WHATSAPP_TRIED_S = 7 * 24 * 3600
"""For which a webhook's call is brought again until it is answered with 200."""
WHATSAPP_WEBHOOK_BYTES = 3_000_000
"""Of one call of a webhook, by its documentation; ours take a third of it (`vikno.wire.hooks`)."""
# VK: dev.vk.com; "schema" is github.com/VKCOM/vk-api-schema, version 5.199.
VK_TEXT_CHARACTERS = 4096
"""Of messages.send's `message`: what its documentation promises; the schema allows 9000."""
VK_LABEL_CHARACTERS = 40
"""Of a key (api/bots/development/keyboard)."""
VK_KEYS = 40
"""Of a keyboard below the chat (api/bots/development/keyboard)."""
VK_ROWS = 10
"""Of a keyboard below the chat (api/bots/development/keyboard)."""
VK_INLINE_KEYS = 10
"""Of a keyboard inside a message (api/bots/development/keyboard)."""
VK_INLINE_ROWS = 6
"""Of a keyboard inside a message (api/bots/development/keyboard)."""
VK_KEYS_A_ROW = 5
"""Of a keyboard, below the chat or inside a message (api/bots/development/keyboard)."""
VK_PAYLOAD_CHARACTERS = 255
"""Of a key, as JSON: what all libraries keep to; messages.send's own may have 1000 (schema)."""
VK_URL_CHARACTERS = 2000
"""Of a key that opens a link. VK names none; no browser's address is cut below it."""
VK_EVENT_DATA_CHARACTERS = 1000
"""Of messages.sendMessageEventAnswer's `event_data` (schema)."""
VK_RANDOM_ID = 2**31 - 1
"""The largest of messages.send's `random_id` that no client takes for negative; 0 is none."""
VK_SECRET_CHARACTERS = 50
"""Of a server's `secret_key` (schema, groups.addCallbackServer)."""
VK_SERVER_TITLE_CHARACTERS = 14
"""Of a server's `title` (schema, groups.addCallbackServer)."""
VK_SERVERS = 10
"""Of one community (api/callback/getting-started)."""
VK_REF_CHARACTERS = 64
"""Of a link's `ref`. VK names none; every messenger's link carries so many."""
VK_REQUESTS_A_SECOND = 20
"""With a community's token (api/api-requests)."""
# MAX: dev.max.ru/docs-api, and the schema in github.com/max-messenger/max-bot-api-client-go.
MAX_TEXT_CHARACTERS = 4000
"""Of one message (`NewMessageBody`)."""
MAX_LABEL_CHARACTERS = 128
"""Of a button's text (`Button`); at least one."""
MAX_BUTTONS = 210
"""Of one keyboard (dev.max.ru/docs-api/use-cases/sending-messages/keyboard)."""
MAX_ROWS = 30
"""Of one keyboard."""
MAX_BUTTONS_A_ROW = 7
"""Buttons side by side."""
MAX_LINKS_A_ROW = 3
"""The same where one of them opens a link or an app, or asks for a contact or a place."""
MAX_PAYLOAD_CHARACTERS = 1024
"""Of a button's payload (`CallbackButton`)."""
MAX_URL_CHARACTERS = 2048
"""Of a button's link (`LinkButton`)."""
MAX_START_CHARACTERS = 128
"""Of a deep link's payload; a longer one is left out without a word (dev.max.ru/help/deeplinks)."""
MAX_SECRET_FEWEST_CHARACTERS = 5
MAX_SECRET_CHARACTERS = 256
"""Of a subscription's secret: letters, digits, `_` and `-` (`SubscriptionRequestBody`)."""
MAX_REQUESTS_A_SECOND = 30
"""Of one bot, all methods together."""
MAX_CHAT_MESSAGES_A_SECOND = 2
"""To one dialog; answers to presses are counted apart, as many (dev.max.ru, POST /messages and POST /answers)."""
MAX_WEBHOOKS_A_SECOND = 100
"""Updates that are brought to a bot, unless more are agreed."""
MAX_WEBHOOK_TRIED_S = 8 * 3600
"""For which an update is brought again, every 30 to 60 seconds, until it is answered with exactly 200."""
# Web push: the inbox on people's devices.
INBOX_PLAIN_BYTES = 3993
"""Of a message before it is sealed: of the 4096 that every push service takes 103 are for the seal (RFC 8291, 4)."""
INBOX_PUSHES_A_SECOND = 50.0
"""Push services name no pace; each request is on a line of its own."""

LIMITS: dict[str, Limits] = {
    limits.channel: limits
    for limits in (
        Limits("telegram", "utf16", TELEGRAM_TEXT_UNITS, TELEGRAM_LABEL_UNITS, TELEGRAM_BUTTONS),
        Limits("viber", "characters", VIBER_TEXT_CHARACTERS, VIBER_LABEL_CHARACTERS, VIBER_BUTTONS),
        Limits("sms", "utf16", SMS_PART_UNITS * SMS_PARTS, None, None, has_buttons=False),
        Limits("whatsapp", "characters", WHATSAPP_TEXT_CHARACTERS, WHATSAPP_LABEL_CHARACTERS, None),
        Limits("vk", "characters", VK_TEXT_CHARACTERS, VK_LABEL_CHARACTERS, VK_KEYS),
        Limits("max", "characters", MAX_TEXT_CHARACTERS, MAX_LABEL_CHARACTERS, MAX_BUTTONS),
        Limits("web"),
        Limits("email", has_buttons=False),
        Limits("inbox"),
        Limits("terminal", has_buttons=False),
    )
}
