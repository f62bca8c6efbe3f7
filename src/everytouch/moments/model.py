"""The records, column by column. A source's SELECT names these columns; the ledger keeps them."""

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

Kind = Literal["interactions", "perceptions", "links", "traits", "consents", "counts"]

TIME = pa.timestamp("us", tz="UTC")
MONEY = pa.decimal128(18, 4)
MONEY_UNITS = 10_000  # an amount in trails is an integer of these to one unit of currency

PARTY_KINDS = ("customer", "employee", "partner", "account")
MODES = ("stated", "shown", "predicted")
ABOUT = ("touchpoint", "journey", "relationship")


@dataclass(frozen=True)
class Column:
    """One column of a record."""

    name: str
    type: pa.DataType
    text: str
    required: bool = False
    default: str | None = None


_ID = Column("id", pa.string(), "The source's own id of the moment; stored once.", True)
_WHEN = Column("occurred_at", TIME, "When it happened.", True)
_PARTY = (
    Column("namespace", pa.string(), "What kind of identifier: email, phone, customer_no …", True),
    Column("identifier", pa.string(), "The identifier, as it was seen.", True),
    Column("also", pa.list_(pa.string()), "Other identifiers seen with it, as namespace:value."),
    Column("party_kind", pa.string(), "One of: " + ", ".join(PARTY_KINDS) + ".", False, "customer"),
)
_LINKS = Column(
    "correlations", pa.list_(pa.string()), "What it belongs to, as type:id, the first one leading."
)

COLUMNS: dict[Kind, tuple[Column, ...]] = {
    "interactions": (
        _ID,
        _WHEN,
        *_PARTY,
        Column("touchpoint", pa.string(), "A touchpoint of the catalogue.", True),
        Column("outcome", pa.string(), "How it ended: ok, failed, abandoned …"),
        Column("duration_s", pa.float64(), "How long it took, in seconds."),
        Column("due_at", TIME, "When it had been promised for."),
        Column("amount", MONEY, "Money the party paid (or, negative, got back)."),
        Column("cost", MONEY, "What it cost the organisation."),
        Column("currency", pa.string(), "ISO 4217; the workspace's when left out."),
        Column("counterpart_namespace", pa.string(), "Kind of identifier of the other side."),
        Column("counterpart", pa.string(), "The other side: an employee or a partner."),
        _LINKS,
        Column(
            "sequence",
            pa.int64(),
            "Order among moments of the same time; the place in the source when left out.",
        ),
        Column("properties", pa.string(), "Anything else, as a JSON object."),
    ),
    "perceptions": (
        _ID,
        _WHEN,
        *_PARTY,
        Column("about", pa.string(), "One of: " + ", ".join(ABOUT) + ".", False, "touchpoint"),
        Column("touchpoint", pa.string(), "The touchpoint it is about."),
        Column("instrument", pa.string(), "The instrument it was asked with, of the catalogue."),
        Column("mode", pa.string(), "One of: " + ", ".join(MODES) + ".", False, "stated"),
        Column("raw", pa.float64(), "The answer on the instrument's own scale."),
        Column("emotion", pa.string(), "An emotion that was named or shown."),
        Column("sense", pa.string(), "The sense it speaks of."),
        Column("value", pa.string(), "The element of value it speaks of."),
        Column("topic", pa.string(), "What it is about, in a word."),
        Column("title", pa.string(), "Headline of what was written."),
        Column("text", pa.string(), "What was written."),
        Column("language", pa.string(), "Language of the text, BCP 47."),
        Column("confidence", pa.float64(), "Confidence of an inferred perception, 0 to 1."),
        Column("weight", pa.float64(), "Survey weight, where known."),
        _LINKS,
        Column(
            "sequence",
            pa.int64(),
            "Order among moments of the same time; the place in the source when left out.",
        ),
        Column("properties", pa.string(), "Anything else, as a JSON object."),
    ),
    "links": (
        _ID,
        _WHEN,
        Column("namespace", pa.string(), "Kind of the first identifier.", True),
        Column("identifier", pa.string(), "The first identifier.", True),
        Column("other_namespace", pa.string(), "Kind of the second identifier.", True),
        Column("other_identifier", pa.string(), "The second identifier.", True),
        Column("same", pa.bool_(), "Whether they are the same party.", False, "true"),
        Column("evidence", pa.string(), "What says so."),
        Column(
            "device",
            pa.string(),
            "Which of the two is a device that several people may use, where its ID type does "
            "not say so: `second`, or `either` where that is not known.",
        ),
    ),
    "traits": (
        _ID,
        _WHEN,
        Column("namespace", pa.string(), "Kind of identifier.", True),
        Column("identifier", pa.string(), "The identifier.", True),
        Column("name", pa.string(), "Name of the trait.", True),
        Column("value", pa.string(), "Its value from then on.", True),
    ),
    "consents": (
        _ID,
        _WHEN,
        Column("namespace", pa.string(), "Kind of identifier.", True),
        Column("identifier", pa.string(), "The identifier.", True),
        Column("purpose", pa.string(), "A purpose of the catalogue.", True),
        Column("given", pa.bool_(), "Whether it was given; false withdraws it.", True),
        Column("basis", pa.string(), "The legal ground: consent, contract, legitimate interest …"),
        Column("evidence", pa.string(), "What says so: the wording, the form, who took it down."),
    ),
    "counts": (
        _ID,
        _WHEN,
        Column("name", pa.string(), "What was counted: visitors in, visitors out …", True),
        Column("value", pa.float64(), "How many; nobody says who they were.", True),
        Column("place", pa.string(), "Where: a store, an entrance, a page."),
        Column("properties", pa.string(), "Anything else, as a JSON object."),
    ),
}

POSITION = "position"
"""Beside a record on its way into the ledger: where it stands in its source.

It is the ``sequence`` of a moment that brings none (``DEFAULTED``), and not a part of what the
record says: the same record elsewhere in a file is still the same.
"""
DEFAULTED = ("sequence",)

KINDS: tuple[Kind, ...] = (
    "links",
    "traits",
    "consents",
    "interactions",
    "perceptions",
    "counts",
)


def schema(kind: Kind) -> pa.Schema:
    """Arrow schema of a record as a source gives it."""
    return pa.schema([pa.field(c.name, c.type) for c in COLUMNS[kind]])


def records_table(kind: Kind) -> str:
    """The columns of a record as a Markdown table."""
    lines = ["| column | type | needed | meaning |", "| --- | --- | --- | --- |"]
    for c in COLUMNS[kind]:
        needed = "yes" if c.required else (f"`{c.default}`" if c.default else "")
        lines.append(f"| `{c.name}` | {c.type} | {needed} | {c.text} |")
    return "\n".join(lines) + "\n"
