"""Identifiers of nobody link no one, and one device joins no two customers: every way in."""

import json

import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import everytouch
from everytouch.cli import main
from everytouch.collect.api import sentence
from everytouch.collect.nobody import identified
from everytouch.collect.records import as_text, typed
from everytouch.errors import ConfirmationError
from everytouch.moments.api import NOBODY, Nobody, Vocabulary, normalise, schema
from tests.collecting import Sender, collecting, loaded, made, sender_of_its_own
from tests.conftest import NOW

CATALOGUE = """organisation: Acme
stages: [buy]
touchpoints:
  checkout: {label: Check-out, stage: buy, channel: web, element: process}
  viewed: {label: Viewed, stage: buy, channel: web, element: process}
instruments:
  nps: {label: Recommend, kind: nps, low: 0, high: 10}
"""
SELECT = """
SELECT id, day AS occurred_at, kind AS namespace, who AS identifier, touchpoint,
       list_filter([nullif(also1, ''), nullif(also2, '')], lambda x: x IS NOT NULL) AS also
FROM f"""
HEADER = "id,day,kind,who,also1,also2,touchpoint\n"
RULES = """
- event: visit
  interaction: {id: "{id}", touchpoint: viewed, namespace: device, identifier: "{terminal}",
    occurred_at: "{at}"}
- event: sale
  interaction: {id: "{id}", touchpoint: checkout, namespace: customer_no, identifier: "{card}",
    also: ["device:{terminal}", "email:{email}"], occurred_at: "{at}"}
"""


def imported(workspace, folder, text, tail=""):
    """What became of a CSV file."""
    (folder / "f.csv").write_text(HEADER + text)
    (folder / "s.toml").write_text(
        f'name = "s"\n[inputs.f]\npath = "f.csv"\n[[interactions]]\nsql = """{SELECT}"""\n{tail}'
    )
    return workspace.import_source(folder / "s.toml", now=NOW)


@pytest.fixture
def shop(tmp_path):
    return made(tmp_path, CATALOGUE)


def ids(workspace, who):
    return [row.id for row in workspace.trail(who).rows]


# The mechanism.


@pytest.mark.parametrize(
    ("namespace", "value"),
    [
        *(("customer_no", word) for word in sorted(NOBODY)),
        ("customer_no", ""), ("customer_no", None), ("customer_no", "  "), ("customer_no", " N/A "),
        ("user_id", "[object Object]"), ("user_id", "---"), ("user_id", "…"), ("user_id", "0000"),
        ("phone", "12"), ("phone", "n. a."), ("phone", "+"), ("phone", "000 000 00"),
        ("email", "ana.example.org"), ("email", "@x.org"), ("email", "ana@"),
    ],
)  # fmt: skip
def test_it_identifies_nobody(namespace, value):
    mask = Nobody().mask(pa.array([namespace]), pa.array([value], pa.string()))
    assert mask.to_pylist() == [True]


@pytest.mark.parametrize(
    ("namespace", "value"),
    [
        ("customer_no", "7"), ("customer_no", "C0"), ("customer_no", "Nullmeyer"),
        ("customer_no", "none@x.org"), ("user_id", "日本"), ("user_id", "anonymous7"),
        ("phone", "12345"), ("phone", "'0049 30 123"), ("email", "n/a@x.org"), ("email", "a@b"),
    ],
)  # fmt: skip
def test_it_identifies_somebody(namespace, value):
    assert not Nobody().has(namespace, value)


def test_a_workspace_adds_words_and_allows_some():
    own = Nobody.of(" Walk-in , -0, -guest")
    assert own.has("customer_no", "walk-IN")
    assert not own.has("customer_no", "0")
    assert not own.has("customer_no", "Guest")
    assert own.has("customer_no", "null")


def keys(namespace, *values):
    spaces = pa.array([namespace] * len(values), pa.string())
    return normalise(spaces, pa.array(values, pa.string())).to_pylist()


def test_phone_numbers_and_addresses_are_compared_by_their_standard():
    assert len(set(keys("phone", "+49 30 123456", "0049 (30) 123-456", "'+4930123456"))) == 1
    assert len(set(keys("email", "Ana@X.org ", "ana@x.org"))) == 1
    assert keys("phone", "030 123456", "0") == ["phone\x1f030123456", "phone\x1f0"]
    assert keys("customer_no", "0049", "Ä ") == ["customer_no\x1f0049", "customer_no\x1fÄ"]


VALUE = st.one_of(
    st.text(max_size=12), st.sampled_from(sorted(NOBODY)),
    st.text("0123456789+-' ()", max_size=14),
)  # fmt: skip
SPACE = st.sampled_from(("email", "phone", "customer_no"))


@given(SPACE, VALUE, st.sampled_from(("", " ", "\t", "\u00a0")))
def test_normal_form_is_stable_and_space_never_counts(namespace, value, around):
    once = keys(namespace, value)[0].removeprefix(f"{namespace}\x1f")
    assert keys(namespace, once) == keys(namespace, value)
    assert keys(namespace, f"{around}{value}{around}") == keys(namespace, value)
    assert Nobody().has(namespace, f"{around}{value}{around}") == Nobody().has(namespace, value)
    if value.isascii():  # small letters of some scripts have several capitals
        assert Nobody().has(namespace, value.upper()) == Nobody().has(namespace, value.lower())


@given(st.lists(st.tuples(SPACE, VALUE, st.lists(st.tuples(SPACE, VALUE), max_size=3)), max_size=6))
def test_records_are_led_by_the_first_who_is_somebody_and_nothing_sent_is_lost(rows):
    given_ = [
        {"id": str(i), "occurred_at": NOW, "namespace": space, "identifier": value,
         "also": [f"{s}:{v}" for s, v in also] or None, "touchpoint": "checkout"}
        for i, (space, value, also) in enumerate(rows)
    ]  # fmt: skip
    names = schema("interactions").names
    table = pa.Table.from_pylist(
        [{name: row.get(name) for name in names} for row in given_], schema("interactions")
    )
    nobody = Nobody()
    found = identified(table, "interactions", nobody)
    total = 0
    for i, (space, value, also) in enumerate(rows):
        row = found.table.slice(i, 1).to_pylist()[0]
        somebody = [pair for pair in ((space, value), *also) if not nobody.has(*pair)]
        total += 1 + len(also) - len(somebody)
        if somebody:
            assert (row["namespace"], row["identifier"]) == somebody[0]
            assert i not in found.reasons
        elif value.strip():
            assert "identifies nobody" in found.reasons[i]
        kept = [f"{row['namespace']}:{row['identifier']}", *(row["also"] or [])]
        sent = [f"{s}:{v}" for s, v in ((space, value), *also) if v.strip()]
        assert sorted(k for k in kept if k.partition(":")[2].strip()) == sorted(sent)
    assert sum(found.notes.values()) == total


# Files.


def test_placeholders_in_a_file_link_nobody_and_are_counted(shop, tmp_path):
    receipt = imported(shop, tmp_path, (
        "1,2025-01-01,email,n/a,customer_no:A,phone:12,checkout\n"
        "2,2025-01-02,email,N/A,customer_no:B,,checkout\n"
        "3,2025-01-03,email,b@x.org,customer_no:B,phone: -,checkout\n"
        "4,2025-01-04,email,n/a,,phone:0,checkout\n"
        "5,2025-01-05,customer_no,undefined,,,checkout\n"
        "6,2025-01-06,,,customer_no:A,email:a.example.org,checkout\n"
    ))  # fmt: skip
    assert (receipt.total.stored, receipt.total.quarantined) == (4, 2)
    assert ids(shop, "customer_no:A") == ["1", "6"]
    assert ids(shop, "customer_no:B") == ["2", "3"]
    assert ids(shop, "email:b@x.org") == ["2", "3"]
    row = shop.tables.query("interactions", "SELECT * FROM ledger WHERE id = '1'").to_pylist()[0]
    assert (row["namespace"], row["identifier"]) == ("customer_no", "A")
    assert sorted(row["also"]) == ["email:n/a", "phone:12"]
    reasons = {held.id: held.reason for held in shop.quarantine()}
    assert reasons["4"] == "identifier email 'n/a' identifies nobody"
    assert reasons["5"] == "identifier customer_no 'undefined' identifies nobody"
    held = {one.id: one.row for one in shop.quarantine()}
    assert held["4"]["identifier"] == "n/a"
    assert receipt.nobody["email 'n/a'"] == 2
    assert receipt.nobody["email without @"] == 1
    assert "a.example.org" not in json.dumps(dict(receipt.nobody))
    assert shop.status()[0].nobody == dict(receipt.nobody)


def test_links_and_traits_of_nobody(shop, tmp_path):
    (tmp_path / "l.csv").write_text("a,b\nA,B\nnull,B\nA,0\n")
    (tmp_path / "t.toml").write_text("""name = "l"
[inputs.l]
path = "l.csv"
[[links]]
sql = '''SELECT a || b AS id, TIMESTAMP '2025-01-01' AS occurred_at, 'c' AS namespace,
a AS identifier, 'c' AS other_namespace, b AS other_identifier FROM l'''
[[traits]]
sql = '''SELECT a || b AS id, TIMESTAMP '2025-01-01' AS occurred_at, 'c' AS namespace,
a AS identifier, 'tier' AS name, 'gold' AS value FROM l'''
""")
    counts = shop.import_source(tmp_path / "t.toml", now=NOW).counts
    links, traits = counts["links"], counts["traits"]
    assert (links.received, links.stored, links.refused) == (3, 1, 2)
    assert (traits.received, traits.stored, traits.quarantined) == (3, 2, 1)
    assert shop.find("c:0") != shop.find("c:A") == shop.find("c:B")


def test_the_command_says_what_identifies_nobody(shop, tmp_path):
    imported(shop, tmp_path, "")
    (tmp_path / "f.csv").write_text(HEADER + (
        "1,2025-01-01,email,n/a,customer_no:A,,checkout\n"
        "2,2025-01-01,email,n/a,customer_no:B,phone:12,checkout\n"))  # fmt: skip
    run = CliRunner().invoke(main, ["-w", str(shop.path), "import", str(tmp_path / "s.toml")])
    said = "3 identifiers identify nobody: email 'n/a' ×2, phone '12'"
    assert said in run.output
    assert said in CliRunner().invoke(main, ["-w", str(shop.path), "status"]).output
    assert sentence({"phone '1'": 1}) == "1 identifier identifies nobody: phone '1'"


def test_the_settings_change_who_is_nobody(shop, tmp_path):
    shop.change_settings({"ids_of_nobody": "walk-in, -guest"})
    opened = everytouch.open(shop.path)
    receipt = imported(opened, tmp_path, (
        "1,2025-01-01,customer_no,Walk-In,email:a@x.org,,checkout\n"
        "2,2025-01-01,customer_no,guest,email:b@x.org,,checkout\n"))  # fmt: skip
    assert receipt.nobody == {"customer_no 'Walk-In'": 1}
    assert ids(opened, "customer_no:guest") == ["2"]


def test_two_customers_at_one_till_in_a_file(shop, tmp_path):
    imported(shop, tmp_path, (
        "1,2025-01-01,device,till,,,viewed\n"
        "2,2025-01-02,customer_no,A,device:till,,checkout\n"
        "3,2025-01-03,device,till,,,viewed\n"
        "4,2025-01-04,customer_no,B,device:till,,checkout\n"
        "5,2025-01-05,device,till,,,viewed\n"))  # fmt: skip
    assert ids(shop, "customer_no:A") == ["1", "2", "3"]
    assert ids(shop, "customer_no:B") == ["4", "5"]


# Over HTTP.


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return made(tmp_path_factory.mktemp("safe"), CATALOGUE, RULES)


@pytest.fixture(scope="module")
def running(home):
    with collecting(home) as started:
        yield started


@pytest.fixture
def sender(home, running):
    """A sender with a source of its own; what it names is its own as well."""
    return sender_of_its_own(home, running)


def segment(sender, *calls):
    batch = [{"messageId": f"{sender.source}-{i}", **call} for i, call in enumerate(calls)]
    assert sender.send({"batch": batch}, "/v1/batch")[0] == 200


def posthog(sender, *events):
    batch = [{"uuid": f"{sender.source}-{i}", **event} for i, event in enumerate(events)]
    body = {"api_key": sender.secret, "batch": batch}
    assert sender.send(body, "/batch")[0] == 200


def day(number):
    return f"2025-01-{number:02}T12:00:00Z"


def numbers(home, who):
    """Numbers of the moments on somebody's trail, as they were sent."""
    return [int(row.id.rpartition("-")[2]) for row in home.trail(who).rows]


def test_a_kiosk_with_segment(home, sender):
    me = sender.source
    seen = {"type": "track", "event": "viewed", "anonymousId": f"k{me}"}
    segment(
        sender,
        {**seen, "timestamp": day(1)},
        {"type": "identify", "userId": f"ana{me}", "anonymousId": f"k{me}", "timestamp": day(2),
         "traits": {"email": f"ana{me}@x.org"}},
        {**seen, "timestamp": day(3)},
        {"type": "identify", "userId": f"ben{me}", "anonymousId": f"k{me}", "timestamp": day(4)},
        {**seen, "timestamp": day(5)},
        {**seen, "userId": f"ana{me}", "timestamp": day(6)},
        {**seen, "timestamp": day(7)},
    )  # fmt: skip
    loaded(home, me)
    assert numbers(home, f"user_id:ana{me}") == [0, 2, 5, 6]
    assert numbers(home, f"email:ana{me}@x.org") == [0, 2, 5, 6]
    assert numbers(home, f"user_id:ben{me}") == [4]


def test_two_aliases_of_one_device_with_segment(home, sender):
    me = sender.source
    seen = {"type": "track", "event": "viewed", "anonymousId": f"k{me}"}
    calls = [
        {"type": "alias", "userId": f"{who}{me}", "previousId": f"k{me}", "timestamp": day(when)}
        for who, when in (("ana", 2), ("ben", 4))
    ]
    segment(sender, *calls, *({**seen, "timestamp": day(i)} for i in (1, 3, 5)))
    loaded(home, me)
    assert numbers(home, f"user_id:ana{me}") == [2, 3]
    assert numbers(home, f"user_id:ben{me}") == [4]


def test_an_alias_of_an_older_account_joins_both(home, sender):
    me = sender.source
    segment(
        sender,
        {"type": "track", "event": "viewed", "userId": f"old{me}", "timestamp": day(1)},
        {"type": "track", "event": "viewed", "userId": f"new{me}", "timestamp": day(3)},
        {"type": "alias", "userId": f"new{me}", "previousId": f"old{me}", "timestamp": day(2)},
    )
    loaded(home, me)
    assert numbers(home, f"user_id:new{me}") == numbers(home, f"user_id:old{me}") == [0, 1]


def test_placeholders_with_segment(home, sender):
    me = sender.source
    segment(
        sender,
        {"type": "track", "event": "viewed", "userId": "null", "anonymousId": f"a{me}"},
        {"type": "identify", "userId": "undefined", "anonymousId": f"a{me}",
         "traits": {"email": "n/a", "tier": "gold"}},
        {"type": "track", "event": "viewed", "userId": "null", "anonymousId": f"b{me}"},
        {"type": "track", "event": "viewed", "userId": "[object Object]"},
    )  # fmt: skip
    status = loaded(home, me)
    assert numbers(home, f"anonymous_id:a{me}") == [0]
    assert numbers(home, f"anonymous_id:b{me}") == [2]
    profile = home.profile(home.find(f"anonymous_id:a{me}"))
    assert ("tier", "gold") in [(one.name, one.value) for one in profile.traits]
    assert status.nobody["user_id 'null'"] == 2
    assert status.nobody["email 'n/a'"] == 1
    assert status.nobody["user_id 'undefined'"] >= 1
    (held,) = home.quarantine(me)
    assert held.reason == "identifier user_id '[object Object]' identifies nobody"


def test_a_kiosk_with_posthog(home, sender):
    me = sender.source
    seen = {"event": "viewed", "distinct_id": f"k{me}"}
    identify = {"event": "$identify", "properties": {"$anon_distinct_id": f"k{me}"}}
    posthog(
        sender,
        {**seen, "timestamp": day(1)},
        {**identify, "distinct_id": f"ana{me}", "timestamp": day(2),
         "$set": {"email": f"ana{me}@x.org"}},
        {**seen, "timestamp": day(3)},
        {**identify, "distinct_id": f"ben{me}", "timestamp": day(4)},
        {**seen, "timestamp": day(5)},
        {"event": "viewed", "distinct_id": f"ana{me}", "timestamp": day(6)},
    )  # fmt: skip
    loaded(home, me)
    assert numbers(home, f"email:ana{me}@x.org") == [0, 2, 5]
    assert numbers(home, f"distinct_id:ben{me}") == [4]


def test_somebody_identified_on_top_of_somebody_with_posthog(home, sender):
    me = sender.source
    posthog(
        sender,
        {"event": "$identify", "distinct_id": f"ana{me}", "timestamp": day(1),
         "properties": {"$anon_distinct_id": f"k{me}"}},
        {"event": "viewed", "distinct_id": f"ana{me}", "timestamp": day(2)},
        {"event": "$identify", "distinct_id": f"ben{me}", "timestamp": day(3),
         "properties": {"$anon_distinct_id": f"ana{me}"}},
        {"event": "viewed", "distinct_id": f"ben{me}", "timestamp": day(4)},
    )  # fmt: skip
    loaded(home, me)
    assert numbers(home, f"distinct_id:ana{me}") == [1]
    assert numbers(home, f"distinct_id:ben{me}") == [3]


@pytest.mark.parametrize("name", ["$create_alias", "$merge_dangerously"])
def test_aliases_with_posthog(home, sender, name):
    """One device with two people stays apart; who merges dangerously merges."""
    me = sender.source
    said = [
        {"event": name, "distinct_id": f"{who}{me}", "timestamp": day(when),
         "properties": {"alias": f"k{me}"}}
        for who, when in (("ana", 2), ("ben", 4))
    ]  # fmt: skip
    seen = [{"event": "viewed", "distinct_id": f"k{me}", "timestamp": day(i)} for i in (1, 3, 5)]
    posthog(sender, *said, *seen)
    loaded(home, me)
    apart = name == "$create_alias"
    assert numbers(home, f"distinct_id:ana{me}") == ([2, 3] if apart else [2, 3, 4])
    assert numbers(home, f"distinct_id:ben{me}") == ([4] if apart else [2, 3, 4])


def test_two_addresses_typed_in_on_a_device_nobody_signed_in_on(home, sender):
    me = sender.source
    posthog(sender, *(
        {"event": "viewed", "distinct_id": f"k{me}", "timestamp": day(i),
         "properties": {"$device_id": f"k{me}", "$set": {"email": f"{who}{me}@x.org"}}}
        for i, who in ((1, "ana"), (2, "ben"))
    ))  # fmt: skip
    loaded(home, me)
    assert numbers(home, f"email:ana{me}@x.org") == [0]
    assert numbers(home, f"email:ben{me}@x.org") == [1]


def test_placeholders_and_kiosks_with_the_own_dialect(home, sender):
    me = sender.source
    rows = [
        ("customer_no", f"A{me}", [f"device:k{me}", "email:none"]),
        ("device", f"k{me}", None),
        ("customer_no", f"B{me}", [f"device:k{me}", "email:none"]),
        ("device", f"k{me}", None),
        ("email", "undefined", [f"customer_no:B{me}"]),
        ("phone", "0", None),
    ]
    moments = [
        {"id": f"{me}-{i}", "occurred_at": day(i + 1), "namespace": space, "identifier": value,
         "touchpoint": "checkout"} | ({"also": also} if also else {})
        for i, (space, value, also) in enumerate(rows)
    ]  # fmt: skip
    assert sender.send(moments)[0] == 200
    status = loaded(home, me)
    assert numbers(home, f"customer_no:A{me}") == [0, 1]
    assert numbers(home, f"customer_no:B{me}") == [2, 3, 4]
    assert status.nobody == {"email 'none'": 2, "email 'undefined'": 1, "phone '0'": 1}
    assert [held.reason for held in home.quarantine(me)] == [
        "identifier phone '0' identifies nobody"
    ]


def hooked(home, sender, *events):
    """Send events as a tool does that only knows a webhook's address."""
    _, path = home.create_hook(sender.source)
    anonymous = Sender(sender.port, "nobody", None)
    for i, event in enumerate(events):
        assert anonymous.send({"id": f"{sender.source}-{i}", **event}, path)[0] == 200
    return loaded(home, sender.source)


def test_two_customers_at_one_till_through_a_webhook(home, sender):
    me = sender.source
    seen = {"event": "visit", "terminal": f"k{me}"}
    sold = {"event": "sale", "terminal": f"k{me}"}
    hooked(
        home,
        sender,
        {**seen, "at": day(1)},
        {**sold, "card": f"A{me}", "email": f"ana{me}@x.org", "at": day(2)},
        {**seen, "at": day(3)},
        {**sold, "card": f"B{me}", "email": f"ben{me}@x.org", "at": day(4)},
        {**seen, "at": day(5)},
    )
    assert numbers(home, f"email:ana{me}@x.org") == numbers(home, f"customer_no:A{me}") == [0, 1, 2]
    assert numbers(home, f"email:ben{me}@x.org") == [3, 4]


def test_placeholders_through_a_webhook(home, sender):
    me = sender.source
    sold = {"event": "sale", "terminal": f"k{me}"}
    status = hooked(
        home,
        sender,
        {**sold, "card": f"A{me}", "email": "n/a", "at": day(1)},
        {**sold, "terminal": f"l{me}", "card": f"B{me}", "email": "n/a", "at": day(2)},
        {**sold, "card": "[object Object]", "email": f"ana{me}@x.org", "at": day(3)},
        {"event": "sale", "terminal": "undefined", "card": "null", "email": "none", "at": day(4)},
    )
    assert numbers(home, f"customer_no:A{me}") == [0]
    assert numbers(home, f"customer_no:B{me}") == [1]
    assert numbers(home, f"email:ana{me}@x.org") == [2]
    assert status.nobody["email 'n/a'"] == 2
    assert status.nobody["customer_no '[object Object]'"] == 1
    (held,) = home.quarantine(me)
    assert held.reason == "identifier customer_no 'null' identifies nobody"


# Shared IDs, and whom an erasure removes.


@pytest.fixture
def crowd(shop, tmp_path):
    """Eight customers at one till; seven by one mailbox."""
    lines = [f"{i},2025-01-{i + 1:02},customer_no,C{i},device:till,,checkout\n" for i in range(8)]
    lines += [f"m{i},2025-02-01,customer_no,M{i},email:info@x.org,,viewed\n" for i in range(7)]
    lines += [f"n{i},2025-02-01,customer_no,N{i},email:both@x.org,,viewed\n" for i in range(2)]
    lines += ["t,2025-01-03,device,till,,,viewed\n"]
    imported(shop, tmp_path, "".join(lines))
    return shop


def test_ids_that_link_unusually_many_people_are_listed(crowd):
    till, mailbox = crowd.shared_identifiers()
    assert (till.identifier, till.device, till.kind, till.linked, till.people) == (
        "device:till", True, "customer_no", 8, 8)  # fmt: skip
    assert (mailbox.identifier, mailbox.device, mailbox.linked, mailbox.people) == (
        "email:info@x.org", False, 7, 1)  # fmt: skip
    assert "list shared identifiers" in (crowd.path / "audit.jsonl").read_text()
    crowd.change_settings({"shared_from": 1})
    assert len(everytouch.open(crowd.path).shared_identifiers()) == 3
    run = CliRunner().invoke(main, ["-w", str(crowd.path), "shared-identifiers", "--json"])
    assert [row["linked"] for row in json.loads(run.stdout)] == [8, 7, 2]


def test_an_erasure_says_whom_else_it_removes_and_asks(crowd):
    command = ["-w", str(crowd.path), "erase", "customer_no:M0"]
    asked = CliRunner().invoke(main, command, input="n\n")
    assert asked.exit_code == 1
    assert "customer_no:M6: 1 event" in asked.output
    assert "with 7 events" in asked.output
    assert ids(crowd, "customer_no:M6")
    plan = crowd.erasure_plan(crowd.find("customer_no:M0"))
    assert ("email:info@x.org", 0) in plan.identifiers
    with pytest.raises(ConfirmationError):
        crowd.erase_party(plan.party, confirm="another")
    crowd.erase_party(plan.party, confirm=plan.confirm)
    assert crowd.trails().parties == 8 + 1


def test_an_erasure_leaves_the_till_to_the_others(crowd):
    plan = crowd.erasure_plan(crowd.find("customer_no:C2"))
    assert (plan.identifiers, plan.shared) == ((("customer_no:C2", 1),), (("device:till", 1),))
    done = CliRunner().invoke(main, ["-w", str(crowd.path), "erase", "customer_no:C2", "--yes"])
    assert "Devices others used as well" in done.output
    assert json.loads(done.stdout)["removed"]["interactions"] == 2
    assert ids(crowd, "customer_no:C3") == ["3"]


@pytest.mark.parametrize(
    "also", [["a"], ["a", "email:x@y.org"], [None, "b"], [":", "c:"], ["a:b:c"]]
)
def test_identifiers_beside_that_name_no_type_stop_nothing(also):
    row = {
        "id": "1", "occurred_at": "2026-01-01T00:00:00Z", "namespace": "email",
        "identifier": "n/a", "also": also, "touchpoint": "checkout",
    }  # fmt: skip
    words = Vocabulary(frozenset({"checkout"}))
    parted = typed("interactions", as_text("interactions", [row]), words)
    assert len(parted.good) + len(parted.broken) == 1
