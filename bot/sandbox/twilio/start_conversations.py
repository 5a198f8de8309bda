"""What Conversations, Flex and Studio hold when the local Twilio starts for the first time."""

from bot.sandbox.twilio.address_configurations import AddressConfiguration
from bot.sandbox.twilio.conversations import ConversationsConfiguration, ConversationService
from bot.sandbox.twilio.flex import FlexInstance
from bot.sandbox.twilio.flows import Flow
from bot.sandbox.twilio.ledger import Ledger

FLEX_INSTANCE = "GO" + "f1" * 16
FLEX_CONVERSATIONS = "IS" + "f1" * 16
OTHER_CONVERSATIONS = "IS" + "f2" * 16
FLEX_ADDRESS = "IG" + "f1" * 16

FLEX_FLOW = "FW" + "f1" * 16
VOTE_FLOW = "FW" + "f2" * 16
FRONT_DESK_FLOW = "FW" + "f3" * 16
DRAFT_FLOW = "FW" + "f4" * 16


def filled(ledger: Ledger) -> bool:
    """Whether the ledger has it: a state file may be of before Conversations."""
    return len(ledger.table(ConversationsConfiguration)) > 0


def fill(ledger: Ledger, account_sid: str, at: float, flex_number: str) -> None:
    """Put the start state into the ledger.

    `flex_number` (E.164) has an address already, as Console's “Address created” would say.
    """
    common = {"date_created": at, "date_updated": at, "in_start_state": True}
    for sid, name in ((FLEX_CONVERSATIONS, "Flex Conversation Service"), (OTHER_CONVERSATIONS, "Acme app chat")):
        ledger.table(ConversationService).add(ConversationService(sid=sid, friendly_name=name, **common))
    ledger.table(ConversationsConfiguration).add(
        ConversationsConfiguration(sid=account_sid, default_chat_service_sid=FLEX_CONVERSATIONS, **common)
    )
    ledger.table(FlexInstance).add(
        FlexInstance(sid=FLEX_INSTANCE, chat_service_instance_sid=FLEX_CONVERSATIONS, **common)
    )
    for sid, name, status in (
        (FLEX_FLOW, "Messaging Flow", "published"),
        (VOTE_FLOW, "Survey after the conversation", "published"),
        (FRONT_DESK_FLOW, "Front desk", "published"),
        (DRAFT_FLOW, "After hours", "draft"),
    ):
        if ledger.table(Flow).get(sid) is None:
            ledger.table(Flow).add(Flow(sid=sid, friendly_name=name, status=status, **common))
    ledger.table(AddressConfiguration).add(
        AddressConfiguration(
            sid=FLEX_ADDRESS,
            type="sms",
            address=flex_number,
            friendly_name="Acme Flex desk",
            auto_creation={
                "enabled": True,
                "type": "studio",
                "conversation_service_sid": FLEX_CONVERSATIONS,
                "studio_flow_sid": FLEX_FLOW,
                "studio_retry_count": 3,
            },
            **common,
        )
    )
