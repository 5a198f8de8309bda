"""The fixed cast of the sandbox: one workspace, its people and channels, and the credentials of both local services."""

from dataclasses import dataclass

TEAM_ID = "T0TENFOUR"
TEAM_NAME = "Acme"
TEAM_DOMAIN = "acme"
BOT_USER_ID = "U0TENFOUR"
BOT_ID = "B0TENFOUR"
BOT_NAME = "Tenfour"
APP_ID = "A0TENFOUR"
SLACKBOT_ID = "USLACKBOT"

BOT_TOKEN = "xoxb-sandbox"  # noqa: S105 - opens nothing but the sandbox
APP_TOKEN = "xapp-sandbox"  # noqa: S105 - opens nothing but the sandbox
SIGNING_SECRET = "sandbox-signing-secret"  # noqa: S105 - opens nothing but the sandbox
TCR_SECRET = "sandbox-tcr-secret"  # noqa: S105 - opens nothing but the sandbox
EVENTS_SECRET = "sandbox-events-secret"  # noqa: S105 - opens nothing but the sandbox

TWILIO_ACCOUNT_SID = "AC" + "5a" * 16
TWILIO_AUTH_TOKEN = "sandbox-auth-token"  # noqa: S105 - opens nothing but the sandbox
TWILIO_API_KEY_SID = "SK" + "5a" * 16
TWILIO_API_KEY_SECRET = "sandbox-api-secret"  # noqa: S105 - opens nothing but the sandbox


@dataclass(frozen=True)
class Person:
    """Somebody who is seen in the workspace, the bot included.

    `deleted` people were deactivated. A person of another workspace, met in a shared channel, is a stranger with a team
    of their own.
    """

    id: str
    name: str
    real_name: str
    title: str
    color: str
    email: str = ""
    is_restricted: bool = False
    is_bot: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    deleted: bool = False
    team_id: str = TEAM_ID

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.real_name.split()[:2]).upper()


@dataclass(frozen=True)
class ChannelSeed:
    """A channel as it is when the workspace is new."""

    id: str
    name: str
    topic: str
    members: tuple[str, ...]
    is_private: bool = False


@dataclass(frozen=True)
class UserGroup:
    id: str
    handle: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class SlashCommand:
    """A slash command as the app manifest declares it."""

    command: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False


RITA = Person("U0RITA", "rita", "Rita Request", "Messaging operations", "2f6f9f", "rita@acme.example")
ANN = Person("U0ANN", "ann", "Ann Approver", "Approver", "7a4f9a", "ann@acme.example")
BOB = Person("U0BOB", "bob", "Bob Approver", "Approver", "3d7a4f", "bob@acme.example")
GUS = Person("U0GUS", "gus", "Gus Guest", "Contractor", "a0662f", "gus@guest.example", is_restricted=True)
BOT = Person(BOT_USER_ID, "tenfour", BOT_NAME, "", "c0392b", is_bot=True)

PEOPLE = (RITA, ANN, BOB, GUS, BOT)

CHANNELS = (
    ChannelSeed("C0A2P", "a2p", "A2P 10DLC requests", (RITA.id, ANN.id, BOB.id, GUS.id, BOT.id)),
    ChannelSeed(
        "C0APPROVALS",
        "a2p-approvals",
        "Changes that wait for a decision",
        (ANN.id, BOB.id, RITA.id, BOT.id),
        is_private=True,
    ),
    ChannelSeed("C0ALERTS", "a2p-alerts", "What carriers decided", (RITA.id, ANN.id, BOB.id, BOT.id)),
)

USER_GROUPS = (UserGroup("S0APPROVERS", "a2p-approvers", "A2P approvers", (ANN.id, BOB.id)),)

# Used only when there is no manifest to read them from.
COMMANDS = (
    SlashCommand("/a2p", "Find your way: help, status, settings", "help | status | whoami"),
    SlashCommand("/a2p-service", "Create, change or delete a Messaging Service", "create | update | delete"),
    SlashCommand("/a2p-number", "Search, buy, configure or release a number", "buy | configure | release"),
    SlashCommand("/a2p-sender", "Add senders to a pool or remove them", "add | remove"),
    SlashCommand("/a2p-campaign", "Register, resubmit or delete a campaign", "register | resubmit | delete | status"),
    SlashCommand("/a2p-approvals", "Changes that wait for you", "list | show 142"),
    SlashCommand("/a2p-account", "Twilio accounts, and which one this channel works in", "use NAME"),
    SlashCommand("/a2p-watch", "Choose which registrations this channel hears about", "add | remove | list"),
)


def dm_id(user_id: str) -> str:
    """The id of the direct message between this person and the bot."""
    return "D" + user_id[1:]
