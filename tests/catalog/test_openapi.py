"""Every call that a plan would send, and every adopt read, is one that Twilio's OpenAPI description knows."""

import pytest

from bot.plans.call import Call
from bot.plans.plan import Plan
from bot.plans.step import CallStep, Step
from tests.catalog.examples import EXAMPLES, Example
from tests.catalog.world import World
from tests.sandbox.openapi_checker import OpenApiChecker, openapi_checker

HUB = {
    "CustomerProfiles": "BU",
    "TrustProducts": "BU",
    "EndUsers": "IT",
    "SupportingDocuments": "RD",
    "Addresses.json": "AD",
    "EntityAssignments": "BV",
    "Evaluations": "EL",
    "BrandRegistrations": "BN",
    "Sinks": "DG",
    "Subscriptions": "DF",
}


@pytest.fixture(name="checker", scope="module")
def _checker() -> OpenApiChecker:
    return openapi_checker()


def problems(plan: Plan, checker: OpenApiChecker) -> list[str]:
    steps = [s for s in plan.steps if isinstance(s, CallStep)]
    number = {"phone_number": "+15035550101", "address": "+15035550101"}
    results = {s.id: {"sid": _sid(s), **number} for s in plan.steps}
    sent = [(s.call, s.adopt) for s in steps] + [(s.undo.call, s.undo.adopt) for s in steps if s.undo]
    calls = [call for each, adopt in sent for call in (each, *([adopt.read] if adopt else []))]
    return [problem for call in calls for problem in _problems(call.resolved(results), checker)]


def _problems(call: Call, checker: OpenApiChecker) -> list[str]:
    params = {n: list(map(str, v)) if isinstance(v, tuple) else str(v) for n, v in call.params.items()}
    return checker.check(call.product, call.method, call.path, params, call.headers)


def _sid(step: Step) -> str:
    kinds = {"service": "MG", "name": "MG", "campaign": "QE", "message": "SM", "sink": "DG"}
    made = step.call.path.rsplit("/", 1)[-1] if isinstance(step, CallStep) else ""
    if made in HUB:
        return HUB[made] + "0" * 32
    alpha = isinstance(step, CallStep) and "AlphaSenders" in step.call.path
    return ("AI" if alpha else kinds.get(step.id, "PN")) + "0" * 32


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.operation)
async def test_every_call_is_known_to_the_openapi_description(
    world: World, checker: OpenApiChecker, example: Example
) -> None:
    assert problems(await example.plan(world), checker) == []
