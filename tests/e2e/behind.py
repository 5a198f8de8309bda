"""What happens at Twilio behind the bot's back: in Console, by other programs, by carriers."""

from typing import Any

from bot.catalog.campaigns.forms import CampaignRegister
from bot.catalog.campaigns.steps import create_step
from bot.catalog.external.steps import associate_step
from bot.catalog.form import parse
from bot.plans.call import Call, Param
from bot.sandbox.twilio import start_state
from bot.twilio.gateway import Account
from tests.e2e.answers import CAMPAIGN
from tests.e2e.world import World

SERVICE, NUMBER, TCR = start_state.SUPPORT_SERVICE, start_state.POOLED_NUMBER, "CACME10"


async def campaign(world: World, *, verified: bool = False) -> None:
    """The service has a campaign."""
    values = {name: value for page in CAMPAIGN for name, value in page.items()}
    form = parse(CampaignRegister, values)
    await send(world, create_step("campaign", SERVICE, form.brand_sid, form.use_case, form).call)
    if verified:
        world.twilio.desk.verify(SERVICE)


async def association(world: World, *, accepted: bool = True) -> None:
    """The service has a campaign of TCR."""
    if accepted:
        world.twilio.shares.accept(TCR)
    await send(world, associate_step("campaign", SERVICE, TCR).call)


async def send(world: World, call: Call) -> dict[str, Any]:
    """Send a call as anybody with the account's credentials may."""
    sid = start_state.ACCOUNT_SID
    account = Account(sid, sid, start_state.AUTH_TOKEN, world.twilio.url + "/{product}")
    try:
        return await account.send(call)
    finally:
        await account.close()


async def message(world: World, to: str) -> None:
    """Another program sends a message through the service."""
    path = f"/2010-04-01/Accounts/{start_state.ACCOUNT_SID}/Messages.json"
    params: dict[str, Param] = {"To": to, "MessagingServiceSid": SERVICE, "Body": "Acme: hello. Reply STOP to end."}
    await send(world, Call(product="api", method="POST", path=path, params=params))
