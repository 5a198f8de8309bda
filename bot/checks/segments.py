"""How many segments a text takes: what is billed, and counted against daily caps."""

from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
"""Characters of GSM 03.38 that take the place of two."""


@dataclass(frozen=True)
class Segments:
    """`odd` are the characters that are not in the GSM alphabet: one of them makes every segment 70 characters long."""

    count: int
    odd: tuple[str, ...]


def segments(text: str) -> Segments:
    """Segments of a text: 160 characters fit into one and 153 into each of several, with odd ones 70 and 67."""
    odd = tuple(dict.fromkeys(c for c in text if c not in _BASIC and c not in _EXTENDED))
    size = len(text.encode("utf-16-le")) // 2 if odd else sum(2 if c in _EXTENDED else 1 for c in text)
    one, many = (70, 67) if odd else (160, 153)
    return Segments(1 if size <= one else -(-size // many), odd)
