"""The touchpoints and questions that a plan needs, added to the catalogue."""

from dataclasses import replace

from everytouch.catalogue.api import Catalogue
from everytouch.collect.mapping.model import Plan


def with_needed(catalogue: Catalogue, plan: Plan) -> Catalogue:
    """Return the catalogue with what it lacks; what it has already stays as people made it."""
    points = {one.name: one for one in plan.touchpoints if one.name not in catalogue.touchpoints}
    asked = {one.name: one for one in plan.instruments if one.name not in catalogue.instruments}
    stages = dict.fromkeys([*catalogue.stages, *(one.stage for one in points.values())])
    return replace(
        catalogue,
        stages=tuple(stages),
        touchpoints={**catalogue.touchpoints, **points},
        instruments={**catalogue.instruments, **asked},
    )
