"""The addresses for campaigns, as OpenAPI describes them."""

from __future__ import annotations

from typing import Any

from vikno.api.campaigns.shapes import (
    CampaignBrought,
    CampaignList,
    CampaignShown,
    CampaignTold,
    Forgotten,
    Start,
    Tests,
    TestsSent,
)
from vikno.api.operations import BODY, operation

STEPPING = ("campaign_unknown", "campaign_elsewhere", "sender_not_approved")
READING = (
    "campaign_unknown", "campaign_elsewhere", "media_type_wrong", "table_unreadable", "columns_missing", "column_twice",
    "audience_too_large",
)  # fmt: skip


def paths() -> dict[str, Any]:
    """Address -> method -> operation."""
    listed = operation(
        "getCampaigns", "Your campaigns, the latest first.", {"200": ("Up to 50.", CampaignList)}, ("parameter_wrong",)
    )
    listed["parameters"] = [
        {"name": "before", "in": "query", "description": "Only those before this one.", "schema": {"type": "string"}}
    ]
    read = operation(
        "putAudience",
        "Whom it is for: CSV in UTF-8, the names of its columns first. Nothing, where a query finds them.",
        {"200": ("It was read to its end.", CampaignTold)},
        READING,
    )
    read["requestBody"] = {"content": {"text/csv": {"schema": {"type": "string"}}}}
    told: dict[str, tuple[str, type[Any] | None]] = {"200": ("How it stands.", CampaignTold)}
    one = "/api/campaigns/{id}"
    steps = {
        "pause": "Plan and send no more of it for now.",
        "resume": "Go on.",
        "stop": "For good: what waits is ended, what is on its way goes on.",
    }
    found: dict[str, Any] = {
        "/api/campaigns": {
            "get": listed,
            "post": operation(
                "postCampaign",
                "A new campaign, a draft.",
                {"201": ("It is on record.", CampaignShown)},
                (*BODY, "template_unknown", "template_not_approved", "personalisation_missing",
                 "personalisation_wrong", "channel_unknown", "recipient_no_guest"),
                CampaignBrought,
            ),
        },
        one: {
            "get": operation("getCampaign", "How it stands, what it has come to.", told, ("campaign_unknown",)),
            "delete": operation(
                "deleteCampaign",
                "Forget one that was never used.",
                {"200": ("It is gone.", Forgotten)},
                ("campaign_unknown", "campaign_elsewhere"),
            ),
        },
        f"{one}/audience": {"put": read},
        f"{one}/preview": {
            "post": operation(
                "previewCampaign",
                "Who would be reached how, and who is left out by which rule: an estimate now, the exact one later.",
                told,
                ("campaign_unknown", "campaign_elsewhere"),
            )
        },
        f"{one}/test": {
            "post": operation(
                "testCampaign",
                "Send its first message to guests of your organisation.",
                {"201": ("What will be tried.", TestsSent)},
                (*BODY, *STEPPING, "recipient_no_guest", "template_not_approved"),
                Tests,
            )
        },
        f"{one}/start": {
            "post": operation(
                "startCampaign", "Start it, now or at a time.", told, (*STEPPING, "template_not_approved"), Start
            )
        },
        **{
            f"{one}/{step}": {"post": operation(f"{step}Campaign", said, told, STEPPING)}
            for step, said in steps.items()
        },
    }  # fmt: skip
    for path, methods in found.items():
        if "{id}" in path:
            about = {"name": "id", "in": "path", "required": True, "description": "Of a campaign.",
                     "schema": {"type": "string"}}  # fmt: skip
            methods["parameters"] = [about]
    return found
