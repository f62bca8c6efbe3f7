"""All figures, by name. A new one is a function in one of these files and a line in its tuple."""

from everytouch.web.figure import Spec
from everytouch.web.figures import (
    built,
    compared,
    drivers,
    everybody,
    feeling,
    improve,
    journeys,
    judging,
    maps,
    places,
)

FILES = (
    improve, feeling, everybody, places, journeys, built, compared, maps, drivers, judging,
)  # fmt: skip
FIGURES: dict[str, Spec] = {
    spec.name: spec
    for file in (
        improve,
        feeling,
        everybody,
        places,
        journeys,
        built,
        compared,
        maps,
        drivers,
        judging,
    )
    for spec in file.FIGURES
}
