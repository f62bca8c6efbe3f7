"""What other rooms may import of the catalogue."""

import datetime

from everytouch.catalogue.bpmn import from_bpmn
from everytouch.catalogue.maps import NAME as MAP_NAME
from everytouch.catalogue.maps import Block, JourneyMap, MapStep, Part, dump_map, load_map
from everytouch.catalogue.model import (
    ELEMENTS,
    GATES,
    SENSES,
    VALUES,
    Catalogue,
    Initiative,
    Instrument,
    Persona,
    Promise,
    Purpose,
    Segment,
    Touchpoint,
)
from everytouch.catalogue.safe import read_yaml
from everytouch.catalogue.sheet import BETWEEN, CELLS, Changes, cell, with_cells
from everytouch.catalogue.yaml import check_initiative, dumps, load, loads, merged
from everytouch.moments.api import Nobody, Retention, Scale, Vocabulary, device_types
from everytouch.settings import Settings


def vocabulary(
    catalogue: Catalogue, settings: Settings, latest: datetime.datetime, retention: Retention
) -> Vocabulary:
    """What records may name under this catalogue, these settings and rules of retention."""
    scales = {i.name: Scale(i.low, i.high, i.reversed) for i in catalogue.instruments.values()}
    return Vocabulary(
        frozenset(catalogue.touchpoints),
        scales,
        settings.currency,
        latest,
        Nobody.of(settings.ids_of_nobody),
        device_types(settings.device_id_types),
        retention,
        frozenset(catalogue.purposes),
    )


__all__ = [
    "BETWEEN",
    "CELLS",
    "ELEMENTS",
    "GATES",
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
    "Purpose",
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
    "read_yaml",
    "vocabulary",
    "with_cells",
]
