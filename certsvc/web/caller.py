"""Who calls: the address of the public, seen through the proxies we were told to believe."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def caller_network(remote: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """Return what one household or office shares: the IPv4 address, or the IPv6 /64.

    Args:
        remote: address of whoever connected to us.
        forwarded: X-Forwarded-For, all its lines joined; each proxy adds on the right whom it saw. Read only
            as far as believed proxies wrote it: anything further left may be the caller's own invention.
        trusted: networks of those proxies.
    """
    caller = _address(remote)
    if caller is None:
        return remote
    for told in reversed(forwarded.split(",")):
        if not any(caller in network for network in trusted):
            break
        before = _address(told.strip())
        if before is None:
            break
        caller = before
    return str(ipaddress.ip_network((caller, 64), strict=False)) if caller.version == 6 else str(caller)


def is_believed(remote: str, trusted: Sequence[Network]) -> bool:
    """Tell whether whoever connected to us, *remote*, is a proxy we were told to believe."""
    caller = _address(remote)
    return caller is not None and any(caller in network for network in trusted)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
