"""What has happened between two moments of an account, as Event Streams tells it (reference: section 8.1)."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from bot.sandbox.twilio.brands import Brand
from bot.sandbox.twilio.event_data import brand_data, campaign_data, number_data
from bot.sandbox.twilio.event_types import BRAND, CAMPAIGN, DEREGISTRATION, REGISTRATION
from bot.sandbox.twilio.pictures import CampaignPicture, NumberPicture, Picture

_IDENTITIES = {"UNVERIFIED": "brand-unverified", "VETTED_VERIFIED": "brand-vetted-verified"}


class Happening(NamedTuple):
    """One event before it has an envelope; `data` is that of the newest version of its schema."""

    type: str
    data: dict[str, Any]


def between(account_sid: str, before: Picture, now: Picture, at: float) -> list[Happening]:
    """What has happened, in an order in which it may have happened."""
    return [
        *_of_brands(account_sid, before, now),
        *_of_campaigns(account_sid, before, now, at),
        *_of_numbers(account_sid, before, now, at),
    ]


def _of_brands(account_sid: str, before: Picture, now: Picture) -> Iterator[Happening]:
    decided = {
        vetting.brand_sid: vetting.vetting_status
        for sid, vetting in now.vettings.items()
        if vetting.vetting_status in {"SUCCESS", "FAILED"}
        and (sid not in before.vettings or before.vettings[sid].vetting_status != vetting.vetting_status)
    }
    for sid, brand in now.brands.items():
        for name in _brand_events(before.brands.get(sid), brand, decided.get(sid)):
            yield Happening(f"{BRAND}{name}", brand_data(account_sid, brand, name))


def _brand_events(before: Brand | None, now: Brand, vetting: str | None) -> Iterator[str]:
    status, identity = (before.status, before.identity_status) if before else ("PENDING", None)
    if now.status == "FAILED" and (status != "FAILED" or (before is not None and before.errors != now.errors)):
        yield "brand-failure"
    if now.status == "APPROVED":
        if status != "APPROVED":
            yield "brand-registered"
        renewed = vetting == "SUCCESS" and now.identity_status == "VETTED_VERIFIED"
        if status != "APPROVED" or identity != now.identity_status or renewed:
            yield _IDENTITIES.get(now.identity_status or "", "brand-verified")
    if vetting == "FAILED":
        yield "brand-secondary-vetting-failure"


def _of_campaigns(account_sid: str, before: Picture, now: Picture, at: float) -> Iterator[Happening]:
    def told(name: str, about: CampaignPicture) -> Happening:
        return Happening(f"{CAMPAIGN}{name}", campaign_data(account_sid, about, name, at))

    for ordinal, gone in before.campaigns.items():
        if ordinal not in now.campaigns:
            if gone.status == "SUSPENDED":  # no call deletes one: Twilio itself does, and says so first
                yield told("suspended-campaign-delete-submitted", gone)
            yield told("campaign-deleted", gone)
    for ordinal, campaign in now.campaigns.items():
        earlier = before.campaigns.get(ordinal)
        for name in _campaign_events(earlier, campaign):
            yield told(name, campaign)


def _campaign_events(before: CampaignPicture | None, now: CampaignPicture) -> Iterator[str]:
    anew = before is None or before.campaign.submitted_at != now.campaign.submitted_at
    waited = before is None or before.status == "PENDING"
    if (anew or waited) and now.status in {"IN_PROGRESS", "VERIFIED", "FAILED"} and not now.failed_at_intake:
        yield "campaign-submitted"
    if before is not None and not anew and (before.status, before.errors) == (now.status, now.errors):
        return
    if now.status == "VERIFIED":
        yield "campaign-approved"
    if now.status == "FAILED":
        yield "campaign-failure"


def _of_numbers(account_sid: str, before: Picture, now: Picture, at: float) -> Iterator[Happening]:
    for sid, number in now.numbers.items():
        for name, about in _number_events(before.numbers.get(sid), number):
            yield Happening(name, number_data(account_sid, about, name, at))
    for sid, gone in before.numbers.items():
        if sid not in now.numbers and (gone.leaves or gone.state == "REGISTERED"):
            # Nobody can be asked about a number that was given back: it goes through at once.
            for name in ([] if gone.leaves else [f"{DEREGISTRATION}pending"]) + [f"{DEREGISTRATION}successful"]:
                yield Happening(name, number_data(account_sid, gone, name, at))


def _number_events(before: NumberPicture | None, now: NumberPicture) -> Iterator[tuple[str, NumberPicture]]:
    leaves, state, place = (before.leaves, before.state, before.campaign) if before else (False, "UNREGISTERED", 0)
    same = (leaves, state, place) == (now.leaves, now.state, now.campaign)
    if same and (before is None or before.code == now.code):
        return
    if now.leaves:
        yield f"{DEREGISTRATION}{'failed' if now.state == 'FAILURE' else 'pending'}", now
        return
    if before is not None and (leaves or (state == "REGISTERED" and now.state == "UNREGISTERED")):
        yield f"{DEREGISTRATION}successful", before
    names = {"PENDING_REGISTRATION": "pending", "REGISTERED": "successful", "FAILURE": "failed"}
    if now.state in names:
        yield f"{REGISTRATION}{names[now.state]}", now
