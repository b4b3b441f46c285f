"""The addresses for organisations, as OpenAPI describes them."""

from __future__ import annotations

from typing import Any

import msgspec

from vikno.api.campaigns import described as campaigns
from vikno.api.messages.reading import STATUSES
from vikno.api.messages.sending import MOST_KEY
from vikno.api.messages.shapes import (
    BatchShown,
    CallbackAdded,
    CallbackBrought,
    Callbacks,
    CallbackShown,
    Figures,
    MessageAccepted,
    MessageAsked,
    MessageBatch,
    MessagePreview,
    MessageRows,
    Messages,
    MessageTold,
    SenderShown,
    Since,
    Slug,
    TemplateBrought,
    Templates,
    TemplateShown,
    Why,
)
from vikno.api.operations import BODY, operation

ASKING = (
    "template_unknown", "template_not_approved", "personalisation_missing", "personalisation_wrong", "address_wrong",
    "channel_unknown", "recipient_no_guest",
)  # fmt: skip
SENDING = ("sender_not_approved", "request_repeated", "daily_limit_reached")


def paths() -> dict[str, Any]:
    """Address -> method -> operation, each with the key that it wants."""
    found = {**_messages(), **_templates(), **_callbacks(), **campaigns.paths()}
    found["/api/figures"] = {
        "parameters": [_query("since", "From when; a day ago unless said.", {"type": "string"})],
        "get": operation(
            "getFigures", "How many messages came to what.", {"200": ("The figures.", Figures)}, ("parameter_wrong",)
        ),
    }
    found["/api/sender"] = {"get": operation("getSender", "Who you are here.", {"200": ("You.", SenderShown)}, ())}
    for methods in found.values():
        for method, described in methods.items():
            if method != "parameters":
                described["security"] = [{"organisation": []}]
    return found


def _messages() -> dict[str, Any]:
    once = {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Your own key for this request. The same again is answered as it was the first time.",
        "schema": {"type": "string", "maxLength": MOST_KEY},
    }
    send = operation(
        "postMessage",
        "Tell one person something.",
        {
            "201": ("It is on record, with what will be tried.", MessageAccepted),
            "200": ("This request came before, and this is what it came to.", MessageAccepted),
        },
        (*BODY, *ASKING, *SENDING),
        MessageAsked,
    )
    send["parameters"] = [once]
    many = operation(
        "postMessages",
        "Up to 1000 messages. Those that are wrong are refused one by one; the others are on record.",
        {
            "201": ("One answer for each, in their order.", MessageRows),
            "200": ("Nothing is new: this request came before, or none of it was accepted.", MessageRows),
        },
        (*BODY, *SENDING),
        MessageBatch,
    )
    many["parameters"] = [once]
    listed = operation(
        "getMessages",
        "What keys of this kind have sent, the newest first.",
        {"200": ("Up to 250 of them.", Messages)},
        ("parameter_wrong",),
    )
    listed["parameters"] = [
        _query("reference", "Only those with this reference.", {"type": "string"}),
        _query("status", "Only those; repeatable.", {"type": "array", "items": {"enum": list(STATUSES)}}),
        _query("older_than", "Only those before this message.", {"type": "string"}),
    ]
    explained = operation(
        "getWhy",
        "Why it went as it did, or did not.",
        {"200": ("The trace.", Why)},
        ("message_unknown", "parameter_wrong"),
    )
    explained["parameters"] = [_query("lang", "Of the titles of rules; English unless said.", {"type": "string"})]
    return {
        "/api/messages": {"post": send, "get": listed},
        "/api/messages/batch": {"post": many},
        "/api/messages/preview": {
            "post": operation(
                "previewMessage",
                "What would become of a message now. Nothing is kept.",
                {"200": ("What would be tried.", MessagePreview)},
                (*BODY, *ASKING),
                MessageAsked,
            )
        },
        "/api/messages/{id}": {
            "parameters": [_named("id", "Of a message.")],
            "get": operation(
                "getMessage", "A message with its tries.", {"200": ("The message.", MessageTold)}, ("message_unknown",)
            ),
        },
        "/api/messages/{id}/why": {"parameters": [_named("id", "Of a message.")], "get": explained},
        "/api/batches/{id}": {
            "parameters": [_named("id", "Of a batch.")],
            "get": operation(
                "getBatch", "How a batch stands.", {"200": ("The batch.", BatchShown)}, ("batch_unknown",)
            ),
        },
    }


def _templates() -> dict[str, Any]:
    return {
        "/api/templates": {
            "get": operation("getTemplates", "All your templates.", {"200": ("All of them.", Templates)}, ())
        },
        "/api/templates/{slug}": {
            "parameters": [{**_named("slug", "Of a template."), "schema": msgspec.json.schema(Slug)}],
            "get": operation(
                "getTemplate", "One template.", {"200": ("The template.", TemplateShown)}, ("template_unknown",)
            ),
            "put": operation(
                "putTemplate",
                "A template, or a new version of one. It waits for its reviewer; the same as the last changes nothing. "
                "One that was put away comes back: what was approved of it is sent again, with a live key.",
                {"201": ("It is new.", TemplateShown), "200": ("A version of one that was there.", TemplateShown)},
                (*BODY, "key_not_live", "template_wrong", "templates_full", "versions_full"),
                TemplateBrought,
            ),
            "delete": operation(
                "deleteTemplate",
                "Put a template away: nothing is sent with it any more. `putTemplate` brings it back.",
                {"200": ("The template as it stands now.", TemplateShown)},
                ("key_not_live", "template_unknown"),
            ),
        },
    }


def _callbacks() -> dict[str, Any]:
    named = _named("id", "Of a callback.")
    return {
        "/api/callbacks": {
            "get": operation("getCallbacks", "Where you hear.", {"200": ("All of them.", Callbacks)}, ()),
            "put": operation(
                "putCallback",
                "One more address. The same address again gets a new secret and goes on where it was.",
                {"201": ("It hears from now on.", CallbackAdded)},
                (*BODY, "key_not_live", "callback_wrong", "callbacks_full"),
                CallbackBrought,
            ),
        },
        "/api/callbacks/{id}": {
            "parameters": [named],
            "delete": operation(
                "deleteCallback",
                "Hear no more there.",
                {"200": ("Those left.", Callbacks)},
                ("key_not_live", "callback_unknown"),
            ),
        },
        "/api/callbacks/{id}/replay": {
            "parameters": [named],
            "post": operation(
                "replayCallback",
                "Hear again what happened since a moment.",
                {"200": ("It goes on from there.", CallbackShown)},
                (*BODY, "key_not_live", "callback_unknown", "time_wrong"),
                Since,
            ),
        },
    }


def _named(name: str, about: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": about, "schema": {"type": "string"}}


def _query(name: str, about: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": about, "schema": schema}
