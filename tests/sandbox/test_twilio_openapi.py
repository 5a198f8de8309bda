"""The local Twilio is declared exactly as Twilio's OpenAPI files are, and answers in their shapes."""

import re
from typing import Any

import pytest

from bot.sandbox.twilio import start_conversations, start_senders, start_state
from bot.sandbox.twilio.campaigns import CAMPAIGN_SID
from bot.sandbox.twilio.endpoint import Endpoint
from bot.sandbox.twilio.server import endpoints
from bot.sandbox.twilio.wire import Boolean, Choice, Integer, Param, Sid
from tests.sandbox.openapi_checker import OpenApiChecker, openapi_checker
from tests.sandbox.twilio_account import CAMPAIGN, RESUBMISSION, Account, open_account

USA2P = "/v1/Services/{MessagingServiceSid}/Compliance/Usa2p"
PROFILE, PRODUCT = "BU" + "a1c0" * 8, "BU" + "a1a2" * 8

REQUIRED_BY_PRACTICE = {("POST", USA2P): {"PrivacyPolicyUrl", "TermsAndConditionsUrl"}}
"""Required since June 2026, still optional in the files (30933, 30934)."""

EXTERNAL = {"CampaignId": "CACME10", "MessagingServiceSid": start_state.SUPPORT_SERVICE, "CnpMigration": "false"}

PAGED_BY_THE_HELPER = {("GET", "/v1/a2p/BrandRegistrations/{BrandSid}/Vettings")}
"""Lists without paging in the files, to which Twilio's own helper sends it."""
PAGING_NAMES = {"PageSize", "Page", "PageToken"}

SENDERS = "/v2/Channels/Senders"
"""Described in a file of its own (messaging_v2), which is not among those at hand."""


@pytest.fixture(name="checker", scope="module")
def _checker() -> OpenApiChecker:
    return openapi_checker()


@pytest.mark.parametrize(
    "endpoint",
    [each for each in endpoints() if not each.path.startswith(SENDERS)],
    ids=lambda each: f"{each.method} {each.product}{each.path}",
)
def test_every_endpoint_takes_exactly_the_parameters_of_the_openapi_file(
    endpoint: Endpoint, checker: OpenApiChecker
) -> None:
    operation = checker.operation(endpoint.product, endpoint.method, endpoint.path)
    assert operation is not None, "no such operation"
    paged = (endpoint.method, endpoint.path) in PAGED_BY_THE_HELPER
    assert {param.name for param in endpoint.params} == set(operation.params) | (PAGING_NAMES if paged else set())
    assert set(endpoint.headers) == operation.headers
    stricter = REQUIRED_BY_PRACTICE.get((endpoint.method, endpoint.path), set())
    assert {param.name for param in endpoint.params if param.required} == operation.required | stricter
    declared = [(param, operation.params[param.name]) for param in endpoint.params if param.name in operation.params]
    assert [wrong for param, schema in declared if (wrong := _disagreement(param, schema))] == []


async def test_every_answer_has_the_fields_of_the_openapi_file(checker: OpenApiChecker) -> None:
    async with open_account() as account:
        problems = [
            f"{method} {product}{template}: {problem}"
            for product, method, template, status, body in await _answers(account)
            for problem in checker.check_response(product, method, template, status, body)
            # Live searches spell SMS and MMS in upper case, the files in lower case.
            if not re.search(r"available_phone_numbers\[\d+\]\.capabilities", problem)
        ]
    assert problems == []


@pytest.mark.parametrize(
    ("method", "path", "params", "headers", "problem"),
    [
        ("POST", "/v1/Service", {}, [], "unknown path"),
        ("DELETE", "/v1/Services", {}, [], "not defined"),
        ("POST", "/v1/Services", {}, [], "missing required parameter FriendlyName"),
        ("POST", "/v1/Services", {"FriendlyName": "a", "Colour": "red"}, [], "unknown parameter Colour"),
        ("POST", "/v1/Services", {"FriendlyName": "a", "StickySender": "True"}, [], "not true or false"),
        ("POST", "/v1/Services", {"FriendlyName": "a", "InboundMethod": "PUT"}, [], "not one of GET, POST"),
        ("POST", "/v1/Services", {"FriendlyName": ["a", "b"]}, [], "takes one value"),
        ("POST", f"/v1/Services/{'MG' + '1' * 32}/PhoneNumbers", {"PhoneNumberSid": "PN1"}, [], "not of the form"),
        ("GET", "/v1/Services/MG1/PhoneNumbers", {}, [], "not of the form"),
        ("GET", "/v1/Services", {"PageSize": "1001"}, [], "not from 1 to 1000"),
        ("GET", "/v1/Services", {}, ["X-Twilio-Api-Version"], "unknown header"),
    ],
)
def test_the_checker_names_what_is_wrong_with_a_request(
    checker: OpenApiChecker, method: str, path: str, params: dict[str, Any], headers: list[str], problem: str
) -> None:
    problems = checker.check("messaging", method, path, params, headers)
    assert len(problems) == 1
    assert problem in problems[0]


def test_the_checker_has_nothing_to_say_about_a_right_request(checker: OpenApiChecker) -> None:
    path = f"/v1/Services/{start_state.SUPPORT_SERVICE}/Compliance/Usa2p"
    assert checker.check("messaging", "POST", path, CAMPAIGN, ["X-Twilio-Api-Version"]) == []


def _disagreement(param: Param, schema: dict[str, Any]) -> str | None:
    kind = schema.get("type")
    says: dict[str, tuple[Any, Any]] = {
        "repeats": (param.repeats, kind == "array"),
        "boolean": (isinstance(param, Boolean), kind == "boolean"),
        "integer": (isinstance(param, Integer), kind == "integer"),
        "SID": (f"^{param.prefix}" if isinstance(param, Sid) else None, _prefix(schema)),
    }
    if "enum" in schema:
        says["choices"] = (list(param.choices) if isinstance(param, Choice) else None, schema["enum"])
    wrong = [f"{what}: {ours} here, {theirs} there" for what, (ours, theirs) in says.items() if ours != theirs]
    return f"{param.name} {wrong}" if wrong else None


def _prefix(schema: dict[str, Any]) -> str | None:
    """What a SID must begin with; None for what is no SID, and for the SID of anything."""
    match = re.match(r"\^[A-Z]{2}", schema.get("pattern", ""))
    return match[0] if match else None


async def _answers(account: Account) -> list[tuple[str, str, str, int, Any]]:
    """One right call of every endpoint, in an order that makes each of them possible."""
    service = await account.service()
    bought = await account.call("POST", _api("/IncomingPhoneNumbers.json"), {"PhoneNumber": "+14155550177"})
    number = bought.body["sid"]
    answers, made = [], dict[str, str]()
    for method, product, template, params in _calls(number):
        # Every path has one {Sid} at most; which SID it is follows from the resource before it.
        own = {"Services": service, "Usa2p": CAMPAIGN_SID, "PhoneNumbers": number, "Flows": start_state.FLEX_FLOW}
        own |= {"IncomingPhoneNumbers": number, "BrandRegistrations": start_state.FAILED_BRAND}
        own |= {"Accounts": start_state.ACCOUNT_SID, "EndUsers": "IT" + "a1b1" * 8}
        own |= {"CustomerProfiles": PROFILE, "TrustProducts": PRODUCT, "Addresses": start_conversations.FLEX_ADDRESS}
        own |= {"Services": start_conversations.FLEX_CONVERSATIONS} if product == "conversations" else {}
        own |= {"EntityAssignments": "BV" + ("a1b1" if "{CustomerProfileSid}" in template else "a1b5") * 8}
        own |= {"ShortCodes": start_senders.SHORT_CODE, "ChannelSenders": start_senders.WHATSAPP_SENDER, **made}
        path = template.format(
            Sid=own.get(template.split("/{Sid}")[0].rsplit("/", 1)[-1], ""),
            AccountSid=start_state.ACCOUNT_SID,
            CountryCode="US",
            IsoCountry="US",
            ServiceSid=service,
            MessagingServiceSid=service,
            CustomerProfileSid=PROFILE,
            TrustProductSid=PRODUCT,
        )
        version = {"X-Twilio-Api-Version": "v1.2"} if method == "POST" and "Usa2p" in template else None
        answer = await account.call(method, f"/{product}{path}", params, headers=version)
        answers.append((product, method, template, answer.status, answer.body or None))
        if method == "POST" and template.endswith(("AlphaSenders", "Messages.json")):
            made[template.rsplit("/", 1)[-1].removesuffix(".json")] = answer.body["sid"]
        if (method, template) == ("POST", USA2P):
            account.twilio.desk.reject(service, [30896])
    return answers


def _calls(number: str) -> list[tuple[str, str, str, dict[str, Any]]]:
    account, pool = "/2010-04-01/Accounts/{AccountSid}", "/v1/Services/{ServiceSid}"
    channels = "/v1/Services/{MessagingServiceSid}/ChannelSenders"
    owned, bundle = f"{account}/IncomingPhoneNumbers", "BU" + "1" * 32
    brand = {"CustomerProfileBundleSid": bundle, "A2PProfileBundleSid": bundle, "BrandType": "STANDARD"}
    return [
        ("POST", "messaging", "/v1/Services", {"FriendlyName": "Another"}),
        ("GET", "messaging", "/v1/Services", {}),
        ("GET", "messaging", "/v1/Services/Usecases", {}),
        ("GET", "messaging", "/v1/Services/{Sid}", {}),
        ("POST", "messaging", "/v1/Services/{Sid}", {"StickySender": "false"}),
        ("POST", "messaging", f"{pool}/PhoneNumbers", {"PhoneNumberSid": number}),
        ("GET", "messaging", f"{pool}/PhoneNumbers", {}),
        ("GET", "messaging", f"{pool}/PhoneNumbers/{{Sid}}", {}),
        ("DELETE", "messaging", f"{pool}/PhoneNumbers/{{Sid}}", {}),
        ("POST", "messaging", f"{pool}/ShortCodes", {"ShortCodeSid": start_senders.SHORT_CODE}),
        ("GET", "messaging", f"{pool}/ShortCodes", {}),
        ("GET", "messaging", f"{pool}/ShortCodes/{{Sid}}", {}),
        ("DELETE", "messaging", f"{pool}/ShortCodes/{{Sid}}", {}),
        ("POST", "messaging", f"{pool}/AlphaSenders", {"AlphaSender": "Acme"}),
        ("GET", "messaging", f"{pool}/AlphaSenders", {}),
        ("GET", "messaging", f"{pool}/AlphaSenders/{{Sid}}", {}),
        ("DELETE", "messaging", f"{pool}/AlphaSenders/{{Sid}}", {}),
        ("POST", "messaging", f"{pool}/DestinationAlphaSenders", {"AlphaSender": "Acme", "IsoCountryCode": "DE"}),
        ("GET", "messaging", f"{pool}/DestinationAlphaSenders", {}),
        ("GET", "messaging", f"{pool}/DestinationAlphaSenders/{{Sid}}", {}),
        ("DELETE", "messaging", f"{pool}/DestinationAlphaSenders/{{Sid}}", {}),
        ("POST", "messaging", channels, {"Sid": start_senders.WHATSAPP_SENDER}),
        ("GET", "messaging", channels, {}),
        ("GET", "messaging", f"{channels}/{{Sid}}", {}),
        ("DELETE", "messaging", f"{channels}/{{Sid}}", {}),
        ("POST", "messaging", "/v1/a2p/BrandRegistrations", brand),
        ("GET", "messaging", "/v1/a2p/BrandRegistrations", {}),
        ("GET", "messaging", "/v1/a2p/BrandRegistrations/{Sid}", {}),
        ("POST", "messaging", "/v1/a2p/BrandRegistrations/{Sid}", {}),
        ("GET", "messaging", f"{USA2P}/Usecases", {"BrandRegistrationSid": start_state.APPROVED_BRAND}),
        ("POST", "messaging", USA2P, CAMPAIGN),
        ("GET", "messaging", USA2P, {}),
        ("GET", "messaging", f"{USA2P}/{{Sid}}", {}),
        ("POST", "messaging", f"{USA2P}/{{Sid}}", RESUBMISSION),
        ("DELETE", "messaging", f"{USA2P}/{{Sid}}", {}),
        ("DELETE", "messaging", "/v1/Services/{Sid}", {}),
        ("GET", "api", "/2010-04-01/Accounts/{Sid}.json", {}),
        ("GET", "api", f"{account}/AvailablePhoneNumbers/{{CountryCode}}/Local.json", {"AreaCode": "415"}),
        ("GET", "api", f"{account}/AvailablePhoneNumbers/{{CountryCode}}/TollFree.json", {}),
        ("POST", "api", f"{owned}.json", {"PhoneNumber": "+14155550178"}),
        ("GET", "api", f"{owned}.json", {}),
        ("GET", "api", f"{account}/SMS/ShortCodes.json", {}),
        ("GET", "api", f"{account}/SMS/ShortCodes/{{Sid}}.json", {}),
        ("GET", "api", f"{owned}/{{Sid}}.json", {}),
        ("POST", "api", f"{owned}/{{Sid}}.json", {"FriendlyName": "Deliveries"}),
        ("DELETE", "api", f"{owned}/{{Sid}}.json", {}),
        ("POST", "messaging", "/v1/Services/PreregisteredUsa2p", EXTERNAL),
        ("POST", "api", f"{account}/Messages.json", {"To": "+15035550101", "From": "+14155550110", "Body": "Hello"}),
        ("GET", "api", f"{account}/Messages.json", {"To": "+15035550101"}),
        ("GET", "api", f"{account}/Messages/{{Sid}}.json", {}),
        ("GET", "pricing", "/v1/PhoneNumbers/Countries/{IsoCountry}", {}),
        ("GET", "pricing", "/v1/Messaging/Countries/{IsoCountry}", {}),
        ("GET", "conversations", "/v1/Configuration", {}),
        ("POST", "conversations", "/v1/Configuration", {"DefaultInactiveTimer": "PT1M"}),
        ("POST", "conversations", "/v1/Services", {"FriendlyName": "Acme chat"}),
        ("GET", "conversations", "/v1/Services", {}),
        ("GET", "conversations", "/v1/Services/{Sid}", {}),
        ("POST", "conversations", "/v1/Configuration/Addresses", {"Type": "sms", "Address": "+14155550178"}),
        ("GET", "conversations", "/v1/Configuration/Addresses", {}),
        ("GET", "conversations", "/v1/Configuration/Addresses/{Sid}", {}),
        ("POST", "conversations", "/v1/Configuration/Addresses/{Sid}", {"FriendlyName": "Front desk"}),
        ("DELETE", "conversations", "/v1/Configuration/Addresses/{Sid}", {}),
        ("GET", "flex-api", "/v1/Configuration", {}),
        ("GET", "studio", "/v2/Flows", {}),
        ("GET", "studio", "/v2/Flows/{Sid}", {}),
        ("GET", "trusthub", "/v1/CustomerProfiles", {}),
        ("GET", "trusthub", "/v1/CustomerProfiles/{Sid}", {}),
        ("GET", "trusthub", "/v1/CustomerProfiles/{CustomerProfileSid}/EntityAssignments", {}),
        ("GET", "trusthub", "/v1/CustomerProfiles/{CustomerProfileSid}/EntityAssignments/{Sid}", {}),
        ("GET", "trusthub", "/v1/TrustProducts", {}),
        ("GET", "trusthub", "/v1/TrustProducts/{Sid}", {}),
        ("GET", "trusthub", "/v1/TrustProducts/{TrustProductSid}/EntityAssignments", {}),
        ("GET", "trusthub", "/v1/TrustProducts/{TrustProductSid}/EntityAssignments/{Sid}", {}),
        ("GET", "trusthub", "/v1/EndUsers", {}),
        ("GET", "trusthub", "/v1/EndUsers/{Sid}", {}),
    ]


def _api(tail: str) -> str:
    return f"/api/2010-04-01/Accounts/{start_state.ACCOUNT_SID}{tail}"
