"""The catalogue as frozen records, and the vocabularies its words come from."""

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

InstrumentKind = Literal["nps", "csat", "ces", "mean"]


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
class Catalogue:
    """All that is known of what the organisation means to give, by name."""

    organisation: str = ""
    stages: tuple[str, ...] = STAGES
    touchpoints: dict[str, Touchpoint] = field(default_factory=dict)
    instruments: dict[str, Instrument] = field(default_factory=dict)
    segments: dict[str, Segment] = field(default_factory=dict)
    personas: dict[str, Persona] = field(default_factory=dict)
    bad_outcomes: tuple[str, ...] = ()
