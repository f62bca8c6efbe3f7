"""The catalogue as frozen records, and the vocabularies its words come from."""

import datetime
from dataclasses import dataclass, field
from typing import Literal

ELEMENTS = (
    "people", "product", "process", "policy", "price", "place", "communication", "technology",
    "partner",
)  # fmt: skip
SENSES = ("see", "hear", "taste", "smell", "touch", "feel")
STAGES = (
    "discover", "consider", "buy", "receive", "use", "get help", "renew", "advocate", "leave",
)  # fmt: skip
VALUES = (
    "saves time", "simplifies", "makes money", "reduces risk", "organizes", "integrates",
    "connects", "reduces effort", "avoids hassles", "reduces cost", "quality", "variety",
    "sensory appeal", "informs", "reduces anxiety", "rewards me", "nostalgia",
    "design and aesthetics", "badge value", "wellness", "therapeutic value",
    "fun and entertainment", "attractiveness", "provides access", "hope", "self-actualization",
    "motivation", "heirloom", "affiliation and belonging", "self-transcendence",
)  # fmt: skip
"""Elements of value (Almquist, Senior and Bloch, HBR 2016)."""

GATES = ("analysis", "export", "contact")
"""What a purpose may gate: analyses, exports of single people's data, contacting them."""

InstrumentKind = Literal["nps", "csat", "ces", "mean"]
InitiativeKind = Literal["experiment", "rollout", "single"]
InitiativeMetric = Literal["score", "spend", "cost"]


@dataclass(frozen=True)
class Promise:
    """What a touchpoint should be like, and how each interaction can be held against it.

    Attributes:
        text: the promise in the brand's words.
        on_time: whether an interaction must not come after its ``due_at``.
        within_seconds: longest ``duration_s`` that keeps it.
    """

    text: str
    on_time: bool = False
    within_seconds: float | None = None

    @property
    def checkable(self) -> bool:
        """Whether single interactions can keep or break it."""
        return self.on_time or self.within_seconds is not None


@dataclass(frozen=True)
class Touchpoint:
    """A named place where the organisation and a party meet.

    Attributes:
        stage: of the lifecycle; ``channel``, ``owner`` (department) and ``element`` likewise
            say where it belongs.
        senses, values: what it speaks to, and what it should deliver.
        contact: the party has to ask for something here, so coming back soon is a repeat.
        asks: it asks for feedback, and so is no part of what the answer is about.
    """

    name: str
    label: str
    stage: str
    channel: str
    owner: str = ""
    element: str = "process"
    senses: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    promise: Promise | None = None
    contact: bool = False
    asks: bool = False


@dataclass(frozen=True)
class Instrument:
    """A way of asking: its kind, its scale, and what it is about."""

    name: str
    label: str
    kind: InstrumentKind
    low: float
    high: float
    reversed: bool = False


@dataclass(frozen=True)
class Segment:
    """A rule that selects parties; every condition given must hold.

    Attributes:
        trait, values: the party's latest value of ``trait`` is one of ``values``.
        touchpoint, at_least: it passed ``touchpoint`` at least so often.
        party_kind: it is of this kind.
    """

    name: str
    label: str
    trait: str | None = None
    values: tuple[str, ...] = ()
    touchpoint: str | None = None
    at_least: int = 1
    party_kind: str | None = None


@dataclass(frozen=True)
class Persona:
    """A described kind of party, and the segment that selects it.

    Attributes:
        wants, needs, desires: in words.
        demographics: who they are, in words.
        senses, values: what they are most open to, and what counts for them.
    """

    name: str
    label: str
    segment: str | None = None
    wants: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    desires: tuple[str, ...] = ()
    demographics: tuple[str, ...] = ()
    senses: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Initiative:
    """A change meant to improve things, with what shall tell whether it did.

    Attributes:
        kind: "experiment": parties were dealt to ``treated`` and ``control`` by chance; "rollout":
            it came to ``treated``, and to each of ``waves``, while others went on as before;
            "single": it came to one segment, held against a mixture of ``others``.
        metric: score (of the headline's answers), spend or cost (of a party and month).
        named: day on which metric and comparison were written down; after ``start`` the verdict is
            an exploration.
        start, until: first day of the change, and the first day that is not looked at any more.
        treated, control, others: segments; all other parties where ``control`` is empty.
        waves: later roll-outs, as ``segment 2025-06-01``.
        share: of the parties of an experiment that are to be treated.
        planned: parties at which an experiment's interval is to be narrowest.
        finding: of the ranked list, that it is about, as late:parcel_delivered.
    """

    name: str
    label: str
    kind: InitiativeKind
    metric: InitiativeMetric
    named: datetime.date
    start: datetime.date
    treated: str
    control: str = ""
    until: datetime.date | None = None
    waves: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    share: float = 0.5
    planned: int = 1_000
    finding: str = ""

    @property
    def rollout(self) -> dict[str, datetime.date]:
        """Segments and the first day of the change there."""
        parts = [wave.rpartition(" ") for wave in self.waves]
        later = {name.strip(): datetime.date.fromisoformat(day) for name, _, day in parts}
        return {self.treated: self.start, **later}


@dataclass(frozen=True)
class Purpose:
    """What data of people are used for, and whether they are asked first.

    Attributes:
        description: what is done, in words for the people themselves.
        default: "opt-in": only who agreed; "opt-out": everybody but who withdrew.
        gates: uses of data that need this purpose's consent, of ``GATES``.
    """

    name: str
    label: str
    description: str = ""
    default: Literal["opt-in", "opt-out"] = "opt-in"
    gates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """All that is known of what the organisation means to give, by name."""

    organisation: str = ""
    stages: tuple[str, ...] = STAGES
    touchpoints: dict[str, Touchpoint] = field(default_factory=dict)
    instruments: dict[str, Instrument] = field(default_factory=dict)
    segments: dict[str, Segment] = field(default_factory=dict)
    personas: dict[str, Persona] = field(default_factory=dict)
    initiatives: dict[str, Initiative] = field(default_factory=dict)
    bad_outcomes: tuple[str, ...] = ()
    purposes: dict[str, Purpose] = field(default_factory=dict)

    def leaves(self, touchpoint: str) -> bool:
        """Whether who passes a touchpoint leaves: it is of the last stage."""
        known = self.touchpoints.get(touchpoint)
        return bool(known and self.stages and known.stage == self.stages[-1])
