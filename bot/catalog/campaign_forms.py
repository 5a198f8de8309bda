"""The forms of campaigns: what reviewers read, field by field, with Twilio's limits (twilio.md 5.1 and 5.2)."""

from typing import Annotated

from pydantic import AfterValidator, Field

from bot.catalog.form import Ask, Form, Values
from bot.catalog.rules import BrandSid, HttpsUrl, Keywords, ServiceSid, flag, shaped
from bot.checks.texts import CampaignTexts
from bot.plans.call import Param

SLACK_INPUT = 3000
"""A text input in Slack holds no more; Twilio takes a description of up to 4096."""

SAMPLES = 5

SampleText = Annotated[str, Field(min_length=20, max_length=1024)]
Reply = Annotated[str, Field(min_length=20, max_length=320)]


class CampaignContent(Form):
    """The fields that reviewers read and that can still be edited after a rejection."""

    description: Annotated[
        str,
        Field(min_length=40, max_length=4096),
        Ask(
            "Description",
            "Who sends, to whom, and why, in English. It must fit the use case.",
            "paragraph",
            2,
            placeholder="Acme Coffee texts order updates to customers who ordered on acme.example and asked for them.",
            max_length=SLACK_INPUT,
        ),
    ]
    message_flow: Annotated[
        str,
        Field(min_length=40, max_length=2048),
        Ask(
            "How people opt in",
            "Every way in, with public links, and the consent text: what is sent, how often, “message and data rates "
            "may apply”, STOP and HELP, privacy and terms. Consent is optional, its box unticked.",
            "paragraph",
            2,
            max_length=2048,
        ),
    ]
    privacy_policy_url: Annotated[
        HttpsUrl,
        Ask(
            "Privacy policy",
            "A public page. It says that mobile data is not shared with third parties for marketing.",
            "url",
            2,
            placeholder="https://",
        ),
    ]
    terms_and_conditions_url: Annotated[
        HttpsUrl,
        Ask(
            "Terms and conditions",
            "A public page. It describes the SMS programme: name, frequency, rates, HELP and STOP.",
            "url",
            2,
            placeholder="https://",
        ),
    ]
    sample_1: Annotated[
        SampleText,
        Ask(
            "Sample message 1",
            "A real message: the brand's name, [brackets] around what varies, “Reply STOP to opt out” in at least one.",
            "paragraph",
            3,
            max_length=1024,
        ),
    ]
    sample_2: Annotated[
        SampleText,
        Ask("Sample message 2", "Another kind of message, not the first reworded.", "paragraph", 3, max_length=1024),
    ]
    sample_3: Annotated[SampleText | None, Ask("Sample message 3", "", "paragraph", 3, max_length=1024)] = None
    sample_4: Annotated[SampleText | None, Ask("Sample message 4", "", "paragraph", 3, max_length=1024)] = None
    sample_5: Annotated[SampleText | None, Ask("Sample message 5", "", "paragraph", 3, max_length=1024)] = None
    has_embedded_links: Annotated[
        bool,
        Ask(
            "Messages hold links", "Then a sample shows one: https, your own domain, no public shortener.", "yes_no", 3
        ),
    ] = False
    has_embedded_phone: Annotated[
        bool, Ask("Messages hold phone numbers", "Then a sample shows one (error 30889).", "yes_no", 3)
    ] = False
    age_gated: Annotated[
        bool, Ask("Age-gated content", "Content for adults, behind a page that asks the date of birth.", "yes_no", 3)
    ] = False
    direct_lending: Annotated[
        bool,
        Ask("Direct lending", "Loans by the lender itself. Then the description says DIRECT LENDING too.", "yes_no", 3),
    ] = False

    @property
    def samples(self) -> tuple[str, ...]:
        """The samples that were given, in order."""
        every = (self.sample_1, self.sample_2, self.sample_3, self.sample_4, self.sample_5)
        return tuple(s for s in every if s)

    @property
    def texts(self) -> CampaignTexts:
        """What the linter reads."""
        return CampaignTexts(
            description=self.description,
            message_flow=self.message_flow,
            samples=self.samples,
            privacy_policy_url=self.privacy_policy_url,
            terms_and_conditions_url=self.terms_and_conditions_url,
            has_embedded_links=self.has_embedded_links,
            has_embedded_phone=self.has_embedded_phone,
            age_gated=self.age_gated,
            direct_lending=self.direct_lending,
        )

    def content_params(self) -> dict[str, Param]:
        """The wire parameters of the fields that both creation and update take, every one of them explicit."""
        return {
            "Description": self.description,
            "MessageFlow": self.message_flow,
            "MessageSamples": self.samples,
            "HasEmbeddedLinks": flag(self.has_embedded_links),
            "HasEmbeddedPhone": flag(self.has_embedded_phone),
            "AgeGated": flag(self.age_gated),
            "DirectLending": flag(self.direct_lending),
            "PrivacyPolicyUrl": self.privacy_policy_url,
            "TermsAndConditionsUrl": self.terms_and_conditions_url,
        }

    @classmethod
    def together(cls, values: Values) -> dict[str, str]:
        # reviewers name a sample by its number, so a gap would make their words point at another one
        gaps = (
            n for n in range(4, SAMPLES + 1) if values.get(f"sample_{n}") and not values.get(f"sample_{n - 1}", True)
        )
        return {f"sample_{n}": f"fill sample message {n - 1} first" for n in gaps}


class CampaignRegister(CampaignContent):
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
                "use_case": self.use_case,
                "opt_in_keywords": self.opt_in_keywords,
                "opt_in_message": self.opt_in_message,
                "opt_out_message": self.opt_out_message,
                "help_message": self.help_message,
            }
        )

    def params(self) -> dict[str, Param]:
        """The wire parameters of the creation; blank replies and keywords are left to Twilio's defaults."""
        optional: dict[str, Param | None] = {
            "OptInKeywords": self.opt_in_keywords,
            "OptInMessage": self.opt_in_message,
            "OptOutKeywords": self.opt_out_keywords,
            "OptOutMessage": self.opt_out_message,
            "HelpKeywords": self.help_keywords,
            "HelpMessage": self.help_message,
        }
        return {
            "BrandRegistrationSid": self.brand_sid,
            "UsAppToPersonUsecase": self.use_case,
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
