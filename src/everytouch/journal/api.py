"""What other rooms may import of the write-ahead log."""

from everytouch.journal.disk import unwritable
from everytouch.journal.log import (
    WAITING,
    Log,
    LogFullError,
    damaged,
    frames,
    identity,
    lock,
    sealed,
    segments,
    set_aside,
    sync,
    unreadable,
)

__all__ = [
    "WAITING",
    "Log",
    "LogFullError",
    "damaged",
    "frames",
    "identity",
    "lock",
    "sealed",
    "segments",
    "set_aside",
    "sync",
    "unreadable",
    "unwritable",
]
