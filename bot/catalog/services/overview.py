"""Looking at all messaging services: `service.list` (twilio.md section 1)."""

from collections import Counter
from typing import Annotated, Final

from pydantic import Field

from bot.catalog.form import Ask, Form
from bot.catalog.numbers.owned import count
from bot.catalog.operation import Inquiry
from bot.catalog.report import Report, Section
from bot.catalog.services.settings import inbound_of
from bot.twilio import reads
from bot.twilio.gateway import Account

MOST = 100
"""How many services are named."""
_INBOUND: Final = {
    "defer": "its numbers answer for themselves",
    "webhook": "one webhook answers",
    "drop": "drops what comes in, or autocreates Conversations",
}


class ServiceList(Form):
    """Which services to show; all by default."""

    page_titles = ("Services",)

    containing: Annotated[
        str | None,
        Field(max_length=64),
        Ask("Name or SID", "Only services whose name or SID holds this. Empty shows all.", max_length=64),
    ] = None


async def _list(form: ServiceList, account: Account) -> Report:
    services = await reads.services(account)
    wanted = (form.containing or "").casefold()
    shown = sorted(
        (s for s in services if wanted in f"{s.friendly_name}\n{s.sid}".casefold()),
        key=lambda s: (s.friendly_name.casefold(), s.sid),
    )
    held = Counter((await reads.pools(account, [s.sid for s in shown[:MOST]])).values())
    lines = [_line(s, held[s.sid]) for s in shown[:MOST]]
    if len(shown) > MOST:
        lines.append(f"and {len(shown) - MOST} more: narrow it down with a part of the name")
    return Report(
        title="Messaging services",
        facts=(
            ("Services", f"{len(shown)} of {len(services)}" if len(shown) < len(services) else str(len(services))),
            ("With a registered campaign", str(sum(bool(s.us_app_to_person_registered) for s in shown))),
        ),
        sections=(Section(title="By name", lines=tuple(lines)),) if lines else (),
    )


def _line(service: reads.Service, numbers: int) -> str:
    campaign = "campaign registered" if service.us_app_to_person_registered else "no registered campaign"
    parts = (service.friendly_name, count(numbers), campaign, _INBOUND[inbound_of(service)], service.sid)
    return " · ".join(parts)


INQUIRIES = (
    Inquiry(
        name="service.list",
        title="Messaging services",
        summary="Every service with its numbers, whether its campaign is registered, and who answers.",
        command="/a2p-service",
        word="list",
        form=ServiceList,
        answer=_list,
        notes=("Everything about one, with its other senders: `/a2p-service show`.",),
    ),
)
