"""The forms of external campaigns: those that are registered in The Campaign Registry, TCR (twilio.md 6)."""

from typing import Annotated

from pydantic import AfterValidator

from bot.catalog.form import Ask, Form, Values
from bot.catalog.rules import ServiceSid, shaped

TcrCampaignId = Annotated[
    str,
    AfterValidator(
        shaped(r"C[A-Z0-9]{6}", "a TCR campaign id has seven characters: C, then six letters or digits", upper=True)
    ),
]


class _Sharing(Form):
    """What is asked about every share."""

    sole_proprietor: Annotated[
        bool,
        Ask(
            "Sole proprietor campaign",
            "As registered in TCR. It has one number; others never send (30125).",
            "yes_no",
            2,
        ),
    ] = False
    cnp_migration: Annotated[
        bool,
        Ask(
            "Connectivity partner migration",
            "Yes only if the campaign moves to Twilio from another connectivity partner (CNP), the migration was "
            "started in the CSP portal and Twilio has accepted its share.",
            "yes_no",
            2,
        ),
    ] = False


class ExternalAssociate(_Sharing):
    """A campaign of TCR for a messaging service."""

    page_titles = ("Campaign and service", "As TCR has it")

    campaign_id: Annotated[
        TcrCampaignId,
        Ask("TCR campaign id", "Seven characters that start with C, as TCR shows it.", "text", max_length=7),
    ]
    service_sid: Annotated[
        ServiceSid,
        Ask(
            "Messaging service",
            "Without a campaign, and with its use not declared. Numbers may join before or after.",
            "lookup",
            source="services",
        ),
    ]


class ExternalDissociate(Form):
    """Which association ends."""

    page_titles = ("External campaign",)

    service_sid: Annotated[
        ServiceSid,
        Ask("External campaign", "By its messaging service.", "lookup", source="external_campaigns"),
    ]


class ExternalReassociate(_Sharing):
    """An association that failed, made anew."""

    page_titles = ("External campaign", "As TCR has it")

    service_sid: Annotated[
        ServiceSid,
        Ask(
            "External campaign",
            "By the messaging service that it is associated with now.",
            "lookup",
            source="external_campaigns",
        ),
    ]
    new_service_sid: Annotated[
        ServiceSid | None,
        Ask("Move it to another service", "Blank: it stays with the same one.", "lookup", source="services"),
    ] = None

    @classmethod
    def together(cls, values: Values) -> dict[str, str]:
        if values.get("new_service_sid") and values["new_service_sid"] == values.get("service_sid"):
            return {"new_service_sid": "this is the service that it is with; leave it blank to keep it there"}
        return {}


class ExternalShow(Form):
    """Which external campaign to look at."""

    page_titles = ("External campaign",)

    service_sid: Annotated[
        ServiceSid,
        Ask("External campaign", "By its messaging service.", "lookup", source="external_campaigns"),
    ]
