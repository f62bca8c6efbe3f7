"""What other rooms may import of the catalogue."""

import datetime

from everytouch.catalogue.bpmn import from_bpmn
from everytouch.catalogue.maps import NAME as MAP_NAME
from everytouch.catalogue.maps import Block, JourneyMap, MapStep, Part, dump_map, load_map
from everytouch.catalogue.model import (
    ELEMENTS,
    SENSES,
    VALUES,
    Catalogue,
    Initiative,
    Instrument,
    Persona,
    Promise,
    Segment,
    Touchpoint,
)
from everytouch.catalogue.sheet import BETWEEN, CELLS, Changes, cell, with_cells
from everytouch.catalogue.yaml import check_initiative, dumps, load, loads, merged
from everytouch.moments.api import Scale, Vocabulary


def vocabulary(catalogue: Catalogue, currency: str, latest: datetime.datetime) -> Vocabulary:
    """What records may name under this catalogue."""
    scales = {i.name: Scale(i.low, i.high, i.reversed) for i in catalogue.instruments.values()}
    return Vocabulary(frozenset(catalogue.touchpoints), scales, currency, latest)


__all__ = [
    "BETWEEN",
    "CELLS",
    "ELEMENTS",
    "MAP_NAME",
    "SENSES",
    "VALUES",
    "Block",
    "Catalogue",
    "Changes",
    "Initiative",
    "Instrument",
    "JourneyMap",
    "MapStep",
    "Part",
    "Persona",
    "Promise",
    "Segment",
    "Touchpoint",
    "cell",
    "check_initiative",
    "dump_map",
    "dumps",
    "from_bpmn",
    "load",
    "load_map",
    "loads",
    "merged",
    "vocabulary",
    "with_cells",
]
