"""What reviewers read about a campaign and can be edited after a rejection, field by field (twilio.md 5.1, 5.2)."""

from typing import Annotated

from pydantic import Field

from bot.catalog.form import Ask, Form, Values
from bot.catalog.rules import HttpsUrl, flag
from bot.checks.texts import CampaignTexts
from bot.plans.call import Param

SLACK_INPUT = 3000
"""A text input in Slack holds no more characters."""
DESCRIPTION = 4096
"""Twilio takes a description of so many, which is why it may go on in a second input."""

SAMPLES = 5

SampleText = Annotated[str, Field(min_length=20, max_length=1024)]


class CampaignContent(Form):
    """The fields that reviewers read and that can still be edited after a rejection."""

    description: Annotated[
        str,
        Field(min_length=40, max_length=SLACK_INPUT),
        Ask(
            "Description",
            "Who sends, to whom, and why, in English. It must fit the use case.",
            "paragraph",
            2,
            placeholder="Acme Coffee texts order updates to customers who ordered on acme.example and asked for them.",
            max_length=SLACK_INPUT,
        ),
    ]
    description_more: Annotated[
        str | None,
        Field(max_length=SLACK_INPUT),
        Ask(
            "Description, continued",
            "Only where 3,000 characters are not enough. It is joined to the description with a space; Twilio takes "
            "4,096 in all.",
            "paragraph",
            2,
            max_length=SLACK_INPUT,
        ),
    ] = None
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
    def whole_description(self) -> str:
        """The description as it is sent, both inputs joined."""
        return f"{self.description} {self.description_more}" if self.description_more else self.description

    @property
    def samples(self) -> tuple[str, ...]:
        """The samples that were given, in order."""
        every = (self.sample_1, self.sample_2, self.sample_3, self.sample_4, self.sample_5)
        return tuple(s for s in every if s)

    @property
    def texts(self) -> CampaignTexts:
        """What the linter reads."""
        return CampaignTexts(
            description=self.whole_description,
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
            "Description": self.whole_description,
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
        wrong = {f"sample_{n}": f"fill sample message {n - 1} first" for n in gaps}
        parts = [str(values[name]) for name in ("description", "description_more") if values.get(name)]
        if (size := len(" ".join(parts))) > DESCRIPTION:
            wrong["description_more"] = f"Twilio takes {DESCRIPTION} characters in all, both parts have {size}"
        return wrong


def in_two(description: str) -> tuple[str, str | None]:
    """A description for its two inputs, so that joining them gives the same text again."""
    if len(description) <= SLACK_INPUT:
        return description, None
    # a space between two letters, since inputs lose the blanks at their ends
    at = next((i for i in range(SLACK_INPUT, 40, -1) if _lone_space(description, i)), SLACK_INPUT)
    return description[:at].rstrip(), description[at:].strip()


def _lone_space(text: str, at: int) -> bool:
    return text[at] == " " and not text[at - 1].isspace() and not text[at + 1 : at + 2].isspace()
