"""Who sent a request that came through a proxy, for the log: nothing else depends on what such headers say."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network

HEADER = "X-Forwarded-For"


def client_address(peer: str, forwarded_for: Iterable[str], trusted: Sequence[Network]) -> str:
    """The address that stands behind trusted proxies; whatever a stranger wrote into the header is not believed.

    `peer` is the other end of the connection, `forwarded_for` every value of the header. Each proxy adds whom it heard
    from at the end, so the list is read from there, as long as it was a trusted one that wrote it.
    """
    hops = [hop.strip() for value in forwarded_for for hop in value.split(",")]
    here = _address(peer)
    while here and hops and any(here in network for network in trusted):
        before = _address(hops.pop())
        if before is None:
            break
        here = before
    return str(here) if here else peer


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """The address in a hop, some of which name a port too; None for anything else."""
    host = text.partition("]")[0][1:] if text.startswith("[") else text
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
