"""Hostile text, what the app reads of a request, and what no answer may show.

Nothing here lists fields: ``Reads`` notes every name that a view looks up in an address or a form,
so that one that is added tomorrow is fed as well.
"""

import re
import sys
import traceback
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

SECRET = "the canary sings of 7919"  # content of a file that nobody may read
TAG, HANDLER, HEADER = "canary-tag", "oncanary", "X-Canary"
_TAGS = f"\"'><{TAG} {HANDLER}=x></{TAG}><script>canary()</script>"
_SQL = "'; DROP TABLE web_user; -- $$ \") UNION SELECT read_text('{secret}') --"
_TEMPLATE = "{{7*7}}{% include 'x' %}%(x)s%s{0.__class__}{x}${7*7}"
KINDS = {
    "mixed": f"=cmd|'/c calc'!A1 {_TAGS} {_SQL} {_TEMPLATE} \u202e\u2066",
    "tags": _TAGS,
    "address": "javascript:canary()",
    "sql": _SQL,
    "duckdb": "read_text('{secret}')",
    "relative": "../../../../../../../../..{secret}",
    "absolute": "{secret}",
    "passwd": "../../../../../../../../../etc/passwd",
    "nul": "a\0b",
    "header": f"x\r\n{HEADER}: 1\r\n\r\n<{TAG}>",
    "template": _TEMPLATE,
    "formula": "=cmd|'/c calc'!A1",
    "bidi": "\u202e\u2066abc\u2069\ufeff",
    "surrogate": "\ud800",
    "digits": "9" * 5_000,
    "huge": "1" + "0" * 400,
    "endless": "1e400",
    "nan": "nan",
    "last": "9999-12-31",
    "first": "0001-01-01",
    "arabic": "٣",
    "long": "x" * 100_000,
}
"""Texts by what they try; ``{secret}`` is the path of a file with a secret."""
ALONE = ("nul", "header", "surrogate", "digits", "huge", "last", "first", "absolute", "long")
"""What does nothing in the middle of other text: each is tried by itself."""
_INSIDE = re.compile(
    r"Traceback|File \"/|site-packages|\.py\b.{0,9}line \d|object at 0x|<class |"
    r"(?:Binder|Parser|Catalog|Conversion|Constraint|IO|Invalid Input|Out of Range) Error|"
    r"LINE \d+:|OperationalError|ProgrammingError|IntegrityError|sqlite3\.|psycopg|duckdb\.|"
    r"deltalake|django\.|everytouch\.[a-z_]+\.|[A-Z]\w+(?:Error|Exception)\b",
)


_SCRIPTS = re.compile(r"<script.*?</script>", re.DOTALL)  # names of errors are words of theirs


def texts(secret: Path) -> dict[str, str]:
    """The texts, aimed at a file."""
    return {kind: text.replace("{secret}", str(secret)) for kind, text in KINDS.items()}


@contextmanager
def aimed(folder: Path, kinds: Collection[str] = ()) -> Iterator[dict[str, str]]:
    """The texts (these kinds, or all), aimed at a file in a folder that stays as it is."""
    secret = folder / "canary" / "secret.txt"
    secret.parent.mkdir()
    secret.write_text(f"password\n{SECRET}\n")
    found = texts(secret)
    yield {kind: found[kind] for kind in kinds or found}
    assert [one.name for one in secret.parent.iterdir()] == ["secret.txt"]
    assert secret.read_text() == f"password\n{SECRET}\n"


class _Markup(HTMLParser):
    """Elements and attributes that came of hostile text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == TAG:
            self.found.append(f"element {tag}")
        for name, value in attrs:
            if name == HANDLER:
                self.found.append(f"attribute {name} of {tag}")
            if (value or "").strip().lower().startswith("javascript:") and name != "value":
                self.found.append(f"script in {name} of {tag}")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script" and data.strip() == "canary()":
            self.found.append("a script of its own")


def markup(text: str) -> list[str]:
    """What hostile text became in a page."""
    parser = _Markup()
    parser.feed(text)
    return parser.found


def inside(text: str, sent: str, places: tuple[str, ...]) -> list[str]:
    """What an answer shows of the machine and of the app's inside, beside what was sent."""
    found = [f"the path {place}" for place in places if place in text.replace(sent, "")]
    told = _INSIDE.search(_SCRIPTS.sub("", text))
    if told:
        found.append(f"from inside: {text[max(0, told.start() - 60) : told.end() + 60]!r}")
    if SECRET in text or "root:x:0" in text:
        found.append("the content of a file")
    return found


def body_of(response: Any) -> str:
    """All an answer says."""
    raw = b"".join(response) if response.streaming else response.content
    return raw.decode("utf-8", "replace")


def wrong(response: Any, sent: str, places: tuple[str, ...]) -> list[str]:
    """What is wrong with an answer."""
    found = [f"status {response.status_code}"] if response.status_code >= 500 else []
    if error := getattr(response, "exc_info", None):
        found += traceback.format_exception(*error)[-3:]
    headers = dict(response.items())
    if HEADER in headers or any("\n" in value for value in headers.values()):
        found.append("a header of the visitor's")
    kind = headers.get("Content-Type", "")
    if kind.startswith(("image/", "application/vnd")):
        return found
    text = body_of(response)
    if kind.startswith("text/html"):
        found += markup(text)
    return found + inside(text, sent, places)


def places(*more: Path) -> tuple[str, ...]:
    """Paths of this machine that no answer may show."""
    return tuple(map(str, (ROOT, sys.prefix, *more)))


class Options(dict[str, str]):
    """What an address chooses, noting what is asked for."""

    def __init__(self, given: Mapping[str, str], note: Any) -> None:
        super().__init__(given)
        self.note = note

    def get(self, name: str, default: Any = None) -> Any:
        self.note(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> str:
        self.note(name)
        return super().__getitem__(name)


class Reads:
    """Names that views look up, by address and by where: ``query`` or ``form``."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.at = ""

    def note(self, where: str, name: Any) -> None:
        """A name was looked up while an address is visited."""
        if self.at and isinstance(name, str) and name != "csrfmiddlewaretoken":
            self.found[self.at, where].add(name)

    def names(self, at: str, where: str) -> set[str]:
        """What was looked up there so far."""
        return set(self.found[at, where])


def reading(patch: Any) -> Iterator[Reads]:
    """Note what views read of addresses and forms while a test runs."""
    from dataclasses import replace

    import django.http
    from django.core.handlers import wsgi
    from django.http import request

    from everytouch.web import rest, routes

    reads = Reads()
    patch.setattr(wsgi, "QueryDict", _noting(reads, "query"))
    for module in (django.http, request):
        patch.setattr(module, "QueryDict", _noting(reads, "form"))
    asked = routes.ask_of

    def ask_of(given: Any, *more: Any) -> Any:
        ask = asked(given, *more)
        return replace(ask, options=Options(ask.options, lambda name: reads.note("query", name)))

    for module in (routes, rest):
        patch.setattr(module, "ask_of", ask_of)
    yield reads


def _noting(reads: Reads, where: str) -> type[Any]:
    """Django's form data, noting what is looked up."""
    from django.http import QueryDict

    class Noting(QueryDict):
        def __getitem__(self, name: str) -> Any:
            reads.note(where, name)
            return super().__getitem__(name)

        def getlist(self, name: str, default: Any = None) -> Any:
            reads.note(where, name)
            return super().getlist(name, default)

        def __contains__(self, name: object) -> bool:
            reads.note(where, name)
            return super().__contains__(name)

    return Noting


@dataclass
class Form:
    """A form of a page as a browser would send it: fields by name, and its buttons."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Forms(HTMLParser):
    """All forms of a page; fields outside of one are the page's own."""

    def __init__(self) -> None:
        super().__init__()
        self.found = [Form("", "get")]
        self._at = self.found[0]
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "form":
            self._at = Form(given.get("action", ""), given.get("method", "get").lower())
            self.found.append(self._at)
        elif tag == "select" and name:
            self._select = name
        elif tag == "textarea" and name:
            self._area = name
            self._at.fields[name] = ""
        elif tag == "option" and self._select:
            if "selected" in given or self._select not in self._at.fields:
                self._at.fields[self._select] = value
        elif name and tag in ("input", "button"):
            self._control(tag, given, name, value)

    def _control(self, tag: str, given: dict[str, str], name: str, value: str) -> None:
        kind = given.get("type", "text")
        if tag == "button" or kind == "submit":
            self._at.buttons.append((name, value))
        elif kind in ("checkbox", "radio"):
            if "checked" in given or name not in self._at.fields:
                self._at.fields[name] = (value or "on") if "checked" in given else ""
        elif kind != "file":
            self._at.fields[name] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._at = self.found[0]
        elif tag in ("select", "textarea"):
            self._select = self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self._at.fields[self._area] += data


def forms(page: str) -> list[Form]:
    """The forms of a page."""
    parser = Forms()
    parser.feed(page)
    return parser.found
