"""The network prefix of an address: /24 of IPv4, /56 of IPv6. The address itself goes no further."""

import ipaddress
from typing import Final

_BITS: Final = {4: 24, 6: 56}


def network_prefix(address: str) -> bytes:
    """The prefix, or nothing for what is no address. IPv4 inside IPv6 counts as IPv4."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return b""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    network = ipaddress.ip_network((parsed, _BITS[parsed.version]), strict=False)
    return bytes([parsed.version]) + network.network_address.packed
