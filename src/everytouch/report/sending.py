"""A report for whoever it is sent to: nothing in it gives a single person away."""

import dataclasses
from typing import Any

from everytouch.disclosure import api as disclosure
from everytouch.errors import WithheldError
from everytouch.report.model import ReportData
from everytouch.results import Result


def to_send(data: ReportData) -> ReportData:
    """The report without single moments, and without what counts a few people."""
    least = data.settings.minimum_n
    shown = {
        field.name: _shown(getattr(data, field.name), least) for field in dataclasses.fields(data)
    }
    return ReportData(**shown | {"behind": {}})


def _shown(value: Any, least: int) -> Any:
    if isinstance(value, Result):
        return _disclosed(value, least)
    if isinstance(value, tuple):
        return tuple(_shown(one, least) for one in value)
    if type(value).__module__ == ReportData.__module__:
        fields = (field.name for field in dataclasses.fields(value))
        return dataclasses.replace(value, **{n: _shown(getattr(value, n), least) for n in fields})
    return value


def _disclosed(result: Result, least: int) -> Result:
    """The result; where all of it would give a few people away, one without rows."""
    try:
        return disclosure.disclosed(result, disclosure.policy_of(type(result)), least)
    except WithheldError:
        return type(result)(result.basis, ())
