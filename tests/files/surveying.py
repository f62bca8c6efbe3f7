"""How the figures of a survey's responses are measured."""

import json
from decimal import Decimal
from typing import Any

from tests.files.measuring import Check, Imported


def responses(file: Imported) -> dict[str, dict[str, Any]]:
    """Different responses in the ledger, with what all their records share."""
    found: dict[str, dict[str, Any]] = {}
    for row in file.rows("perceptions"):
        found.setdefault(row["id"].rpartition(":")[0], json.loads(row["properties"] or "{}"))
    return found


def kept(file: Imported) -> int:
    """Responses that have a record of any kind."""
    traits = {row["id"].rpartition(":")[0] for row in file.rows("traits")}
    return len(responses(file).keys() | traits)


def question(file: Imported, words: str) -> str:
    """The name of the one question whose text holds these words."""
    names = [
        one.name for one in file.workspace.catalogue.instruments.values() if words in one.label
    ]
    assert len(names) == 1, f"{words!r} stands in {len(names)} questions"
    return names[0]


def comments(file: Imported) -> int:
    """Texts that people wrote, each column of a response one."""
    columns = file.plan.mappings[0].text
    if len(columns) == 1:
        return file.texts()
    return sum(bool(given.get(name)) for given in responses(file).values() for name in columns)


def partial(file: Imported) -> int:
    """Responses that were not finished."""
    return sum("partial" in given for given in responses(file).values())


def property_sum(file: Imported, name: str, **only: str) -> str:
    """Sum of a number that is a property of responses with these other properties, as text."""
    values = [
        given.get(name) for given in responses(file).values() if only.items() <= given.items()
    ]
    return f"{sum(Decimal(value) for value in values if value):.2f}"


FINISHED = "json_extract_string(properties, '$.partial') IS NULL"

OF_SURVEYS: dict[str, Check] = {
    "records": lambda f: kept(f) + sum(f.receipt.left_out.values()),
    "kept": kept,
    "texts": comments,
    "partial_responses": partial,
}
