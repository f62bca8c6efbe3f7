"""What other rooms may import of the app: starting it, and keeping it."""

from everytouch.web.backup import backup, restore
from everytouch.web.boot import (
    address,
    demo_key,
    demo_source_key,
    free_port,
    make_demo,
    reset_link,
    setup_key,
)
from everytouch.web.config import WebConfig
from everytouch.web.serve import end_with_parent, run_supervised, run_web, run_worker

__all__ = [
    "WebConfig",
    "address",
    "backup",
    "demo_key",
    "demo_source_key",
    "end_with_parent",
    "free_port",
    "make_demo",
    "reset_link",
    "restore",
    "run_supervised",
    "run_web",
    "run_worker",
    "setup_key",
]
