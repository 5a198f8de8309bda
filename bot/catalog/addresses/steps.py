"""Steps about Conversations addresses, for the operations here and for chains that hold them (twilio.md section 3)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bot.catalog.addresses.settings import Settings, settings_of
from bot.plans.call import Call, Param, Ref, segment
from bot.plans.step import Adopt, CallStep, Undo
from bot.twilio.reads_conversations import ADDRESSES, WHATSAPP, Address, address_path

CONFLICT: Final = 20409
_EXISTS = (
    "This number has got an address meanwhile. Abandon this change, look at it with `/a2p-address list`, and change "
    "it with `/a2p-address update`."
)
_NOT_MATCHED = frozenset({"AutoCreation.WebhookMethod", "AutoCreation.WebhookFilters"})
"""What Twilio may show in another case or order than it was sent."""


def address_step(
    step_id: str,
    number: str | Ref,
    settings: Settings,
    *,
    channel: str = "sms",
    shown: str = "",
    more: Mapping[str, str] = MappingProxyType({}),
) -> CallStep:
    """The step that creates the address of a number (E.164, or a reference to what a purchase keeps of it).

    `shown` is the number in words where `number` is a reference. `more` are further parameters, as `FriendlyName`.
    One that stands already with the same settings counts as done; Twilio allows one address a number.
    """
    address = number if isinstance(number, Ref) else f"{WHATSAPP}{number}" if channel == "whatsapp" else number
    name = shown or str(number)
    read = Call(product="conversations", method="GET", path=address_path(_in_path(address)))
    made = address_path(f"{{{step_id}.sid}}")
    return CallStep(
        id=step_id,
        title=f"Create the {_channel(channel)} address of {name}",
        call=Call(
            product="conversations",
            method="POST",
            path=ADDRESSES,
            params={"Type": channel, "Address": address, **more, **settings},
        ),
        adopt=Adopt(read=read, match={"type": channel, **_match(settings, _NOT_MATCHED)}),
        already_done=(CONFLICT,),
        keep=("sid", "address"),
        expect=_expected(settings),
        advice={409: _EXISTS},
        undo=Undo(
            title=f"Delete the {_channel(channel)} address of {name}",
            call=Call(product="conversations", method="DELETE", path=made),
            adopt=Adopt(read=Call(product="conversations", method="GET", path=made), gone=True),
        ),
        skippable=f"{name} has no address: its own webhook or its service answers it, if anything does",
    )


def verify_address_step(
    step_id: str, number: str | Ref, kind: str = "studio", *, flow_sid: str = "", shown: str = ""
) -> CallStep:
    """The step that reads the address of a number and fails unless it makes conversations in this way (45760-45764)."""
    wanted = {"auto_creation.enabled": "true", "auto_creation.type": kind}
    if flow_sid:
        wanted["auto_creation.studio_flow_sid"] = flow_sid
    read = Call(product="conversations", method="GET", path=address_path(_in_path(number)))
    return CallStep(
        id=step_id,
        title=f"Check that the address of {shown or number} makes conversations",
        call=read,
        adopt=Adopt(read=read, match=dict(wanted)),
        keep=("sid", "address"),
        expect=wanted,
        advice={404: "It has no address. Create it with `/a2p-address create`, then try again."},
    )


def update_address_step(
    step_id: str, address: Address, settings: Settings, more: Mapping[str, str] = MappingProxyType({})
) -> CallStep:
    """The step that writes new settings of an address; undo writes the old ones back."""
    path, before = (
        address_path(segment(address.sid)),
        {**_named_before(address, more), **settings_of(address.auto_creation)},
    )
    read = Call(product="conversations", method="GET", path=path)
    return CallStep(
        id=step_id,
        title=f"Change the address of {address.address}",
        call=Call(product="conversations", method="POST", path=path, params={**more, **settings}),
        adopt=Adopt(read=read, match=_match({**more, **settings})),
        keep=("sid", "address"),
        expect=_expected(settings),
        undo=Undo(
            title=f"Give the address of {address.address} its old settings back",
            call=Call(product="conversations", method="POST", path=path, params=before),
            adopt=Adopt(read=read, match=_match(before)),
        ),
    )


def delete_address_step(step_id: str, address: Address, *, until: str = "") -> CallStep:
    """The step that deletes an address; undo creates it again as it was, under a new SID.

    Not after the step `until`, which takes away the number.
    """
    path = address_path(segment(address.sid))
    named = {"FriendlyName": address.friendly_name} if address.friendly_name else {}
    country = {"AddressCountry": address.address_country} if address.address_country else {}
    again = address_step(
        f"{step_id}_again",
        address.number,
        settings_of(address.auto_creation),
        channel=address.type,
        more={**named, **country},
    )
    return CallStep(
        id=step_id,
        title=f"Delete the {_channel(address.type)} address of {address.number}",
        call=Call(product="conversations", method="DELETE", path=path),
        adopt=Adopt(read=Call(product="conversations", method="GET", path=path), gone=True),
        keep=(),
        undo=Undo(
            until=until,
            title=f"{again.title} again, as it was",
            call=again.call,
            adopt=again.adopt,
            already_done=again.already_done,
        ),
    )


def _match(params: Mapping[str, Param], without: frozenset[str] = frozenset()) -> dict[str, Param]:
    """How the parameters show in the answer."""
    shown: dict[str, Param] = {}
    for name, value in params.items():
        if name not in without:
            upper = name == "AutoCreation.WebhookMethod" and isinstance(value, str)
            shown[_field(name)] = str(value).upper() if upper else value
    return shown


def _expected(settings: Settings) -> dict[str, str]:
    return {_field(n): str(v) for n, v in settings.items() if n in ("AutoCreation.Enabled", "AutoCreation.Type")}


def _field(name: str) -> str:
    """`AutoCreation.StudioFlowSid` as `auto_creation.studio_flow_sid`."""
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
    return ".".join(part.strip("_") for part in snake.split("."))


def _named_before(address: Address, more: Mapping[str, str]) -> dict[str, str]:
    return {"FriendlyName": address.friendly_name or ""} if "FriendlyName" in more else {}


def _in_path(value: str | Ref) -> str:
    return str(value) if isinstance(value, Ref) else segment(value)


def _channel(channel: str) -> str:
    return {"sms": "SMS", "whatsapp": "WhatsApp"}.get(channel, channel)
