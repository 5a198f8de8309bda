"""Typed reads of Conversations, Flex and Studio (twilio.md section 3)."""

from bot.plans.call import Call, segment
from bot.twilio.faults import Refused
from bot.twilio.gateway import Account
from bot.twilio.reads import Seen

CONFIGURATION = "/v1/Configuration"
ADDRESSES = f"{CONFIGURATION}/Addresses"
WHATSAPP = "whatsapp:"


class AutoCreation(Seen):
    """What happens to a message that belongs to no conversation yet; the fields of other types are absent."""

    enabled: bool | None = None
    type: str | None = None
    conversation_service_sid: str | None = None
    webhook_url: str | None = None
    webhook_method: str | None = None
    webhook_filters: list[str] | None = None
    studio_flow_sid: str | None = None
    studio_retry_count: int | None = None


class Address(Seen):
    """An address configuration; `address` is `+1503…` or `whatsapp:+1503…`."""

    sid: str
    type: str
    address: str
    friendly_name: str | None = None
    address_country: str | None = None
    auto_creation: AutoCreation | None = None

    @property
    def number(self) -> str:
        """The E.164 number of the address, whatever its channel."""
        return self.address.removeprefix(WHATSAPP)

    @property
    def answers(self) -> bool:
        """Whether it makes conversations; one that is switched off does nothing (45761)."""
        return bool(self.auto_creation and self.auto_creation.enabled)


class ConversationService(Seen):
    """A container of conversations; Flex has one of its own."""

    sid: str
    friendly_name: str | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        return self.friendly_name or self.sid


class Defaults(Seen):
    """The account's Conversations configuration."""

    default_chat_service_sid: str | None = None
    default_messaging_service_sid: str | None = None


class Flow(Seen):
    """A Studio flow. `status` and `revision` are those of its latest revision, which may be an unpublished draft."""

    sid: str
    friendly_name: str
    status: str | None = None
    revision: int | None = None
    valid: bool | None = None


class Flex(Seen):
    """The account's Flex."""

    chat_service_instance_sid: str | None = None
    flex_service_instance_sid: str | None = None
    messaging_service_instance_sid: str | None = None
    ui_version: str | None = None

    @property
    def services(self) -> frozenset[str]:
        """The conversation services whose conversations Flex shows."""
        return frozenset(filter(None, (self.chat_service_instance_sid, self.flex_service_instance_sid)))

    @property
    def before_conversations(self) -> bool:
        """Whether its interface is of version 1, which cannot show Conversations."""
        return (self.ui_version or "").startswith("1")


async def addresses(account: Account, channel: str | None = None) -> list[Address]:
    """The address configurations of the account, of all channels or of `sms` or `whatsapp`."""
    # a page of this list holds 50 at most, and more is refused
    params = {"PageSize": "50"} | ({"Type": channel} if channel else {})
    call = Call(product="conversations", method="GET", path=ADDRESSES, params=dict(params))
    return [Address.model_validate(i) for i in await account.pages(call, "address_configurations")]


async def address(account: Account, sid_or_address: str) -> Address | None:
    """One address configuration by its SID or by the address itself, or None."""
    try:
        path = address_path(segment(sid_or_address))
        return Address.model_validate(await account.read(Call(product="conversations", method="GET", path=path)))
    except Refused as fault:
        if fault.absent:
            return None
        raise


def address_path(sid_or_address: str) -> str:
    """Path of one address configuration; takes a path segment or a reference such as `{address.sid}`."""
    return f"{ADDRESSES}/{sid_or_address}"


async def defaults(account: Account) -> Defaults:
    """The account's Conversations configuration."""
    return Defaults.model_validate(await account.read(Call(product="conversations", method="GET", path=CONFIGURATION)))


async def conversation_services(account: Account) -> list[ConversationService]:
    """Every conversation service of the account."""
    # a page of this list holds 100 at most
    call = Call(product="conversations", method="GET", path="/v1/Services", params={"PageSize": "100"})
    return [ConversationService.model_validate(i) for i in await account.pages(call, "services")]


async def flows(account: Account) -> list[Flow]:
    """Every Studio flow of the account."""
    call = Call(product="studio", method="GET", path="/v2/Flows")
    return [Flow.model_validate(i) for i in await account.pages(call, "flows")]


async def flex(account: Account) -> Flex | None:
    """The account's Flex; None when it has none or when the key may not ask."""
    try:
        answer = await account.read(Call(product="flex-api", method="GET", path=CONFIGURATION))
    except Refused as fault:
        if fault.absent or fault.credentials:
            return None
        raise
    return Flex.model_validate(answer)
