"""Addresses: ours from their table, those of allauth, the API's."""

from django.urls import include, path

from everytouch.web import private, records, signals  # noqa: F401 - register endpoints, audit lines
from everytouch.web.pages import ROUTES
from everytouch.web.rest import api

urlpatterns = [
    *(path(route.path, route.guarded(), name=route.name) for route in ROUTES),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", api.urls),
]
handler400 = "everytouch.web.errors.bad_request"
handler404 = "everytouch.web.errors.not_found"
handler500 = "everytouch.web.errors.server_error"
