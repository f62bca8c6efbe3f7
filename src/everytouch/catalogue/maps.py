"""Maps: the journey that was meant, step by step, as records and as YAML."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import yaml

from everytouch.catalogue.model import Catalogue
from everytouch.catalogue.safe import read_yaml
from everytouch.catalogue.yaml import one_of, plain_fields, record
from everytouch.errors import CatalogueError

Shape = Literal["step", "then", "any", "all"]
Unit = Literal["party", "session", "correlation"]
BLOCKS: dict[str, Shape] = {"then": "then", "any": "any", "all": "all"}
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_GIVEN = {"name", "body", "version"}  # by where the map is kept, and by its steps
DEEPEST, MOST_STEPS, LARGEST = 20, 500, 1 << 20
_UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_DURATION = re.compile(rf"\s*(\d+(?:\.\d+)?)\s*({'|'.join(_UNITS)})s?\s*")


@dataclass(frozen=True)
class MapStep:
    """One step of a designed journey.

    Attributes:
        step: its name, once in a map.
        touchpoints: any one of them is this step.
        within: the deadline, as ``2 days``, from the step ``since`` on; from the step that was
            taken before it where ``since`` is empty.
        emotion: how it is meant to feel, 0 to 100, as scores are.
        promise, owner, backstage: what is promised, by whom, and what happens unseen.
        pains, opportunities: noted by people.
        optional, repeat: it may be left out; it may be taken several times in a row.
    """

    step: str
    label: str
    touchpoints: tuple[str, ...]
    stage: str = ""
    emotion: float | None = None
    promise: str = ""
    owner: str = ""
    backstage: tuple[str, ...] = ()
    within: str = ""
    since: str = ""
    pains: tuple[str, ...] = ()
    opportunities: tuple[str, ...] = ()
    optional: bool = False
    repeat: bool = False

    @property
    def deadline_s(self) -> float | None:
        """Seconds of ``within``; None without one."""
        return seconds(self.within) if self.within else None


@dataclass(frozen=True)
class Block:
    """Parts one after the other (``then``), one of them (``any``), or side by side (``all``)."""

    shape: Shape
    parts: "tuple[Part, ...]"
    optional: bool = False
    repeat: bool = False


Part = MapStep | Block


@dataclass(frozen=True)
class JourneyMap:
    """A designed journey.

    Attributes:
        unit: what is held against it: what belongs to one order or case, a session, or all of
            a party.
        passing: only journeys that pass one of these touchpoints; any that passes a step's
            where it is empty.
        others: whether interactions at touchpoints that no step names count as added.
        personas: it is meant for.
        version: grows with each change.
        body: its parts, one after the other.
    """

    name: str
    label: str
    body: Block
    unit: Unit = "correlation"
    passing: tuple[str, ...] = ()
    others: bool = False
    personas: tuple[str, ...] = ()
    promise: str = ""
    owner: str = ""
    version: int = 1

    @property
    def steps(self) -> tuple[MapStep, ...]:
        """All steps, in the order they are written."""
        return tuple(_steps(self.body))


def _steps(part: Part) -> Iterator[MapStep]:
    if isinstance(part, MapStep):
        yield part
    else:
        for inner in part.parts:
            yield from _steps(inner)


def seconds(duration: str) -> float:
    """Seconds of a duration in words, as ``2 days`` or ``1.5 hours``.

    Raises:
        CatalogueError: it is none.
    """
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise CatalogueError(
            f"{duration!r} is no duration",
            "write a number and seconds, minutes, hours, days, weeks",
        )
    return float(found[1]) * _UNITS[found[2]]


def load_map(
    text: str, name: str, catalogue: Catalogue, version: int = 1, where: str = ""
) -> JourneyMap:
    """Read and check a map given as YAML.

    Args:
        name: of the map; ``version`` of it; ``where`` names it in messages.
        catalogue: whose touchpoints, stages and personas it names.

    Raises:
        CatalogueError: it says something impossible.
    """
    where = where or f"map {name}"
    if NAME.fullmatch(name) is None:
        raise CatalogueError(
            f"{name!r} is no name of a map", "use small letters, digits, _ and -, at most 64"
        )
    if len(text) > LARGEST:
        raise CatalogueError(f"{where} is larger than {LARGEST:,} characters", "part it into maps")
    try:
        raw = read_yaml(text)
    except yaml.YAMLError as error:
        raise CatalogueError(f"{where} is no YAML: {error}", "correct it at that line") from error
    if not isinstance(raw, dict):
        raise CatalogueError(f"{where} holds no mapping", "begin with `label: …` and `steps:`")
    if own := _GIVEN & raw.keys():
        raise CatalogueError(
            f"{where}: {', '.join(sorted(own))} is not said in the map itself", "take it out"
        )
    body = Block("then", _parts(raw.pop("steps", None), f"{where}: steps", 0))
    known = {"label": name.replace("_", " "), **raw, "name": name, "body": body}
    made = record(JourneyMap, {**known, "version": version}, where)
    _check(made, catalogue, where)
    return made


def dump_map(journey: JourneyMap) -> str:
    """The map as YAML; ``load_map(dump_map(m), m.name, c, m.version) == m``."""
    head = {n: value for n, value in plain_fields(journey).items() if n not in _GIVEN}
    raw = {**head, "steps": [_plain(part) for part in journey.body.parts]}
    return yaml.safe_dump(raw, sort_keys=False, allow_unicode=True, width=100)


def _parts(raw: Any, where: str, depth: int) -> tuple[Part, ...]:
    if depth > DEEPEST:
        raise CatalogueError(f"{where}: blocks lie deeper than {DEEPEST}", "make it flatter")
    if not isinstance(raw, list) or not raw:
        raise CatalogueError(f"{where} is no list of steps", "write `- step: …` lines")
    return tuple(_part(item, f"{where}[{number}]", depth) for number, item in enumerate(raw, 1))


def _part(raw: Any, where: str, depth: int) -> Part:
    if isinstance(raw, list):  # lanes are lists in lists
        return Block("then", _parts(raw, where, depth + 1))
    if not isinstance(raw, dict):
        raise CatalogueError(f"{where} = {raw!r} is no step", "write `step: name`")
    shape = next((name for name in BLOCKS if name in raw), None)
    if shape is None:
        name = raw.get("step")
        known = {"label": str(name).replace("_", " "), "touchpoints": name, **raw}
        return record(MapStep, known, where)
    flags = {name: value for name, value in raw.items() if name != shape}
    found = record(_Flags, flags, where)
    parts = _parts(raw[shape], f"{where}.{shape}", depth + 1)
    return Block(BLOCKS[shape], parts, found.optional, found.repeat)


@dataclass(frozen=True)
class _Flags:
    optional: bool = False
    repeat: bool = False


def _plain(part: Part) -> Any:
    if isinstance(part, MapStep):
        return plain_fields(part)
    inner = [_plain(one) for one in part.parts]
    if part.shape == "then" and not part.optional and not part.repeat:
        return inner
    flags = {name: True for name in ("optional", "repeat") if getattr(part, name)}
    return {part.shape: inner, **flags}


def _check(journey: JourneyMap, catalogue: Catalogue, where: str) -> None:
    steps = journey.steps
    names = [one.step for one in steps]
    if len(steps) > MOST_STEPS:
        raise CatalogueError(f"{where} has {len(steps)} steps", f"at most {MOST_STEPS}")
    for name in names:
        if names.count(name) > 1:
            raise CatalogueError(f"{where}: step {name!r} is there twice", "name each step once")
    for one in steps:
        _check_step(one, names, catalogue, f"{where}: step {one.step}")
    for point in journey.passing:
        one_of(point, catalogue.touchpoints, f"{where}: passing")
    for persona in journey.personas:
        one_of(persona, catalogue.personas, f"{where}: personas")


def _check_step(one: MapStep, names: list[str], catalogue: Catalogue, where: str) -> None:
    if not one.touchpoints:
        raise CatalogueError(f"{where} has no touchpoint", "name one in `touchpoints`")
    for point in one.touchpoints:
        one_of(point, catalogue.touchpoints, f"{where}: touchpoint")
    if one.stage:
        one_of(one.stage, catalogue.stages, f"{where}: stage")
    if one.since:
        one_of(one.since, names, f"{where}: since")
    if one.within:
        seconds(one.within)
    if one.emotion is not None and not 0 <= one.emotion <= 100:
        raise CatalogueError(f"{where}: emotion is {one.emotion:g}", "give 0 to 100, as scores are")
