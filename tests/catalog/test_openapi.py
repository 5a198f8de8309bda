"""Every call that a plan would send, and every adopt read, is one that Twilio's OpenAPI description knows."""

from typing import Any

import pytest

from bot.plans.call import Call
from bot.plans.plan import Plan
from bot.plans.step import CallStep
from bot.sandbox.twilio import start_state
from tests.catalog.test_campaign_resubmit import rejected
from tests.catalog.world import CAMPAIGN, World
from tests.sandbox.openapi_checker import OpenApiChecker, openapi_checker

PLANS: list[tuple[str, dict[str, Any]]] = [
    ("service.create", {"friendly_name": "Acme", "inbound": "webhook", "inbound_request_url": "https://acme.example"}),
    ("number.search_and_buy", {"phone_numbers": "+15035550101", "service_sid": start_state.SUPPORT_SERVICE}),
    ("sender.add", {"service_sid": start_state.SUPPORT_SERVICE, "numbers": start_state.FREE_NUMBER}),
    ("campaign.register", CAMPAIGN),
    ("campaign.register", CAMPAIGN | {"opt_in_keywords": "JOIN", "opt_in_message": "Acme: welcome to our texts!"}),
]


@pytest.fixture(name="checker", scope="module")
def _checker() -> OpenApiChecker:
    return openapi_checker()


def problems(plan: Plan, checker: OpenApiChecker) -> list[str]:
    steps = [s for s in plan.steps if isinstance(s, CallStep)]
    assert len(steps) == len(plan.steps)
    results = {s.id: {"sid": _sid(s)} for s in steps}
    calls = [call for s in steps for call in (s.call, *([s.adopt.read] if s.adopt else []))]
    return [problem for call in calls for problem in _problems(call.resolved(results), checker)]


def _problems(call: Call, checker: OpenApiChecker) -> list[str]:
    params = {n: list(map(str, v)) if isinstance(v, tuple) else str(v) for n, v in call.params.items()}
    return checker.check(call.product, call.method, call.path, params, call.headers)


def _sid(step: CallStep) -> str:
    kinds = {"service": "MG", "name": "MG", "campaign": "QE"}
    return kinds.get(step.id, "PN") + "0" * 32


@pytest.mark.parametrize(("operation", "values"), PLANS)
async def test_every_call_is_known_to_the_openapi_description(
    world: World, checker: OpenApiChecker, operation: str, values: dict[str, Any]
) -> None:
    assert problems(await world.plan(operation, **values), checker) == []


async def test_a_resubmission_is_known_to_the_openapi_description(world: World, checker: OpenApiChecker) -> None:
    values = await rejected(world)
    plan = await world.plan("campaign.resubmit", **(values | {"message_flow": values["message_flow"] + " Always."}))
    assert problems(plan, checker) == []
