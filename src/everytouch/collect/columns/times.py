"""Times as people and programs write them, in a declared order of day and month."""

import datetime
import re
from decimal import Decimal

from everytouch.collect.columns.zones import Tally, one_to_utc
from everytouch.settings import TIMEZONES

ORDERS = ("iso", "day-first", "month-first", "year-first",
          "epoch-seconds", "epoch-milliseconds", "epoch-microseconds", "excel")  # fmt: skip
_EPOCHS = {"epoch-seconds": 1_000_000, "epoch-milliseconds": 1_000, "epoch-microseconds": 1}
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_EXCEL = datetime.datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's day has no zone
_MONTHS = (
    "january jan januar jänner janvier janv enero ene gennaio gen janeiro januari",
    "february feb februar février févr fevrier febrero febbraio fevereiro fev februari",
    "march mar märz mrz mars marzo março marco maart mrt maerz",
    "april apr avril avr abril abr aprile",
    "may mai mayo maggio mag maio mei",
    "june jun juni juin junio giugno giu junho",
    "july jul juli juillet juil julio luglio lug julho",
    "august aug août aout agosto ago augustus",
    "september sep sept septembre septiembre settembre set setembro",
    "october oct oktober okt octobre octubre ottobre ott outubro out",
    "november nov novembre noviembre novembro",
    "december dec dezember dez décembre déc decembre diciembre dic dicembre dezembro",
)
_MONTH = {word: number for number, words in enumerate(_MONTHS, 1) for word in words.split()}
_WEEKDAY = re.compile(r"^(mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so)[a-zäöü]*[.,]*\s+", re.I)
_DATE = re.compile(
    r"(\d{1,4})\s{0,9}([-/.]|\s)\s{0,9}(\d{1,2}|[^\W\d]+)\.?\s{0,9}"
    r"(?:\2|[-/. ,])\s{0,9}(\d{4}|\d{1,2})(?!\d)[, ]*"
)
_NAMED = re.compile(r"([^\W\d]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})[, ]*")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?(?!\d)")
_CLOCK = re.compile(
    r"(?:T|at|um|à)?\s*(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,9}))?)?\s*(?:Uhr)?"
    r"(?:\s*([ap])\.?m\.?(?![^\W\d]))?\s*", re.I,
)  # fmt: skip
_OFFSET = re.compile(r"(?:GMT|UTC)?\s*([+\-−])(\d{1,2}):?(\d{2})?", re.I)
# Abbreviations that mean one offset wherever they are used.
_ZONES = {
    "z": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 60, "cet": 60, "cest": 120, "mez": 60,
    "mesz": 120, "eet": 120, "eest": 180, "est": -300, "edt": -240, "cdt": -300, "mst": -420,
    "mdt": -360, "pst": -480, "pdt": -420, "jst": 540, "aest": 600, "aedt": 660, "brt": -180,
}  # fmt: skip
_KNOWN_ZONES = frozenset(TIMEZONES)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_LONGEST = 40  # characters of a number of seconds


class TimeReader:
    """Reads times in one order of day and month.

    Args:
        order: one of ``ORDERS``.
        zone: of times that name none.
        tally: counts those that happen twice in the zone.
    """

    def __init__(self, order: str, zone: str, tally: Tally) -> None:
        self.order, self.zone, self.tally = order, zone, tally

    def read(self, text: str) -> str | None:
        """Return a time as ISO 8601 in UTC; None where it is none, or does not exist."""
        try:
            if self.order in _EPOCHS:
                return self._epoch(text)
            if self.order == "excel" and _NUMBER.fullmatch(text):
                return self._local(_EXCEL + _days(text))
            return self._written(text)
        except (ValueError, OverflowError):
            return None

    def _epoch(self, text: str) -> str | None:
        if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
            return None
        micros = Decimal(text) * _EPOCHS[self.order]
        if micros != int(micros):
            return None
        return (_EPOCH + datetime.timedelta(microseconds=int(micros))).isoformat()

    def _local(self, when: datetime.datetime) -> str | None:
        found = one_to_utc(when, self.zone, self.tally)
        return None if found is None else found.isoformat()

    def _written(self, text: str) -> str | None:
        """A date, perhaps a time of day, perhaps a zone; nothing else."""
        text = _WEEKDAY.sub("", text.strip())
        found = self._date(text)
        if found is None:
            return None
        day, rest = found
        clock = _CLOCK.match(rest)
        if clock:
            day = datetime.datetime.combine(day, _time(clock))
            rest = rest[clock.end() :]
        rest = rest.strip(" ()")
        if not rest:
            return self._local(day)
        if not clock:
            return None
        minutes = _minutes(rest)
        if minutes is not None:
            zone = datetime.timezone(datetime.timedelta(minutes=minutes))
            return day.replace(tzinfo=zone).astimezone(datetime.UTC).isoformat()
        if rest in _KNOWN_ZONES:
            when = one_to_utc(day, rest, self.tally)
            return None if when is None else when.isoformat()
        return None

    def _date(self, text: str) -> tuple[datetime.datetime, str] | None:
        if (found := _NAMED.match(text)) and (month := _MONTH.get(found[1].casefold())):
            return _day(int(found[3]), month, int(found[2])), text[found.end() :]
        if found := _COMPACT.match(text):
            clock = [int(part or 0) for part in found.groups()[3:]]
            day = _day(int(found[1]), int(found[2]), int(found[3]))
            return day.replace(hour=clock[0], minute=clock[1], second=clock[2]), text[found.end() :]
        if not (found := _DATE.match(text)):
            return None
        first, middle, last = found[1], found[3], found[4]
        rest = text[found.end() :]
        if (month := _MONTH.get(middle.casefold())) is not None:
            year, date = (first, last) if len(first) == 4 else (last, first)
            return _day(_year(year), month, int(date)), rest
        if not middle.isdecimal():
            return None
        if len(first) == 4:
            return _day(int(first), int(middle), int(last)), rest
        return self._numeric(first, middle, last), rest

    def _numeric(self, first: str, middle: str, last: str) -> datetime.datetime:
        """Three numbers, in the declared order; a year of two digits is of 1969 to 2068."""
        if self.order in ("day-first", "excel"):
            return _day(_year(last), int(middle), int(first))
        if self.order == "month-first":
            return _day(_year(last), int(first), int(middle))
        if self.order == "year-first" and len(last) == 2:
            return _day(_year(first), int(middle), int(last))
        raise ValueError("ISO dates begin with the year")


def _days(text: str) -> datetime.timedelta:
    """Days and their fraction, rounded to the second, which is what a serial number can hold."""
    return datetime.timedelta(seconds=round(Decimal(text) * 86_400))


def _day(year: int, month: int, day: int) -> datetime.datetime:
    return datetime.datetime(year, month, day)  # noqa: DTZ001 - its zone is found later


def _year(text: str) -> int:
    number = int(text)
    if len(text) > 2:
        return number
    return number + (2000 if number < 69 else 1900)


def _time(found: "re.Match[str]") -> datetime.time:
    hour, half = int(found[1]), (found[5] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("no such hour")
        hour = hour % 12 + (12 if half == "p" else 0)
    fraction = (found[4] or "").rstrip("0")
    if len(fraction) > 6:
        raise ValueError("finer than a microsecond")
    return datetime.time(hour, int(found[2]), int(found[3] or 0), int(fraction.ljust(6, "0") or 0))


def _minutes(text: str) -> int | None:
    """The offset that a zone's text means."""
    if text.casefold() in _ZONES:
        return _ZONES[text.casefold()]
    found = _OFFSET.fullmatch(text)
    if not found or int(found[2]) > 14:
        return None
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    return minutes if found[1] == "+" else -minutes
