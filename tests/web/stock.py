"""A workspace with one of everything that an address of the app can name."""

import io
import json
import time
from dataclasses import dataclass, field
from typing import Any

import everytouch
from everytouch.collect.dialects.base import Taken
from everytouch.collect.server import encode
from everytouch.journal.api import Log
from everytouch.workspace import Workspace
from everytouch.workspace.people import party_name

ORDERS = """name = "odd"
[inputs.orders]
path = "orders.csv"
[[interactions]]
sql = '''SELECT id, "at" AS occurred_at, 'customer_no' AS namespace, who AS identifier,
  place AS touchpoint, amount FROM orders'''
"""
HEAD = "id,at,who,place,amount\n"
SCHEDULED = """name = "{name}"
[schedule]
every = "1d"
[inputs.visits.folder]
path = "{folder}"
pattern = "*.csv"
[[interactions]]
sql = '''SELECT id, "at" AS occurred_at, 'customer_no' AS namespace, who AS identifier,
  'web_checkout' AS touchpoint FROM visits'''
"""
EVENT = {"id": "evt_1", "object": "event", "type": "charge.succeeded", "created": 1772439160}

DONE = dict.fromkeys(("received", "stored", "duplicate", "conflict", "quarantined"), 1)


@dataclass
class Stock:
    """Whose workspace it is, and what the blanks of addresses are filled with, by route."""

    workspace: Workspace
    user: Any
    client: Any
    blanks: dict[str, dict[str, str]] = field(default_factory=dict)


def stocked(own: Workspace, user: Any) -> Stock:
    """Fill a workspace through the doors that people use."""
    from django.test import Client

    client = Client(raise_request_exception=False)
    client.force_login(user)
    made = Stock(own, user, client)
    conflict, held = _records(own)
    erased = _erased(own)
    numbers = _secrets(user)
    party = party_name(own.find("customer_no:C00000007"))
    made.blanks = {
        "name": {
            "touchpoint": "parcel_delivered", "segment": "members", "persona": "settler",
            "initiative": "second_courier", "map": "online_order", "schedule": _schedule(own),
            "finding": "late:parcel_delivered", "figure": "ranked", "catalogue": "nobody",
        },
        "code": {
            "quarantine": held, "rule": _event(own), "conflict": conflict,
            "upload": _upload(client), "certificate": erased,
        },
        "number": numbers, "party": {"person": party}, "kind": {"figure": "csv", "person": "html"},
        "token": {"choices": own.preference_link(own.find("customer_no:C00000007")).split("/")[2]},
        "section": {"catalogue": "segments"}, "secret": {"shared": numbers.pop("secret")},
    }  # fmt: skip
    return made


def _records(own: Workspace) -> tuple[str, str]:
    """A conflict and a record in quarantine: their codes."""
    from everytouch.web.pages.conflicts import code_of
    from everytouch.web.pages.quarantine import code_of as held_code

    folder = own.path.parent / "orders"
    folder.mkdir()
    (folder / "source.toml").write_text(ORDERS)
    for amount in (1, 2):
        rows = f"1,2025-01-01 10:00,C00000007,web_checkout,{amount}\n2,2025-01-01,C1,moon,3\n"
        (folder / "orders.csv").write_text(HEAD + rows)
        own.import_source(folder / "source.toml")
    (held, *_) = [row for row in own.quarantine("odd") if row.id == "2"]
    return code_of(own.conflicts("odd")[0]), held_code(held.key)


def _event(own: Workspace) -> str:
    """A webhook that no rule names: its code."""
    from everytouch.web.pages.quarantine import code_of

    log = Log(own.log, lambda *_: None)
    raw = [json.dumps(EVENT).encode()]
    log.append(encode(Taken("hooks", "pay", int(time.time() * 1e6), 0, raw, ["evt_1"])), 0)
    log.close()
    own.drain().run()
    return code_of(own.quarantine("pay")[0].key)


def _erased(own: Workspace) -> str:
    """The certificate of somebody who was erased."""
    from everytouch.ledger.api import erasures

    party = own.find("customer_no:C00000033")
    own.erase_party(party, "asked for", own.erasure_plan(party).confirm)
    return str(erasures(own.tables)[-1].certificate)


def _schedule(own: Workspace) -> str:
    folder = own.path.parent / "fetched"
    folder.mkdir()
    with (own.path / "everytouch.toml").open("a") as file:
        file.write(f'\n[sources]\nfolders = ["{folder}"]\n')
    everytouch.open(own.path).save_scheduled(
        "nightly", SCHEDULED.format(name="nightly", folder=folder), new=True
    )
    return "nightly"


def _upload(client: Any) -> str:
    file = io.BytesIO(b"Date,Event,customer_id,nps\n2026-04-01,web_checkout,C1,3\n")
    file.name = "some.csv"
    return str(client.post("/uploads", {"file": file})["Location"].rsplit("/", 1)[1])


def _secrets(user: Any) -> dict[str, str]:
    """Numbers of a job, a token, a share link and a person, and the link's secret."""
    from everytouch.web.models import Job, Share, Token

    token, _ = Token.issue(1, user=user, title="one", scopes=["read"])
    share, secret = Share.issue(1, user=user, title="one", path="/", query="")
    job = Job.objects.create(kind="replay", user=user, state=Job.DONE, result=DONE)
    numbers = {"job": job.pk, "token": token.pk, "share": share.pk, "team": user.pk}
    return {name: str(number) for name, number in numbers.items()} | {"secret": secret}
