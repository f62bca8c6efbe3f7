"""The sheet of a map: its cells as text, and the map with some of them changed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from everytouch.catalogue.maps import Block, JourneyMap, MapStep
from everytouch.errors import CatalogueError

CELLS = ("label", "emotion", "promise", "within", "backstage", "owner", "pains", "opportunities")
# Cells that hold several things, and what stands between them.
BETWEEN = {"backstage": ",", "pains": ";", "opportunities": ";"}
Changes = Mapping[str, Mapping[str, str]]


def cell(step: MapStep, name: str) -> str:
    """A cell as it is edited."""
    value = getattr(step, name)
    if name in BETWEEN:
        return f"{BETWEEN[name]} ".join(value)
    if name == "emotion":
        return "" if value is None else f"{value:g}"
    return str(value)


def with_cells(journey: JourneyMap, changes: Changes) -> JourneyMap:
    """A map with other cells; what it says is checked where it is saved.

    Args:
        changes: by step, by cell of ``CELLS``: the new text.

    Raises:
        CatalogueError: there is no such step or cell, or a feeling is no number.
    """
    steps = {step.step for step in journey.steps}
    for step, cells in changes.items():
        wrong = [name for name in cells if name not in CELLS]
        if step not in steps or wrong:
            raise CatalogueError(
                f"map {journey.name} has no cell {step}.{(wrong or [''])[0]}",
                f"use a step of it, and one of {', '.join(CELLS)}",
            )
    return replace(journey, body=_block(journey.body, changes))


def _block(block: Block, changes: Changes) -> Block:
    parts = tuple(
        _block(part, changes) if isinstance(part, Block) else _step(part, changes)
        for part in block.parts
    )
    return replace(block, parts=parts)


def _step(step: MapStep, changes: Changes) -> MapStep:
    mine = changes.get(step.step, {})
    new: dict[str, Any] = {name: _read(step, name, text) for name, text in mine.items()}
    return replace(step, **new)


def _read(step: MapStep, name: str, text: str) -> object:
    text = " ".join(text.split())
    if name in BETWEEN:
        return tuple(filter(None, (one.strip() for one in text.split(BETWEEN[name]))))
    if name != "emotion":
        return text or (step.step if name == "label" else "")
    try:
        return float(text.replace(",", ".")) if text else None
    except ValueError as error:
        raise CatalogueError(
            f"{step.label}: {text!r} is no feeling", "write a number from 0 to 100, or nothing"
        ) from error
