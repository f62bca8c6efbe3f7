"""What a preset is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from everytouch.collect.definitions.model import SurveyDefinition
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Plan


@dataclass(frozen=True)
class Asked:
    """What the workspace says of an import.

    Attributes:
        timezone: of times that name none, where the file does not say either.
        currency: of the workspace.
        surveys: definitions that were imported before.
    """

    timezone: str = "UTC"
    currency: str = "EUR"
    surveys: tuple[SurveyDefinition, ...] = ()

    def survey(self, tool: str, codes: Sequence[str]) -> SurveyDefinition | None:
        """Return the survey of a tool that has most of these question codes, at least half."""
        known = [one for one in self.surveys if one.tool == tool]
        best = max(known, key=lambda one: one.fits(codes), default=None)
        return best if best and best.fits(codes) * 2 >= len(set(codes)) else None


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
