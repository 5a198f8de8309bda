"""How keys in Redis are named: everything of one thing in one hash slot.

Redis Cluster puts a key in the slot of the part between its first braces, and a script may touch keys of one slot only.
So all keys of change 142 share the tag `{change:142}`, whichever node they land on.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Keys:
    """Builds the keys of one installation; `prefix` sets two installations on one Redis apart."""

    prefix: str = "tenfour"

    def change(self, number: int, part: str) -> str:
        """A part of one change, such as `doc` or `timeline`."""
        return self._tagged(f"change:{number}", part)

    def change_pattern(self, part: str) -> str:
        """What the keys of one part of every change look like, for SCAN."""
        return f"{self.prefix}:{{change:*}}:{part}"

    def change_number(self, key: str) -> int:
        """The number of the change that a key belongs to."""
        return int(hash_tag(key).removeprefix("change:"))

    def draft(self, draft_id: str, part: str = "doc") -> str:
        """A request that is being filled in and was not submitted yet."""
        return self._tagged(f"draft:{draft_id}", part)

    def registration(self, kind: str, account: str, key: str, part: str) -> str:
        """A part of one brand, campaign, external campaign or number under watch."""
        return self._tagged(f"registration:{kind}:{account}:{key}", part)

    def brand(self, account: str, brand_sid: str, part: str) -> str:
        """A part of what is remembered of a brand and its campaigns, such as its `past`."""
        return self._tagged(f"brand:{account}:{brand_sid}", part)

    def portfolio(self, part: str) -> str:
        """A part of the index over all registrations that people follow, such as its `rows`."""
        return self._tagged("portfolio", part)

    def audit(self, part: str) -> str:
        """A part of the audit, such as its `log`."""
        return self._tagged("audit", part)

    def events(self, part: str) -> str:
        """A part of what was told to us and is not taken up yet, such as the `journal`."""
        return self._tagged("events", part)

    def act(self, part: str) -> str:
        """What is kept beside the acts of people, such as the lease of one; in the slot of their index."""
        return self._tagged(f"{self.prefix}:acts", part)

    def plain(self, name: str) -> str:
        """A key on its own, such as an index; no script may touch it together with another key."""
        _refuse_braces(name)
        return f"{self.prefix}:{name}"

    def _tagged(self, tag: str, part: str) -> str:
        _refuse_braces(tag + part)
        return f"{self.prefix}:{{{tag}}}:{part}"


def hash_tag(key: str) -> str:
    """The part of a key that decides its slot: what lies between its first braces, or the whole key.

    An empty pair of braces does not count (Redis Cluster specification, "Hash tags").
    """
    _, opened, rest = key.partition("{")
    tag, closed, _ = rest.partition("}")
    return tag if opened and closed and tag else key


def _refuse_braces(text: str) -> None:
    # A brace inside an id would move its keys to another slot than the rest, which only a cluster would ever notice.
    if "{" in text or "}" in text:
        raise ValueError(f"a key's parts must not contain braces: {text!r}")
