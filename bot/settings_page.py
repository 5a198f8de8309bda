"""The page about settings, docs/settings.md, made from the settings themselves."""

import sys

from pydantic.fields import FieldInfo

from bot.settings import Settings, environment_names, how_of


def render_docs() -> str:
    """docs/settings.md, made from the settings themselves."""
    lines = [
        "# Settings",
        "",
        "<!-- Made by `make docs` from bot/settings.py; change that file, not this one. -->",
        "",
        "Settings come from the environment. An empty value counts as not set. `tenfour settings` prints this page; a",
        "bot that is started with bad or missing settings names all of them at once and never shows a secret's value.",
        "",
        "Slack is reached by Socket Mode when `SLACK_APP_TOKEN` is set, otherwise over HTTP, which needs",
        "`SLACK_SIGNING_SECRET`. Twilio needs `TWILIO_API_KEY` with `TWILIO_API_SECRET`, or `TWILIO_AUTH_TOKEN`.",
        "",
        "`make run` and `docker compose up` also read a file `.env` with a line `NAME=value` for each. `make sandbox`",
        "needs none of this: it makes its own settings, and takes only `SANDBOX_PORT` (8010) and `TENFOUR_STATE`.",
        "",
        "## Several Twilio accounts",
        "",
        "`TWILIO_ACCOUNT_SID` is the main account. `TENFOUR_ACCOUNTS` names a TOML file with more, a table for each:",
        "",
        "```toml",
        "[acme-west]                              # the name in Slack: lower-case letters, digits, dashes",
        'sid = "AC..."',
        'api_key = "SK..."                        # with api_secret; or auth_token alone',
        'api_secret_env = "ACME_WEST_API_SECRET"  # the variable that holds it; or api_secret = "..." here',
        'parent = "main"                          # for a subaccount: the name of its main account',
        "```",
        "",
        "A subaccount needs credentials of its own: most of Twilio's APIs act on the account that authenticated.",
        "In Slack, `/a2p-account` lists the accounts, `/a2p-account use NAME` chooses one for a channel, and",
        "`account=NAME` behind a command chooses one for a form.",
        "",
        "## Every setting",
        "",
        "| setting | default | what it is | how to get it |",
        "|---|---|---|---|",
    ]
    for env, name in environment_names().items():
        field = Settings.model_fields[name]
        cells = (f"`{env}`", _default_in_words(name, field), field.description or "", how_of(field))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _default_in_words(name: str, field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if name == "alerts_channel":
        return "`TENFOUR_APPROVALS_CHANNEL`"
    if field.default is None:
        return "not set"
    return f"`{field.default:g}`" if isinstance(field.default, float) else f"`{field.default}`"


if __name__ == "__main__":
    sys.stdout.write(render_docs())
