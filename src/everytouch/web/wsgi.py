"""The WSGI application: what the web server runs."""

import os
from pathlib import Path

from django.core.wsgi import get_wsgi_application

from everytouch.collect.api import end_with
from everytouch.web.boot import compile_texts
from everytouch.web.serve import PARENT
from everytouch.web.warm import keep_warm

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "everytouch.web.settings")
compile_texts(Path(os.environ["EVERYTOUCH_WORKSPACE"]) / "cache" / "locale")
application = get_wsgi_application()
keep_warm()
if PARENT in os.environ:  # the process that serves is a child of the one that listens
    end_with(os.getppid())
