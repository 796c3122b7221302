"""Which IP addresses are those of servers on the internet: a provider's answer must lead to no other."""

from __future__ import annotations

import ipaddress

# https://www.iana.org/assignments/ipv6-address-space: all servers of IPv6 are in here.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
# RFC 6052: behind such an address a gateway connects to the IPv4 address in its last four bytes.
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
# For protocols between routers; Python calls some of its addresses global.
_PROTOCOLS = ipaddress.IPv4Network("192.0.0.0/24")


def is_public(address: str) -> bool:
    """Whether a server of the internet may have it; an IPv6 address that stands for an IPv4 address is judged by that one.

    Args:
        address: in digits, without brackets; with or without a zone.

    Raises:
        ValueError: it is no IP address, such as a name.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = _inner(found)
        if inner is None:
            return found in _GLOBAL_UNICAST and found.is_global
        found = inner
    return found.is_global and not found.is_multicast and found not in _PROTOCOLS


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour
