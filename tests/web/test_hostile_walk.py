"""Hostile text in every blank, address, form, header and API field that the app has: it stays text.

Routes come from the app's tables, fields from what views look up and what pages show (hostile.py).
"""

import copy
import csv
import io
import itertools
import json
import re
import urllib.parse
from collections import defaultdict
from functools import reduce
from operator import getitem

import pytest
import yaml

from everytouch.web.ask import NAMED
from tests.test_hostile_keys import instead, leaves
from tests.web import hostile
from tests.web.conftest import PASSWORD
from tests.web.stock import stocked
from tests.web.test_access import addresses

GONE = ("remove", "discard", "afresh", "revoke", "end")
"""What buttons do that take away what other fields are tried on; these come last."""
REACHED = (200, 301, 302, 422)
NOT_REACHED = {
    "/accounts/2fa/authenticate/": "asks for a sign-in that waits for its second factor",
    "/accounts/2fa/recovery-codes/": "there are none without a second factor",
    "/accounts/2fa/recovery-codes/download/": "there are none without a second factor",
    "/accounts/2fa/recovery-codes/generate/": "there are none without a second factor",
    "/accounts/2fa/totp/deactivate/": "there is no authenticator to take away",
    "/accounts/2fa/webauthn/keys/<int:pk>/edit/": "there is no key to name",
    "/accounts/2fa/webauthn/keys/<int:pk>/remove/": "there is no key to remove",
    "/accounts/2fa/webauthn/reauthenticate/": "there is no key to show",
    "/accounts/3rdparty/login/error/": "tells of a failed sign-in with 401",
    "/accounts/3rdparty/signup/": "signing up is for nobody",
    "/accounts/signup/": "signing up is for nobody",
    "/accounts/oidc/(?P<provider_id>[^/]+)/login/": "no provider is set up",
    "/accounts/oidc/(?P<provider_id>[^/]+)/login/callback/": "no provider is set up",
}
"""Addresses of allauth that say no to everybody here; hostile text goes there all the same."""
CHOSEN = {"schedule-new": "?kind=http", "map-journeys": "?deviation=late:delivered"}
"""What an address must say to show something."""
COSTLY = {"report": "each question computes a whole report"}
"""Routes whose questions are for the long run."""
HEADERS = (
    "Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Content-Type", "Cookie",
    "Forwarded", "HX-Current-URL", "HX-Request", "HX-Target", "If-Modified-Since",
    "If-None-Match", "Origin", "Range", "Referer", "User-Agent", "X-CSRFToken", "X-Forwarded-For",
    "X-Forwarded-Host", "X-Forwarded-Proto", "X-HTTP-Method-Override", "X-Requested-With",
)  # fmt: skip


@pytest.fixture
def reads(monkeypatch):
    yield from hostile.reading(monkeypatch)


@pytest.fixture
def stock(own):
    """A workspace with one of everything, and an owner of the test's own."""
    from everytouch.web.models import Attempt, Job, User

    User.objects.filter(email="hanna@example.org").delete()
    user = User.objects.create_user("hanna@example.org", PASSWORD, name="Hanna", role="owner")
    yield stocked(own, user)
    for made in (Job, Attempt):
        made.objects.all().delete()
    User.objects.filter(email__contains="hanna").delete()
    user.delete()


@pytest.fixture
def texts(tmp_path, stock):
    """Aimed at a file outside of the workspace; nothing around it may change."""
    with hostile.aimed(tmp_path) as found:
        beside = sorted(tmp_path.iterdir())
        yield found
        assert sorted(tmp_path.iterdir()) == beside


class Walk:
    """Visits addresses with hostile text and keeps what is wrong."""

    def __init__(self, stock, reads, texts, every: bool):
        self.stock, self.reads, self.every = stock, reads, every
        self.texts, self.turn = texts, itertools.cycle((*hostile.ALONE, "mixed"))
        self.places = hostile.places(stock.workspace.path)
        self.wrong, self.tried, self.done = [], 0, defaultdict(set)

    @property
    def fields(self):
        """How many fields were filled in."""
        return sum(map(len, self.done.values()))

    def begun(self, *place):
        """Fields of a place that were tried; everyday, those of one figure are not every one's."""
        return set() if self.every else self.done[place]

    def kinds(self, name=""):
        """What a field is given: everything, or all in one and the next of the others.

        Everyday, a filter is given one of them: one parser reads it for all routes.
        """
        some = [next(self.turn)] if name in NAMED else ["mixed", next(self.turn)]
        return list(self.texts) if self.every else some

    def look(self, what, response, sent):
        self.tried += 1
        told = hostile.wrong(response, sent, self.places)
        if told:
            self.wrong.append((what, told))
        return response

    def get(self, address, name, kind):
        sent = self.texts[kind]
        query = urllib.parse.urlencode({name: sent}, errors="surrogatepass")
        joined = "&" if "?" in address else "?"
        response = self.stock.client.get(f"{address}{joined}{query}")
        self.look(f"GET {address} {name}={kind}", response, sent)

    def post(self, address, form, what="", sent=""):
        from everytouch.web.models import Job

        Job.objects.filter(state=Job.QUEUED).delete()  # no more than a few may wait
        body = urllib.parse.urlencode(form, errors="surrogatepass")
        kind = "application/x-www-form-urlencoded"
        response = self.stock.client.post(address, body, content_type=kind)
        return self.look(f"POST {address} {what}", response, sent)

    def queries(self, route, address):
        """Each name that is looked up in the address, until none is new."""
        self.reads.at = route
        page = self.stock.client.get(address)
        shown = hostile.forms(hostile.body_of(page)) if "html" in page["Content-Type"] else []
        known = {name for form in shown if form.method == "get" for name in form.fields}
        done = self.begun(route, "query")
        while new := (known | self.reads.names(route, "query")) - done - {""}:
            for name in sorted(new):
                for kind in self.kinds(name):
                    self.get(address, name, kind)
            done |= new
        self.reads.at = ""
        return page

    def forms(self, route, address, pages):
        """Each field of a form: those that pages show, and those that are looked up."""
        found = [form for page in pages for form in hostile.forms(page)]
        mine = [form for form in found if form.method == "post" and form.action in ("", address)]
        base = {name: value for form in mine for name, value in form.fields.items()}
        buttons = sorted({button for form in mine for button in form.buttons} or {("", "")})
        buttons.sort(key=lambda button: button[1] in GONE)
        self.reads.at = route
        self.post(address, {})
        done = self.begun(route, "form")
        pressed = buttons if self.every else buttons[:1]
        while new := (set(base) | self.reads.names(route, "form")) - done:
            for name, button in itertools.product(sorted(new), pressed):
                for kind in self.kinds():
                    form = base | ({button[0]: button[1]} if button[0] else {})
                    text = self.texts[kind]
                    self.post(address, form | {name: text}, f"{button[1]} {name}={kind}", text)
            done |= new
        for name, value in buttons[len(pressed) :]:
            self.post(address, base | {name: value}, value)
        self.reads.at = ""


def fine(walk):
    """Whether nothing was wrong; what was is said, the first of each kind."""
    kinds = {}
    for what, told in walk.wrong:
        kinds.setdefault(
            (what.split("=")[0].rpartition(" ")[0], told[0][:60], told[-1][:80]),
            (what[:160], str(told)[:700]),
        )
    for what, told in kinds.values():
        print(f"{what}: {told}")
    return not walk.wrong and walk.tried > 0


@pytest.fixture
def walk(stock, reads, texts, request):
    return Walk(stock, reads, texts, every="long" in request.node.name)


def filled(route, path, stock):
    """An address with what there is in its blanks."""

    def value(found):
        known = stock.blanks[found[1]]
        fits = [name for name in known if name in route]
        assert fits, f"give tests/web/stock.py a {found[1]!r} for the route {route}"
        return urllib.parse.quote(known[fits[0]], safe="")

    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", value, path)


def opened(stock):
    """Every address of the app that can be read: route and address, one for every figure."""
    from everytouch.web.figures import FIGURES
    from everytouch.web.pages import ROUTES

    for route in ROUTES:
        if "GET" not in route.methods:
            continue
        for name in FIGURES if "slug:name" in route.path else [""]:
            path = route.path.replace("<slug:name>", name)
            yield route, filled(route.name, path, stock)


def read_all(walk):
    unreached = []
    for route, address in opened(walk.stock):
        if route.name in COSTLY and not walk.every:
            continue
        address += CHOSEN.get(route.name, "")
        page = walk.queries(route.name, address)
        if page.status_code not in REACHED and route.name != "enter":  # a demo's, and once
            unreached.append((route.name, address, page.status_code))
    assert unreached == []
    assert fine(walk)


def test_what_is_chosen_by_an_address_stays_text(walk):
    read_all(walk)
    print(f"{walk.tried} questions, {walk.fields} names of {len(walk.reads.found)} routes")
    assert {"period", "where", "path"} <= set.union(*walk.reads.found.values())


@pytest.mark.long
def test_what_is_chosen_by_an_address_stays_text_long(walk):
    read_all(walk)


def written(stock):
    """Every address that is written to, with the pages that may show its form."""
    from everytouch.web.pages import ROUTES

    ours = [route for route in ROUTES if "POST" in route.methods]
    ours.sort(key=lambda route: (route.acts, "erase" in route.name))  # what ends things is last
    for route in ours:
        yield route.name, filled(route.name, route.path, stock)


def write_all(walk):
    from everytouch.web.pages import ROUTES
    from everytouch.web.schedule_forms import FORMS

    client = walk.stock.client
    pages = [hostile.body_of(client.get(address)) for route, address in opened(walk.stock)
             if "figure" not in route.name]  # fmt: skip
    for route, address in written(walk.stock):
        kinds = [f"?kind={kind}" for kind in FORMS] if route == "schedule-new" else [""]
        for kind in kinds:
            there = client.get(address + kind)
            own = [hostile.body_of(there)] if there.status_code == 200 else []
            walk.forms(route + kind, address + kind, own or pages)
    reached = {at.split("?")[0] for at, where in walk.reads.found if where == "form"}
    fieldless = {route.name for route in ROUTES if route.acts}
    quiet = {route for route, _ in written(walk.stock)} - reached - fieldless
    assert quiet <= {"quarantine-replay"}, f"nothing was read of a form by {quiet}"
    assert fine(walk)


def test_what_is_written_in_a_form_stays_text(walk):
    write_all(walk)
    print(f"{walk.tried} forms, {walk.fields} fields")
    pages_stay_pages(walk)


@pytest.mark.long
def test_what_is_written_in_a_form_stays_text_long(walk):
    write_all(walk)
    pages_stay_pages(walk)


def pages_stay_pages(walk):
    """What was stored by the forms is shown as text."""
    for route, address in opened(walk.stock):
        if route.name in COSTLY and not walk.every:
            continue
        response = walk.stock.client.get(address)
        walk.look(f"afterwards {route.name} {address}", response, "")
    assert fine(walk)


def test_what_stands_in_the_blanks_of_an_address_stays_text(walk):
    from everytouch.web.pages import ROUTES

    blank = re.compile(r"<(?:\w+:)?\w+>|\(\?P<\w+>[^)]*\)")
    for path, method in addresses():
        for kind, text in walk.texts.items() if blank.search(path) else ():
            put = urllib.parse.quote(text.encode("utf-8", "surrogatepass"), safe="")
            address = blank.sub(put.replace("\\", r"\\"), path)
            response = walk.stock.client.generic(method, address)
            walk.look(f"{method} {path} {kind}", response, text)
    print(f"{walk.tried} addresses")
    assert walk.tried > len(ROUTES)
    assert fine(walk)


def test_sign_in_and_second_factors_take_hostile_text(walk):
    """The addresses of allauth, by Django's own list of them."""
    unreached = set()
    for path, method in addresses():
        if not path.startswith("/accounts/") or "<" in path or "logout" in path:
            continue
        walk.stock.client.force_login(walk.stock.user)
        if method == "GET":
            page = walk.queries(path, path)
            if page.status_code not in REACHED:
                unreached.add(path)
        else:
            shown = hostile.body_of(walk.stock.client.get(path))
            walk.forms(path, path, [shown])
            walk.stock.client.logout()
            walk.forms(path, path, [hostile.body_of(walk.stock.client.get(path))])
    assert unreached <= set(NOT_REACHED)
    assert fine(walk)


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/api/v1/me", "/health", "/sources"])
def test_headers_take_hostile_text(walk, path):
    for name, kind in itertools.product(HEADERS, [*walk.kinds(), "header", "nul", "long"]):
        text = walk.texts[kind].encode("utf-8", "surrogatepass").decode("latin-1")
        response = walk.stock.client.get(path, headers={name: text})
        walk.look(f"{path} {name} {kind}", response, text)
        walk.stock.client.force_login(walk.stock.user)
    assert fine(walk)


def test_every_field_of_the_api_takes_hostile_text(walk):
    """By its description: blanks, queries and bodies; and nothing is read that is not described."""
    described = walk.stock.client.get("/api/v1/openapi.json").json()
    unspoken, base = {}, walk.stock.blanks
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            route = f"{method} {path}"
            blanks = {"name": base["name"]["finding"], "party": base["party"]["person"],
                      "number": base["number"]["job"],
                      "code": base["code"]["conflict"], "kind": "html"}  # fmt: skip
            address = re.sub(r"{(\w+)}", lambda found, of=blanks: of[found[1]], path)
            for kind, text in walk.texts.items() if "{" in path else ():
                put = urllib.parse.quote(text.encode("utf-8", "surrogatepass"), safe="")
                there = re.sub(r"{\w+}", put.replace("\\", r"\\"), path)
                walk.look(f"{route} {kind}", walk.stock.client.generic(method.upper(), there), text)
            given = {one["name"] for one in operation.get("parameters", ())}
            if method == "get":
                walk.queries(route, address)
                for name in given - walk.reads.names(route, "query"):
                    for kind in walk.kinds(name):
                        walk.get(address, name, kind)
                unspoken[route] = walk.reads.names(route, "query") - given - set(NAMED)
            if body := operation.get("requestBody"):
                bodies(walk, described, method, address, body)
    print(f"{walk.tried} calls")
    assert {route: names for route, names in unspoken.items() if names} == {}
    assert fine(walk)


def bodies(walk, described, method, address, body):
    """Every property of a body, and bodies of other shapes."""
    (reference,) = re.findall(r"\w+$", body["content"]["application/json"]["schema"]["$ref"])
    names = described["components"]["schemas"][reference]["properties"]
    for name, kind in itertools.product(names, walk.texts):
        for value in (walk.texts[kind], {walk.texts[kind]: walk.texts[kind]}, [walk.texts[kind]]):
            given = dict.fromkeys(names, "x") | {name: value}
            send(walk, method, address, json.dumps(given), f"{name}={kind}")
    for raw in ("[]", "1e400", '"x"', "null", '{"x":', "NaN", "\ufeff{}", "{}"):
        send(walk, method, address, raw, raw)


def send(walk, method, address, raw, what):
    from everytouch.web.models import Job

    Job.objects.filter(state=Job.QUEUED).delete()
    response = walk.stock.client.generic(
        method.upper(), address, raw.encode(), content_type="application/json"
    )
    walk.look(f"{method} {address} {what}", response, "")


def hostile_catalogue(own, text):
    """The catalogue with the text wherever it may stand, and where that is."""
    from everytouch.catalogue.api import dumps, loads
    from everytouch.errors import EverytouchError

    raw, taken = yaml.safe_load(dumps(own.catalogue)), set()
    groups = defaultdict(list)
    words = (way for way in leaves(raw) if isinstance(reduce(getitem, way, raw), str))
    for way in words:
        groups[tuple(step for step in (way[0], *way[2:]) if isinstance(step, str))].append(way)
    for group, ways in groups.items():
        tried = copy.deepcopy(raw)
        for way in ways:
            tried = instead(tried, way, text, False)
        try:
            loads(yaml.safe_dump(tried), "it")
        except EverytouchError:
            continue
        raw = tried
        taken.add(".".join(group))
    return yaml.safe_dump(raw), taken


def test_what_stands_in_the_catalogue_stays_text(walk):
    own, client = walk.stock.workspace, walk.stock.client
    written, taken = hostile_catalogue(own, walk.texts["mixed"])
    assert {"organisation", "touchpoints.label", "touchpoints.promise.text", "personas.wants",
            "segments.label", "initiatives.label"} <= taken  # fmt: skip
    (own.path / "catalogue.yaml").write_text(written)
    pages_stay_pages(walk)
    from everytouch.web.figures import FIGURES

    shown = 0
    for name in FIGURES:
        answer = client.get(f"/figures/{name}.csv")
        cells = [cell for row in csv.reader(io.StringIO(hostile.body_of(answer))) for cell in row]
        shown += any(hostile.TAG in cell for cell in cells)
        assert not [cell for cell in cells if cell.startswith(("=", "@", "\t"))], name
    assert shown > 5
