"""The local Slack with a real Bolt app on the other end: the whole way, over Socket Mode and over signed HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.server import LocalSlack
from bot.sandbox.world import APP_TOKEN, BOT_ID, BOT_TOKEN, BOT_USER_ID, SIGNING_SECRET, TEAM_ID
from tests.sandbox.slack_fixtures import actions, button, field, home, modal, running, section


def bolt(slack: LocalSlack, session: aiohttp.ClientSession) -> AsyncApp:
    """A small bot: a command opens a form, the form posts a request, a button closes it."""
    client = AsyncWebClient(token=BOT_TOKEN, base_url=f"{slack.url}/api/", session=session, retry_handlers=[])

    async def authorize(**_: Any) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id=TEAM_ID, bot_token=BOT_TOKEN, bot_id=BOT_ID, bot_user_id=BOT_USER_ID
        )

    app = AsyncApp(client=client, authorize=authorize, signing_secret=SIGNING_SECRET, process_before_response=True)

    @app.command("/a2p-service")
    async def open_form(ack: Any, body: Any, client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal(field("name"), callback_id="form"))
        await ack()

    @app.command("/a2p")
    async def usage(ack: Any) -> None:
        await ack("Try `/a2p help`.")

    @app.command("/a2p-number")
    async def fail(ack: Any) -> None:
        raise RuntimeError("broken on purpose")

    @app.view("form")
    async def submitted(ack: Any, body: Any, client: AsyncWebClient) -> None:
        name = body["view"]["state"]["values"]["name"]["v"]["value"]
        if name == "Taken":
            await ack(response_action="errors", errors={"name": "That name is taken."})
            return
        await ack()
        blocks = [section(f"*{name}*"), actions(button("approve", value="142"))]
        await client.chat_postMessage(channel="C0APPROVALS", text=f"{name} waits for approval.", blocks=blocks)

    @app.action("approve")
    async def approved(ack: Any, body: Any, client: AsyncWebClient) -> None:
        await ack()
        text = f"Approved by <@{body['user']['id']}>."
        await client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text=text)

    @app.event("app_home_opened")
    async def opened(event: Any, client: AsyncWebClient) -> None:
        await client.views_publish(user_id=event["user"], view=home(section("Nothing waits for you.")))

    return app


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    """A local Slack with the Bolt app connected over Socket Mode."""
    async with running() as slack, aiohttp.ClientSession() as session:
        handler = AsyncSocketModeHandler(bolt(slack, session), APP_TOKEN)
        await handler.connect_async()  # type: ignore[no-untyped-call]
        await slack.wait_connected(5)
        yield slack
        await handler.close_async()  # type: ignore[no-untyped-call]


async def test_an_exception_before_the_ack_is_a_timeout_that_the_person_sees(slack: LocalSlack) -> None:
    delivery = await slack.command("U0RITA", "C0A2P", "/a2p-number", "buy")
    assert delivery.status == "timeout"
    assert slack.ephemerals("U0RITA")[0]["text"] == "/a2p-number failed with the error operation_timeout"


async def test_a_form_error_lands_on_its_field_and_leaves_the_modal_open(slack: LocalSlack) -> None:
    await slack.command("U0RITA", "C0A2P", "/a2p-service", "create")
    delivery = await slack.submit("U0RITA", {"name": "Taken"})
    assert delivery.errors == {"name": "That name is taken."}
    assert len(slack.views("U0RITA")) == 1


async def test_command_modal_message_click_and_update_work_in_one_go(slack: LocalSlack) -> None:
    opened = await slack.command("U0RITA", "C0A2P", "/a2p-service", "create")
    submitted = await slack.submit("U0RITA", {"name": "Acme alerts"})
    clicked = await slack.click("U0ANN", "approve")
    assert [opened.status, submitted.status, clicked.status] == ["acked", "acked", "acked"]
    assert slack.views("U0RITA") == []
    [message] = slack.messages("C0APPROVALS")
    assert message["text"] == "Approved by <@U0ANN>."
    assert "blocks" not in message
    assert [call.method for call in slack.calls()][-3:] == ["views.open", "chat.postMessage", "chat.update"]


async def test_the_text_of_an_ack_is_shown_to_the_person_alone(slack: LocalSlack) -> None:
    await slack.command("U0RITA", "C0A2P", "/a2p")
    assert slack.ephemerals("U0RITA", "C0A2P")[0]["text"] == "Try `/a2p help`."
    assert slack.ephemerals("U0ANN") == []
    assert slack.messages("C0A2P") == []


async def test_opening_home_publishes_it(slack: LocalSlack) -> None:
    assert (await slack.open_home("U0BOB")).status == "acked"
    view = await slack.until(lambda: slack.home("U0BOB"))
    assert view is not None
    assert view["blocks"][0]["text"]["text"] == "Nothing waits for you."


async def test_the_sdk_raises_slacks_own_error(slack: LocalSlack) -> None:
    client = AsyncWebClient(token=BOT_TOKEN, base_url=f"{slack.url}/api/", retry_handlers=[])
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel="C0NOWHERE", text="Hello")
    assert refused.value.response["error"] == "channel_not_found"


async def test_the_sdk_uploads_a_file(slack: LocalSlack) -> None:
    client = AsyncWebClient(token=BOT_TOKEN, base_url=f"{slack.url}/api/", retry_handlers=[])
    await client.files_upload_v2(channel="C0A2P", content="a,b\n1,2\n", filename="audit.csv", title="Audit")
    [message] = slack.messages("C0A2P")
    assert message["files"][0]["title"] == "Audit"


async def test_over_http_bolt_accepts_the_signature_and_refuses_a_forged_one() -> None:
    async with aiohttp.ClientSession() as session:
        slack = LocalSlack(http_target="http://127.0.0.1:1/slack/events")
        await slack.start()
        server = bolt(slack, session).server(port=0, path="/slack/events", host="127.0.0.1")
        runner = aiohttp.web.AppRunner(server.web_app)
        await runner.setup()
        await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
        slack.http_target = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"

        good = await slack.command("U0RITA", "C0A2P", "/a2p-service", "create")
        forged = await slack.deliver(good.payload, headers={"X-Slack-Signature": "v0=forged"})
        stale = await slack.deliver(good.payload, headers={"X-Slack-Request-Timestamp": "1700000000"})
        submitted = await slack.submit("U0RITA", {"name": "Acme alerts"})
        clicked = await slack.click("U0ANN", "approve")

        assert [good.status, submitted.status, clicked.status] == ["acked", "acked", "acked"]
        assert [forged.status, stale.status] == ["http_401", "http_401"]
        await runner.cleanup()
        await slack.stop()
