"""Lives of the simulated customers: purchase after purchase, all customers of a block at once."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from everytouch.simulate.company import COMPANY, DAY, EFFECTS, SECOND, START, Company

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TOUCHPOINTS = (
    "newsletter", "website_visit", "website_search", "product_browse", "store_visit",
    "overhead_music", "staff_encounter", "store_checkout", "web_checkout", "payment",
    "order_confirmation", "parcel_shipped", "parcel_delivered", "parcel_unpacked", "help_call",
    "return_sent", "survey_asked", "subscription_renewed", "account_closed", "shift_worked",
    "delivery_run",
)  # fmt: skip
OUTCOMES = ("ok", "error", "too loud", "unfriendly", "damaged", "unresolved")
INSTRUMENTS = ("nps", "call_csat", "pulse")
NONE = np.iinfo(np.int64).min

ROW = np.dtype(
    [
        ("party", np.int64),
        ("cycle", np.int64),
        ("touchpoint", np.int16),
        ("time", np.int64),
        ("outcome", np.int8),
        ("duration", np.float32),
        ("due", np.int64),
        ("amount", np.int64),  # cents; NONE where no money moved
        ("cost", np.int64),
        ("counterpart", np.int64),  # number of the employee or courier; -1 for nobody
        ("anonymous", np.bool_),
    ]
)
ANSWER = np.dtype(
    [
        ("party", np.int64),
        ("cycle", np.int64),
        ("touchpoint", np.int16),
        ("time", np.int64),
        ("instrument", np.int8),
        ("raw", np.float64),
    ]
)


@dataclass
class Block:
    """What happens to the parties first : first + count, as it is being made."""

    rng: np.random.Generator
    first: int
    count: int
    end: int
    staff: int
    couriers: int
    company: Company = COMPANY
    rows: list[NDArray[Any]] = field(default_factory=list)
    answers: list[NDArray[Any]] = field(default_factory=list)
    felt: float = 0.0
    purchases: int = 0
    recommend: int = 0  # promoters less detractors, had all been asked and answered

    def chance(self, p: Floats | float, n: int) -> NDArray[np.bool_]:
        """Throw ``n`` times with probability ``p``."""
        return np.asarray(self.rng.random(n) < p)

    def happen(self, who: Ints, cycle: int, touchpoint: str, time: Ints, **facts: Any) -> None:
        """Record one interaction for each of ``who`` (numbers within the block)."""
        rows = np.zeros(len(who), ROW)
        rows["party"], rows["cycle"], rows["time"] = who + self.first, cycle, time
        rows["touchpoint"] = TOUCHPOINTS.index(touchpoint)
        rows["due"], rows["amount"], rows["cost"] = NONE, NONE, NONE
        rows["duration"], rows["counterpart"] = np.nan, -1
        for name, values in facts.items():
            rows[name] = values
        self.rows.append(rows[rows["time"] < self.end])

    def answer(
        self, who: Ints, cycle: int, touchpoint: int, time: Ints, instrument: str, raw: Floats
    ) -> None:
        """Record one stated perception for each of ``who``."""
        rows = np.zeros(len(who), ANSWER)
        rows["party"], rows["cycle"], rows["time"] = who + self.first, cycle, time
        rows["touchpoint"], rows["raw"] = touchpoint, raw
        rows["instrument"] = INSTRUMENTS.index(instrument)
        self.answers.append(rows[rows["time"] < self.end])


@dataclass
class Customers:
    """State of the block's customers between purchases."""

    base: Floats
    remembered: Floats
    member: NDArray[np.bool_]
    rural: NDArray[np.bool_]
    store: Floats
    clock: Ints

    @classmethod
    def of(cls, block: Block) -> "Customers":
        """New customers, who come in the first year or so."""
        c, n, rng = block.company, block.count, block.rng
        rural = block.chance(c.rural_share, n)
        base = c.base_feeling + c.rural_feeling * rural + rng.normal(0, c.between_parties, n)
        store = rng.beta(2, 2 * (1 - c.store_share) / c.store_share, n)
        span = min(block.end - START, 365 * DAY)
        clock = START + (rng.beta(1, 2, n) * span).astype(np.int64)
        return cls(base, base.copy(), block.chance(c.member_share, n), rural, store, clock)


def live(block: Block) -> Customers:
    """Let the block's customers live until the end; rows and answers gather in the block."""
    them = Customers.of(block)
    alive, cycle = np.arange(block.count), 0
    while len(alive):
        alive = alive[them.clock[alive] < block.end]
        alive = _purchase(block, them, alive, cycle)
        cycle += 1
    return them


def _purchase(block: Block, them: Customers, who: Ints, cycle: int) -> Ints:
    """One purchase of each of ``who``; returns those who stay."""
    c, n = block.company, len(who)
    feeling = them.base[who] + block.rng.normal(0, c.within_party, n)
    clock = _look_around(block, who, cycle, them.clock[who], feeling)
    cents = (
        100
        * c.median_basket
        * block.rng.lognormal(0, 0.6, n)
        * np.exp(c.spend_per_point * (them.remembered[who] - c.base_feeling))
    ).astype(np.int64)
    store = block.chance(them.store[who], n)
    trouble = np.zeros(n, np.bool_)
    clock[store] = _in_store(block, who[store], cycle, clock[store], cents[store], feeling, store)
    clock[~store] = _on_web(block, them, who, cycle, clock, cents, feeling, ~store, trouble)
    clock = _help(block, who, cycle, clock, feeling, trouble)
    feeling = np.clip(feeling, 0, 100)
    _ask(block, who, cycle, clock, feeling)
    block.felt += float(feeling.sum())
    block.purchases += n
    them.remembered[who] = c.memory * them.remembered[who] + (1 - c.memory) * feeling
    return _stay(block, them, who, cycle, clock)


def _look_around(block: Block, who: Ints, cycle: int, clock: Ints, feeling: Floats) -> Ints:
    n, rng = len(who), block.rng
    got = block.chance(0.5, n)
    block.happen(who[got], cycle, "newsletter", clock[got])
    clock = clock + rng.integers(60, 86_400, n) * SECOND
    block.happen(who, cycle, "website_visit", clock, anonymous=block.chance(0.5, n))
    searched = block.chance(0.7, n)
    seconds = rng.lognormal(-0.4, 0.7, n)
    _feel(feeling, searched & (seconds > 2), "slow:website_search")
    block.happen(
        who[searched],
        cycle,
        "website_search",
        clock[searched] + 20 * SECOND,
        duration=seconds[searched],
    )
    for k, p in enumerate((0.9, 0.5)):
        looked = block.chance(p, n)
        block.happen(who[looked], cycle, "product_browse", clock[looked] + (60 + 70 * k) * SECOND)
    return np.asarray(clock + rng.integers(300, 2_000, n) * SECOND)


def _in_store(
    block: Block, who: Ints, cycle: int, clock: Ints, cents: Ints, feeling: Floats, mine: Any
) -> Ints:
    c, n, rng = block.company, len(who), block.rng
    clock = clock + rng.integers(3_600, 200_000, n) * SECOND
    block.happen(who, cycle, "store_visit", clock, cost=int(100 * c.store_cost))
    loud, rude = block.chance(c.loud, n), block.chance(c.unfriendly, n)
    block.happen(who, cycle, "overhead_music", clock + 30 * SECOND, outcome=loud * 2)
    talked = block.chance(0.6, n)
    rude &= talked
    block.happen(
        who[talked],
        cycle,
        "staff_encounter",
        clock[talked] + 400 * SECOND,
        outcome=rude[talked] * 3,
        counterpart=rng.integers(0, block.staff, int(talked.sum())),
    )
    queue = rng.lognormal(5.0, 0.8, n)
    done = clock + ((900 + queue) * SECOND).astype(np.int64)
    block.happen(who, cycle, "store_checkout", done, duration=queue, amount=cents)
    there = np.flatnonzero(mine)
    _feel(feeling, there[loud], "failed:overhead_music")
    _feel(feeling, there[rude], "failed:staff_encounter")
    _feel(feeling, there[queue > 300], "slow:store_checkout")
    return np.asarray(done)


def _on_web(
    block: Block,
    them: Customers,
    everyone: Ints,
    cycle: int,
    clock: Ints,
    cents: Ints,
    feeling: Floats,
    mine: Any,
    trouble: Any,
) -> Ints:
    c, rng, there = block.company, block.rng, np.flatnonzero(mine)
    who, clock, cents, n = everyone[there], clock[there], cents[there], len(there)
    failed = block.chance(c.checkout_error, n)
    block.happen(who, cycle, "web_checkout", clock, outcome=failed * 1)
    block.happen(who, cycle, "payment", clock + 90 * SECOND, amount=cents)
    block.happen(who, cycle, "order_confirmation", clock + 120 * SECOND)
    shipped = clock + rng.integers(20_000, 150_000, n) * SECOND
    block.happen(who, cycle, "parcel_shipped", shipped)
    due = (clock // DAY + 5) * DAY
    late = block.chance(np.where(them.rural[who], c.late_rural, c.late_urban), n)
    early = due - (rng.random(n) * (due - shipped) * 0.8).astype(np.int64)
    days_late = np.minimum(rng.exponential(2.0, n) + 0.05, 20)
    arrived = np.where(late, due + (days_late * DAY).astype(np.int64), early)
    courier = rng.integers(0, block.couriers, n)
    block.happen(
        who,
        cycle,
        "parcel_delivered",
        arrived,
        due=due,
        counterpart=courier,
        cost=int(100 * c.parcel_cost),
    )
    damaged = block.chance(c.damaged, n)
    opened = arrived + rng.integers(600, 20_000, n) * SECOND
    block.happen(who, cycle, "parcel_unpacked", opened, outcome=damaged * 4)
    back = block.chance(np.where(damaged, 0.5, 0.05), n)
    block.happen(
        who[back],
        cycle,
        "return_sent",
        opened[back] + DAY,
        amount=-cents[back],
        cost=int(100 * c.return_cost),
    )
    _feel(feeling, there[failed], "failed:web_checkout")
    _feel(feeling, there[late], "late:parcel_delivered")
    _feel(feeling, there[damaged], "failed:parcel_unpacked")
    trouble[there] = late | damaged | failed
    return np.asarray(opened)


def _help(block: Block, who: Ints, cycle: int, clock: Ints, feeling: Floats, trouble: Any) -> Ints:
    """Calls about trouble; what is not settled is called about again within days."""
    c, rng = block.company, block.rng
    calling = np.flatnonzero(
        block.chance(np.where(trouble, c.call_after_problem, c.call_base), len(who))
    )
    clock = clock.copy()
    for again in range(2):
        n = len(calling)
        clock[calling] += rng.integers(3_600, (2 + again) * 86_400, n) * SECOND
        wait, open_ = rng.lognormal(4.4, 0.8, n), block.chance(c.unresolved, n)
        block.happen(
            who[calling],
            cycle,
            "help_call",
            clock[calling],
            outcome=open_ * 5,
            duration=wait,
            cost=int(100 * c.call_cost),
            counterpart=rng.integers(0, block.staff, n),
        )
        happy = 72 - 25 * open_ - 15 * (wait > 180) + rng.normal(0, 18, n)
        says = block.chance(0.15, n)
        raw = np.clip(np.round(happy[says] / 25) + 1, 1, 5)
        heard = clock[calling[says]] + 3_600 * SECOND
        at = TOUCHPOINTS.index("help_call")
        block.answer(who[calling[says]], cycle, at, heard, "call_csat", raw)
        first = again == 0
        _feel(feeling, calling[wait > 180], "slow:help_call", first)
        _feel(feeling, calling[open_], "failed:help_call", first)
        if again:
            _feel(feeling, calling, "repeated:help_call")
        calling = calling[open_ & block.chance(c.calls_again, n)]
    return clock


def _ask(block: Block, who: Ints, cycle: int, clock: Ints, feeling: Floats) -> None:
    """Some are asked, and some of those answer: the moved more than the others."""
    c, n, rng = block.company, len(who), block.rng
    all_raw = np.clip(np.round(feeling / 10), 0, 10)
    block.recommend += int((all_raw >= 9).sum()) - int((all_raw <= 6).sum())
    asked = block.chance(c.ask, n)
    when = clock + rng.integers(3_600, 2 * 86_400, n) * SECOND
    block.happen(who[asked], cycle, "survey_asked", when[asked])
    odds = c.answer_base + c.answer_extreme * np.abs(feeling - c.base_feeling)
    answers = asked & block.chance(1 / (1 + np.exp(-odds)), n)
    replied = when[answers] + rng.integers(60, 3 * 86_400, int(answers.sum())) * SECOND
    block.answer(who[answers], cycle, -1, replied, "nps", all_raw[answers])


def _stay(block: Block, them: Customers, who: Ints, cycle: int, clock: Ints) -> Ints:
    """Who leaves, and when the others come again."""
    c, n, rng = block.company, len(who), block.rng
    off = them.remembered[who] - c.base_feeling
    leaves = block.chance(1 / (1 + np.exp(-(c.leave_base + c.leave_per_point * off))), n)
    told = leaves & block.chance(0.3, n)
    block.happen(who[told], cycle, "account_closed", clock[told] + 3 * DAY)
    renews = ~leaves & them.member[who] & block.chance(0.25, n)
    block.happen(who[renews], cycle, "subscription_renewed", clock[renews] + 2 * DAY, amount=1_990)
    gap = rng.exponential(c.mean_gap_days, n) * np.exp(c.gap_per_point * off) + 4
    them.clock[who] = clock + (gap * DAY).astype(np.int64)
    return np.asarray(who[~leaves])


def _feel(feeling: Floats, where: Any, effect: str, counts: bool = True) -> None:
    """Add an effect once; a mask or row numbers say where."""
    if counts:
        feeling[where] += EFFECTS[effect]
