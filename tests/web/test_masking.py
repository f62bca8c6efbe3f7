"""Personal data in free text: on the person's own page as it is, masked everywhere else."""

import json

import pytest

from everytouch.identity.api import Masks
from everytouch.moments.api import key_name
from tests.conftest import NOW
from tests.test_retention import write
from tests.web.test_access import addresses, filled

WHO = "customer_no:C00000007"
CANARY = (
    "Here is Xaverina Quillfeather, mail xq.canary@example.org or call +49 30 9988776. "
    "My account is DE89 3704 0044 0532 0130 00, the order was ORD-77341, see https://x.example/xq"
)
PARTS = ("Xaverina", "Quillfeather", "xq.canary", "9988776", "0532 0130", "77341", "x.example/xq")
HEAD = "id,occurred_at,namespace,identifier,touchpoint,instrument,raw,text,properties\n"
OWN = ("/people/{party}", "/api/v1/people/{party}")  # and what is below


@pytest.fixture
def canaries(own, tmp_path):
    """Somebody wrote what gives them away: stored, held, in conflict, as an event, as a reason."""
    traits = "id,occurred_at,namespace,identifier,name,value\n"
    for number, (name, value) in enumerate(
        [("first_name", "Xaverina"), ("Last Name", "Quillfeather")]
    ):
        traits += f"{number},2025-01-01,customer_no,C00000007,{name},{value}\n"
    own.import_source(write(tmp_path, "crm", "traits", traits), now=NOW)
    said = json.dumps({"note": CANARY}).replace('"', '""')
    rows = HEAD + "".join(
        f"{n},2026-01-2{n % 8}T10:00:00Z,customer_no,C00000007,store_visit,nps,1,"
        f'"{CANARY}","{said}"\n'
        for n in range(14)
    )
    rows += f'h,2026-01-20,customer_no,C00000007,store_visit,unknown,1,"{CANARY}","{said}"\n'
    rows += f'r,2026-01-20,customer_no,C00000007,"{CANARY}",nps,1,fine,\n'
    source = write(tmp_path, "written", "perceptions", rows)
    own.import_source(source, now=NOW)
    (tmp_path / "written.csv").write_text(rows.replace("nps,1,", "nps,2,"), encoding="utf-8")
    own.import_source(source, now=NOW)
    own.trails()
    assert (len(own.quarantine("written")), len(own.conflicts("written"))) == (3, 14)
    return own


def code_of(row):
    return "".join(map(key_name, row.key))


def opened(canaries, party):
    """Every address that is read, and those of the records that wait."""
    found = [filled(path, party) for path, method in addresses() if method == "GET"]
    found += [f"/quarantine/{code_of(row)}" for row in canaries.quarantine()]
    found += [f"/conflicts/{code_of(one.held)}" for one in canaries.conflicts()[:3]]
    more = ("/figures/comments", "/figures/comments.csv", "/figures/comments.json",
            "/api/v1/comments?limit=50", "/api/v1/quarantine?full=true", "/moments?kind=perception",
            "/api/v1/findings/late:store_visit/moments", "/quarantine?source=written",
            "/api/v1/moments?kind=perception", "/sources/arrivals")  # fmt: skip
    return sorted({*found, *more})


@pytest.mark.parametrize("role", ["viewer", "manager", "analyst", "owner"])
def test_no_page_and_no_answer_gives_it_away(canaries, visit, party, role):
    client, seen, shown = visit(role), [], []
    for address in opened(canaries, party):
        if address.startswith(tuple(own.format(party=party) for own in OWN)) or "logout" in address:
            continue
        answer = client.get(address)
        text = b"".join(answer).decode("utf-8", "replace")
        seen += [(address, part) for part in PARTS if part in text]
        shown += [address] if "[name]" in text else []
    assert seen == []
    if role in ("analyst", "owner"):  # the texts were there, masked
        masked = {address.partition("?")[0].rpartition("/")[2] for address in shown}
        assert {"comments", "comments.csv", "quarantine"} <= masked, shown
        assert any(address.startswith("/conflicts/") for address in shown)
    if role == "manager":
        assert "/figures/comments" in shown


def test_the_persons_own_page_shows_it_as_it_is(canaries, visit, party):
    client = visit("analyst")
    for address in (f"/people/{party}", f"/api/v1/people/{party}/trail?limit=500",
                    f"/people/{party}/export", f"/people/{party}/copy.html"):  # fmt: skip
        text = client.get(address).content.decode()
        assert [part for part in PARTS if part not in text] == [], address
    for role in ("viewer", "manager"):
        assert visit(role).get(f"/people/{party}").status_code == 403


def test_the_moments_behind_a_number_are_masked_in_library_and_report(canaries):
    rows = [row for row in canaries.newest(limit=50) if row.instrument == "nps"]
    texts = [row.text for row in canaries.moments(rows, "newest answers").rows if row.text]
    assert len(texts) == 14
    assert [part for part in PARTS for text in texts if part in text] == []
    raw = [row.text for row in canaries.trail(WHO).rows if row.text]
    assert raw.count(CANARY) == 14


def test_a_held_record_is_corrected_without_its_text_being_seen(canaries, visit):
    client = visit("analyst")
    row = next(one for one in canaries.quarantine("written") if one.id == "h")
    address = f"/quarantine/{code_of(row)}"
    page = client.get(address)
    shown = dict(page.context["fields"]) if page.context else {}
    form = {column.name: value for column, value in shown.items()} | {"instrument": "nps"}
    assert "[name]" in form["text"]
    changed = client.post(address, form | {"text": form["text"] + " more"})
    assert changed.status_code == 422
    assert "are masked" in changed.content.decode()
    assert client.post(address, form).status_code == 302
    stored = canaries.tables.query(
        "perceptions", "SELECT text, properties FROM ledger WHERE id = 'h'"
    )
    (found,) = stored.to_pylist()
    assert found == {"text": CANARY, "properties": json.dumps({"note": CANARY})}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mail ana.b@example.org or call +49 170 1234567, see https://x.org/a",
         "mail [e-mail] or call [number], see [link]"),
        ("www.example.org/me and order #4711 or A-123456", "[link] and order [number] or [number]"),
        ("GB29 NWBK 6016 1331 9268 19 is mine", "[number] is mine"),
        ("in 2025 it cost 1,299.00 for 3 of 1000", "in 2025 it cost 1,299.00 for 3 of 1000"),
        ("Lima, I mean Ana Lima-Costa; a lima bean", "[name], I mean [name] [name]; a lima bean"),
    ],
)  # fmt: skip
def test_what_is_masked(text, masked):
    assert Masks(frozenset(("ana", "lima", "lima-costa"))).masked(text) == masked


def test_the_writers_own_names_and_ids_are_masked_in_any_case():
    known = Masks(own={7: ("K-12", "ana lima", "x")})
    text = "ANA LIMA with k-12, order O/9 and x"
    assert known.masked(text, ["O/9"], 7) == "[ID] with [ID], order [ID] and x"
