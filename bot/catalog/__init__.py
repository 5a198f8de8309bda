"""What can be asked for: one folder per Twilio resource."""

from functools import cache

from bot.catalog import messages, undo
from bot.catalog.addresses import create as address_create
from bot.catalog.addresses import delete as address_delete
from bot.catalog.addresses import show as address_list
from bot.catalog.addresses import update as address_update
from bot.catalog.brands import register as brands
from bot.catalog.campaigns import delete as campaign_delete
from bot.catalog.campaigns import register as campaign_register
from bot.catalog.campaigns import resubmit as campaign_resubmit
from bot.catalog.campaigns import show as campaign_report
from bot.catalog.events import setup as events
from bot.catalog.external import associate as external
from bot.catalog.flex import onboard as flex
from bot.catalog.flex import proxy as flex_proxy
from bot.catalog.numbers import buy as numbers
from bot.catalog.numbers import check as number_check
from bot.catalog.numbers import configure as number_configure
from bot.catalog.numbers import release as number_release
from bot.catalog.numbers import show as number_lists
from bot.catalog.operation import Catalog, Inquiry, Operation
from bot.catalog.senders import add as sender_add
from bot.catalog.senders import move as sender_move
from bot.catalog.senders import remove as sender_remove
from bot.catalog.services import delete as service_delete
from bot.catalog.services import edit as services
from bot.catalog.services import overview as service_overview
from bot.catalog.services import show as service_report

OPERATIONS: tuple[tuple[Operation, ...], ...] = (
    services.OPERATIONS,
    service_delete.OPERATIONS,
    numbers.OPERATIONS,
    number_configure.OPERATIONS,
    number_release.OPERATIONS,
    sender_add.OPERATIONS,
    sender_remove.OPERATIONS,
    sender_move.OPERATIONS,
    address_create.OPERATIONS,
    address_update.OPERATIONS,
    address_delete.OPERATIONS,
    brands.OPERATIONS,
    campaign_register.OPERATIONS,
    campaign_resubmit.OPERATIONS,
    campaign_delete.OPERATIONS,
    external.OPERATIONS,
    messages.OPERATIONS,
    events.OPERATIONS,
    flex.OPERATIONS,
    flex_proxy.OPERATIONS,
    undo.OPERATIONS,
)
INQUIRIES: tuple[tuple[Inquiry, ...], ...] = (
    brands.INQUIRIES,
    service_overview.INQUIRIES,
    service_report.INQUIRIES,
    number_lists.INQUIRIES,
    number_check.INQUIRIES,
    address_list.INQUIRIES,
    campaign_report.INQUIRIES,
    external.INQUIRIES,
    events.INQUIRIES,
)


@cache
def catalog() -> Catalog:
    """Every operation and inquiry that Tenfour knows."""
    return Catalog(tuple(o for file in OPERATIONS for o in file), tuple(i for file in INQUIRIES for i in file))
