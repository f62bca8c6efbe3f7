"""Ending with the process that started this one."""

import os
import signal
import threading
import time

LOOKS = 0.5  # seconds between two looks


def end_with(parent: int) -> None:
    """End this process when its parent is gone, however that went."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOKS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
