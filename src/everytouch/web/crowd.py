"""How many requests of one visitor are answered at a time: the threads are everybody's."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from everytouch.web.errors import problem, said

MOST = 24
LIGHT = ("/health", "/static/", "/accounts/", "/start", "/enter", "/favicon.ico")
"""Where the addresses begin that compute nothing."""


class Crowd:
    """Counts what is being answered for each visitor."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._present, self._lock = Counter[str](), threading.Lock()

    @contextmanager
    def entered(self, visitor: str) -> Iterator[bool]:
        """Count one more; whether that is not too many."""
        with self._lock:
            self._present[visitor] += 1
            few = self._present[visitor] <= self.most
        try:
            yield few
        finally:
            with self._lock:
                self._present[visitor] -= 1
                if not self._present[visitor]:
                    del self._present[visitor]


CROWD = Crowd()


def fair(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: refuse what one visitor asks beyond their part."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(LIGHT):
            return answer(request)
        with CROWD.entered(_visitor(request)) as few:
            return answer(request) if few else _refused(request)

    return middleware


def _visitor(request: HttpRequest) -> str:
    """A user, a token, or a share link: nobody else has anything computed."""
    if request.user.is_authenticated:
        return str(request.user.pk)
    return request.headers.get("Authorization") or str(request.path)


def _refused(request: HttpRequest) -> HttpResponse:
    what = _("Too many of your questions wait for an answer.")
    remedy = _("Wait until some are answered, then try again.")
    if request.path.startswith("/api/"):
        response = problem(429, what, remedy=remedy)
    else:
        response = said(request, 429, what, remedy)
    response["Retry-After"] = "5"
    return response
