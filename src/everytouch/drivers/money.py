"""The money ledger: every amount once, and the sums over parties, places and time agree."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from everytouch.catalogue.api import Catalogue
from everytouch.engine.api import Engine
from everytouch.errors import EverytouchError
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails, people

UNIT = Decimal(10_000)  # amounts are kept in 1/10,000
NOWHERE = "no touchpoint"


@dataclass(frozen=True)
class Account:
    """Money at one touchpoint.

    Attributes:
        received: what parties paid less what they got back; cost: what it cost to serve them.
    """

    touchpoint: str
    label: str
    moments: int
    parties: int
    paying: int
    received: Decimal
    returned: Decimal
    cost: Decimal


@dataclass(frozen=True)
class Money(Result):
    """Touchpoints, the largest first; ``received`` and ``cost`` are of all of them.

    Attributes:
        by_parties, by_months: the same total, added up party by party and month by month.
        reconciled: whether the three are equal, to the last unit.
    """

    row_type: ClassVar[type] = Account
    currency: str = ""
    received: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    by_parties: Decimal = Decimal(0)
    by_months: Decimal = Decimal(0)
    parties: int = 0
    reconciled: bool = True


@dataclass(frozen=True)
class MoneySums:
    """Sums of one bucket, or of several.

    Attributes:
        places: by touchpoint moments, payments, 1/10,000 received, returned, cost; parties;
            (K + 1, 6).
        parties: how many paid.
        by_parties: what they paid, in 1/10,000.
        months: the same by month since 1970.
        size: all amounts and costs without their signs: whether whole numbers of 64 bits hold them.
    """

    places: NDArray[np.int64]
    parties: int
    by_parties: int
    months: dict[int, int]
    size: float

    def __add__(self, other: "MoneySums") -> "MoneySums":
        months = dict(self.months)
        for month, sum_ in other.months.items():
            months[month] = months.get(month, 0) + sum_
        return MoneySums(
            self.places + other.places,
            self.parties + other.parties,
            self.by_parties + other.by_parties,
            months,
            self.size + other.size,
        )


def kernel(bucket: Bucket, scope: Scope, count: int) -> MoneySums:
    """Sums of one bucket, each way on its own."""
    inside = scope.rows(bucket) & (scope.kinds(bucket) == 0)
    amount, cost = bucket["amount"][inside], bucket["cost"][inside]
    place = np.where(bucket["touchpoint"][inside] < 0, count, bucket["touchpoint"][inside])
    places = np.zeros((count + 1, 6), np.int64)
    columns = (
        np.ones(len(amount), np.int64), (amount > 0).astype(np.int64), amount,
        np.where(amount < 0, amount, 0), cost,
    )  # fmt: skip
    for i, column in enumerate(columns):
        np.add.at(places[:, i], place, column)  # whole numbers: bincount would make floats
    owner = bucket.owner()[inside]
    places[:, 5] = people(owner, place, count + 1)
    paid = np.zeros(len(bucket.parties), np.int64)
    np.add.at(paid, owner, amount)
    month = bucket["time"][inside].astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    known, at = np.unique(month, return_inverse=True)
    sums = np.zeros(len(known), np.int64)
    np.add.at(sums, at, amount)
    months = dict(zip(known.tolist(), sums.tolist(), strict=True))
    size = float(np.abs(amount).sum(dtype=np.float64) + np.abs(cost).sum(dtype=np.float64))
    return MoneySums(places, int((paid != 0).sum()), int(paid.sum()), months, size)


def money(
    trails: Trails,
    engine: Engine,
    catalogue: Catalogue,
    settings: Settings,
    scope: Scope = EVERYTHING,
) -> Money:
    """Money received and spent on serving, by touchpoint, reconciled to the last unit.

    Raises:
        EverytouchError: the sums do not fit 64 bits.
    """
    count = len(trails.touchpoints)
    sums = engine.run(lambda bucket: kernel(bucket, scope, count), trails.buckets)
    if sums.size >= 2.0**63:
        raise EverytouchError(
            "the amounts add up to more than can be counted exactly", "ask for a shorter period"
        )
    rows = []
    for code, name in enumerate((*trails.touchpoints, NOWHERE)):
        moments, paying, received, returned, cost, parties = map(int, sums.places[code])
        if not (received or returned or cost):
            continue
        point = catalogue.touchpoints.get(name)
        label = point.label if point else name
        values = (Decimal(part) / UNIT for part in (received, -returned, cost))
        rows.append(Account(name, label, moments, parties, paying, *values))
    rows.sort(key=lambda row: (-row.received, -row.cost, row.touchpoint))
    total, months = int(sums.places[:, 2].sum()), sum(sums.months.values())
    basis = Basis(
        formula="sum of amounts and of costs of interactions; received = paid less returned",
        denominator=f"{int(sums.places[:, 0].sum()):,} interactions",
        cut=f"{scope.text}; amounts in {settings.currency}",
        method="whole numbers of 1/10,000: nothing is rounded",
    )
    return Money(
        basis, tuple(rows), settings.currency, Decimal(total) / UNIT,
        Decimal(int(sums.places[:, 4].sum())) / UNIT, Decimal(sums.by_parties) / UNIT,
        Decimal(months) / UNIT, sums.parties, total == sums.by_parties == months,
    )  # fmt: skip
