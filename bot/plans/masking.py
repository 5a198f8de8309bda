"""How an identifying value is shown: enough to recognise one's own, too little to learn another's."""

import re

from bot.plans.call import Secret

DOTS = "•••"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def mask(value: str) -> str:
    """`12-3456789` as `•••89`, `Rita Request` as `R••• R•••`, `rita@acme.example` as `r•••@•••`."""
    value = value.strip()
    if not value:
        return ""
    if _EMAIL.fullmatch(value):
        return f"{value[0]}{DOTS}@{DOTS}"
    if sum(c.isdigit() for c in value) >= 4:
        return f"{DOTS}{value[-2:]}"
    return " ".join(f"{word[0]}{DOTS}" for word in value.split())


def secret(value: str) -> Secret:
    """A value for the wire that people see masked only."""
    return Secret(value=value, shown=mask(value))
