"""Where a request comes from: of what proxies say, only what named ones say is believed."""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_FORWARDED",
)
_HOMES = 64  # bits of an IPv6 address that a provider gives to one household or server


def address_of(request: HttpRequest) -> str:
    """The address of the visitor."""
    return str(request.META.get("REMOTE_ADDR") or "an unknown address")


def origin_of(request: HttpRequest) -> str:
    """The address, or the network of IPv6 in which one visitor may have any address."""
    found = _read(address_of(request))
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, _HOMES), strict=False))
    return str(found) if found else address_of(request)


def forwarded(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Put the visitor's address in the place of a named proxy's; drop what others claim."""

    def middleware(request: HttpRequest) -> HttpResponse:
        meta = request.META
        if _trusted(meta.get("REMOTE_ADDR", "")):
            meta["REMOTE_ADDR"] = _visitor(
                meta["REMOTE_ADDR"], meta.get("HTTP_X_FORWARDED_FOR", "")
            )
        else:
            for name in FORWARDED:
                meta.pop(name, None)
        return answer(request)

    return middleware


def _visitor(peer: str, chain: str) -> str:
    """The right-most address that is no proxy of ours: left of it, anybody may write."""
    visitor = peer
    for text in reversed(chain.split(",")):
        found = _read(text.strip())
        if found is None:
            break
        visitor = str(found)
        if not _trusted(visitor):
            break
    return visitor


def _trusted(text: str) -> bool:
    found = _read(text)
    return found is not None and any(found in network for network in settings.CONFIG.networks)


def _read(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
