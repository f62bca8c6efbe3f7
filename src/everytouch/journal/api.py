"""What other rooms may import of the write-ahead log."""

from everytouch.journal.log import (
    WAITING,
    Log,
    LogFullError,
    frames,
    identity,
    lock,
    sealed,
    segments,
)

__all__ = ["WAITING", "Log", "LogFullError", "frames", "identity", "lock", "sealed", "segments"]
