"""What a question of the app and the API is: a function whose answers are kept, by its name.

Who may ask it, and what is withheld of the answer, is decided here, once for pages, figures,
exports, share links and the API.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from everytouch.disclosure import api as disclosure
from everytouch.disclosure.api import Policy
from everytouch.errors import ForbiddenError, UnknownNameError
from everytouch.results import Result
from everytouch.web import disclosing
from everytouch.web.ask import Ask
from everytouch.web.pool import POOL

P = ParamSpec("P")
R = TypeVar("R", bound=Result)
EVERY_FILTER = ("period", "segment", "places")


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
        if self.most > 1:
            return words
        return words[0] if words else ""


@dataclass(frozen=True)
class Number:
    """A whole number that the address may give, within limits."""

    text: str
    usual: int
    low: int
    high: int

    def of(self, ask: Ask, name: str) -> int:
        """The number; the usual one where none is given."""
        return ask.number(name, self.usual, self.low, self.high)


Choice = tuple[str, ...] | Given | Number


@dataclass(frozen=True)
class Question(Generic[R]):
    """A question the API offers too.

    Attributes:
        compute: the answer whoever asks; beside the ask it takes the choices.
        result: what it answers with.
        text: what the API's description says of it.
        need: the right it asks for.
        choices: what one may choose beside the filters, by name.
        policy: what is withheld from those who may not see single people.
        heeds: the filters that it is narrowed by: period, segment, places.
        whole: it is about the whole organisation, and not for who answers for a part of it.
        coarsely: what is asked instead by those who may not see single people.
        also: further parts that the answer is of, beside the one that is asked about.
        likewise: the answer without what answers to other questions withhold.
    """

    name: str
    compute: Callable[..., R]
    result: type[R]
    text: str
    need: str
    choices: dict[str, Choice]
    policy: Policy
    heeds: tuple[str, ...] = EVERY_FILTER
    whole: bool = False
    coarsely: Callable[[Ask], Ask] = lambda ask: ask
    also: Callable[[Ask], tuple[Ask, ...]] = lambda _: ()
    likewise: Callable[..., R] = lambda _, found, *__: found

    def forbids(self, ask: Ask) -> str:
        """Why the visitor may not ask it; empty where they may."""
        if self.need not in ask.rights:
            return "your role or token does not allow this"
        if self.whole and ask.only is not None:
            return "this is about the whole organisation; you answer for a part of it"
        return ""

    def of(self, ask: Ask) -> R:
        """The answer, with the choices that the address makes."""
        self._allow(ask)
        return self.answer(ask, *(_chosen(ask, *one) for one in self.choices.items()))

    def answer(self, ask: Ask, *args: Any, **kwargs: Any) -> R:
        """The answer for a visitor.

        Raises:
            ForbiddenError: it is not theirs to ask.
            WithheldError: it would give a few people away.
        """
        self._allow(ask)
        if not ask.coarse:
            return self.raw(ask, *args, **kwargs)
        part = disclosing.settled(self.coarsely(ask.heeding(self.heeds)))
        return self._once(f"shown {self.name}", withheld, self.withheld, part, args, kwargs)

    def _allow(self, ask: Ask) -> None:
        if why := self.forbids(ask):
            raise ForbiddenError(why, "ask an owner for a role that may")

    def raw(self, ask: Ask, *args: Any, **kwargs: Any) -> R:
        """The answer as it is: to compute with, not to show."""
        return self._once(self.name, computed, self.compute, ask.heeding(self.heeds), args, kwargs)

    def withheld(self, part: Ask, *args: Any, **kwargs: Any) -> R:
        """The answer, of a part that is settled, without what would give a few people away."""
        for one in (part, *self.also(part)):
            self._rests(one)
        found = disclosing.shown(part, self.policy, lambda p: self.raw(p, *args, **kwargs))
        return self.likewise(part, found, *args, **kwargs)

    def _once(
        self,
        key: str,
        apart: Callable[..., R],
        here: Callable[..., R],
        part: Ask,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> R:
        """The answer that is kept; computed in a process of the pool where there are any."""

        def compute() -> R:
            if POOL.running:  # by its name: a question is no function of a module
                return POOL.answer(apart, part, self.name, *args, **kwargs)
            return here(part, *args, **kwargs)

        return part.once(key, compute, *args, *sorted(kwargs.items()))

    def _rests(self, part: Ask) -> None:
        """Refuse what rests on moments of a few people."""
        for presence in self.policy.rests:
            PRESENCES[presence](part)


QUESTIONS: dict[str, Question[Any]] = {}
PRESENCES: dict[disclosure.Presence, Callable[[Ask], None]] = {}
"""What raises ``WithheldError`` where a part has moments of a few people only."""


def computed(part: Ask, name: str, *args: Any, **kwargs: Any) -> Any:
    """The answer to a question as it is, in a process that knows it by its name."""
    return QUESTIONS[name].raw(part, *args, **kwargs)


def withheld(part: Ask, name: str, *args: Any, **kwargs: Any) -> Any:
    """The same for those who may not see single people; the part is settled already."""
    return QUESTIONS[name].withheld(part, *args, **kwargs)


def _chosen(ask: Ask, name: str, choice: Choice) -> Any:
    return ask.option(name, choice) if isinstance(choice, tuple) else choice.of(ask, name)


class Asked(Generic[P, R]):
    """A question as pages ask it: called with an ask; ``raw`` is for other questions alone."""

    def __init__(self, question: Question[R]) -> None:
        self.question = question
        functools.update_wrapper(self, question.compute)

    def __call__(self, ask: Ask, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """The answer for a visitor; see ``Question.answer``."""
        return self.question.answer(ask, *args, **kwargs)

    def raw(self, ask: Ask, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """The answer as it is."""
        return self.question.raw(ask, *args, **kwargs)


def question(
    need: str = "see",
    *,
    heeds: tuple[str, ...] = EVERY_FILTER,
    whole: bool = False,
    coarsely: Callable[[Ask], Ask] = lambda ask: ask,
    also: Callable[[Ask], tuple[Ask, ...]] = lambda _: (),
    likewise: Callable[..., Any] = lambda _, found, *__: found,
    **choices: Choice,
) -> Callable[[Callable[Concatenate[Ask, P], R]], Asked[P, R]]:
    """Make a function a question: computed once for a ledger and a filter, listed under its name.

    Args:
        need, heeds, whole, coarsely, also, likewise: see ``Question``.
        choices: the parameters beside the ask, in their order.

    Raises:
        UnknownNameError: what it answers with has no disclosure policy.
    """

    def register(compute: Callable[Concatenate[Ask, P], R]) -> Asked[P, R]:
        name = compute.__name__.replace("_", "-")
        result = inspect.signature(compute).return_annotation
        policy, text = disclosure.policy_of(result), str(inspect.getdoc(compute))
        made = Question(
            name,
            compute,
            result,
            text,
            need,
            choices,
            policy,
            heeds,
            whole,
            coarsely,
            also,
            likewise,
        )
        QUESTIONS[name] = made
        return Asked(made)

    return register
