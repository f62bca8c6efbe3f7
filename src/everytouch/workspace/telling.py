"""Every answer says how many people are left out of it, as their data may not be analysed."""

import functools
import inspect
import typing
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from everytouch.results import Result
from everytouch.workspace.base import Base

C = TypeVar("C", bound=type[Base])


def tells_who_is_left_out(cls: C) -> C:
    """Have each question of a class, whose answer is a result, say so in its basis."""
    for name, method in list(vars(cls).items()):
        if inspect.isfunction(method) and _answers(method):
            setattr(cls, name, _telling(method))
    return cls


def _answers(method: Callable[..., Any]) -> bool:
    answer = typing.get_type_hints(method).get("return")
    return isinstance(answer, type) and issubclass(answer, Result)


def _telling(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def answer(self: Base, *given: Any, **named: Any) -> Any:
        found = method(self, *given, **named)
        left_out = self.trails().left_out
        return replace(found, basis=replace(found.basis, left_out=left_out)) if left_out else found

    return answer
