"""Scheduled source: an HTTP API that answers with JSON, page by page."""

import base64
import hashlib
import json
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from everytouch.collect.fetch.base import Batch, Context, Fetcher, Kind, Options
from everytouch.collect.fetch.client import Client, origin
from everytouch.collect.fetch.cursors import earlier, order
from everytouch.collect.fetch.json_rows import rows_at
from everytouch.collect.fetch.paging import Paging, paging_of, with_parameters
from everytouch.collect.fetch.staging import stage
from everytouch.errors import SourceError

_SINCE, _COLUMNS = "since", "columns"
_PAGES = 100_000
Record = dict[str, str | None]


@dataclass(frozen=True)
class Since:
    """How to ask for what is new: a parameter, and the field of records it goes by."""

    parameter: str
    field: str
    start: str
    overlap: str

    def value(self, mark: str) -> str:
        """Return what to ask for after a mark."""
        return earlier(mark, self.overlap) if mark else self.start


@dataclass(frozen=True)
class Api:
    """Fetches the records of an HTTP API."""

    url: str
    records: str
    columns: tuple[str, ...]
    paging: Paging
    since: Since | None
    connect: Callable[[], Client]
    batch_rows: int
    context: Context

    def batches(self, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Fetch pages and hand them on in batches.

        The mark moves when all pages were read: records need not come in order.
        """
        names = [*self.columns, *json.loads(marks.get(_COLUMNS, "[]"))]
        newest, held = marks.get(_SINCE, ""), list[Record]()
        for page in self._pages(self._begin(marks)):
            held += page
            newest = self._newest(newest, page)
            names = list(dict.fromkeys([*names, *(name for row in page for name in row)]))
            if len(held) >= self.batch_rows:
                yield Batch((self._staged(held, names),), {_COLUMNS: json.dumps(names)})
                held = []
        if held:
            yield Batch((self._staged(held, names),), {_COLUMNS: json.dumps(names)})
        yield Batch(marks={_SINCE: newest} if newest else {})

    def sample(self, rows: int) -> tuple[Path, ...]:
        """Fetch the first page."""
        for page in self._pages(self._begin({})):
            names = list(dict.fromkeys([*self.columns, *(name for row in page for name in row)]))
            return (self._staged(page[:rows], names),) if page else ()
        return ()

    def _begin(self, marks: Mapping[str, str]) -> str:
        more = dict(self.paging.first())
        if self.since and (value := self.since.value(marks.get(_SINCE, ""))):
            more[self.since.parameter] = value
        return with_parameters(self.url, more)

    def _pages(self, url: str | None) -> Iterator[list[Record]]:
        client, before = self.connect(), b""
        try:
            for _ in range(_PAGES):
                if url is None:
                    return
                answer = client.get(url)
                page = rows_at(answer.body, self.records, self.context.place)
                digest = hashlib.sha256(answer.body).digest()
                if page and digest == before:
                    raise SourceError(
                        f"{self.context.place}: the server gives the same page again and again",
                        "check the paging of the source against the server's documentation",
                    )
                before = digest
                yield page
                url = self.paging.following(url, answer, len(page))
        finally:
            client.close()
        raise SourceError(
            f"{self.context.place}: more than {_PAGES:,} pages", "ask for larger pages"
        )

    def _newest(self, before: str, page: list[Record]) -> str:
        """Return the greatest value of the field so far."""
        if self.since is None:
            return before
        found = [value for row in page if (value := row.get(self.since.field))]
        if page and not found:
            raise SourceError(
                f"{self.context.place}: no record has a field {self.since.field!r}",
                "state under since the field by which records are new",
            )
        return max([*found, *([before] if before else [])], key=order)

    def _staged(self, rows: list[Record], names: list[str]) -> Path:
        path = self.context.staging / "records.parquet"
        return stage(path, names, ([row.get(n) for n in names] for row in rows), self.context.place)


def _open(options: Options, context: Context) -> Fetcher:
    url = _address(options)
    auth, seconds = options.table("auth"), options.number("seconds", 1_800, high=86_400)
    headers = _authorisation(auth, context, origin(url))

    def connect() -> Client:
        until = time.monotonic() + min(seconds, context.patience)
        return Client(url, headers(), context.limits, context.place, until)

    return Api(
        with_parameters(url, options.table("parameters").rest()),
        options.text("records", ""),
        options.texts("columns"),
        paging_of(options.table("paging")),
        _since(options.table("since")),
        connect,
        options.number("batch_rows", 20_000, high=1_000_000),
        context,
    )


def _address(options: Options) -> str:
    url = options.text("url")
    split = urllib.parse.urlsplit(url)
    if not origin(url) or not split.hostname or split.username:
        raise SourceError(
            f"{options.place}: invalid address",
            "give https://host/path, without user and password",
        )
    return url


def _since(options: Options) -> Since | None:
    if not options:
        return None
    found = Since(
        options.text("parameter"),
        options.text("field"),
        options.text("start", ""),
        options.text("overlap", ""),
    )
    options.done()
    return found


def _authorisation(auth: Options, context: Context, server: str) -> Callable[[], dict[str, str]]:
    """Take the credentials' table; return what makes the headers of a request."""
    kind = auth.choice("kind", ("none", "bearer", "header", "basic"), "none")
    usual = {"Accept": "application/json", "User-Agent": "everytouch", "Host": _named(server)}
    if kind == "none":
        auth.done()
        return lambda: usual
    field = {"bearer": "token", "header": "value", "basic": "password"}[kind]
    name = auth.text("name") if kind == "header" else "Authorization"
    user, reference = auth.text("user", ""), auth.text(field)
    auth.done()

    def headers() -> dict[str, str]:
        secret = context.credential(f"auth.{field}", reference, server)
        value = secret
        if kind == "bearer":
            value = f"Bearer {secret}"
        if kind == "basic":
            value = "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()
            context.secrets.append(value.removeprefix("Basic "))
        return {**usual, name: value}

    return headers


def _named(server: str) -> str:
    """Return the Host header: the port is left out where it is the usual one."""
    split = urllib.parse.urlsplit(server)
    usual = {"https": 443, "http": 80}[split.scheme]
    host = f"[{split.hostname}]" if ":" in (split.hostname or "") else split.hostname or ""
    return host if split.port == usual else f"{host}:{split.port}"


def _server(options: Mapping[str, Any]) -> str:
    return origin(str(options.get("url", "")))


KIND = Kind("http", ("auth.token", "auth.value", "auth.password"), _server, _open)
