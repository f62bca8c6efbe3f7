"""Nobody who may not see single people can work out one person's figures, by whatever they ask."""

import itertools
from dataclasses import dataclass, fields, is_dataclass, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import everytouch
from everytouch.disclosure.policies import POLICIES
from everytouch.disclosure.policy import Policy, Table
from everytouch.errors import EverytouchError, ForbiddenError, UnknownNameError
from everytouch.journeys.api import Volume
from everytouch.perception.api import Rules
from everytouch.perception.windows import answers
from everytouch.results import Basis, Result
from everytouch.simulate.api import simulate
from everytouch.stats.intervals import Estimate
from everytouch.workspace import Workspace
from tests.conftest import NOW, SECRET

GIVEN = {
    "steps": "website_visit,web_checkout", "days": "90", "at": "web_checkout",
    "first": "web_checkout", "second": "parcel_delivered", "after": "website_visit",
    "map": "online_order", "finding": "late:parcel_delivered",
}  # fmt: skip
HEAVY = {"population", "drivers", "interactions", "effects", "lifetime", "findings", "what-if"}
NOT_COUNTS = {"rank", "place", "step", "after", "sign", "rounded"}


@pytest.fixture(scope="module")
def world(home):
    from everytouch.web import questions  # noqa: F401 - registers them

    return World(Workspace(home.path, pinned=True))


class World:
    """The workspace as its visitors ask it, and what is true of it."""

    def __init__(self, workspace):
        self.workspace, self.known = workspace, workspace.catalogue
        owned = [p.name for p in self.known.touchpoints.values() if p.owner == "Stores"]
        self.only = {"viewer": None, "manager": frozenset(owned), "link": None}
        trails = workspace.trails()
        self.rules = Rules.of(self.known, trails, workspace.settings)
        places = [("touchpoint", name) for name in trails.touchpoints]
        points = [self.known.touchpoints[name] for name in trails.touchpoints]
        places += sorted({("channel", p.channel) for p in points if p.channel})
        places += sorted({("stage", p.stage) for p in points})
        self.places = [{}, *({kind: name} for kind, name in places)]
        self.groups = [{}, *({"segment": name} for name in self.known.segments)]
        self.groups += [{"persona": p.name} for p in self.known.personas.values() if p.segment]
        self.least = workspace.settings.minimum_n
        sizes = [len(bucket) for bucket in trails.buckets]
        self.begin = np.concatenate([[0], np.cumsum(sizes)])
        first = np.cumsum([0, *(len(bucket.parties) for bucket in trails.buckets)])
        owners = [b.owner() + at for b, at in zip(trails.buckets, first, strict=False)]
        self.owner = np.concatenate(owners)  # of every row of the trails

    def behind(self, rows_of, names):
        """Name → numbers of the rows that ``rows_of`` finds in each bucket, with their codes."""
        found = {}
        for bucket, begin in zip(self.workspace.trails().buckets, self.begin, strict=False):
            rows, codes = rows_of(bucket)
            for code in np.unique(codes):
                found.setdefault(names[code], []).append(rows[codes == code] + begin)
        return {name: np.concatenate(parts) for name, parts in found.items()}

    def left(self, parts, signs):
        """How many people a sum of parts leaves; 0 where some are added and others taken away."""
        rows = np.concatenate(parts)
        weights = np.repeat(signs, [len(part) for part in parts])
        each, at = np.unique(rows, return_inverse=True)
        total = np.bincount(at, weights, len(each)) if len(each) else np.zeros(0)
        if not total.any() or total.min() < 0 < total.max():
            return 0
        return len(np.unique(self.owner[each[total != 0]]))

    def ask(self, role, **filters):
        from everytouch.web.ask import Ask, Filters

        rights = frozenset({"see"} if role != "manager" else {"see", "comments"})
        return Ask(
            self.workspace, Filters(**filters), self.only[role], rights, GIVEN,
            shared=role == "link",
        )  # fmt: skip

    def parts(self, role, heavy=False):
        """Parts that a visitor may ask about, drawn at random."""
        day = st.dates(
            self.workspace.trails().first.date(), self.workspace.trails().last.date()
        ).map(str)
        period = st.one_of(
            st.just({}),
            st.sampled_from(["30", "90", "365"]).map(lambda days: {"period": days}),
            st.tuples(day, day).map(lambda two: {"since": min(two), "until": max(two)}),
            day.map(lambda since: {"since": since}),
        )
        groups, places = st.sampled_from(self.groups), st.sampled_from(self.places)
        if heavy:  # each takes seconds: a few parts, whose answers are kept
            period, groups, places = st.just({}), st.sampled_from(self.groups[:3]), st.just({})
        parts = st.tuples(period, groups, places)
        return parts.map(lambda three: self.ask(role, **three[0], **three[1], **three[2]))


def answer(question, ask):
    """The answer, or None where it is withheld or cannot be said."""
    try:
        return question.of(ask)
    except EverytouchError:
        return None


def counts_of(question, result):
    """All counts of a result, by where they stand."""
    policy, found = question.policy, {}
    listed = {table.name: table for table in policy.tables}
    for name in (f.name for f in fields(result)):
        if name in listed:
            for row in getattr(result, name):
                key = (name, listed[name].key(row))
                found |= {(*key, *where): n for where, n in _counts(row).items()}
        elif name != "basis":
            found |= {(name, *where): n for where, n in _counts(getattr(result, name)).items()}
    return found


def _counts(value, where=()):
    if isinstance(value, bool) or (where and where[-1] in NOT_COUNTS):
        return {}
    if isinstance(value, int | np.integer):
        return {where: int(value)}
    if isinstance(value, Estimate):
        found = {(*where, "n"): value.n}
        if value.method == "Wilson score" and not value.hidden and 0 <= value.value <= 1:
            found[*where, "part"] = round(value.value * value.n)
        return found
    if is_dataclass(value):
        parts = ((f.name, getattr(value, f.name)) for f in fields(value))
    elif isinstance(value, tuple) and not hasattr(value, "_fields"):
        parts = enumerate(value)
    else:
        return {}
    return {k: n for name, one in parts for k, n in _counts(one, (*where, name)).items()}


def _groups(answers):
    """Each alone, all pairs, all triples."""
    sizes = (itertools.combinations(answers, size) for size in (1, 2, 3))
    return itertools.chain.from_iterable(sizes)


def leaks_in_counts(question, asks, least):
    """Counts of fewer people than may be shown, that sums and differences of answers leave."""
    found = [counts_of(question, r) for ask in asks if (r := answer(question, ask)) is not None]
    for several in _groups(found):
        for signs in itertools.product((1, -1), repeat=len(several) - 1):
            for key in set.intersection(*map(set, several)):
                left = several[0][key] + sum(
                    s * one[key] for s, one in zip(signs, several[1:], strict=True)
                )
                if 0 < abs(left) < least:
                    yield key, left


# --- what is true: whose answers, whose payments are behind a row -------------------------------


def answers_behind(world, ask):
    """Instrument → answers behind the score of a part: numbers of rows."""

    def rows(bucket):
        found = answers(bucket, ask.scope, world.rules, back=False).rows
        return found, bucket["instrument"][found]

    return world.behind(rows, world.workspace.trails().instruments)


def payments_behind(world, ask):
    """Touchpoint → interactions behind its amount: numbers of rows."""

    def rows(bucket):
        found = np.flatnonzero(ask.scope.rows(bucket) & (bucket["kind"] == 0))
        return found, bucket["touchpoint"][found]

    return world.behind(rows, world.workspace.trails().touchpoints)


@dataclass(frozen=True)
class Shown:
    """What a visitor is shown: the rows of an answer, and what is behind each in truth."""

    rows: frozenset
    behind: dict


def shown(world, name, ask):
    from everytouch.web import disclosing
    from everytouch.web.question import QUESTIONS

    question = QUESTIONS[name]
    result = answer(question, ask)
    if result is None:
        return None
    part = disclosing.settled(ask.heeding(question.heeds))
    if name == "perception":
        rows = frozenset(cell.instrument for cell in result.rows if not cell.hidden)
        return Shown(rows, answers_behind(world, part))
    return Shown(frozenset(row.touchpoint for row in result.rows), payments_behind(world, part))


def leaks_in_sums(world, several):
    """Rows whose sums, of two or three answers, leave those of a few people."""
    several = [one for one in several if one is not None]
    for group in _groups(several):
        for row in frozenset.intersection(*(one.rows for one in group)):
            parts = [one.behind.get(row, np.zeros(0, np.int64)) for one in group]
            for signs in itertools.product((1, -1), repeat=len(group) - 1):
                if 0 < (people := world.left(parts, (1, *signs))) < world.least:
                    yield row, signs, people


# --- tests ----------------------------------------------------------------------------------------


def names():
    from everytouch.web.question import QUESTIONS

    return sorted(set(QUESTIONS) - {"comments"})


ROLES = ("viewer", "manager", "link")
usual = settings(
    max_examples=settings.default.max_examples if settings.default.max_examples > 100 else 40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@given(st.data())
@usual
def test_counts_of_few_cannot_be_had_by_subtraction(world, data):
    from everytouch.web.question import QUESTIONS

    name = data.draw(st.sampled_from(names()))
    role = data.draw(st.sampled_from(ROLES))
    asks = data.draw(st.lists(world.parts(role, name in HEAVY), min_size=2, max_size=3))
    assert list(leaks_in_counts(QUESTIONS[name], asks, world.least)) == []


@given(st.data())
@usual
def test_scores_and_amounts_of_few_cannot_be_had_by_subtraction(world, data):
    name = data.draw(st.sampled_from(["perception", "money"]))
    role = data.draw(st.sampled_from(("viewer", "link") if name == "money" else ROLES))
    asks = data.draw(st.lists(world.parts(role), min_size=2, max_size=3))
    several = [shown(world, name, replace(ask, options={"by": "all"})) for ask in asks]
    assert list(leaks_in_sums(world, several)) == []


@pytest.mark.parametrize("role", ["viewer", "manager"])
def test_no_day_and_no_place_leaves_a_few(world, role):
    """The same for all neighbouring days, all segments and all places, one after the other."""
    days = [{"since": f"2025-02-{day:02d}", "until": "2025-05-31"} for day in range(1, 29, 3)]
    for parts in (days, world.groups, world.places):
        asks = [world.ask(role, **part) for part in parts]
        several = [shown(world, "perception", replace(a, options={"by": "all"})) for a in asks]
        assert any(one and one.rows for one in several)
        assert list(leaks_in_sums(world, several)) == []


def test_the_same_would_be_had_without_disclosure(world):
    """The detectors find what they are for: in the answers of those who may see everything."""
    from everytouch.web.question import QUESTIONS

    least = world.workspace.settings.minimum_n
    days = [{"since": f"2025-02-{day:02d}", "until": "2025-05-31"} for day in range(1, 29)]
    asks = [replace(world.ask("viewer", **part), rights=frozenset({"see", "dig"})) for part in days]
    assert list(leaks_in_counts(QUESTIONS["volume"], asks[:3], least))
    several = []
    for ask in asks:
        cells = QUESTIONS["perception"].answer(ask, "all").rows
        rows = frozenset(cell.instrument for cell in cells)
        several.append(Shown(rows, answers_behind(world, ask)))
    assert list(leaks_in_sums(world, several[:6]))


@pytest.fixture
def registered():
    """Questions that a test adds, and takes away again."""
    from everytouch.web.question import QUESTIONS

    before = dict(QUESTIONS)
    yield QUESTIONS
    QUESTIONS.clear()
    QUESTIONS.update(before)


def test_an_analysis_that_leaks_is_caught(world, registered, monkeypatch):
    """One that says nobody is counted by its rows, and that its fields count nobody."""
    from everytouch.web.question import question

    numbers = ("interactions", "parties")
    leaky = Policy((Table(lambda r: (r.touchpoint, r.month), lambda _: (), exact=numbers),))
    monkeypatch.setitem(POLICIES, Volume, leaky)

    @question()
    def leaking(ask) -> Volume:
        """Interactions by touchpoint and month, with nothing withheld."""
        return ask.workspace.volume(ask.scope)

    asks = [world.ask("viewer"), world.ask("viewer", segment="rural")]
    assert list(leaks_in_counts(registered["leaking"], asks, world.workspace.settings.minimum_n))


def test_an_analysis_without_a_policy_is_not_registered(registered):
    from everytouch.web.question import question

    class Unheard(Result):
        row_type = Basis

    with pytest.raises(UnknownNameError, match="no disclosure policy"):

        @question()
        def unheard(ask) -> Unheard:
            """Nobody has said what is withheld of it."""

    assert "unheard" not in registered


def test_a_property_or_two_groups_at_once_are_not_asked(world):
    from everytouch.web import questions

    for filters in (
        {"where": "carrier=post"},
        {"segment": "rural", "persona": "settler"},
        {"stage": "buy", "channel": "web"},
    ):
        for role in ROLES:
            with pytest.raises(EverytouchError, match="your role"):
                questions.perception(world.ask(role, **filters), "all")
    known = world.workspace.catalogue
    assert {"rural", "settler"} <= {*known.segments, *known.personas}


def test_who_answers_for_a_part_is_refused_the_whole(world):
    from everytouch.web.question import QUESTIONS

    for name in names():
        question = QUESTIONS[name]
        if question.whole:
            with pytest.raises(ForbiddenError):
                question.of(world.ask("manager"))


# --- a small organisation: most rows are withheld -----------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A company of so few people that most rows are withheld."""
    folder = tmp_path_factory.mktemp("small")
    company = simulate(folder / "company", parties=60, years=0.6, seed=5)
    opened = everytouch.create(folder / "w", secret=SECRET)
    opened.import_source(company.source, now=NOW)
    opened.save_map("online_order", (company.folder / "online_order.yaml").read_text())
    return World(Workspace(opened.path, pinned=True))


def drawn(ask, spec):
    """A figure as a page and as a table; its rows."""
    from django.template.loader import render_to_string

    from everytouch.web.export import as_csv

    figure = spec.of(ask)
    render_to_string("web/figure.html", {"ask": ask, "spec": spec, "figure": figure})
    as_csv(figure)
    return figure.rows


@pytest.mark.parametrize("role", ROLES)
def test_every_figure_is_drawn_where_most_rows_are_withheld(small, role):
    from everytouch.web.figures import FIGURES

    shown = 0
    for part in ({}, {"segment": "rural"}, {"period": "30"}, {"channel": "web"}):
        ask = small.ask(role, **part)
        for versus in ({}, {"versus": "urban"}):
            ask = replace(ask, options=GIVEN | versus)
            for spec in FIGURES.values():
                if spec.forbids(ask):
                    continue
                shown += len(drawn(ask, spec))
    assert shown


def test_a_withheld_row_moves_no_other_to_its_place(small):
    """The share after two periods stands under two, whatever is withheld before it."""
    from everytouch.web import questions
    from everytouch.web.figures.journeys import retention

    ask = small.ask("viewer")
    result = questions.retention(ask, "month")
    figure = retention(replace(ask, options={"every": "month"}))
    gaps = 0
    for line in figure.rows:
        after = {row.after: row.share.value for row in line if not row.share.hidden}
        for column in figure.columns[2:]:
            number = int(str(column.title))
            assert column.read(line) == after.get(number)
            gaps += number not in after and any(later > number for later in after)
    assert gaps
    assert result.basis.withheld


def test_what_is_withheld_is_not_compared_as_nothing(small):
    """A row that one of two answers withholds is in neither: it is not 0 %."""
    from everytouch.stats.comparing import compare
    from everytouch.web import questions

    first, second = (small.ask("viewer", segment=name) for name in ("rural", "urban"))
    answers_ = [questions.paths(ask, "correlation") for ask in (first, second)]
    assert any(one.basis.withheld for one in answers_)
    both = set.intersection(*({row.touchpoints for row in one.rows} for one in answers_))
    assert len({row.what for row in compare(*answers_).rows}) == len(both)


def test_a_report_of_a_small_organisation_can_be_sent(small, tmp_path):
    for full in (False, True):
        assert small.workspace.report(tmp_path / "report.html", full=full).read_text()
