"""The worker, as a command of Django."""

from typing import Any

from django.core.management.base import BaseCommand

from everytouch.web.jobs import work_forever


class Command(BaseCommand):
    """Does jobs."""

    help = "Does jobs as they come."

    def handle(self, *_: Any, **__: Any) -> None:
        """Work until ended."""
        work_forever()
