"""Work of one process within a limit of memory."""

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path

STATUS = Path("/proc/self/status")
REST = 1 << 30  # bytes for threads and libraries, beside what was allowed


@contextlib.contextmanager
def memory(megabytes: int) -> Iterator[None]:
    """Let this process take so much more memory than it has, where the system can limit it."""
    taken = _taken()
    if taken is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = taken + (megabytes << 20) + REST
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _taken() -> int | None:
    """Bytes of data this process has; files that are mapped do not count."""
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmData")), None)
