"""The client for Slack's Web API, whose calls are counted."""

import asyncio
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.watching.observer import NOBODY, Observer

THROTTLED = 429


class WatchedClient(AsyncWebClient):
    """Tells its observer of every call: which method, how it ended and how long it took; never what was said in it."""

    def __init__(self, *, observer: Observer = NOBODY, **options: Any) -> None:
        super().__init__(**options)
        self._observer = observer

    async def api_call(self, api_method: str, **options: Any) -> AsyncSlackResponse:
        """One call. Raises what the client raises."""
        began, outcome = asyncio.get_running_loop().time(), "given_up"
        try:
            answer = await super().api_call(api_method, **options)
            outcome = "ok"
            return answer
        except SlackApiError as error:
            outcome = "throttled" if error.response.status_code == THROTTLED else "refused"
            raise
        except (aiohttp.ClientError, TimeoutError, ConnectionError):
            outcome = "silent"
            raise
        finally:
            self._observer.slack_called(api_method, outcome, asyncio.get_running_loop().time() - began)
