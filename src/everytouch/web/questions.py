"""What pages and API ask the library, once for both: a question is a function, answers are kept."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, TypeVar

from everytouch.drivers.api import Drivers, Worth
from everytouch.improvement.api import Movement, RankedList
from everytouch.journeys.api import DropOff, Graph, Paths, Retention, StageFlows, Unit, Volume
from everytouch.metrics.api import BY, Breakdown, By, Promises
from everytouch.perception.api import Comments
from everytouch.results import Result
from everytouch.trails.api import EVERYTHING, Every
from everytouch.web.ask import Ask
from everytouch.web.words import EVERY, UNITS

P = ParamSpec("P")
R = TypeVar("R", bound=Result)


@dataclass(frozen=True)
class Question:
    """A question the API offers too.

    Attributes:
        answer: the function; beside the ask it takes the choice, where there is one.
        result: what it answers with.
        text: what the API's description says of it.
        need: the right it asks for.
        choice: name and values of what one may choose beside the filters.
    """

    name: str
    answer: Callable[..., Result]
    result: type[Result]
    text: str
    need: str
    choice: tuple[str, tuple[str, ...]] | None

    def of(self, ask: Ask) -> Result:
        """The answer, with the choice that the address makes."""
        chosen = (ask.option(*self.choice),) if self.choice else ()
        return self.answer(ask, *chosen)


QUESTIONS: dict[str, Question] = {}


def question(
    need: str = "see", **choice: tuple[str, ...]
) -> Callable[[Callable[Concatenate[Ask, P], R]], Callable[Concatenate[Ask, P], R]]:
    """Make a function a question: computed once for a ledger and a filter, listed under its name.

    Args:
        need: the right it asks for.
        choice: the one parameter beside the ask, and its values.
    """

    def register(compute: Callable[Concatenate[Ask, P], R]) -> Callable[Concatenate[Ask, P], R]:
        name = compute.__name__.replace("_", "-")

        @functools.wraps(compute)
        def answer(ask: Ask, /, *args: P.args, **kwargs: P.kwargs) -> R:
            said = (*args, *sorted(kwargs.items()))
            return ask.once(name, lambda: compute(ask, *args, **kwargs), *said)

        result = inspect.signature(compute).return_annotation
        text = str(inspect.getdoc(compute))
        chosen = next(iter(choice.items()), None)
        QUESTIONS[name] = Question(name, answer, result, text, need, chosen)
        return answer

    return register


@question()
def findings(ask: Ask) -> RankedList:
    """The ranked list of what to improve."""
    return ask.workspace.findings(ask.scope, worth(ask.keeping()))


@question()
def movement(ask: Ask) -> Movement:
    """What moved against the period before, and what that goes with."""
    return ask.workspace.movement(ask.scope)


@question(by=tuple(BY))
def perception(ask: Ask, by: By) -> Breakdown:
    """Stated perception, broken down by touchpoint, stage, channel and the like."""
    return ask.workspace.perception(by, ask.scope)


@question()
def promises(ask: Ask) -> Promises:
    """Promises kept and broken."""
    return ask.workspace.promises(ask.scope)


@question()
def graph(ask: Ask) -> Graph:
    """What directly follows what."""
    return ask.workspace.graph(ask.scope)


@question()
def stage_flows(ask: Ask) -> StageFlows:
    """Flow of parties from stage to stage."""
    return ask.workspace.stage_flows(ask.scope)


@question(unit=tuple(UNITS))
def paths(ask: Ask, unit: Unit) -> Paths:
    """The most frequent paths."""
    return ask.workspace.paths(ask.scope, unit=unit)


@question()
def drop_off(ask: Ask) -> DropOff:
    """Who goes on from stage to stage, who stops."""
    return ask.workspace.drop_off(ask.scope)


@question(every=tuple(EVERY))
def retention(ask: Ask, every: Every) -> Retention:
    """Of those who came in a period, how many come back in the ones after."""
    return ask.workspace.retention(ask.scope, every=every)


@question()
def volume(ask: Ask) -> Volume:
    """Interactions by touchpoint and month."""
    return ask.workspace.volume(ask.scope)


@question()
def drivers(ask: Ask) -> Drivers:
    """What the score goes with."""
    return ask.workspace.drivers(ask.scope)


@question()
def worth(ask: Ask) -> Worth:
    """Spend, return and cost to serve by past experience; narrowed by who it was alone."""
    kept = ask.keeping("segment", "persona")
    scope = kept.scope if kept.filters else EVERYTHING
    return ask.workspace.worth(scope)


@question(need="comments")
def comments(ask: Ask) -> Comments:
    """What people wrote, newest first, with what gives a person away blotted out."""
    return ask.workspace.comments(ask.scope)
