"""Logs say where, what kind and about what, never what somebody typed, nor a secret."""

import asyncio
import gc
import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.contextvars import get_contextvars

from bot.logs import Level, bound, bound_request, set_up_logs, where
from bot.redaction import MASK, masked, masked_value
from handlers.background import Background

HEX, ALNUM = "0123456789abcdef", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
URLSAFE = f"{ALNUM}-_"


def text(alphabet: str, least: int, most: int | None = None) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=least, max_size=most or least)


SECRETS = st.one_of(
    st.tuples(st.sampled_from(["xoxb-", "xoxp-", "xoxe.xoxb-1-", "xapp-1-"]), text(URLSAFE, 10, 60)).map("".join),
    text(HEX, 32),  # an auth token
    text(ALNUM, 32),  # the secret of an API key
    text(HEX, 32).map("SK".__add__),
    text(URLSAFE, 43).map("{}=".format),  # a key of Fernet's
    text(URLSAFE, 30, 200).map("gAAAAA{}==".format),  # what it sealed
    text(ALNUM, 16, 60).map("Basic {}==".format),
    text(URLSAFE, 20, 60).map("Bearer {}".format),
    text("0123456789", 6, 13).map("+1{}".format),
    st.from_regex(r"\A[0-9]{2}-[0-9]{7}\Z", fullmatch=True),
    st.from_regex(r"\A[0-9]{3}-[0-9]{2}-[0-9]{4}\Z", fullmatch=True),
    st.tuples(text(ALNUM, 1, 12), text(ALNUM, 1, 12)).map(lambda parts: "@".join(parts) + ".example"),
    text(URLSAFE, 8, 40).map("https://hooks.slack.com/actions/{}".format),
    text(URLSAFE, 8, 40).map("https://hooks.slack-gov.com/actions/{}".format),
    st.from_regex(r"\A\([2-9][0-9]{2}\) [2-9][0-9]{2}-[0-9]{4}\Z", fullmatch=True),
    st.from_regex(r"\A1?[2-9][0-9]{2}[2-9][0-9]{6}\Z", fullmatch=True),
)
AROUND = st.sampled_from(["", " ", "'", '"', "(", ": ", ", ", "\n", "=", "<"])
AFTER = st.sampled_from(["", " ", "'", '"', ")", ", ", "\n", ">", ";"])


@pytest.fixture
def lines() -> Iterator["Lines"]:
    """What is written from now on; logging is as before after that."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level, hook = root.handlers[:], root.level, sys.excepthook
    lines = Lines()
    lines.set_up()
    yield lines
    logging.captureWarnings(False)
    sys.excepthook = hook
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


class Lines:
    """Reads what was logged since it was read last, as lines of JSON."""

    def __init__(self) -> None:
        self._out, self._at = io.StringIO(), 0

    def set_up(self, level: Level = "info") -> None:
        set_up_logs(level, self._out)

    def read(self) -> list[dict[str, object]]:
        self._out.seek(self._at)
        written = self._out.read().splitlines()
        self._at = self._out.tell()
        return [json.loads(line) for line in written]


def test_the_words_of_an_error_and_of_its_causes_are_not_logged() -> None:
    try:
        try:
            raise KeyError("typed by a person 123-45-6789")
        except KeyError as error:
            raise RuntimeError("xoxb-secret") from error
    except RuntimeError:
        shown = where(sys.exc_info())  # type: ignore[arg-type]
    assert "RuntimeError" in shown
    assert "KeyError" in shown
    assert "test_logs.py" in shown
    assert "123-45" not in shown
    assert "xoxb" not in shown


@given(SECRETS, AROUND, AFTER)
def test_what_looks_like_a_secret_is_masked_wherever_it_stands(secret: str, before: str, after: str) -> None:
    assert secret not in masked(f"said{before or ' '}{secret}{after}")
    assert MASK in masked(f"{before}{secret}{after}")


@given(SECRETS, st.sampled_from(["list", "key", "nested", "tuple", "set", "object", "bytes"]))
def test_it_is_masked_in_values_of_any_shape(secret: str, shape: str) -> None:
    class Thing:
        def __repr__(self) -> str:
            return f"Thing({secret})"

    shapes: dict[str, object] = {
        "list": [1, secret],
        "key": {secret: 1},
        "nested": {"a": [{"b": (secret,)}]},
        "tuple": (secret,),
        "set": {secret},
        "object": Thing(),
        "bytes": secret.encode(),
    }
    assert secret not in json.dumps(masked_value(shapes[shape]))


@given(SECRETS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_line_of_ours_or_of_a_library_holds_one(lines: Lines, secret: str) -> None:
    structlog.get_logger().warning("odd", why=f"it said {secret}", more={"deep": [secret]}, **{"by": secret})
    logging.getLogger("slack_bolt").error("failed with %s", secret)
    logging.getLogger("aiohttp.server").error(f"failed with {secret}")
    try:
        raise ValueError(secret)
    except ValueError:
        logging.getLogger("docket").exception("failed (%s)", secret)
    written = lines.read()
    assert len(written) == 4
    assert secret not in json.dumps(written)


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        ("redis://:pa@ss@host:6379/0", "pa@ss"),
        ("redis://bot:p/w@host:6379/0", "p/w"),
        ("rediss+sentinel://a,b/main?sentinel_password=hunter2", "hunter2"),
        ("403, url='wss://wss-primary.slack.com/link/?ticket=02ba8d4a-aaaa&app_id=x'", "02ba8d4a"),
        ("BasicAuth(login='SKx', password='hunter2', encoding='latin1')", "hunter2"),
        ("{'Authorization': 'Basic YTpi'}", "YTpi"),
        ('"events_secret": "AbC_dEf-123"', "AbC_dEf"),
        ("GET /v2/PhoneNumbers/%2B15125550120", "5125550120"),
        ("?email=ann%40example.com", "ann"),
        ("+1 512 555 0120 does not answer", "555 0120"),
        ("+44 20 7946 0958", "7946"),
        ("\uff11\uff12-\uff13\uff14\uff15\uff16\uff17\uff18\uff19", "\uff13\uff14\uff15"),
        ("12\u20133456789", "3456789"),
        ("12\u200b-3456789", "3456789"),
        ("\uff0b15125550120", "5125550120"),
        ("xoxb\u200b-1-2-abc", "abc"),
        ("jörg@müller.example", "jörg"),
        ("basic\u00a0dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    ],
)
def test_neither_spelling_nor_quoting_brings_a_secret_through(said: str, secret: str) -> None:
    assert secret not in masked(said)
    assert MASK in masked(said)


@pytest.mark.parametrize(
    "plain",
    [
        "AC" + "0a" * 16,
        "campaign|AC" + "0a" * 16 + "|MG" + "1b" * 16,
        "2026-11-21T22:00:00+00:00",
        "1790000000.000100",
        "#142 run:142:1790000000",
        "U0123456789 in C0123456789",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "123e4567-e89b-12d3-a456-426614174000",
        "1790000000 1790000000123 in 10.0.0.12:6379",
        "https://example.com/tenfour is “reached” by name",
    ],
)
def test_ids_times_and_digests_stay_readable(plain: str) -> None:
    assert masked(plain) == plain


def test_a_field_with_the_name_of_a_secret_is_masked_whatever_it_holds() -> None:
    assert masked_value("short", "auth_token") == MASK
    assert masked_value(123456, "auth_token") == MASK
    assert masked_value({"Authorization": "x"}) == {"Authorization": MASK}


def test_lines_of_libraries_take_the_same_form(lines: Lines) -> None:
    with bound(change=142):
        structlog.get_logger().warning("ours")
        logging.getLogger("docket.worker").warning("theirs %s", 1)
    ours, theirs = lines.read()
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("theirs 1", "warning", "docket.worker")
    assert ours["change"] == theirs["change"] == 142
    assert set(ours) | {"logger"} == set(theirs)


def test_the_errors_of_libraries_are_named_and_not_quoted(lines: Lines) -> None:
    try:
        raise ValueError("Zanzibar")
    except ValueError:
        logging.getLogger("aiohttp.server").exception("a request broke")
    (line,) = lines.read()
    assert "ValueError" in str(line["exception"])
    assert "Zanzibar" not in json.dumps(line)


def test_a_library_that_puts_the_words_of_an_error_into_its_message_is_not_quoted_either(lines: Lines) -> None:
    try:
        try:
            raise KeyError("Tanganyika")
        except KeyError as cause:
            raise ValueError("Zanzibar") from cause
    except ValueError as error:
        logging.getLogger("slack_bolt.other").exception(f"Failed to run listener function (error: {error})")
        logging.getLogger("docket").error("after %r", error.__cause__, exc_info=error)
    bolt, docket = lines.read()
    assert bolt["event"] == "Failed to run listener function (error: ValueError)"
    assert docket["event"] == "after KeyError"


async def test_a_task_whose_error_nobody_heard_is_not_quoted(lines: Lines) -> None:
    async def lost(typed: str) -> None:
        raise ValueError(typed)

    asyncio.get_running_loop().call_soon(int, "Zanzibar")
    task = asyncio.create_task(lost("Tanganyika"))
    await asyncio.wait({task})
    del task
    gc.collect()
    written = lines.read()
    assert [line["event"] for line in written] == ["Exception in callback int", "Task exception was never retrieved"]
    assert all("ValueError" in str(line["exception"]) for line in written)
    assert "Zanzibar" not in json.dumps(written)
    assert "Tanganyika" not in json.dumps(written)


def test_what_ends_the_process_is_a_line_too_and_not_quoted(lines: Lines) -> None:
    error = ValueError("Zanzibar")
    sys.excepthook(ValueError, error, None)
    (line,) = lines.read()
    assert (line["event"], line["level"]) == ("ended_by_an_error", "critical")
    assert "ValueError" in str(line["exception"])
    assert "Zanzibar" not in json.dumps(line)


def test_libraries_write_nothing_below_warning_also_when_all_is_wanted(lines: Lines) -> None:
    lines.set_up("debug")
    structlog.get_logger().debug("ours")
    logging.getLogger("slack_sdk").debug("a body, with what somebody typed")
    assert [line["event"] for line in lines.read()] == ["ours"]


def test_a_higher_level_leaves_out_what_is_below(lines: Lines) -> None:
    lines.set_up("error")
    structlog.get_logger().warning("less")
    logging.getLogger("docket").warning("less")
    structlog.get_logger().error("more")
    assert [line["event"] for line in lines.read()] == ["more"]


def test_setting_up_twice_writes_each_line_once(lines: Lines) -> None:
    lines.set_up()
    logging.getLogger("docket").error("once")
    assert len(lines.read()) == 1


def test_warnings_of_python_are_lines_too(lines: Lines) -> None:
    logging.getLogger("py.warnings").warning("old")
    assert [line["logger"] for line in lines.read()] == ["py.warnings"]


async def test_what_a_delivery_starts_carries_its_ids(lines: Lines) -> None:
    background = Background()

    async def later() -> None:
        await asyncio.sleep(0)
        structlog.get_logger().info("later")

    with bound_request(), bound(change=7, account="AC1"):
        request = get_contextvars()["request"]
        background.start(later(), "later")
    await background.finish(5)
    structlog.get_logger().info("elsewhere")
    within, elsewhere = lines.read()
    assert (within["request"], within["change"], within["account"]) == (request, 7, "AC1")
    assert not set(elsewhere) & {"request", "change", "account"}


def test_a_request_within_a_request_keeps_its_id_and_another_has_another() -> None:
    with bound_request():
        outer = get_contextvars()["request"]
        with bound_request():
            assert get_contextvars()["request"] == outer
    with bound_request():
        assert get_contextvars()["request"] != outer
