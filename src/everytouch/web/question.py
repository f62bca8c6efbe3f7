"""What a question of the app and the API is: a function whose answers are kept, by its name."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

from everytouch.errors import UnknownNameError
from everytouch.results import Result
from everytouch.web.ask import Ask
from everytouch.web.pool import POOL

P = ParamSpec("P")
R = TypeVar("R", bound=Result)


@dataclass(frozen=True)
class Given:
    """What a question asks for beside filters, in words of the asker's.

    Attributes:
        text: what it is, for the API's description.
        least: how many words it needs; with ``most`` above one they are parted by commas.
    """

    text: str
    least: int = 1
    most: int = 1

    def of(self, ask: Ask, name: str) -> Any:
        """The word that the address gives, or all of them.

        Raises:
            UnknownNameError: it gives too few.
        """
        words = tuple(filter(None, ask.options.get(name, "").split(",")))[: self.most]
        if len(words) < self.least:
            raise UnknownNameError(f"{name} is not given", f"give {name}=…: {self.text}")
        return words if self.most > 1 else words[0]


Choice = tuple[str, ...] | Given


@dataclass(frozen=True)
class Question:
    """A question the API offers too.

    Attributes:
        answer: the function; beside the ask it takes the choices.
        result: what it answers with.
        text: what the API's description says of it.
        need: the right it asks for.
        choices: what one may choose beside the filters, by name: values, or ``Given``.
        whole: it is about the whole organisation, and not for who answers for some touchpoints.
    """

    name: str
    answer: Callable[..., Result]
    result: type[Result]
    text: str
    need: str
    choices: dict[str, Choice]
    whole: bool = False

    def of(self, ask: Ask) -> Result:
        """The answer, with the choices that the address makes."""
        return self.answer(ask, *(_chosen(ask, *one) for one in self.choices.items()))


def _chosen(ask: Ask, name: str, choice: Choice) -> Any:
    return choice.of(ask, name) if isinstance(choice, Given) else ask.option(name, choice)


QUESTIONS: dict[str, Question] = {}


def question(
    need: str = "see", *, whole: bool = False, coarse: bool = False, **choices: Choice
) -> Callable[[Callable[Concatenate[Ask, P], R]], Callable[Concatenate[Ask, P], R]]:
    """Make a function a question: computed once for a ledger and a filter, listed under its name.

    Args:
        need: the right it asks for.
        whole: it is about the whole organisation.
        coarse: who may not see single moments gets another answer.
        choices: the parameters beside the ask, in their order.
    """

    def register(compute: Callable[Concatenate[Ask, P], R]) -> Callable[Concatenate[Ask, P], R]:
        name = compute.__name__.replace("_", "-")

        @functools.wraps(compute)
        def answer(ask: Ask, /, *args: P.args, **kwargs: P.kwargs) -> R:
            said = (*args, *sorted(kwargs.items()), coarse and ask.coarse)

            def computed() -> R:  # in a process that knows the question by its name
                if POOL.running:
                    return POOL.answer(answer, ask, *args, **kwargs)
                return compute(ask, *args, **kwargs)

            return ask.once(name, computed, *said)

        result = inspect.signature(compute).return_annotation
        text = str(inspect.getdoc(compute))
        QUESTIONS[name] = Question(name, answer, result, text, need, choices, whole)
        return answer

    return register
