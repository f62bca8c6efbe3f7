"""What other rooms may import of the write-ahead log."""

from everytouch.journal.log import (
    Log,
    LogFullError,
    frames,
    identity,
    lock,
    sealed,
    segments,
)

__all__ = ["Log", "LogFullError", "frames", "identity", "lock", "sealed", "segments"]
