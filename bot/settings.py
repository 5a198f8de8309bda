"""Every setting of the bot: its name, its form, its default, and how to get it.

A person who starts the bot for the first time meets this file through its errors: all bad and missing settings are told
at once, one line each, and no line ever repeats the value of a secret.
"""

import difflib
import os
import stat
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot import setting_rules as rules
from bot.accounts_file import AccountSettings, read_accounts
from bot.logs import Level


class SettingsProblem(Exception):
    """One line for each bad or missing setting: its name, what is wrong, how to get it."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(lines))


ChannelId = Annotated[
    str, rules.shaped(r"[CG][A-Z0-9]{2,}", "must be a channel id such as C0123456789, not a channel's name")
]
Unspaced = r"\S{8,}"
CHANNEL_HOW = "in Slack open the channel, click its name, and copy the channel ID from the bottom of About"


def _setting(env: str, description: str, how: str, **more: Any) -> Any:
    """A field that knows its name in the environment and how a person gets a value for it."""
    return Field(alias=env, description=description, json_schema_extra={"how": how}, **more)


class MemorySettings(BaseSettings):
    """Where the bot's memory is and what opens it: all that a command needs which only reads it."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True)

    redis_url: Annotated[SecretStr, AfterValidator(rules.redis_url)] | None = _setting(
        "REDIS_URL",
        "Where Redis or Valkey is: one server, Sentinel or Cluster. Not set: the bot runs its own server, kept on disk "
        "in the state folder, which serves one machine.",
        "redis://:PASSWORD@HOST:6379/0, rediss:// for TLS, redis+sentinel://HOST,HOST/NAME, redis+cluster://HOST",
        default=None,
    )
    encryption_key: Annotated[SecretStr, AfterValidator(rules.fernet_keys)] | None = _setting(
        "TENFOUR_ENCRYPTION_KEY",
        "Fernet keys for sensitive inputs at rest, separated by commas, newest first: new values are written with the "
        "first, old ones are read with any. Not set: a key file (mode 0600) is made in the state folder. Set it when "
        "more than one copy of the bot runs, since all must share it.",
        'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"',
        default=None,
    )
    state: Path = _setting(
        "TENFOUR_STATE",
        "Folder for what the bot keeps on disk: its own Redis and its key file. Nobody else should read it.",
        "any folder on a disk that survives restarts",
        default=Path(".tenfour"),
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed in: the environment comes through load_settings, so that a test can hand over another."""
        return (init_settings,)


class Settings(MemorySettings):
    """What the bot was told to do, checked and never changed afterwards."""

    slack_bot_token: Annotated[SecretStr, rules.secret(r"xoxb-\S+", "must start with xoxb-")] = _setting(
        "SLACK_BOT_TOKEN",
        "The bot's own token, with which it posts messages and opens modals.",
        "api.slack.com/apps, your app, OAuth & Permissions, Bot User OAuth Token (after Install to Workspace)",
    )
    slack_app_token: Annotated[SecretStr, rules.secret(r"xapp-\S+", "must start with xapp-")] | None = _setting(
        "SLACK_APP_TOKEN",
        "App-level token. When it is set the bot connects to Slack by Socket Mode and needs no public address.",
        "api.slack.com/apps, your app, Basic Information, App-Level Tokens, Generate with the scope connections:write",
        default=None,
    )
    slack_connections: Annotated[int, AfterValidator(rules.slack_connections)] = _setting(
        "TENFOUR_SLACK_CONNECTIONS",
        "How many Socket Mode connections this process keeps, from 1 to 10: while one is being replaced, another "
        "hears. Slack allows ten for an app, over all its processes.",
        "2 suits up to four processes; with more of them, 1",
        default=2,
    )
    slack_signing_secret: Annotated[SecretStr, rules.secret(Unspaced, "is too short or has spaces")] | None = _setting(
        "SLACK_SIGNING_SECRET",
        "Proves that a request over HTTP comes from Slack. Needed when SLACK_APP_TOKEN is not set.",
        "api.slack.com/apps, your app, Basic Information, App Credentials, Signing Secret",
        default=None,
    )
    slack_api_url: Annotated[str, AfterValidator(rules.slack_url)] = _setting(
        "SLACK_API_URL",
        "Base address of Slack's Web API.",
        "leave it alone outside GovSlack and the sandbox",
        default="https://slack.com/api/",
    )
    twilio_account_sid: Annotated[str, rules.shaped(r"AC[0-9a-f]{32}", "must be AC and 32 hexadecimal digits")] = (
        _setting(
            "TWILIO_ACCOUNT_SID",
            "The Twilio account (or subaccount) the bot works in.",
            "console.twilio.com, Account Dashboard, Account Info",
        )
    )
    twilio_account_name: Annotated[str, AfterValidator(rules.account_name)] = _setting(
        "TWILIO_ACCOUNT_NAME",
        "What people call that account in Slack: lower-case letters, digits and dashes.",
        "any name; it matters once there are several accounts",
        default="main",
    )
    twilio_api_key: Annotated[str, rules.shaped(r"SK[0-9a-f]{32}", "must be SK and 32 hexadecimal digits")] | None = (
        _setting(
            "TWILIO_API_KEY",
            "SID of an API key; with TWILIO_API_SECRET it is the better way in, since it can be revoked alone.",
            "console.twilio.com, Account, API keys & tokens, Create API key (type Standard)",
            default=None,
        )
    )
    twilio_api_secret: Annotated[SecretStr, rules.secret(Unspaced, "is too short or has spaces")] | None = _setting(
        "TWILIO_API_SECRET",
        "Secret of the API key.",
        "shown once, when the API key is created; if it is lost, create another key",
        default=None,
    )
    twilio_auth_token: Annotated[SecretStr, rules.secret(Unspaced, "is too short or has spaces")] | None = _setting(
        "TWILIO_AUTH_TOKEN",
        "The account's auth token: the other way in, and what Twilio signs its webhooks with.",
        "console.twilio.com, Account Dashboard, Account Info, Auth Token",
        default=None,
    )
    twilio_api_url: Annotated[str, AfterValidator(rules.twilio_url)] = _setting(
        "TWILIO_API_URL",
        "Base address of Twilio's APIs; {product} becomes messaging, api, pricing and so on.",
        "leave it alone outside the sandbox",
        default="https://{product}.twilio.com",
    )
    twilio_concurrency: Annotated[int, AfterValidator(rules.twilio_concurrency)] = _setting(
        "TENFOUR_TWILIO_CONCURRENCY",
        "How many calls to one Twilio account each process has under way at most, from 1 to 100.",
        "20 suits up to 10,000 registrations; with too many Twilio answers 429, and all calls of the account slow down",
        default=20,
    )
    accounts_file: Annotated[Path, AfterValidator(rules.readable_file)] | None = _setting(
        "TENFOUR_ACCOUNTS",
        "TOML file with further Twilio accounts and subaccounts, each with a name and credentials of its own.",
        "write one as shown above, and keep it from others' eyes (chmod 600) when secrets stand in it",
        default=None,
    )
    approvals_channel: ChannelId = _setting(
        "TENFOUR_APPROVALS_CHANNEL",
        "The channel where approval cards are posted. Invite the bot to it.",
        CHANNEL_HOW,
    )
    alerts_channel: ChannelId = _setting(
        "TENFOUR_ALERTS_CHANNEL",
        "The channel that hears of verdicts and rejections. Not set: the approvals channel.",
        CHANNEL_HOW,
        default_factory=lambda so_far: so_far["approvals_channel"],
    )
    policy: Annotated[Path, AfterValidator(rules.readable_file)] | None = _setting(
        "TENFOUR_POLICY",
        "File with the rules: who may ask for what, who approves, how many must. Not set: the policy that comes along.",
        "copy policy.toml from the repository and change it (docs/approvals.md)",
        default=None,
    )
    poll_seconds: Annotated[float, AfterValidator(rules.poll_seconds)] = _setting(
        "TENFOUR_POLL_SECONDS",
        "How often the bot looks for registrations that are due, in seconds, from 0.2 to 3600.",
        "60 suits production: Twilio's verdicts take hours",
        default=60.0,
    )
    tcr_secret: Annotated[SecretStr, rules.secret(r"[A-Za-z0-9_-]{16,}", "needs 16 letters, digits, - or _")] | None = (
        _setting(
            "TENFOUR_TCR_SECRET",
            "Secret part of the address at which TCR's webhook tells that a campaign was accepted or declined: "
            "https://YOUR-HOST/tcr/SECRET, served on PORT. Not set: a person's word is asked for instead.",
            'python -c "import secrets; print(secrets.token_urlsafe(24))"',
            default=None,
        )
    )
    public_url: Annotated[str, AfterValidator(rules.public_url)] | None = _setting(
        "TENFOUR_PUBLIC_URL",
        "Base address at which Twilio reaches the bot (PORT, through your TLS proxy): its Event Streams and its "
        "message status callbacks are sent there. Not set: registrations are followed by polling alone, and nobody "
        "tells which numbers the carriers have registered.",
        "the https address of your proxy, such as https://tenfour.example.com (docs/tracking.md)",
        default=None,
    )
    events_secret: (
        Annotated[SecretStr, rules.secret(r"[A-Za-z0-9_-]{16,}", "needs 16 letters, digits, - or _")] | None
    ) = _setting(
        "TENFOUR_EVENTS_SECRET",
        "Password that Twilio's Event Streams send along with each event; a sink is made with it. Needed beside "
        "TENFOUR_PUBLIC_URL.",
        'python -c "import secrets; print(secrets.token_urlsafe(24))"',
        default=None,
    )
    port: Annotated[int, AfterValidator(rules.port)] = _setting(
        "PORT",
        "Port of the HTTP listener: for Slack's requests when the bot is not in Socket Mode, and for TCR's webhook.",
        "any free port; Slack and TCR reach it through your TLS proxy",
        default=3000,
    )
    path_prefix: Annotated[str, AfterValidator(rules.path_prefix)] | None = _setting(
        "TENFOUR_PATH_PREFIX",
        "Path below which your proxy serves the bot. Requests are taken with it and without it, so it does not matter "
        "whether the proxy removes it. Not set: the path of TENFOUR_PUBLIC_URL.",
        "a path such as /tenfour, if the bot shares its host with others (docs/slack-app.md)",
        default=None,
    )
    trusted_proxies: Annotated[str, AfterValidator(rules.networks)] | None = _setting(
        "TENFOUR_TRUSTED_PROXIES",
        "Networks of your proxies, separated by commas: what they say in X-Forwarded-For is written into the log with "
        "a refused request, and serves nothing else. Not set: the log names the proxy.",
        "the addresses from which your proxy connects, such as 10.0.0.0/8",
        default=None,
    )
    audit_days: Annotated[float, AfterValidator(rules.days)] | None = _setting(
        "TENFOUR_AUDIT_DAYS",
        "How many days the audit is kept, from 1 on; older rows are removed once a day. Not set: all of it, for good.",
        "as long as your rules about records say; export what is older first (tenfour audit export)",
        default=None,
    )
    keep_changes_days: Annotated[float, AfterValidator(rules.days)] | None = _setting(
        "TENFOUR_KEEP_CHANGES_DAYS",
        "How many days a settled change is kept after its last event, from 1 on: then what was typed for it, its plan "
        "and its decisions are removed, once a day. Not set: all of them, for good.",
        "as long as somebody may want to undo or look up a change; the audit goes on telling of it (docs/retention.md)",
        default=None,
    )
    ops_port: Annotated[int, AfterValidator(rules.port)] | None = _setting(
        "TENFOUR_OPS_PORT",
        "Port of /healthz, /readyz and /metrics, on every address of the machine and without any proof of who asks: "
        "for your own network alone. Not set: none of them but /healthz, which PORT has where that is served.",
        "any free port other than PORT, such as 9464 (docs/metrics.md)",
        default=None,
    )
    log_level: Annotated[Level, BeforeValidator(rules.level)] = _setting(
        "TENFOUR_LOG_LEVEL",
        "From which level on the log is written: debug, info, warning or error. Libraries never write below warning.",
        "info suits production",
        default="info",
    )
    otlp_endpoint: Annotated[str, AfterValidator(rules.endpoint)] | None = _setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "Where OpenTelemetry's traces go, over OTLP on HTTP; its other OTEL_ settings count as well. Not set: no "
        "traces. Needs the extra `otel`.",
        "the address of your collector, such as http://otel-collector:4318 (docs/metrics.md)",
        default=None,
    )
    further_accounts: tuple[AccountSettings, ...] = ()
    """What stands in `accounts_file`; not from the environment itself."""

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        given = {env for env, name in environment_names().items() if getattr(self, name) is not None}
        missing = _missing_partners(given)
        if missing:
            raise ValueError("; ".join(f"{name}: {wrong}" for name, wrong in missing))
        return self

    @property
    def accounts(self) -> tuple[AccountSettings, ...]:
        """Every Twilio account, the main one first."""
        main = AccountSettings(
            name=self.twilio_account_name,
            sid=self.twilio_account_sid,
            api_key=self.twilio_api_key,
            api_secret=self.twilio_api_secret,
            auth_token=self.twilio_auth_token,
        )
        return (main, *self.further_accounts)

    @property
    def prefix(self) -> str:
        """The path below which the bot is served, such as /tenfour, or ""."""
        return urlsplit(self.public_url or "").path if self.path_prefix is None else self.path_prefix

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks of trusted proxies."""
        return tuple(ip_network(part.strip()) for part in (self.trusted_proxies or "").split(",") if part)

    @property
    def socket_mode(self) -> bool:
        """Whether Slack is reached by Socket Mode rather than by an HTTP listener."""
        return self.slack_app_token is not None


def load_settings(environ: Mapping[str, str]) -> Settings:
    """The settings from an environment; an empty string counts as unset.

    Raises SettingsProblem with one line for each bad or missing setting.
    """
    known = set(environment_names())
    values: dict[str, Any] = {name: text for name in known if (text := environ.get(name, "").strip())}
    problems = [*_misspelt(environ, known), *_missing_partners(set(values)), *_same_ports(values)]
    values["further_accounts"], wrong = _further_accounts(values, environ)
    problems += [("TENFOUR_ACCOUNTS", line) for line in wrong]
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems += _told(error)
    if settings is None or problems:
        # Not "from error": pydantic's own error is about values, and values may be secrets.
        raise SettingsProblem([f"{name}: {wrong}.{_how(name)}" for name, wrong in sorted(problems)]) from None
    return settings


def load_memory_settings(environ: Mapping[str, str]) -> MemorySettings:
    """What a command needs that only reads the bot's memory, from an environment that may hold nothing else.

    Raises SettingsProblem with one line for each bad setting.
    """
    fields = MemorySettings.model_fields.values()
    values = {f.alias: text for f in fields if f.alias and (text := environ.get(f.alias, "").strip())}
    try:
        return MemorySettings.model_validate(values)
    except ValidationError as error:
        lines = [f"{name}: {wrong}.{_how(name)}" for name, wrong in sorted(_told(error))]
    raise SettingsProblem(lines)


def encryption_keys(settings: MemorySettings) -> tuple[str, ...]:
    """The Fernet keys for sensitive inputs, newest first; makes the key file on first use.

    Raises SettingsProblem when the key file is readable by others or holds no key.
    """
    if settings.encryption_key is not None:
        return tuple(key.strip() for key in settings.encryption_key.get_secret_value().split(","))
    path = settings.state / "encryption.key"
    if not path.exists():
        _create_key_file(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SettingsProblem([f"TENFOUR_ENCRYPTION_KEY: others may read {path}. Run: chmod 600 {path}"])
    text = path.read_text().strip()
    try:
        rules.fernet_keys(SecretStr(text))
    except ValueError as error:
        raise SettingsProblem([f"TENFOUR_ENCRYPTION_KEY: {path}: {error}. Restore the file from its backup"]) from None
    return tuple(key.strip() for key in text.split(","))


def environment_names() -> dict[str, str]:
    """The fields that come from the environment, by their names there."""
    # as a person meets them: who starts the bot for the first time needs none of those about its memory
    ordered = sorted(Settings.model_fields.items(), key=lambda item: item[0] in MemorySettings.model_fields)
    return {field.alias: name for name, field in ordered if field.alias}


def how_of(field: FieldInfo) -> str:
    """How a person gets a value for this field."""
    extra = field.json_schema_extra
    return str(extra.get("how", "")) if isinstance(extra, dict) else ""


def _told(error: ValidationError) -> list[tuple[str, str]]:
    """What is wrong with which setting, without its value."""
    return [
        (str(found["loc"][0]), _in_words(found["type"], found["msg"], found.get("ctx")))
        for found in error.errors(include_url=False, include_input=False, include_context=True)
        # A cross-check (no location) is told by _missing_partners; a default that could not be made follows from
        # another setting that is told itself.
        if found["loc"] and found["type"] != "default_factory_not_called"
    ]


def _further_accounts(
    values: Mapping[str, str], environ: Mapping[str, str]
) -> tuple[tuple[AccountSettings, ...], list[str]]:
    file = values.get("TENFOUR_ACCOUNTS")
    if not file or not Path(file).is_file():  # its own check tells of a file that is not there
        return (), []
    main_name = values.get("TWILIO_ACCOUNT_NAME", Settings.model_fields["twilio_account_name"].default)
    return read_accounts(Path(file), environ, main_name, values.get("TWILIO_ACCOUNT_SID", ""))


def _how(env: str) -> str:
    for field in Settings.model_fields.values():
        if field.alias == env:
            return f" How to get it: {how_of(field)}"
    return ""


def _missing_partners(given: set[str]) -> list[tuple[str, str]]:
    """What the settings that are present still need beside them."""
    missing: list[tuple[str, str]] = []
    if not given & {"SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"}:
        missing.append(("SLACK_APP_TOKEN", "missing (or set SLACK_SIGNING_SECRET to receive requests over HTTP)"))
    if "TWILIO_API_KEY" in given and "TWILIO_API_SECRET" not in given:
        missing.append(("TWILIO_API_SECRET", "missing beside TWILIO_API_KEY"))
    if "TWILIO_API_SECRET" in given and "TWILIO_API_KEY" not in given:
        missing.append(("TWILIO_API_KEY", "missing beside TWILIO_API_SECRET"))
    if "TENFOUR_PUBLIC_URL" in given and "TENFOUR_EVENTS_SECRET" not in given:
        missing.append(("TENFOUR_EVENTS_SECRET", "missing beside TENFOUR_PUBLIC_URL"))
    if not given & {"TWILIO_API_KEY", "TWILIO_API_SECRET", "TWILIO_AUTH_TOKEN"}:
        missing.append(("TWILIO_API_KEY", "missing, with TWILIO_API_SECRET (or set TWILIO_AUTH_TOKEN)"))
    return missing


def _same_ports(values: Mapping[str, str]) -> list[tuple[str, str]]:
    """What is for operators alone must not be served where everybody can reach it."""
    port = values.get("PORT", str(Settings.model_fields["port"].default))
    same = values.get("TENFOUR_OPS_PORT") == port
    return [("TENFOUR_OPS_PORT", "must be another port than PORT, which others reach")] if same else []


def _misspelt(environ: Mapping[str, str], known: set[str]) -> list[tuple[str, str]]:
    """Names of our own that nearly match: an optional setting with a typing error would be silently ignored."""
    # Kubernetes tells each pod of a Service called tenfour by such names, with an address of this kind
    theirs = {name for name, value in environ.items() if value.startswith(("tcp://", "udp://"))}
    ours = [name for name in environ if name.startswith("TENFOUR_") and name not in known | theirs]
    near = [(name, difflib.get_close_matches(name, known, n=1, cutoff=0.85)) for name in ours]
    return [(name, f"is not a setting; probably {match[0]} is meant") for name, match in near if match]


def _in_words(kind: str, message: str, context: Mapping[str, object] | None) -> str:
    words: Mapping[str, Callable[[], str]] = {
        "missing": lambda: "missing",
        "value_error": lambda: str((context or {}).get("error", message)),
        "float_parsing": lambda: "must be a number",
        "int_parsing": lambda: "must be a whole number",
    }
    return words.get(kind, lambda: message)()


def _create_key_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Written beside and then linked: of two bots that start together one wins, and neither ever reads half a key.
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix="encryption.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.unlink(draft)
