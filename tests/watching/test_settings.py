"""Settings for those who run the bot: bad ones are named, with what to do."""

import pytest

from bot.settings import SettingsProblem, load_settings

GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-1-2-three",
    "SLACK_SIGNING_SECRET": "0123456789abcdef",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "0123456789abcdef0123456789abcdef",
    "TENFOUR_APPROVALS_CHANNEL": "C0123456789",
}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TENFOUR_OPS_PORT", "3000", "must be another port than PORT"),
        ("TENFOUR_OPS_PORT", "0", "must be a port from 1 to 65535"),
        ("TENFOUR_LOG_LEVEL", "loud", "must be one of debug, info, warning, error"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "must be an http:// or https:// address"),
    ],
)
def test_a_bad_setting_is_named(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsProblem, match=words) as problem:
        load_settings({**GOOD, name: value})
    assert problem.value.lines[0].startswith(name)


def test_nothing_listens_for_operators_unless_that_is_wanted() -> None:
    settings = load_settings(GOOD)
    assert (settings.ops_port, settings.log_level, settings.otlp_endpoint) == (None, "info", None)
    assert load_settings({**GOOD, "TENFOUR_LOG_LEVEL": "DEBUG"}).log_level == "debug"
