"""Libraries that most questions do without, imported when something of them is first asked for.

A first answer waits for every import there is: Excel's reader, the report's templates and the like
are two seconds of it.
"""

import importlib
from typing import Any


class Later:
    """Stands for a module; its names are those of the module, imported at the first of them."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self._name), name)
