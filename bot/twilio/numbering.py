"""US numbers in E.164, which is how people read them too: what is copied from a card can be pasted into a command."""

import re

TOLL_FREE_CODES = frozenset({"800", "833", "844", "855", "866", "877", "888"})
"""Area codes of toll-free numbers (North American Numbering Plan)."""

_KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")


def toll_free(phone_number: str) -> bool:
    """Whether a US number is toll-free: such numbers are verified in their own way and are not 10DLC."""
    return phone_number.startswith("+1") and phone_number[2:5] in TOLL_FREE_CODES


def default_name(phone_number: str) -> str:
    """What Twilio calls a number that nobody named: `(503) 555-0101`. Anything but a US number stays as it is."""
    if len(phone_number) != 12 or not phone_number.startswith("+1"):
        return phone_number
    return f"({phone_number[2:5]}) {phone_number[5:8]}-{phone_number[8:]}"


def fits(phone_number: str, pattern: str) -> bool:
    """Whether a number fits the pattern of a search: `*` is one digit, `%` any, letters are those of a keypad.

    `+` stands for the beginning of the number and `$` for its end (description of `Contains` in Twilio's OpenAPI file).
    """
    wanted = pattern.upper().translate(_KEYPAD).replace("*", "[0-9]").replace("%", "[0-9]*").replace("+", r"^\+")
    return re.search(wanted, phone_number) is not None
