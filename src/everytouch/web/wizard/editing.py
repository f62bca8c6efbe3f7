"""Changes of a plan, one choice at a time: what a column is used for, its format, its question."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from everytouch.catalogue.api import Catalogue, Instrument, Touchpoint
from everytouch.collect.api import (
    ColumnFormat,
    ColumnProfile,
    Input,
    Mapping,
    Plan,
    Value,
    as_rows,
    plain_name,
    role_of,
    row_kind,
    to_score,
    with_role,
)
from everytouch.web.wizard.formats import fitting
from everytouch.web.wizard.state import Upload

METRICS = ("nps", "csat", "ces", "mean")
ENDS = (5.0, 7.0, 10.0, 100.0)


@dataclass(frozen=True)
class Editor:
    """Changes one mapping of an upload's plan.

    Attributes:
        number: of the mapping.
        known: the workspace's catalogue.
    """

    upload: Upload
    plan: Plan
    number: int
    known: Catalogue

    @property
    def mapping(self) -> Mapping:
        """The mapping as it is now."""
        return self.plan.mappings[self.number]

    def column(self, name: str) -> ColumnProfile:
        """What a column holds."""
        return self.upload.table(self.mapping.table).column(name)

    def values(self, name: str) -> list[str]:
        """The different values of a column, the most frequent first."""
        return [value for value, _ in self.column(name).values]

    def code(self, column: str) -> str:
        """What a column is used for, as a form's field names it: of a question its metric."""
        role = role_of(self.mapping, column)
        return self.instrument(column).kind if role == "question" else role

    def instrument(self, column: str) -> Instrument:
        """The question that a column answers."""
        name = next(q.instrument for q in self.mapping.questions if q.column == column)
        own = next((one for one in self.plan.instruments if one.name == name), None)
        return self.known.instruments.get(name) or own or Instrument(name, name, "mean", 0, 100)

    def input_with(self, column: str) -> Input | None:
        """The input whose format of a column can be chosen; None where it has types of its own."""
        inputs = [one for one in self.plan.inputs if one.name == self.mapping.table]
        for given in inputs or self.plan.inputs:
            names = {one.name for one in self.upload.table(given.name).columns}
            if column in names and given.format != "parquet":
                return given
        return None

    @property
    def raw(self) -> bool:
        """Whether the values of its columns are known as they are written."""
        return any(one.name == self.mapping.table for one in self.plan.inputs)

    def format(self, column: str) -> ColumnFormat:
        """How a column is written."""
        given = self.input_with(column)
        return (given.columns.get(column) if given else None) or ColumnFormat()

    def with_mapping(self, mapping: Mapping) -> "Editor":
        """Return the editor with another mapping."""
        all_of = list(self.plan.mappings)
        all_of[self.number] = mapping
        return replace(self, plan=self.plan.changed(mappings=tuple(all_of)))

    def with_format(self, column: str, form: ColumnFormat) -> "Editor":
        """Return the editor with a column written otherwise."""
        given = self.input_with(column)
        if given is None:
            return self
        columns = {name: one for name, one in given.columns.items() if name != column}
        if form != ColumnFormat():
            columns[column] = form
        inputs = [replace(i, columns=columns) if i is given else i for i in self.plan.inputs]
        return replace(self, plan=self.plan.changed(inputs=tuple(inputs)))

    def with_instrument(self, column: str, instrument: Instrument) -> "Editor":
        """Return the editor with a column that answers a question of its own."""
        own = [one for one in self.plan.instruments if one.name != instrument.name]
        plan = self.plan.changed(instruments=(*own, instrument))
        return replace(self, plan=plan).asking(column, instrument.name)

    def asking(self, column: str, name: str) -> "Editor":
        """Return the editor with a column that answers this question."""
        questions = [
            replace(one, instrument=name) if one.column == column else one
            for one in self.mapping.questions
        ]
        return self.with_mapping(replace(self.mapping, questions=tuple(questions)))

    def used_as(self, column: str, code: str) -> "Editor":
        """Return the editor with a column used otherwise, written as fits that best."""
        if code in METRICS:
            return self._question(column, code)
        split = ";" if any(";" in value for value in self.values(column)) else ","
        detail = split if code == "choice" else ""
        made = self.with_mapping(with_role(self.mapping, column, code, detail))
        made = made._fitted(column)
        return made._touchpoints(column) if code == "touchpoint" else made

    def _fitted(self, column: str) -> "Editor":
        role, before = role_of(self.mapping, column), self.format(column)
        zone = before.timezone or self.plan.timezone
        return self.with_format(column, fitting(role, self.values(column), before, zone))

    def _question(self, column: str, metric: str) -> "Editor":
        before = role_of(self.mapping, column) == "question" and self.instrument(column)
        made = self
        if not before:
            made = made.with_mapping(with_role(self.mapping, column, "question", "?"))._fitted(
                column
            )
        label = before.label if before else " ".join(column.split())[:200]
        fresh = made.new_question(label, metric, made.scores(column))
        if before and before.name not in self.known.instruments:
            fresh = replace(fresh, name=before.name, reversed=before.reversed)
        return made.with_instrument(column, fresh)

    def scores(self, column: str) -> list[float]:
        """The different scores of a column, as its format understands it."""
        form = self.format(column)
        if form.is_ == "choice":
            return [float(one) for one in form.answers.values() if _is_number(one)]
        return [float(one) for value in self.values(column) if (one := to_score(value))]

    def new_question(self, label: str, metric: str, scores: Sequence[float]) -> Instrument:
        """Return a new question, with the scale that its scores suggest."""
        taken = {*self.known.instruments, *(one.name for one in self.plan.instruments)}
        low, high = _scale(metric, scores)
        name = unused(plain_name(label, "question"), taken)
        return Instrument(name, label or name, metric, low, high)  # type: ignore[arg-type]

    def as_rows(self, kind: str) -> "Editor":
        """Return the editor with rows that are something else, as recognised where they were."""
        first = self.upload.recognised.mappings
        before = first[self.number] if self.number < len(first) else self.mapping
        mapping = before if row_kind(before) == kind else as_rows(self.mapping, kind)
        points = (*self.plan.touchpoints, *self.upload.recognised.touchpoints)
        named = {one.name for one in self.plan.instruments}
        again = [one for one in self.upload.recognised.instruments if one.name not in named]
        plan = self.plan.changed(instruments=(*self.plan.instruments, *again))
        made = replace(self, plan=plan).with_mapping(mapping).with_touchpoints(points)
        if kind in ("interactions", "both") and not mapping.touchpoint:
            return made.at_new(self.plan.source)
        return made

    def with_touchpoints(self, points: Iterable[Touchpoint]) -> "Editor":
        """Return the editor with new touchpoints, the last of a name."""
        named = {one.name: one for one in points}
        return replace(self, plan=self.plan.changed(touchpoints=tuple(named.values())))

    def at_new(self, label: str, stage: str = "", channel: str = "") -> "Editor":
        """Return the editor with all rows at a new touchpoint."""
        point = self.new_point(label, stage, channel)
        made = self.with_touchpoints((*self.plan.touchpoints, point))
        return made.with_mapping(replace(made.mapping, touchpoint=Value("", point.name)))

    def new_point(self, label: str, stage: str = "", channel: str = "") -> Touchpoint:
        """Return a touchpoint with a name that no other has."""
        stages = self.known.stages
        usual = "use" if "use" in stages else stages[0] if stages else "use"
        taken = {*self.known.touchpoints, *(one.name for one in self.plan.touchpoints)}
        name = unused(plain_name(label, "touchpoint"), taken)
        return Touchpoint(name, label, stage or usual, channel or "other")

    def _touchpoints(self, column: str) -> "Editor":
        """A touchpoint for each value of the column: the known one, else a new one."""
        made = self
        places = {plain_name(one.label): name for name, one in self.known.touchpoints.items()}
        places |= {plain_name(one.label): one.name for one in self.plan.touchpoints}
        names: list[tuple[str, str]] = []
        for value in self.values(column)[:200]:
            if value in self.known.touchpoints:
                continue
            name = places.get(plain_name(value), "")
            if not name:
                point = made.new_point(value)
                made = made.with_touchpoints((*made.plan.touchpoints, point))
                name = point.name
            names.append((value, name))
        return made.with_mapping(replace(made.mapping, touchpoint=Value(column, "", tuple(names))))


def _is_number(text: str) -> bool:
    return to_score(text) is not None


def _scale(metric: str, scores: Sequence[float]) -> tuple[float, float]:
    if metric == "nps":
        return 0.0, 10.0
    least, most = (min(scores), max(scores)) if scores else (1.0, 5.0)
    usual = 7.0 if metric == "ces" else 5.0
    high = next((end for end in ENDS if end >= max(most, usual)), max(most, usual))
    return (0.0 if least == 0 else min(least, 1.0)), high


def unused(name: str, taken: "set[str]") -> str:
    """Return a name that is not taken yet: it, or it with a number."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found
