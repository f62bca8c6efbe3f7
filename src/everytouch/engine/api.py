"""What other rooms may import of the engine."""

from everytouch.engine.local import Engine, LocalEngine

__all__ = ["Engine", "LocalEngine"]
