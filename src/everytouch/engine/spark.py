"""The engine on a Spark cluster: each bucket is a task, and what tasks give is added up here.

Executors read the same folder of trails, on a shared disk, and have Everytouch installed. What
comes back is added in the order of the buckets, as on one machine.
"""

import functools
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from everytouch.engine.local import B, R, added
from everytouch.errors import EverytouchError


class SparkEngine:
    """Runs kernels on the cluster of a master, as ``spark://host:7077``.

    Raises:
        EverytouchError: PySpark is not installed, or there is no such master.
    """

    def __init__(self, master: str) -> None:
        self.context = _context(master)

    def run(self, kernel: Callable[[B], R], buckets: Sequence[B]) -> R:
        """See ``Engine.run``.

        Raises:
            ValueError: there is no bucket to run over.
        """
        if not buckets:
            raise ValueError("an engine needs at least one bucket")
        parts: list[R] = self.context.parallelize(buckets, len(buckets)).map(kernel).collect()
        return added(parts)


@functools.lru_cache(maxsize=1)
def _context(master: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it speaks of pandas, which is not used with it
            from pyspark.sql import SparkSession  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise EverytouchError(
            f"engine {master} needs PySpark: {error}", "pip install 'everytouch[spark]'"
        ) from error
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master(master).appName("everytouch")
    for name in ("spark.ui.enabled", "spark.ui.showConsoleProgress"):
        builder = builder.config(name, "false")
    try:
        session = builder.getOrCreate()
    except Exception as error:  # whatever Java says
        raise EverytouchError(
            f"no Spark master answers at {master}", "start one, or set engine to local"
        ) from error
    session.sparkContext.setLogLevel("ERROR")
    return session.sparkContext
