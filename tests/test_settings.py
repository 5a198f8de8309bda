"""What a person is told about settings, and that no secret is ever told."""

import os
import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import ValidationError

from bot.settings import Settings, SettingsProblem, encryption_keys, load_settings
from bot.settings_page import render_docs

REPOSITORY = Path(__file__).parent.parent

GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-sandbox",
    "SLACK_APP_TOKEN": "xapp-sandbox",
    "TWILIO_ACCOUNT_SID": "AC" + "5a" * 16,
    "TWILIO_AUTH_TOKEN": "sandbox-auth-token",
    "TENFOUR_APPROVALS_CHANNEL": "C0APPROVALS",
}


def problem_with(**changes: str) -> str:
    with pytest.raises(SettingsProblem) as caught:
        load_settings({**GOOD, **changes})
    return str(caught.value)


def test_an_empty_environment_names_every_missing_setting_at_once() -> None:
    with pytest.raises(SettingsProblem) as caught:
        load_settings({})
    assert [line.partition(":")[0] for line in caught.value.lines] == [
        "SLACK_APP_TOKEN",
        "SLACK_BOT_TOKEN",
        "TENFOUR_APPROVALS_CHANNEL",
        "TWILIO_ACCOUNT_SID",
        "TWILIO_API_KEY",
    ]


def test_every_line_says_how_to_get_the_setting() -> None:
    with pytest.raises(SettingsProblem) as caught:
        load_settings({})
    assert all("How to get it: " in line for line in caught.value.lines)


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("TENFOUR_SLACK_CONNECTIONS", "0", "must be from 1 to 10, the most that Slack allows"),
        ("TENFOUR_SLACK_CONNECTIONS", "11", "must be from 1 to 10, the most that Slack allows"),
        ("TENFOUR_PATH_PREFIX", "tenfour", "must be a path such as /tenfour"),
        ("TENFOUR_PATH_PREFIX", "/a/{b}", "must be a path such as /tenfour"),
        ("TENFOUR_TRUSTED_PROXIES", "10.0.0.0/8, 10.0.0.1/8", "'10.0.0.1/8' is no network such as 10.0.0.0/8"),
        ("SLACK_BOT_TOKEN", "xoxp-user-token", "must start with xoxb-"),
        ("SLACK_BOT_TOKEN", "", "missing"),
        ("SLACK_BOT_TOKEN", "   ", "missing"),
        ("SLACK_APP_TOKEN", "xoxb-wrong-kind", "must start with xapp-"),
        ("SLACK_API_URL", "http://slack.example/api/", "must be an https:// address"),
        ("SLACK_API_URL", "slack.com/api", "must be an https:// address"),
        ("TWILIO_ACCOUNT_SID", "AC123", "AC and 32 hexadecimal digits"),
        ("TWILIO_ACCOUNT_SID", "AC" + "5A" * 16, "AC and 32 hexadecimal digits"),
        ("TWILIO_ACCOUNT_NAME", "Head Office", "lower-case letters, digits and single dashes"),
        ("TWILIO_API_KEY", "SKshort", "SK and 32 hexadecimal digits"),
        ("TWILIO_API_URL", "https://api.twilio.com", "must contain {product}"),
        ("TWILIO_API_URL", "http://twilio.example/{product}", "must be an https:// address"),
        ("REDIS_URL", "memory://", "must start with one of redis://"),
        ("REDIS_URL", "localhost:6379", "must start with one of redis://"),
        ("TENFOUR_APPROVALS_CHANNEL", "#approvals", "must be a channel id"),
        ("TENFOUR_ALERTS_CHANNEL", "alerts", "must be a channel id"),
        ("TENFOUR_POLICY", "/nowhere/policy.toml", "no file at"),
        ("TENFOUR_ENCRYPTION_KEY", "not-a-key", "key 1 is not a Fernet key"),
        ("TENFOUR_POLL_SECONDS", "0.1", "must be from 0.2 to 3600"),
        ("TENFOUR_POLL_SECONDS", "3601", "must be from 0.2 to 3600"),
        ("TENFOUR_POLL_SECONDS", "nan", "must be from 0.2 to 3600"),
        ("TENFOUR_POLL_SECONDS", "often", "must be a number"),
        ("PORT", "70000", "must be a port"),
        ("PORT", "http", "must be a whole number"),
    ],
)
def test_a_bad_value_is_refused_with_its_name_and_reason(name: str, value: str, wrong: str) -> None:
    told = problem_with(**{name: value}).splitlines()[0]
    assert told.startswith(f"{name}: ")
    assert wrong in told


@pytest.mark.parametrize(
    "name",
    [
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_SIGNING_SECRET",
        "TWILIO_API_SECRET",
        "TWILIO_AUTH_TOKEN",
        "TENFOUR_ENCRYPTION_KEY",
        "REDIS_URL",
    ],
)
def test_the_value_of_a_bad_secret_is_never_told(name: str) -> None:
    with pytest.raises(SettingsProblem) as caught:
        load_settings({**GOOD, name: "hunter2 hunter2"})
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_password_in_a_refused_redis_url_is_not_told() -> None:
    assert "hunter2" not in problem_with(REDIS_URL="http://:hunter2@redis.example/0")


def test_http_needs_the_signing_secret() -> None:
    told = problem_with(SLACK_APP_TOKEN="")
    assert told.startswith("SLACK_APP_TOKEN: missing (or set SLACK_SIGNING_SECRET")


def test_an_api_key_without_its_secret_is_refused_even_beside_an_auth_token() -> None:
    assert problem_with(TWILIO_API_KEY="SK" + "5a" * 16).startswith("TWILIO_API_SECRET: missing")


def test_a_misspelt_setting_is_not_silently_ignored() -> None:
    told = problem_with(TENFOUR_ENCRYPTON_KEY="whatever")
    assert told == "TENFOUR_ENCRYPTON_KEY: is not a setting; probably TENFOUR_ENCRYPTION_KEY is meant."


def test_what_kubernetes_says_of_a_service_called_tenfour_is_no_misspelt_setting() -> None:
    assert load_settings({**GOOD, "TENFOUR_PORT": "tcp://10.0.0.1:80"})


def test_no_secret_stands_in_repr_or_in_a_dump() -> None:
    everything = {
        **GOOD,
        "SLACK_SIGNING_SECRET": "hunter2hunter2",
        "TWILIO_API_KEY": "SK" + "5a" * 16,
        "TWILIO_API_SECRET": "hunter2hunter2",
        "TWILIO_AUTH_TOKEN": "hunter2hunter2",
        "SLACK_BOT_TOKEN": "xoxb-hunter2",
        "SLACK_APP_TOKEN": "xapp-hunter2",
        "REDIS_URL": "redis://:hunter2@127.0.0.1/0",
    }
    settings = load_settings(everything)
    assert "hunter2" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_settings_cannot_be_changed_afterwards() -> None:
    settings = load_settings(GOOD)
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]


def test_the_environment_of_the_process_is_not_looked_at_behind_the_callers_back() -> None:
    with pytest.raises(SettingsProblem):
        load_settings({key: value for key, value in GOOD.items() if key != "SLACK_BOT_TOKEN"})


def test_the_smallest_good_environment_gives_the_documented_defaults() -> None:
    settings = load_settings({**GOOD, "PATH": "/bin", "REDIS_URL": ""})
    assert settings.socket_mode
    assert settings.redis_url is None
    assert settings.alerts_channel == "C0APPROVALS"
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.twilio_api_url == "https://{product}.twilio.com"
    assert (settings.poll_seconds, settings.port, settings.state) == (60.0, 3000, Path(".tenfour"))


def test_a_slack_address_gets_the_slash_its_client_needs() -> None:
    assert load_settings({**GOOD, "SLACK_API_URL": "http://127.0.0.1:8010/api"}).slack_api_url.endswith("/api/")


@pytest.mark.parametrize(
    ("given", "prefix"),
    [
        ({}, ""),
        ({"TENFOUR_PUBLIC_URL": "https://example.com", "TENFOUR_EVENTS_SECRET": "s" * 16}, ""),
        ({"TENFOUR_PUBLIC_URL": "https://example.com/a/b/", "TENFOUR_EVENTS_SECRET": "s" * 16}, "/a/b"),
        ({"TENFOUR_PATH_PREFIX": "/tenfour/"}, "/tenfour"),
        ({"TENFOUR_PATH_PREFIX": "/"}, ""),
    ],
)
def test_the_path_below_which_a_proxy_serves_the_bot_is_that_of_the_public_url_unless_told(
    given: dict[str, str], prefix: str
) -> None:
    assert load_settings({**GOOD, **given}).prefix == prefix


def test_settings_can_be_made_by_field_names_too() -> None:
    values = load_settings(GOOD).model_dump() | {"poll_seconds": 0.2}
    assert Settings(**values).poll_seconds == 0.2


def test_encryption_keys_come_newest_first() -> None:
    new, old = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    assert encryption_keys(load_settings({**GOOD, "TENFOUR_ENCRYPTION_KEY": f"{new}, {old}"})) == (new, old)


def test_a_key_file_is_made_once_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    settings = load_settings({**GOOD, "TENFOUR_STATE": str(tmp_path / "state")})
    first = encryption_keys(settings)
    assert encryption_keys(settings) == first
    file = tmp_path / "state" / "encryption.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(tmp_path / "state") == ["encryption.key"]


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    settings = load_settings({**GOOD, "TENFOUR_STATE": str(tmp_path)})
    encryption_keys(settings)
    (tmp_path / "encryption.key").chmod(0o644)
    with pytest.raises(SettingsProblem, match="chmod 600"):
        encryption_keys(settings)


def test_a_damaged_key_file_is_refused_rather_than_replaced(tmp_path: Path) -> None:
    settings = load_settings({**GOOD, "TENFOUR_STATE": str(tmp_path)})
    key = tmp_path / "encryption.key"
    key.write_text("half a ke")
    key.chmod(0o600)
    with pytest.raises(SettingsProblem, match="Restore the file"):
        encryption_keys(settings)
    assert key.read_text() == "half a ke"


def test_the_page_about_settings_is_up_to_date() -> None:
    assert (REPOSITORY / "docs" / "settings.md").read_text() == render_docs(), "run `make docs`"
