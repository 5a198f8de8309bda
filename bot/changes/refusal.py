"""What people are told when something may not be done."""


class Refusal(Exception):
    """Something may not be done; the text tells the person why and what to do next."""
