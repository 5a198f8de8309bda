"""The senders besides numbers that the account has from the start: a short code, WhatsApp and RCS."""

from bot.sandbox.twilio.channel_senders import ChannelSender
from bot.sandbox.twilio.ledger import Ledger
from bot.sandbox.twilio.short_codes import ShortCode

SHORT_CODE = "SC" + "05" * 16
WHATSAPP_SENDER = "XE" + "06" * 16
RCS_SENDER = "XE" + "07" * 16
RCS_DRAFT = "XE" + "08" * 16

_CHANNELS = (
    (WHATSAPP_SENDER, "whatsapp:+15125550120", "Acme", "ONLINE"),
    (RCS_SENDER, "rcs:acme_agent", "Acme", "ONLINE"),
    (RCS_DRAFT, "rcs:acme_outlet", "Acme Outlet", "DRAFT"),
)


def fill(ledger: Ledger, at: float) -> None:
    """Add what is not there yet: nothing can take these away, so a state file without them is of before them."""
    codes, senders = ledger.table(ShortCode), ledger.table(ChannelSender)
    if codes.get(SHORT_CODE) is None:
        code = ShortCode(
            sid=SHORT_CODE,
            date_created=at,
            date_updated=at,
            short_code="20555",
            friendly_name="Acme alerts",
            in_start_state=True,
        )
        codes.add(code)
    for sid, sender_id, name, status in _CHANNELS:
        if senders.get(sid) is None:
            sender = ChannelSender(
                sid=sid,
                date_created=at,
                date_updated=at,
                sender_id=sender_id,
                name=name,
                status=status,
                in_start_state=True,
            )
            senders.add(sender)
