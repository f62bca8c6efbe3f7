"""What the processes of the pool have in common: imported once, then forked."""

import os
from pathlib import Path

from everytouch.web.boot import connect

connect(Path(os.environ["EVERYTOUCH_WORKSPACE"]))

from everytouch.web import answering, figures, questions  # noqa: E402, F401 - needs Django set up
