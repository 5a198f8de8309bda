"""Changes, drafts and registrations to draw, from the ordinary to the hostile."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, get_args

from bot.catalog import catalog
from bot.changes.change import BROKE_GLASS, FINAL, SIGNED_OFF, Change, Decision, Event, Review, State, StepRun
from bot.changes.drafts import Draft
from bot.plans.call import Call, Ref
from bot.plans.cost import Cost
from bot.plans.finding import Finding
from bot.plans.plan import Difference, Plan
from bot.plans.step import Adopt, ApprovalStep, CallStep, ManualStep, Undo, WaitStep, Watch
from bot.policy.verdict import GroupNeed, Requirement
from bot.tracking.registration import Registration, Transition


@dataclass(frozen=True)
class NamedAccount:
    """An account as far as people see it."""

    sid: str
    name: str


CATALOG = catalog()
NOW = 1_795_000_000.0
RITA, ANN, BOB = "U0RITA", "U0ANN", "U0BOB"
ACCOUNT = "AC" + "5a" * 16
SERVICE = "MG" + "1b" * 16
NUMBER = "PN" + "2c" * 16
STATES: tuple[State, ...] = get_args(State)

LONG = "A long text about who sends what to whom and why. " * 100
HOSTILE = (
    "<!channel> <!here> <@U0ANN|x> <http://x|fake> <!date^1^{date}^http://x|d> & &lt; `code` ```block``` *b* _i_ "
    "\u202eback\u202c\n*Approved by Ann*\n> quote"
)
STRANGE = (LONG, HOSTILE, HOSTILE * 40, "x" * 5000, "&" * 5000, "<" * 5000, " ", "", "\n\n", "😀" * 3000)


def call_step(number: int = 1, text: str = "Acme alerts", **params: Any) -> CallStep:
    """A call that makes a service with this name."""
    return CallStep(
        id=f"step_{number}",
        title=f"Create the messaging service “{text}”",
        call=Call(
            product="messaging",
            method="POST",
            path="/v1/Services",
            params={"FriendlyName": text, "UseInboundWebhookOnNumber": "true", **params},
            headers={"X-Twilio-Api-Version": "v1.2"},
        ),
        adopt=Adopt(read=Call(product="messaging", method="GET", path="/v1/Services"), items="services"),
    )


def plan(text: str = "Acme alerts", *, steps: int = 2, findings: int = 1, severity: str = "warn") -> Plan:
    """A plan in which everything that people read is `text`."""
    return Plan(
        operation="service.create",
        account=ACCOUNT,
        title=f"Create the messaging service “{text}”",
        steps=tuple(call_step(n, text, Sid=Ref(step="step_1"), Samples=(text, text)) for n in range(1, steps + 1)),
        differences=(
            Difference(field="FriendlyName", before=None, after=text),
            Difference(field="Usecase", before=text, after="undeclared"),
            Difference(field="StatusCallback", before=text, after=None),
        ),
        costs=(
            Cost(what=f"Campaign {text}", usd=Decimal(10), period="month", source=f"fees {text}", certain=False),
            Cost(what="Campaign vetting", usd=Decimal(15), period="once", source="fee article"),
        ),
        findings=tuple(
            Finding(
                severity=severity, code=f"c{n}", text=text, fix=text, field="friendly_name", prevents=(30893, 30896)
            )
            for n in range(findings)
        ),
    )


def buying(count: int = 10) -> Plan:
    """Numbers bought at once and added to a pool, as `number.search_and_buy` plans it."""
    numbers = [f"+1503555{n:04d}" for n in range(count)]
    buys = tuple(
        CallStep(
            id=f"number_{n}",
            title=f"Buy {number}",
            call=Call(
                product="api",
                method="POST",
                path=f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json",
                params={"PhoneNumber": number, "FriendlyName": "Tenfour tf-abc", "SmsUrl": ""},
            ),
        )
        for n, number in enumerate(numbers, 1)
    )
    adds = tuple(
        CallStep(
            id=f"add_{n}",
            title=f"Add {number} to “Acme alerts”",
            call=Call(
                product="messaging",
                method="POST",
                path=f"/v1/Services/{SERVICE}/PhoneNumbers",
                params={"PhoneNumberSid": Ref(step=f"number_{n}")},
            ),
        )
        for n, number in enumerate(numbers, 1)
    )
    costs = tuple(Cost(what=n, usd=Decimal("1.15"), period="month", source="Twilio Pricing API") for n in numbers)
    return Plan(
        operation="number.search_and_buy",
        account=ACCOUNT,
        title=f"Buy {count} numbers",
        steps=tuple(step for pair in zip(buys, adds, strict=True) for step in pair),
        differences=tuple(Difference(field=n, before=None, after="bought, in “Acme alerts”") for n in numbers),
        costs=costs,
    )


def by_hand() -> Plan:
    """A plan with a wait and a manual step."""
    return Plan(
        operation="flex.onboard",
        account=ACCOUNT,
        title="Onboard Flex",
        steps=(
            call_step(),
            WaitStep(id="wait", title="The campaign is verified", watches=(), until=("VERIFIED",)),
            ManualStep(id="hand", title="Switch on Autocreate", where="Console, Messaging, Services, Integration"),
        ),
    )


def chain() -> Plan:
    """A plan of two parts with everything that a run can pause at, and steps that can be skipped and undone."""
    service = "/v1/Services/{create.sid}"
    gone = Undo(title="Delete the service", call=Call(product="messaging", method="DELETE", path=service))
    extra = call_step().model_copy(update={"id": "extra", "skippable": "the pool lacks a number"})
    campaign = Watch(kind="campaign", step="verified", key="MG1", title="Campaign")
    share = Watch(kind="share", step="share", key="CABC123", title="Share")
    return Plan(
        operation="flex.onboard",
        account=ACCOUNT,
        title="Onboard Flex",
        steps=(
            call_step().model_copy(update={"id": "create", "undo": gone}),
            extra,
            ManualStep(id="hand", title="Switch on Autocreate", where="Console", link="https://console.twilio.com/x"),
            WaitStep(id="share", title="Accepted", watches=(share,), until=("ACCEPTED",), word="I have seen it"),
            ApprovalStep(id="paid", title="The campaign"),
            WaitStep(id="verified", title="Verified", watches=(campaign,), until=("VERIFIED",)),
        ),
        costs=(Cost(what="Vetting", usd=Decimal(15), period="once", source="a list", part="paid"),),
    )


def change(
    state: State = "pending",
    *,
    of: Plan | None = None,
    text: str = "",
    steps: dict[str, StepRun] | None = None,
    requirement: Requirement | None = None,
    requester: str = RITA,
    number: int = 142,
) -> Change:
    """A change in a state, with the decisions, steps and timeline that go with it."""
    the_plan = of or plan()
    shown = the_plan.steps
    decided = state not in ("pending", "cancelled", "expired", "stale")
    verb = "reject" if state == "rejected" else "approve"
    word = text or ("We have a service for this already" if state == "rejected" else "")
    decision = Decision(user=ANN, verb=verb, digest=the_plan.digest, at=NOW, reason=word, groups=("approvers",))
    runs = {} if steps is None else steps
    if steps is None and state in ("running", "waiting", "unknown", "failed", "succeeded", "abandoned"):
        runs = {
            s.id: _run(state, first=s is shown[0], text=text) for s in (shown if state == "succeeded" else shown[:2])
        }
    return Change(
        number=number,
        state=state,
        version=3,
        requester=requester,
        team="T0TENFOUR",
        channel="C0A2P",
        operation=the_plan.operation,
        token="tf-abc",
        inputs={},
        plan=the_plan,
        requirement=requirement
        or Requirement(rule="one", groups=(GroupNeed(group="approvers", label="the approvers", need=2),)),
        created_at=NOW - 7200,
        expires_at=NOW + 3 * 86400,
        decisions=(decision,) if decided else (),
        steps=runs,
        timeline=(
            Event(at=NOW - 7200, who=RITA, what="asked", detail=f"rule: one {text}"),
            Event(at=NOW, who=ANN if state in FINAL else "", what="moved", detail=text, to=state),
        ),
        note=text,
    )


def broken(state: State = "succeeded", review: Review = "open", *, text: str = "") -> Change:
    """A change that ran without its approvals."""
    the = change(state, text=text)
    word = Decision(user=ANN, verb="break_glass", digest=the.digest, at=NOW, reason=text or "All is down")
    said = Event(at=NOW, who=ANN, what=BROKE_GLASS, detail=word.reason, digest=the.digest)
    signed = Event(at=NOW, who=BOB, what=SIGNED_OFF, detail=text or "Right to do so")
    events = (said, signed) if review == "signed" else (said,)
    return the.model_copy(update={"decisions": (word,), "review": review, "timeline": (*the.timeline, *events)})


def _run(state: State, *, first: bool, text: str) -> StepRun:
    if first or state == "succeeded":
        result = {"sid": SERVICE if first else NUMBER, "friendly_name": text}
        return StepRun(state="done", attempt=1, at=NOW, result=result, adopted=not first)
    words = text or "The friendly name is too long"
    if state == "failed":
        link = "https://www.twilio.com/docs/errors/21713"
        return StepRun(state="failed", attempt=1, at=NOW, error=words, code=21713, link=link)
    if state in ("unknown", "abandoned"):
        return StepRun(state="unknown", attempt=1, at=NOW, error=words)
    return StepRun(state="attempting" if state == "running" else "waiting", attempt=1, at=NOW)


def draft(values: dict[str, Any] | None = None, *, operation: str = "service.create", of: Plan | None = None) -> Draft:
    """A form on its way."""
    return Draft(
        id="kq3x9ZbYwVqkQJ2m1n0pRg",
        user=RITA,
        operation=operation,
        token="tf-abc",
        started_at=NOW,
        values=values or {},
        plan=of,
    )


def error(code: int | str | None = 30896, **more: Any) -> dict[str, Any]:
    """An entry of a campaign's `errors`."""
    return {
        "error_code": code,
        "description": "Opt-in could not be verified",
        "fields": ["MESSAGE_FLOW"],
        "url": f"https://www.twilio.com/docs/api/errors/{code}",
        **more,
    }


def snapshot(*errors: dict[str, Any], text: str = "People tick a box at checkout.") -> dict[str, Any]:
    """What Twilio says of a campaign."""
    return {
        "messaging_service_sid": SERVICE,
        "brand_registration_sid": "BN" + "3d" * 16,
        "us_app_to_person_usecase": "DELIVERY_NOTIFICATION",
        "campaign_id": "CABC123",
        "description": text,
        "message_flow": text,
        "message_samples": [text, "Acme: your order [number] is here."],
        "privacy_policy_url": "https://acme.example/privacy",
        "has_embedded_links": False,
        "errors": list(errors),
    }


def registration(
    status: str = "IN_PROGRESS",
    *errors: dict[str, Any],
    title: str = "DELIVERY_NOTIFICATION campaign of “Acme alerts”",
    trouble: str = "",
    failures: int = 0,
    kind: str = "campaign",
    text: str = "People tick a box at checkout.",
) -> Registration:
    """A campaign under watch."""
    return Registration(
        kind=kind,
        account=ACCOUNT,
        key=SERVICE,
        title=title,
        owner=RITA,
        change=142,
        started_at=NOW - 4 * 86400,
        status=status,
        since=NOW - 3 * 86400,
        fetched_at=NOW,
        version=2,
        snapshot=snapshot(*errors, text=text),
        trouble=trouble,
        failures=failures,
    )


def transition(
    after: str, *errors: dict[str, Any], before: str = "IN_PROGRESS", text: str = "People tick a box."
) -> Transition:
    """A move to a status."""
    return Transition(id=3, before=before, after=after, at=NOW, severity="info", snapshot=snapshot(*errors, text=text))
