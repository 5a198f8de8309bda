"""Messaging services: `service.create` and `service.update` (twilio.md section 1)."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Final

from bot.catalog import console
from bot.catalog.answers import edits, new_things
from bot.catalog.form import Ask, Values
from bot.catalog.found import chosen, found_service
from bot.catalog.operation import Context, Operation
from bot.catalog.rules import ServiceSid, flag
from bot.catalog.services import checks as service_checks
from bot.catalog.services.settings import (
    ALWAYS_ON,
    CONSOLE_ONLY,
    NAME_LIMIT,
    NAMES,
    ServiceSettings,
    autocreate_step,
    settings_of,
    wire,
)
from bot.plans.call import Call, Param, segment
from bot.plans.plan import Difference, Plan
from bot.plans.step import Adopt, CallStep, ManualStep, Step, Undo
from bot.twilio import reads
from bot.twilio.gateway import Account

URLS: Final = frozenset({"InboundRequestUrl", "FallbackUrl", "StatusCallback"})
"""What an empty text clears."""
_SERVICES: Final = "/v1/Services"


class ServiceCreate(ServiceSettings):
    """Every setting of a new messaging service."""

    page_titles = ("Name and inbound", "Delivery settings")


class ServiceUpdate(ServiceSettings):
    """The settings of a messaging service that exists, filled in from Twilio."""

    page_titles = ("Which service", "Name and inbound", "Delivery settings")
    starts = {"ServiceSettings": 1}  # noqa: RUF012  # declared as a class variable by Form

    service_sid: Annotated[
        ServiceSid, Ask("Messaging service", "Its settings are read from Twilio next.", "lookup", source="services")
    ]


def create_steps(
    settings: ServiceSettings, token: str, step_id: str = "service", rename_id: str = "name"
) -> tuple[Step, ...]:
    """The steps that make a service: later ones find its SID as `{service.sid}`.

    It is created under a name that only this change uses, so that a lost answer can be found again, and then named
    (twilio.md 11.7). `token` is that of the change. With Autocreate, a step for a person follows.
    """
    interim = interim_name(settings.friendly_name, token)
    made = f"{_SERVICES}/{{{step_id}.sid}}"
    read = Call(product="messaging", method="GET", path=made)
    create = CallStep(
        id=step_id,
        title=f"Create the messaging service, for now named “{interim}”",
        call=Call(
            product="messaging", method="POST", path=_SERVICES, params={**_new(settings), "FriendlyName": interim}
        ),
        adopt=Adopt(
            read=Call(product="messaging", method="GET", path=_SERVICES),
            items="services",
            match={"friendly_name": interim},
        ),
        keep=("sid", "friendly_name"),
        undo=Undo(
            title=f"Delete the messaging service “{settings.friendly_name}”",
            call=Call(product="messaging", method="DELETE", path=made),
            adopt=Adopt(read=read, gone=True),
        ),
    )
    rename = CallStep(
        id=rename_id,
        title=f"Name it “{settings.friendly_name}”",
        call=Call(product="messaging", method="POST", path=made, params={"FriendlyName": settings.friendly_name}),
        adopt=Adopt(read=read, match={"friendly_name": settings.friendly_name}),
        keep=("sid", "friendly_name"),
        skippable=f"the service keeps the name “{interim}”",
    )
    return (create, rename, *_by_hand(settings.inbound, settings.friendly_name, console.SERVICES))


def interim_name(name: str, token: str) -> str:
    """The name under which a service is created: unique, so that a lost answer can be found again (twilio.md 11.7)."""
    return f"{name[: NAME_LIMIT - len(token) - 1]} {token}"


async def _plan_create(form: ServiceCreate, context: Context) -> Plan:
    services = await reads.services(context.account)
    return Plan(
        operation="service.create",
        account=context.account.sid,
        title=f"Create the messaging service “{form.friendly_name}”",
        steps=create_steps(form, context.token),
        differences=new_things(form),
        findings=(*service_checks.of_name(form.friendly_name, services), *service_checks.of_new(form)),
    )


def _new(form: ServiceSettings) -> dict[str, str]:
    """The wire parameters of a new service; both inbound parameters are always explicit (twilio.md 0.17 and 1.4)."""
    asked = {NAMES[name]: wire(value) for name, value in form.answers().items() if name in NAMES and value is not None}
    # until a person has switched on Autocreate, the numbers answer for themselves
    defers = form.inbound in ("defer", "autocreate")
    return asked | {"UseInboundWebhookOnNumber": flag(defers)}


async def _plan_update(form: ServiceUpdate, context: Context) -> Plan:
    account = context.account
    service = await found_service(account, form.service_sid)
    before, answers = settings_of(service), form.answers()
    changed = {name: value for name, value in answers.items() if value != before[name]}
    others, around = await asyncio.gather(_same_names(account, form, changed), service_checks.read(account, service))
    params = _changed_params(form, changed)
    steps: list[Step] = [_update(service, form, params)] if params else []
    if "inbound" in changed:
        steps += _by_hand(form.inbound, form.friendly_name, console.service(service.sid))
    return Plan(
        operation="service.update",
        account=account.sid,
        title=f"Change {_named(changed)} of “{service.friendly_name}”",
        steps=tuple(steps),
        differences=(*edits(form, before, changed), *_webhook_goes(service, form, changed)),
        findings=(
            *service_checks.of_name(form.friendly_name, others),
            *service_checks.of_changes(service, form, changed, around),
        ),
    )


def _webhook_goes(service: reads.Service, form: ServiceUpdate, changed: Mapping[str, Any]) -> list[Difference]:
    """The inbound webhook that is cleared because another mode is chosen: it is no question of the form then."""
    if "inbound" not in changed or form.inbound in ("webhook", "autocreate") or not service.inbound_request_url:
        return []
    return [Difference(field="Inbound webhook", before=service.inbound_request_url, after=None)]


def _changed_params(form: ServiceUpdate, changed: Mapping[str, Any]) -> dict[str, str]:
    """What is sent: only what changed, so that nothing else is overwritten.

    The inbound mode is sent whole when it changes and not at all otherwise: sending it again could switch off
    Autocreate, which the API does not show.
    """
    sent = {NAMES[name]: wire(value) for name, value in changed.items() if name in NAMES}
    if {"inbound", "inbound_request_url"} & changed.keys() and form.inbound != "autocreate":
        sent["UseInboundWebhookOnNumber"] = flag(form.inbound == "defer")
        sent["InboundRequestUrl"] = form.inbound_request_url or "" if form.inbound == "webhook" else ""
    return sent


def _update(service: reads.Service, form: ServiceUpdate, params: Mapping[str, str]) -> CallStep:
    path = f"{_SERVICES}/{segment(service.sid)}"
    read = Call(product="messaging", method="GET", path=path)
    fields = {name: field for field, name in NAMES.items()}
    old = {name: wire(was) for name in params if (was := getattr(service, fields[name])) is not None or name in URLS}
    # where the numbers answer, what the service's own webhook was does not matter
    idle = {"inbound_request_url"} if form.inbound == "defer" else set()
    expected: dict[str, Param] = {fields[n]: v for n, v in params.items() if fields[n] not in idle}
    return CallStep(
        id="service",
        title=f"Write the changed settings of “{service.friendly_name}”",
        call=Call(product="messaging", method="POST", path=path, params=dict(params)),
        adopt=Adopt(read=read, match=expected),
        keep=("sid", "friendly_name"),
        # that an empty text clears a URL is not documented, so the answer has to show it (twilio.md 15.1)
        expect={name: "" for name, value in expected.items() if value == ""},
        undo=Undo(
            title=f"Give “{service.friendly_name}” its old settings back",
            call=Call(product="messaging", method="POST", path=path, params=dict(old)),
            adopt=Adopt(read=read, match={fields[n]: v for n, v in old.items()}),
        ),
    )


def _by_hand(inbound: str, name: str, link: str) -> tuple[ManualStep, ...]:
    return (autocreate_step("autocreate", name, link),) if inbound == "autocreate" else ()


async def _same_names(account: Account, form: ServiceUpdate, changed: Mapping[str, Any]) -> list[reads.Service]:
    if "friendly_name" not in changed:
        return []
    return [s for s in await reads.services(account) if s.sid != form.service_sid]


def _named(changed: Mapping[str, Any]) -> str:
    labels = [ServiceSettings.asks()[name].label for name in changed]
    return f"“{labels[0]}”" if len(labels) == 1 else f"{len(labels)} settings"


async def _prefill(values: Values, account: Account) -> dict[str, Any]:
    """The current settings of a service; what was typed already wins. Raises `CannotPlanError`."""
    service_sid = chosen(ServiceUpdate, "service_sid", values)
    return (settings_of(await found_service(account, service_sid)) if service_sid else {}) | dict(values)


_AUTOCREATE: Final = (
    "Autocreate a Conversation has no field in Twilio's API: Tenfour asks a person to switch it in Console. What the "
    "API offers instead is an address for each number: `/a2p-address create`."
)

OPERATIONS = (
    Operation(
        name="service.create",
        title="Create a messaging service",
        summary="A sender pool with one configuration, to which a campaign can be attached.",
        command="/a2p-service",
        word="create",
        form=ServiceCreate,
        plan=_plan_create,
        notes=(_AUTOCREATE, ALWAYS_ON, *CONSOLE_ONLY),
        next="Fill its pool with `/a2p-number buy` or `/a2p-sender add`, then `/a2p-campaign register`.",
    ),
    Operation(
        name="service.update",
        title="Change a messaging service",
        summary="Settings of a service, filled in as they stand; only what changes is written.",
        command="/a2p-service",
        word="update",
        form=ServiceUpdate,
        plan=_plan_update,
        prefill=_prefill,
        notes=(
            "An empty URL clears it. Undo writes the old values back.",
            "Sticky sender mappings are kept while the setting is off, and count again when it is on.",
            _AUTOCREATE,
            ALWAYS_ON,
            *CONSOLE_ONLY,
        ),
    ),
)
