"""What became of a message, from a status callback or an event: counted, with nothing kept of whom it went to."""

import re
from collections.abc import Callable, Sequence

import structlog

from bot.accounts_file import AccountSettings
from bot.intake.fields import Fields
from bot.tracking.registration import Registration
from bot.tracking.tracker import Tracker
from bot.tracking.traffic import OUTSIDE, Receipt, Traffic
from bot.twilio.numbering import toll_free

log = structlog.get_logger()

_US_NUMBER = re.compile(r"\+1[2-9]\d{9}")
_CODE = re.compile(r"[0-9]{1,6}")


def read_receipt(fields: Fields, status: str = "") -> Receipt | None:
    """The receipt in the fields of a callback or an event, whose type may tell its `status`; None when there is none.

    The sender is kept only where it is a 10DLC number that sends outside any service: its recipients' carriers see no
    campaign then. Neither the recipient nor the text is read at all.
    """
    message = fields.sid("SM|MM", "messagesid", "smssid", "sid")
    said = (fields.text("messagestatus", "smsstatus", "status") or status).lower()
    if not message or not said:
        return None
    service, sender, code = fields.text("messagingservicesid"), fields.text("from"), fields.text("errorcode")
    outside = not service and bool(_US_NUMBER.fullmatch(sender)) and not toll_free(sender)
    return Receipt(
        message=message,
        status=said,
        service=fields.sid("MG", "messagingservicesid"),
        bypassing=sender if outside else "",
        code=code if _CODE.fullmatch(code) and int(code) else "",
    )


class Receipts:
    """Counts receipts; the first of a service begins following its traffic."""

    def __init__(self, traffic: Traffic, tracker: Tracker, clock: Callable[[], float]) -> None:
        self._traffic, self._tracker, self._clock = traffic, tracker, clock

    async def take_all(self, told: Sequence[tuple[AccountSettings, Receipt]]) -> None:
        """Count receipts with the accounts that they are of; taking one twice counts it once."""
        names = {account.sid: account.name for account, _ in told}
        wanting = await self._traffic.count_all([(account.sid, receipt) for account, receipt in told])
        if wanting:
            await self._tracker.hint([self._traffic_of(sid, names[sid], receipt) for sid, receipt in wanting])
        for sid, receipt in wanting:
            await self._traffic.hinted(sid, receipt)

    def _traffic_of(self, account: str, account_name: str, receipt: Receipt) -> Registration:
        key = receipt.service or OUTSIDE
        title = f"Messages of {key}" if receipt.service else "Messages outside any messaging service"
        return Registration(
            kind="traffic",
            account=account,
            account_name=account_name,
            key=key,
            title=title,
            started_at=self._clock(),
        )
