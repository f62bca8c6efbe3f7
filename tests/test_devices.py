"""Devices never join people: whose moments they are, however links and moments come in."""

import dataclasses
import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import everytouch
from everytouch.identity.api import Resolution, current, resolve
from everytouch.ledger.api import Loader
from everytouch.moments.api import device_types, hash_strings, normalise, schema
from everytouch.trails.api import load
from everytouch.trails.build import Builder
from everytouch.trails.records import READ
from tests.conftest import NOW, SECRET, histories
from tests.test_extend import contents
from tests.test_moments import WORDS

LINKS = ["party_key", "other_key", "same", "namespace", "other_namespace", "device",
         "occurred_at", "received_at", "key_first", "id"]  # fmt: skip


def key(name):
    """The key of namespace:value."""
    namespace, _, value = name.partition(":")
    return int(hash_strings(normalise(pa.array([namespace]), pa.array([value])), SECRET)[0][0])


def at(day):
    return NOW + datetime.timedelta(days=day)


def send(workspace, kind, rows):
    rows = [{name: row.get(name) for name in schema(kind).names} for row in rows]
    table = pa.Table.from_pylist(rows, schema(kind))
    Loader(workspace.tables, SECRET, "s", NOW, WORDS).store(kind, table)


def moment(number, who, day, also=()):
    namespace, _, value = who.partition(":")
    return {"id": f"m{number}", "occurred_at": at(day), "namespace": namespace,
            "identifier": value, "touchpoint": "shop", "also": list(also) or None}  # fmt: skip


def link(number, one, other, day, *, same=True, device=None):
    first, _, value = one.partition(":")
    second, _, name = other.partition(":")
    return {"id": f"l{number}", "occurred_at": at(day), "namespace": first, "identifier": value,
            "other_namespace": second, "other_identifier": name, "same": same,
            "device": device}  # fmt: skip


def ids(workspace, who):
    """Ids of the moments on somebody's trail."""
    return [row.id for row in workspace.trail(who).rows]


def owners(workspace, *names):
    """Of each moment in the trails, whose it is: party key → number of moments."""
    found = {}
    for bucket in workspace.trails().buckets:
        for place in np.flatnonzero(bucket.live):
            size = int(bucket.offsets[place + 1] - bucket.offsets[place])
            found[int(bucket.parties[place])] = size
    return [found.get(workspace.find(name), 0) for name in names]


def test_the_later_customer_takes_over_the_device_and_the_earlier_keeps_their_history(workspace):
    send(workspace, "interactions", [moment(i, "device:kiosk", i) for i in range(10)])
    send(workspace, "links", [link(1, "customer_no:A", "device:kiosk", 3)])
    send(workspace, "links", [link(2, "customer_no:B", "device:kiosk", 6)])
    assert ids(workspace, "customer_no:A") == [f"m{i}" for i in range(6)]
    assert ids(workspace, "customer_no:B") == [f"m{i}" for i in range(6, 10)]
    assert owners(workspace, "customer_no:A", "customer_no:B") == [6, 4]
    send(workspace, "links", [link(3, "customer_no:A", "device:kiosk", 8)])
    assert owners(workspace, "customer_no:A", "customer_no:B") == [8, 2]
    assert ids(workspace, "device:kiosk") == ids(workspace, "customer_no:A")


def test_a_device_of_one_customer_is_theirs_as_ever(workspace):
    send(workspace, "interactions", [moment(1, "device:phone", 0), moment(2, "email:a@x.org", 1)])
    send(workspace, "links", [link(1, "email:a@x.org", "device:phone", 5)])
    assert ids(workspace, "email:a@x.org") == ["m1", "m2"]
    assert workspace.find("device:phone") == workspace.find("email:a@x.org")


@pytest.mark.parametrize("kind", ["Anonymous", "cookie", "ga_client", "session_id"])
def test_id_types_of_devices_are_known(workspace, kind):
    rows = [moment(1, "customer_no:A", 1, [f"{kind}:x"]), moment(2, "customer_no:B", 2,
            [f"{kind}:x"]), moment(3, f"{kind}:x", 3)]  # fmt: skip
    send(workspace, "interactions", rows)
    assert ids(workspace, "customer_no:A") == ["m1"]
    assert ids(workspace, "customer_no:B") == ["m2", "m3"]


def test_a_workspace_says_what_else_is_a_device_and_what_is_none(workspace):
    rows = [moment(1, "customer_no:A", 1, ["till:7", "cookie:c"]),
            moment(2, "customer_no:B", 2, ["till:7"]), moment(3, "till:7", 3)]  # fmt: skip
    send(workspace, "interactions", rows)
    assert ids(workspace, "customer_no:A") == ["m1", "m2", "m3"]
    workspace.change_settings({"device_id_types": "Till, -cookie"})
    changed = everytouch.open(workspace.path)
    assert ids(changed, "customer_no:A") == ["m1"]
    assert owners(changed, "customer_no:A", "customer_no:B") == [1, 2]
    send(changed, "interactions", [moment(4, "customer_no:B", 4, ["cookie:c"])])
    assert ids(changed, "customer_no:A") == ["m1", "m2", "m3", "m4"]


def test_links_between_two_customers_still_join_them(workspace):
    send(workspace, "interactions", [moment(i, "device:k", i) for i in range(4)])
    send(workspace, "links", [link(1, "customer_no:A", "device:k", 0),
                              link(2, "customer_no:B", "device:k", 2)])  # fmt: skip
    assert owners(workspace, "customer_no:A", "customer_no:B") == [2, 2]
    send(workspace, "links", [link(3, "customer_no:A", "customer_no:B", 3)])
    assert owners(workspace, "customer_no:A") == [4]
    assert workspace.find("customer_no:A") == workspace.find("customer_no:B")
    send(workspace, "links", [link(4, "customer_no:A", "customer_no:B", 4, same=False)])
    assert owners(workspace, "customer_no:A", "customer_no:B") == [2, 2]
    send(workspace, "links", [link(5, "customer_no:B", "device:k", 9, same=False)])
    assert owners(workspace, "customer_no:A", "customer_no:B") == [4, 0]


def test_a_record_a_device_leads_names_one_person_by_two_ids(workspace):
    send(workspace, "interactions", [
        moment(1, "device:k", 1, ["customer_no:A", "email:a@x.org"]),
        moment(2, "device:k", 2, ["session:s", "customer_no:B", "email:b@x.org"]),
        moment(3, "email:a@x.org", 3),
        moment(4, "device:k", 4),
    ])  # fmt: skip
    assert ids(workspace, "customer_no:A") == ids(workspace, "email:a@x.org") == ["m1", "m3"]
    assert ids(workspace, "email:b@x.org") == ["m2", "m4"]


def test_parties_as_they_were_known_before_the_device_changed_hands(workspace):
    send(workspace, "links", [link(1, "customer_no:A", "device:k", 0)])
    later = Loader(workspace.tables, SECRET, "s", at(5), WORDS)
    rows = [{n: row.get(n) for n in schema("links").names}
            for row in [link(2, "customer_no:B", "device:k", 3)]]  # fmt: skip
    later.store("links", pa.Table.from_pylist(rows, schema("links")))
    kiosk = np.array([key("device:k")])
    time = np.array([int(at(4).timestamp() * 1e6)])
    then, now = current(workspace.tables, at(1)), current(workspace.tables)
    assert then.party(kiosk, time).tolist() == [key("customer_no:A")]
    assert now.party(kiosk, time).tolist() == [key("customer_no:B")]


def test_sql_and_segments_follow_the_owner(workspace):
    send(workspace, "interactions", [moment(i, "device:k", i) for i in range(4)])
    send(workspace, "links", [link(1, "customer_no:A", "device:k", 0),
                              link(2, "customer_no:B", "device:k", 2)])  # fmt: skip
    send(workspace, "traits", [
        {"id": f"t{day}", "occurred_at": at(day), "namespace": "device", "identifier": "k",
         "name": "tier", "value": value} for day, value in ((1, "gold"), (3, "silver"))
    ])  # fmt: skip
    parties = {who: workspace.find(f"customer_no:{who}") for who in "AB"}
    for view in ("interactions", "moments"):
        sql = f"SELECT party, count(*) AS n FROM {view} GROUP BY 1"
        counts = {row["party"]: row["n"] for row in workspace.sql(sql).to_pylist()}
        assert counts == {parties["A"]: 2, parties["B"]: 2}
    traits = workspace.sql("SELECT party, value FROM traits ORDER BY occurred_at").to_pylist()
    assert [row["party"] for row in traits] == [parties["A"], parties["B"]]
    for who, value in (("A", "gold"), ("B", "silver")):
        rule = everytouch.catalogue.api.Segment("s", "S", trait="tier", values=(value,))
        scope = workspace.selected(rule)
        taken = [int(b.parties[i]) for b in workspace.trails().buckets
                 for i in np.flatnonzero(scope.take(b))]  # fmt: skip
        assert taken == [parties[who]]
        assert [(t.name, t.value) for t in workspace.profile(parties[who]).traits] == [
            ("tier", value)
        ]


def test_erasing_one_owner_leaves_the_other_their_moments(workspace):
    send(workspace, "interactions", [moment(i, "device:k", i) for i in range(6)])
    send(workspace, "links", [link(1, "customer_no:A", "device:k", 0),
                              link(2, "customer_no:B", "device:k", 3)])  # fmt: skip
    assert (
        len(workspace.export_party(workspace.find("customer_no:B"))["moments"]["interactions"]) == 3
    )
    workspace.erase_party(workspace.find("customer_no:B"))
    assert ids(workspace, "customer_no:A") == ["m0", "m1", "m2"]
    assert workspace.trails().moments == 3
    # The same file does not bring them back, not even without a name.
    send(workspace, "interactions", [moment(i, "device:k", i) for i in range(6)])
    assert workspace.trails().moments == 3


def test_equal_times_do_not_depend_on_the_order_of_import(tmp_path):
    found = []
    for number, names in enumerate(("AB", "BA")):
        workspace = everytouch.create(tmp_path / str(number), secret=bytes([number] * 16))
        for who in names:
            rows = [{n: r.get(n) for n in schema("links").names}
                    for r in [link(who, f"customer_no:{who}", "device:k", 1)]]  # fmt: skip
            Loader(workspace.tables, bytes([number] * 16), "s", NOW, WORDS).store(
                "links", pa.Table.from_pylist(rows, schema("links")))  # fmt: skip
        found.append([workspace.find(f"customer_no:{who}") == workspace.find("device:k")
                      for who in "AB"])  # fmt: skip
    assert found == [[False, True], [False, True]]


# What PostHog's links say: the second is a device, or one of the two is.


@pytest.mark.parametrize("device", ["second", "either"])
def test_what_a_link_calls_a_device_joins_nobody(workspace, device):
    send(workspace, "interactions", [moment(i, "d:dev", i) for i in range(4)])
    send(workspace, "links", [link(1, "d:ana", "d:dev", 0, device=device)])
    assert owners(workspace, "d:ana") == [4]
    send(workspace, "links", [link(2, "d:ben", "d:dev", 2, device=device)])
    assert owners(workspace, "d:ana", "d:ben") == [2, 2]


def test_two_who_are_identified_are_not_joined_by_a_sign_in(workspace):
    send(workspace, "interactions", [moment(1, "d:ana", 1), moment(2, "d:ben", 2)])
    send(workspace, "links", [link(1, "d:ana", "d:dev", 0, device="second")])
    send(workspace, "links", [link(2, "d:ben", "d:ana", 1, device="second")])
    assert ids(workspace, "d:ana") == ["m1"]
    assert ids(workspace, "d:ben") == ["m2"]


def test_an_alias_that_does_not_say_which_is_the_device(workspace):
    """Libraries on servers send the device as the person, and who signed in as the alias."""
    for number, (who, day) in enumerate((("ana", 1), ("ben", 3))):
        send(workspace, "links", [
            link(f"e{number}", f"d:{who}", f"email:{who}@x.org", 0),
            link(f"a{number}", "d:dev", f"d:{who}", day, device="either"),
        ])  # fmt: skip
    send(workspace, "interactions", [moment(i, "d:dev", i) for i in range(5)])
    assert owners(workspace, "email:ana@x.org", "email:ben@x.org") == [3, 2]


# Whatever comes in whatever order: extended trails are those of the ledger.

PEOPLE = ("customer_no:1", "customer_no:2", "email:a@x.org", "d:p", "d:q")
DEVICES = ("device:1", "device:2", "cookie:c", "d:p", "d:q", "d:r")
NAMES = st.sampled_from(sorted({*PEOPLE, *DEVICES}))
STEP = st.one_of(
    st.tuples(st.just("moment"), NAMES, st.integers(0, 9), st.none() | NAMES),
    st.tuples(st.just("link"), NAMES, st.integers(0, 9), NAMES, st.sampled_from(
        (None, None, "second", "either")), st.sampled_from((True, True, True, False))),
)  # fmt: skip


def rebuilt(workspace, folder):
    tables, types = workspace.tables, device_types(workspace.settings.device_id_types)
    resolution = resolve(tables.read("links", LINKS), None, types)
    files = {name: tables.files(name) for name in READ}
    Builder(tables, resolution, SECRET, 1_000, 1).build(folder, folder.name, files, {})
    return load(folder), resolution


def naive(workspace, resolution: Resolution):
    """Party of each moment, one by one."""
    found = {}
    rows = workspace.tables.query("interactions", "SELECT * FROM ledger").to_pylist()
    for row in rows:
        time = np.array([int(row["occurred_at"].timestamp() * 1e6)])
        party = int(resolution.party(np.array([row["party_key"]]), time)[0])
        found[row["id"]] = party
    return found


def records_of(steps, number):
    """The moments and the links of steps."""
    rows = {"interactions": [], "links": []}
    for place, step in enumerate(steps):
        name = f"{number}-{place}"
        if step[0] == "moment":
            _, who, day, also = step
            rows["interactions"].append(
                moment(name, who, day, [also] if also not in {None, who} else [])
            )
        elif step[1] != step[3]:
            _, one, day, other, device, same = step
            rows["links"].append(link(name, one, other, day, same=same, device=device))
    return rows


@histories(6)
@given(st.lists(st.lists(STEP, min_size=1, max_size=4), min_size=2, max_size=4))
def test_any_history_of_devices_gives_the_trails_of_its_ledger(tmp_path_factory, batches):
    folder = tmp_path_factory.mktemp("devices")
    workspace = everytouch.create(folder / "w", secret=SECRET)
    object.__setattr__(
        workspace, "settings", dataclasses.replace(workspace.settings, bucket_rows=1_000)
    )
    send(workspace, "interactions", [moment(f"b{i}", f"x:{i}", i % 9) for i in range(60)])
    for number, batch in enumerate(batches):
        for kind, rows in records_of(batch, number).items():
            if rows:
                send(workspace, kind, rows)
        whole, resolution = rebuilt(workspace, folder / f"whole{number}")
        assert contents(workspace.trails()) == contents(whole)
    parties = naive(workspace, resolution)
    for party in set(parties.values()):
        mine = [row.id for row in workspace.trail_of(party).rows]
        assert sorted(mine) == sorted(i for i, whose in parties.items() if whose == party)


def table_of(rows):
    """Links as the ledger has them."""
    names = [("party_key", "namespace", "identifier"),
             ("other_key", "other_namespace", "other_identifier")]  # fmt: skip
    keys = {k: [key(f"{row[n]}:{row[v]}") for row in rows] for k, n, v in names}
    table = pa.Table.from_pylist(rows, schema("links"))
    times = pa.array([NOW] * len(rows), pa.timestamp("us", tz="UTC"))
    for name, values in keys.items():
        table = table.append_column(name, pa.array(values, pa.int64()))
    table = table.append_column("key_first", pa.array([hash(r["id"]) for r in rows], pa.int64()))
    return table.append_column("received_at", times)


@settings(max_examples=300)
@example([
    [("link", "cookie:c", 0, "customer_no:2", "second", True)],
    [("link", "customer_no:1", 0, "cookie:c", "second", True)],
])  # fmt: skip
@given(st.lists(st.lists(STEP, min_size=1, max_size=4), min_size=2, max_size=6))
def test_what_grows_by_links_equals_all_of_them_together(batches):
    stated, grown = [], resolve(table_of([]))
    for number, batch in enumerate(batches):
        rows = records_of(batch, number)["links"]
        stated += rows
        whole = resolve(table_of(stated))
        more = grown.grown(table_of(rows))
        grown = more or whole
        for name in ("keys", "roots", "weak", "open", "denied"):
            assert getattr(grown, name).tolist() == getattr(whole, name).tolist(), name
        assert grown.shared.keys.tolist() == whole.shared.keys.tolist()
        for one, other in zip(grown.shared.periods(), whole.shared.periods(), strict=True):
            assert one.tolist() == other.tolist()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 9)), max_size=12))
def test_ownership_equals_a_naive_search(stated):
    rows = [link(f"{i:02}", f"c:{a}", f"device:{b}", day) for i, (a, b, day) in enumerate(stated)]
    resolution = resolve(table_of(rows))
    for device in range(4):
        mine = sorted((day, i, a) for i, (a, b, day) in enumerate(stated) if b == device)
        for day in range(-1, 11):
            before = [a for when, _, a in mine if when <= day] or [a for *_, a in mine][:1]
            expected = key(f"c:{before[-1]}") if mine else key(f"device:{device}")
            time = np.array([int(at(day).timestamp() * 1e6)])
            party = resolution.party(np.array([key(f"device:{device}")]), time)
            assert party.tolist() == [expected]
