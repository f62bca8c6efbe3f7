"""What must be in the audit log: a line for every write, every file given, every look at people.

A view writes the line that says most. Where it wrote none, ``witnessed`` writes one, so that no
route can be added that leaves no trace.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from everytouch.ledger.api import audited
from everytouch.web.shell import note

PERSONAL = ("dig", "people", "export", "erase", "audit")
"""Rights whose reading is logged, too."""
_READING = ("GET", "HEAD")


def witnessed(
    request: HttpRequest, name: str, reads: bool, view: Callable[..., HttpResponse], /, **given: Any
) -> HttpResponse:
    """Answer with ``view``, and see to it that the audit log has a line where it must have one."""
    with audited() as lines:
        response = view(request, **given)
    if not lines and (action := _action(request, reads, response)):
        places = [str(value) for value in given.values() if isinstance(value, str | int)]
        subject = ", ".join([name, *places])  # of the address: never what a body says
        note(request, action, subject[:200])
    return response


def _action(request: HttpRequest, reads: bool, response: HttpResponse) -> str:
    """What was done that is to be logged; nothing when empty."""
    if response.status_code >= 400:
        return ""
    if request.method not in _READING:
        return "write"
    if str(response.get("Content-Disposition", "")).startswith("attachment"):
        return "export"
    return "read" if reads else ""
