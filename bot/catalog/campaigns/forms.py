"""The forms of campaigns, with Twilio's limits (twilio.md 5.1 and 5.2)."""

from typing import Annotated

from pydantic import AfterValidator, Field

from bot.catalog.campaigns.content import CampaignContent
from bot.catalog.form import Ask, Form, Values
from bot.catalog.rules import BrandSid, Keywords, ServiceSid, flag, shaped
from bot.checks.texts import CampaignTexts
from bot.plans.call import Param

Reply = Annotated[str, Field(min_length=20, max_length=320)]


class CampaignSubmission(CampaignContent):
    """What reviewers read, and the keywords and replies, which are settled once for all.

    Chains whose service or brand does not exist yet build their forms on this one.
    """

    subscriber_opt_in: Annotated[
        bool, Ask("Subscribers opt in", "People agree before the first message reaches them.", "yes_no", 3)
    ] = True
    opt_in_keywords: Annotated[
        Keywords,
        Ask(
            "Opt-in keywords",
            "Only if people join by texting a word, for example START, JOIN.",
            "text",
            4,
            max_length=300,
        ),
    ] = ()
    opt_in_message: Annotated[
        Reply | None,
        Ask(
            "Opt-in reply",
            "Brand, confirmation, frequency, rates, HELP and STOP. Needed with opt-in keywords.",
            "paragraph",
            4,
            max_length=320,
        ),
    ] = None
    opt_out_keywords: Annotated[
        Keywords,
        Ask("Opt-out keywords", "Blank: Twilio's own (STOP, UNSUBSCRIBE, END, QUIT ...).", "text", 4, max_length=300),
    ] = ()
    opt_out_message: Annotated[
        Reply | None,
        Ask(
            "Opt-out reply",
            "Blank: Twilio's own. Names the brand and says that no more messages follow.",
            "paragraph",
            4,
            max_length=320,
        ),
    ] = None
    help_keywords: Annotated[
        Keywords, Ask("Help keywords", "Blank: Twilio's own (HELP, INFO).", "text", 4, max_length=300)
    ] = ()
    help_message: Annotated[
        Reply | None,
        Ask(
            "Help reply",
            "Blank: Twilio's own. Names the brand and a phone number, e-mail or web page for help.",
            "paragraph",
            4,
            max_length=320,
        ),
    ] = None

    @property
    def texts(self) -> CampaignTexts:
        """What the linter reads, replies and keywords included."""
        return super().texts.model_copy(
            update={
                "opt_in_keywords": self.opt_in_keywords,
                "opt_in_message": self.opt_in_message,
                "opt_out_message": self.opt_out_message,
                "help_message": self.help_message,
            }
        )

    def submission_params(self) -> dict[str, Param]:
        """The wire parameters of the creation but for brand and use case; blank replies are left to Twilio."""
        optional: dict[str, Param | None] = {
            "OptInKeywords": self.opt_in_keywords,
            "OptInMessage": self.opt_in_message,
            "OptOutKeywords": self.opt_out_keywords,
            "OptOutMessage": self.opt_out_message,
            "HelpKeywords": self.help_keywords,
            "HelpMessage": self.help_message,
        }
        return {
            **self.content_params(),
            "SubscriberOptIn": flag(self.subscriber_opt_in),
            **{name: value for name, value in optional.items() if value},
        }

    @classmethod
    def together(cls, values: Values) -> dict[str, str]:
        wrong = super().together(values)
        if values.get("opt_in_keywords") and not values.get("opt_in_message", True):
            wrong["opt_in_message"] = "needed, because people can join by texting a keyword"
        return wrong


class CampaignRegister(CampaignSubmission):
    """Everything that Twilio's API takes when a campaign is registered."""

    page_titles = ("Service, brand, use case", "What reviewers read", "Sample messages", "Keywords and replies")

    service_sid: Annotated[
        ServiceSid,
        Ask(
            "Messaging service", "One campaign a service. Its numbers will send under it.", "lookup", source="services"
        ),
    ]
    brand_sid: Annotated[BrandSid, Ask("Brand", "Approved and verified.", "lookup", source="brands")]
    use_case: Annotated[
        str,
        AfterValidator(shaped(r"[A-Z0-9_]{2,64}", "a code such as ACCOUNT_NOTIFICATION or MIXED", upper=True)),
        Ask("Use case", "What Twilio offers this brand. It cannot be changed later.", "lookup", source="use_cases"),
    ]

    @property
    def texts(self) -> CampaignTexts:
        """What the linter reads, the use case included."""
        return super().texts.model_copy(update={"use_case": self.use_case})


class CampaignResubmit(CampaignContent):
    """What can be edited on a rejected campaign; the update writes all of it."""

    page_titles = ("Rejected campaign", "What reviewers read", "Sample messages")

    service_sid: Annotated[
        ServiceSid,
        Ask(
            "Rejected campaign",
            "By its messaging service. Only a FAILED one can be edited.",
            "lookup",
            source="failed_campaigns",
        ),
    ]


class CampaignDelete(Form):
    """Which campaign goes."""

    page_titles = ("Campaign",)

    service_sid: Annotated[
        ServiceSid,
        Ask(
            "Campaign",
            "By its messaging service. The service and its numbers stay; what they may send ends.",
            "lookup",
            source="campaigns",
        ),
    ]


class CampaignShow(Form):
    """Which campaign to look at."""

    page_titles = ("Campaign",)

    service_sid: Annotated[ServiceSid, Ask("Campaign", "By its messaging service.", "lookup", source="campaigns")]
