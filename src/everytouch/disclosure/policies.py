"""The policy of every analysis, by its kind of result. Without one it is not shown."""

from everytouch.disclosure.of_causes import CAUSES, IMPROVEMENT
from everytouch.disclosure.of_journeys import JOURNEYS
from everytouch.disclosure.of_perception import PERCEPTION
from everytouch.disclosure.policy import Policy
from everytouch.errors import UnknownNameError
from everytouch.results import Result

POLICIES: dict[type[Result], Policy] = {**JOURNEYS, **PERCEPTION, **CAUSES, **IMPROVEMENT}


def policy_of(kind: type[Result]) -> Policy:
    """The policy of a kind of result.

    Raises:
        UnknownNameError: it has none: nobody has said what is withheld of it.
    """
    if kind not in POLICIES:
        raise UnknownNameError(
            f"{kind.__name__} has no disclosure policy", "add one in disclosure/"
        )
    return POLICIES[kind]
