"""Where a request comes from."""

from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The address of the visitor."""
    return str(request.META.get("REMOTE_ADDR") or "an unknown address")
