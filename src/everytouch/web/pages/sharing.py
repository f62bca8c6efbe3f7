"""Share links: a page as it is filtered, for who has the link, without personal data."""

import urllib.parse
from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from everytouch.errors import EverytouchError
from everytouch.web.access import PUBLIC
from everytouch.web.addresses import address_of
from everytouch.web.ask import Ask, Filters
from everytouch.web.disclosing import settled
from everytouch.web.models import Share
from everytouch.web.numbers import whole
from everytouch.web.pages.overview import tiles
from everytouch.web.routes import Route
from everytouch.web.shell import SHAREABLE, note, places_of, workspace_for

DAYS = (7, 30, 90)


def shares(request: HttpRequest) -> HttpResponse:
    """Links that were made, and making one."""
    link = ""
    path = request.POST.get("path") or request.GET.get("path", "/")
    query = urllib.parse.urlsplit(request.POST.get("query") or request.GET.get("query", "")).path
    if path not in SHAREABLE:
        path = "/"
    if request.method == "POST":
        try:
            link = _made(request, path, query[:1000])
        except EverytouchError as error:
            messages.error(request, f"{_(error.what)}: {_(error.remedy)}")
    values = {
        "ask": request.ask,
        "link": link,
        "path": path,
        "query": query,
        "days": DAYS,
        "shares": Share.objects.select_related("user").order_by("-created_at")[:100],
        "now": timezone.now(),
        "pages": SHAREABLE,
    }
    return render(request, "web/shares.html", values)


def _made(request: HttpRequest, path: str, query: str) -> str:
    """Make a link, and return its address.

    Raises:
        EverytouchError: what it is filtered by would give a few people away, or does not exist.
    """
    settled(_as_shared(request.user, query, "en"))
    made, secret = Share.issue(
        whole(request.POST.get("days"), 30, 1, max(DAYS)),
        user=request.user,
        title=request.POST.get("title", "").strip()[:120] or path,
        path=path,
        query=query,
    )
    note(request, "make share link", f"{made.pk} {path}")
    return str(request.build_absolute_uri(f"/s/{secret}"))


def _as_shared(maker: Any, query: str, language: str) -> Ask:
    """What somebody with a link asks: as a viewer at most, of no more than its maker may."""
    workspace, given = workspace_for(None), QueryDict(query)
    return Ask(
        workspace,
        Filters.parse(given),
        places_of(maker, workspace),
        frozenset({"see"}),
        given.dict(),
        language,
        shared=True,
    )


def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """End a link: one's own, or, for an owner, anybody's."""
    mine = Share.objects.filter(pk=number, revoked_at=None)
    if request.user.role != "owner":
        mine = mine.filter(user=request.user)
    if mine.update(revoked_at=timezone.now()):
        note(request, "revoke share link", str(number))
        messages.success(request, _("The link works no longer."))
    return redirect("/settings/shares")


def opened(request: HttpRequest, secret: str) -> HttpResponse:
    """The page of a link, with the rights of a viewer at most, and no way to a person."""
    share = Share.objects.of_secret(secret)
    if share is None:
        raise Http404(_("This link does not work any more. Ask who sent it for a new one."))
    Share.objects.filter(pk=share.pk).update(opened=F("opened") + 1, used_at=timezone.now())
    note(request, "open share link", f"{share.pk} {share.path}, from {address_of(request)}")
    ask = _as_shared(share.user, share.query, getattr(request, "LANGUAGE_CODE", "en"))
    values = {
        "ask": ask,
        "trails": ask.workspace.trails(),
        "share": share,
        "tiles": tiles(ask),
        "live": [],
    }
    return render(request, SHAREABLE[share.path], values)


ROUTES = (
    Route("settings/shares", shares, "shares", "share", writes="share"),
    Route(
        "settings/shares/<int:number>/revoke",
        revoke,
        "share-revoke",
        "share",
        writes="share",
        acts=True,
    ),
    Route("s/<str:secret>", opened, "shared", PUBLIC),
)
