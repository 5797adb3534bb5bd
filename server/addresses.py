"""Which network an address belongs to: that of one subscriber."""

import ipaddress


def network_of(address: str | None) -> str:
    """Return the address itself, the /64 network of an IPv6 address, or "" if there is no valid address."""
    try:
        known = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    return str(ipaddress.ip_network((known, 64), strict=False)) if known.version == 6 else str(known)
