"""What a preset is."""

from collections.abc import Callable
from dataclasses import dataclass

from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Plan


@dataclass(frozen=True)
class Asked:
    """What the workspace says of an import.

    Attributes:
        timezone: of times that name none, where the file does not say either.
        currency: of the workspace.
    """

    timezone: str = "UTC"
    currency: str = "EUR"


@dataclass(frozen=True)
class Preset:
    """The export of a tool.

    Attributes:
        name: short and unique, as "qualtrics".
        title: as people call it, "Qualtrics responses (CSV)".
        fits: whether a file is one, from its columns (and values where columns do not tell).
        plan: how it is imported.
    """

    name: str
    title: str
    fits: Callable[[Look], bool]
    plan: Callable[[Look, Asked], Plan]
