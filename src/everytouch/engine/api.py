"""What other rooms may import of the engines."""

from everytouch.engine.local import Engine, LocalEngine, Mergeable
from everytouch.engine.spark import SparkEngine
from everytouch.errors import SettingError

__all__ = ["Engine", "LocalEngine", "Mergeable", "engine_of"]


def engine_of(name: str, threads: int) -> Engine:
    """The engine of a setting.

    Args:
        name: ``local``, or the address of a Spark master.
        threads: of the local one.

    Raises:
        SettingError: there is no such engine.
        EverytouchError: PySpark is not installed, or there is no such master.
    """
    if name == "local":
        return LocalEngine(threads)
    if name.startswith("spark://"):
        return SparkEngine(name)
    raise SettingError(f"engine {name!r} is unknown", "use local, or spark://host:port")
