"""Share links: a page as it is filtered, for who has the link, without personal data."""

import urllib.parse

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from everytouch.web.access import PUBLIC
from everytouch.web.addresses import address_of
from everytouch.web.ask import Ask, Filters
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
        days = whole(request.POST.get("days"), 30, 1, max(DAYS))
        title = request.POST.get("title", "").strip()[:120] or path
        made, secret = Share.issue(
            days,
            user=request.user,
            title=title,
            path=path,
            query=query[:1000],
        )
        note(request, "make share link", f"{made.pk} {path}")
        link = request.build_absolute_uri(f"/s/{secret}")
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
    workspace, given = workspace_for(None), QueryDict(share.query)
    ask = Ask(
        workspace,
        Filters.parse(given),
        places_of(share.user, workspace),
        frozenset({"see"}),
        given.dict(),
        getattr(request, "LANGUAGE_CODE", "en"),
        shared=True,
    )
    values = {
        "ask": ask,
        "trails": workspace.trails(),
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
