"""Ways in which an HTTP API splits its answer over several pages."""

import re
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from everytouch.collect.fetch.base import Options
from everytouch.collect.fetch.client import Answer, joined
from everytouch.collect.fetch.json_rows import scalar_at

_NEXT = re.compile(r'<([^<>]*)>\s*;[^,<]{0,500}?\brel="?next"?')


class Paging(Protocol):
    """Says where the next page is."""

    def first(self) -> Mapping[str, str]:
        """Return the parameters of the first page."""

    def following(self, url: str, answer: Answer, rows: int) -> str | None:
        """Return the address of the page after one; None after the last."""


def with_parameters(url: str, more: Mapping[str, str]) -> str:
    """Return an address with parameters added, or replaced where they are there."""
    split = urllib.parse.urlsplit(url)
    kept = [pair for pair in urllib.parse.parse_qsl(split.query, True) if pair[0] not in more]
    query = urllib.parse.urlencode([*kept, *more.items()])
    return urllib.parse.urlunsplit(split._replace(query=query))


@dataclass(frozen=True)
class _Single:
    """One answer has everything."""

    def first(self) -> Mapping[str, str]:
        return {}

    def following(self, url: str, answer: Answer, rows: int) -> str | None:  # noqa: ARG002
        return None


@dataclass(frozen=True)
class _NextLink:
    """The answer has the address of the next page, in its body or in its Link header."""

    path: str

    def first(self) -> Mapping[str, str]:
        return {}

    def following(self, url: str, answer: Answer, rows: int) -> str | None:  # noqa: ARG002
        if self.path:
            found = scalar_at(answer.body, self.path)
        else:
            link = _NEXT.search(answer.headers.get("link", ""))
            found = link[1] if link else ""
        return joined(url, found) if found else None


@dataclass(frozen=True)
class _Cursor:
    """The answer has a token that asks for the next page."""

    parameter: str
    path: str
    more: str

    def first(self) -> Mapping[str, str]:
        return {}

    def following(self, url: str, answer: Answer, rows: int) -> str | None:  # noqa: ARG002
        if self.more and scalar_at(answer.body, self.more) != "true":
            return None
        found = scalar_at(answer.body, self.path)
        return with_parameters(url, {self.parameter: found}) if found else None


@dataclass(frozen=True)
class _Counted:
    """Pages are counted, or their rows are; the last page is the one without rows."""

    parameter: str
    start: int
    size_parameter: str
    size: int
    by_rows: bool

    def first(self) -> Mapping[str, str]:
        size = {self.size_parameter: str(self.size)} if self.size_parameter else {}
        return {self.parameter: str(self.start), **size}

    def following(self, url: str, answer: Answer, rows: int) -> str | None:  # noqa: ARG002
        if not rows:
            return None
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query, True))
        now = int(query.get(self.parameter, self.start))
        return with_parameters(url, {self.parameter: str(now + (rows if self.by_rows else 1))})


def _counted(options: Options, by_rows: bool) -> Paging:
    usual = ("offset", "limit") if by_rows else ("page", "per_page")
    return _Counted(
        options.text("parameter", usual[0]),
        options.number("start", 0 if by_rows else 1, low=0),
        options.text("size_parameter", usual[1]),
        options.number("size", 100, high=10_000),
        by_rows,
    )


KINDS: dict[str, Callable[[Options], Paging]] = {
    "none": lambda _: _Single(),
    "next": lambda options: _NextLink(options.text("path")),
    "link": lambda _: _NextLink(""),
    "page": lambda options: _counted(options, False),
    "offset": lambda options: _counted(options, True),
    "cursor": lambda options: _Cursor(
        options.text("parameter"), options.text("path"), options.text("more", "")
    ),
}


def paging_of(options: Options) -> Paging:
    """Take the options of a paging table."""
    found = KINDS[options.choice("kind", tuple(KINDS), "none")](options)
    options.done()
    return found
