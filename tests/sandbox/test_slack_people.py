"""People come, leave and become guests while everybody works on."""

from bot.sandbox.world import Person
from tests.sandbox.slack_fixtures import connected

AWAY = Person("U0AWAY", "away", "Away Partner", "", "808080", is_stranger=True, team_id="T0ELSEWHERE")


async def test_what_slack_says_of_people_follows_them() -> None:
    async with connected() as app:
        app.slack.meet(AWAY, "C0A2P")
        away = (await app.form("users.info", user=AWAY.id))["user"]
        assert (away["is_stranger"], away["team_id"]) == (True, "T0ELSEWHERE")
        assert AWAY.id in (await app.form("conversations.members", channel="C0A2P"))["members"]
        url, change = f"{app.slack.url}/_sandbox/person", {"user": "U0ANN", "deleted": True}
        assert (await app.post(url, change))[0] == 200
        ann = (await app.form("users.info", user="U0ANN"))["user"]
        assert ann["deleted"]
        assert "is_restricted" not in ann, "nothing more is said of somebody who was deactivated"
        assert (await app.post(url, {"user": "U0ANN", "name": "bob"}))[0] == 400
        assert (await app.form("users.info", user="U0NOBODY"))["error"] == "user_not_found"
