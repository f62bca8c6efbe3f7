"""What other rooms may import of the engines."""

from everytouch.engine.local import Engine, LocalEngine, Mergeable
from everytouch.engine.spark import SparkEngine

__all__ = ["Engine", "LocalEngine", "Mergeable", "engine_of"]


def engine_of(name: str, threads: int) -> Engine:
    """The engine of a setting.

    Args:
        name: ``local``, or the address of a Spark master.
        threads: of the local one.

    Raises:
        EverytouchError: PySpark is not installed, or there is no such master.
    """
    return LocalEngine(threads) if name == "local" else SparkEngine(name)
