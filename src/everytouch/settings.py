"""Every setting, in one described table. ``docs/settings.md`` is written from it."""

import dataclasses
import os
import re
import tomllib
import zoneinfo
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from everytouch.errors import SettingError

FILE = "everytouch.toml"
ROLES = ("owner", "analyst", "manager", "viewer")
"""Roles of people who sign in to the app."""

TIMEZONES = tuple(sorted(zoneinfo.available_timezones()))
"""Names of time zones; listed once, as that walks a folder."""


def _setting(default: Any, text: str, low: float | None = None, high: float | None = None) -> Any:
    return dataclasses.field(default=default, metadata={"text": text, "low": low, "high": high})


_MOST, _LONGEST = 2**31, 2_000  # of a number without a limit of its own; characters of a text
_CODE = re.compile("[A-Z]{3}")
_SPARK = re.compile(r"spark://[\w.-]+(:\d{1,5})?(,[\w.-]+(:\d{1,5})?)*")
OF_THE_MACHINE = ("engine", "threads", "memory_mb", "sql_seconds", "batch_rows", "bucket_rows")
"""Settings that change how fast figures are counted, and none of them."""


@dataclass(frozen=True)
class Settings:
    """Resolved settings of a workspace: ``[settings]`` of its ``everytouch.toml``."""

    currency: str = _setting("EUR", "The one currency of this workspace, ISO 4217.")
    timezone: str = _setting("UTC", "Time zone in which months and days are counted, IANA name.")
    engine: str = _setting(
        "local", "Where analyses run: local, or the address of a Spark master, spark://host:7077."
    )
    threads: int = _setting(0, "Threads for analyses and imports; 0 takes all cores.", 0, 1024)
    memory_mb: int = _setting(
        1_500, "Memory that SQL, of an import or of people's own, may take, in MB.", 100
    )
    sql_seconds: int = _setting(600, "Longest time that SQL of people's own may take.", 1)
    batch_rows: int = _setting(250_000, "Rows of one ledger commit during an import.", 1)
    bucket_rows: int = _setting(500_000, "Moments aimed at in one bucket of trails.", 1_000)
    confidence: float = _setting(0.95, "Coverage of every interval shown.", 0.5, 0.999)
    minimum_n: int = _setting(5, "People below which an estimate is hidden.", 3)
    resamples: int = _setting(400, "Bootstrap resamples.", 50, 100_000)
    seed: int = _setting(1, "Seed of the bootstrap.", 0)
    headline: str = _setting(
        "", "Instrument whose scores drivers and findings explain; the most answered when empty."
    )
    session_gap_minutes: int = _setting(30, "Silence that ends a session, in minutes.", 1)
    window_days: int = _setting(
        30, "Days before a perception that belong to it when it names no order or case.", 1
    )
    repeat_contact_days: int = _setting(7, "Days within which a second contact is a repeat.", 1)
    follow_up_days: int = _setting(365, "Days after an experience in which its worth is read.", 1)
    dormant_days: int = _setting(180, "Days of silence after which a party counts as gone.", 1)
    ids_of_nobody: str = _setting(
        "",
        "Values that identify nobody beside the built-in ones (docs/identity.md), separated by "
        "commas; -VALUE lets one identify somebody.",
    )
    device_id_types: str = _setting(
        "",
        "ID types of devices beside the built-in ones (docs/identity.md), separated by commas; "
        "-NAME takes one out. A device never joins two customers.",
    )
    shared_from: int = _setting(
        5, "An ID that is linked to more people than this is listed as shared.", 1
    )
    drivers: int = _setting(12, "Most predictors in the decomposition of the score.", 2, 16)
    privacy_contact: str = _setting(
        "",
        "Whom people write to about their data, as an e-mail or a postal address; copies of their "
        "data name it.",
    )
    second_factor: str = _setting(
        "",
        "Roles of the app that must have a second factor (docs/sign-in.md), separated by commas: "
        "owner, analyst, manager, viewer.",
    )

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> "Settings":
        """Check ``values`` against the table.

        Raises:
            SettingError: an unknown name, a wrong type, or a value out of range.
        """
        fields = {field.name: field for field in dataclasses.fields(cls)}
        for name, value in values.items():
            if name not in fields:
                raise SettingError(
                    f"setting {name!r} is unknown", f"use one of: {', '.join(fields)}"
                )
            _check(name, value, fields[name])
            if name in _WORDS:
                _WORDS[name](value)
        return cls(**values)

    @property
    def roles_with_factor(self) -> frozenset[str]:
        """Roles that must have a second factor."""
        return frozenset(_parts(self.second_factor))

    @property
    def cores(self) -> int:
        """Threads to use, at least one."""
        return self.threads or os.cpu_count() or 1


def _check(name: str, value: Any, field: "dataclasses.Field[Any]") -> None:
    wanted = type(field.default)
    fits = isinstance(value, wanted) or (wanted is float and isinstance(value, int))
    if not fits or isinstance(value, bool):
        raise SettingError(f"setting {name} = {value!r} is no {wanted.__name__}", "correct it")
    if wanted is str:
        _check_text(name, value)
        return
    low, high = field.metadata["low"], field.metadata["high"]
    if not (low is None or value >= low) or not value <= (high or _MOST):  # NaN is in no range
        raise SettingError(
            f"setting {name} = {value!r} is out of range",
            f"give a value from {low} to {'any size' if high is None else high}",
        )


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _timezone(zone: str) -> None:
    if zone not in TIMEZONES:
        raise SettingError(
            f"setting timezone = {zone!r} is no time zone",
            "give a name of the IANA list, as Europe/Berlin",
        )


def _currency(currency: str) -> None:
    if not _CODE.fullmatch(currency):
        raise SettingError(
            f"setting currency = {currency!r} is no code of a currency",
            "give the three capital letters of ISO 4217, as EUR",
        )


def _engine(engine: str) -> None:
    if engine != "local" and not _SPARK.fullmatch(engine):
        raise SettingError(
            f"setting engine = {engine!r} is unknown", "use local, or spark://host:port"
        )


def _second_factor(roles: str) -> None:
    if unknown := [role for role in _parts(roles) if role not in ROLES]:
        raise SettingError(
            f"setting second_factor names no role: {', '.join(unknown)}",
            f"use some of: {', '.join(ROLES)}",
        )


_WORDS = {
    "timezone": _timezone,
    "currency": _currency,
    "engine": _engine,
    "second_factor": _second_factor,
}
"""What a setting that is a word may be, beside its type."""


def _check_text(name: str, value: str) -> None:
    if len(value) > _LONGEST or not value.isprintable():
        raise SettingError(
            f"setting {name} is longer than {_LONGEST:,} characters, or not in one line",
            "give less, in one line",
        )


def table_of(folder: Path, table: str, names: Collection[str]) -> dict[str, Any]:
    """Read one table of a workspace's ``everytouch.toml``; values are checked by who uses them.

    Raises:
        SettingError: the file cannot be read, or the table has a name that is none of these.
    """
    try:
        raw = tomllib.loads((folder / FILE).read_text(encoding="utf-8")).get(table, {})
    except OSError as error:
        raise SettingError(f"{FILE} cannot be read: {error.strerror}", "correct it") from error
    except ValueError as error:
        raise SettingError(f"{FILE} is not valid TOML: {error}", "correct it") from error
    if not isinstance(raw, dict):
        raise SettingError(f"[{table}] in {FILE} is not a table", f"write [{table}]")
    for name in raw:
        if name not in names:
            raise SettingError(f"Unknown setting {table}.{name}", f"use one of: {', '.join(names)}")
    return raw


def settings_table() -> str:
    """The settings as a Markdown table."""
    lines = ["| setting | default | meaning |", "| --- | --- | --- |"]
    lines += [
        f"| `{field.name}` | `{field.default!r}` | {field.metadata['text']} |"
        for field in dataclasses.fields(Settings)
    ]
    return "\n".join(lines) + "\n"
