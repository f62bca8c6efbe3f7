"""The app as the web server runs it: Django, the pool beside it, and the door in front of both."""

import os
from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from everytouch.collect.api import Bounds, room_for
from everytouch.web.boot import connect
from everytouch.web.gateway import Gateway
from everytouch.web.pool import POOL
from everytouch.web.serve import PORT
from everytouch.web.warm import keep_warm


def create() -> Gateway:
    """The app as Granian makes it, in the process that serves."""
    workspace = Path(os.environ["EVERYTOUCH_WORKSPACE"])
    connect(workspace)
    application, config = get_wsgi_application(), settings.CONFIG
    POOL.start(config.answer_processes, config.answer_seconds)
    keep_warm()
    bounds = room_for(Bounds.read(workspace))[0]
    return Gateway(application, bounds, int(os.environ[PORT]), config.upload_mb * 1_000_000)
