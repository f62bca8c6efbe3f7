"""What other rooms may import of identity."""

from everytouch.identity.resolve import Resolution, current, resolve

__all__ = ["Resolution", "current", "resolve"]
