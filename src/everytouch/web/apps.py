"""The Django app."""

from django.apps import AppConfig


class Web(AppConfig):
    """People, tokens, share links, jobs."""

    name = "everytouch.web"
    label = "web"
