"""`/a2p-watch digest`: what this week brought so far, for the person who asks."""

from slack_sdk.errors import SlackApiError

from bot.tracking.subscriptions import Subscription
from handlers.blocks.following.digest import digest_message
from handlers.delivery import Delivery
from handlers.desk import Desk
from handlers.following.digests import BLOCKS_REFUSED
from handlers.posts import why


async def digest_now(desk: Desk, delivery: Delivery) -> None:
    """Show the week so far of the channel where it was typed, to this person alone; full members only.

    A channel that hears nothing gets what it would hear if it heard everything.
    """
    channels = await desk.tracker.subscriptions()
    subscription = channels.get(delivery.channel) or Subscription(channel=delivery.channel)
    digest = await desk.digests.of(subscription, so_far=True)
    try:
        await desk.answer(delivery, digest_message(digest))
    except SlackApiError as error:
        if why(error) not in BLOCKS_REFUSED:
            raise
        await desk.answer(delivery, digest_message(digest, charts=False))
