"""Forms that change the catalogue: touchpoints, segments, personas, initiatives."""

import dataclasses
import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as lazy

from everytouch.catalogue.api import (
    ELEMENTS,
    SENSES,
    VALUES,
    Catalogue,
    Initiative,
    Persona,
    Promise,
    Segment,
    Touchpoint,
    check_initiative,
)
from everytouch.errors import CatalogueError
from everytouch.moments.api import PARTY_KINDS
from everytouch.web.words import COMPARED_BY, GOES

_NAME = r"^[a-z][a-z0-9_]{0,59}$"


def _words(values: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(value, value) for value in values]


class Lines(forms.CharField):
    """Several texts, one a line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        """One a line."""
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> tuple[str, ...]:
        """The lines that are not empty."""
        text = super().to_python(value) or ""
        return tuple(line.strip() for line in text.splitlines() if line.strip())


class NewName(forms.Form):
    """The name under which something new is known; it cannot be changed later."""

    name = forms.RegexField(
        _NAME,
        label=lazy("Name"),
        help_text=lazy("Small letters, digits and _; sources use it. It stays as it is."),
    )


class TouchpointForm(forms.Form):
    """One touchpoint."""

    label = forms.CharField(label=lazy("Label"), max_length=120)
    stage = forms.ChoiceField(label=lazy("Stage"))
    channel = forms.CharField(label=lazy("Channel"), max_length=60)
    owner = forms.CharField(label=lazy("Owner (department)"), max_length=60, required=False)
    element = forms.ChoiceField(label=lazy("Element"), choices=_words(ELEMENTS))
    promise_text = forms.CharField(label=lazy("Promise"), max_length=300, required=False)
    promise_on_time = forms.BooleanField(label=lazy("It must come in time"), required=False)
    promise_within_seconds = forms.FloatField(
        label=lazy("Longest duration that keeps it, in seconds"), min_value=0.001, required=False
    )
    senses = forms.MultipleChoiceField(
        label=lazy("Senses it speaks to"),
        choices=_words(SENSES),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    values = forms.MultipleChoiceField(
        label=lazy("Values it should deliver"),
        choices=_words(VALUES),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    contact = forms.BooleanField(
        label=lazy("People have to ask for something here, so coming back soon is a repeat"),
        required=False,
    )
    asks = forms.BooleanField(label=lazy("It only asks for feedback"), required=False)

    def __init__(self, catalogue: Catalogue, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["stage"].choices = _words(catalogue.stages)

    @staticmethod
    def initial_of(point: Touchpoint) -> dict[str, Any]:
        """The form's values for a touchpoint."""
        promise = point.promise or Promise("")
        return {
            **{name: getattr(point, name) for name in ("label", "stage", "channel", "owner")},
            **{name: getattr(point, name) for name in ("element", "senses", "values")},
            **{name: getattr(point, name) for name in ("contact", "asks")},
            "promise_text": promise.text,
            "promise_on_time": promise.on_time,
            "promise_within_seconds": promise.within_seconds,
        }

    def clean(self) -> dict[str, Any]:
        """A rule without words is no promise."""
        data: dict[str, Any] = super().clean()
        ruled = data.get("promise_on_time") or data.get("promise_within_seconds")
        if ruled and not data.get("promise_text"):
            self.add_error("promise_text", lazy("Say the promise in the brand's words."))
        return data

    def touchpoint(self, name: str) -> Touchpoint:
        """What the form says."""
        data = self.cleaned_data
        promise = None
        if data["promise_text"]:
            promise = Promise(
                data["promise_text"], data["promise_on_time"], data["promise_within_seconds"]
            )
        return Touchpoint(
            name,
            data["label"],
            data["stage"],
            data["channel"],
            data["owner"],
            data["element"],
            tuple(data["senses"]),
            tuple(data["values"]),
            promise,
            data["contact"],
            data["asks"],
        )


class SegmentForm(forms.Form):
    """A rule that selects parties: every condition given must hold."""

    label = forms.CharField(label=lazy("Label"), max_length=120)
    party_kind = forms.ChoiceField(label=lazy("They are"), required=False)
    trait = forms.ChoiceField(label=lazy("Their trait"), required=False)
    values = forms.MultipleChoiceField(
        label=lazy("is one of"), required=False, widget=forms.CheckboxSelectMultiple
    )
    touchpoint = forms.ChoiceField(label=lazy("They passed"), required=False)
    at_least = forms.IntegerField(
        label=lazy("at least so many times"), min_value=1, initial=1, required=False
    )

    def __init__(
        self, catalogue: Catalogue, traits: dict[str, tuple[str, ...]], *given: Any, **named: Any
    ) -> None:
        super().__init__(*given, **named)
        any_one = [("", "–")]
        points = [(p.name, p.label) for p in catalogue.touchpoints.values()]
        self.fields["party_kind"].choices = any_one + _words(PARTY_KINDS)
        self.fields["trait"].choices = any_one + [(name, name) for name in traits]
        self.fields["touchpoint"].choices = any_one + points
        chosen = self["trait"].value()
        self.fields["values"].choices = _words(traits.get(chosen or "", ()))
        if not chosen:
            self.fields["values"].widget = forms.MultipleHiddenInput()

    def clean(self) -> dict[str, Any]:
        """A trait needs values, and a rule at least one condition."""
        data: dict[str, Any] = super().clean()
        if data.get("trait") and not data.get("values"):
            self.add_error("values", lazy("Choose at least one value."))
        if not any(data.get(name) for name in ("party_kind", "trait", "touchpoint")):
            self.add_error(None, lazy("Give at least one condition."))
        return data

    def segment(self, name: str) -> Segment:
        """What the form says."""
        data = self.cleaned_data
        return Segment(
            name,
            data["label"],
            data["trait"] or None,
            tuple(data["values"]) if data["trait"] else (),
            data["touchpoint"] or None,
            data["at_least"] or 1,
            data["party_kind"] or None,
        )


class PersonaForm(forms.Form):
    """A described kind of party."""

    label = forms.CharField(label=lazy("Label"), max_length=120)
    segment = forms.ChoiceField(label=lazy("Segment that selects them"), required=False)
    wants = Lines(label=lazy("Wants"), help_text=lazy("One a line."), required=False)
    needs = Lines(label=lazy("Needs"), help_text=lazy("One a line."), required=False)
    desires = Lines(label=lazy("Desires"), help_text=lazy("One a line."), required=False)
    demographics = Lines(label=lazy("Demographics"), help_text=lazy("One a line."), required=False)
    senses = forms.MultipleChoiceField(
        label=lazy("Senses they are open to"),
        choices=_words(SENSES),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    values = forms.MultipleChoiceField(
        label=lazy("Values that count for them"),
        choices=_words(VALUES),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, catalogue: Catalogue, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        segments = [(s.name, s.label) for s in catalogue.segments.values()]
        self.fields["segment"].choices = [("", "–"), *segments]

    def persona(self, name: str) -> Persona:
        """What the form says."""
        data = self.cleaned_data
        listed = ("wants", "needs", "desires", "demographics", "senses", "values")
        return Persona(
            name,
            data["label"],
            data["segment"] or None,
            **{field: tuple(data[field]) for field in listed},
        )


_SAID = ("label", "finding")  # of an initiative, that may change without making it another test


def _day(**named: Any) -> forms.DateField:
    return forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **named
    )


class InitiativeForm(forms.Form):
    """What is changed, for whom, and what shall tell whether it worked."""

    label = forms.CharField(label=lazy("What is changed"), max_length=120)
    finding = forms.ChoiceField(label=lazy("Problem it is about"), required=False)
    kind = forms.ChoiceField(label=lazy("Compared by"), choices=list(COMPARED_BY.items()))
    metric = forms.ChoiceField(
        label=lazy("Measured by"), choices=[(m, GOES[m]) for m in ("score", "spend", "cost")]
    )
    start = _day(label=lazy("First day"))
    until = _day(label=lazy("First day that is not looked at any more"), required=False)
    treated = forms.ChoiceField(
        label=lazy("Segment that gets it"), help_text=lazy("Build segments first, by traits.")
    )
    control = forms.ChoiceField(
        label=lazy("Held against"),
        required=False,
        help_text=lazy("Experiments: the segment that chance left out."),
    )
    waves = Lines(
        label=lazy("Later roll-outs"),
        help_text=lazy("One a line: segment 2026-06-01."),
        required=False,
    )
    others = forms.MultipleChoiceField(
        label=lazy("Segments to mix, for one that has no equal"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    share = forms.FloatField(
        label=lazy("Experiments: share that is to get it"), min_value=0.01, max_value=0.99,
        initial=0.5,
    )  # fmt: skip
    planned = forms.IntegerField(
        label=lazy("Experiments: parties planned"), min_value=10, initial=1_000
    )

    def __init__(
        self, catalogue: Catalogue, findings: list[tuple[str, str]], *given: Any, **named: Any
    ) -> None:
        super().__init__(*given, **named)
        self.catalogue = catalogue
        segments = [(s.name, s.label) for s in catalogue.segments.values()]
        self.fields["treated"].choices = segments
        self.fields["control"].choices = [("", lazy("all others")), *segments]
        self.fields["others"].choices = segments
        known = {name for name, _ in findings}
        kept = self.initial.get("finding", "")
        gone = [(kept, kept)] if kept and kept not in known else []
        self.fields["finding"].choices = [("", "–"), *findings, *gone]

    def clean(self) -> dict[str, Any]:
        """What the comparison lacks."""
        data: dict[str, Any] = super().clean()
        if not self.errors:
            try:
                check_initiative(
                    self.initiative("_", datetime.date.min, None), self.catalogue, "initiative"
                )
            except CatalogueError as error:
                said = error.what.removeprefix("initiative").lstrip(". ")
                self.add_error(None, f"{said[:1].upper()}{said[1:]}: {error.remedy}.")
        return data

    def initiative(self, name: str, today: datetime.date, old: Initiative | None) -> Initiative:
        """What the form says; named today unless what tells stays as it was."""
        data = self.cleaned_data | {
            field: tuple(self.cleaned_data[field]) for field in ("waves", "others")
        }
        new = Initiative(name=name, named=today, **data)
        if old and dataclasses.replace(new, **_same(old)) == old:
            return dataclasses.replace(new, named=old.named)
        return new


def _same(old: Initiative) -> dict[str, Any]:
    return {field: getattr(old, field) for field in (*_SAID, "named")}
