"""What the app may do in Slack: the bot's scopes, as manifest.yml asks for them."""

SCOPES = frozenset(
    {
        "commands",
        "chat:write",
        "users:read",
        "usergroups:read",
        "channels:read",
        "groups:read",
        "channels:history",
        "groups:history",
        "files:write",
        "im:write",
        "im:history",
    }
)
